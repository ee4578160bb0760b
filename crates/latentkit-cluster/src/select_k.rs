//! Selecting k: which one a criterion suggests, how much that says, and what all criteria say together.

use latentkit_core::summary::{CriterionFigure, CriterionValue, Verdict};

/// How a criterion suggests a k.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    /// That of the highest value, the smallest of equals.
    Highest,
    /// That of the lowest value, the smallest of equals.
    Lowest,
    /// The smallest whose value is no lower than the next one less its standard error (Tibshirani, Walther and Hastie, 2001),
    /// from two clusters on; or one cluster.
    Gap {
        /// Whether there is one cluster where that has a value: that there are clusters at all is a question of its own.
        one: bool,
    },
    /// The largest whose value is no further below the highest than that one's standard error.
    OneStandardError,
}

/// What makes the values of two k differ though neither is better.
pub(crate) enum Noise<'a> {
    /// Nothing that is known, so that only equals are as good.
    Unknown,
    /// As much as the longer one of both error bars.
    Bars,
    /// As much as this says of the values at two places.
    Pairs(&'a dyn Fn(usize, usize) -> f64),
}

impl Noise<'_> {
    /// How far the values at two places may lie apart by it.
    fn between(&self, values: &[CriterionValue], a: usize, b: usize) -> f64 {
        let bar = |value: &CriterionValue| value.high - value.low;
        match self {
            Self::Unknown => 0.0,
            Self::Bars => bar(&values[a]).max(bar(&values[b])),
            Self::Pairs(apart) => apart(a, b),
        }
    }
}

/// The k that a criterion speaks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Suggestion {
    /// Number of clusters; none where the rule finds none.
    pub(crate) k: Option<usize>,
    /// Whether a k that was not looked at, next to the first or the last of the sweep, may be better.
    pub(crate) at_edge: bool,
    /// The other k that are as good, ascending.
    pub(crate) ties: Vec<usize>,
    /// Whether the values differ no more over k than by noise.
    pub(crate) flat: bool,
    /// How much the values differ over k: the highest less the lowest.
    pub(crate) range: f64,
    /// How much the best differs from another by noise, for the k for which that is most.
    pub(crate) noise: f64,
}

/// Finds the k that a criterion speaks for, from its values for ascending k: those of the sweep, and before them that of
/// k = 1 where the criterion is defined for one cluster.
///
/// The first and the last k of a sweep are its edges. Of one or two, each is an end, so that being one says nothing. Nothing
/// lies below one cluster; but a criterion that is not defined for it cannot tell two clusters from none, so that for such
/// a one 2 is an edge in any sweep.
///
/// A tie is no further from the best than noise makes a difference. The rules that go by standard errors have none.
///
/// A curve is flat where that holds for every k; k = 1 is looked at only where it is chosen, since that there are clusters
/// does not tell how many. Where the gap statistic chooses one cluster, it is because no k is better, so that its curve may
/// well be flat and says what it has to say.
pub(crate) fn suggest(values: &[CriterionValue], rule: Rule, noise: &Noise) -> Suggestion {
    let sign = if rule == Rule::Lowest { -1.0 } else { 1.0 };
    let ranked = values.iter().enumerate().rev();
    let best = ranked.max_by(|(_, a), (_, b)| (sign * a.value).total_cmp(&(sign * b.value)));
    let chosen = best.and_then(|(index, best)| match rule {
        Rule::Highest | Rule::Lowest => Some(index),
        Rule::Gap { one: true } if values[0].k == 1 => Some(0),
        Rule::Gap { .. } => {
            let several = values.iter().position(|value| value.k > 1)?;
            let rises = |pair: &[CriterionValue]| pair[0].value < pair[1].low;
            values[several..].windows(2).position(|pair| !rises(pair)).map(|index| several + index)
        }
        Rule::OneStandardError => values.iter().rposition(|other| other.value >= best.low),
    });
    let swept = values.iter().filter(|value| value.k > 1).count();
    let first = values.len() - swept;
    let at_edge = chosen.is_some_and(|index| match values[index].k {
        1 => false,
        2 if index == first => first == 0 && swept > 1,
        _ => swept > 2 && (index == first || index == values.len() - 1),
    });
    let by_extremes = matches!(rule, Rule::Highest | Rule::Lowest);
    let mut ties = Vec::new();
    if let (true, Some((place, best))) = (by_extremes, best) {
        let as_good = |&(other, value): &(usize, &CriterionValue)| {
            other != place && sign * (best.value - value.value) <= noise.between(values, place, other)
        };
        ties = values.iter().enumerate().filter(as_good).map(|(_, other)| other.k).collect();
    }
    let from = if by_extremes && chosen.is_some_and(|index| index >= first) { first } else { 0 };
    let compared = || values[from..].iter().map(|value| value.value);
    let lowest = compared().fold(f64::INFINITY, f64::min);
    let highest = compared().fold(f64::NEG_INFINITY, f64::max);
    let range = (highest - lowest).max(0.0);
    let most = best.map_or(0.0, |(best, _)| {
        (from..values.len()).map(|other| noise.between(values, best, other)).fold(0.0, f64::max)
    });
    let no_clusters = matches!(rule, Rule::Gap { .. }) && chosen.is_some_and(|index| values[index].k == 1);
    let known = !matches!(noise, Noise::Unknown);
    Suggestion {
        k: chosen.map(|index| values[index].k),
        at_edge,
        ties,
        flat: values.len() - from > 1 && known && range <= most && !no_clusters,
        range,
        noise: most,
    }
}

