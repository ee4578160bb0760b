//! A trial of a sweep, and the stages that it runs.

use std::path::PathBuf;

use latentkit_core::config::{Config, Trial};
use latentkit_core::{Error, Result};
use serde_json::{Map, Value};

use crate::cli::SweepArguments;
use crate::stages::Stage;
use crate::stages::definition::Requires;

/// A trial that is about to run.
pub(super) struct Chosen<'a> {
    pub(super) trial: &'a Trial,
    pub(super) stages: Vec<Stage>,
    pub(super) folder: PathBuf,
}

/// The stages that the config of a trial has sections for, those that they need, and those that can follow.
pub(super) fn stages(config: &Config, arguments: &SweepArguments) -> Result<Vec<Stage>> {
    let from_points = !arguments.latents.is_empty();
    let starts = |stage: &Stage| !from_points || stage.takes_points();
    let is_asked_for = |stage: &Stage| stage.sections().iter().any(|s| !s.is_implied() && config.has(*s));
    let mut chosen: Vec<Stage> = Stage::all().filter(|stage| starts(stage) && is_asked_for(stage)).collect();
    if chosen.is_empty() {
        chosen.extend(Stage::all().find(starts));
    }
    // What those need comes before them, so one pass from the last to the first finds all of it.
    for stage in Stage::all().rev().filter(|_| !from_points) {
        let needs_it =
            |other: &Stage| matches!(other.requires(), Requires::All(names) if names.contains(&stage.name()));
        if !chosen.contains(&stage) && chosen.iter().any(needs_it) {
            chosen.push(stage);
        }
    }
    for stage in Stage::all() {
        let is_chosen = |name: &str| chosen.iter().any(|other| other.name() == name);
        let follows = stage.sections().iter().all(|section| section.is_implied())
            && stage.required_sections().iter().all(|section| config.has(*section))
            && stage.requires().is_met(is_chosen);
        if follows && !chosen.contains(&stage) {
            chosen.push(stage);
        }
    }
    chosen.sort_unstable();
    for section in chosen.iter().flat_map(|stage| stage.required_sections()) {
        config.require(section).map_err(|error| match error.key() {
            Some("dataset") => error.hint("add `[dataset]`, or cluster points with `--latents FILE`"),
            _ => error,
        })?;
    }
    let last = arguments.to;
    chosen.retain(|stage| *stage <= last);
    if chosen.is_empty() {
        return Err(Error::usage(format!("nothing to run: no stage up to `{last}` clusters points"))
            .hint("with `--latents` the stages are cluster and plot"));
    }
    Ok(chosen)
}

/// The keys that a trial sets and their values.
pub(super) fn overrides(trial: &Trial) -> Value {
    Value::Object(trial.values.iter().cloned().collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::stages::sections;

    /// The stages of a sweep over a config of these sections, or the first line of the error.
    fn chosen(config: &str, options: &[&str]) -> std::result::Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trial.toml");
        fs_err::write(&path, format!("name = \"trial\"\n{config}")).unwrap();
        let config = Config::load(&path, &[], sections()).unwrap();
        let cli = Cli::parse_from([&["latentkit", "sweep", "trial.toml"], options].concat());
        let Some(Command::Sweep(arguments)) = cli.command else { panic!("it is a sweep") };
        match stages(&config, &arguments) {
            Ok(stages) => Ok(stages.iter().map(|stage| stage.name()).collect::<Vec<_>>().join(" ")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_stages_follow_from_the_sections() {
        let (data, model) =
            ("[dataset]\nsource = \"sample\"\n", "[model]\narchitecture = \"reference\"\n[train]\n");
        let cluster = "[cluster]\nk = 5\n";
        let is = |sections: &[&str], options: &[&str], expected: &str| {
            assert_eq!(chosen(&sections.concat(), options).as_deref(), Ok(expected));
        };
        is(&[data], &[], "ingest");
        is(&[data, model], &[], "ingest train export plot");
        is(&[data, model, cluster], &[], "ingest train export cluster decode plot");
        is(&[data, model, cluster], &["--to", "export"], "ingest train export");
        is(&[cluster], &["--latents", "x"], "cluster plot");
        is(&[data, model, cluster], &["--latents", "x"], "cluster plot");
        let lacks = |sections: &[&str], options: &[&str], expected: &str| {
            let error = chosen(&sections.concat(), options).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        lacks(&[], &[], "no section `[dataset]`");
        lacks(&[model], &[], "`--latents FILE`");
        lacks(&[data, cluster], &[], "no section `[model]`");
        lacks(&[data], &["--latents", "x"], "no section `[cluster]`");
        lacks(&[cluster], &["--latents", "x", "--to", "export"], "no stage up to `export`");
    }
}
