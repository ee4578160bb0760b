//! What a chart is.

use crate::canvas::{Area, Drawn};

/// Where a chart stands in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The section on training.
    Training,
    /// The section on reconstructions, before its tables.
    Reconstructions,
    /// The same, after its tables.
    Extremes,
    /// The section on the latents.
    Latents,
    /// The section on the number of clusters, before its tables.
    Silhouettes,
    /// The same, after the table of silhouettes.
    Criteria,
    /// The section on what is in each cluster, after the table of clusters.
    Clusters,
    /// The same, before the table of labels.
    Labels,
    /// The same, after the table of labels.
    Images,
    /// None: a chart of several runs.
    Elsewhere,
}

/// A chart.
pub(crate) trait Chart {
    /// Name of its files, without an extension.
    fn file_stem(&self) -> &'static str;

    /// What stands above it.
    fn title(&self) -> &'static str;

    /// Where it stands in the report.
    fn slot(&self) -> Slot {
        Slot::Elsewhere
    }

    /// What stands below it in the report.
    fn caption(&self) -> String {
        String::new()
    }

    /// What it shows, for readers who cannot see it.
    fn describe(&self) -> String;

    /// What a reader must know of the data that it shows, as a sentence: that it is a sample, for example.
    fn note(&self) -> Option<String> {
        None
    }

    /// Width and height in logical pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it on an area of [`Chart::size`]; `subject` stands at the right of its title.
    fn draw(&self, area: &Area, subject: &str) -> Drawn;
}

/// A chart of an experiment; none where there is no data for it.
pub(crate) type Made<'a> = Option<Box<dyn Chart + 'a>>;
