//! Data sets that are published as four IDX files, known by their checksums: looked for on the disk, else downloaded.

use std::collections::BTreeMap;
use std::path::Path;

use latentkit_core::{Cancellation, Error, ErrorKind, ImageShape, Result};

use crate::checksum::Pinned;
use crate::content;
use crate::download::{Client, NO_ROOM, download};
use crate::pair::{self, Pair};
use crate::source::definition::{Folders, ImageSource, Images, Input};

/// A data set that is known by name.
#[derive(Debug)]
pub(crate) struct Published {
    /// Its name in the config, and of the folder of its files.
    pub(crate) name: &'static str,
    /// Images and labels to train on.
    pub(crate) train: [Pinned; 2],
    /// Images and labels to test on.
    pub(crate) test: [Pinned; 2],
    /// Addresses that the name of a packed file completes, the first to try first.
    pub(crate) mirrors: [&'static str; 2],
    /// Name of label 0, 1, ...
    pub(crate) label_names: [&'static str; 10],
}

// Names and lengths are those of MNIST, which Fashion-MNIST took over.
pub(crate) const TRAIN_IMAGES: Pinned =
    Pinned { name: "train-images-idx3-ubyte", bytes: 47_040_016, sha256: "" };
pub(crate) const TRAIN_LABELS: Pinned = Pinned { name: "train-labels-idx1-ubyte", bytes: 60_008, sha256: "" };
pub(crate) const TEST_IMAGES: Pinned =
    Pinned { name: "t10k-images-idx3-ubyte", bytes: 7_840_016, sha256: "" };
pub(crate) const TEST_LABELS: Pinned = Pinned { name: "t10k-labels-idx1-ubyte", bytes: 10_008, sha256: "" };

/// Rows, and columns, of the images of such data sets.
pub(crate) const SIDE: usize = 28;

impl Published {
    /// Where to look for the packed file.
    fn urls(&self, file: &Pinned) -> Vec<String> {
        self.mirrors.iter().map(|mirror| format!("{mirror}{}", file.packed())).collect()
    }
}

impl ImageSource for Published {
    fn name(&self) -> &'static str {
        self.name
    }

    fn inputs(&self, _: Folders) -> Result<Vec<Input>> {
        Ok(Vec::new())
    }

    fn image_shape(&self, _: &Path) -> Result<ImageShape> {
        Ok(ImageShape::grey(SIDE, SIDE))
    }

    fn load(&self, folders: Folders, cancel: Cancellation) -> Result<Images> {
        let (folder, client) = (folders.data.join("raw").join(self.name), Client::default());
        let read = |[images, labels]: &[Pinned; 2]| -> Result<Pair> {
            let obtain = |file: &Pinned| obtain(file, &self.urls(file), self.name, &folder, &client, cancel);
            Ok(Pair {
                images_name: images.name.to_owned(),
                images: obtain(images)?,
                labels_name: labels.name.to_owned(),
                labels: obtain(labels)?,
            })
        };
        let (train, test) = (read(&self.train)?, read(&self.test)?);
        let label_names = self.label_names.map(str::to_owned).into();
        pair::join(&train, &test, label_names, "sha256", hashes(self.train.iter().chain(&self.test)))
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
pub(crate) fn open(file: &Pinned, bytes: Vec<u8>, path: &Path, hint: &str) -> Result<Vec<u8>> {
    file.open(bytes).map_err(|found| {
        Error::input(format!("cannot use `{}`: it is not the published file", path.display()))
            .expected(file.expected())
            .found(found.to_string())
            .hint(hint)
    })
}

/// The hashes of the files, by name.
pub(crate) fn hashes<'a>(files: impl IntoIterator<Item = &'a Pinned>) -> BTreeMap<String, String> {
    files.into_iter().map(|file| (file.name.to_owned(), file.sha256.to_owned())).collect()
}

#[cfg(test)]
mod tests;
