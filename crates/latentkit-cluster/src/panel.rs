//! The panel: what each criterion says of each k over the seeds, and the k that it suggests.

use latentkit_core::config::{ClusterConfig, Criterion, Method};
use latentkit_core::summary::{CriterionFigure, CriterionValue, SilhouetteKind};
use latentkit_core::{Cancellation, Result};
use latentkit_table::SweepRow;
use ndarray::ArrayView2;

use crate::choice::{Rule, Suggestion, suggest};
use crate::criteria::{Resampling, stability};
use crate::sweep::{Sweep, mean};

/// A criterion that every row of the sweep has a value of.
struct OfRows {
    name: &'static str,
    rule: Rule,
    of: fn(&SweepRow) -> Option<f64>,
}

/// The criteria beside the silhouette, in the order of the panel; of those that were not asked no row has a value.
const CRITERIA: [OfRows; 5] = [
    OfRows { name: "calinski_harabasz", rule: Rule::Highest, of: |row| row.calinski_harabasz },
    OfRows { name: "davies_bouldin", rule: Rule::Lowest, of: |row| row.davies_bouldin },
    OfRows { name: "gap", rule: Rule::Gap, of: |row| row.gap },
    OfRows { name: "bic", rule: Rule::Lowest, of: |row| row.bic },
    OfRows { name: "aic", rule: Rule::Lowest, of: |row| row.aic },
];

/// What the silhouette of a method suggests.
pub(crate) fn of_silhouette(sweep: &Sweep, method: Method) -> (Vec<CriterionValue>, Suggestion) {
    let values: Vec<_> = sweep
        .ks()
        .filter_map(|k| {
            let found = sweep.of(method, k).filter_map(|row| row.silhouette);
            let ends = found.clone().map(|found| found.interval.unwrap_or([found.mean; 2]));
            value(k, mean(found.map(|found| found.mean)), ends.flatten())
        })
        .collect();
    let bars = sweep.seeds.len() > 1 || values.iter().any(|value| value.low < value.high);
    let suggestion = suggest(&values, Rule::Highest, bars);
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
    for &method in config.method.all().iter().filter(|method| method.takes_k()) {
        let (values, suggestion) = of_silhouette(sweep, method);
        figures.push(figure(method, kind.name(), values, suggestion));
        for criterion in CRITERIA {
            let values: Vec<_> = sweep.ks().filter_map(|k| of_rows(&criterion, sweep, method, k)).collect();
            if !values.is_empty() {
                let bars = criterion.rule == Rule::Gap || sweep.seeds.len() > 1;
                let suggestion = suggest(&values, criterion.rule, bars);
                figures.push(figure(method, criterion.name, values, suggestion));
            }
        }
        if method == Method::KMeans && config.criteria.has(Criterion::Stability) {
            let resampling = Resampling {
                repetitions: config.stability_resamples.get() as usize,
                points: config.sample_size.get() as usize,
            };
            let found = stability(points, config.k.values(), resampling, seed, cancel)?;
            let values: Vec<_> = found
                .iter()
                .filter_map(|found| {
                    value(found.k, found.mean, [found.mean - found.error, found.mean + found.error])
                })
                .collect();
            if !values.is_empty() {
                let suggestion = suggest(&values, Rule::LargestOfTheBest, true);
                figures.push(figure(method, "stability", values, suggestion));
            }
        }
    }
    Ok(figures)
}

/// The value of a criterion for a k; none where a seed has none.
fn of_rows(criterion: &OfRows, sweep: &Sweep, method: Method, k: u32) -> Option<CriterionValue> {
    let found: Vec<f64> = sweep.of(method, k).map(criterion.of).collect::<Option<_>>()?;
    let middle = mean(found.iter().copied());
    match (criterion.rule, &sweep.gap) {
        // The error of the reference is that of the rule, and the seeds' spread is far below it.
        (Rule::Gap, Some(gap)) => {
            let error = gap.error(sweep.ks().position(|other| other == k)?);
            value(k, middle, [middle - error, middle + error])
        }
        _ => value(k, middle, found),
    }
}

/// A value with its error bar, which reaches over all these numbers; none where it is not a number.
fn value(k: u32, value: f64, reached: impl IntoIterator<Item = f64>) -> Option<CriterionValue> {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = reached.into_iter().fold(ends, |(low, high), end| (low.min(end), high.max(end)));
    value.is_finite().then_some(CriterionValue { k: k as usize, value, low, high })
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
