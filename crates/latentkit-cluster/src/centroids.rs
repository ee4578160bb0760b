//! Means of the points of clusters.

use ndarray::Array2;

use crate::points::Points;

/// The mean of the `points`, [n, dimensions], of each of `count` clusters, none of them empty: [count, dimensions].
pub(crate) fn means<'a>(points: impl Into<Points<'a>>, clusters: &[u32], count: usize) -> Array2<f64> {
    let points = points.into();
    let mut means = Array2::zeros((count, points.ncols()));
    let mut counts = vec![0_u32; count];
    for (point, &cluster) in clusters.iter().enumerate() {
        counts[cluster as usize] += 1;
        for (sum, value) in means.row_mut(cluster as usize).iter_mut().zip(points.row(point)) {
            *sum += value;
        }
    }
    for (mut mean, count) in means.rows_mut().into_iter().zip(counts) {
        mean /= f64::from(count);
    }
    means
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn means_are_those_of_the_points_of_each_cluster() {
        let points = array![[1.0, 0.0], [2.0, 8.0], [3.0, 0.0], [4.0, 4.0]];
        assert_eq!(means(points.view(), &[0, 1, 0, 1], 2), array![[2.0, 0.0], [3.0, 6.0]]);
    }
}
