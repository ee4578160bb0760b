//! Losses and the metrics reported beside them, all from logits.

use latentkit_core::config::Loss;
use latentkit_core::summary::Metrics;
use tch::{Device, Kind, Reduction, Tensor};

/// The loss, a mean over all pixels of the batch. `images` in 0 .. 1, `logits` of the same shape.
///
/// Binary cross-entropy is computed from logits, `max(x, 0) - x t + log(1 + exp(-|x|))`, which is finite for all x.
pub fn loss(kind: Loss, logits: &Tensor, images: &Tensor) -> Tensor {
    match kind {
        Loss::Bce => logits.binary_cross_entropy_with_logits::<Tensor>(images, None, None, Reduction::Mean),
        Loss::Mse => logits.sigmoid().mse_loss(images, Reduction::Mean),
    }
}

/// Mean binary cross-entropy and mean squared error per pixel of each image, `[n]` each.
pub fn per_image_errors(logits: &Tensor, images: &Tensor) -> (Tensor, Tensor) {
    let bce = logits.binary_cross_entropy_with_logits::<Tensor>(images, None, None, Reduction::None);
    let mse = (logits.sigmoid() - images).square();
    (mean_by_image(&bce), mean_by_image(&mse))
}

fn mean_by_image(values: &Tensor) -> Tensor {
    values.flatten(1, -1).mean_dim(1, false, Kind::Float)
}

/// Sums of the metrics over batches, kept on the device so that a step need not wait for them.
#[derive(Debug)]
pub struct MetricSums {
    sums: Tensor, // [4], f64: bce, mse, mae, binary accuracy
    images: u64,
}

impl MetricSums {
    /// No images yet.
    pub fn new(device: Device) -> Self {
        Self { sums: Tensor::zeros([4], (Kind::Double, device)), images: 0 }
    }

    /// Adds a batch.
    pub fn add(&mut self, logits: &Tensor, images: &Tensor) {
        tch::no_grad(|| {
            let count = images.size()[0];
            let prediction = logits.sigmoid();
            let difference = &prediction - images;
            let thresholded = prediction.gt(0.5).to_kind(Kind::Float);
            let means = [
                logits.binary_cross_entropy_with_logits::<Tensor>(images, None, None, Reduction::Mean),
                difference.square().mean(Kind::Float),
                difference.abs().mean(Kind::Float),
                thresholded.eq_tensor(images).to_kind(Kind::Float).mean(Kind::Float),
            ];
            self.sums += Tensor::stack(&means, 0).to_kind(Kind::Double) * count as f64;
            self.images += count as u64;
        });
    }

    /// Adds a batch of so many images; `sums` are each image's mean, summed up: bce, mse, mae, binary accuracy.
    pub(crate) fn add_sums(&mut self, sums: [f64; 4], images: u64) {
        tch::no_grad(|| self.sums += Tensor::from_slice(&sums));
        self.images += images;
    }

    /// Goes on with sums that [`MetricSums::parts`] gave.
    pub fn from_parts((sums, images): ([f64; 4], u64), device: Device) -> Self {
        Self { sums: Tensor::from_slice(&sums).to_device(device), images }
    }

    /// The sums over the images so far, bit by bit (bce, mse, mae, binary accuracy), and how many images those are. Waits for
    /// the device.
    pub fn parts(&self) -> ([f64; 4], u64) {
        ([0, 1, 2, 3].map(|index| self.sums.double_value(&[index])), self.images)
    }

    /// The means over all images. Waits for the device.
    pub fn means(&self) -> Metrics {
        let (sums, images) = self.parts();
        let [bce, mse, mae, binary_accuracy] = sums.map(|sum| sum / images.max(1) as f64);
        Metrics { bce, mse, mae, binary_accuracy }
    }
}
