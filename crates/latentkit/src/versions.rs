//! The versions of the program and of its environment.

use latentkit_core::machine::Machine;
use latentkit_core::manifest::Versions;
use latentkit_model::Libtorch;
use serde::Serialize;

use crate::engines;

/// The version for `--version`, with the commit where it is known.
pub(crate) fn short() -> &'static str {
    env!("LATENTKIT_VERSION")
}

/// The versions that manifests record.
pub(crate) fn all() -> Versions {
    Versions {
        latentkit: env!("CARGO_PKG_VERSION").to_owned(),
        libtorch: engines::all().libtorch.and_then(Libtorch::version).map(str::to_owned),
        git_commit: option_env!("LATENTKIT_GIT_COMMIT").map(str::to_owned),
        git_dirty: option_env!("LATENTKIT_GIT_DIRTY").map(|dirty| dirty == "true"),
    }
}

/// All that a result can depend on beside config and inputs.
#[derive(Debug, Serialize)]
pub(crate) struct Environment {
    #[serde(flatten)]
    pub(crate) versions: Versions,
    pub(crate) build: Build,
    #[serde(flatten)]
    pub(crate) machine: Machine,
    pub(crate) cores: usize,
    /// What a stage would compute with.
    pub(crate) threads: usize,
    /// What the engines can compute on.
    pub(crate) devices: Vec<String>,
}

/// How the program was built.
#[derive(Debug, Serialize)]
pub(crate) struct Build {
    pub(crate) profile: &'static str,
    pub(crate) target: &'static str,
}

impl Environment {
    /// The environment of this process with the number of threads that the command line asks for.
    pub(crate) fn current(threads: Option<u16>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            versions: all(),
            build: Build { profile: env!("LATENTKIT_PROFILE"), target: env!("LATENTKIT_TARGET") },
            machine: Machine::current(),
            cores,
            threads: threads.map_or(cores, usize::from),
            devices: engines::all().libtorch.map_or_else(|| vec!["cpu".to_owned()], Libtorch::devices),
        }
    }
}
