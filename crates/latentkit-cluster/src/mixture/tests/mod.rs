#![expect(clippy::float_cmp, reason = "some results are exact")]

mod degenerate;
mod golden;
mod plain;
mod properties;

use rand::Rng as _;

use super::*;
use crate::testing::{assert_close, blobs, permutation, rng, with_threads};

fn params(k: usize) -> MixtureParams {
    MixtureParams {
        k,
        restarts: 5,
        max_iterations: 300,
        tolerance: 1e-6,
        regularisation: 1e-6,
        engine: ClusterEngine::Native,
    }
}

fn of(points: &Array2<f32>, k: usize) -> GaussianMixture {
    gaussian_mixture(points.view(), params(k), &rng(k as u64), Cancellation::never()).unwrap()
}

fn error(points: &Array2<f32>, params: MixtureParams) -> Error {
    gaussian_mixture(points.view(), params, &rng(1), Cancellation::never()).unwrap_err()
}

/// Points around `centres` centres of one another's reach, with covariances of their own.
fn overlapping(rng: &mut Rng, count: usize, dimensions: usize, centres: usize) -> Array2<f32> {
    let middle = Array2::from_shape_simple_fn((centres, dimensions), || rng.gen_range(-2.0_f32..2.0));
    let mix =
        Array3::from_shape_simple_fn((centres, dimensions, dimensions), || rng.gen_range(-1.0_f32..1.0));
    let noise = Array2::from_shape_simple_fn((count, dimensions), || {
        (0..3).map(|_| rng.gen_range(-1.0_f32..1.0)).sum::<f32>()
    });
    Array2::from_shape_fn((count, dimensions), |(point, axis)| {
        let centre = point % centres;
        middle[[centre, axis]] + noise.row(point).dot(&mix.index_axis(Axis(0), centre).column(axis))
    })
}
