//! Expectation and maximisation.

use latentkit_core::{Cancellation, Error, Result};
use ndarray::ArrayView2;
use rayon::prelude::*;

use super::components::Components;
use super::parameters::Parameters;
use super::params::MixtureParams;
use super::pass::{Pass, Sums, Task};
use super::standardised::Standardised;
use crate::simd::Simd;

/// Numbers in the sums of the parts that are in memory at once, at most: 64 MiB. More parts are added up in several
/// goes, which changes nothing in the result.
const NUMBERS_AT_ONCE: usize = 1 << 23;

/// The points, and how the iterations go.
#[derive(Clone, Copy)]
pub(super) struct Em<'a> {
    pub(super) simd: Simd,
    pub(super) points: &'a Standardised,
    pub(super) params: MixtureParams,
    pub(super) cancel: Cancellation<'a>,
}

/// A mixture that the iterations ended with.
#[derive(Debug)]
pub(super) struct Fit {
    pub(super) parameters: Parameters,
    /// Log-likelihood of the standardised points, before the last step.
    pub(super) log_likelihood: f64,
    /// Whether it changed by less than the tolerance in the last step.
    pub(super) converged: bool,
}

impl Em<'_> {
    /// The mixture that follows from the clusters of the points, [n], none of them empty. `near` are points near the means
    /// of the clusters, [k, columns]; the nearer they are, the more digits the covariances keep.
    pub(super) fn start(&self, clusters: &[u32], near: ArrayView2<'_, f64>) -> Parameters {
        let start = Parameters::at(near.to_owned());
        let part = self.points.part();
        let given =
            |index: usize| Task::Given(&clusters[index * part..clusters.len().min((index + 1) * part)]);
        let sums = self.sum(&Components::means_of(&start), given);
        self.maximised(&start, &sums)
    }

    /// Improves a mixture until its log-likelihood does not change any more.
    pub(super) fn fit(&self, start: Parameters) -> Result<Fit> {
        let mut fit = Fit { parameters: start, log_likelihood: f64::NEG_INFINITY, converged: false };
        for _ in 0..self.params.max_iterations.max(1) {
            self.cancel.check()?;
            let (next, log_likelihood) = self.step(&fit.parameters)?;
            let change = (log_likelihood - fit.log_likelihood) / self.points.count() as f64;
            fit = Fit { parameters: next, log_likelihood, converged: change.abs() < self.params.tolerance };
            if fit.converged {
                break;
            }
        }
        Ok(fit)
    }

    /// One iteration: the next mixture, and the log-likelihood of the one that is given.
    pub(super) fn step(&self, parameters: &Parameters) -> Result<(Parameters, f64)> {
        let components = self.components(parameters)?;
        let sums = self.sum(&components, |_| Task::Expected);
        self.cancel.check()?;
        self.check(sums.log_likelihood)?;
        Ok((self.maximised(parameters, &sums), sums.log_likelihood))
    }

    /// The most probable component of each point, [n], and the log-likelihood.
    pub(super) fn assign(&self, parameters: &Parameters) -> Result<(Vec<u32>, f64)> {
        let components = self.components(parameters)?;
        let mut clusters = vec![0; self.points.count()];
        let part = self.points.part();
        let of_part = |(index, clusters): (usize, &mut [u32])| {
            self.of_part(&components, index, Task::Assign(clusters)).log_likelihood
        };
        let parts: Vec<f64> = clusters.par_chunks_mut(part).enumerate().map(of_part).collect();
        self.cancel.check()?;
        let log_likelihood = parts.iter().sum();
        self.check(log_likelihood)?;
        Ok((clusters, log_likelihood))
    }

    /// Does to each part of the points what `task` says of it, and adds up the sums in the order of the parts.
    fn sum<'t>(&self, components: &Components, task: impl Fn(usize) -> Task<'t> + Sync) -> Sums {
        self.sum_by(NUMBERS_AT_ONCE / Sums::new(components).moments.len(), components, task)
    }

    /// As [`sum`](Self::sum), with the sums of `at_once` parts in memory.
    pub(super) fn sum_by<'t>(
        &self,
        at_once: usize,
        components: &Components,
        task: impl Fn(usize) -> Task<'t> + Sync,
    ) -> Sums {
        let mut total = Sums::new(components);
        let at_once = at_once.max(1);
        let parts = self.points.count().div_ceil(self.points.part());
        for first in (0..parts).step_by(at_once) {
            let parts = (first..parts.min(first + at_once)).into_par_iter();
            let sums: Vec<Sums> = parts.map(|index| self.of_part(components, index, task(index))).collect();
            for sums in &sums {
                total.add(sums);
            }
        }
        total
    }

    /// Does `task` to one part of the points, unless the user interrupts.
    fn of_part(&self, components: &Components, index: usize, task: Task<'_>) -> Sums {
        let part = self.points.part();
        let range = index * part..self.points.count().min((index + 1) * part);
        let mut sums = Sums::new(components);
        if self.cancel.requested() {
            return sums;
        }
        self.simd.call(Pass { points: self.points, components, range, task, sums: &mut sums });
        sums
    }

    fn maximised(&self, parameters: &Parameters, sums: &Sums) -> Parameters {
        parameters.maximised(&sums.moments, self.points.count(), self.params.regularisation)
    }

    /// The densities of the components.
    fn components(&self, parameters: &Parameters) -> Result<Components> {
        Components::new(parameters).ok_or_else(|| {
            let k = self.params.k;
            Error::failed(format!(
                "a component of the mixture of {k} has collapsed: its covariance is singular"
            ))
            .hint("raise the regularisation, or take fewer components")
        })
    }

    /// Fails when the densities have overflowed.
    fn check(&self, log_likelihood: f64) -> Result<()> {
        if log_likelihood.is_finite() {
            return Ok(());
        }
        Err(Error::failed(format!("the log-likelihood of the mixture of {} is not finite", self.params.k))
            .found(log_likelihood.to_string())
            .hint("raise the regularisation, or take fewer components"))
    }
}
