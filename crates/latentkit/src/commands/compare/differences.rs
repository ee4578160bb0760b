//! What differs between runs, by their manifests.

use latentkit_core::layout::PLOT;
use latentkit_core::manifest::Manifest;
use serde::Serialize;
use serde_json::{Value, json};

use super::flatten::{of_config, of_summary, shown};
use super::run::Run;
use crate::stages::Stage;

/// What differs between runs.
#[derive(Serialize)]
pub(super) struct Differences {
    /// Keys of the config in which they differ.
    pub(super) config: Vec<Row>,
    /// Versions of the software that ran, and formats of the stages, in which they differ.
    pub(super) versions: Vec<Row>,
    /// Device and threads, where they differ.
    pub(super) machine: Vec<Row>,
    /// Files that stages read, where their hashes differ.
    pub(super) inputs: Vec<Row>,
    /// Every number of the summaries, and as `stage_seconds` the time that the process took which finished the stage.
    pub(super) metrics: Vec<Metric>,
    /// What else the summaries tell, where they differ.
    pub(super) findings: Vec<Row>,
}

/// A value of each run, null where it has none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) values: Vec<Option<Value>>,
}

/// A number of each run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Metric {
    pub(super) key: String,
    pub(super) values: Vec<Option<f64>>,
    /// Of each run but the first, from the first; none where one of both has no number.
    pub(super) differences: Vec<Option<Difference>>,
}

/// The difference of a number from that of the first run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Difference {
    pub(super) absolute: f64,
    /// Share of the first run's number; none where that is 0.
    pub(super) relative: Option<f64>,
}

impl Differences {
    pub(super) fn between(runs: &[Run]) -> Self {
        let (metrics, findings) = summaries(runs);
        Self {
            config: merged(runs, config),
            versions: merged(runs, versions),
            machine: merged(runs, machine),
            inputs: inputs(runs),
            metrics,
            findings,
        }
    }
}

impl Metric {
    fn new(key: String, values: Vec<Option<f64>>) -> Self {
        let differences = values[1..].iter().map(|value| {
            let (first, value) = (values[0]?, (*value)?);
            let absolute = value - first;
            let relative = absolute / first.abs();
            Some(Difference { absolute, relative: relative.is_finite().then_some(relative) })
        });
        let differences = differences.collect();
        Self { key, values, differences }
    }
}

/// The config of a stage. The name that plot reads is the run's.
fn config(manifest: &Manifest) -> Vec<(String, Value)> {
    of_config(&manifest.config).into_iter().filter(|(key, _)| key != "name").collect()
}

fn versions(manifest: &Manifest) -> Vec<(String, Value)> {
    let mut leaves = of_config(&serde_json::to_value(&manifest.versions).expect("versions are JSON"));
    leaves.push((format!("format of {}", manifest.stage), json!(manifest.stage_version)));
    leaves
}

fn machine(manifest: &Manifest) -> Vec<(String, Value)> {
    let mut leaves = vec![("threads".to_owned(), json!(manifest.threads))];
    leaves.extend(manifest.device.as_ref().map(|device| ("device".to_owned(), json!(device))));
    leaves
}

/// The keys in which runs differ, of what every stage knows. Stages of one run can disagree, since each has the config and
/// the software of its own time; then its value tells which stage has which.
fn merged(runs: &[Run], leaves: fn(&Manifest) -> Vec<(String, Value)>) -> Vec<Row> {
    let known: Vec<Vec<(String, String, Value)>> = runs
        .iter()
        .map(|run| {
            let of_stage = |manifest: &Manifest| {
                let stage = &manifest.stage;
                leaves(manifest)
                    .into_iter()
                    .map(|(key, value)| (stage.clone(), key, value))
                    .collect::<Vec<_>>()
            };
            run.manifests.iter().flat_map(of_stage).collect()
        })
        .collect();
    let keys = union(known.iter().map(|leaves| leaves.iter().map(|(_, key, _)| key.as_str())));
    let rows = keys.into_iter().map(|key| {
        let values = known.iter().map(|leaves| {
            let found: Vec<_> = leaves.iter().filter(|(_, other, _)| other == key).collect();
            agreed(&found)
        });
        Row { key: key.to_owned(), values: values.collect() }
    });
    rows.filter(Row::differs).collect()
}

/// The value on which the stages agree, else which stages have which.
fn agreed(found: &[&(String, String, Value)]) -> Option<Value> {
    let (_, _, first) = found.first()?;
    if found.iter().all(|(_, _, value)| value == first) {
        return Some(first.clone());
    }
    let mut groups: Vec<(&Value, Vec<&str>)> = Vec::new();
    for (stage, _, value) in found {
        match groups.iter_mut().find(|(other, _)| *other == value) {
            Some((_, stages)) => stages.push(stage),
            None => groups.push((value, vec![stage])),
        }
    }
    let groups = groups.iter().map(|(value, stages)| format!("{} ({})", shown(value), stages.join(", ")));
    Some(Value::String(groups.collect::<Vec<_>>().join(", ")))
}

