//! Evaluating the criteria: the values of each for each k over the seeds, and the k that it suggests.

use latentkit_core::summary::{CriterionFigure, CriterionValue, SilhouetteKind};
use latentkit_core::{Cancellation, Result};
use latentkit_table::SweepRow;

use crate::config::ClusterConfig;
use crate::criterion::CRITERIA;
use crate::criterion::definition::{Definition, OfClusters, Resampled, Source};
use crate::method::Method;
use crate::method::definition::Partitioning;
use crate::points::Points;
use crate::select_k::{Noise, Rule, Suggestion, suggest};
use crate::sweep::{CriterionOfOne, Sweep, mean};

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

/// Evaluates every criterion that is asked: those of the first method first, the silhouette before the others.
pub(crate) fn evaluate_criteria(
    config: &ClusterConfig,
    seed: u32,
    points: Points<'_>,
    sweep: &Sweep,
    kind: SilhouetteKind,
    cancel: Cancellation,
) -> Result<Vec<CriterionFigure>> {
    let mut figures = Vec::new();
    let task = Resampled {
        points: points.view(),
        ks: config.k.values(),
        seed,
        sample_size: config.sample_size.get() as usize,
        gap_references: config.gap_references.get() as usize,
        stability_resamples: config.stability_resamples.get() as usize,
        cancel,
    };
    for (method, one) in sweep.methods().zip(&sweep.one) {
        let (values, suggestion) = of_silhouette(sweep, method);
        let mut own = vec![silhouette_figure(method, kind, values, suggestion)];
        let is_resampled = method.partitioning().is_some_and(Partitioning::is_resampled);
        for criterion in CRITERIA.iter().filter(|criterion| config.criteria.has(criterion.key())) {
            own.extend(match criterion.source() {
                Source::Clusters(of_clusters) => of_rows(*criterion, of_clusters, sweep, method, one),
                Source::Points(of_points) if is_resampled => {
                    let curve = of_points.curve(&task)?;
                    with_errors(*criterion, method, curve.rule, curve.values)
                }
                Source::Points(_) => None,
            });
        }
        settle_the_lower_edge(&mut own);
        figures.extend(own);
    }
    Ok(figures)
}

/// Two clusters are no edge of a criterion that is not defined for one, once those say that there are several that are: more
/// than half of them.
fn settle_the_lower_edge(figures: &mut [CriterionFigure]) {
    let asked = figures.iter().filter(|figure| figure.knows_one_cluster() && figure.counted);
    let several = asked.clone().filter(|figure| figure.k != Some(1)).count();
    if 2 * several > asked.count() {
        figures.iter_mut().filter(|figure| figure.k == Some(2)).for_each(|figure| figure.at_edge = false);
    }
}

/// What a criterion of the rows suggests; none where no k has a value.
fn of_rows(
    criterion: &dyn Definition,
    of_clusters: &dyn OfClusters,
    sweep: &Sweep,
    method: Method,
    one: &[CriterionOfOne],
) -> Option<CriterionFigure> {
    let column = criterion.column();
    let of_row = |row: &SweepRow| row.criterion(column);
    let of_k = |k: u32| {
        let found: Vec<f64> = sweep.of(method, k).map(of_row).collect::<Option<_>>()?;
        value(k, mean(found.iter().copied()), found)
    };
    let mut values: Vec<_> = sweep.ks().filter_map(of_k).collect();
    if values.is_empty() {
        return None;
    }
    let one = one.iter().find(|(other, _)| *other == column).and_then(|(_, one)| value(1, *one, [*one]));
    values.splice(0..0, one);
    let noise = if sweep.seeds.len() > 1 { Noise::Bars } else { Noise::Unknown };
    let suggestion = suggest(&values, of_clusters.rule(), &noise);
    Some(figure(criterion, method, values, suggestion))
}

/// What a criterion suggests that has a standard error for each k.
fn with_errors(
    criterion: &dyn Definition,
    method: Method,
    rule: Rule,
    values: Vec<(u32, f64, f64)>,
) -> Option<CriterionFigure> {
    let of = |(k, middle, error): (u32, f64, f64)| value(k, middle, [middle - error, middle + error]);
    let values: Vec<_> = values.into_iter().filter_map(of).collect();
    (!values.is_empty()).then(|| {
        let suggestion = suggest(&values, rule, &Noise::Bars);
        figure(criterion, method, values, suggestion)
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
    criterion: &dyn Definition,
    method: Method,
    values: Vec<CriterionValue>,
    suggestion: Suggestion,
) -> CriterionFigure {
    let Suggestion { k, at_edge, ties, flat, .. } = suggestion;
    CriterionFigure {
        method: method.name().to_owned(),
        criterion: criterion.column().to_owned(),
        title: criterion.title().to_owned(),
        heading: criterion.heading().to_owned(),
        explanation: criterion.explanation().to_owned(),
        counted: criterion.votes(),
        values,
        k,
        at_edge,
        ties,
        flat,
    }
}

fn silhouette_figure(
    method: Method,
    kind: SilhouetteKind,
    values: Vec<CriterionValue>,
    suggestion: Suggestion,
) -> CriterionFigure {
    let Suggestion { k, at_edge, ties, flat, .. } = suggestion;
    let (title, heading, explanation) = match kind {
        SilhouetteKind::Exact => ("the silhouette", "Silhouette", "highest mean"),
        SilhouetteKind::Sampled => {
            ("the sampled silhouette", "Silhouette, sampled", "highest mean of a sample")
        }
    };
    CriterionFigure {
        method: method.name().to_owned(),
        criterion: kind.name().to_owned(),
        title: title.to_owned(),
        heading: heading.to_owned(),
        explanation: explanation.to_owned(),
        counted: true,
        values,
        k,
        at_edge,
        ties,
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
        let kind = SilhouetteKind::Exact;
        let figure = silhouette_figure(Method::named("k-means").unwrap(), kind, values, suggestion);
        CriterionFigure { criterion: name.to_owned(), counted: name != "aic", ..figure }
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
