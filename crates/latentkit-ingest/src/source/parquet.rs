//! Images in Parquet files: Hugging Face's pictures, plain columns of files of pictures, or lists of the values of pixels.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use latentkit_core::hash::FileRecord;
use latentkit_core::{Cancellation, Error, ImageShape, Result};
use latentkit_table::{ImageCells, ImageTable, LabelValues, Split};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::common::{self, Common, MAX_SIDE};
use super::definition::{Folders, ImageSource, Images, Input};
use crate::collect::{collect, preview};
use crate::items::{Arrays, Content, Item, Items, Opened};
use crate::scale::Scale;

/// The key that tells this table from others.
pub(super) const KEYS: &[&str] = &["parquet"];
const OWN: &[&str] = &["parquet", "image-column", "label-column", "split-column", "shape"];

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    /// A file, a folder of files, or a pattern.
    parquet: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image_column: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label_column: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    split_column: Option<String>,
    /// Height and width, and the channels where there are three, of lists of values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shape: Option<Vec<usize>>,
}

/// The files and what becomes of their images.
#[derive(Clone, Debug)]
pub(crate) struct Parquet {
    keys: Keys,
    common: Common,
}

/// Reads the table that names the files.
pub(super) fn read(table: Table) -> std::result::Result<Arc<dyn ImageSource>, toml::de::Error> {
    let (keys, common): (Keys, _) = common::read(table, OWN)?;
    if let Some(shape) = &keys.shape {
        check_shape(shape).map_err(serde::de::Error::custom)?;
    }
    Ok(Arc::new(Parquet { keys, common }))
}

/// A shape of images as a config writes it.
pub(super) fn check_shape(shape: &[usize]) -> std::result::Result<ImageShape, String> {
    let wrong =
        || format!("expected `shape = [height, width]` or `[height, width, 3]`, sides from 1 to {MAX_SIDE}");
    let (height, width, channels) = match *shape {
        [height, width] => (height, width, 1),
        [height, width, channels @ (1 | 3)] => (height, width, channels),
        _ => return Err(wrong()),
    };
    if (1..=MAX_SIDE).contains(&height) && (1..=MAX_SIDE).contains(&width) {
        Ok(ImageShape { height, width, channels })
    } else {
        Err(wrong())
    }
}

impl Parquet {
    /// The files, in the order of their names.
    fn paths(&self, folders: Folders) -> Result<Vec<PathBuf>> {
        let input = Input::of_key("parquet", &self.keys.parquet, folders);
        let mut paths: Vec<PathBuf> = if input.path.is_dir() {
            let mut paths = Vec::new();
            for entry in fs_err::read_dir(&input.path).map_err(|error| Error::from(error).into_input())? {
                let path = entry.map_err(|error| Error::from(error).into_input())?.path();
                if path.is_file()
                    && path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"))
                {
                    paths.push(path);
                }
            }
            paths
        } else if input.path.exists() {
            vec![input.path.clone()]
        } else {
            let pattern = input.path.to_str().unwrap_or_default();
            let found = glob::glob(pattern).map(|found| found.filter_map(std::result::Result::ok).collect());
            found.unwrap_or_default()
        };
        paths.sort();
        if paths.is_empty() {
            return Err(if input.path.is_dir() {
                Error::input(format!("`{}` holds no Parquet files", input.path.display()))
                    .expected("files whose names end in `.parquet`")
            } else {
                input.missing()
            });
        }
        Ok(paths)
    }

    fn tables(&self, paths: &[PathBuf]) -> Result<Vec<ImageTable>> {
        paths.iter().map(|path| ImageTable::open(path, self.keys.image_column.as_deref())).collect()
    }

    /// The labels of all tables, and the names that the first knows.
    fn labels(&self, tables: &[ImageTable]) -> Result<(Option<LabelValues>, Option<Vec<String>>)> {
        let split: Vec<&str> = self.keys.split_column.as_deref().into_iter().collect();
        let (mut all, mut names): (Option<LabelValues>, _) = (None, None);
        let Some(column) = tables[0].label_column(self.keys.label_column.as_deref(), &split)? else {
            return Ok((None, None));
        };
        for table in tables {
            let (labels, known) = table.labels(&column)?;
            match &mut all {
                None => (all, names) = (Some(labels), known),
                Some(all) => {
                    if !all.append(labels) {
                        return Err(table.wrong(format!(
                            "its column `{column}` has another type than in the file before"
                        )));
                    }
                }
            }
        }
        Ok((all, names))
    }

