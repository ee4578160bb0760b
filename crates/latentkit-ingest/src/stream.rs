//! Images for a model that has been trained: from a folder, files or a source, in the shape of the model, batch by batch.

use std::collections::VecDeque;
use std::io::Read;
use std::path::{Path, PathBuf};

use latentkit_core::{Cancellation, Error, Phase, Result};
use latentkit_table::Labels;
use toml::{Table, Value};

use crate::config::Source;
use crate::content;
use crate::decoding::{Decoded, Failures, decode_all};
use crate::items::{Content, Given, Item, Opened};
use crate::labelling::{Labelling, labels};
use crate::listing::Listing;
use crate::picture::{self, Picture, Wanted};
use crate::source::common::OnError;
use crate::source::definition::Folders;

/// Some images, in the order of their source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Number of each image in its source, counted from 0; those that were skipped have one too.
    pub ids: Vec<usize>,
    /// Where each image is, for people: a path, or a row of a file.
    pub paths: Vec<String>,
    /// Pixels of each image, one after the other, in the wanted shape.
    pub pixels: Vec<u8>,
}

impl Batch {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// Images in the shape of a model: an iterator over batches, decoded in parallel. Memory is that of a batch, and of a block of what
/// the source reads at a time: 256 pictures, or a row group; arrays and CSV files are read as a whole.
pub struct ImageStream<'a> {
    opened: Opened,
    wanted: Wanted,
    batch: usize,
    on_error: OnError,
    cancel: Cancellation<'a>,
    phase: Phase,
    /// The images that were decoded and not handed out, with their numbers.
    ready: VecDeque<(usize, String, Vec<u8>)>,
    /// Images of the source that were looked at.
    seen: usize,
    failures: Failures,
    is_over: bool,
}

impl<'a> ImageStream<'a> {
    /// The images of paths, one path after the other. A path is a folder of pictures, a picture, or a file of images: Parquet, .npy,
    /// .npz, CSV.
    ///
    /// # Errors
    /// Of kind input when one is none of these, or holds no images.
    pub fn of_paths(
        paths: &[PathBuf],
        wanted: Wanted,
        batch: usize,
        on_error: OnError,
        cancel: Cancellation<'a>,
    ) -> Result<Self> {
        let [one] = paths else {
            let mut items = Vec::new();
            for path in paths {
                items.extend(pictures_of(path, cancel)?);
            }
            return Ok(Self::new(
                given(format!("{} paths", paths.len()), items),
                wanted,
                batch,
                on_error,
                cancel,
            ));
        };
        let opened = match source_of(one)? {
            Some(source) => {
                source.get().open(Folders { config: Path::new(""), data: Path::new("") }, cancel)?
            }
            None => given(one.display().to_string(), pictures_of(one, cancel)?),
        };
        Ok(Self::new(opened, wanted, batch, on_error, cancel))
    }

    /// The images of a source of a config, whose own size and channels do not count. Relative paths start at the folder of the config.
    ///
    /// # Errors
    /// Of kind input when it cannot be read.
    pub fn of_source(
        source: &Source,
        config_folder: &Path,
        data_folder: &Path,
        wanted: Wanted,
        batch: usize,
        on_error: OnError,
        cancel: Cancellation<'a>,
    ) -> Result<Self> {
        let opened = source.get().open(Folders { config: config_folder, data: data_folder }, cancel)?;
        Ok(Self::new(opened, wanted, batch, on_error, cancel))
    }

    fn new(
        opened: Opened,
        wanted: Wanted,
        batch: usize,
        on_error: OnError,
        cancel: Cancellation<'a>,
    ) -> Self {
        let phase = Phase::new(tracing::info_span!("decoding", unit = "images"), opened.count);
        Self {
            opened,
            wanted,
            batch: batch.max(1),
            on_error,
            cancel,
            phase,
            ready: VecDeque::new(),
            seen: 0,
            failures: Failures::default(),
            is_over: false,
        }
    }

    /// Number of images, those that will be skipped included.
    pub fn total(&self) -> usize {
        self.opened.count
    }

    /// The label of each image of the source, where it has labels.
    ///
    /// # Errors
    /// Of kind input when one has no name.
    pub fn labels(&self) -> Result<Option<Labels>> {
        let Some(values) = &self.opened.labels else { return Ok(None) };
        let labelling =
            Labelling { names: &[], known: self.opened.label_names.clone(), source: &self.opened.name };
        let all: Vec<usize> = (0..self.opened.count).collect();
        labels(Some(values.clone()), &all, &labelling).map(Some)
    }

    /// Fails, or warns, when some images could not be read.
    fn report(&self, on_error: OnError) -> Result<()> {
        let found = self.failures.report(self.seen, &self.opened.name, on_error);
        found.map_err(|error| error.hint("`--skip-errors` leaves out what cannot be read"))
    }

