//! The engines that this program has, and the other program when it lacks one.
//!
//! `latentkit` has all but libtorch, whose loading takes a second and a hundred megabytes. `latentkit-torch` is the same program
//! with it, and takes the place of this process when a stage that is about to run needs it.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use latentkit_core::{Error, Result};
use latentkit_model::config::{Device, Engine};
use latentkit_model::{AutoEncoder, Engines, Libtorch, Request};

use crate::{progress, versions};

/// The program with libtorch.
const PROGRAM: &str = "latentkit-torch";
/// Tells that program the version of the one that it stands in for.
const EXPECTED_VERSION: &str = "LATENTKIT_EXPECTED_VERSION";
/// A command that provides that program; set by scripts/run.sh.
const SETUP: &str = "LATENTKIT_TORCH_SETUP";

static ENGINES: OnceLock<Engines> = OnceLock::new();

/// Says which engines the program has. Called once.
///
/// # Errors
/// When this program stands in for one of another version.
pub(crate) fn start(libtorch: Option<&'static dyn Libtorch>) -> Result<()> {
    let _ = ENGINES.set(Engines { libtorch });
    match env::var(EXPECTED_VERSION) {
        Ok(expected) if libtorch.is_some() && expected != versions::short() => {
            Err(Error::failed(format!("`{PROGRAM}` is another version than `latentkit`"))
                .expected(expected)
                .found(versions::short())
                .hint(setup_hint()))
        }
        _ => Ok(()),
    }
}

/// The engines that the program has.
pub(crate) fn all() -> Engines {
    ENGINES.get().copied().unwrap_or_default()
}

/// Why only the program with libtorch can do what is asked; none when this one can.
pub(crate) fn missing(model: &AutoEncoder, request: &Request) -> Option<String> {
    if all().libtorch.is_some() {
        return None;
    }
    let has_gpu = || {
        request.device == Device::Auto
            && request.engine == Engine::Auto
            && Path::new("/proc/driver/nvidia/version").exists()
            && program().is_some()
    };
    Engines::needs_libtorch(model, request)
        .or_else(|| has_gpu().then(|| format!("{}.device is `auto` and there is a GPU", request.section)))
}

/// Continues as the program with libtorch: the same process, arguments and signals.
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

/// The program with libtorch: beside this one, or in a folder of PATH.
pub(crate) fn program() -> Option<PathBuf> {
    let beside = env::current_exe().ok().map(|own| own.with_file_name(PROGRAM));
    let folders = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&folders).map(|folder| folder.join(PROGRAM)).collect::<Vec<_>>();
    beside.into_iter().chain(on_path).find(|path| path.is_file())
}

fn setup_hint() -> String {
    let folder = env::current_exe().ok().and_then(|own| Some(own.parent()?.display().to_string()));
    format!(
        "`scripts/torch.sh {}` in latentkit's repository provides it (a download of 544 MB, once)",
        folder.unwrap_or_else(|| "DIR".to_owned())
    )
}
