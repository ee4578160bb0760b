//! The 10 000 MNIST test digits that come with the project: 8 000 to train, 2 000 to test.

use std::path::Path;

use latentkit_core::{Cancellation, ImageShape, Result};

use latentkit_table::Labels;

use super::definition::{Folders, ImageSource, Images, Input};
use super::mnist::MNIST;
use crate::checksum::Pinned;
use crate::content;
use crate::pair::{Pair, train_then_test};
use crate::published::{SIDE, hashes, open};

/// The bundled digits.
#[derive(Debug)]
pub(super) struct Sample;

/// How many of the images are training images; the others are test images.
const TRAIN: usize = 8_000;

/// A file that comes with the project.
fn bundled(file: &Pinned, folders: Folders) -> Input {
    Input {
        path: folders.data.join("sample").join(file.packed()),
        name: format!("sample/{}", file.packed()),
        hint: "it comes with the project: `git checkout data/sample` restores it; `--data DIR` names another data \
               folder"
            .to_owned(),
        members: None,
    }
}

impl ImageSource for Sample {
    fn name(&self) -> &'static str {
        "sample"
    }

    fn inputs(&self, folders: Folders) -> Result<Vec<Input>> {
        Ok(MNIST.test.iter().map(|file| bundled(file, folders)).collect())
    }

    fn image_shape(&self, _: &Path) -> Result<ImageShape> {
        Ok(ImageShape::grey(SIDE, SIDE))
    }

    fn load(&self, folders: Folders, cancel: Cancellation) -> Result<Images> {
        let read = |file: &Pinned| -> Result<(String, Vec<u8>)> {
            cancel.check()?;
            let input = bundled(file, folders);
            let bytes = content::read(&input.path, file.bytes)?.ok_or_else(|| input.missing())?;
            Ok((input.path.display().to_string(), open(file, bytes, &input.path, &input.hint)?))
        };
        let (images_name, images) = read(&MNIST.test[0])?;
        let (labels_name, labels) = read(&MNIST.test[1])?;
        let pair = Pair { images_name, images, labels_name, labels };
        let (images, labels) = pair.parse()?;
        Ok(Images {
            shape: images.shape,
            labels: Labels::complete(
                labels.iter().copied().map(u32::from),
                MNIST.label_names.map(str::to_owned).into(),
            ),
            paths: None,
            pixels: images.pixels.to_vec(),
            splits: train_then_test(TRAIN, images.count - TRAIN),
            algorithm: "sha256",
            hashes: hashes(&MNIST.test),
        })
    }
}
