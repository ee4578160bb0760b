//! Which k to keep.

use latentkit_core::summary::SweepFigure;

/// The k that a sweep speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Number of clusters.
    pub(crate) k: usize,
    /// Its place in the sweep.
    pub(crate) index: usize,
    /// Whether a k that was not tried, next to the first or the last of the sweep, may be better.
    pub(crate) at_edge: bool,
}

/// Chooses the k of the highest mean silhouette, the smallest of equals, from a sweep of ascending k.
///
/// Of one or two values each is an end of the sweep, so that being one says nothing; and nothing lies below k = 2.
pub(crate) fn choose(sweep: &[SweepFigure]) -> Option<Choice> {
    let (index, best) =
        sweep.iter().enumerate().rev().max_by(|(_, a), (_, b)| a.silhouette.total_cmp(&b.silhouette))?;
    let lowest = index == 0 && best.k > 2;
    let highest = index == sweep.len() - 1;
    Some(Choice { k: best.k, index, at_edge: sweep.len() > 2 && (lowest || highest) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The choice from the silhouettes of `from`, `from` + 1, ...: k and whether it is at the edge.
    fn chosen(from: usize, silhouettes: &[f64]) -> Option<(usize, bool)> {
        let figures: Vec<_> = silhouettes
            .iter()
            .zip(from..)
            .map(|(&silhouette, k)| SweepFigure { k, inertia: 1.0, silhouette })
            .collect();
        choose(&figures).map(|choice| {
            assert_eq!(figures[choice.index].k, choice.k);
            (choice.k, choice.at_edge)
        })
    }

    #[test]
    fn the_highest_silhouette_wins_and_the_smallest_k_of_equals() {
        assert_eq!(chosen(5, &[0.1, 0.3, 0.2]), Some((6, false)));
        assert_eq!(chosen(5, &[0.1, 0.3, 0.3, 0.2]), Some((6, false)));
        assert_eq!(chosen(5, &[-0.3, -0.1, -0.2]), Some((6, false)));
        assert_eq!(chosen(5, &[]), None);
    }

    #[test]
    fn the_ends_of_a_sweep_are_its_edge() {
        assert_eq!(chosen(5, &[0.3, 0.2, 0.1]), Some((5, true)));
        assert_eq!(chosen(5, &[0.1, 0.2, 0.3]), Some((7, true)));
    }

    #[test]
    fn nothing_lies_below_two_clusters() {
        assert_eq!(chosen(2, &[0.3, 0.2, 0.1]), Some((2, false)));
        assert_eq!(chosen(2, &[0.1, 0.2, 0.3]), Some((4, true)));
    }

    #[test]
    fn one_or_two_values_have_no_edge() {
        assert_eq!(chosen(5, &[0.3]), Some((5, false)));
        assert_eq!(chosen(5, &[0.3, 0.4]), Some((6, false)));
    }
}
