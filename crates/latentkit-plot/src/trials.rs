//! The chart of a sweep.

use std::path::{Path, PathBuf};

use crate::config::PictureFormat;
use latentkit_core::{Result, atomic};

use crate::canvas;
use crate::chart::{Chart, Kind, trials};

/// The figures of a trial that the chart of a sweep shows.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialFigures {
    /// Number of the trial, from 1.
    pub number: u32,
    /// Name of the trial.
    pub name: String,
    /// Mean binary cross-entropy of the test images, in nats per pixel.
    pub test_bce: Option<f64>,
    /// Mean silhouette of the best k, -1 to 1.
    pub silhouette: Option<f64>,
    /// Whether that is the silhouette of a sample of the points.
    pub silhouette_sampled: bool,
}

/// Draws the test BCE and the best silhouette of each trial into `folder`, as `trials.png` and `trials.svg` or what of
/// the two `formats` holds. `experiment` is the name of the experiment that was swept over. Returns the files, none where
/// no trial has such a figure.
pub fn draw_trials(
    folder: &Path,
    experiment: &str,
    rows: &[TrialFigures],
    formats: &[PictureFormat],
) -> Result<Vec<PathBuf>> {
    let Some(figures) = trials::Figures::new(rows) else { return Ok(Vec::new()) };
    let chart = Chart::of(experiment, Kind::Trials(figures));
    let mut files = Vec::new();
    for format in [PictureFormat::Png, PictureFormat::Svg] {
        if formats.contains(&format) {
            let (extension, bytes) = match format {
                PictureFormat::Png => ("png", canvas::png(&chart)?),
                PictureFormat::Svg => ("svg", canvas::svg_file(&chart)?.into_bytes()),
            };
            let path = folder.join(format!("{}.{extension}", chart.file_stem()));
            atomic::write(&path, &bytes)?;
            files.push(path);
        }
    }
    Ok(files)
}
