//! What a chart is.

use plotters::prelude::DrawingBackend;

use crate::canvas::{Area, Bitmap, Drawn, Svg};

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

/// A chart, as it is written. Implement this; [`Chart`] follows.
pub(crate) trait Figure {
    /// Name of its files, without an extension.
    const FILE_STEM: &'static str;
    /// What stands above it.
    const TITLE: &'static str;

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

    /// Draws it on an area of [`Figure::size`]; `subject` stands at the right of its title.
    fn draw<DB: DrawingBackend>(&self, area: &Area<DB>, subject: &str) -> Drawn<DB>;
}

/// A chart of any kind.
pub(crate) trait Chart {
    fn file_stem(&self) -> &'static str;
    fn title(&self) -> &'static str;
    fn slot(&self) -> Slot;
    fn caption(&self) -> String;
    fn describe(&self) -> String;
    fn note(&self) -> Option<String>;
    fn size(&self) -> (u32, u32);
    fn draw_bitmap<'a>(&self, area: &Area<Bitmap<'a>>, subject: &str) -> Drawn<Bitmap<'a>>;
    fn draw_svg<'a>(&self, area: &Area<Svg<'a>>, subject: &str) -> Drawn<Svg<'a>>;
}

/// A chart of an experiment; none where there is no data for it.
pub(crate) type Made<'a> = Option<Box<dyn Chart + 'a>>;

impl<F: Figure> Chart for F {
    fn file_stem(&self) -> &'static str {
        F::FILE_STEM
    }

    fn title(&self) -> &'static str {
        F::TITLE
    }

    fn slot(&self) -> Slot {
        Figure::slot(self)
    }

    fn caption(&self) -> String {
        Figure::caption(self)
    }

    fn describe(&self) -> String {
        Figure::describe(self)
    }

    fn note(&self) -> Option<String> {
        Figure::note(self)
    }

    fn size(&self) -> (u32, u32) {
        Figure::size(self)
    }

    fn draw_bitmap<'a>(&self, area: &Area<Bitmap<'a>>, subject: &str) -> Drawn<Bitmap<'a>> {
        self.draw(area, subject)
    }

    fn draw_svg<'a>(&self, area: &Area<Svg<'a>>, subject: &str) -> Drawn<Svg<'a>> {
        self.draw(area, subject)
    }
}
