//! The chart of a sweep.

use std::path::{Path, PathBuf};

use crate::config::PictureFormat;
use latentkit_core::{Result, atomic};

use crate::chart::definition::Chart as _;
use crate::chart::trials::{Figures, TrialFigures};
use crate::render;

/// Draws the test BCE and the best silhouette of each trial into `folder`, as `trials.png` and `trials.svg` or what of
/// the two `formats` holds. `experiment` is the name of the experiment that was swept over. Returns the files, none where
/// no trial has such a figure.
pub fn draw_trials(
    folder: &Path,
    experiment: &str,
    rows: &[TrialFigures],
    formats: &[PictureFormat],
) -> Result<Vec<PathBuf>> {
    let Some(chart) = Figures::new(rows) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for format in [PictureFormat::Png, PictureFormat::Svg] {
        if formats.contains(&format) {
            let (extension, bytes) = match format {
                PictureFormat::Png => ("png", render::png(&chart, experiment)?),
                PictureFormat::Svg => ("svg", render::svg_file(&chart, experiment)?.into_bytes()),
            };
            let path = folder.join(format!("{}.{extension}", chart.file_stem()));
            atomic::write(&path, &bytes)?;
            files.push(path);
        }
    }
    Ok(files)
}
