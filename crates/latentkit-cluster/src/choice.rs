//! Which k a criterion speaks for, how much that says, and what all criteria say together.

use latentkit_core::summary::{CriterionFigure, CriterionValue, Verdict};

/// How a criterion suggests a k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// That of the highest value, the smallest of equals.
    Highest,
    /// That of the lowest value, the smallest of equals.
    Lowest,
    /// The smallest whose value is no lower than the next one less its standard error (Tibshirani, Walther and Hastie, 2001).
    Gap,
    /// The largest whose value is no further below the highest than that one's standard error.
    LargestOfTheBest,
}

/// The k that a criterion speaks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Suggestion {
    /// Number of clusters; none where the rule finds none.
    pub(crate) k: Option<usize>,
    /// Whether a k that was not tried, next to the first or the last of the sweep, may be better.
    pub(crate) at_edge: bool,
    /// The other k that are as good, ascending.
    pub(crate) rivals: Vec<usize>,
    /// Whether the values differ no more over k than the error bars reach.
    pub(crate) flat: bool,
    /// How much the values differ over k: the highest less the lowest.
    range: f64,
    /// How far the error bar of one k reaches, for the k for which it reaches farthest.
    spread: f64,
}

/// Finds the k that a criterion speaks for, from its values for ascending k, each with an error bar where `bars`.
///
/// Of one or two values each is an end of the sweep, so that being one says nothing; and nothing lies below k = 2.
///
/// A rival is no further from the best than the longer of both error bars, of the lowest seed to the highest: seeds alone
/// make such a difference. Without error bars only an equal is a rival. The rules that go by standard errors have none.
pub(crate) fn suggest(values: &[CriterionValue], rule: Rule, bars: bool) -> Suggestion {
    let sign = if rule == Rule::Lowest { -1.0 } else { 1.0 };
    let ranked = values.iter().enumerate().rev();
    let best = ranked.max_by(|(_, a), (_, b)| (sign * a.value).total_cmp(&(sign * b.value)));
    let chosen = best.and_then(|(index, best)| match rule {
        Rule::Highest | Rule::Lowest => Some(index),
        Rule::Gap => values.windows(2).position(|pair| pair[0].value >= pair[1].low),
        Rule::LargestOfTheBest => values.iter().rposition(|other| other.value >= best.low),
    });
    let at_edge = chosen.is_some_and(|index| {
        values.len() > 2 && (index == 0 && values[0].k > 2 || index == values.len() - 1)
    });
    let mut rivals = Vec::new();
    if let (Rule::Highest | Rule::Lowest, Some((_, best))) = (rule, best) {
        let behind = |other: &CriterionValue| sign * (best.value - other.value);
        let as_good =
            |other: &&CriterionValue| other.k != best.k && behind(other) <= spread(other).max(spread(best));
        rivals = values.iter().filter(as_good).map(|other| other.k).collect();
    }
    let lowest = values.iter().map(|value| value.value).fold(f64::INFINITY, f64::min);
    let highest = values.iter().map(|value| value.value).fold(f64::NEG_INFINITY, f64::max);
    let range = (highest - lowest).max(0.0);
    let spread = values.iter().map(spread).fold(0.0, f64::max);
    Suggestion {
        k: chosen.map(|index| values[index].k),
        at_edge,
        rivals,
        flat: values.len() > 1 && bars && range <= spread,
        range,
        spread,
    }
}

/// How far the error bar of a k reaches.
fn spread(value: &CriterionValue) -> f64 {
    value.high - value.low
}

