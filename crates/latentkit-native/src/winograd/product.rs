//! The products of matrices, where nearly all of the time goes.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use crate::line::{LANES, Line};
use crate::simd::{Routine, Vector};

/// For each position, tiles x channels by channels x filters.
pub(super) struct Products<'a> {
    pub(super) positions: usize,
    pub(super) tiles: usize,
    pub(super) blocks_in: usize,
    pub(super) blocks_out: usize,
    /// [positions, blocks in, tiles].
    pub(super) inputs: &'a [Line],
    /// [positions, channels in, blocks out].
    pub(super) kernel: &'a [Line],
    /// [positions, blocks out, tiles].
    pub(super) out: &'a mut [Line],
}

impl Routine for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        // Blocks of about the same size, so that none is too small to keep the multipliers busy.
        let parts = self.tiles.div_ceil(V::ROWS);
        let inputs = self.inputs.chunks_exact(self.blocks_in * self.tiles);
        let kernels = self.kernel.chunks_exact(self.blocks_in * LANES * self.blocks_out);
        let outs = self.out.chunks_exact_mut(self.blocks_out * self.tiles);
        for ((inputs, kernel), out) in inputs.zip(kernels).zip(outs).take(self.positions) {
            for part in 0..parts {
                let (first, end) = (self.tiles * part / parts, self.tiles * (part + 1) / parts);
                let mut block = Block {
                    tiles: self.tiles,
                    first,
                    blocks_out: self.blocks_out,
                    inputs,
                    kernel,
                    out: &mut *out,
                };
                for filters in (0..self.blocks_out).step_by(2) {
                    if filters + 1 < self.blocks_out {
                        block.dispatch::<V, 2>(end - first, filters);
                    } else {
                        block.dispatch::<V, 1>(end - first, filters);
                    }
                }
            }
        }
    }
}

/// Some tiles of one position.
struct Block<'a> {
    tiles: usize,
    first: usize,
    blocks_out: usize,
    inputs: &'a [Line],
    kernel: &'a [Line],
    out: &'a mut [Line],
}

impl Block<'_> {
    #[inline(always)]
    fn dispatch<V: Vector, const N: usize>(&mut self, rows: usize, filters: usize) {
        match rows {
            1 => self.multiply::<V, 1, N>(filters),
            2 => self.multiply::<V, 2, N>(filters),
            3 => self.multiply::<V, 3, N>(filters),
            4 => self.multiply::<V, 4, N>(filters),
            5 => self.multiply::<V, 5, N>(filters),
            6 => self.multiply::<V, 6, N>(filters),
            7 => self.multiply::<V, 7, N>(filters),
            8 => self.multiply::<V, 8, N>(filters),
            9 => self.multiply::<V, 9, N>(filters),
            10 => self.multiply::<V, 10, N>(filters),
            11 => self.multiply::<V, 11, N>(filters),
            12 => self.multiply::<V, 12, N>(filters),
            13 => self.multiply::<V, 13, N>(filters),
            _ => self.multiply::<V, 14, N>(filters),
        }
    }

    /// M tiles by N blocks of filters, all in registers.
    #[inline(always)]
    fn multiply<V: Vector, const M: usize, const N: usize>(&mut self, filters: usize) {
        if M > V::ROWS {
            return; // never asked for
        }
        let mut sums = [[V::zero(); N]; M];
        let inputs = self.inputs.chunks_exact(self.tiles);
        let kernel = self.kernel.chunks_exact(LANES * self.blocks_out);
        for (inputs, kernel) in inputs.zip(kernel) {
            let inputs: &[Line; M] = inputs[self.first..].first_chunk().expect("a block is within the tiles");
            for (channel, kernel) in kernel.chunks_exact(self.blocks_out).enumerate().take(LANES) {
                let kernel: &[Line; N] = kernel[filters..].first_chunk().expect("filters are in the kernel");
                let mut weights = [V::zero(); N];
                for (weight, line) in weights.iter_mut().zip(kernel) {
                    *weight = V::load(line);
                }
                for (sums, input) in sums.iter_mut().zip(inputs) {
                    let input = V::splat(input.0[channel]);
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum = input.mul_add(weight, *sum);
                    }
                }
            }
        }
        for n in 0..N {
            let out = &mut self.out[(filters + n) * self.tiles + self.first..][..M];
            for (out, sums) in out.iter_mut().zip(&sums) {
                sums[n].store(out);
            }
        }
    }
}

