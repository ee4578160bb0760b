//! K-Means over a range of k and the exact silhouette.
//!
//! The stage is [`run`](run()): it reads points from a Parquet file, clusters them for each k with several seeds, chooses
//! the k of the highest mean silhouette, and writes tables of what it found. [`kmeans`](kmeans()) and
//! [`silhouette`](silhouette()) do the work and need no files. [`external_quality`] compares clusters with labels, which
//! never choose k.

mod choice;
mod contingency;
mod density;
mod diagnosis;
mod external;
mod kmeans;
mod outputs;
mod points;
mod projection;
mod run;
mod silhouette;
mod simd;
mod sweep;
#[cfg(test)]
mod testing;

pub use density::{DbscanParams, DensityClustering, HdbscanParams, dbscan, hdbscan};
pub use external::external_quality;
pub use kmeans::{KMeansClustering, KMeansParams, kmeans};
pub use run::run;
pub use silhouette::{Silhouette, silhouette};
