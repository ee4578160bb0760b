//! The panel: what each criterion says of each k over the seeds, and the k that it suggests.

use crate::config::{ClusterConfig, Criterion, Method};
use latentkit_core::summary::{CriterionFigure, CriterionValue, SilhouetteKind};
use latentkit_core::{Cancellation, Result};
use latentkit_table::SweepRow;
use ndarray::ArrayView2;

use crate::choice::{Noise, Rule, Suggestion, suggest};
use crate::criteria::{Gap, Resampling, gap, stability};
use crate::sweep::{OneCluster, Sweep, mean};

/// A criterion that every row of the sweep has a value of.
struct OfRows {
    name: &'static str,
    rule: Rule,
    of: fn(&SweepRow) -> Option<f64>,
    /// Its value for all points as one cluster, where it is defined for one.
    of_one: fn(&OneCluster) -> Option<f64>,
}

/// The criteria that the rows have beside the silhouette, in the order of the panel; of those that were not asked no row has a
/// value.
const DISPERSION: [OfRows; 2] = [
    OfRows {
        name: "calinski_harabasz",
        rule: Rule::Highest,
        of: |row| row.calinski_harabasz,
        of_one: |_| None,
    },
    OfRows { name: "davies_bouldin", rule: Rule::Lowest, of: |row| row.davies_bouldin, of_one: |_| None },
];
const LIKELIHOOD: [OfRows; 2] = [
    OfRows { name: "bic", rule: Rule::Lowest, of: |row| row.bic, of_one: |one| one.bic },
    OfRows { name: "aic", rule: Rule::Lowest, of: |row| row.aic, of_one: |one| one.aic },
];

/// What the silhouette of a method suggests.
///
/// Two k are as good where their means lie no further apart than the seeds spread, or than a sample leaves open.
pub(crate) fn of_silhouette(sweep: &Sweep, method: Method) -> (Vec<CriterionValue>, Suggestion) {
    let mut places = Vec::new();
    let mut spreads = Vec::new();
    let mut values = Vec::new();
    for (place, k) in sweep.ks().enumerate() {
        let found = sweep.of(method, k).filter_map(|row| row.silhouette);
        let means = found.clone().map(|found| found.mean);
        let ends = found.map(|found| found.interval.unwrap_or([found.mean; 2]));
        if let Some(value) = value(k, mean(means.clone()), ends.flatten()) {
            let (low, high) = ends_of(means);
            places.push(place);
            spreads.push(high - low);
            values.push(value);
        }
    }
    let paired = sweep.methods().position(|other| other == method).and_then(|place| sweep.paired.get(place));
    let apart = |a: usize, b: usize| {
        let sampled = paired.map_or(0.0, |paired| paired.reach(places[a], places[b]));
        spreads[a].max(spreads[b]).max(sampled)
    };
    let noise = if sweep.seeds.len() > 1 || paired.is_some() { Noise::Pairs(&apart) } else { Noise::Unknown };
    let suggestion = suggest(&values, Rule::Highest, &noise);
    (values, suggestion)
}

/// What every criterion says: those of the first method first, the silhouette before the others.
pub(crate) fn panel(
    config: &ClusterConfig,
    seed: u32,
    points: ArrayView2<'_, f32>,
    sweep: &Sweep,
    kind: SilhouetteKind,
    cancel: Cancellation,
) -> Result<Vec<CriterionFigure>> {
    let mut figures = Vec::new();
    for (method, one) in sweep.methods().zip(&sweep.one) {
        let (values, suggestion) = of_silhouette(sweep, method);
        let mut own = vec![figure(method, kind.name(), values, suggestion)];
        let asked = |criterion| method == Method::KMeans && config.criteria.has(criterion);
        own.extend(DISPERSION.iter().filter_map(|criterion| of_rows(criterion, sweep, method, one)));
        if asked(Criterion::Gap) {
            own.extend(of_gap(config, seed, points, cancel)?);
        }
        own.extend(LIKELIHOOD.iter().filter_map(|criterion| of_rows(criterion, sweep, method, one)));
        if asked(Criterion::Stability) {
            own.extend(of_stability(config, seed, points, cancel)?);
        }
        settle_the_lower_edge(&mut own);
        figures.extend(own);
    }
    Ok(figures)
}

/// Two clusters are no edge of a criterion that is not defined for one, once those say that there are several that are: more
/// than half of them.
fn settle_the_lower_edge(figures: &mut [CriterionFigure]) {
    let asked = figures.iter().filter(|figure| figure.knows_one_cluster() && figure.votes());
    let several = asked.clone().filter(|figure| figure.k != Some(1)).count();
    if 2 * several > asked.count() {
        figures.iter_mut().filter(|figure| figure.k == Some(2)).for_each(|figure| figure.at_edge = false);
    }
}

