//! Kernels of convolutions as matrices, and gradients back.

/// From PyTorch's `[rows, channels, area]` to `[rows, area, channels]`, as windows lie.
pub(super) fn pack(weights: &[f32], channels: usize, area: usize, packed: &mut Vec<f32>) {
    packed.resize(weights.len(), 0.0);
    let length = channels * area;
    for (to, from) in packed.chunks_exact_mut(length).zip(weights.chunks_exact(length)) {
        transpose(from, channels, area, to);
    }
}

/// The inverse of [`pack`].
pub(super) fn unpack(packed: &[f32], channels: usize, area: usize, weights: &mut [f32]) {
    let length = channels * area;
    for (to, from) in weights.chunks_exact_mut(length).zip(packed.chunks_exact(length)) {
        transpose(from, area, channels, to);
    }
}

/// `[rows, columns]` to `[columns, rows]`.
pub(super) fn transpose(from: &[f32], rows: usize, columns: usize, to: &mut [f32]) {
    for (row, values) in from.chunks_exact(columns).enumerate() {
        for (column, &value) in values.iter().enumerate() {
            to[column * rows + row] = value;
        }
    }
}
