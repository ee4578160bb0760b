//! From a source in the config to images and labels in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Files, NamedSource, Source};
use latentkit_core::{Cancellation, Error, ErrorKind, Result, hash};

use crate::checksum::Pinned;
use crate::content;
use crate::download::{Client, NO_ROOM, download};
use crate::idx;
use crate::named::{Published, SAMPLE_TRAIN, SIDE};

/// Content of an own file at most, in bytes, so that a gzip file cannot fill the memory.
const MAX_CONTENT: u64 = 1 << 30;

/// All images of a source.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Name of the source, or `files`.
    pub(crate) source: &'static str,
    /// Rows of an image.
    pub(crate) height: usize,
    /// Columns of an image.
    pub(crate) width: usize,
    /// Name of label 0, 1, ...
    pub(crate) label_names: Vec<String>,
    /// Label of each image.
    pub(crate) labels: Vec<u8>,
    /// Pixels of each image, one after the other.
    pub(crate) images: Vec<u8>,
    /// How many of the images, from the first one on, are training images; the others are test images.
    pub(crate) train: usize,
    /// How the files were hashed: `sha256` of the content of published ones, `blake3` of own ones as they are.
    pub(crate) algorithm: &'static str,
    /// The hash of each file, by name.
    pub(crate) hashes: BTreeMap<String, String>,
}

/// A file that must exist before the stage runs.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its name for the manifest.
    pub(crate) name: String,
    /// What to do when it is missing.
    hint: String,
}

impl Input {
    /// The error that says that the file does not exist.
    pub(crate) fn missing(&self) -> Error {
        Error::input(format!("cannot find `{}`", self.path.display())).hint(self.hint.as_str())
    }

    /// The error that says that the file cannot be reached.
    pub(crate) fn unreadable(&self, error: io::Error) -> Error {
        content::unreadable(error).context(format!("cannot read `{}`", self.path.display()))
    }
}

/// The files of a source that must exist before the stage runs, in the order in which they are read.
pub(crate) fn inputs(source: &Source, config_folder: &Path, data_folder: &Path) -> Vec<Input> {
    match source {
        Source::Named(NamedSource::Mnist | NamedSource::FashionMnist) => Vec::new(),
        Source::Named(NamedSource::Sample) => {
            let files = Published::of(NamedSource::Sample).test;
            files.iter().map(|file| bundled(file, data_folder)).collect()
        }
        Source::Files(files) => own(files).map(|(key, path)| own_input(key, path, config_folder)).into(),
    }
}

