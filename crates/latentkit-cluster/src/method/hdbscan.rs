//! HDBSCAN: the densities that last longest.

use latentkit_core::Result;
use latentkit_core::config::{AtLeastTwo, Section, SectionType};
use serde::{Deserialize, Serialize};

use super::definition::{
    Definition, Density, DensityFit, Finds, MOST_POINTS, Task, default_min_cluster_size, default_min_points,
};
use crate::{HdbscanParams, hdbscan};

/// The table `[cluster.hdbscan]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    /// Points of a cluster at least; where it is left out, a hundredth of the points, 5 at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_cluster_size: Option<AtLeastTwo>,
    /// A point's density follows from the distance to as many points, itself among them; where it is left out, twice the
    /// number of columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_points: Option<AtLeastTwo>,
}

impl Section for Keys {
    const NAME: &'static str = "cluster.hdbscan";
    const IMPLIED: bool = true;
}

pub(super) struct Hdbscan;

impl Definition for Hdbscan {
    fn name(&self) -> &'static str {
        "hdbscan"
    }

    fn title(&self) -> &'static str {
        "HDBSCAN"
    }

    fn table(&self) -> Option<SectionType> {
        Some(SectionType::of::<Keys>())
    }

    fn finds(&self) -> Finds<'_> {
        Finds::Density(self)
    }
}

impl Density for Hdbscan {
    fn most_points(&self) -> usize {
        MOST_POINTS
    }

    fn cluster(&self, task: &Task) -> Result<DensityFit> {
        let keys: Keys = task.options.table();
        let given = |key: Option<AtLeastTwo>| key.map(|value| value.get() as usize);
        let min_points = given(keys.min_points).unwrap_or_else(|| default_min_points(task.points));
        let min_cluster_size =
            given(keys.min_cluster_size).unwrap_or_else(|| default_min_cluster_size(task.points));
        let found =
            hdbscan(task.points.values(), HdbscanParams { min_cluster_size, min_points }, task.cancel)?;
        Ok(DensityFit { found, radius: None, min_points, min_cluster_size: Some(min_cluster_size) })
    }
}