/// For each position, adds channels x tiles by tiles x filters.
pub(super) struct OuterProducts<'a> {
    pub(super) positions: usize,
    pub(super) tiles: usize,
    pub(super) blocks_in: usize,
    pub(super) blocks_out: usize,
    /// [positions, blocks in, tiles].
    pub(super) inputs: &'a [Line],
    /// [positions, blocks out, tiles].
    pub(super) outputs: &'a [Line],
    /// [positions, channels in, blocks out].
    pub(super) sums: &'a mut [Line],
}

impl Routine for OuterProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let inputs = self.inputs.chunks_exact(self.blocks_in * self.tiles);
        let outputs = self.outputs.chunks_exact(self.blocks_out * self.tiles);
        let sums = self.sums.chunks_exact_mut(self.blocks_in * LANES * self.blocks_out);
        for ((inputs, outputs), sums) in inputs.zip(outputs).zip(sums).take(self.positions) {
            let inputs = inputs.chunks_exact(self.tiles);
            for (inputs, sums) in inputs.zip(sums.chunks_exact_mut(LANES * self.blocks_out)) {
                for filters in (0..self.blocks_out).step_by(2) {
                    let first = &outputs[filters * self.tiles..][..self.tiles];
                    let both = (filters + 1 < self.blocks_out)
                        .then(|| &outputs[(filters + 1) * self.tiles..][..self.tiles]);
                    match both {
                        Some(second) if V::ROWS >= 8 => {
                            for channel in [0, 8] {
                                outer::<V, 8, 2>(
                                    inputs,
                                    [first, second],
                                    channel,
                                    sums,
                                    filters,
                                    self.blocks_out,
                                );
                            }
                        }
                        Some(second) => {
                            for channel in (0..LANES).step_by(2) {
                                outer::<V, 2, 2>(
                                    inputs,
                                    [first, second],
                                    channel,
                                    sums,
                                    filters,
                                    self.blocks_out,
                                );
                            }
                        }
                        None if V::ROWS >= 8 => {
                            outer::<V, 16, 1>(inputs, [first], 0, sums, filters, self.blocks_out);
                        }
                        None => {
                            for channel in (0..LANES).step_by(4) {
                                outer::<V, 4, 1>(inputs, [first], channel, sums, filters, self.blocks_out);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// M channels by N blocks of filters, all in registers.
#[inline(always)]
fn outer<V: Vector, const M: usize, const N: usize>(
    inputs: &[Line],
    outputs: [&[Line]; N],
    channel: usize,
    out: &mut [Line],
    filters: usize,
    blocks_out: usize,
) {
    let mut sums = [[V::zero(); N]; M];
    for (m, sums) in sums.iter_mut().enumerate() {
        for (n, sum) in sums.iter_mut().enumerate() {
            *sum = V::load(&out[(channel + m) * blocks_out + filters + n]);
        }
    }
    for (tile, input) in inputs.iter().enumerate() {
        let input: &[f32; M] = input.0[channel..].first_chunk().expect("channels are in the line");
        let mut gradients = [V::zero(); N];
        for (gradient, outputs) in gradients.iter_mut().zip(&outputs) {
            *gradient = V::load(&outputs[tile]);
        }
        for (sums, &input) in sums.iter_mut().zip(input) {
            let input = V::splat(input);
            for (sum, gradient) in sums.iter_mut().zip(gradients) {
                *sum = input.mul_add(gradient, *sum);
            }
        }
    }
    for (m, sums) in sums.iter().enumerate() {
        for (n, sum) in sums.iter().enumerate() {
            sum.store(&mut out[(channel + m) * blocks_out + filters + n]);
        }
    }
}
