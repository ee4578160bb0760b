//! The mixture as its definition says, point by point: what the loops over blocks are compared with.

use ndarray::ArrayView1;

use super::*;
use crate::mixture::components::Components;
use crate::mixture::pass::{Pass, Sums, Task};

/// The density of each component at a point times its weight, by Gaussian elimination.
fn log_densities(
    point: ArrayView1<'_, f64>,
    weights: &[f64],
    means: &Array2<f64>,
    covariances: &Array3<f64>,
) -> Vec<f64> {
    let columns = point.len();
    let of = |component: usize| {
        let mut matrix = covariances.index_axis(Axis(0), component).to_owned();
        let difference = &point - &means.row(component);
        let mut solution = difference.clone();
        let mut log_determinant = 0.0;
        for pivot in 0..columns {
            log_determinant += matrix[[pivot, pivot]].ln();
            for row in pivot + 1..columns {
                let factor = matrix[[row, pivot]] / matrix[[pivot, pivot]];
                for column in pivot..columns {
                    matrix[[row, column]] -= factor * matrix[[pivot, column]];
                }
                solution[row] -= factor * solution[pivot];
            }
        }
        for row in (0..columns).rev() {
            for column in row + 1..columns {
                solution[row] -= matrix[[row, column]] * solution[column];
            }
            solution[row] /= matrix[[row, row]];
        }
        let constant = log_determinant + columns as f64 * (2.0 * std::f64::consts::PI).ln();
        weights[component].ln() - 0.5 * (constant + difference.dot(&solution))
    };
    (0..weights.len()).map(of).collect()
}

fn log_sum(logs: &[f64]) -> f64 {
    let most = logs.iter().fold(f64::NEG_INFINITY, |most, &log| most.max(log));
    most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln()
}

/// Checks everything that a mixture of points without constant columns says of itself.
#[track_caller]
pub(super) fn assert_consistent(points: &Array2<f32>, found: &GaussianMixture) {
    let points = points.mapv(f64::from);
    let (n, d) = points.dim();
    let k = found.weights.len();
    assert_eq!((found.means.dim(), found.covariances.dim()), ((k, d), (k, d, d)));
    assert_close(found.weights.iter().sum(), 1.0, 1e-12, "sum of the weights");
    let mut log_likelihood = 0.0;
    let mut sizes = vec![0; k];
    let mut first = vec![usize::MAX; k];
    for (index, (point, &cluster)) in points.rows().into_iter().zip(&found.clusters).enumerate() {
        let cluster = cluster as usize;
        let logs = log_densities(point, &found.weights, &found.means, &found.covariances);
        log_likelihood += log_sum(&logs);
        let most = logs.iter().fold(f64::NEG_INFINITY, |most, &log| most.max(log));
        assert!(
            logs[cluster] >= most - 1e-6,
            "point {index} is more probable in another component: {logs:?}"
        );
        sizes[cluster] += 1;
        first[cluster] = first[cluster].min(index);
    }
    for component in 1..k {
        let (before, this) = (component - 1, component);
        assert!(
            sizes[before] > sizes[this] || (sizes[before] == sizes[this] && first[before] <= first[this])
        );
    }
    let tolerance = 1e-7 * (1.0 + log_likelihood.abs());
    assert_close(found.log_likelihood, log_likelihood, tolerance, "log-likelihood");
    assert_eq!(found.parameters, k * d + k * d * (d + 1) / 2 + k - 1);
    let parameters = found.parameters as f64;
    assert_close(found.bic, parameters * (n as f64).ln() - 2.0 * found.log_likelihood, 1e-9, "BIC");
    assert_close(found.aic, 2.0 * parameters - 2.0 * found.log_likelihood, 1e-9, "AIC");
}

/// The sums of a pass over all points.
fn sums_of(points: &Standardised, components: &Components, simd: Simd, task: Task<'_>) -> Sums {
    let mut sums = Sums::new(components);
    simd.call(Pass { points, components, range: 0..points.count(), task, sums: &mut sums });
    sums
}

