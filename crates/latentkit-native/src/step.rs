//! What a training step makes.

use crate::loss::MetricSums;
use crate::tensors::TensorInfo;

/// What a training step found.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Sums of the metrics over the pixels of all images, of which there are so many:
    pub sums: MetricSums,
    /// pixels.
    pub pixels: usize,
    /// Gradient of the mean loss for each tensor; empty for those that are not trained.
    pub gradients: Vec<Vec<f32>>,
}

impl Step {
    /// With gradients of zero.
    pub(crate) fn new(tensors: &[TensorInfo]) -> Self {
        let gradients = |info: &TensorInfo| vec![0.0; if info.trainable() { info.len() } else { 0 }];
        Self { gradients: tensors.iter().map(gradients).collect(), ..Self::default() }
    }
}