    /// What each image is for, where a column says so or the names of the files do, as Hugging Face's.
    fn splits(&self, tables: &[ImageTable], paths: &[PathBuf]) -> Result<Vec<Option<Split>>> {
        let Some(column) = &self.keys.split_column else {
            let of_files: Vec<Option<Named>> = paths.iter().map(|path| Named::of_file(path)).collect();
            let is_split = of_files.iter().all(Option::is_some) && of_files.contains(&Some(Named::Train));
            let split = |named: &Option<Named>| match named {
                Some(Named::Other(split)) if is_split => Some(*split),
                _ => None,
            };
            let splits = tables.iter().zip(&of_files);
            return Ok(splits.flat_map(|(table, named)| vec![split(named); table.height()]).collect());
        };
        let mut splits = Vec::new();
        for table in tables {
            for (row, text) in table.texts(column)?.into_iter().enumerate() {
                splits.push(match text.as_deref().map(Named::of_text) {
                    None | Some(Some(Named::Train)) => None,
                    Some(Some(Named::Other(split))) => Some(split),
                    Some(None) => {
                        return Err(table
                            .wrong(format!("column `{column}`, row {row} (counted from 0) names no split"))
                            .expected("`train`, `validation` or `test`")
                            .found(format!("`{}`", text.unwrap_or_default())));
                    }
                });
            }
        }
        Ok(splits)
    }
}

/// A split as files and columns name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Train,
    Other(Split),
}

impl Named {
    fn of_text(text: &str) -> Option<Self> {
        match text.to_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "validation" | "valid" | "val" | "dev" => Some(Self::Other(Split::Validation)),
            "test" | "testing" => Some(Self::Other(Split::Test)),
            _ => None,
        }
    }

    /// As in `train-00000-of-00002.parquet` and `train/0000.parquet`.
    fn of_file(path: &Path) -> Option<Self> {
        let stem = path.file_stem()?.to_str()?;
        let folder = || path.parent()?.file_name()?.to_str();
        Self::of_text(stem.split(['-', '.', '_']).next()?).or_else(|| Self::of_text(folder()?))
    }
}

impl ImageSource for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn value(&self) -> Value {
        common::value(&self.keys, &self.common)
    }

    fn inputs(&self, folders: Folders) -> Result<Vec<Input>> {
        let relative =
            |path: PathBuf| path.strip_prefix(folders.config).map(Path::to_path_buf).unwrap_or(path);
        Ok(self
            .paths(folders)?
            .into_iter()
            .map(|path| Input::of_key("parquet", &relative(path), folders))
            .collect())
    }

    /// By the first images.
    fn image_shape(&self, config_folder: &Path) -> Result<ImageShape> {
        if let Some(shape) = self.common.shape() {
            return Ok(shape);
        }
        let folders = Folders { config: config_folder, data: Path::new("") };
        let paths = self.paths(folders)?;
        let tables = self.tables(&paths[..1])?;
        let shape = self.keys.shape.as_deref();
        preview(
            opened(&self.keys.parquet, tables, &paths[..1], shape, Cancellation::never())?,
            &self.common,
            Cancellation::never(),
        )
    }

    fn load(&self, folders: Folders, cancel: Cancellation) -> Result<Images> {
        collect(self.open(folders, cancel)?, &self.common, cancel)
    }

    fn open(&self, folders: Folders, cancel: Cancellation) -> Result<Opened> {
        let paths = self.paths(folders)?;
        let tables = self.tables(&paths)?;
        let (labels, label_names) = self.labels(&tables)?;
        let splits = self.splits(&tables, &paths)?;
        let mut hashes = Vec::new();
        for input in self.inputs(folders)? {
            cancel.check()?;
            hashes.push((input.name, FileRecord::of(&input.path, "").map_err(Error::into_input)?.blake3));
        }
        let opened = opened(&self.keys.parquet, tables, &paths, self.keys.shape.as_deref(), cancel)?;
        Ok(Opened { labels, label_names, splits, hashes, ..opened })
    }
}

/// The images of tables, without labels and splits.
fn opened(
    name: &Path,
    tables: Vec<ImageTable>,
    paths: &[PathBuf],
    shape: Option<&[usize]>,
    cancel: Cancellation,
) -> Result<Opened> {
    let count = tables.iter().map(ImageTable::height).sum();
    if count == 0 {
        return Err(Error::input(format!("`{}` holds no images", name.display())).found("no rows"));
    }
    let name = name.display().to_string();
    let items: Box<dyn Items> = if tables.iter().all(ImageTable::holds_files) {
        let groups = tables.iter().map(|table| table.groups().into()).collect();
        Box::new(Pictures { tables, paths: paths.to_vec(), groups, at: 0 })
    } else {
        Box::new(values(&name, &tables, shape, count, cancel)?)
    };
    Ok(Opened {
        name,
        count,
        items,
        labels: None,
        label_names: None,
        splits: vec![None; count],
        hashes: Vec::new(),
        hashed_key: None,
    })
}

/// Files of pictures, row group by row group.
struct Pictures {
    tables: Vec<ImageTable>,
    paths: Vec<PathBuf>,
    /// The row groups of each table that are still to be read.
    groups: Vec<VecDeque<(usize, usize)>>,
    at: usize,
}

