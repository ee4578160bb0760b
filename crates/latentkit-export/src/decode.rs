//! What the centre of each cluster looks like.

use std::path::Path;

use crate::config::ExportConfig;
use latentkit_core::hash::FileRecord;
use latentkit_core::layout::CENTROID_IMAGES;
use latentkit_core::summary::DecodeSummary;
use latentkit_core::{Error, Result};
use latentkit_model::{AutoEncoder, Engines};
use latentkit_table::{CentroidImages, Metadata, read_centroids, read_clusters, write_centroid_images};

use crate::reconstruct::pixels;
use crate::request::request;

/// Decodes the centroids of the chosen k with the weights of `model`, and writes `centroid_images.parquet` into
/// `output_folder`. `centroids` holds those of every k, `clusters` the clusters of the chosen one.
///
/// # Errors
/// Of kind input when the centroids are not in the latent space of the model.
pub fn decode(
    config: &ExportConfig,
    model: &Path,
    centroids: &Path,
    clusters: &Path,
    output_folder: &Path,
    engines: Engines,
) -> Result<DecodeSummary> {
    let (network, _) = AutoEncoder::load(model)?;
    let k = read_clusters(clusters)?.len();
    let points = read_centroids(centroids)?.of(k as u32); // [k, d]
    let dimensions = network.blueprint.latent_dim();
    if points.dim() != (k, dimensions) {
        return Err(Error::input(format!("the centroids `{}` do not fit the model", centroids.display()))
            .expected(format!("{k} centroids of {dimensions} latents"))
            .found(format!("{} of {} dimensions", points.nrows(), points.ncols()))
            .hint("cluster the latents of this model first"));
    }
    let latents: Vec<f32> = points.iter().map(|&value| value as f32).collect();
    let mut engine = engines.start(&network, &request(config))?;
    let images = pixels(&engine.decode(&latents));
    let shape = network.image_shape();
    let images = images.chunks_exact(shape.len()).map(<[u8]>::to_vec).collect();
    let record = |path: &Path| FileRecord::of(path, "input").map_err(Error::into_input);
    let metadata = Metadata::from([
        ("k".to_owned(), k.to_string()),
        ("model_blake3".to_owned(), record(model)?.blake3),
        ("centroids_blake3".to_owned(), record(centroids)?.blake3),
    ]);
    let table = CentroidImages { shape, images };
    write_centroid_images(&output_folder.join(CENTROID_IMAGES), &table, &metadata)?;
    Ok(DecodeSummary { centroids: k, device: engine.device() })
}
