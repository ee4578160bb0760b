//! Auto-encoders: their layers, weights, metrics and optimizer as plain data, and the trait of what computes them.

mod adam;
mod architecture;
mod autoencoder;
mod blueprint;
pub mod config;
mod difference;
mod engine;
mod engines;
mod layer;
mod metrics;
mod native;
pub mod onnx;
mod sides;
mod summary;
mod tensor;
mod weights;

pub use adam::Adam;
pub use autoencoder::AutoEncoder;
pub use blueprint::Blueprint;
pub use difference::{TensorDifference, tensor_differences};
pub use engine::{Engine, EngineState, Request};
pub use engines::{Engines, Libtorch};
pub use layer::{Activation, Layer, Shape};
pub use metrics::{MetricSums, errors, minimised};
pub use summary::{LayerSummary, ModelSummary};
pub use tensor::Tensor;
pub use weights::{read_tensors, write_tensors};
