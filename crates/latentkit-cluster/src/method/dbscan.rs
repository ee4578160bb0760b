//! DBSCAN: density above that of a radius.

use latentkit_core::Result;
use latentkit_core::config::{AtLeastTwo, Positive, Section, SectionType};
use serde::{Deserialize, Serialize};

use super::definition::{Definition, Density, DensityFit, Finds, MOST_POINTS, Task, default_min_points};
use crate::{DbscanParams, dbscan};

/// The table `[cluster.dbscan]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    /// Points are neighbours up to this distance; where it is left out, the knee of the sorted distances to the
    /// `min-points`-th neighbour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    radius: Option<Positive>,
    /// Neighbours, the point itself among them, from which on a point is in the core of a cluster; where it is left out,
    /// twice the number of columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_points: Option<AtLeastTwo>,
}

impl Section for Keys {
    const NAME: &'static str = "cluster.dbscan";
    const IMPLIED: bool = true;
}

pub(super) struct Dbscan;

impl Definition for Dbscan {
    fn name(&self) -> &'static str {
        "dbscan"
    }

    fn title(&self) -> &'static str {
        "DBSCAN"
    }

    fn table(&self) -> Option<SectionType> {
        Some(SectionType::of::<Keys>())
    }

    fn finds(&self) -> Finds<'_> {
        Finds::Density(self)
    }
}

impl Density for Dbscan {
    fn most_points(&self) -> usize {
        MOST_POINTS
    }

    fn cluster(&self, task: &Task) -> Result<DensityFit> {
        let keys: Keys = task.options.table();
        let min_points =
            keys.min_points.map_or_else(|| default_min_points(task.points), |given| given.get() as usize);
        let params =
            DbscanParams { radius: keys.radius.map(|radius| radius.get() / task.options.unit), min_points };
        let (found, radius) = dbscan(task.points.values(), params, task.cancel)?;
        Ok(DensityFit { found, radius: Some(radius * task.options.unit), min_points, min_cluster_size: None })
    }
}