impl Suggestion {
    /// What the user should know of the silhouette's choice from these values of k, with so many seeds, of a sample or not.
    pub(crate) fn warnings(&self, ks: &[u32], seeds: usize, sampled: bool) -> Vec<String> {
        let Some(best) = self.k else { return Vec::new() };
        let mut warnings = Vec::new();
        match (self.at_edge, ks) {
            (true, _) if best == 2 => warnings.push(
                "the best k, 2, is the smallest that has a silhouette: it does not tell whether there are clusters at all"
                    .to_owned(),
            ),
            (true, [first, .., last]) => warnings.push(format!(
                "the best k, {best}, is at the edge of the sweep from {first} to {last}: a better one may lie outside"
            )),
            _ => {}
        }
        let by = match (seeds, sampled) {
            (1, _) => "the sample".to_owned(),
            (seeds, false) => format!("{seeds} seeds"),
            (seeds, true) => format!("{seeds} seeds and the sample"),
        };
        if self.flat {
            warnings.push(format!(
                "the silhouettes differ no more over k ({:.4}) than over {by} ({:.4}): they do not tell how many clusters \
                 there are",
                self.range, self.noise
            ));
        } else if !self.ties.is_empty() {
            let ties: Vec<_> = self.ties.iter().map(ToString::to_string).collect();
            warnings.push(format!(
                "k = {} {} as good as the best k, {best}{}",
                ties.join(", "),
                if ties.len() == 1 { "is" } else { "are" },
                match (seeds, sampled) {
                    (1, false) => ": the silhouettes are equal".to_owned(),
                    _ => format!(", within the spread over {by}"),
                }
            ));
        }
        warnings
    }
}

/// What the criteria say together, of those that vote ([`CriterionFigure::votes`]).
///
/// First whether there are clusters at all: there are none, k = 1, where more than half of the criteria that are defined for
/// one cluster suggest it; the others cannot. Otherwise the k that more than half of all criteria suggest, each within the
/// sweep and of a curve that is not flat; else that there is no clear k.
pub(crate) fn verdict(criteria: &[CriterionFigure]) -> Verdict {
    let voters: Vec<&CriterionFigure> = criteria.iter().filter(|figure| figure.counted).collect();
    let know_one: Vec<_> = voters.iter().copied().filter(|figure| figure.knows_one_cluster()).collect();
    let one = agreeing(&know_one, 1);
    if 2 * one.len() > know_one.len() {
        let asked = know_one.len();
        let sentence = format!(
            "one cluster: {} of {asked} criteria that are defined for k = 1 agree ({})",
            one.len(),
            one.join(", ")
        );
        return Verdict { k: Some(1), agreeing: one, asked, sentence };
    }
    let asked = voters.len();
    let clear = voters.iter().filter_map(|figure| figure.k).find(|&k| 2 * agreeing(&voters, k).len() > asked);
    let Some(k) = clear else {
        let each: Vec<_> = voters.iter().map(|figure| opinion(figure)).collect();
        let sentence = format!("no clear k: {}", each.join(", "));
        return Verdict { k: None, agreeing: Vec::new(), asked, sentence };
    };
    let agreeing = agreeing(&voters, k);
    let sentence = format!("k = {k}: {} of {asked} criteria agree ({})", agreeing.len(), agreeing.join(", "));
    Verdict { k: Some(k), agreeing, asked, sentence }
}

