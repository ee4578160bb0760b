//! Arrays of `NumPy` in files, by their names.

use std::path::Path;

use latentkit_core::{Cancellation, Error, Result};

use super::image_table::{Numbers, numbers_of};
use super::points::flatten;
use super::reader::TableReader;
use crate::labels::LabelValues;

/// Values that are converted at a time, roughly.
const AT_ONCE: usize = 1 << 20;

/// A .npy file, whose only array is called `array`, or the arrays of a .npz file.
pub struct ArrayFile {
    reader: TableReader,
    shapes: Vec<ArrayShape>,
}

/// An array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayShape {
    /// Its name.
    pub name: String,
    /// Its shape, or what it is that cannot be read.
    pub shape: std::result::Result<Vec<usize>, String>,
}

impl ArrayFile {
    /// Opens a file and reads the headers.
    ///
    /// # Errors
    /// Of kind input when it is neither, or damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let (reader, shapes) = TableReader::open_arrays(path)?;
        let shapes = shapes.into_iter().map(|(name, shape)| ArrayShape { name, shape }).collect();
        Ok(Self { reader, shapes })
    }

    /// The arrays, in their order.
    pub fn arrays(&self) -> &[ArrayShape] {
        &self.shapes
    }

    /// The shape of an array.
    ///
    /// # Errors
    /// Of kind input when there is no such array or it is of a type that cannot be read.
    pub fn shape(&self, name: &str) -> Result<&[usize]> {
        let found = self.shapes.iter().find(|array| array.name == name);
        let found = found.ok_or_else(|| {
            self.wrong(format!("it has no array `{name}`")).found(self.reader.column_names())
        })?;
        found.shape.as_deref().map_err(|problem| {
            self.wrong(format!("its array `{name}` cannot be read"))
                .expected("an array of numbers")
                .found(problem.as_str())
        })
    }

    /// The elements of an array in the order of C, some at a time.
    ///
    /// # Errors
    /// Of kind input when it holds no numbers, or the file is damaged.
    pub fn numbers(
        &mut self,
        name: &str,
        cancel: Cancellation,
        mut visit: impl FnMut(Numbers) -> Result<()>,
    ) -> Result<()> {
        self.shape(name)?;
        self.reader.take_rows_of(name)?;
        let _entered = self.reader.reading(name).entered();
        for (_, series) in self.reader.groups(name)? {
            let series = series?;
            let values = if series.dtype().is_nested() {
                flatten(&series).map(|(values, _)| values).ok_or_else(|| self.no_numbers(name, &series))?
            } else {
                series
            };
            for place in (0..values.len()).step_by(AT_ONCE) {
                cancel.check()?;
                let numbers = numbers_of(&values.slice(place as i64, AT_ONCE));
                visit(numbers.map_err(|_| self.no_numbers(name, &values))?)?;
            }
        }
        Ok(())
    }

    fn no_numbers(&self, name: &str, series: &polars::prelude::Series) -> Error {
        self.wrong(format!("its array `{name}` holds no numbers")).found(format!("`{}`", series.dtype()))
    }

    /// The labels of an array of one dimension, or of more of which all but the first have one element.
    ///
    /// # Errors
    /// Of kind input when they are neither whole numbers nor texts.
    pub fn labels(&mut self, name: &str) -> Result<LabelValues> {
        let shape = self.shape(name)?.to_vec();
        if shape.is_empty() || shape[1..].iter().any(|&size| size != 1) {
            let one_hot = matches!(shape.as_slice(), [_, classes] if *classes > 1);
            let error = self
                .wrong(format!("its array `{name}` holds no labels"))
                .expected("a label an image: the shape (n,) or (n, 1)")
                .found(format!("the shape {shape:?}").replace('[', "(").replace(']', ")"));
            return Err(if one_hot {
                error.hint("save `labels.argmax(axis=1)` where each row marks the class of an image")
            } else {
                error
            });
        }
        self.reader.take_rows_of(name)?;
        self.reader.required_labels(name)
    }

    /// An error about the content of the file.
    pub fn wrong(&self, problem: impl std::fmt::Display) -> Error {
        self.reader.wrong(problem)
    }
}
