//! `latentkit --version`: what is running; with `--verbose` also what it was built with and what it runs on.

use crate::cli::Global;
use crate::output;
use crate::versions::{self, Environment};

pub(crate) fn print(global: &Global) {
    if global.verbose == 0 && !global.json {
        return output::line(format!("latentkit {}", versions::short()));
    }
    let environment = Environment::current(global.threads);
    if global.json {
        return output::json(&environment);
    }
    output::line(format!("latentkit {}", versions::short()));
    let Environment { versions, build, machine, cores, threads, devices } = &environment;
    let unknown = || "unknown".to_owned();
    let commit = versions.git_commit.clone().unwrap_or_else(unknown);
    let changes = if versions.git_dirty == Some(true) { ", with changes" } else { "" };
    let processor = machine.processor.clone().unwrap_or_else(unknown);
    let features =
        if machine.cpu_features.is_empty() { "none".to_owned() } else { machine.cpu_features.join(", ") };
    for (name, value) in [
        ("commit", format!("{commit}{changes}")),
        ("libtorch", versions.libtorch.clone().unwrap_or_else(|| "none".to_owned())),
        ("build", format!("profile {}, for {}", build.profile, build.target)),
        ("features", if build.features.is_empty() { "none".to_owned() } else { build.features.join(", ") }),
        ("system", format!("{}, {}", machine.system, machine.architecture)),
        ("processor", format!("{processor}, {cores} core(s)")),
        ("CPU features", features),
        ("threads", threads.to_string()),
        ("devices", devices.join(", ")),
    ] {
        output::line(format!("  {name:<13} {value}"));
    }
}
