//! The Parquet tables of latentkit, typed: plain Rust and `ndarray` values go in and come out, and nothing of polars
//! crosses this border. Files are zstd-compressed, appear whole or not at all, and carry their provenance as key-value
//! metadata under `latentkit.`.

mod centroids;
mod clusters;
mod dataset;
mod diagnosis;
mod embeddings;
mod frame;
mod history;
mod latents;
mod projection;
mod reconstructions;

pub use centroids::{
    CentroidImages, Centroids, read_centroid_images, read_centroids, write_centroid_images, write_centroids,
};
pub use clusters::{
    Assignments, ContingencyRow, External, SweepRow, read_assignments, read_contingency, read_sweep,
    write_assignments, write_contingency, write_sweep,
};
pub use dataset::{Dataset, Split, read_dataset, write_dataset};
pub use diagnosis::{
    ClusterLabels, ClusterRow, ExampleKind, ExampleRow, LabelPairRow, read_clusters, read_examples,
    read_label_pairs, write_clusters, write_examples, write_label_pairs,
};
pub use embeddings::{Embeddings, Labels, read_embeddings};
pub use history::{HistoryRow, read_history, write_history};
pub use latents::{Latents, write_latents};
pub use projection::{Projection, read_projection, write_projection};
pub use reconstructions::{
    Reconstruction, ReconstructionKind, Reconstructions, read_reconstructions, write_reconstructions,
};

/// Key-value metadata of a file; each key is written with the prefix `latentkit.`.
pub type Metadata = std::collections::BTreeMap<String, String>;
