//! Losses and the metrics reported beside them, all from logits.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use rayon::prelude::*;

use crate::images::Images;
use crate::line::LANES;
use crate::simd::{Routine, Simd, Vector};

/// What a training step minimises, a mean over all pixels of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Binary cross-entropy, max(x, 0) - x t + log(1 + exp(-|x|)) for a logit x and a pixel t.
    Bce,
    /// Mean squared error of the logit's sigmoid.
    Mse,
}

/// Sums over the pixels of all images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MetricSums {
    /// Binary cross-entropies.
    pub bce: f64,
    /// Squares of the differences between sigmoid and pixel.
    pub mse: f64,
    /// Absolute differences.
    pub mae: f64,
    /// Pixels that equal 1 where the sigmoid is above 1/2, and 0 elsewhere.
    pub binary_accuracy: f64,
}

impl MetricSums {
    pub(crate) fn add(&mut self, other: &Self) {
        self.bce += other.bce;
        self.mse += other.mse;
        self.mae += other.mae;
        self.binary_accuracy += other.binary_accuracy;
    }
}

/// The sums of some pixels, and the gradients of their logits. All slices are of one length.
pub(crate) struct Errors<'a> {
    pub(crate) logits: &'a [f32],
    pub(crate) pixels: &'a [f32],
    pub(crate) loss: Loss,
    /// What the gradient is multiplied by.
    pub(crate) scale: f32,
    pub(crate) gradient: &'a mut [f32],
}

impl Routine for Errors<'_> {
    type Output = MetricSums;

    #[inline(always)]
    fn run<V: Vector>(self) -> MetricSums {
        let mut sums = [[0.0_f32; LANES]; 4];
        let parts = self.logits.chunks(LANES).zip(self.pixels.chunks(LANES));
        for ((some_logits, some_pixels), some_gradients) in parts.zip(self.gradient.chunks_mut(LANES)) {
            let used = some_logits.len();
            let (mut logits, mut pixels) = ([0.0; LANES], [0.0; LANES]);
            logits[..used].copy_from_slice(some_logits);
            pixels[..used].copy_from_slice(some_pixels);
            let mut errors = [[0.0; LANES]; 4];
            let mut gradient = [0.0; LANES];
            for lane in 0..LANES {
                let (logit, pixel) = (logits[lane], pixels[lane]);
                let (sigmoid, bce) = sigmoid_and_bce(logit, pixel);
                let difference = sigmoid - pixel;
                let thresholded = if sigmoid > 0.5 { 1.0 } else { 0.0 };
                errors[0][lane] = bce;
                errors[1][lane] = difference * difference;
                errors[2][lane] = difference.abs();
                #[expect(clippy::float_cmp, reason = "grey pixels are never right")]
                let right = thresholded == pixel;
                errors[3][lane] = if right { 1.0 } else { 0.0 };
                gradient[lane] = self.scale
                    * match self.loss {
                        Loss::Bce => difference,
                        Loss::Mse => 2.0 * difference * sigmoid * (1.0 - sigmoid),
                    };
            }
            for (sums, errors) in sums.iter_mut().zip(&errors) {
                for (lane, (sum, &error)) in sums.iter_mut().zip(errors).enumerate() {
                    *sum += if lane < used { error } else { 0.0 };
                }
            }
            some_gradients.copy_from_slice(&gradient[..used]);
        }
        let total = |lanes: [f32; LANES]| lanes.into_iter().map(f64::from).sum();
        let [bce, mse, mae, binary_accuracy] = sums.map(total);
        MetricSums { bce, mse, mae, binary_accuracy }
    }
}

/// The sums over the pixels of each image: `logits` and `images` are image after image, each of `pixels` numbers; 255 is 1.
///
/// # Panics
/// When they are not as many whole images.
pub fn image_errors(logits: &[f32], images: &[u8], pixels: usize) -> Vec<MetricSums> {
    assert!(logits.len() == images.len() && images.len().is_multiple_of(pixels), "logits of other images");
    let simd = Simd::best();
    let of = |(values, gradient): &mut (Vec<f32>, Vec<f32>), (logits, image): (&[f32], &[u8])| {
        Images::Bytes(image).copy(0, values);
        simd.call(Errors { logits, pixels: values, loss: Loss::Bce, scale: 0.0, gradient })
    };
    let scratch = || (vec![0.0; pixels], vec![0.0; pixels]);
    logits.par_chunks(pixels).zip(images.par_chunks(pixels)).map_init(scratch, of).collect()
}

/// The sigmoid of a logit, and the binary cross-entropy with a pixel. Right to about 1e-7, relative.
#[inline(always)]
fn sigmoid_and_bce(logit: f32, pixel: f32) -> (f32, f32) {
    let size = logit.abs();
    let e = exp_of_minus(size);
    let inverse = 1.0 / (1.0 + e);
    let sigmoid = if logit >= 0.0 { inverse } else { e * inverse };
    // log(1 + e) = 2 artanh(e / (2 + e)), a series whose terms fall by 9 or more.
    let s = e / (2.0 + e);
    let z = s * s;
    let mut series = 1.0 / 15.0;
    for divisor in [13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * z + 1.0 / divisor;
    }
    let positive = if logit > 0.0 { logit } else { 0.0 };
    (sigmoid, positive - logit * pixel + 2.0 * s * series)
}

/// exp(-x) for x from 0.
#[inline(always)]
pub(crate) fn exp_of_minus(x: f32) -> f32 {
    // 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x > 87.0 { -87.0 } else { -x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    // ln 2 in two parts, the first exact in few bits.
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = p * r + coefficient;
    }
    let p = p * r * r + r + 1.0;
    let power = rounded.to_bits().wrapping_sub(ROUND.to_bits() - 127) << 23;
    p * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_f64() {
        for step in -2100..=2100_i16 {
            let logit = f32::from(step) * 0.04;
            for pixel in [0.0, 0.3, 1.0] {
                let (sigmoid, bce) = sigmoid_and_bce(logit, pixel);
                let (x, t) = (f64::from(logit), f64::from(pixel));
                let exact = 1.0 / (1.0 + (-x).exp());
                assert!((f64::from(sigmoid) - exact).abs() <= 3e-7 * exact, "sigmoid of {logit}");
                let exact = x.max(0.0) - x * t + (-x.abs()).exp().ln_1p();
                let scale = x.abs() + exact;
                assert!((f64::from(bce) - exact).abs() <= 3e-7 * scale, "cross-entropy of {logit}");
            }
        }
    }
}
