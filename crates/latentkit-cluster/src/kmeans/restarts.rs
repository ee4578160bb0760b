//! The restarts of K-Means, of which the best is kept.

use latentkit_core::rng::Rng;
use latentkit_core::{Cancellation, Error, Result};
use ndarray::Array2;
use rayon::prelude::*;

use super::lloyd::{self, Stop};
use super::params::KMeansParams;
use super::{batches, linfa, seeding};
use crate::prepared::Prepared;
use crate::simd::Simd;

/// Points up to which the restarts run side by side, each on one thread. With more, a restart has all threads, and no
/// more than one of them needs memory for the clusters of its points.
pub(super) const SIDE_BY_SIDE: usize = 1 << 20;

/// What the restarts share.
pub(super) struct Work<'a> {
    pub(super) simd: Simd,
    pub(super) points: &'a Prepared<'a>,
    /// The points in f64, where linfa needs them: [n, dimensions].
    pub(super) rows: Option<Array2<f64>>,
    pub(super) params: KMeansParams,
    pub(super) cancel: Cancellation<'a>,
}

impl Work<'_> {
    /// When the iterations of the best restart end.
    pub(super) fn stop(&self) -> Stop {
        let max_iterations = if self.params.batch_size.is_some() { 1 } else { self.params.max_iterations };
        Stop { max_iterations, tolerance: None }
    }

    /// What the centroids move by at the end of a restart, as a sum of squares.
    pub(super) fn tolerance(&self) -> f64 {
        let values = self.points.count() as f64 * self.points.dimensions() as f64;
        self.params.tolerance * self.points.spread() / values
    }

    /// The restart of least inertia.
    pub(super) fn best_restart(&self, rng: &Rng) -> Result<Restart> {
        let restarts = self.params.restarts.max(1);
        let mut streams = streams(rng).zip(0..restarts);
        let best = if let Some(size) = self.params.batch_size {
            let of = |(rng, index)| Ok((self.batches(size, rng)?, index));
            let starts: Vec<_> = streams.par_bridge().map(of).collect::<Result<_>>()?;
            let mut restarts = starts.into_iter().map(|(start, index)| self.restart(start, index, true));
            restarts.try_fold(None, Restart::best)?
        } else if self.points.count() > SIDE_BY_SIDE {
            let of = |(rng, index)| self.restart(self.start(rng, true)?, index, true);
            streams.try_fold(None, |best, stream| Restart::best(best, of(stream)))?
        } else {
            // A bridge gives each thread one restart after the other, so that no more of them than threads are alive.
            // Threads for which there is none help the others.
            let help = (restarts as usize) < rayon::current_num_threads();
            let of = |(rng, index)| self.restart(self.start(rng, help)?, index, help);
            streams.par_bridge().map(of).try_reduce_with(|a, b| Ok(a.better(b))).transpose()?
        };
        best.ok_or_else(|| Error::failed("K-Means did not run"))
    }

    /// The first centroids of a restart.
    fn start(&self, mut rng: Rng, parallel: bool) -> Result<Array2<f64>> {
        self.cancel.check()?;
        match &self.rows {
            Some(rows) => linfa::start(rows.view(), self.params, rng),
            None => seeding::draw(self.simd, self.points, self.params.k, &mut rng, parallel, self.cancel),
        }
    }

    /// What a restart on mini-batches of `size` points ends with, but for the iteration over all points.
    fn batches(&self, size: usize, rng: Rng) -> Result<Array2<f64>> {
        let KMeansParams { k, max_iterations, .. } = self.params;
        batches::centroids(self.simd, self.points, k, size, max_iterations, rng, self.cancel)
    }

    /// Lloyd's iterations of a restart.
    fn restart(&self, start: Array2<f64>, index: u32, parallel: bool) -> Result<Restart> {
        let stop = Stop { tolerance: Some(self.tolerance()), ..self.stop() };
        let partition = lloyd::iterate(self.simd, self.points, start, stop, parallel, self.cancel)?;
        Ok(Restart { index, inertia: partition.inertia, centroids: partition.centroids })
    }
}

/// What is kept of a restart.
pub(super) struct Restart {
    pub(super) index: u32,
    pub(super) inertia: f64,
    /// Relative to the mean of all points: [k, dimensions].
    pub(super) centroids: Array2<f64>,
}

impl Restart {
    /// The one of less inertia, the first of equals, so that the order of the restarts decides and not that of the
    /// threads.
    pub(super) fn better(self, other: Self) -> Self {
        let order = self.inertia.total_cmp(&other.inertia).then(self.index.cmp(&other.index));
        if order.is_le() { self } else { other }
    }

    /// The better one of the best so far and the next.
    fn best(best: Option<Self>, next: Result<Self>) -> Result<Option<Self>> {
        let next = next?;
        Ok(Some(match best {
            Some(best) => best.better(next),
            None => next,
        }))
    }
}

/// The generators of the restarts: 2^128 numbers apart, so that no two draw the same.
pub(crate) fn streams(rng: &Rng) -> impl Iterator<Item = Rng> + Send {
    std::iter::successors(Some(rng.clone()), |stream| {
        let mut next = stream.clone();
        next.jump();
        Some(next)
    })
}
