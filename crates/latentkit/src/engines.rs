//! The engines that this program has.
//!
//! `latentkit` has all but libtorch, whose loading takes a second and a hundred megabytes. `latentkit-torch` is the
//! same program with it; see [`crate::handover`].

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use latentkit_model::config::{Device, Engine};
use latentkit_model::{AutoEncoder, Engines, Libtorch, Request};

/// The program with libtorch.
pub(crate) const PROGRAM: &str = "latentkit-torch";

static ENGINES: OnceLock<Engines> = OnceLock::new();

/// Sets the engines that the program has. Called once.
pub(crate) fn set(libtorch: Option<&'static dyn Libtorch>) {
    let _ = ENGINES.set(Engines { libtorch });
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

/// The program with libtorch: beside this one, or in a folder of PATH.
pub(crate) fn program() -> Option<PathBuf> {
    let beside = env::current_exe().ok().map(|own| own.with_file_name(PROGRAM));
    let folders = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&folders).map(|folder| folder.join(PROGRAM)).collect::<Vec<_>>();
    beside.into_iter().chain(on_path).find(|path| path.is_file())
}
