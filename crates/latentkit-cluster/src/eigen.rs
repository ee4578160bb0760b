//! Eigenvalues and eigenvectors of a symmetric matrix.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};
use latentkit_core::rng::generator;
use latentkit_core::{Cancellation, Error, Phase, Result};
use ndarray::Array2;
use rand::Rng as _;

/// Columns up to which all eigenvectors are found at once.
const FEW: usize = 256;

/// Directions that are iterated together: more than are wanted, since they converge as the first one that is left out is smaller.
const BLOCK: usize = 12;

/// Iterations at most; where they do not suffice, no direction stands out and all are found at once.
const ITERATIONS: usize = 40;

/// How far an eigenvector may be from what it is.
const ERROR: f64 = 1e-9;

/// Eigenvalues, descending, and a unit eigenvector of each.
pub(crate) struct Eigen {
    /// [n], or the largest ones.
    pub(crate) values: Vec<f64>,
    /// One a column, orthogonal to each other: [n, values].
    pub(crate) vectors: Array2<f64>,
}

/// Decomposes a symmetric matrix, [n, n], of finite numbers, on one thread, so that their number changes no result. It finds the `count`
/// largest eigenvalues at least: few of a large matrix without negative ones by subspace iteration with Rayleigh-Ritz (G. H. Golub and
/// C. F. Van Loan, "Matrix computations", 8.2.4) where that converges, else all.
///
/// # Errors
/// When the user interrupts, and when the iterations do not converge, of which no finite matrix is known.
pub(crate) fn eigen(matrix: Array2<f64>, count: usize, cancel: Cancellation) -> Result<Eigen> {
    // faer neither tells how far it is nor can be asked to stop.
    let phase = Phase::new(tracing::info_span!("axes", unit = "matrices"), 1);
    let _entered = phase.enter();
    cancel.wait_for(move || {
        let n = matrix.nrows();
        let entries: Vec<f64> = matrix.into_iter().collect();
        let matrix = MatRef::from_row_major_slice(&entries, n, n);
        let few = (n > FEW && count < BLOCK).then(|| iterated(matrix, count)).flatten();
        few.map_or_else(|| all(matrix), Ok)
    })?
}

fn all(matrix: MatRef<'_, f64>) -> Result<Eigen> {
    let n = matrix.nrows();
    faer::set_global_parallelism(Par::Seq);
    let found = matrix
        .self_adjoint_eigen(Side::Lower)
        .map_err(|_| Error::failed(format!("the axes of {n} columns could not be found")))?;
    let (values, vectors) = (found.S().column_vector(), found.U());
    Ok(Eigen {
        // They are ascending.
        values: (0..n).rev().map(|index| values[index]).collect(),
        vectors: Array2::from_shape_fn((n, n), |(entry, axis)| vectors[(entry, n - 1 - axis)]),
    })
}

/// The `count` largest ones, where the iterations find them.
fn iterated(matrix: MatRef<'_, f64>, count: usize) -> Option<Eigen> {
    let n = matrix.nrows();
    let mut rng = generator(0, "axes", 0);
    let mut directions = Mat::from_fn(n, BLOCK, |_, _| rng.gen_range(-1.0..1.0));
    for _ in 0..ITERATIONS {
        orthonormalise(&mut directions)?;
        let images = product(matrix, directions.as_ref());
        let within = product(directions.as_ref().transpose(), images.as_ref());
        let Eigen { values, vectors } = all(within.as_ref()).ok()?;
        let turn = Mat::from_fn(BLOCK, BLOCK, |row, column| vectors[[row, column]]);
        let (turned, images) =
            (product(directions.as_ref(), turn.as_ref()), product(images.as_ref(), turn.as_ref()));
        // What an eigenvector is off by: the residual beside the distance to the next eigenvalue.
        let is_found = |axis: usize| {
            let square =
                |entry: usize| (images[(entry, axis)] - values[axis] * turned[(entry, axis)]).powi(2);
            let residual = (0..n).map(square).sum::<f64>().sqrt();
            residual <= ERROR * (values[axis] - values[axis + 1])
        };
        if (0..count).all(is_found) {
            return Some(Eigen {
                values: values[..count].to_vec(),
                vectors: Array2::from_shape_fn((n, count), |(entry, axis)| turned[(entry, axis)]),
            });
        }
        directions = images;
    }
    None
}

/// Makes the columns orthogonal to each other and of length 1, by Gram-Schmidt, twice; none where one depends on the others.
fn orthonormalise(columns: &mut Mat<f64>) -> Option<()> {
    let (n, count) = (columns.nrows(), columns.ncols());
    for axis in 0..count {
        for other in (0..axis).chain(0..axis) {
            let along: f64 = (0..n).map(|entry| columns[(entry, axis)] * columns[(entry, other)]).sum();
            for entry in 0..n {
                columns[(entry, axis)] -= along * columns[(entry, other)];
            }
        }
        let norm = (0..n).map(|entry| columns[(entry, axis)].powi(2)).sum::<f64>().sqrt();
        if norm <= 0.0 || !norm.is_finite() {
            return None;
        }
        for entry in 0..n {
            columns[(entry, axis)] /= norm;
        }
    }
    Some(())
}

/// The product of two matrices, on one thread.
fn product(left: MatRef<'_, f64>, right: MatRef<'_, f64>) -> Mat<f64> {
    let mut product = Mat::zeros(left.nrows(), right.ncols());
    matmul(product.as_mut(), Accum::Replace, left, right, 1.0, Par::Seq);
    product
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};
    use rand::Rng as _;

    use super::*;
    use crate::testing::{assert_close, rng, with_threads};

    fn of(matrix: &Array2<f64>) -> Eigen {
        eigen(matrix.clone(), matrix.nrows(), Cancellation::never()).unwrap()
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
    fn the_leading_ones_are_the_first_of_all() {
        for (name, falling) in [("steep", 0.5_f64), ("flat", 0.999), ("equal", 1.0)] {
            // The eigenvalues fall by this from one to the next, in random directions.
            let n = FEW + 44;
            let axes = of(&symmetric(n)).vectors;
            let values = Array1::from_iter((0..n).map(|power| 7.0 * falling.powi(power as i32)));
            let matrix = axes.dot(&Array2::from_diag(&values)).dot(&axes.t());
            let matrix = (&matrix + &matrix.t()) / 2.0;
            let found = eigen(matrix.clone(), 2, Cancellation::never()).unwrap();
            for axis in 0..2 {
                assert_close(found.values[axis], values[axis], 1e-11, name);
                let vector = found.vectors.column(axis);
                let off = matrix.dot(&vector) - &vector * found.values[axis];
                assert!(off.iter().all(|off| off.abs() < 1e-8), "{name}: {off}");
                if falling < 1.0 {
                    assert_close(vector.dot(&axes.column(axis)).abs(), 1.0, 1e-9, name);
                }
            }
            assert_eq!(found.values.len() == 2, name == "steep", "{name}: iterated only where it converges");
        }
        let nothing = eigen(Array2::zeros((FEW + 1, FEW + 1)), 2, Cancellation::never()).unwrap();
        assert_close(nothing.values[0], 0.0, 0.0, "nothing");
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let matrix = symmetric(150);
        let one = with_threads(1, || of(&matrix));
        let three = with_threads(3, || of(&matrix));
        assert_eq!((one.values, one.vectors), (three.values, three.vectors));
    }
}
