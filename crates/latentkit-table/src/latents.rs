//! `latents.parquet`: the latent of each image and how well it is reconstructed.

use std::path::Path;

use latentkit_core::Result;
use ndarray::Array2;

use crate::frame::{Table, TableReader};
use crate::labels::Labels;
use crate::metadata::Metadata;
use crate::split::Split;

/// The latents of a dataset, in the order of the ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Latents {
    /// Split of each image.
    pub splits: Vec<Split>,
    /// Label of each image.
    pub labels: Labels,
    /// Where each image was; none where the images were not files of their own.
    pub paths: Option<Vec<String>>,
    /// Latents, one row an image.
    pub values: Array2<f32>,
    /// Mean binary cross-entropy per pixel of each reconstruction, in nats.
    pub reconstruction_bce: Vec<f32>,
    /// Mean squared error per pixel of each reconstruction.
    pub reconstruction_mse: Vec<f32>,
}

/// Writes columns id u32, split, label i64, `label_name`, path, z0 .. z{d-1} f32, z (fixed-size list of d f32),
/// `reconstruction_bce` f32, `reconstruction_mse` f32; those of labels and paths where the images have some. Read by [`crate::read_embeddings`].
pub fn write_latents(path: &Path, latents: &Latents, metadata: &Metadata) -> Result<()> {
    let (count, dimensions) = latents.values.dim();
    let mut table = Table::new(count)
        .u32("id", (0..count as u32).collect())
        .text("split", latents.splits.iter().map(|split| split.name()))
        .labels(&latents.labels, 0..count);
    if let Some(paths) = &latents.paths {
        table = table.text("path", paths.iter().map(String::as_str));
    }
    for (index, column) in latents.values.columns().into_iter().enumerate() {
        table = table.f32(&format!("z{index}"), column.to_vec());
    }
    table
        .f32_list("z", latents.values.iter().copied().collect(), dimensions)
        .f32("reconstruction_bce", latents.reconstruction_bce.clone())
        .f32("reconstruction_mse", latents.reconstruction_mse.clone())
        .write(path, metadata)
}

/// What [`write_latents`] wrote beside the latents.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentErrors {
    /// Split of each image.
    pub splits: Vec<Split>,
    /// Mean binary cross-entropy per pixel of each reconstruction, in nats.
    pub reconstruction_bce: Vec<f32>,
}

/// Reads the splits and errors of what [`write_latents`] wrote.
///
/// # Errors
/// Of kind input when the file is missing or is no such table.
pub fn read_latent_errors(path: &Path) -> Result<LatentErrors> {
    let table = TableReader::open(path)?;
    Ok(LatentErrors { splits: table.splits("split")?, reconstruction_bce: table.f32("reconstruction_bce")? })
}
