//! One look at the points of a part.

use std::ops::Range;

use super::components::Components;
use super::functions::{exp, ln};
use super::parameters::triangle;
use super::standardised::{BLOCKS, GROUP, LANES, Lanes, Standardised};
use crate::simd::Routine;

/// Sums of products that are added up together, which hides the latency of the additions.
const TILE: usize = 4;

/// One number of each point of a group.
type Group = [Lanes; BLOCKS];

/// What is done with the points.
pub(super) enum Task<'a> {
    /// Adds up moments, each point belonging to the component that is given: [points of the part].
    Given(&'a [u32]),
    /// Adds up the log-likelihood, and the moments with the responsibilities of the components (expectation).
    Expected,
    /// Adds up the log-likelihood, and finds the most probable component, of equals the first: [points of the part].
    Assign(&'a mut [u32]),
}

/// What a pass adds up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sums {
    /// Natural logarithm of the density, summed over the points; 0 with [`Task::Given`].
    pub(super) log_likelihood: f64,
    /// As [`Parameters::maximised`](super::parameters::Parameters::maximised) reads them; none with [`Task::Assign`].
    pub(super) moments: Vec<f64>,
}

impl Sums {
    /// No points yet.
    pub(super) fn new(components: &Components) -> Self {
        let moments = components.count() * triangle(components.columns() + 1);
        Self { log_likelihood: 0.0, moments: vec![0.0; moments] }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.log_likelihood += other.log_likelihood;
        for (sum, other) in self.moments.iter_mut().zip(&other.moments) {
            *sum += other;
        }
    }
}

/// Looks at the points of `range`, which starts at a multiple of [`GROUP`], and adds to `sums`.
///
/// Every operation is rounded on its own, none fused, so that each instruction set gives the same bits.
pub(super) struct Pass<'a> {
    pub(super) points: &'a Standardised,
    pub(super) components: &'a Components,
    pub(super) range: Range<usize>,
    pub(super) task: Task<'a>,
    pub(super) sums: &'a mut Sums,
}

impl Routine for Pass<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        match self.components.columns() {
            1 => self.look::<1>(),
            2 => self.look::<2>(),
            3 => self.look::<3>(),
            4 => self.look::<4>(),
            5 => self.look::<5>(),
            6 => self.look::<6>(),
            7 => self.look::<7>(),
            8 => self.look::<8>(),
            _ => self.look::<0>(),
        }
    }
}

impl Pass<'_> {
    /// The pass over points of `D` columns, or of any number of them where `D` is 0.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn look<const D: usize>(mut self) {
        let (k, columns) = (self.components.count(), self.components.columns());
        // Logarithms of the densities, and then the responsibilities.
        let mut shares: Vec<Group> = vec![[[0.0; LANES]; BLOCKS]; k];
        // 1 and the coordinates relative to the mean of a component.
        let mut relative: Vec<Group> = vec![[[1.0; LANES]; BLOCKS]; columns + 1];
        let mut moments: Vec<Lanes> = vec![[0.0; LANES]; k * triangle(columns + 1)];
        let mut logs = [0.0; LANES];
        for start in self.range.clone().step_by(GROUP) {
            let count = GROUP.min(self.range.end - start);
            let blocks = count.div_ceil(LANES);
            let own = start - self.range.start..start - self.range.start + count;
            if let Task::Given(clusters) = &self.task {
                give(&clusters[own], &mut shares);
            } else {
                for (component, shares) in shares.iter_mut().enumerate() {
                    for (offset, shares) in shares[..blocks].iter_mut().enumerate() {
                        let block = self.points.block(start / LANES + offset);
                        *shares = self.components.log_density::<D>(component, block);
                    }
                }
                if let Task::Assign(clusters) = &mut self.task {
                    choose(&shares, &mut clusters[own]);
                }
                divide(&mut shares, count, &mut logs);
            }
            if !matches!(self.task, Task::Assign(_)) {
                for (component, shares) in shares.iter().enumerate() {
                    let moments = &mut moments[component * triangle(columns + 1)..][..triangle(columns + 1)];
                    let first = start / LANES;
                    self.add_moments::<D>(component, first, &shares[..blocks], &mut relative, moments);
                }
            }
        }
        self.sums.log_likelihood += logs.iter().sum::<f64>();
        for (sum, moment) in self.sums.moments.iter_mut().zip(moments) {
            *sum += moment.iter().sum::<f64>();
        }
    }

    /// Adds the moments of the points of some blocks, from `first` on, of which a component has these shares.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    #[expect(clippy::needless_range_loop, reason = "the compiler vectorises loops over lanes in this form")]
    fn add_moments<const D: usize>(
        &self,
        component: usize,
        first: usize,
        shares: &[Lanes],
        relative: &mut [Group],
        moments: &mut [Lanes],
    ) {
        let mut most = [0.0_f64; LANES];
        for shares in shares {
            for lane in 0..LANES {
                most[lane] = if shares[lane] > most[lane] { shares[lane] } else { most[lane] };
            }
        }
        // Of most groups some component has nothing. NaN counts as something.
        if most.iter().all(|&most| most == 0.0) && shares.iter().flatten().all(|&share| share == 0.0) {
            return;
        }
        let columns = if D == 0 { self.components.columns() } else { D };
        let mean = &self.components.mean(component)[..columns];
        let relative = &mut relative[..=columns];
        for offset in 0..shares.len() {
            let block = &self.points.block(first + offset)[..columns];
            for column in 0..columns {
                for lane in 0..LANES {
                    relative[column + 1][offset][lane] = block[column][lane] - mean[column];
                }
            }
        }
        for row in 0..=columns {
            let mut weighted = [[0.0; LANES]; BLOCKS];
            for (offset, shares) in shares.iter().enumerate() {
                for lane in 0..LANES {
                    weighted[offset][lane] = shares[lane] * relative[row][offset][lane];
                }
            }
            let weighted = &weighted[..shares.len()];
            let moments = &mut moments[triangle(row)..][..=row];
            for (moments, relative) in moments.chunks_mut(TILE).zip(relative[..=row].chunks(TILE)) {
                match moments.len() {
                    1 => add_products::<1>(weighted, relative, moments),
                    2 => add_products::<2>(weighted, relative, moments),
                    3 => add_products::<3>(weighted, relative, moments),
                    _ => add_products::<TILE>(weighted, relative, moments),
                }
            }
        }
    }
}

