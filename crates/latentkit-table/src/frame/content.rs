//! What a table of points lies in.

use latentkit_core::Result;
use polars::prelude::*;

use super::limits::Checked;

/// The columns of a file of some format.
pub(super) trait Content: Send + Sync {
    /// The columns and their types.
    fn schema(&self) -> &ArrowSchema;

    /// Rows of the table; of its first column where they differ.
    fn height(&self) -> usize;

    /// Rows of a column.
    fn rows(&self, _name: &str) -> usize {
        self.height()
    }

    /// What a column holds that cannot be read, where its type in the schema does not tell.
    fn unsupported(&self, _name: &str) -> Option<String> {
        None
    }

    /// Compares what the file claims about a column with what it holds.
    fn check(&self, _name: &str) -> Result<Checked<()>> {
        Ok(Ok(()))
    }

    /// Rows of each of the pieces in which a column is best read.
    fn groups(&self, name: &str) -> Vec<usize>;

    /// About how many values a column has, those in lists counted one by one, but not more than the file gives reason for.
    fn values(&self, name: &str) -> usize;

    /// `height` rows of a column from row `first` of the file on. It may panic where the file is damaged.
    fn read(&self, name: &str, first: usize, height: usize) -> PolarsResult<Series>;

    /// The same of several columns.
    fn read_several(&self, names: &[String], first: usize, height: usize) -> PolarsResult<Vec<Series>> {
        names.iter().map(|name| self.read(name, first, height)).collect()
    }
}
