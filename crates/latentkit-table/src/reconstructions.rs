//! `reconstructions.parquet`: some images beside what the auto-encoder makes of them.

use std::path::Path;

use latentkit_core::{Cancellation, Result};
use serde::{Deserialize, Serialize};

use crate::frame::{Table, TableReader};
use crate::metadata::Metadata;
use crate::picture::ImageShape;

/// Why an image is in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReconstructionKind {
    /// The first test image of its label.
    Example,
    /// Among the test images of least binary cross-entropy.
    Best,
    /// Among the test images of most binary cross-entropy.
    Worst,
}

impl ReconstructionKind {
    const ALL: [Self; 3] = [Self::Example, Self::Best, Self::Worst];

    /// `example`, `best` or `worst`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Example => "example",
            Self::Best => "best",
            Self::Worst => "worst",
        }
    }
}

/// An image and its reconstruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconstruction {
    /// Id of the image.
    pub id: u32,
    /// Why it is here.
    pub kind: ReconstructionKind,
    /// Its label.
    pub label: u8,
    /// Name of its label.
    pub label_name: String,
    /// Mean binary cross-entropy per pixel, in nats.
    pub bce: f32,
    /// Pixels, row by row.
    pub image: Vec<u8>,
    /// Pixels of the reconstruction, rounded to 0 .. 255.
    pub reconstruction: Vec<u8>,
}

/// Some images of one size and their reconstructions.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconstructions {
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// The images.
    pub rows: Vec<Reconstruction>,
}

/// Writes columns id u32, kind, label u8, `label_name`, bce f32, image and reconstruction (PNG).
pub fn write_reconstructions(path: &Path, table: &Reconstructions, metadata: &Metadata) -> Result<()> {
    let rows = &table.rows;
    let mut metadata = metadata.clone();
    metadata.insert("height".into(), table.height.to_string());
    metadata.insert("width".into(), table.width.to_string());
    let shape = ImageShape::grey(table.height, table.width);
    let images = |of: fn(&Reconstruction) -> &[u8]| rows.iter().map(of).collect::<Vec<_>>();
    Table::new(rows.len())
        .u32("id", rows.iter().map(|row| row.id).collect())
        .text("kind", rows.iter().map(|row| row.kind.name()))
        .u8("label", rows.iter().map(|row| row.label).collect())
        .text("label_name", rows.iter().map(|row| row.label_name.as_str()))
        .f32("bce", rows.iter().map(|row| row.bce).collect())
        .images("image", shape, &images(|row| &row.image))
        .images("reconstruction", shape, &images(|row| &row.reconstruction))
        .write(path, &metadata)
}

/// Reads what [`write_reconstructions`] wrote.
pub fn read_reconstructions(path: &Path) -> Result<Reconstructions> {
    let table = TableReader::open(path)?;
    let (height, width) = (table.pixels("height")?, table.pixels("width")?);
    let (ids, labels, bce) = (table.u32("id")?, table.u8("label")?, table.f32("bce")?);
    let (kinds, names) = (table.text("kind")?, table.text("label_name")?);
    let images = |name| table.images(name, ImageShape::grey(height, width), Cancellation::never());
    let (images, decoded) = (images("image")?, images("reconstruction")?);
    let rows = images
        .chunks_exact(height * width)
        .zip(decoded.chunks_exact(height * width))
        .enumerate()
        .map(|(row, (image, reconstruction))| {
            let kind = ReconstructionKind::ALL
                .into_iter()
                .find(|kind| kind.name() == kinds[row])
                .ok_or_else(|| table.wrong(format!("row {row} has the unknown kind `{}`", kinds[row])))?;
            Ok(Reconstruction {
                id: ids[row],
                kind,
                label: labels[row],
                label_name: names[row].clone(),
                bce: bce[row],
                image: image.to_vec(),
                reconstruction: reconstruction.to_vec(),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Reconstructions { height, width, rows })
}
