//! The one-to-one matching of the greatest total weight.

use ndarray::ArrayView2;

/// Matches the rows of `weights` one-to-one with its columns, as many as there are of the fewer, so that the sum of
/// the weights of the pairs is greatest. Returns the pairs (row, column).
///
/// The Hungarian algorithm as shortest augmenting paths with potentials: for r rows and c columns, the fewer being m,
/// m r c steps, and no padding to a square.
///
/// # References
/// H. W. Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics Quarterly 2 (1955), 83-97.
/// J. Munkres, "Algorithms for the assignment and transportation problems", Journal of the Society for Industrial and
/// Applied Mathematics 5 (1957), 32-38.
/// R. Jonker and A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
/// Computing 38 (1987), 325-340.
pub(super) fn heaviest_matching(weights: ArrayView2<'_, usize>) -> Vec<(usize, usize)> {
    if weights.nrows() <= weights.ncols() {
        match_rows(weights)
    } else {
        match_rows(weights.reversed_axes()).into_iter().map(|(column, row)| (row, column)).collect()
    }
}

/// Matches every row; there are no more rows than columns.
fn match_rows(weights: ArrayView2<'_, usize>) -> Vec<(usize, usize)> {
    let (rows, columns) = weights.dim();
    // The cost of a pair, its negative weight, less the potentials of its row and its column is never negative, and is
    // 0 for the pairs that are matched.
    let mut row_potential = vec![0_i64; rows];
    let mut column_potential = vec![0_i64; columns];
    let mut row_of: Vec<Option<usize>> = vec![None; columns];

    for start in 0..rows {
        // A tree of shortest paths grows from the row `start` until it meets a free column.
        let mut distance = vec![i64::MAX; columns];
        let mut previous: Vec<Option<usize>> = vec![None; columns]; // none: `start` itself
        let mut settled: Vec<usize> = Vec::new();
        let mut open: Vec<usize> = (0..columns).collect();
        let (mut row, mut last, mut length) = (start, None, 0);
        let (end, shortest) = loop {
            for &column in &open {
                let cost = -(weights[[row, column]] as i64);
                let through = length + cost - row_potential[row] - column_potential[column];
                if through < distance[column] {
                    distance[column] = through;
                    previous[column] = last;
                }
            }
            let nearest = open.iter().enumerate().min_by_key(|&(_, &column)| distance[column]);
            let (place, &column) = nearest.expect("a free column is left as long as a row is");
            length = distance[column];
            match row_of[column] {
                None => break (column, length),
                Some(next) => {
                    open.swap_remove(place);
                    settled.push(column);
                    (row, last) = (next, Some(column));
                }
            }
        };

        row_potential[start] += shortest;
        for &column in &settled {
            let slack = shortest - distance[column];
            column_potential[column] -= slack;
            if let Some(row) = row_of[column] {
                row_potential[row] += slack;
            }
        }

        // Along the path each column takes the row of the one before it.
        let mut column = end;
        while let Some(before) = previous[column] {
            row_of[column] = row_of[before];
            column = before;
        }
        row_of[column] = Some(start);
    }
    row_of.into_iter().enumerate().filter_map(|(column, row)| row.map(|row| (row, column))).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use rand::Rng as _;

    use super::*;
    use crate::testing::rng;

    fn total(weights: &Array2<usize>) -> usize {
        heaviest_matching(weights.view()).into_iter().map(|pair| weights[pair]).sum()
    }

    /// The greatest weight of all matchings of the rows from `row` on with the columns that are not `taken`.
    fn by_trying_all(weights: &Array2<usize>, row: usize, taken: &mut Vec<usize>) -> usize {
        if row == weights.nrows() {
            return 0;
        }
        let mut best = 0;
        for column in 0..weights.ncols() {
            if !taken.contains(&column) {
                taken.push(column);
                best = best.max(weights[[row, column]] + by_trying_all(weights, row + 1, taken));
                taken.pop();
            }
        }
        best
    }

    #[test]
    fn the_heaviest_pair_may_stay_apart() {
        let weights = array![[10, 9], [9, 0]];
        let mut pairs = heaviest_matching(weights.view());
        pairs.sort_unstable();
        assert_eq!(pairs, [(0, 1), (1, 0)]);
    }

    #[test]
    fn equals_the_best_of_all_matchings() {
        let mut rng = rng(0);
        for _ in 0..20 {
            for rows in 1..=6 {
                for columns in rows..=6 {
                    let largest = rng.gen_range(1..=100);
                    let weights = Array2::from_shape_fn((rows, columns), |_| rng.gen_range(0..=largest));
                    let best = by_trying_all(&weights, 0, &mut Vec::new());
                    assert_eq!(total(&weights), best, "{weights}");
                    assert_eq!(total(&weights.t().to_owned()), best, "{weights} transposed");
                }
            }
        }
    }

    #[test]
    fn matches_each_row_and_column_once() {
        let mut rng = rng(1);
        for (rows, columns) in [(1, 1), (1, 40), (40, 1), (17, 23), (23, 17), (30, 30)] {
            let weights = Array2::from_shape_fn((rows, columns), |_| rng.gen_range(0..5));
            let (mut of_rows, mut of_columns): (Vec<_>, Vec<_>) =
                heaviest_matching(weights.view()).into_iter().unzip();
            for side in [&mut of_rows, &mut of_columns] {
                side.sort_unstable();
                side.dedup();
                assert_eq!(side.len(), rows.min(columns));
            }
        }
    }
}
