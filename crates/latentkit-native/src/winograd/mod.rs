//! Convolutions of stride 1 by Winograd's minimal filtering, F(2x2, 3x3).
//!
//! A 2x2 tile of the output comes from a 4x4 tile d of the input: Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A for a kernel g, the
//! product being element by element. It takes 16 multiplications where the definition takes 36, and, summed over
//! channels, each of the 16 positions is one product of matrices, tiles x channels by channels x filters.
//!
//! Some positions are zero and left out: a 2x2 kernel is a 3x3 kernel whose first row and column are zero, and an image
//! that was enlarged twice has equal neighbours in the middle of each tile. Either leaves 9 of the 16.
//!
//! # Reference
//! A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016.

mod convolve;
mod grid;
mod kernel;
mod product;
mod transform;
mod weight_gradient;

pub(crate) use convolve::{Finish, convolve};
pub(crate) use kernel::{FromKernel, ToKernel};
pub(crate) use weight_gradient::weight_gradient;

use crate::line::{Line, zeros};

/// Rows, and so columns, of a tile's 4x4 positions that are not zero. The second always is one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Active {
    /// All four.
    All,
    /// All but the first: of a 2x2 kernel.
    NotFirst,
    /// All but the last: of a 2x2 kernel that is turned round.
    NotLast,
    /// All but the third: of an image that was enlarged twice, or that will be halved by sums.
    NotThird,
}

const ALL: u8 = 0b1111;
const NOT_FIRST: u8 = 0b1110;
const NOT_LAST: u8 = 0b0111;
const NOT_THIRD: u8 = 0b1011;

/// Whether a row is among the active ones.
const fn has(active: u8, row: usize) -> bool {
    active >> row & 1 == 1
}

/// Active rows above a row.
const fn before(active: u8, row: usize) -> usize {
    (active & ((1 << row) - 1)).count_ones() as usize
}

/// Where an active position is among the active ones.
const fn position(active: u8, row: usize, column: usize) -> usize {
    before(active, row) * active.count_ones() as usize + before(active, column)
}

impl Active {
    /// Number of positions.
    pub(crate) fn positions(self) -> usize {
        if self == Self::All { 16 } else { 9 }
    }
}

/// Tiles that a thread transforms at once.
#[derive(Debug, Default)]
pub(crate) struct Tiles {
    /// The transformed input: [positions, blocks in, tiles].
    inputs: Vec<Line>,
    /// The products, or the transformed gradients of the output: [positions, blocks out, tiles].
    outputs: Vec<Line>,
}

impl Tiles {
    /// Makes room.
    fn reserve(&mut self, inputs: usize, outputs: usize) {
        if self.inputs.len() < inputs {
            self.inputs = zeros(inputs);
        }
        if self.outputs.len() < outputs {
            self.outputs = zeros(outputs);
        }
    }
}
