//! `latentkit encode`: images through a trained model.

use latentkit_core::Result;
use latentkit_core::hash::FileRecord;
use latentkit_export::config::ExportConfig;
use latentkit_export::pixels;
use latentkit_table::{Encoded, Metadata, Pictures, write_encoded};
use ndarray::Array2;
use serde_json::json;

use crate::cli::{EncodeArguments, Global};
use crate::later::{Later, described, ids};
use crate::{output, progress, trained_model};

pub(crate) fn write(global: &Global, arguments: &EncodeArguments) -> Result<()> {
    progress::stop_on_signals()?;
    let weights = trained_model::weights(&arguments.model, global)?;
    let mut later = Later::open(global, &weights, &ExportConfig::default(), &arguments.images)?;
    let metadata = Metadata::from([
        ("model_blake3".to_owned(), FileRecord::of(&weights, "model")?.blake3),
        ("images".to_owned(), described(&arguments.images.images)),
    ]);
    let (shape, dimensions) = (later.encoder.shape(), later.encoder.dimensions());
    write_encoded(&arguments.output, &metadata, progress::cancellation(), || {
        let Some((images, batch)) = later.next()? else { return Ok(None) };
        let latents = Array2::from_shape_vec((batch.errors.len(), dimensions), batch.latents);
        Ok(Some(Encoded {
            ids: ids(&images),
            paths: images.paths,
            latents: latents.expect("one row of latents an image"),
            reconstruction_bce: batch.errors.iter().map(|errors| errors.bce as f32).collect(),
            reconstruction_mse: batch.errors.iter().map(|errors| errors.mse as f32).collect(),
            pictures: arguments.reconstruct.then(|| Pictures {
                shape,
                images: images.pixels,
                reconstructions: pixels(&batch.logits),
            }),
        }))
    })?;
    let done = later.done();
    if global.json {
        output::json(&json!({ "images": done, "latents": dimensions, "file": arguments.output }));
    } else {
        output::line(format!("{done} images, {dimensions} latents: {}", arguments.output.display()));
    }
    Ok(())
}
