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

mod active;
mod convolve;
mod grid;
mod kernel;
mod product;
mod tiles;
mod transform;
mod weight_gradient;

pub(crate) use active::Active;
pub(crate) use convolve::convolve;
pub(crate) use kernel::{FromKernel, ToKernel};
pub(crate) use tiles::Tiles;
pub(crate) use transform::Finish;
pub(crate) use weight_gradient::weight_gradient;