impl Items for Pictures {
    fn next_block(&mut self, cancel: Cancellation) -> Result<Option<Vec<Item>>> {
        let (first, rows) = loop {
            let Some(groups) = self.groups.get_mut(self.at) else { return Ok(None) };
            match groups.pop_front() {
                Some(group) => break group,
                None => self.at += 1,
            }
        };
        let table = &self.tables[self.at];
        let file = self.paths[self.at].file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut items = Vec::with_capacity(rows);
        table.read(first, rows, cancel, |cells| {
            let ImageCells::Files(files) = cells else { return Err(table.wrong("its column of images changed")) };
            for picture in files {
                let row = first + items.len();
                let content = match (picture.bytes, &picture.path) {
                    (Some(bytes), _) => Content::Encoded(bytes),
                    (None, Some(path)) => Content::Missing(format!(
                        "only the path `{path}`, not the picture; `datasets` puts it into the file with `Dataset.to_parquet`"
                    )),
                    (None, None) => Content::Missing("null".to_owned()),
                };
                let name = format!("{file}, row {row}{}", picture.path.as_ref().map_or(String::new(), |path| format!(" ({path})")));
                items.push(Item { name, path: picture.path, content });
            }
            Ok(())
        })?;
        Ok(Some(items))
    }
}

/// Lists of the values of pixels.
fn values(
    name: &str,
    tables: &[ImageTable],
    shape: Option<&[usize]>,
    count: usize,
    cancel: Cancellation,
) -> Result<Arrays> {
    let mut given = shape.map(check_shape).transpose().map_err(Error::input)?;
    let mut scale: Option<Scale> = None;
    let mut order = None;
    for table in tables {
        let called = format!("column `{}` of `{name}`", table.column());
        for (first, rows) in table.groups() {
            table.read(first, rows, cancel, |cells| {
                let ImageCells::Values { width, lengths, values } = cells else {
                    return Err(table.wrong("some of the files hold pictures and some the values of pixels"));
                };
                if given.is_none() {
                    let (shape, found) = shape_of(&lengths).ok_or_else(|| {
                        table
                            .wrong(format!(
                                "nothing says what shape the images in column `{}` have",
                                table.column()
                            ))
                            .expected("`shape = [height, width]` or `[height, width, 3]` in `dataset.source`")
                            .found(format!("lists of {width} values"))
                    })?;
                    (given, order) = (Some(shape), Some(found));
                }
                let shape = given.expect("it was given or found");
                if shape.len() != width {
                    return Err(table
                        .wrong(format!("the images in column `{}` have another shape", table.column()))
                        .expected(format!("{} values, a {shape} image", shape.len()))
                        .found(format!("{width} values")));
                }
                if scale.is_none() {
                    common::check_memory(count, shape)?;
                }
                scale.get_or_insert_with(|| Scale::with_capacity(count * width)).add(&values, width, &called)
            })?;
        }
    }
    let shape = given.ok_or_else(|| Error::input(format!("`{name}` holds no images")))?;
    let mut pixels = scale.unwrap_or_default().finish(&format!("`{name}`"));
    if order == Some(Order::ChannelsFirst) {
        pixels = channels_last(&pixels, shape);
    }
    Ok(Arrays { name: name.to_owned(), shape, pixels, next: 0 })
}

/// The order of the axes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    ChannelsLast,
    ChannelsFirst,
}

/// The shape of images whose axes have these lengths, and their order; none where there are too few, or it could be either.
pub(super) fn shape_of(lengths: &[usize]) -> Option<(ImageShape, Order)> {
    let shape = |height, width, channels, order| Some((ImageShape { height, width, channels }, order));
    match *lengths {
        [height, width] => shape(height, width, 1, Order::ChannelsLast),
        [height, width, channels @ (1 | 3)] if !matches!(height, 1 | 3) => {
            shape(height, width, channels, Order::ChannelsLast)
        }
        [channels @ (1 | 3), height, width] if !matches!(width, 1 | 3) => {
            shape(height, width, channels, Order::ChannelsFirst)
        }
        _ => None,
    }
    .filter(|(shape, _)| (1..=MAX_SIDE).contains(&shape.height) && (1..=MAX_SIDE).contains(&shape.width))
}

/// Images whose channels are their first axis, with the values of each pixel side by side.
pub(super) fn channels_last(pixels: &[u8], shape: ImageShape) -> Vec<u8> {
    if shape.channels == 1 {
        return pixels.to_vec();
    }
    let plane = shape.height * shape.width;
    let images = pixels.chunks_exact(shape.len());
    images
        .flat_map(|image| (0..plane).flat_map(|at| [image[at], image[plane + at], image[2 * plane + at]]))
        .collect()
}

#[cfg(test)]
mod tests;
