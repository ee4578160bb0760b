//! What describes a mixture, and how it follows from the moments of the points.

use ndarray::{Array2, Array3};

/// A mixture of Gaussians in the coordinates of the standardised points.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameters {
    pub(super) weights: Vec<f64>,        // [k]
    pub(super) means: Array2<f64>,       // [k, columns]
    pub(super) covariances: Array3<f64>, // [k, columns, columns]
}

/// Numbers in the lower triangle of a matrix of `rows` rows, its diagonal included. It is kept row by row, so that this
/// is the place of the first number of the next row, too.
pub(super) const fn triangle(rows: usize) -> usize {
    rows * (rows + 1) / 2
}

impl Parameters {
    /// Components that have but means, about which moments can be taken.
    pub(super) fn at(means: Array2<f64>) -> Self {
        let (k, columns) = means.dim();
        Self { weights: vec![0.0; k], means, covariances: Array3::zeros((k, columns, columns)) }
    }

    /// The mixture under which `count` points with these moments are most likely: weights, means and covariances are those
    /// of the points, each counted by its responsibility, and `regularisation` is added to the variances.
    ///
    /// `moments` are, for each component, the sums over the points x of r z z^T, where r is the responsibility, z is
    /// (1, x - m), and m is the mean that the component has now: [k, triangle(columns + 1)]. Taken about a point so near,
    /// the covariances lose no digits. A component that has nothing of any point stays where it is, with weight 0.
    pub(super) fn maximised(&self, moments: &[f64], count: usize, regularisation: f64) -> Self {
        let columns = self.means.ncols();
        let mut next = self.clone();
        for (component, moments) in moments.chunks_exact(triangle(columns + 1)).enumerate() {
            let points = moments[0];
            next.weights[component] = points / count as f64;
            if points == 0.0 {
                continue;
            }
            let step = |axis: usize| moments[triangle(axis + 1)] / points;
            for row in 0..columns {
                next.means[[component, row]] += step(row);
                for column in 0..=row {
                    let product = moments[triangle(row + 1) + column + 1] / points;
                    let mut covariance = product - step(row) * step(column);
                    if row == column {
                        covariance += regularisation;
                    }
                    next.covariances[[component, row, column]] = covariance;
                    next.covariances[[component, column, row]] = covariance;
                }
            }
        }
        next
    }

    /// Whether every number is finite.
    pub(super) fn is_finite(&self) -> bool {
        self.weights.iter().chain(&self.means).chain(&self.covariances).all(|value| value.is_finite())
    }
}
