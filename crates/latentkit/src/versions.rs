//! What is running, and on what.

use latentkit_core::machine::Machine;
use latentkit_core::manifest::Versions;
use serde::Serialize;

/// The version for `--version`, with the commit where it is known.
pub(crate) fn short() -> &'static str {
    env!("LATENTKIT_VERSION")
}

/// The versions that manifests record.
pub(crate) fn all() -> Versions {
    Versions {
        latentkit: env!("CARGO_PKG_VERSION").to_owned(),
        #[cfg(feature = "torch")]
        libtorch: latentkit_model::libtorch_version().map(str::to_owned),
        #[cfg(not(feature = "torch"))]
        libtorch: None,
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
    /// What libtorch can compute on.
    pub(crate) devices: Vec<String>,
}

/// How the program was built.
#[derive(Debug, Serialize)]
pub(crate) struct Build {
    pub(crate) profile: &'static str,
    pub(crate) target: &'static str,
    /// Cargo features.
    pub(crate) features: Vec<&'static str>,
}

impl Environment {
    /// This one, where the command line asks for so many threads.
    pub(crate) fn current(threads: Option<u16>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            versions: all(),
            build: Build {
                profile: env!("LATENTKIT_PROFILE"),
                target: env!("LATENTKIT_TARGET"),
                features: if cfg!(feature = "torch") { vec!["torch"] } else { Vec::new() },
            },
            machine: Machine::current(),
            cores,
            threads: threads.map_or(cores, usize::from),
            #[cfg(feature = "torch")]
            devices: latentkit_model::devices(),
            #[cfg(not(feature = "torch"))]
            devices: vec!["cpu".to_owned()],
        }
    }
}
