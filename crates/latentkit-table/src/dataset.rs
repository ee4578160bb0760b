//! `dataset.parquet`: every image with its label and split.

use std::ops::Range;
use std::path::Path;

use latentkit_core::{Cancellation, Error, ImageShape, Result};
use ndarray::Array2;

use crate::frame::{Blocks, Table, TableReader};
use crate::labels::Labels;
use crate::metadata::{Metadata, insert_shape};
use crate::split::Split;

/// Images of one shape, with labels where they have some. The id of an image is its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// The shape of each image.
    pub shape: ImageShape,
    /// Split of each image.
    pub splits: Vec<Split>,
    /// Label of each image.
    pub labels: Labels,
    /// Where each image was, for people; none where the images were not files of their own.
    pub paths: Option<Vec<String>>,
    /// Pixels of each image, one after the other, row by row; 0 is black, 255 white, and colours are red, green and blue.
    pub images: Vec<u8>,
}

impl Dataset {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.splits.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.splits.is_empty()
    }

    /// The pixels of image `id`.
    pub fn image(&self, id: usize) -> &[u8] {
        let length = self.shape.len();
        &self.images[id * length..(id + 1) * length]
    }

    /// The ids of the images of a split, ascending.
    pub fn ids(&self, split: Split) -> Vec<usize> {
        (0..self.len()).filter(|&id| self.splits[id] == split).collect()
    }

    /// Some rows of the table.
    fn rows(&self, ids: Range<usize>) -> Table {
        let images: Vec<_> = ids.clone().map(|id| self.image(id)).collect();
        let table = Table::new(ids.len())
            .u32("id", (ids.start as u32..ids.end as u32).collect())
            .text("split", self.splits[ids.clone()].iter().map(|split| split.name()))
            .labels(&self.labels, ids.clone());
        let table = match &self.paths {
            Some(paths) => table.text("path", paths[ids].iter().map(String::as_str)),
            None => table,
        };
        table.images("image", self.shape, &images)
    }
}

/// Pixels of a row group at most: so many are written, or read, before someone is asked whether to stop.
const GROUP: usize = 1 << 25;

/// Writes columns id u32, split, label i64 (a `ClassLabel` of Hugging Face's `datasets`), `label_name`, path, image (PNG), those
/// of labels and paths where the images have some; the shape and the names also as metadata. Ends with an error when the user
/// interrupts.
pub fn write_dataset(
    path: &Path,
    dataset: &Dataset,
    metadata: &Metadata,
    cancel: Cancellation,
) -> Result<()> {
    let mut metadata = metadata.clone();
    insert_shape(&mut metadata, dataset.shape);
    let names = serde_json::to_string(&dataset.labels.names).expect("names are JSON");
    metadata.insert("label_names".into(), names);
    let rows = (GROUP / dataset.shape.len()).max(1);
    let blocks = Blocks { count: dataset.len().div_ceil(rows).max(1), metadata: &metadata, cancel };
    blocks.write(path, |index| Ok(dataset.rows(index * rows..dataset.len().min((index + 1) * rows))))
}

/// Reads what [`write_dataset`] wrote. Ends with an error when the user interrupts.
///
/// # Errors
/// Of kind input when the file is missing, is no such table, or contradicts itself.
pub fn read_dataset(path: &Path, cancel: Cancellation) -> Result<Dataset> {
    let table = TableReader::open(path)?;
    let shape = table.image_shape()?;
    let label_names: Vec<String> = serde_json::from_str(&table.metadata("label_names")?)
        .map_err(|error| table.wrong(format!("the metadata `latentkit.label_names` is no list: {error}")))?;
    let images = table.images("image", shape, cancel)?;
    let labels = table.class_labels(label_names)?;
    let splits = table.splits("split")?;
    let paths = table.has("path").then(|| table.text("path")).transpose()?;
    count_ids(&table)?;
    if splits.is_empty() {
        return Err(Error::input(format!("`{}` holds no images", path.display())));
    }
    Ok(Dataset { shape, splits, labels, paths, images })
}

/// The shape of the images of what [`write_dataset`] wrote.
///
/// # Errors
/// Of kind input when the file is missing or is no such table.
pub fn read_image_shape(path: &Path) -> Result<ImageShape> {
    TableReader::open(path)?.image_shape()
}

/// How the images were brought to their shape, as ingest recorded it under `preparation`; none of an older dataset.
///
/// # Errors
/// Of kind input when the file is missing or is no such table.
pub fn read_preparation(path: &Path) -> Result<Option<String>> {
    Ok(TableReader::open(path)?.metadata("preparation").ok())
}

/// Some images of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The shape of each image.
    pub shape: ImageShape,
    /// Pixels of each image, row by row: [images, height * width * channels].
    pub pixels: Array2<u8>,
}

/// Reads the images of these ids only, in their order, from what [`write_dataset`] wrote. Memory is that of these images and
/// of a thousand others.
///
/// # Errors
/// Of kind input when the file is missing or is no such table, and when it has no image of some id.
pub fn read_images(path: &Path, ids: &[u32]) -> Result<Images> {
    let table = TableReader::open(path)?;
    let shape = table.image_shape()?;
    let count = count_ids(&table)?;
    if let Some(id) = ids.iter().find(|&&id| id as usize >= count) {
        return Err(table
            .wrong(format!("it has no image of id {id}"))
            .expected(format!("ids below {count}")));
    }
    let rows: Vec<_> = ids.iter().map(|&id| id as usize).collect();
    let pixels = table.images_of("image", shape, &rows)?;
    let pixels = Array2::from_shape_vec((ids.len(), shape.len()), pixels);
    Ok(Images { shape, pixels: pixels.expect("each image has all of its pixels") })
}

/// The number of images, whose ids must be the numbers of their rows.
fn count_ids(table: &TableReader) -> Result<usize> {
    let ids = table.u32("id")?;
    match ids.iter().enumerate().position(|(row, &id)| id as usize != row) {
        None => Ok(ids.len()),
        Some(row) => Err(table.wrong(format!("row {row} has id {}; the ids count from 0", ids[row]))),
    }
}
