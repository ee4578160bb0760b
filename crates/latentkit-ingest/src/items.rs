//! Images of a source before they are decoded, in blocks.

use std::path::PathBuf;

use latentkit_core::{Cancellation, ImageShape, Result};
use latentkit_table::{LabelValues, Split};

use crate::picture::Picture;

/// Images of a block at most, but those of a row group of Parquet.
pub(crate) const BLOCK: usize = 256;

/// An image.
#[derive(Debug)]
pub(crate) struct Item {
    /// What messages call it.
    pub(crate) name: String,
    /// Where it is, for people, where it is a file of its own.
    pub(crate) path: Option<String>,
    pub(crate) content: Content,
}

/// What is known of its pixels.
#[derive(Debug)]
pub(crate) enum Content {
    /// A file that holds a picture.
    File(PathBuf),
    /// A picture.
    Encoded(Vec<u8>),
    /// The pixels themselves.
    Pixels(Picture),
    /// Nothing, for this reason.
    Missing(String),
}

/// Images in their order, block by block.
pub(crate) trait Items: Send {
    /// The next images; none after the last.
    fn next_block(&mut self, cancel: Cancellation) -> Result<Option<Vec<Item>>>;
}

/// A source that is open.
pub(crate) struct Opened {
    /// What messages call it, such as its path.
    pub(crate) name: String,
    /// Number of images.
    pub(crate) count: usize,
    pub(crate) items: Box<dyn Items>,
    /// Label of each image, where there are any.
    pub(crate) labels: Option<LabelValues>,
    /// Names of label 0, 1, ... where the labels are numbers and the source knows their names.
    pub(crate) label_names: Option<Vec<String>>,
    /// What each image is for; none where the shares of the config decide.
    pub(crate) splits: Vec<Option<Split>>,
    /// The hash of each file, by the key of the config that names it.
    pub(crate) hashes: Vec<(String, String)>,
    /// The key whose files are the images themselves, which are hashed when they are read.
    pub(crate) hashed_key: Option<&'static str>,
}

/// Pixels of images of one shape as items.
pub(crate) struct Arrays {
    pub(crate) name: String,
    pub(crate) shape: ImageShape,
    pub(crate) pixels: Vec<u8>,
    pub(crate) next: usize,
}

impl Items for Arrays {
    fn next_block(&mut self, cancel: Cancellation) -> Result<Option<Vec<Item>>> {
        cancel.check()?;
        let (length, first) = (self.shape.len(), self.next);
        let images: Vec<_> = self.pixels[first * length..].chunks_exact(length).take(BLOCK).collect();
        self.next += images.len();
        let item = |(index, pixels): (usize, &[u8])| Item {
            name: format!("image {} of `{}`", first + index, self.name),
            path: None,
            content: Content::Pixels(Picture { shape: self.shape, pixels: pixels.to_vec() }),
        };
        Ok((!images.is_empty()).then(|| images.into_iter().enumerate().map(item).collect()))
    }
}

/// Items that are given.
pub(crate) struct Given(pub(crate) std::vec::IntoIter<Item>);

impl Items for Given {
    fn next_block(&mut self, cancel: Cancellation) -> Result<Option<Vec<Item>>> {
        cancel.check()?;
        let block: Vec<_> = self.0.by_ref().take(BLOCK).collect();
        Ok((!block.is_empty()).then_some(block))
    }
}
