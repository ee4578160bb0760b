//! The commands of a trial, as one would type them.

use std::ffi::OsString;
use std::path::Path;

use super::trial::Chosen;
use crate::cli::{Global, SweepArguments};
use crate::stages::Stage;

/// The commands that run the stages of a trial one after the other, as anyone could type them: `run` where the stages
/// follow one another, else the commands of the single stages.
pub(super) fn steps(
    global: &Global,
    arguments: &SweepArguments,
    chosen: &Chosen,
    root: &Path,
    threads: usize,
) -> Vec<Vec<OsString>> {
    let (first, last) = (chosen.stages[0], chosen.stages[chosen.stages.len() - 1]);
    let whole = Stage::all().filter(|stage| (first..=last).contains(stage)).eq(chosen.stages.iter().copied());
    let commands: Vec<Vec<OsString>> = if arguments.latents.is_empty() && whole {
        vec![vec!["run".into(), "--to".into(), last.name().into()]]
    } else {
        let command = |stage: &Stage| {
            let mut command: Vec<OsString> = vec![stage.name().into()];
            if stage.takes_points() {
                for points in &arguments.latents {
                    command.extend(["--latents".into(), points.into()]);
                }
                for (option, value) in arguments.columns.options() {
                    command.extend([option.into(), value.into()]);
                }
            }
            command
        };
        chosen.stages.iter().map(command).collect()
    };
    let name = format!("name=\"{}\"", chosen.trial.name.as_str());
    let mut common: Vec<OsString> = Vec::new();
    for set in chosen.trial.overrides.iter().chain([&name]) {
        common.extend(["--set".into(), set.into()]);
    }
    common.extend(["--artifacts".into(), root.into(), "--data".into(), (&global.data).into()]);
    common.extend(["--threads".into(), threads.to_string().into(), "--color".into(), "never".into()]);
    common.extend((0..global.verbose).map(|_| "-v".into()));
    if global.quiet {
        common.push("--quiet".into());
    }
    // Last, so that no path is taken for an option.
    common.extend(["--".into(), (&arguments.config).into()]);
    commands.into_iter().map(|command| [command, common.clone()].concat()).collect()
}

/// Quotes a text for a shell.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@%+".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_an_override_back() {
        assert_eq!(quoted("seed=1"), "seed=1");
        assert_eq!(quoted("cluster.k=[2, 3]"), "'cluster.k=[2, 3]'");
        assert_eq!(quoted("name='a'"), "'name='\\''a'\\'''");
    }
}
