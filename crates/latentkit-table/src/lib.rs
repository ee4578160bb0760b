//! The tables of latentkit, typed, and points from those of anyone: plain Rust and `ndarray` values go in and come out, and
//! nothing of polars crosses this border. Tables are Parquet, zstd-compressed, appear whole or not at all, and carry their
//! provenance as key-value metadata under `latentkit.`.

mod assignments;
mod centroids;
mod contingency;
mod criteria;
mod dataset;
mod density;
mod diagnosis;
mod difference;
mod embeddings;
mod encoded;
mod frame;
mod history;
mod ids;
mod labels;
mod latents;
mod metadata;
mod neighbours;
mod npy;
mod picture;
mod projection;
mod reconstructions;
mod split;
mod sweep;
mod trials;
mod values;

pub use assignments::{Assignments, read_assignments, write_assignments};
pub use centroids::{
    CentroidImages, Centroids, read_centroid_images, read_centroids, write_centroid_images, write_centroids,
};
pub use contingency::{ContingencyRow, read_contingency, write_contingency};
pub use criteria::write_criteria;
pub use dataset::{
    Dataset, Images, read_dataset, read_image_shape, read_images, read_preparation, write_dataset,
};
pub use density::{DensityRow, write_density};
pub use diagnosis::{
    ClusterLabels, ClusterRow, ExampleKind, ExampleRow, LabelPairRow, read_clusters, read_examples,
    read_label_pairs, write_clusters, write_examples, write_label_pairs,
};
pub use difference::table_differences;
pub use embeddings::{Columns, Embeddings, Part, read_embeddings};
pub use encoded::{Encoded, Pictures, Predicted, write_encoded, write_predicted};
pub use frame::{
    ArrayFile, ArrayShape, ColumnDifference, Difference, ImageCells, ImageFile, ImageTable, Numbers,
    TableDifferences,
};
pub use history::{HistoryRow, read_history, write_history};
pub use ids::{Id, Ids};
pub use labels::{LabelValues, Labels};
pub use latents::{LatentErrors, Latents, read_latent_errors, write_latents};
pub use metadata::Metadata;
pub use neighbours::{read_neighbours, write_neighbours};
pub use projection::{Projection, read_projection, write_projection};
pub use reconstructions::{
    Reconstruction, ReconstructionKind, Reconstructions, read_reconstructions, write_reconstructions,
};
pub use split::Split;
pub use sweep::{External, SilhouetteFigure, SweepRow, read_sweep, write_sweep};
pub use trials::{TrialFigure, TrialRow, write_trials};
pub use values::Values;
