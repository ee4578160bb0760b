//! `density.parquet`: what the methods found that find the number of clusters themselves.

use std::path::Path;

use latentkit_core::Result;
use latentkit_core::summary::SilhouetteKind;

use crate::frame::Table;
use crate::metadata::Metadata;
use crate::sweep::External;

/// The figures of one such clustering.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityRow {
    /// How the points were clustered: `dbscan` or `hdbscan`.
    pub method: String,
    /// Clusters found.
    pub clusters: u32,
    /// Points in none.
    pub noise: u32,
    /// Up to which distance points are neighbours; DBSCAN only.
    pub radius: Option<f64>,
    /// Neighbours that a point of a core has, itself among them.
    pub min_points: u32,
    /// Points of a cluster at least; HDBSCAN only.
    pub min_cluster_size: Option<u32>,
    /// Mean silhouette of the points that are in a cluster, among each other; none of fewer than two clusters.
    pub silhouette: Option<f64>,
    /// Adjusted Rand index of the points that are in a cluster, with the clusters of the best k.
    pub ari_to_best: Option<f64>,
    /// Agreement of the points that are in a cluster with their labels.
    pub external: Option<External>,
}

/// Writes columns method, clusters u32, noise u32, radius f64, `min_points` u32, `min_cluster_size` u32, silhouette f64 (or
/// `silhouette_sampled`), `ari_to_best` f64, and where some row has labels ari and ami f64.
pub fn write_density(
    path: &Path,
    rows: &[DensityRow],
    kind: SilhouetteKind,
    metadata: &Metadata,
) -> Result<()> {
    let mut table = Table::new(rows.len())
        .text("method", rows.iter().map(|row| row.method.as_str()))
        .u32("clusters", rows.iter().map(|row| row.clusters).collect())
        .u32("noise", rows.iter().map(|row| row.noise).collect())
        .f64_or_null("radius", rows.iter().map(|row| row.radius).collect())
        .u32("min_points", rows.iter().map(|row| row.min_points).collect())
        .u32_or_null("min_cluster_size", rows.iter().map(|row| row.min_cluster_size).collect())
        .f64_or_null(kind.name(), rows.iter().map(|row| row.silhouette).collect())
        .f64_or_null("ari_to_best", rows.iter().map(|row| row.ari_to_best).collect());
    if rows.iter().any(|row| row.external.is_some()) {
        let of = |measure: fn(&External) -> f64| {
            rows.iter().map(|row| row.external.as_ref().map(measure)).collect()
        };
        table = table.f64_or_null("ari", of(|found| found.ari)).f64_or_null("ami", of(|found| found.ami));
    }
    table.write(path, metadata)
}
