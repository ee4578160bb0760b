//! Own IDX files, plain or gzip: images and labels to train on, images and labels to test on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use latentkit_core::{Cancellation, Error, ImageShape, Result, config, hash};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::definition::{Folders, ImageSource, Images, Input};
use crate::pair::{self, Pair};
use crate::{content, idx};

/// Content of an own file at most, in bytes, so that a gzip file cannot fill the memory.
const MAX_CONTENT: u64 = 1 << 30;

/// The keys of the table that names the files, without that of the names of labels, which other tables may have too.
pub(super) const KEYS: &[&str] = &["train-images", "train-labels", "test-images", "test-labels"];

/// The files. Relative paths start at the folder of the config.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Files {
    /// Images to train on.
    pub(crate) train_images: PathBuf,
    /// Their labels.
    pub(crate) train_labels: PathBuf,
    /// Images to test on.
    pub(crate) test_images: PathBuf,
    /// Their labels.
    pub(crate) test_labels: PathBuf,
    /// Name of label 0, 1, ...; the numbers themselves where it is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) label_names: Vec<String>,
}

/// Reads the table that names the files.
pub(super) fn read(table: Table) -> std::result::Result<Arc<dyn ImageSource>, toml::de::Error> {
    config::from_table::<Files>(table).map(|files| Arc::new(files) as _)
}

impl Files {
    /// The four files with their keys in the config, in the order of [`KEYS`].
    fn by_key(&self) -> [(&'static str, &Path); 4] {
        let paths = [&self.train_images, &self.train_labels, &self.test_images, &self.test_labels];
        std::array::from_fn(|index| (KEYS[index], paths[index].as_path()))
    }
}

fn input(key: &str, path: &Path, config_folder: &Path) -> Input {
    Input {
        path: config_folder.join(path),
        name: path.display().to_string(),
        hint: format!(
            "`dataset.source.{key}` names it; a relative path there starts at the folder of the config"
        ),
    }
}

impl ImageSource for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn value(&self) -> Value {
        Value::try_from(self).expect("paths that were read from a config can be written to one")
    }

    fn inputs(&self, folders: Folders) -> Vec<Input> {
        self.by_key().map(|(key, path)| input(key, path, folders.config)).into()
    }

    /// By the header of the training images.
    fn image_shape(&self, config_folder: &Path) -> Result<ImageShape> {
        let [(key, path), ..] = self.by_key();
        let input = input(key, path, config_folder);
        let start = content::read_start(&input.path, idx::IMAGES_HEADER)?.ok_or_else(|| input.missing())?;
        idx::image_shape(&start)
            .map_err(|error| error.context(format!("cannot read `{}`", input.path.display())))
    }

    fn load(&self, folders: Folders, cancel: Cancellation) -> Result<Images> {
        let mut hashes = BTreeMap::new();
        let mut read = |(key, path): (&str, &Path)| -> Result<(String, Vec<u8>)> {
            cancel.check()?;
            let input = input(key, path, folders.config);
            let bytes = content::read(&input.path, MAX_CONTENT)?.ok_or_else(|| input.missing())?;
            hashes.insert(key.to_owned(), hash::of_bytes(&bytes));
            let name = input.path.display().to_string();
            let content = content::unpack(bytes, MAX_CONTENT).map_err(|found| {
                Error::input(format!("cannot read `{name}`: it is damaged or too long"))
                    .expected(format!("an IDX file of at most {MAX_CONTENT} bytes, plain or gzip"))
                    .found(found.to_string())
            })?;
            Ok((name, content))
        };
        let [train_images, train_labels, test_images, test_labels] = self.by_key();
        let mut pair = |images, labels| -> Result<Pair> {
            let (images_name, images) = read(images)?;
            let (labels_name, labels) = read(labels)?;
            Ok(Pair { images_name, images, labels_name, labels })
        };
        let (train, test) = (pair(train_images, train_labels)?, pair(test_images, test_labels)?);
        pair::join(&train, &test, self.label_names.clone(), "blake3", hashes)
    }
}

#[cfg(test)]
pub(crate) mod tests;
