//! Images and labels as arrays of `NumPy` in files of their own, and what archives of them share with that.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use latentkit_core::hash::FileRecord;
use latentkit_core::{Cancellation, Error, ImageShape, Result};
use latentkit_table::{ArrayFile, LabelValues, Split};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::common::{self, Common, check_memory};
use super::definition::{Folders, ImageSource, Images, Input};
use super::parquet::{Order, channels_last, shape_of};
use crate::collect::collect;
use crate::items::{Arrays, Opened};
use crate::scale::Scale;

/// The key that tells this table from others.
pub(super) const KEYS: &[&str] = &["npy-images"];
const OWN: &[&str] = &["npy-images", "npy-labels"];

/// What the only array of a file is called.
const ONLY: &str = "array";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    npy_images: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    npy_labels: Option<PathBuf>,
}

/// The files and what becomes of their images.
#[derive(Clone, Debug)]
pub(crate) struct Npy {
    keys: Keys,
    common: Common,
}

/// Reads the table that names the files.
pub(super) fn read(table: Table) -> std::result::Result<Arc<dyn ImageSource>, toml::de::Error> {
    let (keys, common) = common::read(table, OWN)?;
    Ok(Arc::new(Npy { keys, common }))
}

/// Images of one split: their array, as a file and a name in it, and that of their labels.
pub(super) struct Part {
    pub(super) images: (PathBuf, String),
    pub(super) labels: Option<(PathBuf, String)>,
    pub(super) split: Option<Split>,
}

impl Npy {
    fn parts(&self, folders: Folders) -> Result<Vec<Part>> {
        let inputs = self.inputs(folders)?;
        for input in &inputs {
            if !input.path.try_exists().map_err(|error| input.unreadable(error))? {
                return Err(input.missing());
            }
        }
        let mut arrays = inputs.into_iter().map(|input| (input.path, ONLY.to_owned()));
        let images = arrays.next().expect("there is a file of images");
        Ok(vec![Part { images, labels: arrays.next(), split: None }])
    }
}

impl ImageSource for Npy {
    fn name(&self) -> &'static str {
        "npy"
    }

    fn value(&self) -> Value {
        common::value(&self.keys, &self.common)
    }

    fn inputs(&self, folders: Folders) -> Result<Vec<Input>> {
        let labels = self.keys.npy_labels.as_ref().map(|path| ("npy-labels", path));
        let files = [("npy-images", &self.keys.npy_images)].into_iter().chain(labels);
        Ok(files.map(|(key, path)| Input::of_key(key, path, folders)).collect())
    }

    /// By the header.
    fn image_shape(&self, config_folder: &Path) -> Result<ImageShape> {
        let parts = self.parts(Folders { config: config_folder, data: Path::new("") })?;
        Ok(self.common.shape_of(shape_of_first(&parts)?))
    }

    fn load(&self, folders: Folders, cancel: Cancellation) -> Result<Images> {
        collect(self.open(folders, cancel)?, &self.common, cancel)
    }

    fn open(&self, folders: Folders, cancel: Cancellation) -> Result<Opened> {
        let parts = self.parts(folders)?;
        let inputs = self.inputs(folders)?;
        let files: Vec<_> = OWN.iter().zip(&inputs).map(|(&key, input)| (key, &input.path)).collect();
        open_parts(&inputs[0].path, &parts, &files, cancel)
    }
}

/// The shape of the images of the first part, by its header.
pub(super) fn shape_of_first(parts: &[Part]) -> Result<ImageShape> {
    let (path, name) = &parts[0].images;
    Ok(layout(&ArrayFile::open(path)?, name)?.1.0)
}

