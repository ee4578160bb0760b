//! Training steps and inference of small convolutional auto-encoders on the processor, in Rust alone.
//!
//! A [`Network`] is made of [`Layer`]s. Of an auto-encoder, [`Network::step`] computes the loss of a batch in training mode
//! with its gradients and batch-norm's statistics, [`Network::infer`] the outputs in evaluation mode. Results have the same
//! bits for any number of threads.
//!
//! There are two ways to compute one. Convolutions of stride 1 with small kernels use Winograd's minimal filtering; images go
//! through several layers one by one, so that what lies between stays in the caches, and the batch waits only where
//! batch-norm needs its statistics. Networks with strided or transposed convolutions, GELU or large dense layers go layer by
//! layer instead, each one product of matrices over blocks of the batch.

mod batch;
mod dense;
mod execute;
mod image_layout;
mod images;
mod imagewise;
mod layer;
mod line;
mod loss;
mod matrix;
mod network;
mod norm;
mod pack;
mod plan;
mod pool;
mod rearrange;
mod reduce;
mod simd;
mod single;
mod statistics;
mod step;
mod tensors;
mod winograd;

pub use images::Images;
pub use layer::{Activation, Layer, Shape};
pub use loss::{Loss, MetricSums, image_errors};
pub use network::Network;
pub use step::Step;
pub use tensors::{Role, TensorInfo, Unsupported};
