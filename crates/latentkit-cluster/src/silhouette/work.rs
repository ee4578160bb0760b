//! What the loops over the pairs of points share.

use latentkit_core::{Cancellation, Phase};

use super::cells::Cells;
use super::queries::Queries;
use super::rows::Rows;
use crate::simd::Simd;

/// One pass over the pairs of points.
pub(super) struct Work<'a> {
    pub(super) simd: Simd,
    pub(super) rows: &'a Rows,
    pub(super) cells: &'a Cells,
    pub(super) queries: &'a Queries<'a>,
    /// Counts silhouettes.
    pub(super) phase: &'a Phase,
    pub(super) cancel: Cancellation<'a>,
}
