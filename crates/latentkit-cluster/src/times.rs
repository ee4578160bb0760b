//! How long the parts of the stage took, beside its tables, which are the same bytes every time.

use serde::Serialize;

/// The seconds of the parts.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Times {
    /// One for each method, seed and k; of methods that find k themselves, one.
    pub(crate) clusterings: Vec<ClusteringTime>,
    /// All silhouettes of the sweep.
    pub(crate) silhouettes: f64,
}

/// The seconds of a clustering.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ClusteringTime {
    pub(crate) method: &'static str,
    pub(crate) seed: u32,
    /// None where the method finds it.
    pub(crate) k: Option<u32>,
    pub(crate) seconds: f64,
}

impl Times {
    /// Seconds of all clusterings.
    pub(crate) fn clustering(&self) -> f64 {
        self.clusterings.iter().map(|time| time.seconds).sum()
    }
}