impl Suggestion {
    /// What the user should know of the silhouette's choice from these values of k, with so many seeds.
    pub(crate) fn warnings(&self, ks: &[u32], seeds: usize) -> Vec<String> {
        let Some(best) = self.k else { return Vec::new() };
        let mut warnings = Vec::new();
        if let (true, [first, .., last]) = (self.at_edge, ks) {
            warnings.push(format!(
                "the best k, {best}, is at the edge of the sweep from {first} to {last}: a better one may lie outside"
            ));
        }
        if self.flat {
            warnings.push(format!(
                "the silhouettes differ no more over k ({:.4}) than over {seeds} seeds ({:.4}): they do not tell how many \
                 clusters there are",
                self.range, self.spread
            ));
        } else if !self.rivals.is_empty() {
            let rivals: Vec<_> = self.rivals.iter().map(ToString::to_string).collect();
            warnings.push(format!(
                "k = {} {} as good as the best k, {best}{}",
                rivals.join(", "),
                if rivals.len() == 1 { "is" } else { "are" },
                match seeds {
                    1 => ": the silhouettes are equal".to_owned(),
                    seeds => format!(", within the spread over {seeds} seeds"),
                }
            ));
        }
        warnings
    }
}

/// What the criteria say together: the k that more than half of them suggest, each within the sweep and of a curve that is
/// not flat; else that there is no clear k.
pub(crate) fn verdict(criteria: &[CriterionFigure]) -> Verdict {
    let asked = criteria.len();
    let firm = criteria.iter().filter(|figure| figure.is_firm()).filter_map(|figure| figure.k);
    let clear = firm.clone().find(|&k| 2 * firm.clone().filter(|&other| other == k).count() > asked);
    let agreeing: Vec<String> = criteria
        .iter()
        .filter(|figure| clear.is_some() && figure.is_firm() && figure.k == clear)
        .map(|figure| figure.criterion.clone())
        .collect();
    let sentence = if let Some(k) = clear {
        format!("k = {k}: {} of {asked} criteria agree ({})", agreeing.len(), agreeing.join(", "))
    } else {
        let each: Vec<_> = criteria.iter().map(opinion).collect();
        format!("no clear k: {}", each.join(", "))
    };
    Verdict { k: clear, agreeing, asked, sentence }
}

