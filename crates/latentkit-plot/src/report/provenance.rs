//! Where the figures come from: the config, and the record of each stage.

use latentkit_core::manifest::Manifest;
use serde_json::Value;

use super::html::{Align, Html, Table};
use super::section::Section;
use crate::experiment::Experiment;
use crate::format::bytes;

/// Digits of a hash that are enough to recognise it.
const SHORT_HASH: usize = 10;

/// The section on the config: what each stage was given when it ran, as its manifest records it. The config file may
/// have changed since.
pub(super) fn config(experiment: &Experiment) -> Option<Section> {
    experiment.manifests().next()?;
    let mut table = Table::new("What each stage was given").columns(Align::Left, ["stage", "key", "value"]);
    for manifest in experiment.manifests() {
        for (key, value) in leaves("", &manifest.config) {
            table.row([manifest.stage.clone(), key, value]);
        }
    }
    let body = Html::new().paragraph("Every value that counted, defaults included.").add(table.into_html());
    Some(Section { id: "config", title: "Config", body })
}

/// The values inside a JSON value with their dotted keys, sorted.
fn leaves(key: &str, value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(entries) => {
            let inside = |name: &String| if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            entries.iter().flat_map(|(name, value)| leaves(&inside(name), value)).collect()
        }
        Value::Null => Vec::new(),
        value => vec![(key.to_owned(), value.to_string())],
    }
}

/// The section on the records of the stages.
pub(super) fn provenance(experiment: &Experiment) -> Option<Section> {
    experiment.manifests().next()?;
    let none = || "–".to_owned();
    let mut stages = Table::new("How each stage ran")
        .column("stage", Align::Left)
        .column("seed", Align::Right)
        .columns(Align::Left, ["device", "latentkit", "libtorch", "commit", "key"]);
    let mut files = Table::new("What each stage wrote")
        .columns(Align::Left, ["file"])
        .columns(Align::Right, ["size"])
        .columns(Align::Left, ["BLAKE3"]);
    for manifest in experiment.manifests() {
        stages.rich_row(vec![
            Html::new().text(&manifest.stage),
            Html::new().text(manifest.seed),
            Html::new().text(manifest.device.clone().unwrap_or_else(none)),
            Html::new().text(&manifest.versions.latentkit),
            Html::new().text(manifest.versions.libtorch.clone().unwrap_or_else(none)),
            commit(manifest),
            hash(&manifest.key),
        ]);
        for output in &manifest.outputs {
            files.rich_row(vec![
                Html::new().text(format!("{}/{}", manifest.stage, output.path)),
                Html::new().text(bytes(output.bytes)),
                hash(&output.blake3),
            ]);
        }
    }
    let times = "When and how long each stage ran is not here, since this page is the same bytes every time: `latentkit runs` lists \
                 it, from each stage's manifest.";
    let body = Html::new().add(stages.into_html()).paragraph(times).add(files.into_html());
    Some(Section { id: "provenance", title: "Provenance", body })
}

fn commit(manifest: &Manifest) -> Html {
    let Some(commit) = &manifest.versions.git_commit else { return Html::new().text("–") };
    let changed = if manifest.versions.git_dirty == Some(true) { " + changes" } else { "" };
    hash(commit).text(changed)
}

/// The start of a hash, the whole of it to be seen when pointed at.
fn hash(hash: &str) -> Html {
    let short: String = hash.chars().take(SHORT_HASH).collect();
    Html::new().markup("<code title=\"").text(hash).markup("\">").text(short).markup("</code>")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::leaves;

    #[test]
    fn leaves_have_dotted_keys() {
        let config = json!({ "seed": 1, "train": { "optimizer": { "kind": "adam" }, "epochs": 2 }, "points": { "file": null } });
        let expected = [("seed", "1"), ("train.epochs", "2"), ("train.optimizer.kind", "\"adam\"")];
        assert_eq!(leaves("", &config), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
