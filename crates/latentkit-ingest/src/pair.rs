//! Images and their labels in two IDX files.

use std::collections::BTreeMap;

use latentkit_core::{Error, Result};
use latentkit_table::{Labels, Split};

use crate::idx;
use crate::source::definition::Images;

/// Images and their labels: the names of the files, for errors, and their contents.
pub(crate) struct Pair {
    pub(crate) images_name: String,
    pub(crate) images: Vec<u8>,
    pub(crate) labels_name: String,
    pub(crate) labels: Vec<u8>,
}

impl Pair {
    /// Reads both files.
    pub(crate) fn parse(&self) -> Result<(idx::Images<'_>, &[u8])> {
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

/// Training images, then test images. Labels without names are named by their numbers.
pub(crate) fn join(
    train: &Pair,
    test: &Pair,
    mut label_names: Vec<String>,
    algorithm: &'static str,
    hashes: BTreeMap<String, String>,
) -> Result<Images> {
    let ((train_images, train_labels), (test_images, test_labels)) = (train.parse()?, test.parse()?);
    let size =
        |images: &idx::Images| format!("images of {} x {} pixels", images.shape.height, images.shape.width);
    if train_images.shape != test_images.shape {
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
    Ok(Images {
        shape: train_images.shape,
        labels: Labels::complete(labels.into_iter().map(u32::from), label_names),
        paths: None,
        pixels: [train_images.pixels, test_images.pixels].concat(),
        splits: train_then_test(train_images.count, test_images.count),
        algorithm,
        hashes,
    })
}

/// Training images, of which the config sets some aside for validation, and test images after them.
pub(crate) fn train_then_test(train: usize, test: usize) -> Vec<Option<Split>> {
    [vec![None; train], vec![Some(Split::Test); test]].concat()
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
