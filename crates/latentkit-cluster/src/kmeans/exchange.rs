//! Exchanges: two clusters become one and another one becomes two, where that lowers the inertia.
//!
//! Lloyd's iterations cannot move a centroid from where clusters share a blob to where blobs share a cluster. What that would
//! gain can be told: joining two clusters of m and n points costs m n / (m + n) times the squared distance of their means (J. H.
//! Ward, Journal of the American Statistical Association 58 (1963), 236-244), and dividing one gains what K-Means of its
//! points alone with two clusters gains. B. Fritzke, "Breathing k-means", arXiv:2006.15666, does the same with several
//! centroids at a time.

use latentkit_core::Result;
use latentkit_core::rng::Rng;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::lloyd::{Partition, Stop, iterate};
use super::restarts::Work;
use super::seeding;
use crate::prepared::Prepared;

/// Points of a cluster at most of which it is found how it would be divided.
const SAMPLE: usize = 1024;

/// Iterations that divide a cluster, at most.
const ITERATIONS: u32 = 4;

/// What an exchange must gain of the inertia: less is rounding.
const GAIN: f64 = 1e-9;

/// Exchanges clusters of a partition as long as that lowers the inertia; each of `streams` divides one cluster once.
pub(super) fn improve(
    work: &Work<'_>,
    mut best: Partition,
    mut streams: impl Iterator<Item = Rng>,
) -> Result<Partition> {
    if work.params.exchanges == 0 || best.centroids.nrows() < 3 {
        return Ok(best); // with two clusters, joining them and dividing the result are two more restarts
    }
    let mut failures = 0;
    'improved: loop {
        let streams = streams.by_ref().take(best.centroids.nrows()).collect();
        for exchange in exchanges(work, &best, streams)? {
            if failures == work.params.exchanges {
                break 'improved;
            }
            let stop = Stop { tolerance: Some(work.tolerance()), ..work.stop() };
            let tried = iterate(work.simd, work.points, exchange, stop, true, work.cancel)?;
            if tried.inertia < best.inertia * (1.0 - GAIN) {
                let tried = iterate(work.simd, work.points, tried.centroids, work.stop(), true, work.cancel)?;
                if tried.inertia < best.inertia * (1.0 - GAIN) {
                    best = tried;
                    continue 'improved;
                }
            }
            failures += 1;
        }
        break;
    }
    Ok(best)
}

/// The centroids after each exchange that may be worth it, the most promising first.
fn exchanges(work: &Work<'_>, partition: &Partition, streams: Vec<Rng>) -> Result<Vec<Array2<f64>>> {
    let centroids = &partition.centroids;
    let k = centroids.nrows();
    let mut members = vec![Vec::new(); k];
    for (point, &cluster) in partition.clusters.iter().enumerate() {
        members[cluster as usize].push(point);
    }
    let mut joins = Vec::new();
    for first in 0..k {
        for second in first + 1..k {
            let pair = [first, second];
            joins.push((join_cost(centroids.view(), pair, pair.map(|cluster| members[cluster].len())), pair));
        }
    }
    joins.sort_by(|a, b| a.0.total_cmp(&b.0));
    joins.truncate(k);
    let divisions: Vec<Option<Division>> = members
        .par_iter()
        .zip(streams)
        .map(|(members, rng)| Division::of(work, members, rng))
        .collect::<Result<_>>()?;

    let mut found = Vec::new();
    for (cluster, division) in divisions.iter().enumerate() {
        let Some(division) = division else { continue };
        let others = joins.iter().filter(|(_, pair)| !pair.contains(&cluster));
        found.extend(others.map(|(cost, pair)| (division.gain - cost, cluster, pair)));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let after = |(_, cluster, &[first, second]): (f64, usize, &[usize; 2])| {
        let division = divisions[cluster].as_ref().expect("only divided clusters are exchanged");
        let mut exchanged = centroids.clone();
        let [m, n] = [first, second].map(|cluster| members[cluster].len() as f64);
        let joined = (&centroids.row(first) * m + &centroids.row(second) * n) / (m + n);
        exchanged.row_mut(first).assign(&joined);
        exchanged.row_mut(second).assign(&division.centroids.row(0));
        exchanged.row_mut(cluster).assign(&division.centroids.row(1));
        exchanged
    };
    Ok(found.into_iter().take(work.params.exchanges as usize).map(after).collect())
}

/// A cluster as two.
struct Division {
    /// How much less the inertia is, estimated where the cluster is large.
    gain: f64,
    /// [2, dimensions].
    centroids: Array2<f64>,
}

impl Division {
    /// None of points that are all equal.
    fn of(work: &Work<'_>, members: &[usize], mut rng: Rng) -> Result<Option<Self>> {
        let step = members.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<usize> = members.iter().copied().step_by(step).collect();
        if sample.iter().all(|&point| work.points.are_equal(point, sample[0])) {
            return Ok(None);
        }
        let points: Prepared<'static> = work.points.sample(&sample);
        let start = seeding::draw(work.simd, &points, 2, &mut rng, false, work.cancel)?;
        let stop = Stop { max_iterations: ITERATIONS, tolerance: Some(0.0) };
        let divided = iterate(work.simd, &points, start, stop, false, work.cancel)?;
        let first = divided.clusters.iter().filter(|&&cluster| cluster == 0).count();
        let share = members.len() as f64 / sample.len() as f64;
        let gain = join_cost(divided.centroids.view(), [0, 1], [first, sample.len() - first]) * share;
        Ok(Some(Self { gain, centroids: divided.centroids }))
    }
}

/// What joining two clusters of these sizes adds to the inertia, and dividing them again takes from it.
fn join_cost(centroids: ArrayView2<'_, f64>, clusters: [usize; 2], sizes: [usize; 2]) -> f64 {
    let [m, n] = sizes.map(|size| size as f64);
    let [a, b] = clusters.map(|cluster| centroids.row(cluster));
    m * n / (m + n) * a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
}
