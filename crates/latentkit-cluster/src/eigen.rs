//! Eigenvalues and eigenvectors of a symmetric matrix.

use faer::{MatRef, Par, Side};
use latentkit_core::{Cancellation, Error, Phase, Result};
use ndarray::Array2;

/// Eigenvalues, descending, and a unit eigenvector of each.
pub(crate) struct Eigen {
    /// [n]
    pub(crate) values: Vec<f64>,
    /// One a column, orthogonal to each other: [n, n].
    pub(crate) vectors: Array2<f64>,
}

/// Decomposes a symmetric matrix, [n, n], of finite numbers, on one thread, so that their number changes no result.
///
/// # Errors
/// When the user interrupts, and when the iterations do not converge, of which no finite matrix is known.
pub(crate) fn eigen(matrix: Array2<f64>, cancel: Cancellation) -> Result<Eigen> {
    // faer neither tells how far it is nor can be asked to stop.
    let phase = Phase::new(tracing::info_span!("axes", unit = "matrices"), 1);
    let _entered = phase.enter();
    cancel.wait_for(move || {
        let n = matrix.nrows();
        faer::set_global_parallelism(Par::Seq);
        let entries: Vec<f64> = matrix.into_iter().collect();
        let found = MatRef::from_row_major_slice(&entries, n, n)
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| Error::failed(format!("the axes of {n} columns could not be found")))?;
        let (values, vectors) = (found.S().column_vector(), found.U());
        Ok(Eigen {
            // They are ascending.
            values: (0..n).rev().map(|index| values[index]).collect(),
            vectors: Array2::from_shape_fn((n, n), |(entry, axis)| vectors[(entry, n - 1 - axis)]),
        })
    })?
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};
    use rand::Rng as _;

    use super::*;
    use crate::testing::{assert_close, rng, with_threads};

    fn of(matrix: &Array2<f64>) -> Eigen {
        eigen(matrix.clone(), Cancellation::never()).unwrap()
    }

    /// Whether the vectors are orthonormal, and make the matrix what it is.
    #[track_caller]
    fn check(matrix: &Array2<f64>) {
        let Eigen { values, vectors } = of(matrix);
        let n = matrix.nrows();
        let scale = values.iter().fold(f64::MIN_POSITIVE, |scale, value| scale.max(value.abs()));
        let made = vectors.dot(&Array2::from_diag(&Array1::from(values.clone()))).dot(&vectors.t());
        for (found, expected) in made.iter().zip(matrix) {
            assert_close(found / scale, expected / scale, 1e-14 * n as f64, "matrix");
        }
        for (found, expected) in vectors.t().dot(&vectors).iter().zip(&Array2::<f64>::eye(n)) {
            assert_close(*found, *expected, 1e-14 * n as f64, "orthonormal");
        }
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]), "descending");
    }

    fn symmetric(n: usize) -> Array2<f64> {
        let mut rng = rng(n as u64);
        let random = Array2::from_shape_simple_fn((n, n), || rng.gen_range(-1.0..1.0));
        &random + &random.t()
    }

    #[test]
    fn small_ones_are_known() {
        let found = of(&array![[2.0, 1.0], [1.0, 2.0]]);
        for (found, expected) in found.values.iter().zip([3.0, 1.0]) {
            assert_close(*found, expected, 1e-15, "value");
        }
        assert_close(found.vectors[[0, 0]] * found.vectors[[1, 0]], 0.5, 1e-15, "first vector");
        assert_close(found.vectors[[0, 1]] * found.vectors[[1, 1]], -0.5, 1e-15, "second vector");
        let found = of(&array![[7.0]]);
        assert_eq!((found.values, found.vectors), (vec![7.0], array![[1.0]]));
        // The second difference of n points: 2 - 2 cos(i pi / (n + 1)).
        let n = 50;
        let second = Array2::from_shape_fn((n, n), |(row, column)| match row.abs_diff(column) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        });
        let found = of(&second);
        for (index, value) in found.values.iter().rev().enumerate() {
            let angle = (index + 1) as f64 * std::f64::consts::PI / (n + 1) as f64;
            assert_close(*value, 2.0 - 2.0 * angle.cos(), 1e-13, "second difference");
        }
    }

    #[test]
    fn any_matrix_is_made_of_its_vectors() {
        for n in [2, 3, 5, 31, 32, 33, 200] {
            check(&symmetric(n));
        }
    }

    #[test]
    fn values_may_be_equal_nothing_or_far_apart() {
        check(&Array2::eye(40));
        check(&Array2::zeros((40, 40)));
        let ones = Array1::<f64>::ones(40);
        check(&Array2::from_shape_fn((40, 40), |(row, column)| ones[row] * ones[column]));
        check(&Array2::from_diag(&Array1::from_iter((0..60).map(|power| 10.0_f64.powi(power - 30)))));
        check(&(symmetric(20) * 1e70));
        check(&(symmetric(20) * 1e-70));
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let matrix = symmetric(150);
        let one = with_threads(1, || of(&matrix));
        let three = with_threads(3, || of(&matrix));
        assert_eq!((one.values, one.vectors), (three.values, three.vectors));
    }
}