/// Checks a pass over some points against the same sums point by point.
fn assert_plain(points: &Standardised, parameters: &Parameters, simd: Simd) {
    let rows = points.rows();
    let (n, columns) = rows.dim();
    let k = parameters.weights.len();
    let components = Components::new(parameters).unwrap();
    let mut log_likelihood = 0.0;
    let mut moments = vec![0.0; k * triangle(columns + 1)];
    let mut sizes = vec![0.0; moments.len()];
    let mut best = Vec::new();
    for point in rows.rows() {
        let logs = log_densities(point, &parameters.weights, &parameters.means, &parameters.covariances);
        log_likelihood += log_sum(&logs);
        best.push((0..k).max_by(|&a, &b| logs[a].total_cmp(&logs[b])).unwrap() as u32);
        for component in 0..k {
            let share = (logs[component] - log_sum(&logs)).exp();
            let mean = parameters.means.row(component);
            let relative: Vec<f64> =
                std::iter::once(1.0).chain(point.iter().zip(mean).map(|(x, m)| x - m)).collect();
            for row in 0..=columns {
                for column in 0..=row {
                    let at = component * triangle(columns + 1) + triangle(row) + column;
                    moments[at] += share * relative[row] * relative[column];
                    sizes[at] += (share * relative[row] * relative[column]).abs();
                }
            }
        }
    }
    let what = |name: &str| format!("{name}, {n} x {columns}, k = {k}, {}", simd.name());
    let size = 1e-11 * (n as f64 + log_likelihood.abs());
    let found = sums_of(points, &components, simd, Task::Expected);
    assert_close(found.log_likelihood, log_likelihood, size, &what("log-likelihood"));
    for ((&found, &expected), size) in found.moments.iter().zip(&moments).zip(&sizes) {
        assert_close(found, expected, 1e-11 * (1.0 + size), &what("moment"));
    }
    let mut clusters = vec![u32::MAX; n];
    let assigned = sums_of(points, &components, simd, Task::Assign(&mut clusters));
    assert_eq!(assigned.log_likelihood, found.log_likelihood);
    assert_eq!(clusters, best);
    let mut counts = vec![0.0; k];
    for &cluster in &clusters {
        counts[cluster as usize] += 1.0;
    }
    let given = sums_of(points, &components, simd, Task::Given(&clusters));
    for (component, count) in counts.iter().enumerate() {
        assert_eq!(given.moments[component * triangle(columns + 1)], *count);
    }
}

#[test]
fn a_pass_is_the_sum_over_the_points() {
    for columns in [1, 2, 3, 6, 8, 9, 13] {
        for count in [2, 15, 16, 17, 127, 128, 129, 300] {
            let mut rng = rng((100 * columns + count) as u64);
            let points = Standardised::new(overlapping(&mut rng, count, columns, 3).view());
            let k = 1 + count % 4;
            let mix = Array3::from_shape_simple_fn((k, columns, columns), || rng.gen_range(-0.5..0.5));
            let parameters = Parameters {
                weights: (1..=k).map(|index| index as f64 / (k * (k + 1) / 2) as f64).collect(),
                means: Array2::from_shape_simple_fn((k, columns), || rng.gen_range(-1.0..1.0)),
                covariances: Array3::from_shape_fn((k, columns, columns), |(component, row, column)| {
                    let mix = mix.index_axis(Axis(0), component);
                    mix.row(row).dot(&mix.row(column)) + if row == column { 0.2 } else { 0.0 }
                }),
            };
            for simd in Simd::available() {
                assert_plain(&points, &parameters, simd);
            }
        }
    }
}

#[test]
fn a_mixture_is_what_it_says() {
    for (count, dimensions, k) in [(50, 1, 2), (300, 2, 4), (500, 6, 5), (2500, 3, 7), (400, 10, 2)] {
        let points = overlapping(&mut rng(count as u64), count, dimensions, k);
        assert_consistent(&points, &of(&points, k));
    }
}
