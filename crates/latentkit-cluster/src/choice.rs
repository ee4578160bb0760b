//! Which k to keep, and how much that says.

use latentkit_core::summary::SweepFigure;

/// The k that a sweep speaks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    /// Number of clusters.
    pub(crate) k: usize,
    /// Its place in the sweep.
    pub(crate) index: usize,
    /// Whether a k that was not tried, next to the first or the last of the sweep, may be better.
    pub(crate) at_edge: bool,
    /// The other k that are as good, ascending.
    pub(crate) rivals: Vec<usize>,
    /// Whether the silhouettes differ no more over k than over the seeds.
    pub(crate) flat: bool,
    /// How much the mean silhouettes differ over k: the highest less the lowest.
    range: f64,
    /// How much those of one k differ over the seeds, for the k for which they differ most.
    spread: f64,
    /// Number of seeds.
    seeds: usize,
}

/// Chooses the k of the highest mean silhouette, the smallest of equals, from a sweep of ascending k that was repeated
/// with `seeds` seeds.
///
/// Of one or two values each is an end of the sweep, so that being one says nothing; and nothing lies below k = 2.
///
/// The spread of a k is its highest silhouette of a seed less its lowest. A rival is no further below the best than the
/// larger of both spreads: seeds alone make such a difference. One seed has no spread, so that only an equal is a rival.
pub(crate) fn choose(sweep: &[SweepFigure], seeds: usize) -> Option<Choice> {
    let (index, best) =
        sweep.iter().enumerate().rev().max_by(|(_, a), (_, b)| a.silhouette.total_cmp(&b.silhouette))?;
    let lowest = index == 0 && best.k > 2;
    let highest = index == sweep.len() - 1;

    let below = |figure: &SweepFigure| best.silhouette - figure.silhouette;
    let rivals = sweep
        .iter()
        .filter(|figure| figure.k != best.k && below(figure) <= spread(figure).max(spread(best)))
        .map(|figure| figure.k)
        .collect();
    let range = sweep.iter().map(below).fold(0.0, f64::max);
    let spread = sweep.iter().map(spread).fold(0.0, f64::max);
    Some(Choice {
        k: best.k,
        index,
        at_edge: sweep.len() > 2 && (lowest || highest),
        rivals,
        flat: sweep.len() > 1 && seeds > 1 && range <= spread,
        range,
        spread,
        seeds,
    })
}

/// How much the silhouettes of a k differ over the seeds.
fn spread(figure: &SweepFigure) -> f64 {
    figure.silhouette_max - figure.silhouette_min
}