/// What one criterion says, in a few words.
fn opinion(figure: &CriterionFigure) -> String {
    let name = &figure.criterion;
    match figure.k {
        None => format!("{name} none"),
        Some(k) if figure.flat => format!("{name} {k} (flat)"),
        Some(k) if figure.at_edge => format!("{name} {k} (edge)"),
        Some(k) => format!("{name} {k}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of `from`, `from` + 1, ... from their mean, lowest and highest.
    fn figures(from: usize, values: &[[f64; 3]]) -> Vec<CriterionValue> {
        let value = |(&[value, low, high], k): (&[f64; 3], usize)| CriterionValue { k, value, low, high };
        values.iter().zip(from..).map(value).collect()
    }

    /// The highest of so many seeds.
    fn choose(values: &[CriterionValue], seeds: usize) -> Option<Suggestion> {
        Some(suggest(values, Rule::Highest, seeds > 1)).filter(|found| found.k.is_some())
    }

    /// The choice of one seed from the silhouettes of `from`, `from` + 1, ...: k and whether it is at the edge.
    fn chosen(from: usize, silhouettes: &[f64]) -> Option<(usize, bool)> {
        let silhouettes: Vec<_> = silhouettes.iter().map(|&silhouette| [silhouette; 3]).collect();
        let figures = figures(from, &silhouettes);
        choose(&figures, 1).map(|choice| {
            assert!(!choice.flat);
            (choice.k.unwrap(), choice.at_edge)
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
        assert_eq!((choice.k, choice.rivals.as_slice(), choice.flat), (Some(7), &[5, 9][..], false));
        assert_eq!(
            choice.warnings(&[5, 6, 7, 8, 9], 3),
            ["k = 5, 9 are as good as the best k, 7, within the spread over 3 seeds"]
        );
    }

    #[test]
    fn of_one_seed_only_an_equal_is_a_rival() {
        let silhouettes = [0.1, 0.3, 0.299_999, 0.3, 0.2].map(|silhouette| [silhouette; 3]);
        let choice = choose(&figures(5, &silhouettes), 1).unwrap();
        assert_eq!((choice.k, choice.rivals.as_slice(), choice.flat), (Some(6), &[8][..], false));
        assert_eq!(
            choice.warnings(&[5, 6, 7, 8, 9], 1),
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
            flat.warnings(&[5, 6, 7], 2),
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
        let warnings = choice.warnings(&[5, 6, 7], 3);
        assert_eq!(warnings.len(), 2);
        assert_eq!(
            warnings[0],
            "the best k, 5, is at the edge of the sweep from 5 to 7: a better one may lie outside"
        );
        assert!(warnings[1].starts_with("k = 7 is as good"), "{warnings:?}");
    }

    #[test]
    fn the_lowest_wins_where_less_is_better() {
        let values = figures(5, &[[0.5; 3], [0.25, 0.125, 0.25], [0.3125; 3], [0.5; 3]]);
        let found = suggest(&values, Rule::Lowest, true);
        assert_eq!((found.k, found.at_edge, found.rivals.as_slice()), (Some(6), false, &[7][..]));
    }

    #[test]
    fn the_gap_rule_takes_the_first_k_that_the_next_does_not_beat_by_an_error() {
        // As in the paper: Gap(k) >= Gap(k + 1) - s(k + 1).
        let of = |values: &[[f64; 2]]| {
            let bars: Vec<_> =
                values.iter().map(|[value, error]| [*value, value - error, value + error]).collect();
            let found = suggest(&figures(2, &bars), Rule::Gap, true);
            (found.k, found.at_edge)
        };
        assert_eq!(of(&[[0.125, 0.0625], [0.5, 0.0625], [0.5625, 0.0625], [1.0, 0.0625]]), (Some(3), false));
        assert_eq!(of(&[[0.5, 0.0], [0.25, 0.0], [0.125, 0.0]]), (Some(2), false), "nothing lies below 2");
        assert_eq!(of(&[[0.125, 0.0], [0.25, 0.0], [0.5, 0.0]]), (None, false), "it rises to the end");
        assert_eq!(of(&[[0.5, 0.0]]), (None, false), "one k has no next");
    }

    #[test]
    fn the_largest_k_that_is_as_stable_as_the_best_counts() {
        let values =
            figures(2, &[[1.0, 0.875, 1.0], [0.9375; 3], [0.875, 0.75, 1.0], [0.5, 0.25, 0.75], [0.25; 3]]);
        let found = suggest(&values, Rule::LargestOfTheBest, true);
        assert_eq!((found.k, found.at_edge), (Some(4), false));
    }

    /// What criteria say that suggest these k.
    fn panel(ks: &[(Option<usize>, bool, bool)]) -> Vec<CriterionFigure> {
        let figure = |(place, &(k, at_edge, flat)): (usize, &(Option<usize>, bool, bool))| CriterionFigure {
            method: "k-means".to_owned(),
            criterion: format!("c{place}"),
            values: Vec::new(),
            k,
            at_edge,
            rivals: Vec::new(),
            flat,
        };
        ks.iter().enumerate().map(figure).collect()
    }

    #[test]
    fn a_clear_k_has_more_than_half_of_the_criteria() {
        let firm = |k| (Some(k), false, false);
        let found = verdict(&panel(&[firm(7), firm(8), firm(7), firm(7), (None, false, false)]));
        assert_eq!((found.k, found.asked), (Some(7), 5));
        assert_eq!(found.sentence, "k = 7: 3 of 5 criteria agree (c0, c2, c3)");
        let half = verdict(&panel(&[firm(7), firm(7), firm(8), firm(9)]));
        assert_eq!((half.k, half.agreeing), (None, Vec::new()));
        assert_eq!(half.sentence, "no clear k: c0 7, c1 7, c2 8, c3 9");
    }

    #[test]
    fn what_lies_at_the_edge_or_is_flat_does_not_count() {
        let found = verdict(&panel(&[(Some(5), true, false), (Some(5), false, true), (None, false, false)]));
        assert_eq!(found.k, None);
        assert_eq!(found.sentence, "no clear k: c0 5 (edge), c1 5 (flat), c2 none");
    }
}
