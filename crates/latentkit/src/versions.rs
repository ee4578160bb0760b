//! What is running.

use latentkit_core::manifest::Versions;

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
