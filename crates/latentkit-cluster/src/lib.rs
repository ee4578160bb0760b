//! K-Means over a range of k and the exact silhouette.
//!
//! The stage is [`run`](run()): it reads points from a Parquet file, clusters them for each k, chooses the k of the
//! highest mean silhouette, and writes three tables. [`kmeans`](kmeans()) and [`silhouette`](silhouette()) do the work
//! and need no files.

mod choice;
mod contingency;
mod kmeans;
mod points;
mod run;
mod silhouette;
mod simd;
#[cfg(test)]
mod testing;

pub use kmeans::{KMeansClustering, KMeansParams, kmeans};
pub use run::run;
pub use silhouette::{Silhouette, silhouette};
