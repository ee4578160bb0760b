//! Eigenvalues and eigenvectors of a symmetric matrix.

use latentkit_core::{Cancellation, Error, Phase, Result};
use ndarray::Array2;
use rayon::prelude::*;

/// Entries of the vectors that lie together, so that a rotation of two vectors reads whole lines of the cache.
const WIDTH: usize = 32;

/// Rotations that are applied in one go, while the entries of the vectors that they change stay in the cache.
const ROTATIONS: usize = 1 << 15;

/// Numbers of a matrix that a thread is woken for: with fewer, that takes as long as the work.
const NUMBERS: usize = 1 << 14;

/// Iterations for an eigenvalue at most; two are usual.
const ITERATIONS: usize = 60;

/// Eigenvalues, descending, and a unit eigenvector of each.
pub(crate) struct Eigen {
    /// [n]
    pub(crate) values: Vec<f64>,
    /// One a column, orthogonal to each other: [n, n].
    pub(crate) vectors: Array2<f64>,
}

/// Decomposes a symmetric matrix, [n, n], of finite numbers.
///
/// Householder's reflections make it tridiagonal, and implicit QL iterations make that diagonal. It takes about 10 n³
/// operations on all threads; no result depends on their number, and no operation is fused.
///
/// # Errors
/// When the user interrupts, and when the iterations do not converge, of which no finite matrix is known.
///
/// # Reference
/// J. H. Wilkinson and C. Reinsch, "Handbook for automatic computation, volume II: linear algebra", Springer 1971, contributions
/// II/2 and II/4.
pub(crate) fn eigen(matrix: Array2<f64>, cancel: Cancellation) -> Result<Eigen> {
    let n = matrix.nrows();
    let phase = Phase::new(tracing::info_span!("axes", unit = "columns"), 2 * n);
    let _entered = phase.enter();
    let mut tridiagonal = Tridiagonal::of(matrix, &phase, cancel)?;
    let mut vectors = Vectors::of(&tridiagonal, cancel)?;
    tridiagonal.diagonalise(&mut vectors, &phase, cancel)?;
    let values = tridiagonal.diagonal;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    Ok(Eigen {
        vectors: Array2::from_shape_fn((n, n), |(entry, axis)| vectors.entry(order[axis], entry)),
        values: order.into_iter().map(|index| values[index]).collect(),
    })
}

/// A tridiagonal matrix T, and the reflections H of which H(n - 2) ... H(1) H(0) M H(0) H(1) ... H(n - 2) = T.
struct Tridiagonal {
    diagonal: Vec<f64>, // [n]
    /// Beside the diagonal, and a 0: [n].
    beside: Vec<f64>,
    /// H(k) = 1 - `scales[k]` v vᵀ, the entries of v behind the k-th being those of row k; the others are 0: [n, n].
    reflections: Array2<f64>,
    scales: Vec<f64>, // [n]
}

impl Tridiagonal {
    fn of(matrix: Array2<f64>, phase: &Phase, cancel: Cancellation) -> Result<Self> {
        let n = matrix.nrows();
        let mut matrix =
            if matrix.is_standard_layout() { matrix } else { matrix.as_standard_layout().into_owned() };
        let (mut diagonal, mut beside, mut scales) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        // The last reflection v and the w of it: they take v wᵀ + w vᵀ from what is left of the matrix.
        let (mut v, mut w) = (vec![0.0; n], vec![0.0; n]);
        for k in 0..n {
            cancel.check()?;
            let (above, below) = matrix.as_slice_mut().expect("row by row").split_at_mut((k + 1) * n);
            let row = &mut above[k * n..];
            subtract(&mut row[k..], v[k], &w[k..], w[k], &v[k..]);
            diagonal[k] = row[k];
            let Reflection { value, scale } = reflection(&mut row[k + 1..]);
            (beside[k], scales[k]) = (value, scale);
            // The rows below are changed by the last reflection and read for this one in one go.
            let own = &row[k + 1..];
            let (old_v, old_w) = (&v, &w);
            let mut products = vec![0.0; n - k - 1];
            let rows = below.par_chunks_exact_mut(n).zip(&mut products).enumerate();
            rows.with_min_len(NUMBERS.div_ceil(n - k)).for_each(|(index, (row, product))| {
                let (index, row) = (k + 1 + index, &mut row[k + 1..]);
                subtract(row, old_v[index], &old_w[k + 1..], old_w[index], &old_v[k + 1..]);
                *product = scale * dot(row, own);
            });
            let half = scale / 2.0 * dot(&products, own);
            v[k + 1..].copy_from_slice(own);
            for ((w, &v), &product) in w[k + 1..].iter_mut().zip(own).zip(&products) {
                *w = product - half * v;
            }
            phase.add(1);
        }
        Ok(Self { diagonal, beside, reflections: matrix, scales })
    }

    /// Makes the matrix diagonal by rotations, which the vectors take part in.
    fn diagonalise(&mut self, vectors: &mut Vectors, phase: &Phase, cancel: Cancellation) -> Result<()> {
        let n = self.diagonal.len();
        let mut rotations = Vec::with_capacity(ROTATIONS + n);
        for first in 0..n {
            let mut iterations = 0;
            loop {
                let last = (first..n).find(|&last| self.is_split(last)).unwrap_or(n - 1);
                if last == first {
                    break;
                }
                iterations += 1;
                if iterations > ITERATIONS {
                    return Err(Error::failed("the eigenvalues of a matrix do not converge"));
                }
                self.iterate(first, last, &mut rotations);
                if rotations.len() >= ROTATIONS {
                    vectors.rotate(&rotations, cancel)?;
                    rotations.clear();
                }
            }
            phase.add(1);
        }
        vectors.rotate(&rotations, cancel)
    }

