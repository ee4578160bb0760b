//! Tables of images that a trained model saw later: their latents, and the clusters that they belong to.

use std::path::Path;

use latentkit_core::{Cancellation, ImageShape, Result};
use ndarray::Array2;

use crate::frame::{Table, write_blocks};
use crate::metadata::Metadata;

/// Some images of a table, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Number of each image in its source.
    pub ids: Vec<u32>,
    /// Where each image is.
    pub paths: Vec<String>,
    /// Latents: [images, latents].
    pub latents: Array2<f32>,
    /// Mean binary cross-entropy per pixel of each reconstruction, in nats.
    pub reconstruction_bce: Vec<f32>,
    /// Mean squared error per pixel of each reconstruction.
    pub reconstruction_mse: Vec<f32>,
    /// The images as the model saw them and what it makes of them, where they are wanted.
    pub pictures: Option<Pictures>,
}

/// Images of one shape beside their reconstructions, each image after the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// The shape of each image.
    pub shape: ImageShape,
    /// Their pixels.
    pub images: Vec<u8>,
    /// Those of the reconstructions.
    pub reconstructions: Vec<u8>,
}

/// Writes columns id u32, path, z0 .. z{d-1} f32, z (fixed-size list of d f32), `reconstruction_bce` f32,
/// `reconstruction_mse` f32 and, where wanted, image and reconstruction (PNG). `next` makes blocks until there are no more, one at least; one is in memory at
/// a time. Ends with an error when the user interrupts.
pub fn write_encoded(
    path: &Path,
    metadata: &Metadata,
    cancel: Cancellation,
    mut next: impl FnMut() -> Result<Option<Encoded>>,
) -> Result<()> {
    write_blocks(path, metadata, cancel, || {
        let Some(block) = next()? else { return Ok(None) };
        let (rows, dimensions) = block.latents.dim();
        let mut table =
            Table::new(rows).u32("id", block.ids).text("path", block.paths.iter().map(String::as_str));
        for (index, column) in block.latents.columns().into_iter().enumerate() {
            table = table.f32(&format!("z{index}"), column.to_vec());
        }
        table = table
            .f32_list("z", block.latents.iter().copied().collect(), dimensions)
            .f32("reconstruction_bce", block.reconstruction_bce)
            .f32("reconstruction_mse", block.reconstruction_mse);
        if let Some(Pictures { shape, images, reconstructions }) = &block.pictures {
            let split = |pixels| <[u8]>::chunks_exact(pixels, shape.len()).collect::<Vec<_>>();
            table = table.images("image", *shape, &split(images));
            table = table.images("reconstruction", *shape, &split(reconstructions));
        }
        Ok(Some(table))
    })
}

/// Where some images of a table belong, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// Number of each image in its source.
    pub ids: Vec<u32>,
    /// Where each image is.
    pub paths: Vec<String>,
    /// The cluster of the nearest centroid.
    pub clusters: Vec<u32>,
    /// The Euclidean distance to it.
    pub distances: Vec<f32>,
    /// The cluster of the next centroid; none where there is one cluster.
    pub second_clusters: Vec<Option<u32>>,
    /// The Euclidean distance to that.
    pub second_distances: Vec<Option<f32>>,
    /// Mean binary cross-entropy per pixel of each reconstruction, in nats.
    pub reconstruction_bce: Vec<f32>,
    /// The share of the training images with a smaller error and that with a smaller distance, whichever is larger: 0 to 1.
    pub novelty: Vec<f32>,
}

/// Writes columns id u32, path, cluster u32, distance f32, `second_cluster` u32, `second_distance` f32,
/// `reconstruction_bce` f32, novelty f32, by blocks as [`write_encoded`].
pub fn write_predicted(
    path: &Path,
    metadata: &Metadata,
    cancel: Cancellation,
    mut next: impl FnMut() -> Result<Option<Predicted>>,
) -> Result<()> {
    write_blocks(path, metadata, cancel, || {
        let Some(block) = next()? else { return Ok(None) };
        let table = Table::new(block.ids.len())
            .u32("id", block.ids)
            .text("path", block.paths.iter().map(String::as_str))
            .u32("cluster", block.clusters)
            .f32("distance", block.distances)
            .u32_or_null("second_cluster", block.second_clusters)
            .f32_or_null("second_distance", block.second_distances)
            .f32("reconstruction_bce", block.reconstruction_bce)
            .f32("novelty", block.novelty);
        Ok(Some(table))
    })
}
