//! Where the figures come from: the config, and the record of each stage.

use latentkit_core::manifest::Manifest;

use super::Section;
use super::html::{Align, Html, Table};
use crate::experiment::Experiment;
use crate::format::{bytes, count, seconds, time};

/// Digits of a hash that are enough to recognise it.
const SHORT_HASH: usize = 10;

/// The section on the config.
pub(super) fn config(experiment: &Experiment) -> Section {
    let body = Html::new()
        .paragraph(format!("Every value that counted, defaults included. The seed is {}.", experiment.seed))
        .markup("<pre tabindex=\"0\"><code>")
        .text(experiment.config_toml.trim_end())
        .markup("</code></pre>\n");
    Section { id: "config", title: "Config", body }
}

/// The section on the records of the stages.
pub(super) fn provenance(experiment: &Experiment) -> Option<Section> {
    experiment.manifests().next()?;
    let none = || "–".to_owned();
    let mut stages = Table::new("How each stage ran")
        .columns(Align::Left, ["stage", "started"])
        .columns(Align::Right, ["time", "threads", "seed"])
        .columns(Align::Left, ["device", "latentkit", "libtorch", "commit", "key"]);
    let mut files = Table::new("What each stage wrote")
        .columns(Align::Left, ["file"])
        .columns(Align::Right, ["size"])
        .columns(Align::Left, ["BLAKE3"]);
    for manifest in experiment.manifests() {
        stages.rich_row(vec![
            Html::new().text(manifest.stage),
            Html::new().text(time(&manifest.started)),
            Html::new().text(seconds(manifest.seconds)),
            Html::new().text(count(manifest.threads)),
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
    let body = Html::new().add(stages.into_html()).add(files.into_html());
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
