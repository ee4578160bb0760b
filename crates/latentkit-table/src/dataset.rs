//! `dataset.parquet`: every image with its label and split.

use std::ops::Range;
use std::path::Path;

use latentkit_core::{Cancellation, Error, Result};
use ndarray::Array2;

use crate::frame::{Blocks, Table, TableReader};
use crate::metadata::Metadata;
use crate::picture::ImageShape;
use crate::split::Split;

/// Grey images of one size with labels. The id of an image is its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Name of label 0, 1, ...
    pub label_names: Vec<String>,
    /// Split of each image.
    pub splits: Vec<Split>,
    /// Label of each image, an index into `label_names`.
    pub labels: Vec<u8>,
    /// Pixels of each image, one after the other, row by row; 0 is black, 255 white.
    pub images: Vec<u8>,
}

impl Dataset {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Pixels of an image.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// The pixels of image `id`.
    pub fn image(&self, id: usize) -> &[u8] {
        &self.images[id * self.pixels()..(id + 1) * self.pixels()]
    }

    /// The ids of the images of a split, ascending.
    pub fn ids(&self, split: Split) -> Vec<usize> {
        (0..self.len()).filter(|&id| self.splits[id] == split).collect()
    }

    /// Some rows of the table.
    fn rows(&self, ids: Range<usize>) -> Table {
        let labels = &self.labels[ids.clone()];
        let images: Vec<_> = ids.clone().map(|id| self.image(id)).collect();
        Table::new(ids.len())
            .u32("id", (ids.start as u32..ids.end as u32).collect())
            .text("split", self.splits[ids].iter().map(|split| split.name()))
            .classes("label", labels, &self.label_names)
            .text("label_name", labels.iter().map(|&label| self.label_names[label as usize].as_str()))
            .images("image", ImageShape::grey(self.height, self.width), &images)
    }
}

/// Pixels of a row group at most: so many are written, or read, before someone is asked whether to stop.
const GROUP: usize = 1 << 25;

/// Writes columns id u32, split, label i64 (a `ClassLabel` of Hugging Face's `datasets`), `label_name`, image (PNG); the size
/// and the names also as metadata. Ends with an error when the user interrupts.
pub fn write_dataset(
    path: &Path,
    dataset: &Dataset,
    metadata: &Metadata,
    cancel: Cancellation,
) -> Result<()> {
    let mut metadata = metadata.clone();
    metadata.insert("height".into(), dataset.height.to_string());
    metadata.insert("width".into(), dataset.width.to_string());
    let names = serde_json::to_string(&dataset.label_names).expect("names are JSON");
    metadata.insert("label_names".into(), names);
    let rows = (GROUP / dataset.pixels()).max(1);
    let blocks = Blocks { count: dataset.len().div_ceil(rows).max(1), metadata: &metadata, cancel };
    blocks.write(path, |index| Ok(dataset.rows(index * rows..dataset.len().min((index + 1) * rows))))
}

/// Reads what [`write_dataset`] wrote. Ends with an error when the user interrupts.
///
/// # Errors
/// Of kind input when the file is missing, is no such table, or contradicts itself.
pub fn read_dataset(path: &Path, cancel: Cancellation) -> Result<Dataset> {
    let table = TableReader::open(path)?;
    let (height, width) = (table.pixels("height")?, table.pixels("width")?);
    let label_names: Vec<String> = serde_json::from_str(&table.metadata("label_names")?)
        .map_err(|error| table.wrong(format!("the metadata `latentkit.label_names` is no list: {error}")))?;
    let images = table.images("image", ImageShape::grey(height, width), cancel)?;
    let labels = table.classes("label", label_names.len())?;
    let splits = table.splits("split")?;
    count_ids(&table)?;
    if labels.is_empty() {
        return Err(Error::input(format!("`{}` holds no images", path.display())));
    }
    Ok(Dataset { height, width, label_names, splits, labels, images })
}

/// Height and width of the images of what [`write_dataset`] wrote.
///
/// # Errors
/// Of kind input when the file is missing or is no such table.
pub fn read_image_size(path: &Path) -> Result<(usize, usize)> {
    let table = TableReader::open(path)?;
    Ok((table.pixels("height")?, table.pixels("width")?))
}

/// Some images of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Pixels of each image, row by row: [images, height * width].
    pub pixels: Array2<u8>,
}

/// Reads the images of these ids only, in their order, from what [`write_dataset`] wrote. Memory is that of these images and
/// of a thousand others.
///
/// # Errors
/// Of kind input when the file is missing or is no such table, and when it has no image of some id.
pub fn read_images(path: &Path, ids: &[u32]) -> Result<Images> {
    let table = TableReader::open(path)?;
    let (height, width) = (table.pixels("height")?, table.pixels("width")?);
    let count = count_ids(&table)?;
    if let Some(id) = ids.iter().find(|&&id| id as usize >= count) {
        return Err(table
            .wrong(format!("it has no image of id {id}"))
            .expected(format!("ids below {count}")));
    }
    let rows: Vec<_> = ids.iter().map(|&id| id as usize).collect();
    let pixels = table.images_of("image", ImageShape::grey(height, width), &rows)?;
    let pixels = Array2::from_shape_vec((ids.len(), height * width), pixels);
    Ok(Images { height, width, pixels: pixels.expect("each image has all of its pixels") })
}

/// The number of images, whose ids must be the numbers of their rows.
fn count_ids(table: &TableReader) -> Result<usize> {
    let ids = table.u32("id")?;
    match ids.iter().enumerate().position(|(row, &id)| id as usize != row) {
        None => Ok(ids.len()),
        Some(row) => Err(table.wrong(format!("row {row} has id {}; the ids count from 0", ids[row]))),
    }
}
