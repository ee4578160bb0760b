//! The charts of an experiment and its report.
//!
//! Each chart is drawn as PNG and SVG from the same layout; the report is one HTML page that needs no other file. What
//! they show depends on the stages that happened: whoever only clusters gets the charts and sections of clustering. The
//! same inputs give the same bytes on every machine: the font is bundled, and nothing holds a date of its own.

mod canvas;
mod chart;
mod cluster_name;
mod comparison;
pub mod config;
mod contingency;
mod criterion;
mod escape;
mod experiment;
mod format;
mod frame;
mod legend;
mod lines;
mod members;
mod palette;
mod picture;
mod render;
mod report;
mod scale;
mod style;
mod sweep;
mod trials;

use std::path::Path;

use crate::config::{PictureFormat, PlotConfig};
use latentkit_core::layout::REPORT;
use latentkit_core::summary::PlotSummary;
use latentkit_core::{Cancellation, Phase, Result, atomic};

use crate::experiment::Experiment;

pub use crate::chart::trials::TrialFigures;
pub use crate::comparison::{ComparedRun, ComparedTable, Comparison};
pub use crate::experiment::{PlotInputs, READS, inputs};
pub use crate::report::comparison::page as comparison_page;
pub use crate::trials::draw_trials;

/// Draws the charts that there is data for, each in every format of the config, and writes the report.
///
/// # Errors
/// Of kind input when there is neither a history nor a sweep, or when a file of an earlier stage cannot be read.
pub fn run(
    config: &PlotConfig,
    inputs: &PlotInputs,
    output_folder: &Path,
    cancel: Cancellation,
) -> Result<PlotSummary> {
    let experiment = read(inputs, cancel)?;
    let charts = chart::all(&experiment);
    let total = charts.len() * config.formats.len() + 1;
    let phase = Phase::new(tracing::info_span!("drawing", unit = "files"), total);
    let _entered = phase.enter();
    let mut files = 0;
    let mut write = |name: String, bytes: &[u8]| -> Result<()> {
        atomic::write(&output_folder.join(&name), bytes)?;
        files += 1;
        phase.add(1);
        tracing::debug!(event = "drawn", name, "drew {name}");
        Ok(())
    };
    for chart in &charts {
        for (extension, format) in [("png", PictureFormat::Png), ("svg", PictureFormat::Svg)] {
            if config.formats.contains(&format) {
                cancel.check()?;
                let name = format!("{}.{extension}", chart.file_stem());
                let _entered = tracing::info_span!("chart", file = name).entered();
                match format {
                    PictureFormat::Png => write(name, &render::png(chart.as_ref(), &experiment.name)?)?,
                    PictureFormat::Svg => {
                        write(name, render::svg_file(chart.as_ref(), &experiment.name)?.as_bytes())?;
                    }
                }
            }
        }
    }
    cancel.check()?;
    let _entered = tracing::info_span!("report").entered();
    write(REPORT.to_owned(), report::page(&experiment, &charts)?.as_bytes())?;
    Ok(PlotSummary { charts: charts.len(), files })
}

/// Reads what there is of the experiment.
fn read(inputs: &PlotInputs, cancel: Cancellation) -> Result<Experiment> {
    let _entered = tracing::info_span!("reading").entered();
    let (name, folder) = (inputs.name.to_owned(), inputs.experiment_folder.to_owned());
    cancel.wait_for(move || Experiment::read(&PlotInputs { name: &name, experiment_folder: &folder }))?
}
