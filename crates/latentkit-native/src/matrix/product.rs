//! Products of matrices by faer, on the thread that asks. The order of the sums follows from the sizes.

use faer::linalg::matmul::matmul;
use faer::{MatMut, MatRef, Par};

pub(super) use faer::Accum;

/// Numbers as a matrix, row by row.
pub(super) fn rows(values: &[f32], columns: usize) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(values, values.len() / columns, columns)
}

/// `out = left right`, or adds it: row by row, as many rows as `left` and columns as `right`.
pub(super) fn multiply(out: &mut [f32], accum: Accum, left: MatRef<'_, f32>, right: MatRef<'_, f32>) {
    let out = MatMut::from_row_major_slice_mut(out, left.nrows(), right.ncols());
    matmul(out, accum, left, right, 1.0, Par::Seq);
}
