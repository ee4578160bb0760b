//! Image sources, pictures, checksums, the IDX format and the seeded split: from published or own files to `dataset.parquet`.

mod checksum;
mod collect;
pub mod config;
pub mod content;
mod csv;
mod decoding;
mod download;
pub mod idx;
mod items;
mod labelling;
mod listing;
mod look;
mod pair;
pub mod picture;
mod published;
mod scale;
mod source;
mod split;
mod stream;

use std::path::{Path, PathBuf};

use crate::config::{DatasetConfig, SplitMethod};
use latentkit_core::hash::Member;
use latentkit_core::layout::DATASET;
use latentkit_core::summary::IngestSummary;
use latentkit_core::{Cancellation, Error, ImageShape, Result};
use latentkit_table::{Dataset, Metadata, Split, write_dataset};

use source::definition::{Folders, Input};

pub use look::{Look, look};
pub use source::common::OnError;
pub use stream::{Batch, ImageStream};

use picture::Preparation;

/// A file, or a folder of files, whose content the stage's result depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its name for the manifest.
    pub name: String,
    /// Of a folder the files in it, which are recorded as one.
    pub members: Option<Vec<Member>>,
}

/// The files whose content the stage's result depends on and that must exist before it runs, each with its name for
/// the manifest. None for `mnist` and `fashion-mnist`: their content is fixed by the checksums in this crate.
///
/// # Errors
/// Of kind input when a file is missing.
pub fn input_files(
    config: &DatasetConfig,
    config_folder: &Path,
    data_folder: &Path,
) -> Result<Vec<InputFile>> {
    let inputs = config.source.get().inputs(Folders { config: config_folder, data: data_folder })?;
    for input in &inputs {
        if !input.path.try_exists().map_err(|error| input.unreadable(error))? {
            return Err(input.missing());
        }
    }
    let file = |Input { path, name, members, .. }| InputFile { path, name, members };
    Ok(inputs.into_iter().map(file).collect())
}

/// The shape of the images, found without reading or downloading all of them.
///
/// # Errors
/// Of kind input when own training images are missing or no IDX file.
pub fn image_shape(config: &DatasetConfig, config_folder: &Path) -> Result<ImageShape> {
    config.source.get().image_shape(config_folder)
}

/// Reads the images and labels, downloading published files that are absent, draws the validation images, and writes
/// `dataset.parquet` into `output_folder`.
///
/// The images keep the order of their files: ids 0, 1, ... over the training file, then over the test file. The seed
/// decides only which training images are set aside for validation.
///
/// # Errors
/// Of kind input when a file is missing, damaged or cannot be downloaded, of kind config when the validation share
/// leaves no image to train on or none to validate on.
pub fn run(
    config: &DatasetConfig,
    seed: u32,
    config_folder: &Path,
    data_folder: &Path,
    output_folder: &Path,
    cancel: Cancellation,
) -> Result<IngestSummary> {
    let reading = tracing::info_span!("reading").entered();
    let images = config.source.get().load(Folders { config: config_folder, data: data_folder }, cancel)?;
    drop(reading);
    let splits = split::draw(&images.splits, &images.labels.codes, config, seed)?;

    let mut metadata = Metadata::new();
    metadata.insert("source".into(), config.source.get().name().into());
    metadata.insert("preparation".into(), Preparation::of_value(config.source.get().value()).to_json());
    metadata.insert("seed".into(), seed.to_string());
    metadata.insert("split".into(), split_name(config.split).into());
    metadata.insert("validation".into(), config.validation.get().to_string());
    metadata.insert("test".into(), config.test.get().to_string());
    let hashes = serde_json::to_string(&images.hashes)
        .map_err(|error| Error::failed(format!("cannot record the source files: {error}")))?;
    metadata.insert(format!("source_{}", images.algorithm), hashes);

    let dataset = Dataset {
        shape: images.shape,
        splits,
        labels: images.labels,
        paths: images.paths,
        images: images.pixels,
    };
    cancel.check()?;
    write_dataset(&output_folder.join(DATASET), &dataset, &metadata, cancel)?;

    let count = |wanted: Split| dataset.splits.iter().filter(|&&split| split == wanted).count();
    Ok(IngestSummary {
        source: config.source.get().name().to_owned(),
        train: count(Split::Train),
        validation: count(Split::Validation),
        test: count(Split::Test),
        shape: dataset.shape,
        labels: dataset.labels.names.len(),
    })
}

/// The name of the method in the config.
fn split_name(method: SplitMethod) -> &'static str {
    match method {
        SplitMethod::Random => "random",
        SplitMethod::Stratified => "stratified",
    }
}

#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod tests;