/// Adds the products of `weighted` with each of `C` columns.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
fn add_products<const C: usize>(weighted: &[Lanes], relative: &[Group], moments: &mut [Lanes]) {
    let (relative, moments) = (&relative[..C], &mut moments[..C]);
    let mut sums = [[0.0; LANES]; C];
    sums.copy_from_slice(moments);
    for (offset, weighted) in weighted.iter().enumerate() {
        for column in 0..C {
            for lane in 0..LANES {
                sums[column][lane] += weighted[lane] * relative[column][offset][lane];
            }
        }
    }
    moments.copy_from_slice(&sums);
}

/// Gives each point wholly to a component.
fn give(clusters: &[u32], shares: &mut [Group]) {
    shares.fill([[0.0; LANES]; BLOCKS]);
    for (point, &cluster) in clusters.iter().enumerate() {
        shares[cluster as usize][point / LANES][point % LANES] = 1.0;
    }
}

/// Finds the component of the highest density for each point, the first of equals.
fn choose(densities: &[Group], clusters: &mut [u32]) {
    for (point, cluster) in clusters.iter_mut().enumerate() {
        let mut most = f64::NEG_INFINITY;
        for (component, densities) in (0..).zip(densities) {
            let density = densities[point / LANES][point % LANES];
            if density > most {
                (*cluster, most) = (component, density);
            }
        }
    }
}

/// Turns the logarithms of the components' densities at the first `count` points into shares whose sum is 1, 0 behind these
/// points, and adds the logarithm of the density of the mixture to `logs`.
///
/// The largest density of each point is divided out before the exponentials are taken, so that they neither overflow nor
/// vanish all.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
fn divide(shares: &mut [Group], count: usize, logs: &mut Lanes) {
    // The logarithm of a product of numbers between 1 and k is taken once for all blocks.
    let mut products = [1.0; LANES];
    for offset in 0..count.div_ceil(LANES) {
        let mut most = [f64::NEG_INFINITY; LANES];
        for densities in &*shares {
            for lane in 0..LANES {
                let density = densities[offset][lane];
                most[lane] = if density > most[lane] { density } else { most[lane] };
            }
        }
        let mut sums = [0.0; LANES];
        for shares in &mut *shares {
            for lane in 0..LANES {
                let share = exp(shares[offset][lane] - most[lane]);
                shares[offset][lane] = share;
                sums[lane] += share;
            }
        }
        let mut factors = [0.0; LANES];
        for lane in 0..LANES {
            factors[lane] = 1.0 / sums[lane];
        }
        for lane in 0..LANES {
            // The lanes behind the last point are no points.
            if offset * LANES + lane >= count {
                (factors[lane], sums[lane], most[lane]) = (0.0, 1.0, 0.0);
            }
        }
        for shares in &mut *shares {
            for lane in 0..LANES {
                shares[offset][lane] *= factors[lane];
            }
        }
        for lane in 0..LANES {
            logs[lane] += most[lane];
            products[lane] *= sums[lane];
        }
    }
    for (log, product) in logs.iter_mut().zip(products) {
        *log += ln(product);
    }
}