    /// Whether what is beside the diagonal behind `index` is nothing, as far as numbers tell.
    fn is_split(&self, index: usize) -> bool {
        let next = self.diagonal.get(index + 1).copied().unwrap_or(0.0);
        let size = self.diagonal[index].abs() + next.abs();
        self.beside[index].abs() <= f64::EPSILON * size
    }

    /// An implicit QL iteration of the part from `first` to `last`, shifted by what the first eigenvalue may be.
    #[expect(clippy::many_single_char_names, reason = "those of the reference")]
    fn iterate(&mut self, first: usize, last: usize, rotations: &mut Vec<Rotation>) {
        let (d, e) = (&mut self.diagonal, &mut self.beside);
        let slope = (d[first + 1] - d[first]) / (2.0 * e[first]);
        let shift = e[first] / (slope + root(slope, 1.0).copysign(slope));
        let mut g = d[last] - d[first] + shift;
        let (mut sine, mut cosine, mut p) = (1.0, 1.0, 0.0);
        for index in (first..last).rev() {
            let (f, b) = (sine * e[index], cosine * e[index]);
            let r = root(f, g);
            e[index + 1] = r;
            if r == 0.0 {
                // The matrix splits here.
                d[index + 1] -= p;
                e[last] = 0.0;
                return;
            }
            (sine, cosine) = (f / r, g / r);
            g = d[index + 1] - p;
            let r = (d[index] - g) * sine + 2.0 * cosine * b;
            p = sine * r;
            d[index + 1] = g + p;
            g = cosine * r - b;
            rotations.push(Rotation { index, sine, cosine });
        }
        d[first] -= p;
        e[first] = g;
        e[last] = 0.0;
    }
}

/// What a reflection makes of a vector: `value` times the first axis.
struct Reflection {
    value: f64,
    /// Two over the square of the normal's length, 0 where nothing is reflected.
    scale: f64,
}

/// Puts the normal of the plane that reflects a vector onto the first axis in its place.
fn reflection(vector: &mut [f64]) -> Reflection {
    let Some((first, rest)) = vector.split_first_mut() else { return Reflection { value: 0.0, scale: 0.0 } };
    let rest = dot(rest, rest);
    if rest == 0.0 {
        return Reflection { value: *first, scale: 0.0 };
    }
    // Of the two planes, the one that no digits are lost with.
    let value = -(*first * *first + rest).sqrt().copysign(*first);
    *first -= value;
    Reflection { value, scale: 2.0 / (*first * *first + rest) }
}

/// Takes a b + c d from a row, b and d being rows too.
fn subtract(row: &mut [f64], a: f64, b: &[f64], c: f64, d: &[f64]) {
    for ((value, &b), &d) in row.iter_mut().zip(b).zip(d) {
        *value -= a * b + c * d;
    }
}

/// The scalar product, in an order that vector instructions can keep to.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum::<f64>();
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// The length of (a, b). Unlike `hypot`, it is rounded in the same way on every system.
fn root(a: f64, b: f64) -> f64 {
    (a * a + b * b).sqrt()
}

/// A rotation of the vectors at `index` and behind it.
#[derive(Clone, Copy)]
struct Rotation {
    index: usize,
    sine: f64,
    cosine: f64,
}

/// The vectors, of which [`WIDTH`] entries each lie together: [n / WIDTH rounded up, vectors][WIDTH]. What happens to an
/// entry depends on no other, so that threads share the entries.
struct Vectors(Vec<Vec<[f64; WIDTH]>>);

impl Vectors {
    /// Those in which the matrix is tridiagonal.
    fn of(tridiagonal: &Tridiagonal, cancel: Cancellation) -> Result<Self> {
        let n = tridiagonal.diagonal.len();
        let entries = |first: usize| {
            let mut vectors = vec![[0.0; WIDTH]; n];
            for (lane, vector) in vectors[first..].iter_mut().take(WIDTH).enumerate() {
                vector[lane] = 1.0;
            }
            for (k, (reflection, &scale)) in
                tridiagonal.reflections.rows().into_iter().zip(&tridiagonal.scales).enumerate()
            {
                cancel.check()?;
                if scale > 0.0 {
                    let normal = reflection.iter().skip(k + 1);
                    let mut along = [0.0; WIDTH];
                    for (vector, &entry) in vectors[k + 1..].iter().zip(normal.clone()) {
                        for (along, value) in along.iter_mut().zip(vector) {
                            *along += entry * value;
                        }
                    }
                    for (vector, &entry) in vectors[k + 1..].iter_mut().zip(normal) {
                        for (value, along) in vector.iter_mut().zip(along) {
                            *value -= scale * entry * along;
                        }
                    }
                }
            }
            Ok(vectors)
        };
        let blocks = (0..n.div_ceil(WIDTH)).into_par_iter().map(|block| entries(block * WIDTH));
        Ok(Self(blocks.collect::<Result<_>>()?))
    }

    fn rotate(&mut self, rotations: &[Rotation], cancel: Cancellation) -> Result<()> {
        self.0.par_iter_mut().try_for_each(|vectors| {
            cancel.check()?;
            for &Rotation { index, sine, cosine } in rotations {
                if let [first, second] = &mut vectors[index..index + 2] {
                    for (first, second) in first.iter_mut().zip(second) {
                        (*first, *second) =
                            (cosine * *first - sine * *second, sine * *first + cosine * *second);
                    }
                }
            }
            Ok(())
        })
    }

    /// An entry of a vector.
    fn entry(&self, vector: usize, entry: usize) -> f64 {
        self.0[entry / WIDTH][vector][entry % WIDTH]
    }
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