/// What a criterion of the rows suggests; none where no k has a value.
fn of_rows(criterion: &OfRows, sweep: &Sweep, method: Method, one: &OneCluster) -> Option<CriterionFigure> {
    let of_k = |k: u32| {
        let found: Vec<f64> = sweep.of(method, k).map(criterion.of).collect::<Option<_>>()?;
        value(k, mean(found.iter().copied()), found)
    };
    let mut values: Vec<_> = sweep.ks().filter_map(of_k).collect();
    if values.is_empty() {
        return None;
    }
    if let Some(one) = (criterion.of_one)(one).and_then(|one| value(1, one, [one])) {
        values.insert(0, one);
    }
    let noise = if sweep.seeds.len() > 1 { Noise::Bars } else { Noise::Unknown };
    let suggestion = suggest(&values, criterion.rule, &noise);
    Some(figure(method, criterion.name, values, suggestion))
}

/// What the gap statistic suggests, which is asked about one cluster, too; none where no k has one.
fn of_gap(
    config: &ClusterConfig,
    seed: u32,
    points: ArrayView2<'_, f32>,
    cancel: Cancellation,
) -> Result<Option<CriterionFigure>> {
    let resampling = Resampling {
        repetitions: config.gap_references.get() as usize,
        points: config.sample_size.get() as usize,
    };
    let ks: Vec<u32> = [1].into_iter().chain(config.k.values().iter().copied()).collect();
    let found = gap(points, &ks, resampling, seed, cancel)?;
    let values = found.iter().map(|gap| (gap.k, gap.value, gap.error));
    Ok(with_errors("gap", gap_rule(&found), values))
}

/// The rule of the gap statistic: one cluster unless some k leads over it by more than four standard errors of the difference.
///
/// The paper compares one cluster with two by one error, as it does with all k. That calls up to a third of the sets of some kinds
/// of points without clusters clustered, and of three clusters in a row sees one, since two are no better. Four errors of ten
/// reference sets are exceeded by one set in two hundred.
pub(crate) fn gap_rule(found: &[Gap]) -> Rule {
    let leads = |gap: &Gap| gap.value - found[0].value > 4.0 * gap.error_from_first;
    Rule::Gap { one: !found.iter().any(leads) }
}

/// What the stability suggests; none where no k has one.
fn of_stability(
    config: &ClusterConfig,
    seed: u32,
    points: ArrayView2<'_, f32>,
    cancel: Cancellation,
) -> Result<Option<CriterionFigure>> {
    let resampling = Resampling {
        repetitions: config.stability_resamples.get() as usize,
        points: config.sample_size.get() as usize,
    };
    let found = stability(points, config.k.values(), resampling, seed, cancel)?;
    let values = found.iter().map(|found| (found.k, found.mean, found.error));
    Ok(with_errors("stability", Rule::LargestOfTheBest, values))
}

/// What a criterion of K-Means suggests that has a standard error for each k.
fn with_errors(
    name: &str,
    rule: Rule,
    values: impl Iterator<Item = (u32, f64, f64)>,
) -> Option<CriterionFigure> {
    let values: Vec<_> =
        values.filter_map(|(k, middle, error)| value(k, middle, [middle - error, middle + error])).collect();
    (!values.is_empty()).then(|| {
        let suggestion = suggest(&values, rule, &Noise::Bars);
        figure(Method::KMeans, name, values, suggestion)
    })
}

/// A value with its error bar, which reaches over all these numbers; none where it is not a number.
fn value(k: u32, value: f64, reached: impl IntoIterator<Item = f64>) -> Option<CriterionValue> {
    let (low, high) = ends_of(reached);
    value.is_finite().then_some(CriterionValue { k: k as usize, value, low, high })
}

/// The least and the greatest of some numbers.
fn ends_of(numbers: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    numbers.into_iter().fold(ends, |(low, high), end| (low.min(end), high.max(end)))
}

fn figure(
    method: Method,
    criterion: &str,
    values: Vec<CriterionValue>,
    suggestion: Suggestion,
) -> CriterionFigure {
    let Suggestion { k, at_edge, rivals, flat, .. } = suggestion;
    CriterionFigure {
        method: method.name().to_owned(),
        criterion: criterion.to_owned(),
        values,
        k,
        at_edge,
        rivals,
        flat,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A criterion that suggests k, with values from `first` on.
    fn suggesting(name: &str, first: u32, k: usize, at_edge: bool) -> CriterionFigure {
        let values = vec![value(first, 0.0, [0.0]).unwrap()];
        let suggestion =
            Suggestion { k: Some(k), at_edge, ..suggest(&values, Rule::Highest, &Noise::Unknown) };
        figure(Method::KMeans, name, values, suggestion)
    }

    #[test]
    fn two_clusters_are_no_edge_once_it_is_said_that_there_are_several() {
        let edges = |gap: usize, bic: usize| {
            let mut figures = [
                suggesting("silhouette", 2, 2, true),
                suggesting("davies_bouldin", 2, 9, true),
                suggesting("gap", 1, gap, false),
                suggesting("bic", 1, bic, false),
                suggesting("aic", 1, 7, false),
            ];
            settle_the_lower_edge(&mut figures);
            [figures[0].at_edge, figures[1].at_edge]
        };
        assert_eq!(edges(2, 3), [false, true]);
        assert_eq!(edges(1, 3), [true, true], "half of them, and AIC has no vote");
        assert_eq!(edges(1, 1), [true, true]);
        let mut alone = [suggesting("silhouette", 2, 2, true)];
        settle_the_lower_edge(&mut alone);
        assert!(alone[0].at_edge, "no one was asked about one cluster");
    }
}
