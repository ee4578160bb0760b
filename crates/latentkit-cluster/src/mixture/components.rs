//! The components as the loops over the points read them.

use super::functions::ln;
use super::parameters::{Parameters, triangle};
use super::standardised::{LANES, Lanes};

/// What a variance must be above, in units of that of the column: less than a part in 1e12 of its deviation is rounding.
const LEAST_VARIANCE: f64 = 1e-24;

/// ln(2 pi).
const LN_2_PI: f64 = 1.837_877_066_409_345_3;

/// Means of the components and, where asked for, what their densities follow from.
///
/// With the covariance L L^T (Cholesky), F = L^-1 and y = F (x - m), the log-density of a point x times the weight w is
/// ln w + ln det F - (columns ln(2 pi) + |y|^2) / 2.
pub(super) struct Components {
    k: usize,
    columns: usize,
    means: Vec<f64>,   // [k, columns]
    factors: Vec<f64>, // F of each component, row by row: [k, triangle(columns)]
    logs: Vec<f64>,    // all that does not depend on the point: [k]
}

impl Components {
    /// The means alone.
    pub(super) fn means_of(parameters: &Parameters) -> Self {
        let (k, columns) = parameters.means.dim();
        let means = parameters.means.iter().copied().collect();
        Self { k, columns, means, factors: Vec::new(), logs: Vec::new() }
    }

    /// The densities; none where a covariance is singular or so near to it that rounding hides the difference.
    pub(super) fn new(parameters: &Parameters) -> Option<Self> {
        let mut components = Self::means_of(parameters);
        let columns = components.columns;
        for (&weight, covariance) in parameters.weights.iter().zip(parameters.covariances.outer_iter()) {
            let lower = (0..columns).flat_map(|row| (0..=row).map(move |column| [row, column]));
            let mut factor: Vec<f64> = lower.map(|place| covariance[place]).collect();
            decompose(&mut factor, columns)?;
            invert(&mut factor, columns);
            let log_determinant: f64 = (0..columns).map(|row| ln(factor[triangle(row) + row])).sum();
            let log_weight = if weight > 0.0 { ln(weight) } else { f64::NEG_INFINITY };
            components.logs.push(log_weight + log_determinant - 0.5 * columns as f64 * LN_2_PI);
            components.factors.append(&mut factor);
        }
        Some(components)
    }

    pub(super) fn count(&self) -> usize {
        self.k
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The mean of a component: [columns].
    #[inline]
    pub(super) fn mean(&self, component: usize) -> &[f64] {
        &self.means[component * self.columns..][..self.columns]
    }

    /// The logarithm of weight times density at each point of a block, [columns]. `D` is the number of columns where the
    /// compiler knows it, else 0.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    pub(super) fn log_density<const D: usize>(&self, component: usize, block: &[Lanes]) -> Lanes {
        let columns = if D == 0 { self.columns } else { D };
        let block = &block[..columns];
        let mean = &self.means[component * columns..][..columns];
        let factor = &self.factors[component * triangle(columns)..][..triangle(columns)];
        let mut squares = [0.0; LANES];
        for row in 0..columns {
            let mut sum = [0.0; LANES];
            for column in 0..=row {
                let entry = factor[triangle(row) + column];
                for lane in 0..LANES {
                    sum[lane] += entry * (block[column][lane] - mean[column]);
                }
            }
            for lane in 0..LANES {
                squares[lane] += sum[lane] * sum[lane];
            }
        }
        let log = self.logs[component];
        squares.map(|square| log - 0.5 * square)
    }
}

/// Replaces the lower triangle of a symmetric matrix, row by row, by L with L L^T the matrix (Cholesky).
fn decompose(matrix: &mut [f64], rows: usize) -> Option<()> {
    for row in 0..rows {
        for column in 0..=row {
            let (from_row, from_column) = (triangle(row), triangle(column));
            let products = (0..column).map(|at| matrix[from_row + at] * matrix[from_column + at]);
            let left = matrix[from_row + column] - products.sum::<f64>();
            matrix[from_row + column] = if column < row {
                left / matrix[from_column + column]
            } else {
                // Rounding alone can leave about as much as this of a variance that the columns before explain.
                let least = (rows as f64 * f64::EPSILON * matrix[from_row + row]).max(LEAST_VARIANCE);
                (left > least).then(|| left.sqrt())?
            };
        }
    }
    Some(())
}

/// Replaces a lower triangular matrix, row by row, by its inverse.
fn invert(matrix: &mut [f64], rows: usize) {
    for row in 0..rows {
        let own = triangle(row);
        let diagonal = 1.0 / matrix[own + row];
        for column in 0..row {
            // The rows before are inverted already, and so is this one left of `column`, where it is not read.
            let products = (column..row).map(|at| matrix[own + at] * matrix[triangle(at) + column]);
            matrix[own + column] = -diagonal * products.sum::<f64>();
        }
        matrix[own + row] = diagonal;
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, array};

    use super::*;
    use crate::testing::assert_close;

    /// A component of weight 1 at 0.
    fn component(covariance: &Array2<f64>) -> Option<Components> {
        let columns = covariance.nrows();
        let covariances = covariance.to_shape((1, columns, columns)).unwrap().to_owned();
        let means = Array2::zeros((1, columns));
        Components::new(&Parameters { weights: vec![1.0], means, covariances })
    }

    #[test]
    fn the_density_is_that_of_its_definition() {
        // The inverse of ((2, 1), (1, 3)) is ((3, -1), (-1, 2)) / 5.
        let component = component(&array![[2.0, 1.0], [1.0, 3.0]]).unwrap();
        let mut block = [[0.0; LANES]; 2];
        (block[0][3], block[1][3]) = (1.0, -2.0);
        for found in [component.log_density::<2>(0, &block), component.log_density::<0>(0, &block)] {
            let constant = -LN_2_PI - 0.5 * 5.0_f64.ln();
            assert_close(found[0], constant, 1e-14, "at the mean");
            assert_close(found[3], constant - 0.5 * (3.0 + 4.0 + 8.0) / 5.0, 1e-14, "elsewhere");
        }
    }

    #[test]
    fn a_singular_covariance_has_no_density() {
        assert!(component(&array![[0.0]]).is_none());
        assert!(component(&array![[-1.0]]).is_none());
        assert!(component(&array![[f64::NAN]]).is_none());
        assert!(component(&array![[1.0, 2.0], [2.0, 4.0]]).is_none());
        let third = 1.0 / 3.0;
        assert!(component(&array![[third, third], [third, third * (1.0 + f64::EPSILON)]]).is_none());
        assert!(component(&array![[1.0, 0.0], [0.0, 1e-30]]).is_none());
        assert!(component(&array![[1e-20, 0.0], [0.0, 1e5]]).is_some());
        assert!(component(&Array2::zeros((0, 0))).is_some());
    }

    #[test]
    fn a_component_of_weight_0_has_density_0() {
        let parameters =
            Parameters { weights: vec![0.0], means: array![[0.0]], covariances: Array3::ones((1, 1, 1)) };
        let found = Components::new(&parameters).unwrap().log_density::<1>(0, &[[0.0; LANES]]);
        assert!(found.iter().all(|&log| log == f64::NEG_INFINITY));
    }
}