/// The four own files with their keys in the config.
fn own(files: &Files) -> [(&'static str, &Path); 4] {
    [
        ("train-images", &files.train_images),
        ("train-labels", &files.train_labels),
        ("test-images", &files.test_images),
        ("test-labels", &files.test_labels),
    ]
}

fn own_input(key: &str, path: &Path, config_folder: &Path) -> Input {
    Input {
        path: config_folder.join(path),
        name: path.display().to_string(),
        hint: format!(
            "`dataset.source.{key}` names it; a relative path there starts at the folder of the config"
        ),
    }
}

/// A file that comes with the project.
fn bundled(file: &Pinned, data_folder: &Path) -> Input {
    Input {
        path: data_folder.join("sample").join(file.packed()),
        name: format!("sample/{}", file.packed()),
        hint: "it comes with the project: `git checkout data/sample` restores it; `--data DIR` names another data \
               folder"
            .to_owned(),
    }
}

/// Rows and columns of the images of a source: of own files by the header of the training images, of others as is known.
pub(crate) fn image_size(source: &Source, config_folder: &Path) -> Result<(usize, usize)> {
    let Source::Files(files) = source else { return Ok((SIDE, SIDE)) };
    let [(key, path), ..] = own(files);
    let input = own_input(key, path, config_folder);
    let start = content::read_start(&input.path, idx::IMAGES_HEADER)?.ok_or_else(|| input.missing())?;
    idx::image_size(&start).map_err(|error| error.context(format!("cannot read `{}`", input.path.display())))
}

/// Reads a source, downloading what is published and absent.
pub(crate) fn load(
    source: &Source,
    config_folder: &Path,
    data_folder: &Path,
    cancel: Cancellation,
) -> Result<Loaded> {
    match source {
        Source::Named(NamedSource::Sample) => load_sample(data_folder, cancel),
        Source::Named(named) => {
            load_published(*named, &data_folder.join("raw").join(named.name()), &Client::default(), cancel)
        }
        Source::Files(files) => load_own(files, config_folder, cancel),
    }
}

/// Images and their labels: the names of the files, for errors, and their contents.
struct Pair {
    images_name: String,
    images: Vec<u8>,
    labels_name: String,
    labels: Vec<u8>,
}

impl Pair {
    /// Reads both files.
    fn parse(&self) -> Result<(idx::Images<'_>, &[u8])> {
        let reading = |name: &str| format!("cannot read `{name}`");
        let images = idx::images(&self.images).map_err(|error| error.context(reading(&self.images_name)))?;
        let labels = idx::labels(&self.labels).map_err(|error| error.context(reading(&self.labels_name)))?;
        if images.count != labels.len() {
            return Err(Error::input(format!(
                "cannot use `{}`: its images are not as many as its labels",
                self.images_name
            ))
            .expected(format!("{} image(s), as `{}` has labels", labels.len(), self.labels_name))
            .found(format!("{} image(s)", images.count)));
        }
        Ok((images, labels))
    }
}

fn load_sample(data_folder: &Path, cancel: Cancellation) -> Result<Loaded> {
    let published = Published::of(NamedSource::Sample);
    let read = |file: &Pinned| -> Result<(String, Vec<u8>)> {
        cancel.check()?;
        let input = bundled(file, data_folder);
        let bytes = content::read(&input.path, file.bytes)?.ok_or_else(|| input.missing())?;
        Ok((input.path.display().to_string(), open(file, bytes, &input.path, &input.hint)?))
    };
    let (images_name, images) = read(&published.test[0])?;
    let (labels_name, labels) = read(&published.test[1])?;
    let pair = Pair { images_name, images, labels_name, labels };
    let (images, labels) = pair.parse()?;
    Ok(Loaded {
        source: NamedSource::Sample.name(),
        height: images.height,
        width: images.width,
        label_names: published.label_names.map(str::to_owned).into(),
        labels: labels.to_vec(),
        images: images.pixels.to_vec(),
        train: SAMPLE_TRAIN,
        algorithm: "sha256",
        hashes: pinned_hashes(&published.test),
    })
}

fn load_published(
    source: NamedSource,
    folder: &Path,
    client: &Client,
    cancel: Cancellation,
) -> Result<Loaded> {
    let published = Published::of(source);
    let read = |[images, labels]: &[Pinned; 2]| -> Result<Pair> {
        let obtain =
            |file: &Pinned| obtain(file, &published.urls(file), source.name(), folder, client, cancel);
        Ok(Pair {
            images_name: images.name.to_owned(),
            images: obtain(images)?,
            labels_name: labels.name.to_owned(),
            labels: obtain(labels)?,
        })
    };
    let (train, test) = (read(&published.train)?, read(&published.test)?);
    let label_names = published.label_names.map(str::to_owned).into();
    let mut loaded = join(&train, &test, label_names)?;
    loaded.source = source.name();
    loaded.algorithm = "sha256";
    loaded.hashes = pinned_hashes(published.train.iter().chain(&published.test));
    Ok(loaded)
}

fn load_own(files: &Files, config_folder: &Path, cancel: Cancellation) -> Result<Loaded> {
    let mut hashes = BTreeMap::new();
    let mut read = |(key, path): (&str, &Path)| -> Result<(String, Vec<u8>)> {
        cancel.check()?;
        let input = own_input(key, path, config_folder);
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
    let [train_images, train_labels, test_images, test_labels] = own(files);
    let mut pair = |images, labels| -> Result<Pair> {
        let (images_name, images) = read(images)?;
        let (labels_name, labels) = read(labels)?;
        Ok(Pair { images_name, images, labels_name, labels })
    };
    let (train, test) = (pair(train_images, train_labels)?, pair(test_images, test_labels)?);
    let mut loaded = join(&train, &test, files.label_names.clone())?;
    loaded.hashes = hashes;
    Ok(loaded)
}

/// Training images, then test images. Labels without names are named by their numbers.
fn join(train: &Pair, test: &Pair, mut label_names: Vec<String>) -> Result<Loaded> {
    let ((train_images, train_labels), (test_images, test_labels)) = (train.parse()?, test.parse()?);
    let size = |images: &idx::Images| format!("images of {} x {} pixels", images.height, images.width);
    if size(&train_images) != size(&test_images) {
        return Err(Error::input(format!("cannot use `{}`: its images have another size", test.images_name))
            .expected(format!("{}, as in `{}`", size(&train_images), train.images_name))
            .found(size(&test_images)));
    }
    let labels = [train_labels, test_labels].concat();
    if label_names.is_empty() {
        let max = labels.iter().copied().max().unwrap_or(0);
        label_names = (0..=max).map(|label| label.to_string()).collect();
    }
    for (pair, labels) in [(train, train_labels), (test, test_labels)] {
        check_labels(&pair.labels_name, labels, label_names.len())?;
    }
    Ok(Loaded {
        source: "files",
        height: train_images.height,
        width: train_images.width,
        label_names,
        labels,
        images: [train_images.pixels, test_images.pixels].concat(),
        train: train_images.count,
        algorithm: "blake3",
        hashes: BTreeMap::new(),
    })
}

/// Checks that each label has a name.
fn check_labels(file: &str, labels: &[u8], names: usize) -> Result<()> {
    match labels.iter().position(|&label| usize::from(label) >= names) {
        None => Ok(()),
        Some(at) => Err(Error::input(format!("cannot read `{file}`: a label has no name"))
            .expected(format!("labels 0 to {}, for there are {names} label names", names - 1))
            .found(format!("label `{}` at index {at}", labels[at]))
            .hint("add its name to `dataset.source.label-names`, or leave the names out to use the numbers")),
    }
}

/// Reads a published file from the folder, where it lies plain or packed, or downloads it.
fn obtain(
    file: &Pinned,
    urls: &[String],
    source: &str,
    folder: &Path,
    client: &Client,
    cancel: Cancellation,
) -> Result<Vec<u8>> {
    cancel.check()?;
    let packed = folder.join(file.packed());
    for path in [&folder.join(file.name), &packed] {
        if let Some(bytes) = content::read(path, file.bytes)? {
            let hint = format!("delete `{}`; the next run downloads it again", path.display());
            return open(file, bytes, path, &hint);
        }
    }
    fs_err::create_dir_all(folder).map_err(|error| Error::from(error).hint(NO_ROOM))?;
    download(file, urls, &packed, client, cancel).map_err(|error| match error.kind() {
        ErrorKind::Input => error.hint(format!(
            "run `scripts/fetch-data.sh {source}`, or put `{}` or `{}` into `{}` by hand",
            file.packed(),
            file.name,
            folder.display()
        )),
        _ => error,
    })
}

/// The content of a published file that lies on the disk.
fn open(file: &Pinned, bytes: Vec<u8>, path: &Path, hint: &str) -> Result<Vec<u8>> {
    file.open(bytes).map_err(|found| {
        Error::input(format!("cannot use `{}`: it is not the published file", path.display()))
            .expected(file.expected())
            .found(found.to_string())
            .hint(hint)
    })
}

fn pinned_hashes<'a>(files: impl IntoIterator<Item = &'a Pinned>) -> BTreeMap<String, String> {
    files.into_iter().map(|file| (file.name.to_owned(), file.sha256.to_owned())).collect()
}

#[cfg(test)]
pub(crate) mod tests;
