//! The metrics that are reported beside the loss, all from logits.

use crate::config::Loss;
use latentkit_core::summary::Metrics;
use latentkit_native::image_errors;
use serde::{Deserialize, Serialize};

/// Sums over images of each image's mean metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricSums {
    /// Binary cross-entropy, squared error, absolute error, binary accuracy.
    pub sums: [f64; 4],
    /// How many images.
    pub images: u64,
}

impl MetricSums {
    /// Adds the sums of so many images.
    pub fn add(&mut self, sums: [f64; 4], images: usize) {
        for (sum, addend) in self.sums.iter_mut().zip(sums) {
            *sum += addend;
        }
        self.images += images as u64;
    }

    /// Adds images, `[n, pixels]`, that were reconstructed with these logits.
    pub fn add_images(&mut self, logits: &[f32], images: &[u8], pixels: usize) {
        for errors in errors(logits, images, pixels) {
            self.add([errors.bce, errors.mse, errors.mae, errors.binary_accuracy], 1);
        }
    }

    /// The means over all images.
    pub fn means(&self) -> Metrics {
        let [bce, mse, mae, binary_accuracy] = self.sums.map(|sum| sum / self.images.max(1) as f64);
        Metrics { bce, mse, mae, binary_accuracy }
    }
}

/// The mean metrics of each image, `[n, pixels]`, from the logits of its pixels. Binary cross-entropy is computed from logits,
/// `max(x, 0) - x t + log(1 + exp(-|x|))`, which is finite for all x.
pub fn errors(logits: &[f32], images: &[u8], pixels: usize) -> Vec<Metrics> {
    let count = pixels as f64;
    let mean = |sums: latentkit_native::MetricSums| Metrics {
        bce: sums.bce / count,
        mse: sums.mse / count,
        mae: sums.mae / count,
        binary_accuracy: sums.binary_accuracy / count,
    };
    image_errors(logits, images, pixels).into_iter().map(mean).collect()
}

/// The metric that is minimised.
pub fn minimised(loss: Loss, metrics: Metrics) -> f64 {
    match loss {
        Loss::Bce => metrics.bce,
        Loss::Mse => metrics.mse,
    }
}