impl Row {
    fn differs(&self) -> bool {
        self.values.iter().any(|value| *value != self.values[0])
    }
}

/// The files that stages read and whose hashes differ. Manifests, which plot reads, differ in times.
fn inputs(runs: &[Run]) -> Vec<Row> {
    let mut rows = Vec::new();
    for stage in Stage::all().filter(|stage| stage.name() != PLOT) {
        let known: Vec<Vec<(&str, &str)>> = runs
            .iter()
            .map(|run| {
                let inputs = run.manifest(stage.name()).into_iter().flat_map(|manifest| &manifest.inputs);
                inputs.map(|input| (input.path.as_str(), input.blake3.as_str())).collect()
            })
            .collect();
        for path in union(known.iter().map(|inputs| inputs.iter().map(|(path, _)| *path))) {
            let value = |inputs: &Vec<(&str, &str)>| {
                inputs.iter().find(|(other, _)| *other == path).map(|(_, hash)| json!(hash))
            };
            rows.push(Row { key: format!("{stage}: {path}"), values: known.iter().map(value).collect() });
        }
    }
    rows.retain(Row::differs);
    rows
}

/// The numbers of the summaries; what else they tell, where runs differ in it.
fn summaries(runs: &[Run]) -> (Vec<Metric>, Vec<Row>) {
    let (mut metrics, mut findings) = (Vec::new(), Vec::new());
    for stage in Stage::all() {
        let known: Vec<Vec<(String, Value)>> = runs
            .iter()
            .map(|run| {
                run.manifest(stage.name()).map(|manifest| of_summary(&manifest.summary)).unwrap_or_default()
            })
            .collect();
        for key in union(known.iter().map(|leaves| leaves.iter().map(|(key, _)| key.as_str()))) {
            let value = |leaves: &Vec<(String, Value)>| {
                leaves.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone())
            };
            let values: Vec<Option<Value>> = known.iter().map(value).collect();
            let key = format!("{stage}.{key}");
            if values.iter().flatten().all(Value::is_number) {
                let numbers = values.iter().map(|value| value.as_ref().and_then(Value::as_f64));
                metrics.push(Metric::new(key, numbers.collect()));
            } else {
                findings.push(Row { key, values });
            }
        }
        let seconds: Vec<_> =
            runs.iter().map(|run| run.manifest(stage.name()).map(|manifest| manifest.seconds)).collect();
        if seconds.iter().any(Option::is_some) {
            metrics.push(Metric::new(format!("{stage}.stage_seconds"), seconds));
        }
    }
    findings.retain(Row::differs);
    (metrics, findings)
}

/// The keys of all lists, in the order in which they first appear; one that the lists before lack comes after the key that
/// it follows in its own list.
fn union<'a, I: Iterator<Item = &'a str>>(lists: impl Iterator<Item = I>) -> Vec<&'a str> {
    let mut keys: Vec<&str> = Vec::new();
    for list in lists {
        let mut place = 0;
        for key in list {
            if let Some(found) = keys.iter().position(|other| *other == key) {
                place = found + 1;
            } else {
                keys.insert(place, key);
                place += 1;
            }
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_one_run_stand_where_they_stand_there() {
        let lists = [vec!["k=2", "k=4", "points"], vec!["k=2", "k=3", "k=4", "k=5", "points", "seeds"]];
        let keys = union(lists.iter().map(|list| list.iter().copied()));
        assert_eq!(keys, ["k=2", "k=3", "k=4", "k=5", "points", "seeds"]);
    }

    #[test]
    fn differences_are_those_from_the_first() {
        let metric = Metric::new("x".to_owned(), vec![Some(-0.5), Some(-0.25), None, Some(-0.5)]);
        let expected = [
            Some(Difference { absolute: 0.25, relative: Some(0.5) }),
            None,
            Some(Difference { absolute: 0.0, relative: Some(0.0) }),
        ];
        assert_eq!(metric.differences, expected);
        let metric = Metric::new("x".to_owned(), vec![Some(0.0), Some(2.0), Some(0.0)]);
        let expected = [2.0, 0.0].map(|absolute| Some(Difference { absolute, relative: None }));
        assert_eq!(metric.differences, expected);
        assert_eq!(Metric::new("x".to_owned(), vec![None, Some(2.0)]).differences, [None]);
    }

    #[test]
    fn stages_that_disagree_are_told_apart() {
        let leaf = |stage: &str, seed| (stage.to_owned(), "seed".to_owned(), json!(seed));
        let (a, b, c) = (leaf("ingest", 1), leaf("train", 2), leaf("cluster", 1));
        assert_eq!(agreed(&[&a, &c]), Some(json!(1)));
        assert_eq!(agreed(&[&a, &b, &c]), Some(json!("1 (ingest, cluster), 2 (train)")));
        assert_eq!(agreed(&[]), None);
    }
}
