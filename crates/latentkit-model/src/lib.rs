//! Convolutional auto-encoders: their layers, losses, optimizer and weights, computed by libtorch or by latentkit-native. The
//! only crate, with train and export, that knows tch; what they share of it goes through here.

mod adam;
mod architecture;
mod backend;
mod difference;
mod engine;
mod images;
mod layer;
mod metrics;
mod network;
mod summary;
mod weights;

pub use adam::Adam;
pub use architecture::Blueprint;
pub use backend::{device, device_name, devices, libtorch_version, set_threads};
pub use difference::{TensorDifference, tensor_differences};
pub use engine::{Engine, Native, numbers};
pub use images::ImageStore;
pub use layer::{Activation, Layer, Shape};
pub use metrics::{MetricSums, loss, per_image_errors};
pub use network::AutoEncoder;
pub use summary::{LayerSummary, ModelSummary};
pub use weights::{read_tensors, write_tensors};
