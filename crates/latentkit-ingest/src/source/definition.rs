//! What every image source is: what a config says of it, the files that it needs, and its images.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use latentkit_core::hash::Member;
use latentkit_core::{Cancellation, Error, ImageShape, Result};
use latentkit_table::{LabelValues, Labels, Split};
use toml::{Table, Value};

use crate::content;
use crate::items::{Arrays, Opened};

/// Images that a config names.
pub(crate) trait ImageSource: fmt::Debug + Send + Sync {
    /// Its name in the config, in summaries and in the metadata of the table of images.
    fn name(&self) -> &'static str;

    /// The value of `dataset.source` that stands for it.
    fn value(&self) -> Value {
        self.name().into()
    }

    /// The files that must exist before the stage runs, in the order in which they are read. Empty for what is downloaded or
    /// made: that follows from checksums and code of this crate, with which the version of the stage rises.
    ///
    /// # Errors
    /// Of kind input when they cannot be told, as the files of a folder that is not there.
    fn inputs(&self, folders: Folders) -> Result<Vec<Input>>;

    /// The shape of the images, found without reading or downloading all of them; that which `load` finds. Relative paths start at
    /// the folder of the config.
    fn image_shape(&self, config_folder: &Path) -> Result<ImageShape>;

    /// Reads all images, downloading what is published and absent.
    fn load(&self, folders: Folders, cancel: Cancellation) -> Result<Images>;

    /// The same images one block after the other, as they are stored, for a model that wants them in its own shape.
    fn open(&self, folders: Folders, cancel: Cancellation) -> Result<Opened> {
        self.load(folders, cancel).map(|images| images.into_items(self.name()))
    }
}

/// How a config writes a source.
pub(crate) enum Notation {
    /// `source = "NAME"`, the name of the source.
    Name(&'static dyn ImageSource),
    /// `source = { KEY = ... }`, a table with one of these keys at least, and what reads the table.
    Table(&'static [&'static str], fn(Table) -> std::result::Result<Arc<dyn ImageSource>, toml::de::Error>),
}

/// Where files are looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Folders<'a> {
    /// The folder of the config, at which relative paths in it start.
    pub(crate) config: &'a Path,
    /// The folder of the bundled and the downloaded files.
    pub(crate) data: &'a Path,
}

/// All images of a source.
#[derive(Debug)]
pub(crate) struct Images {
    /// The shape of each image.
    pub(crate) shape: ImageShape,
    /// Label of each image.
    pub(crate) labels: Labels,
    /// Where each image is, for people; none where images are not files of their own.
    pub(crate) paths: Option<Vec<String>>,
    /// Pixels of each image, row by row, one after the other: 0 is black, 255 white; colours are red, green and blue.
    pub(crate) pixels: Vec<u8>,
    /// What each image is for; none where the shares of the config decide.
    pub(crate) splits: Vec<Option<Split>>,
    /// How the files were hashed: `sha256` of the content of published ones, `blake3` of own ones as they are.
    pub(crate) algorithm: &'static str,
    /// The hash of each file, by name; empty without files.
    pub(crate) hashes: BTreeMap<String, String>,
}

impl Images {
    /// The images one after the other.
    fn into_items(self, name: &str) -> Opened {
        let codes = self.labels.codes.into_iter().map(|code| code.map(i64::from)).collect();
        Opened {
            name: name.to_owned(),
            count: self.splits.len(),
            items: Box::new(Arrays {
                name: name.to_owned(),
                shape: self.shape,
                pixels: self.pixels,
                next: 0,
            }),
            labels: (!self.labels.names.is_empty()).then_some(LabelValues::Numbers(codes)),
            label_names: Some(self.labels.names),
            splits: self.splits,
            hashes: self.hashes.into_iter().collect(),
            hashed_key: None,
        }
    }
}

/// A file, or a folder of files, that must exist before the stage runs.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its name for the manifest.
    pub(crate) name: String,
    /// What to do when it is missing.
    pub(crate) hint: String,
    /// Of a folder the files in it, which are recorded together.
    pub(crate) members: Option<Vec<Member>>,
}

impl Input {
    /// A file that the key of a config names by this path.
    pub(crate) fn of_key(key: &str, path: &Path, folders: Folders) -> Self {
        Self {
            path: folders.config.join(path),
            name: path.display().to_string(),
            hint: format!(
                "`dataset.source.{key}` names it; a relative path there starts at the folder of the config"
            ),
            members: None,
        }
    }

    /// The error that says that the file does not exist.
    pub(crate) fn missing(&self) -> Error {
        Error::input(format!("cannot find `{}`", self.path.display())).hint(self.hint.as_str())
    }

    /// The error that says that the file cannot be reached.
    pub(crate) fn unreadable(&self, error: io::Error) -> Error {
        content::unreadable(error).context(format!("cannot read `{}`", self.path.display()))
    }
}
