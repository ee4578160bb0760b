//! K-Means over a range of k and the exact silhouette.
//!
//! The stage is [`run`](run()): it reads points from a Parquet file, clusters them for each k with several seeds, chooses
//! the k of the highest mean silhouette, and writes tables of what it found. [`kmeans`](kmeans()) and
//! [`silhouette`](silhouette()) do the work and need no files. [`external_quality`] compares clusters with labels, which
//! never choose k. [`nearest_neighbours`] and [`preservation`] look at the points alone.

mod centroids;
mod clusters;
pub mod config;
mod contingency;
mod criterion;
mod densities;
mod density;
mod diagnosis;
mod eigen;
mod engine;
mod evaluate;
mod external;
mod kmeans;
mod method;
mod mixture;
mod neighbours;
mod outputs;
mod paired;
mod partition;
mod points;
pub mod predict;
mod prepared;
mod products;
mod projection;
mod run;
mod scaling;
mod select_k;
mod silhouette;
mod simd;
mod sweep;
#[cfg(test)]
mod testing;
mod times;
mod tree;

pub use criterion::{Gap, Resampling, Stability, gap, stability};
pub use density::{DbscanParams, DensityClustering, HdbscanParams, dbscan, hdbscan};
pub use external::{adjusted_rand_index, external_quality};
pub use kmeans::{KMeansClustering, KMeansParams, kmeans};
pub use mixture::{GaussianMixture, MixtureParams, gaussian_mixture};
pub use neighbours::{NeighbourIndex, nearest_neighbours, preservation};
pub use points::Points;
pub use run::{Source, run};
pub use silhouette::{SampledSilhouette, Silhouette, silhouette, silhouette_sampled};
