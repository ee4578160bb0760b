//! Own IDX files, plain or gzip: images and labels to train on, images and labels to test on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use latentkit_core::{Cancellation, Error, ImageShape, Result, hash};
use latentkit_table::{LabelValues, Numbers, Split};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::common::{self, Common};
use super::definition::{Folders, ImageSource, Images, Input};
use super::parquet::{Order, channels_last, shape_of};
use crate::collect::collect;
use crate::items::{Arrays, Opened};
use crate::scale::Scale;
use crate::{content, idx};

/// Content of an own file at most, in bytes, so that a gzip file cannot fill the memory.
const MAX_CONTENT: u64 = 1 << 30;

/// The keys of the table that names the files, in the order in which they are read.
pub(super) const KEYS: &[&str] = &["train-images", "train-labels", "test-images", "test-labels"];
const OWN: &[&str] = &["train-images", "train-labels", "test-images", "test-labels", "transpose"];

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
    /// Whether rows and columns of the images are swapped, as in EMNIST's files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) transpose: bool,
    /// What becomes of the images.
    #[serde(skip)]
    pub(crate) common: Common,
}

/// Reads the table that names the files.
pub(super) fn read(table: Table) -> std::result::Result<Arc<dyn ImageSource>, toml::de::Error> {
    let (files, common): (Files, _) = common::read(table, OWN)?;
    Ok(Arc::new(Files { common, ..files }))
}

impl Files {
    /// The four files, in the order of [`KEYS`].
    fn inputs_of(&self, folders: Folders) -> [Input; 4] {
        let paths = [&self.train_images, &self.train_labels, &self.test_images, &self.test_labels];
        std::array::from_fn(|index| Input::of_key(KEYS[index], paths[index], folders))
    }

    /// The shape of the stored images, of these dimensions, and their order.
    fn layout(&self, sizes: &[usize]) -> Result<(usize, ImageShape, Order)> {
        let images = sizes.split_first().and_then(|(&count, lengths)| Some((count, shape_of(lengths)?)));
        let (count, (shape, order)) = images.filter(|(count, _)| *count > 0).ok_or_else(|| {
            let error = Error::input("this is no file of images")
                .expected("dimensions of images, rows and columns, and of 3 channels where they have colours")
                .found(sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" x "));
            if sizes.len() == 1 { error.hint("are images and labels swapped?") } else { error }
        })?;
        let shape = if self.transpose {
            ImageShape { height: shape.width, width: shape.height, ..shape }
        } else {
            shape
        };
        Ok((count, shape, order))
    }
}

/// An own file: its name for messages, and its content.
struct Read {
    name: String,
    content: Vec<u8>,
}

impl Read {
    fn of(input: &Input) -> Result<(Self, String)> {
        let bytes = content::read(&input.path, MAX_CONTENT)?.ok_or_else(|| input.missing())?;
        let blake3 = hash::of_bytes(&bytes);
        let name = input.path.display().to_string();
        let content = content::unpack(bytes, MAX_CONTENT).map_err(|found| {
            Error::input(format!("cannot read `{name}`: it is damaged or too long"))
                .expected(format!("an IDX file of at most {MAX_CONTENT} bytes, plain or gzip"))
                .found(found.to_string())
        })?;
        Ok((Self { name, content }, blake3))
    }

    fn array(&self) -> Result<idx::Array<'_>> {
        idx::array(&self.content).map_err(|error| self.reading(error))
    }

    fn reading(&self, error: Error) -> Error {
        error.context(format!("cannot read `{}`", self.name))
    }

    /// A label an image: whole numbers of one dimension, or of two, of which the first column counts, as in QMNIST.
    fn labels(&self) -> Result<Vec<Option<i64>>> {
        let array = self.array()?;
        let row = match array.sizes.as_slice() {
            [_] => 1,
            &[_, columns @ (1 | 8)] => columns,
            sizes => {
                return Err(self.reading(
                    Error::input("this is no file of labels")
                        .expected("one dimension, or rows of 8 numbers as in QMNIST")
                        .found(format!(
                            "{} dimension(s): {}",
                            sizes.len(),
                            sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
                        ))
                        .hint("are images and labels swapped?"),
                ));
            }
        };
        let values = match array.numbers() {
            Numbers::Bytes(bytes) => {
                bytes.into_iter().step_by(row).map(|value| Some(i64::from(value))).collect()
            }
            Numbers::Whole(values) => {
                values.into_iter().step_by(row).map(|value| Some(value as i64)).collect()
            }
            _ => {
                return Err(self.reading(
                    Error::input("the labels are floating-point numbers")
                        .expected("whole numbers of any type"),
                ));
            }
        };
        Ok(values)
    }
}