impl Choice {
    /// What the user should know of a choice from these values of k.
    pub(crate) fn warnings(&self, ks: &[u32]) -> Vec<String> {
        let mut warnings = Vec::new();
        if let (true, [first, .., last]) = (self.at_edge, ks) {
            warnings.push(format!(
                "the best k, {}, is at the edge of the sweep from {first} to {last}: a better one may lie outside",
                self.k
            ));
        }
        if self.flat {
            warnings.push(format!(
                "the silhouettes differ no more over k ({:.4}) than over {} seeds ({:.4}): they do not tell how many \
                 clusters there are",
                self.range, self.seeds, self.spread
            ));
        } else if !self.rivals.is_empty() {
            let rivals: Vec<_> = self.rivals.iter().map(ToString::to_string).collect();
            warnings.push(format!(
                "k = {} {} as good as the best k, {}{}",
                rivals.join(", "),
                if rivals.len() == 1 { "is" } else { "are" },
                self.k,
                match self.seeds {
                    1 => ": the silhouettes are equal".to_owned(),
                    seeds => format!(", within the spread over {seeds} seeds"),
                }
            ));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of `from`, `from` + 1, ... from their mean, lowest and highest silhouettes.
    fn figures(from: usize, silhouettes: &[[f64; 3]]) -> Vec<SweepFigure> {
        let figure = |(&[silhouette, silhouette_min, silhouette_max], k): (&[f64; 3], usize)| SweepFigure {
            k,
            inertia: 1.0,
            silhouette,
            silhouette_min,
            silhouette_max,
        };
        silhouettes.iter().zip(from..).map(figure).collect()
    }

    /// The choice of one seed from the silhouettes of `from`, `from` + 1, ...: k and whether it is at the edge.
    fn chosen(from: usize, silhouettes: &[f64]) -> Option<(usize, bool)> {
        let silhouettes: Vec<_> = silhouettes.iter().map(|&silhouette| [silhouette; 3]).collect();
        let figures = figures(from, &silhouettes);
        choose(&figures, 1).map(|choice| {
            assert_eq!(figures[choice.index].k, choice.k);
            assert!(!choice.flat);
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

    #[test]
    fn a_rival_is_within_the_larger_of_both_spreads() {
        // Binary fractions, so that differences are exact. The best, k = 7, spreads by 1/16.
        let best = [0.5, 0.5, 0.5625];
        let narrow = [0.4375, 0.4375, 0.4375]; // 1/16 below: as far as the best's own spread
        let wide = [0.25, 0.125, 0.375]; // 1/4 below, as far as its own spread
        let lower = [0.421_875, 0.421_875, 0.421_875]; // 5/64 below
        let far = [0.125, 0.125, 0.125];
        let choice = choose(&figures(5, &[narrow, far, best, lower, wide]), 3).unwrap();
        assert_eq!((choice.k, choice.rivals.as_slice(), choice.flat), (7, &[5, 9][..], false));
        assert_eq!(
            choice.warnings(&[5, 6, 7, 8, 9]),
            ["k = 5, 9 are as good as the best k, 7, within the spread over 3 seeds"]
        );
    }

    #[test]
    fn of_one_seed_only_an_equal_is_a_rival() {
        let silhouettes = [0.1, 0.3, 0.299_999, 0.3, 0.2].map(|silhouette| [silhouette; 3]);
        let choice = choose(&figures(5, &silhouettes), 1).unwrap();
        assert_eq!((choice.k, choice.rivals.as_slice(), choice.flat), (6, &[8][..], false));
        assert_eq!(
            choice.warnings(&[5, 6, 7, 8, 9]),
            ["k = 8 is as good as the best k, 6: the silhouettes are equal"]
        );
        assert!(!choose(&figures(5, &[[0.25; 3]; 4]), 1).unwrap().flat, "one seed shows no spread");
    }

    #[test]
    fn a_sweep_is_flat_when_the_seeds_differ_as_much_as_k() {
        let even =
            |spread: f64| figures(5, &[[0.25, 0.25, 0.25], [0.5, 0.5 - spread, 0.5], [0.375, 0.375, 0.375]]);
        let flat = choose(&even(0.25), 2).unwrap();
        assert!(flat.flat);
        assert_eq!(
            flat.warnings(&[5, 6, 7]),
            [
                "the silhouettes differ no more over k (0.2500) than over 2 seeds (0.2500): they do not tell how many \
              clusters there are"
            ]
        );
        let steep = choose(&even(0.1875), 2).unwrap();
        assert_eq!((steep.flat, steep.rivals.as_slice()), (false, &[7][..]));
        assert!(!choose(&even(0.25)[1..2], 2).unwrap().flat, "one k has no range");
    }

    #[test]
    fn the_edge_is_warned_of_first() {
        let choice = choose(&figures(5, &[[0.5, 0.25, 0.5625], [0.125; 3], [0.25; 3]]), 3).unwrap();
        let warnings = choice.warnings(&[5, 6, 7]);
        assert_eq!(warnings.len(), 2);
        assert_eq!(
            warnings[0],
            "the best k, 5, is at the edge of the sweep from 5 to 7: a better one may lie outside"
        );
        assert!(warnings[1].starts_with("k = 7 is as good"), "{warnings:?}");
    }
}
