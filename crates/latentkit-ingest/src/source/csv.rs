//! Images as rows of numbers in CSV files, as Kaggle publishes them: `label,pixel0,pixel1,...`.
//!
//! The values are from 0 to 255, or from 0 to 1 where none is greater.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use latentkit_core::hash::FileRecord;
use latentkit_core::{Cancellation, Error, ImageShape, Result};
use latentkit_table::{LabelValues, Numbers, Split};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::common::{self, Common, MAX_SIDE, Size};
use super::definition::{Folders, ImageSource, Images, Input};
use super::parquet::check_shape;
use crate::collect::collect;
use crate::csv::{Csv as Rows, split};
use crate::items::{Arrays, Opened};
use crate::scale::Scale;

/// The key that tells this table from others.
pub(super) const KEYS: &[&str] = &["csv"];
const OWN: &[&str] = &["csv", "test-csv", "shape"];

/// What a column of labels is called, in small letters.
const LABELS: [&str; 6] = ["label", "labels", "class", "target", "y", "digit"];

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    csv: PathBuf,
    /// Images to test on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_csv: Option<PathBuf>,
    /// Height and width, and the channels where there are three; without it images are square.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shape: Option<Vec<usize>>,
}

/// The files and what becomes of their images.
#[derive(Clone, Debug)]
pub(crate) struct Csv {
    keys: Keys,
    common: Common,
}

/// Reads the table that names the files.
pub(super) fn read(table: Table) -> std::result::Result<Arc<dyn ImageSource>, toml::de::Error> {
    let (keys, common): (Keys, _) = common::read(table, OWN)?;
    if let Some(shape) = &keys.shape {
        check_shape(shape).map_err(serde::de::Error::custom)?;
    }
    Ok(Arc::new(Csv { keys, common }))
}

/// Which columns hold what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    count: usize,
    label: Option<usize>,
    shape: ImageShape,
}

impl Csv {
    fn inputs_of(&self, folders: Folders) -> Vec<(&'static str, Input)> {
        let test = self.keys.test_csv.as_ref().map(|path| ("test-csv", path));
        let files = [("csv", &self.keys.csv)].into_iter().chain(test);
        files.map(|(key, path)| (key, Input::of_key(key, path, folders))).collect()
    }

    /// What the first row tells, and whether it is a header.
    fn columns(&self, first: &[String], name: &str) -> Result<(Columns, bool)> {
        let words = first.iter().filter(|value| value.parse::<f64>().is_err()).count();
        let is_header = words > 1;
        let count = first.len();
        let label = if is_header {
            let named = |value: &String| LABELS.contains(&value.to_lowercase().as_str());
            match first.iter().position(named) {
                // Of columns of other names the first is that of labels where the others make an image and all do not.
                None if self.shape(count).is_none() && self.shape(count - 1).is_some() => Some(0),
                found => found,
            }
        } else if words == 1 {
            first.iter().position(|value| value.parse::<f64>().is_err())
        } else if self.shape(count).is_none() {
            Some(0)
        } else {
            None
        };
        let pixels = count - usize::from(label.is_some());
        let shape = self.shape(pixels).ok_or_else(|| {
            Error::input(format!("cannot use `{name}`: nothing says what shape the images have"))
                .expected("a square number of pixels, or `shape = [height, width]` in `dataset.source`")
                .found(format!(
                    "{count} columns{}",
                    if label.is_some() { ", one of them of labels" } else { "" }
                ))
        })?;
        Ok((Columns { count, label, shape }, is_header))
    }

    /// The shape of images of so many values: as the config says, or square.
    fn shape(&self, values: usize) -> Option<ImageShape> {
        if let Some(shape) = &self.keys.shape {
            return check_shape(shape).ok().filter(|shape| shape.len() == values);
        }
        let shapes = [1, 3].map(|channels| {
            let side = ((values / channels) as f64).sqrt().round() as usize;
            ImageShape { height: side, width: side, channels }
        });
        let sized = match self.common.size {
            Size::Pixels([height, width]) => [1, 3].map(|channels| ImageShape { height, width, channels }),
            Size::AsIs => shapes,
        };
        let mut all = sized.into_iter().chain(shapes);
        all.find(|shape| shape.len() == values && values > 0 && shape.height.max(shape.width) <= MAX_SIDE)
    }
}

/// What the files hold.
struct Loaded {
    columns: Columns,
    scale: Scale,
    labels: Vec<Option<String>>,
    splits: Vec<Option<Split>>,
}