/// The number of images of an array, their shape and the order of their axes.
fn layout(file: &ArrayFile, name: &str) -> Result<(usize, (ImageShape, Order))> {
    let shape = file.shape(name)?;
    let images = shape.split_first().and_then(|(&count, lengths)| Some((count, shape_of(lengths)?)));
    images.filter(|(count, _)| *count > 0).ok_or_else(|| {
        let error = file
            .wrong(format!("its array `{name}` holds no images"))
            .expected("the shape (n, height, width), (n, height, width, 3) or (n, 3, height, width)")
            .found(format!("the shape {shape:?}").replace('[', "(").replace(']', ")"));
        match shape {
            [_, _] => error.hint("save `array.reshape(-1, height, width)`"),
            [.., 4] => error.hint("save `array[..., :3]` without how opaque the pixels are"),
            _ => error,
        }
    })
}

/// Reads all parts. `files` are hashed, each under a key of the config.
pub(super) fn open_parts(
    source: &Path,
    parts: &[Part],
    files: &[(&str, &PathBuf)],
    cancel: Cancellation,
) -> Result<Opened> {
    let mut first: Option<ImageShape> = None;
    let mut scale: Option<Scale> = None;
    let (mut labels, mut splits, mut orders): (Option<LabelValues>, Vec<Option<Split>>, Vec<_>) =
        (None, Vec::new(), Vec::new());
    let mut unlabelled = None;
    for part in parts {
        let (path, name) = &part.images;
        let mut file = ArrayFile::open(path)?;
        let (count, (shape, order)) = layout(&file, name)?;
        let expected = *first.get_or_insert(shape);
        if shape != expected {
            return Err(file
                .wrong(format!("the images in its array `{name}` have another shape"))
                .expected(format!("{expected}, as in `{}`", parts[0].images.1))
                .found(shape.to_string()));
        }
        check_memory(splits.len() + count, shape)?;
        if order == Order::ChannelsFirst {
            tracing::info!("array `{name}` of `{}` has the channels before rows and columns", path.display());
        }
        let called = format!("array `{name}` of `{}`", path.display());
        let scale = scale.get_or_insert_with(|| Scale::with_capacity(count * shape.len()));
        file.numbers(name, cancel, |numbers| scale.add(&numbers, shape.len(), &called))?;
        orders.push((splits.len()..splits.len() + count, order));
        splits.extend(std::iter::repeat_n(part.split, count));
        match &part.labels {
            None => unlabelled = Some(name),
            Some((path, name)) => {
                let mut file = ArrayFile::open(path)?;
                let found = file.labels(name)?;
                let length = match &found {
                    LabelValues::Texts(texts) => texts.len(),
                    LabelValues::Numbers(numbers) => numbers.len(),
                };
                if length != count {
                    return Err(file
                        .wrong(format!("its array `{name}` has not as many labels as there are images"))
                        .expected(format!("{count}, as `{}` has images", part.images.1))
                        .found(length.to_string()));
                }
                match &mut labels {
                    None => labels = Some(found),
                    Some(labels) => {
                        if !labels.append(found) {
                            return Err(file.wrong(format!(
                                "its array `{name}` has labels of another type than those before"
                            )));
                        }
                    }
                }
            }
        }
    }
    if let (Some(images), Some(_)) = (unlabelled, &labels) {
        return Err(Error::input(format!(
            "cannot use `{}`: the images of `{images}` have no labels",
            source.display()
        ))
        .expected("labels for all images, or for none"));
    }
    let shape = first.expect("there is a part");
    let name = source.display().to_string();
    let mut pixels = scale.unwrap_or_default().finish(&format!("`{name}`"));
    for (images, order) in orders {
        if order == Order::ChannelsFirst && shape.channels == 3 {
            let range = images.start * shape.len()..images.end * shape.len();
            let turned = channels_last(&pixels[range.clone()], shape);
            pixels[range].copy_from_slice(&turned);
        }
    }
    let hash = |(key, path): &(&str, &PathBuf)| {
        Ok(((*key).to_owned(), FileRecord::of(path, "").map_err(Error::into_input)?.blake3))
    };
    Ok(Opened {
        count: splits.len(),
        items: Box::new(Arrays { name: name.clone(), shape, pixels, next: 0 }),
        name,
        labels,
        label_names: None,
        splits,
        hashes: files.iter().map(hash).collect::<Result<_>>()?,
        hashed_key: None,
    })
}

#[cfg(test)]
mod tests;
