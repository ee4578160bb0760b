//! What the tests of both algorithms share.

mod dbscan;
mod golden;
mod hdbscan;
mod tree;

use latentkit_core::rng::Rng;
use latentkit_core::{Cancellation, Error};
use ndarray::{Array2, Axis, concatenate};
use rand::Rng as _;

use super::*;
use crate::testing::blobs;

fn dbscan_of(points: &Array2<f32>, radius: f64, min_points: usize) -> DensityClustering {
    let params = DbscanParams { radius: Some(radius), min_points };
    super::dbscan(points.view(), params, Cancellation::never()).unwrap().0
}

fn hdbscan_of(points: &Array2<f32>, min_cluster_size: usize, min_points: usize) -> DensityClustering {
    let params = HdbscanParams { min_cluster_size, min_points };
    super::hdbscan(points.view(), params, Cancellation::never()).unwrap()
}

/// Blobs and points scattered all around them, on a grid, so that moving and scaling is exact.
fn scattered(rng: &mut Rng, count: usize, dimensions: usize) -> Array2<f32> {
    let near = blobs(rng, count, dimensions, 4);
    let far = Array2::from_shape_fn((count / 3, dimensions), |_| {
        (rng.gen_range(-8.0_f32..32.0) * 256.0).round() / 256.0
    });
    concatenate![Axis(0), near, far]
}

/// Squared distances in f64.
fn square(points: &Array2<f32>, a: usize, b: usize) -> f64 {
    let squares = points.row(a).into_iter().zip(points.row(b));
    squares.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}

/// The same partition of points in another order: `order[i]` is the point that is now at i.
fn moved(found: &DensityClustering, order: &[usize]) -> DensityClustering {
    DensityClustering::named(&order.iter().map(|&point| found.clusters[point]).collect::<Vec<_>>())
}
