//! Images that a model sees after its training.

use std::path::{Path, PathBuf};

use latentkit_core::{Error, Result};
use latentkit_export::config::ExportConfig;
use latentkit_export::{Batch, Encoder, request};
use latentkit_ingest::config::Source;
use latentkit_ingest::picture::{Preparation, Wanted};
use latentkit_ingest::{Batch as Images, ImageStream, OnError};
use latentkit_model::AutoEncoder;
use serde::Deserialize;

use crate::cli::{Global, ImagesArguments};
use crate::{engines, handover, progress};

/// Images that a model sees after its training, batch by batch.
pub(crate) struct Later {
    pub(crate) encoder: Encoder,
    images: ImageStream<'static>,
    done: usize,
}

impl Later {
    /// The model in a file of weights, computed as `export` says, and images in its shape.
    ///
    /// # Errors
    /// When there is no such model, or the images cannot be read.
    pub(crate) fn open(
        global: &Global,
        weights: &Path,
        export: &ExportConfig,
        arguments: &ImagesArguments,
    ) -> Result<Self> {
        let (model, _) = AutoEncoder::load(weights)?;
        let request = request(export);
        if let Some(reason) = engines::missing(&model, &request) {
            handover::hand_over(&reason)?;
        }
        let encoder = Encoder::open(weights, &request, engines::all())?;
        let preparation = Preparation::deserialize(&encoder.training["preparation"]).unwrap_or_default();
        let wanted = Wanted::prepared(encoder.shape(), preparation);
        let batch = export.batch_size.get() as usize;
        let on_error = if arguments.skip_errors { OnError::Skip } else { OnError::Stop };
        let cancel = progress::cancellation();
        let images = match &arguments.images[..] {
            [table] if table.to_string_lossy().trim_start().starts_with('{') => {
                let source = source(&table.to_string_lossy())?;
                ImageStream::of_source(&source, Path::new(""), &global.data, wanted, batch, on_error, cancel)?
            }
            paths => ImageStream::of_paths(paths, wanted, batch, on_error, cancel)?,
        };
        Ok(Self { encoder, images, done: 0 })
    }

    /// The next images, and what the model makes of them; none after the last.
    pub(crate) fn next(&mut self) -> Result<Option<(Images, Batch)>> {
        let Some(images) = self.images.next().transpose()? else { return Ok(None) };
        let batch = self.encoder.encode(&images.pixels)?;
        self.done += images.len();
        Ok(Some((images, batch)))
    }

    /// How many images there were.
    pub(crate) fn done(&self) -> usize {
        self.done
    }
}

/// The numbers of images as a table has them.
pub(crate) fn ids(images: &Images) -> Vec<u32> {
    images.ids.iter().map(|&id| id as u32).collect()
}

/// What a file's metadata says of images.
pub(crate) fn described(images: &[PathBuf]) -> String {
    images.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn source(text: &str) -> Result<Source> {
    Source::from_toml(text).map_err(|problem| {
        Error::usage(format!("cannot read the source `{text}`: {problem}"))
            .hint("write it as `dataset.source` of a config, as in '{ parquet = \"images.parquet\" }'")
    })
}
