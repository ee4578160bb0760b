//! Encodes every image of a dataset with trained weights, and says whether the latents carry information.

mod decode;
mod health;
mod reconstruct;

use std::path::Path;

use latentkit_core::config::ExportConfig;
use latentkit_core::hash::FileRecord;
use latentkit_core::stage::{LATENTS, RECONSTRUCTIONS};
use latentkit_core::summary::{ExportSummary, LabelError, LatentHealth, SplitError};
use latentkit_core::{Cancellation, Error, Phase, Result};
use latentkit_model::{AutoEncoder, Engine, ImageStore, device, device_name, numbers, per_image_errors};
use latentkit_table::{
    Dataset, Latents, Metadata, Split, read_dataset, write_latents, write_reconstructions,
};
use ndarray::Array2;

pub use decode::decode;
pub use health::latent_health;

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
    cancel: Cancellation,
) -> Result<ExportSummary> {
    let device = device(config.device, "export.device")?;
    let record = |path: &Path| FileRecord::of(path, "input").map_err(Error::into_input);
    let (dataset_hash, model_hash) = (record(dataset)?.blake3, record(model)?.blake3);
    let data = read_dataset(dataset)?;
    let (network, training) = AutoEncoder::load(model, device)?;
    if network.image_size() != (data.height, data.width) {
        let (height, width) = network.image_size();
        return Err(Error::input(format!("the weights `{}` do not fit the images", model.display()))
            .expected(format!("images of {height}x{width}"))
            .found(format!("{}x{} in `{}`", data.height, data.width, dataset.display()))
            .hint("train on this dataset first"));
    }
    let mut engine = Engine::new(config.engine, &network, "export.engine")?;
    let images = ImageStore::new(&data.images, data.height, data.width, device);
    let latents = encode(&mut engine, &network, &images, &data, config.batch_size.get() as usize, cancel)?;

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
    let shown = reconstruct::reconstructions(&mut engine, &network, &images, &data, &latents);
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
        device: device_name(device),
    })
}

/// The latents and errors of every image, in the order of the ids, the last batch with the rest.
fn encode(
    engine: &mut Engine,
    network: &AutoEncoder,
    images: &ImageStore,
    data: &Dataset,
    batch_size: usize,
    cancel: Cancellation,
) -> Result<Latents> {
    let ids: Vec<usize> = (0..data.len()).collect();
    let dimensions = network.blueprint.latent_dim();
    let mut values = Vec::with_capacity(data.len() * dimensions);
    let (mut reconstruction_bce, mut reconstruction_mse) = (Vec::new(), Vec::new());
    let phase = Phase::new(tracing::info_span!("encoding", unit = "images"), data.len());
    let _entered = phase.enter();
    for batch in ids.chunks(batch_size) {
        cancel.check()?;
        let input = images.batch(batch); // [n, 1, height, width]
        let latents = engine.encode(network, &input); // [n, d]
        let (bce, mse) = per_image_errors(&engine.decode_logits(network, &latents), &input);
        let (latents, bce, mse) = (numbers(&latents), numbers(&bce), numbers(&mse));
        if let Some(index) = latents.iter().chain(&bce).position(|value| !value.is_finite()) {
            let row = if index < latents.len() { index / dimensions } else { index - latents.len() };
            return Err(Error::input("the weights give a latent or an error that is not finite")
                .found(format!("image {}", batch[row]))
                .hint("train again with a lower learning rate"));
        }
        values.extend(latents);
        reconstruction_bce.extend(bce);
        reconstruction_mse.extend(mse);
        phase.set(reconstruction_bce.len());
    }
    let values =
        Array2::from_shape_vec((data.len(), dimensions), values).expect("one row of latents an image");
    Ok(Latents {
        splits: data.splits.clone(),
        labels: data.labels.clone(),
        label_names: data.label_names.clone(),
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
    let of_label = |(label, name): (usize, &String)| {
        let ids: Vec<usize> =
            test.iter().copied().filter(|&id| usize::from(data.labels[id]) == label).collect();
        (!ids.is_empty()).then(|| LabelError {
            label: name.clone(),
            images: ids.len(),
            bce: mean(&latents.reconstruction_bce, &ids),
            mse: mean(&latents.reconstruction_mse, &ids),
        })
    };
    data.label_names.iter().enumerate().filter_map(of_label).collect()
}

fn mean(values: &[f32], ids: &[usize]) -> f64 {
    ids.iter().map(|&id| f64::from(values[id])).sum::<f64>() / ids.len() as f64
}
