//! Random points.

use latentkit_core::rng::generator;
use ndarray::Array2;
use rand::Rng as _;

/// Points with a standard deviation of about 1 around centres that are uniform in [-6, 6].
pub(crate) fn blobs([count, dimensions, centres]: [usize; 3]) -> Array2<f32> {
    let mut rng = generator(0, "blobs", 0);
    let centres = Array2::from_shape_fn((centres, dimensions), |_| rng.gen_range(-6.0_f32..6.0));
    Array2::from_shape_fn((count, dimensions), |(point, axis)| {
        // The sum of three uniform numbers, each of variance 1/3.
        let noise: f32 = (0..3).map(|_| rng.gen_range(-1.0_f32..1.0)).sum();
        centres[[point % centres.nrows(), axis]] + noise
    })
}
