//! What the nearest neighbours of the points say of them, whatever the clusters are: whether they have the same label,
//! whether their images are neighbours too, and how many points are equal.

mod duplicates;
mod index;
mod labels;
mod narrow;
mod nearest;
mod preservation;
mod search;
mod space;
#[cfg(test)]
mod tests;
mod wide;

use std::path::Path;
use std::time::Instant;

use latentkit_core::layout::NEIGHBOURS;
use latentkit_core::rng::generator;
use latentkit_core::summary::{LabelAgreement, NeighbourFigure, NeighbourSummary, Preservation};
use latentkit_core::{Cancellation, Error, Result};
use latentkit_table::{Labels, Metadata, read_images, write_neighbours};
use ndarray::{Axis, CowArray, Ix2};

pub use index::{NeighbourIndex, nearest_neighbours};
pub use preservation::preservation;

use crate::criterion::choose;
use crate::scaling::Embeddings;
use duplicates::Groups;

/// Numbers of neighbours that are looked at, ascending.
const KS: [usize; 4] = [1, 5, 10, 20];

/// Points whose neighbours' labels are looked at where there are too many for all of them: enough for a standard error of 0.007
/// at most.
const LABEL_SAMPLE: usize = 5000;

/// Images at most that are ranked among each other: each takes a sort of all.
const IMAGE_SAMPLE: usize = 2000;

/// Name of the random streams that draw the samples.
const PURPOSE: &str = "neighbours";

/// Looks at the neighbours of the points, those with labels at all of them up to `exact` points; `images` is the table of the images that the points are the latents of, where
/// they are of images. Warns when many points are equal.
///
/// # Errors
/// Of kind input when the table of images is missing or wrong, or has no image of some point; and when the user interrupts.
pub(crate) fn survey(
    embeddings: &Embeddings,
    images: Option<&Path>,
    exact: usize,
    seed: u32,
    cancel: Cancellation,
) -> Result<NeighbourSummary> {
    let count = embeddings.points.values.nrows();
    let (mut label_sample, mut of_labels) = (0, [None; KS.len()]);
    let labelled = embeddings.labels.as_ref().map(|labels| Labelled::of(embeddings, labels));
    if let Some(labelled) = &labelled {
        let start = Instant::now();
        (label_sample, of_labels) = label_figures(labelled, exact, seed, cancel)?;
        let seconds = start.elapsed().as_secs_f64();
        tracing::info!("neighbours of {label_sample} points in {seconds:.2} s");
    }
    let (mut image_sample, mut of_images) = (0, [None; KS.len()]);
    if let Some(images) = images {
        let start = Instant::now();
        (image_sample, of_images) = image_figures(embeddings, images, seed, cancel)?;
        let seconds = start.elapsed().as_secs_f64();
        tracing::info!("neighbours of {image_sample} images in {seconds:.2} s");
    }
    let groups = Groups::of(embeddings.points.values.view(), cancel)?;
    let (duplicates, largest_group) = (groups.duplicates(), groups.largest());
    let figures = KS.into_iter().zip(of_labels).zip(of_images);
    let summary = NeighbourSummary {
        label_sample,
        image_sample,
        chance: labelled.as_ref().map(|labelled| labels::chance(&labelled.labels)),
        figures: figures
            .map(|((k, labels), images)| NeighbourFigure { k, labels, images })
            .filter(|figure| figure.labels.is_some() || figure.images.is_some())
            .collect(),
        duplicates,
        largest_group,
    };
    if summary.many_twins(count) {
        tracing::warn!(
            "{duplicates} of the {count} points are equal to another one, up to {largest_group} to each other: distances and \
             silhouettes say little there (of latents, that they have collapsed)"
        );
    }
    Ok(summary)
}

/// Writes the figures into `folder`, where there are any.
pub(crate) fn write(folder: &Path, summary: &NeighbourSummary, metadata: &Metadata) -> Result<()> {
    if summary.figures.is_empty() {
        return Ok(());
    }
    let mut metadata = metadata.clone();
    metadata.insert("label_sample".into(), summary.label_sample.to_string());
    metadata.insert("image_sample".into(), summary.image_sample.to_string());
    if let Some(chance) = summary.chance {
        metadata.insert("label_chance".into(), chance.to_string());
    }
    write_neighbours(&folder.join(NEIGHBOURS), &summary.figures, &metadata)
}

/// `size` of the points drawn at random, ascending, or all of them; other ones for another `index`.
fn sample(count: usize, size: usize, seed: u32, index: u64) -> Vec<usize> {
    let chosen = choose(&mut generator(u64::from(seed), PURPOSE, index), count, size);
    chosen.into_iter().map(|point| point as usize).collect()
}

/// The points that have a label.
struct Labelled<'a> {
    points: CowArray<'a, f32, Ix2>, // [n, dimensions]
    labels: Vec<u32>,
}

impl<'a> Labelled<'a> {
    fn of(embeddings: &'a Embeddings, labels: &Labels) -> Self {
        let known = labels.codes.iter().enumerate().filter_map(|(row, label)| Some((row, (*label)?)));
        let (rows, labels): (Vec<usize>, Vec<u32>) = known.unzip();
        let points = if rows.len() == embeddings.points.values.nrows() {
            embeddings.points.values.view().into()
        } else {
            embeddings.points.values.select(Axis(0), &rows).into()
        };
        Self { points, labels }
    }
}

/// How the labels of neighbours agree, for each of [`KS`] below the number of points that have one, and the number of points
/// looked at.
fn label_figures(
    labelled: &Labelled,
    exact: usize,
    seed: u32,
    cancel: Cancellation,
) -> Result<(usize, [Option<LabelAgreement>; KS.len()])> {
    let count = labelled.labels.len();
    let queries = sample(count, if count > exact { LABEL_SAMPLE } else { count }, seed, 0);
    let Some(&most) = KS.iter().rfind(|&&k| k < count) else { return Ok((0, [None; KS.len()])) };
    let found = nearest_neighbours(labelled.points.view(), &queries, most, cancel)?;
    let figures =
        KS.map(|k| (k < count).then(|| labels::agreement(found.view(), &queries, &labelled.labels, k)));
    Ok((queries.len(), figures))
}

/// How the neighbours of images are kept, for each of [`KS`] below half of the number of images looked at, and that number.
fn image_figures(
    embeddings: &Embeddings,
    images: &Path,
    seed: u32,
    cancel: Cancellation,
) -> Result<(usize, [Option<Preservation>; KS.len()])> {
    let count = embeddings.points.values.nrows();
    let chosen = sample(count, IMAGE_SAMPLE, seed, 1);
    let ids = embeddings.ids.numbers().ok_or_else(|| Error::failed("images have numbers as ids"))?;
    let ids: Vec<u32> = chosen.iter().map(|&point| ids[point]).collect();
    let images = images.to_owned();
    let images = cancel.wait_for(move || read_images(&images, &ids))??.pixels;
    let points = embeddings.points.values.select(Axis(0), &chosen);
    let ks: Vec<usize> = KS.into_iter().filter(|k| 2 * k < chosen.len()).collect();
    let mut found = preservation(images.view(), points.view(), &ks, cancel)?.into_iter();
    Ok((chosen.len(), KS.map(|_| found.next())))
}
