//! `reconstructions.parquet`: some images beside what the auto-encoder makes of them.

use std::path::Path;

use latentkit_core::{Cancellation, ImageShape, Result};
use serde::{Deserialize, Serialize};

use crate::frame::{Table, TableReader};
use crate::metadata::{Metadata, insert_shape};

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
    /// Its label, if it has one.
    pub label: Option<u32>,
    /// Name of its label.
    pub label_name: Option<String>,
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
    /// The shape of each image.
    pub shape: ImageShape,
    /// The images.
    pub rows: Vec<Reconstruction>,
}

/// Writes columns id u32, kind, label u32, `label_name`, bce f32, image and reconstruction (PNG).
pub fn write_reconstructions(path: &Path, table: &Reconstructions, metadata: &Metadata) -> Result<()> {
    let rows = &table.rows;
    let mut metadata = metadata.clone();
    insert_shape(&mut metadata, table.shape);
    let shape = table.shape;
    let images = |of: fn(&Reconstruction) -> &[u8]| rows.iter().map(of).collect::<Vec<_>>();
    Table::new(rows.len())
        .u32("id", rows.iter().map(|row| row.id).collect())
        .text("kind", rows.iter().map(|row| row.kind.name()))
        .u32_or_null("label", rows.iter().map(|row| row.label).collect())
        .text_or_null("label_name", rows.iter().map(|row| row.label_name.as_deref()))
        .f32("bce", rows.iter().map(|row| row.bce).collect())
        .images("image", shape, &images(|row| &row.image))
        .images("reconstruction", shape, &images(|row| &row.reconstruction))
        .write(path, &metadata)
}

/// Reads what [`write_reconstructions`] wrote.
pub fn read_reconstructions(path: &Path) -> Result<Reconstructions> {
    let table = TableReader::open(path)?;
    let shape = table.image_shape()?;
    let (ids, labels, bce) = (table.u32("id")?, table.u32_or_null("label")?, table.f32("bce")?);
    let (kinds, names) = (table.text("kind")?, table.text_or_null("label_name")?);
    let images = |name| table.images(name, shape, Cancellation::never());
    let (images, decoded) = (images("image")?, images("reconstruction")?);
    let rows = images
        .chunks_exact(shape.len())
        .zip(decoded.chunks_exact(shape.len()))
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
    Ok(Reconstructions { shape, rows })
}