/// The names of those criteria that suggest this k and whose suggestion is worth something.
fn agreeing(criteria: &[&CriterionFigure], k: usize) -> Vec<String> {
    let agree = criteria.iter().filter(|figure| figure.is_firm() && figure.k == Some(k));
    agree.map(|figure| figure.criterion.clone()).collect()
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
        let noise = if seeds > 1 { Noise::Bars } else { Noise::Unknown };
        Some(suggest(values, Rule::Highest, &noise)).filter(|found| found.k.is_some())
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
    fn two_clusters_are_an_edge_of_what_does_not_know_one() {
        assert_eq!(chosen(2, &[0.3, 0.2, 0.1]), Some((2, true)));
        assert_eq!(chosen(2, &[0.3, 0.2]), Some((2, true)));
        assert_eq!(chosen(2, &[0.3]), Some((2, false)), "nothing else was asked");
        assert_eq!(chosen(2, &[0.1, 0.2, 0.3]), Some((4, true)));
        let found = choose(&figures(2, &[[0.3; 3], [0.2; 3]]), 1).unwrap();
        assert_eq!(
            found.warnings(&[2, 3], 1, false),
            [
                "the best k, 2, is the smallest that has a silhouette: it does not tell whether there are clusters at all"
            ]
        );
        // What knows one cluster has no edge there.
        assert_eq!(chosen(1, &[0.1, 0.3, 0.2, 0.15]), Some((2, false)));
        assert_eq!(chosen(1, &[0.4, 0.3, 0.2, 0.15]), Some((1, false)));
        assert_eq!(chosen(1, &[0.1, 0.2, 0.3, 0.4]), Some((4, true)));
    }

    /// The values of one cluster and of a sweep from 5 on, without error bars.
    fn from_one_and_five(one: f64, rest: &[f64]) -> Vec<CriterionValue> {
        let rest: Vec<_> = rest.iter().map(|&value| [value; 3]).collect();
        [figures(1, &[[one; 3]]), figures(5, &rest)].concat()
    }

    #[test]
    fn the_sweep_keeps_its_lower_edge_where_one_cluster_is_looked_at() {
        let lowest = |one: f64, rest: &[f64]| {
            let found = suggest(&from_one_and_five(one, rest), Rule::Lowest, &Noise::Bars);
            (found.k.unwrap(), found.at_edge)
        };
        assert_eq!(lowest(0.9, &[0.1, 0.2, 0.3]), (5, true), "2 to 4 were not looked at");
        assert_eq!(lowest(0.9, &[0.2, 0.1, 0.3]), (6, false));
        assert_eq!(lowest(0.05, &[0.1, 0.2, 0.3]), (1, false));
        assert_eq!(lowest(0.9, &[0.1, 0.2]), (5, false), "two values have no edge");
    }

    #[test]
    fn one_or_two_values_have_no_edge() {
        assert_eq!(chosen(5, &[0.3]), Some((5, false)));
        assert_eq!(chosen(5, &[0.3, 0.4]), Some((6, false)));
    }

    #[test]
    fn that_there_are_clusters_does_not_make_a_flat_curve_steep() {
        let rest = [[0.25, 0.125, 0.25], [0.1875, 0.125, 0.25], [0.25, 0.1875, 0.25]];
        let values = [figures(1, &[[8.0; 3]]), figures(5, &rest)].concat();
        assert!(suggest(&values, Rule::Lowest, &Noise::Bars).flat);
        // Where the choice is one cluster, the others are what it differs from.
        let values = [figures(1, &[[-8.0; 3]]), figures(5, &rest)].concat();
        assert!(!suggest(&values, Rule::Lowest, &Noise::Bars).flat);
    }

    #[test]
    fn a_difference_is_judged_by_the_noise_of_that_difference() {
        // Bars of the means that overlap by far, as those of a sample do.
        let wide = [[0.5, 0.25, 0.75], [0.4375, 0.1875, 0.6875], [0.375, 0.125, 0.625]];
        let values = figures(5, &wide);
        let found = suggest(&values, Rule::Highest, &Noise::Bars);
        assert_eq!((found.k, found.ties.as_slice(), found.flat), (Some(5), &[6, 7][..], true));
        // The differences of the same points are known much better.
        let paired = |a: usize, b: usize| a.abs_diff(b) as f64 / 16.0;
        let found = suggest(&values, Rule::Highest, &Noise::Pairs(&paired));
        assert_eq!((found.ties.as_slice(), found.flat), (&[6, 7][..], true), "just as far as noise reaches");
        let paired = |a: usize, b: usize| a.abs_diff(b) as f64 / 32.0;
        let found = suggest(&values, Rule::Highest, &Noise::Pairs(&paired));
        assert_eq!((found.ties.as_slice(), found.flat), (&[][..], false));
        let paired = |a: usize, b: usize| if a.max(b) == 1 { 0.0625 } else { 0.0 };
        let found = suggest(&values, Rule::Highest, &Noise::Pairs(&paired));
        assert_eq!((found.ties.as_slice(), found.flat), (&[6][..], false));
        assert_eq!(
            found.warnings(&[5, 6, 7], 3, true)[1],
            "k = 6 is as good as the best k, 5, within the spread over 3 seeds and the sample"
        );
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
        assert_eq!((choice.k, choice.ties.as_slice(), choice.flat), (Some(7), &[5, 9][..], false));
        assert_eq!(
            choice.warnings(&[5, 6, 7, 8, 9], 3, false),
            ["k = 5, 9 are as good as the best k, 7, within the spread over 3 seeds"]
        );
    }

    #[test]
    fn of_one_seed_only_an_equal_is_a_rival() {
        let silhouettes = [0.1, 0.3, 0.299_999, 0.3, 0.2].map(|silhouette| [silhouette; 3]);
        let choice = choose(&figures(5, &silhouettes), 1).unwrap();
        assert_eq!((choice.k, choice.ties.as_slice(), choice.flat), (Some(6), &[8][..], false));
        assert_eq!(
            choice.warnings(&[5, 6, 7, 8, 9], 1, false),
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
            flat.warnings(&[5, 6, 7], 2, false),
            [
                "the silhouettes differ no more over k (0.2500) than over 2 seeds (0.2500): they do not tell how many \
              clusters there are"
            ]
        );
        let steep = choose(&even(0.1875), 2).unwrap();
        assert_eq!((steep.flat, steep.ties.as_slice()), (false, &[7][..]));
        assert!(!choose(&even(0.25)[1..2], 2).unwrap().flat, "one k has no range");
    }

    #[test]
    fn the_edge_is_warned_of_first() {
        let choice = choose(&figures(5, &[[0.5, 0.25, 0.5625], [0.125; 3], [0.25; 3]]), 3).unwrap();
        let warnings = choice.warnings(&[5, 6, 7], 3, false);
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
        let found = suggest(&values, Rule::Lowest, &Noise::Bars);
        assert_eq!((found.k, found.at_edge, found.ties.as_slice()), (Some(6), false, &[7][..]));
    }

    #[test]
    fn the_gap_rule_takes_the_first_k_that_the_next_does_not_beat_by_an_error() {
        // As in the paper: Gap(k) >= Gap(k + 1) - s(k + 1).
        let from = |first: usize, one: bool, values: &[[f64; 2]]| {
            let bars: Vec<_> =
                values.iter().map(|[value, error]| [*value, value - error, value + error]).collect();
            let found = suggest(&figures(first, &bars), Rule::Gap { one }, &Noise::Bars);
            assert!(!found.flat);
            (found.k, found.at_edge)
        };
        let of = |values: &[[f64; 2]]| from(2, true, values);
        assert_eq!(of(&[[0.125, 0.0625], [0.5, 0.0625], [0.5625, 0.0625], [1.0, 0.0625]]), (Some(3), false));
        assert_eq!(
            of(&[[0.5, 0.0], [0.25, 0.0], [0.125, 0.0]]),
            (Some(2), true),
            "one cluster was not looked at"
        );
        assert_eq!(of(&[[0.125, 0.0], [0.25, 0.0], [0.5, 0.0]]), (None, false), "it rises to the end");
        assert_eq!(of(&[[0.5, 0.0]]), (None, false), "one k has no next");
        // Three clusters in a row: two are no better than one, and three are.
        assert_eq!(from(1, false, &[[0.125, 0.0], [0.125, 0.0], [0.5, 0.0], [0.25, 0.0]]), (Some(3), false));
        assert_eq!(from(1, false, &[[0.5, 0.0], [0.125, 0.0]]), (None, false), "two have no next");
        // Points without clusters: a flat curve, and one cluster is what it says.
        assert_eq!(from(1, true, &[[0.0, 0.25], [0.125, 0.25], [0.0625, 0.25]]), (Some(1), false));
    }

    #[test]
    fn the_largest_k_that_is_as_stable_as_the_best_counts() {
        let values =
            figures(2, &[[1.0, 0.875, 1.0], [0.9375; 3], [0.875, 0.75, 1.0], [0.5, 0.25, 0.75], [0.25; 3]]);
        let found = suggest(&values, Rule::OneStandardError, &Noise::Bars);
        assert_eq!((found.k, found.at_edge), (Some(4), false));
    }

    /// What criteria say that suggest these k; `one` of them, from the first on, are defined for one cluster.
    fn panel(one: usize, ks: &[(Option<usize>, bool, bool)]) -> Vec<CriterionFigure> {
        let figure = |(place, &(k, at_edge, flat)): (usize, &(Option<usize>, bool, bool))| CriterionFigure {
            method: "k-means".to_owned(),
            criterion: format!("c{place}"),
            title: String::new(),
            heading: String::new(),
            explanation: String::new(),
            counted: true,
            values: figures(if place < one { 1 } else { 2 }, &[[0.0; 3]]),
            k,
            at_edge,
            ties: Vec::new(),
            flat,
        };
        ks.iter().enumerate().map(figure).collect()
    }

    fn firm(k: usize) -> (Option<usize>, bool, bool) {
        (Some(k), false, false)
    }

    #[test]
    fn a_clear_k_has_more_than_half_of_the_criteria() {
        let found = verdict(&panel(0, &[firm(7), firm(8), firm(7), firm(7), (None, false, false)]));
        assert_eq!((found.k, found.asked), (Some(7), 5));
        assert_eq!(found.sentence, "k = 7: 3 of 5 criteria agree (c0, c2, c3)");
        let half = verdict(&panel(0, &[firm(7), firm(7), firm(8), firm(9)]));
        assert_eq!((half.k, half.agreeing), (None, Vec::new()));
        assert_eq!(half.sentence, "no clear k: c0 7, c1 7, c2 8, c3 9");
    }

    #[test]
    fn what_lies_at_the_edge_or_is_flat_does_not_count() {
        let found =
            verdict(&panel(0, &[(Some(5), true, false), (Some(5), false, true), (None, false, false)]));
        assert_eq!(found.k, None);
        assert_eq!(found.sentence, "no clear k: c0 5 (edge), c1 5 (flat), c2 none");
    }

    #[test]
    fn one_cluster_is_decided_by_the_criteria_that_are_defined_for_it() {
        let found = verdict(&panel(2, &[firm(1), firm(1), firm(7), firm(7), firm(7), firm(7)]));
        assert_eq!((found.k, found.asked), (Some(1), 2));
        assert_eq!(found.sentence, "one cluster: 2 of 2 criteria that are defined for k = 1 agree (c0, c1)");
        let half = verdict(&panel(2, &[firm(1), firm(7), firm(7), firm(7), firm(7)]));
        assert_eq!((half.k, half.asked), (Some(7), 5), "half is not more than half");
        let one = verdict(&panel(1, &[firm(1), firm(7), firm(7)]));
        assert_eq!((one.k, one.asked), (Some(1), 1));
        assert_eq!(verdict(&panel(0, &[firm(7)])).k, Some(7), "none is defined for it");
    }

    #[test]
    fn bic_and_aic_are_one_vote() {
        let mut criteria = panel(0, &[firm(7), firm(8), firm(8)]);
        criteria[1].criterion = "bic".to_owned();
        criteria[2].criterion = "aic".to_owned();
        criteria[2].counted = false;
        let found = verdict(&criteria);
        assert_eq!((found.k, found.asked), (None, 2));
        assert_eq!(found.sentence, "no clear k: c0 7, bic 8");
    }
}