impl ImageSource for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn value(&self) -> Value {
        common::value(&self.keys, &self.common)
    }

    fn inputs(&self, folders: Folders) -> Result<Vec<Input>> {
        Ok(self.inputs_of(folders).into_iter().map(|(_, input)| input).collect())
    }

    /// By the first row.
    fn image_shape(&self, config_folder: &Path) -> Result<ImageShape> {
        let inputs = self.inputs_of(Folders { config: config_folder, data: Path::new("") });
        let mut rows = open(&inputs[0].1)?;
        let first = rows.next_row()?.ok_or_else(|| empty(&inputs[0].1))?;
        Ok(self.common.shape_of(self.columns(&first.values, rows.name())?.0.shape))
    }

    fn load(&self, folders: Folders, cancel: Cancellation) -> Result<Images> {
        collect(self.open(folders, cancel)?, &self.common, cancel)
    }

    fn open(&self, folders: Folders, cancel: Cancellation) -> Result<Opened> {
        let inputs = self.inputs_of(folders);
        let mut loaded: Option<Loaded> = None;
        let mut hashes = Vec::new();
        for (key, input) in &inputs {
            let split = (*key == "test-csv").then_some(Split::Test);
            self.read_file(input, split, &mut loaded, cancel)?;
            hashes.push((
                (*key).to_owned(),
                FileRecord::of(&input.path, "").map_err(Error::into_input)?.blake3,
            ));
        }
        let Loaded { columns, scale, labels, splits } = loaded.ok_or_else(|| empty(&inputs[0].1))?;
        let name = inputs[0].1.path.display().to_string();
        let numbers: Option<Vec<Option<i64>>> = labels
            .iter()
            .map(|label| {
                label.as_ref().map(|label| label.parse().ok()).map_or(Some(None), |number| number.map(Some))
            })
            .collect();
        let labels = match numbers {
            _ if labels.iter().all(Option::is_none) => None,
            Some(numbers) => Some(LabelValues::Numbers(numbers)),
            None => Some(LabelValues::Texts(labels)),
        };
        Ok(Opened {
            count: splits.len(),
            items: Box::new(Arrays {
                name: name.clone(),
                shape: columns.shape,
                pixels: scale.finish(&format!("`{name}`")),
                next: 0,
            }),
            name,
            labels,
            label_names: None,
            splits,
            hashes,
            hashed_key: None,
        })
    }
}

fn open(input: &Input) -> Result<Rows> {
    if !input.path.try_exists().map_err(|error| input.unreadable(error))? {
        return Err(input.missing());
    }
    Rows::open(&input.path)
}

fn empty(input: &Input) -> Error {
    Error::input(format!("`{}` holds no images", input.path.display())).expected("rows of a label and pixels")
}

impl Csv {
    /// Appends the images of a file.
    fn read_file(
        &self,
        input: &Input,
        split: Option<Split>,
        loaded: &mut Option<Loaded>,
        cancel: Cancellation,
    ) -> Result<()> {
        let mut rows = open(input)?;
        let name = rows.name().to_owned();
        let called = format!("`{name}`");
        let separator = rows.separator();
        let first = rows.next_row()?.ok_or_else(|| empty(input))?;
        let (columns, is_header) = self.columns(&first.values, &name)?;
        let loaded = loaded.get_or_insert_with(|| Loaded {
            columns,
            scale: Scale::with_capacity(0),
            labels: Vec::new(),
            splits: Vec::new(),
        });
        if columns.shape != loaded.columns.shape {
            return Err(Error::input(format!("cannot use `{name}`: its images have another shape"))
                .expected(format!("{}, as in the first file", loaded.columns.shape))
                .found(columns.shape.to_string()));
        }
        let mut values = vec![0.0; columns.shape.len()];
        let mut add = |line: usize, row: &mut dyn Iterator<Item = &str>| -> Result<()> {
            let (mut place, mut count, mut label) = (0, 0, None);
            for (column, text) in row.enumerate() {
                count += 1;
                if Some(column) == columns.label {
                    label = Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
                } else if let Some(value) = values.get_mut(place) {
                    *value = number(text).ok_or_else(|| {
                        Error::input(format!(
                            "cannot use `{name}`: line {line}, column {} is no number",
                            column + 1
                        ))
                        .found(format!("`{text}`"))
                    })?;
                    place += 1;
                }
            }
            if count != columns.count {
                return Err(Error::input(format!(
                    "cannot use `{name}`: line {line} has another number of columns"
                ))
                .expected(columns.count.to_string())
                .found(count.to_string()));
            }
            loaded.labels.push(label);
            loaded.splits.push(split);
            loaded.scale.add(&Numbers::Floats(std::mem::take(&mut values)), columns.shape.len(), &called)?;
            values = vec![0.0; columns.shape.len()];
            Ok(())
        };
        let mut count = 0_usize;
        if !is_header {
            add(first.line, &mut first.values.iter().map(String::as_str))?;
            count += 1;
        }
        while let Some((line, text)) = rows.next_text()? {
            if count.is_multiple_of(256) {
                cancel.check()?;
            }
            count += 1;
            if text.contains('"') {
                add(line, &mut split_quoted(text, separator).iter().map(String::as_str))?;
            } else {
                add(line, &mut text.split(separator))?;
            }
        }
        if count == 0 { Err(empty(input).found("a header alone")) } else { Ok(()) }
    }
}

fn split_quoted(text: &str, separator: char) -> Vec<String> {
    split(text, separator as u8)
}

/// A number; those of pixels are mostly whole and short.
fn number(text: &str) -> Option<f64> {
    let bytes = text.trim_ascii().as_bytes();
    if (1..=3).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit) {
        return Some(f64::from(
            bytes.iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0')),
        ));
    }
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests;
