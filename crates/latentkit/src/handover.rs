//! Replaces this process by the program with libtorch when a stage that is about to run needs it.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use latentkit_core::{Error, Result};

use crate::engines::{self, PROGRAM, program};
use crate::{progress, versions};

/// Tells the program with libtorch the version of the one that it stands in for.
const EXPECTED_VERSION: &str = "LATENTKIT_EXPECTED_VERSION";
/// A command that provides that program; set by scripts/run.sh.
const SETUP: &str = "LATENTKIT_TORCH_SETUP";

/// Checks the version of the program that this one stands in for.
///
/// # Errors
/// When it is another version.
pub(crate) fn check() -> Result<()> {
    match env::var(EXPECTED_VERSION) {
        Ok(expected) if engines::all().libtorch.is_some() && expected != versions::short() => {
            Err(Error::failed(format!("`{PROGRAM}` is another version than `latentkit`"))
                .expected(expected)
                .found(versions::short())
                .hint(setup_hint()))
        }
        _ => Ok(()),
    }
}

/// Replaces this process by the program with libtorch, with the same arguments and signals.
///
/// # Errors
/// When there is none, with the command that provides it. Otherwise this does not return.
pub(crate) fn hand_over(reason: &str) -> Result<()> {
    let without = |problem: String| Error::failed(problem).found(reason).hint(setup_hint());
    if program().is_none()
        && let Some(setup) = env::var_os(SETUP)
    {
        tracing::info!("libtorch is needed: {reason}");
        let status = Command::new(&setup).status().map_err(|error| {
            without(format!("cannot run `{}`, which provides libtorch: {error}", setup.display()))
        })?;
        // Ctrl-C reached that command as well.
        progress::cancellation().check()?;
        if !status.success() {
            return Err(without(format!("`{}`, which provides libtorch, failed", setup.display())));
        }
    }
    let Some(program) = program() else {
        return Err(without(format!("cannot find `{PROGRAM}`, and this needs libtorch")));
    };
    progress::cancellation().check()?;
    tracing::debug!("continuing as `{}`: {reason}", program.display());
    let error =
        Command::new(&program).args(env::args_os().skip(1)).env(EXPECTED_VERSION, versions::short()).exec();
    Err(without(format!("cannot run `{}`: {error}", program.display())))
}

fn setup_hint() -> String {
    let folder = env::current_exe().ok().and_then(|own| Some(own.parent()?.display().to_string()));
    format!(
        "`scripts/torch.sh {}` in latentkit's repository provides it (a download of 544 MB, once)",
        folder.unwrap_or_else(|| "DIR".to_owned())
    )
}
