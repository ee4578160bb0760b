//! Mini-batches: centroids of more points than Lloyd's iterations are quick for.

use latentkit_core::rng::Rng;
use latentkit_core::{Cancellation, Result};
use ndarray::Array2;
use rand::Rng as _;

use super::assignment::Assignment;
use super::seeding;
use crate::prepared::Prepared;
use crate::simd::Simd;

/// Batches without improvement after which a run ends.
const PATIENCE: u32 = 10;

/// Batches between two looks at whether the user interrupts.
const LOOK: u64 = 64;

/// Centroids by mini-batch K-Means, relative to the mean of the points: [k, dimensions].
///
/// The first ones are drawn by k-means++ from a sample of three batches. Then each step draws `size` points, each point
/// alike and with replacement, assigns them to their nearest centroids, and moves the centroid of each point by 1 / v of
/// the way to it, v being the number of points that the centroid has had so far: the centroid is the mean of all these.
///
/// It ends when the moving average of the mean squared distance, with a weight of 2 `size` / (n + 1) for each batch, has
/// not become less in ten batches; at the latest after `passes` times as many points as there are.
///
/// # Reference
/// D. Sculley, "Web-scale k-means clustering", WWW 2010, 1177-1178.
pub(super) fn centroids(
    simd: Simd,
    points: &Prepared<'_>,
    k: usize,
    size: usize,
    passes: u32,
    mut rng: Rng,
    cancel: Cancellation,
) -> Result<Array2<f64>> {
    let count = points.count();
    let sample = points.sample(&draw(&mut rng, count, 3 * size.max(k)));
    let mut centroids = seeding::draw(simd, &sample, k, &mut rng, false, cancel)?;
    let mut assigned = vec![0_u64; k];
    let mut average = Average::new((2.0 * size as f64 / (count as f64 + 1.0)).min(1.0));
    for step in 0..u64::from(passes) * count.div_ceil(size) as u64 {
        if step % LOOK == 0 {
            cancel.check()?;
        }
        let batch = points.sample(&draw(&mut rng, count, size));
        let mut assignment = Assignment::new(simd, &batch, k, false, cancel);
        assignment.update(&centroids);
        let inertia = assignment.inertia(&centroids);
        for (point, cluster) in assignment.into_clusters().into_iter().enumerate() {
            let cluster = cluster as usize;
            assigned[cluster] += 1;
            let rate = 1.0 / assigned[cluster] as f64;
            for (coordinate, value) in centroids.row_mut(cluster).iter_mut().zip(batch.row(point)) {
                *coordinate += rate * (value - *coordinate);
            }
        }
        if average.stalls(inertia / size as f64) {
            break;
        }
    }
    Ok(centroids)
}

fn draw(rng: &mut Rng, count: usize, size: usize) -> Vec<usize> {
    (0..size).map(|_| rng.gen_range(0..count)).collect()
}

/// The moving average of what the batches cost.
struct Average {
    weight: f64,
    value: Option<f64>,
    least: f64,
    waited: u32,
}

impl Average {
    fn new(weight: f64) -> Self {
        Self { weight, value: None, least: f64::INFINITY, waited: 0 }
    }

    /// Takes in the cost of one batch, and says whether there has been no improvement for too long.
    fn stalls(&mut self, cost: f64) -> bool {
        let value = self.value.map_or(cost, |value| value + self.weight * (cost - value));
        self.value = Some(value);
        if value < self.least {
            (self.least, self.waited) = (value, 0);
        } else {
            self.waited += 1;
        }
        self.waited >= PATIENCE
    }
}