impl ImageSource for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn value(&self) -> Value {
        common::value(self, &self.common)
    }

    fn inputs(&self, folders: Folders) -> Result<Vec<Input>> {
        Ok(self.inputs_of(folders).into())
    }

    /// By the header of the training images.
    fn image_shape(&self, config_folder: &Path) -> Result<ImageShape> {
        let [input, ..] = self.inputs_of(Folders { config: config_folder, data: Path::new("") });
        let start = content::read_start(&input.path, idx::HEADER)?.ok_or_else(|| input.missing())?;
        let shape = idx::array_header(&start).and_then(|(_, sizes, _)| self.layout(&sizes));
        let (_, shape, _) =
            shape.map_err(|error| error.context(format!("cannot read `{}`", input.path.display())))?;
        Ok(self.common.shape_of(shape))
    }

    fn load(&self, folders: Folders, cancel: Cancellation) -> Result<Images> {
        collect(self.open(folders, cancel)?, &self.common, cancel)
    }

    fn open(&self, folders: Folders, cancel: Cancellation) -> Result<Opened> {
        let inputs = self.inputs_of(folders);
        let mut files = Vec::new();
        let mut hashes = Vec::new();
        for (key, input) in KEYS.iter().zip(&inputs) {
            cancel.check()?;
            let (file, blake3) = Read::of(input)?;
            files.push(file);
            hashes.push(((*key).to_owned(), blake3));
        }
        let mut scale = Scale::with_capacity(0);
        let mut first: Option<ImageShape> = None;
        let mut arrays = Vec::new();
        let (mut labels, mut splits) = (Vec::new(), Vec::new());
        for (pair, split) in files.chunks_exact(2).zip([None, Some(Split::Test)]) {
            let (images, of_images) = (&pair[0], pair[1].labels()?);
            let array = images.array()?;
            let (count, shape, order) = self.layout(&array.sizes).map_err(|error| images.reading(error))?;
            if count != of_images.len() {
                return Err(Error::input(format!(
                    "cannot use `{}`: its images are not as many as its labels",
                    images.name
                ))
                .expected(format!("{} image(s), as `{}` has labels", of_images.len(), pair[1].name))
                .found(format!("{count} image(s)")));
            }
            let size = |shape: ImageShape| match shape.channels {
                1 => format!("images of {} x {} pixels", shape.height, shape.width),
                _ => format!("images of {} x {} pixels in colour", shape.height, shape.width),
            };
            let expected = *first.get_or_insert(shape);
            if shape != expected {
                return Err(Error::input(format!(
                    "cannot use `{}`: its images have another size",
                    images.name
                ))
                .expected(format!("{}, as in `{}`", size(expected), files[0].name))
                .found(size(shape)));
            }
            scale.add(&array.numbers(), shape.len(), &format!("`{}`", images.name))?;
            arrays.push((splits.len(), count, order));
            labels.extend(of_images);
            splits.extend(vec![split; count]);
        }
        let shape = first.expect("there are two files of images");
        let name = files[0].name.clone();
        let mut pixels = scale.finish(&format!("`{name}`"));
        for (start, count, order) in arrays {
            let images = &mut pixels[start * shape.len()..(start + count) * shape.len()];
            let stored = if self.transpose {
                ImageShape { height: shape.width, width: shape.height, ..shape }
            } else {
                shape
            };
            if order == Order::ChannelsFirst {
                let turned = channels_last(images, stored);
                images.copy_from_slice(&turned);
            }
            if self.transpose {
                images.chunks_exact_mut(shape.len()).for_each(|image| transpose(image, stored));
            }
        }
        Ok(Opened {
            count: splits.len(),
            items: Box::new(Arrays { name: name.clone(), shape, pixels, next: 0 }),
            name,
            labels: Some(LabelValues::Numbers(labels)),
            label_names: None,
            splits,
            hashes,
            hashed_key: None,
        })
    }
}

/// Swaps rows and columns of an image that is stored in this shape.
fn transpose(image: &mut [u8], stored: ImageShape) {
    let ImageShape { height, width, channels } = stored;
    let old = image.to_vec();
    for row in 0..height {
        for column in 0..width {
            let (from, to) = ((row * width + column) * channels, (column * height + row) * channels);
            image[to..to + channels].copy_from_slice(&old[from..from + channels]);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