    fn fill(&mut self) -> Result<()> {
        while self.ready.len() < self.batch && !self.is_over {
            let Some(block) = self.opened.items.next_block(self.cancel)? else {
                self.is_over = true;
                return self.report(self.on_error);
            };
            let first = self.seen;
            self.seen += block.len();
            let wanted = &self.wanted;
            let convert =
                |picture: Picture| Picture { shape: wanted.shape, pixels: picture.into_shape(wanted) };
            let decoded = decode_all(block, &wanted.opening(), &self.phase, self.cancel, convert)?;
            for (index, Decoded { path, name, picture, .. }) in decoded.into_iter().enumerate() {
                match picture {
                    Ok(picture) => {
                        self.ready.push_back((first + index, path.unwrap_or(name), picture.pixels));
                    }
                    Err(refused) => self.failures.add(name, refused),
                }
            }
            if self.on_error == OnError::Stop {
                self.report(OnError::Stop)?;
            }
        }
        Ok(())
    }
}

impl Iterator for ImageStream<'_> {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        if let Err(error) = self.fill() {
            self.is_over = true;
            self.ready.clear();
            return Some(Err(error));
        }
        let count = self.batch.min(self.ready.len());
        if count == 0 {
            return None;
        }
        let mut batch = Batch {
            ids: Vec::with_capacity(count),
            paths: Vec::with_capacity(count),
            pixels: Vec::with_capacity(count * self.wanted.shape.len()),
        };
        for (id, path, pixels) in self.ready.drain(..count) {
            batch.ids.push(id);
            batch.paths.push(path);
            batch.pixels.extend(pixels);
        }
        Some(Ok(batch))
    }
}

fn given(name: String, items: Vec<Item>) -> Opened {
    Opened {
        name,
        count: items.len(),
        splits: vec![None; items.len()],
        items: Box::new(Given(items.into_iter())),
        labels: None,
        label_names: None,
        hashes: Vec::new(),
        hashed_key: None,
    }
}

/// The pictures of a folder, or a picture.
fn pictures_of(path: &Path, cancel: Cancellation) -> Result<Vec<Item>> {
    if path.is_dir() {
        let listing = Listing::of(path, cancel)?;
        if listing.files.is_empty() {
            return Err(listing.empty(path));
        }
        if let Some(text) = listing.skipped_text() {
            tracing::info!("passing over files of `{}` that are no pictures: {text}", path.display());
        }
        let files = listing.files.into_iter();
        return Ok(files
            .map(|file| Item {
                name: file.shown.clone(),
                path: Some(file.shown),
                content: Content::File(file.path),
            })
            .collect());
    }
    if start_of(path)?.as_deref().is_none_or(|start| picture::format_name(start).is_none()) {
        return Err(unknown(path));
    }
    let name = path.display().to_string();
    Ok(vec![Item { path: Some(name.clone()), name, content: Content::File(path.to_owned()) }])
}

/// The source that a file is, which its first bytes tell, of CSV files their name; none of pictures and folders.
fn source_of(path: &Path) -> Result<Option<Source>> {
    if path.is_dir() {
        return Ok(None);
    }
    let Some(start) = start_of(path)? else {
        return Err(Error::input(format!("cannot find `{}`", path.display()))
            .hint("a folder of pictures, a picture, or a Parquet, .npy, .npz or CSV file can stand here"));
    };
    let is_csv = || {
        let is = |path: &Path, ending: &str| {
            path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
        };
        is(path, "csv") || (is(path, "gz") && is(Path::new(path.file_stem().unwrap_or_default()), "csv"))
    };
    let key = match start.as_slice() {
        [b'P', b'A', b'R', b'1', ..] => "parquet",
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => "npy-images",
        [b'P', b'K', ..] => "npz",
        start if picture::format_name(start).is_some() => return Ok(None),
        _ if is_csv() => "csv",
        _ => return Err(unknown(path)),
    };
    let absolute = std::path::absolute(path).map_err(|error| Error::from(error).into_input())?;
    let text = absolute
        .to_str()
        .ok_or_else(|| Error::input(format!("cannot use `{}`: its path is no UTF-8 text", path.display())))?;
    let table: Table = [(key.to_owned(), Value::from(text))].into_iter().collect();
    Source::of_table(table).map(Some).map_err(|error| Error::failed(error.message().to_owned()))
}

fn start_of(path: &Path) -> Result<Option<Vec<u8>>> {
    let Some(file) = content::open_file(path)? else { return Ok(None) };
    let mut start = Vec::new();
    file.take(16).read_to_end(&mut start).map_err(content::unreadable)?;
    Ok(Some(start))
}

fn unknown(path: &Path) -> Error {
    Error::input(format!("cannot use `{}`", path.display()))
        .expected("a folder of pictures, a PNG, JPEG, WebP, TIFF, BMP or GIF picture, or a Parquet, .npy, .npz or CSV file")
        .found(if path.exists() { "a file of another kind" } else { "nothing" })
}

#[cfg(test)]
mod tests;
