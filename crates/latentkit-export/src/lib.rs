//! Encodes every image of a dataset with trained weights, and says whether the latents carry information.

mod batch;
pub mod config;
mod decode;
mod encoder;
mod health;
mod reconstruct;
mod request;

use std::path::Path;

use crate::config::ExportConfig;
use latentkit_core::hash::FileRecord;
use latentkit_core::layout::{LATENTS, RECONSTRUCTIONS};
use latentkit_core::summary::{ExportSummary, LabelError, LatentHealth, SplitError};
use latentkit_core::{Cancellation, Error, Phase, Result};
use latentkit_model::{AutoEncoder, Engine, Engines};
use latentkit_table::{
    Dataset, Latents, Metadata, Split, read_dataset, write_latents, write_reconstructions,
};
use ndarray::Array2;

pub use batch::Batch;
pub use decode::decode;
pub use encoder::Encoder;
pub use health::latent_health;
pub use reconstruct::pixels;
pub use request::request;

/// Encodes the images of `dataset` with the weights of `model`, and writes `latents.parquet` and
/// `reconstructions.parquet` into `output_folder`.
///
/// # Errors
/// When the weights are for images of another size, or make a latent that is not finite.
pub fn run(
    config: &ExportConfig,
    dataset: &Path,
    model: &Path,
    output_folder: &Path,
    engines: Engines,
    cancel: Cancellation,
) -> Result<ExportSummary> {
    let record = |path: &Path| FileRecord::of(path, "input").map_err(Error::into_input);
    let (dataset_hash, model_hash) = (record(dataset)?.blake3, record(model)?.blake3);
    let data = read_dataset(dataset, cancel)?;
    let (network, training) = AutoEncoder::load(model)?;
    if network.image_shape() != data.shape {
        return Err(Error::input(format!("the weights `{}` do not fit the images", model.display()))
            .expected(format!("images of {}", network.image_shape()))
            .found(format!("{} in `{}`", data.shape, dataset.display()))
            .hint("train on this dataset first"));
    }
    let mut engine = engines.start(&network, &request(config))?;
    let dimensions = network.blueprint.latent_dim();
    let latents = encode(engine.as_mut(), dimensions, &data, config.batch_size.get() as usize, cancel)?;

    let metadata = Metadata::from([
        (
            "config".to_owned(),
            serde_json::json!({ "model": training["model"], "train": training["train"], "export": config })
                .to_string(),
        ),
        ("seed".to_owned(), training["seed"].to_string()),
        ("model_blake3".to_owned(), model_hash),
        ("dataset_blake3".to_owned(), dataset_hash),
    ]);
    write_latents(&output_folder.join(LATENTS), &latents, &metadata)?;
    let shown = reconstruct::reconstructions(engine.as_mut(), &data, &latents);
    write_reconstructions(&output_folder.join(RECONSTRUCTIONS), &shown, &metadata)?;

    let health = latent_health(&latents.values);
    for latent in &health {
        let (name, std, zeros) = (&latent.name, latent.std, 100.0 * latent.zeros);
        tracing::info!("latent {name}: standard deviation {std:.4}, {zeros:.1} % zeros");
    }
    let dead: Vec<&str> =
        health.iter().filter(|latent| latent.dead).map(|latent| latent.name.as_str()).collect();
    if !dead.is_empty() {
        let advice = if health.iter().any(LatentHealth::killed_by_relu) {
            "; `latent-activation = \"linear\"` has none that a ReLU can kill"
        } else {
            ""
        };
        tracing::warn!(
            "{} of {} latents are dead ({}): their standard deviation is below 1 % of the largest{advice}",
            dead.len(),
            health.len(),
            dead.join(", ")
        );
    }
    Ok(ExportSummary {
        images: data.len(),
        splits: Split::ALL.iter().filter_map(|&split| split_error(&data, &latents, split)).collect(),
        labels: label_errors(&data, &latents),
        dead: dead.len(),
        latents: health,
        engine: engine.name(),
        device: engine.device(),
    })
}

/// The latents and errors of every image, in the order of the ids, the last batch with the rest.
fn encode(
    engine: &mut dyn Engine,
    dimensions: usize,
    data: &Dataset,
    batch_size: usize,
    cancel: Cancellation,
) -> Result<Latents> {
    let bar = Phase::new(tracing::info_span!("encoding", unit = "images"), data.len());
    let _entered = bar.enter();
    let mut values = Vec::with_capacity(data.len() * dimensions);
    let (mut reconstruction_bce, mut reconstruction_mse) = (Vec::new(), Vec::new());
    for images in data.images.chunks(batch_size * data.shape.len()) {
        cancel.check()?;
        let Batch { latents, errors, .. } =
            Batch::of(engine, images, data.shape.len(), reconstruction_bce.len())?;
        values.extend(latents); // [n, d]
        reconstruction_bce.extend(errors.iter().map(|errors| errors.bce as f32));
        reconstruction_mse.extend(errors.iter().map(|errors| errors.mse as f32));
        bar.set(reconstruction_bce.len());
    }
    let values =
        Array2::from_shape_vec((data.len(), dimensions), values).expect("one row of latents an image");
    Ok(Latents {
        splits: data.splits.clone(),
        labels: data.labels.clone(),
        paths: data.paths.clone(),
        values,
        reconstruction_bce,
        reconstruction_mse,
    })
}

/// The mean errors of a split. None when it has no images.
fn split_error(data: &Dataset, latents: &Latents, split: Split) -> Option<SplitError> {
    let ids = data.ids(split);
    (!ids.is_empty()).then(|| SplitError {
        split: split.to_string(),
        images: ids.len(),
        bce: mean(&latents.reconstruction_bce, &ids),
        mse: mean(&latents.reconstruction_mse, &ids),
    })
}

/// The mean errors of the test images of each label that has some.
fn label_errors(data: &Dataset, latents: &Latents) -> Vec<LabelError> {
    let test = data.ids(Split::Test);
    let of_label = |(label, name): (u32, &String)| {
        let ids: Vec<usize> =
            test.iter().copied().filter(|&id| data.labels.codes[id] == Some(label)).collect();
        (!ids.is_empty()).then(|| LabelError {
            label: name.clone(),
            images: ids.len(),
            bce: mean(&latents.reconstruction_bce, &ids),
            mse: mean(&latents.reconstruction_mse, &ids),
        })
    };
    (0..).zip(&data.labels.names).filter_map(of_label).collect()
}

fn mean(values: &[f32], ids: &[usize]) -> f64 {
    ids.iter().map(|&id| f64::from(values[id])).sum::<f64>() / ids.len() as f64
}
