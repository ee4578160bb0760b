//! `centroids.parquet` and `centroid_images.parquet`: the centre of each cluster, and what the decoder makes of it.

use std::path::Path;

use latentkit_core::{Cancellation, ImageShape, Result};
use ndarray::Array2;

use crate::frame::{Table, TableReader};
use crate::metadata::{Metadata, insert_shape};

/// The centroids of every k: the rows of one k follow those of the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct Centroids {
    /// Number of clusters.
    pub k: Vec<u32>,
    /// Cluster, 0 to k - 1.
    pub clusters: Vec<u32>,
    /// Centroids, one a row, in the space of the points.
    pub values: Array2<f64>,
}

impl Centroids {
    /// The centroids of one k, one a row, in the order of the clusters.
    pub fn of(&self, k: u32) -> Array2<f64> {
        let rows: Vec<usize> = (0..self.k.len()).filter(|&row| self.k[row] == k).collect();
        self.values.select(ndarray::Axis(0), &rows)
    }
}

/// Writes columns k u32, cluster u32, z0 .. z{d-1} f64.
pub fn write_centroids(path: &Path, centroids: &Centroids, metadata: &Metadata) -> Result<()> {
    let mut table = Table::new(centroids.k.len())
        .u32("k", centroids.k.clone())
        .u32("cluster", centroids.clusters.clone());
    for (index, column) in centroids.values.columns().into_iter().enumerate() {
        table = table.f64(&format!("z{index}"), column.to_vec());
    }
    table.write(path, metadata)
}

/// Reads what [`write_centroids`] wrote.
pub fn read_centroids(path: &Path) -> Result<Centroids> {
    let table = TableReader::open(path)?;
    let (k, clusters) = (table.u32("k")?, table.u32("cluster")?);
    let columns = (0..)
        .map(|index| format!("z{index}"))
        .take_while(|name| table.has(name))
        .map(|name| table.f64(&name))
        .collect::<Result<Vec<_>>>()?;
    let values = Array2::from_shape_fn((k.len(), columns.len()), |(row, column)| columns[column][row]);
    Ok(Centroids { k, clusters, values })
}

/// The decoded centroids of the chosen k.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CentroidImages {
    /// The shape of each image.
    pub shape: ImageShape,
    /// Pixels of each cluster's image, row by row, in the order of the clusters.
    pub images: Vec<Vec<u8>>,
}

/// Writes columns cluster u32, image (PNG).
pub fn write_centroid_images(path: &Path, table: &CentroidImages, metadata: &Metadata) -> Result<()> {
    let mut metadata = metadata.clone();
    insert_shape(&mut metadata, table.shape);
    let images: Vec<_> = table.images.iter().map(Vec::as_slice).collect();
    Table::new(table.images.len())
        .u32("cluster", (0..table.images.len() as u32).collect())
        .images("image", table.shape, &images)
        .write(path, &metadata)
}

/// Reads what [`write_centroid_images`] wrote.
pub fn read_centroid_images(path: &Path) -> Result<CentroidImages> {
    let table = TableReader::open(path)?;
    let shape = table.image_shape()?;
    let pixels = table.images("image", shape, Cancellation::never())?;
    let images = pixels.chunks_exact(shape.len()).map(<[u8]>::to_vec).collect();
    Ok(CentroidImages { shape, images })
}
