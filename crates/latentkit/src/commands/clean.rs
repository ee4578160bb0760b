//! `latentkit clean`: removes what the stages of an experiment wrote, and nothing else.

use latentkit_core::Result;
use latentkit_core::inventory::{Inventory, Untracked, remove_finished, remove_root, remove_unfinished};
use serde_json::{Value, json};

use crate::cli::{CleanArguments, Global};
use crate::experiment::Experiment;
use crate::output;
use crate::styles::WARNING;

pub(crate) fn run(global: &Global, arguments: &CleanArguments) -> Result<()> {
    let experiment = Experiment::load(&arguments.config, global)?;
    let artifacts = &experiment.artifacts;
    // Where nothing ran, no lock is left behind.
    let lock = if arguments.dry_run || !artifacts.root().exists() { None } else { Some(artifacts.lock()?) };
    let mut inventory = Inventory::take(artifacts)?;
    let wanted: Vec<&str> = arguments.stages.iter().map(|stage| stage.name()).collect();
    let is_wanted = |stage: &str| wanted.is_empty() || wanted.contains(&stage);
    inventory.stages.retain(|finished| !arguments.partial && is_wanted(finished.stage));
    inventory.unfinished.retain(|unfinished| is_wanted(unfinished.stage));
    inventory.untracked.retain(|untracked| {
        let hidden = untracked.path.to_string_lossy().starts_with('.');
        untracked.stage.map_or(wanted.is_empty(), is_wanted) && (hidden || !arguments.partial)
    });
    if let Some(lock) = lock {
        for finished in &inventory.stages {
            remove_finished(artifacts, finished, &lock)?;
        }
        for unfinished in &inventory.unfinished {
            remove_unfinished(artifacts, unfinished, &lock)?;
        }
        remove_root(artifacts, lock)?;
    }
    report(&experiment, &inventory, global, arguments.dry_run);
    Ok(())
}

fn report(experiment: &Experiment, inventory: &Inventory, global: &Global, dry_run: bool) {
    let root = experiment.artifacts.root();
    // Stage, folder, files, bytes, and whether the stage had finished.
    let finished = inventory
        .stages
        .iter()
        .map(|finished| (finished.stage, finished.stage, finished.files.len(), finished.bytes, true));
    let unfinished = inventory.unfinished.iter().map(|unfinished| {
        (unfinished.stage, unfinished.name.as_str(), unfinished.files, unfinished.bytes, false)
    });
    let removed: Vec<_> = finished.chain(unfinished).collect();
    let files: usize = removed.iter().map(|(_, _, files, ..)| files).sum();
    let bytes: u64 = removed.iter().map(|(_, _, _, bytes, _)| bytes).sum();
    let place = |untracked: &Untracked| root.join(&untracked.path).display().to_string();
    if global.json {
        let removed: Vec<Value> = removed
            .iter()
            .map(|(stage, name, files, bytes, finished)| {
                let folder = root.join(name).display().to_string();
                json!({ "stage": stage, "folder": folder, "finished": finished, "files": files, "bytes": bytes })
            })
            .collect();
        let left: Vec<Value> = inventory
            .untracked
            .iter()
            .map(|untracked| json!({ "path": place(untracked), "reason": untracked.reason }))
            .collect();
        output::json(&json!({
            "experiment": experiment.config.name(),
            "dry_run": dry_run,
            "removed": removed,
            "left": left,
            "files": files,
            "bytes": bytes,
        }));
        return;
    }
    for (stage, name, files, bytes, finished) in removed {
        let what = if finished { String::new() } else { format!(" of the unfinished `{name}`") };
        output::line(format!("{stage:<8} {files} file(s){what}, {}", output::size(bytes)));
    }
    for untracked in &inventory.untracked {
        output::line(format!("{WARNING}left{WARNING:#} `{}`: {}", place(untracked), untracked.reason));
    }
    let did = if dry_run { "would remove" } else { "removed" };
    output::line(format!("{did} {files} file(s), {}", output::size(bytes)));
}
