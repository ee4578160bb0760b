//! `latentkit --version`: what is running; with `--verbose` also what it was built with and what it runs on.

use crate::cli::Global;
use crate::versions::{self, Environment};
use crate::{engines, output};

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
        ("libtorch", versions.libtorch.clone().unwrap_or_else(in_the_other_program)),
        ("build", format!("profile {}, for {}", build.profile, build.target)),
        ("system", format!("{}, {}", machine.system, machine.architecture)),
        ("processor", format!("{processor}, {cores} core(s)")),
        ("CPU features", features),
        ("threads", threads.to_string()),
        ("devices", devices.join(", ")),
    ] {
        output::line(format!("  {name:<13} {value}"));
    }
}

/// Where libtorch is when this program is without it.
fn in_the_other_program() -> String {
    match engines::program() {
        Some(program) => format!("in `{}`, which is used where it is needed", program.display()),
        None => "none; `scripts/torch.sh` provides it".to_owned(),
    }
}
