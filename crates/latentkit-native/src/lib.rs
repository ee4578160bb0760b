//! Training steps and inference of small convolutional auto-encoders on the processor, in Rust alone.
//!
//! A [`Network`] is made of [`Layer`]s. Of an auto-encoder, [`Network::step`] computes the loss of a batch in training mode with its gradients
//! and batch-norm's statistics, [`Network::infer`] the outputs in evaluation mode. Images go through several layers one
//! by one, so that what lies between stays in the caches; the batch waits only where batch-norm needs its statistics.
//! Convolutions use Winograd's minimal filtering. Results have the same bits for any number of threads.

mod batch;
mod dense;
mod execute;
mod image_layout;
mod images;
mod layer;
mod line;
mod loss;
mod network;
mod norm;
mod pack;
mod plan;
mod pool;
mod rearrange;
mod reduce;
mod simd;
mod single;
mod winograd;

pub use images::Images;
pub use layer::{Activation, Layer, Shape};
pub use loss::{Loss, MetricSums, image_errors};
pub use network::{Network, Step};
pub use plan::{Role, TensorInfo, Unsupported};
