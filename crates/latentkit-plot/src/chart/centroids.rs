//! What the decoder makes of the centroid of each cluster.

use latentkit_core::ImageShape;
use latentkit_table::{ClusterLabels, ClusterRow};
use plotters::style::text_anchor::{HPos, VPos};

use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn, px};
use crate::experiment::Experiment;
use crate::frame::{self, MARGIN, SUBTITLE_HEIGHT, TITLE_HEIGHT};
use crate::picture::Image;
use crate::style::Text;
use crate::{cluster_name, format, style};

/// Columns beside one another.
const COLUMNS: usize = 7;
/// Side of the square that an image fits into, in logical pixels like everything below.
const CELL: f64 = 112.0;
const GAP: f64 = 20.0;
/// Height of a line of text.
const LINE: f64 = 18.0;
/// Lines that a name may take.
const NAME_LINES: usize = 3;
const BELOW: f64 = 16.0;

/// The images of the centroids.
pub(crate) struct Centroids<'a> {
    cells: Vec<Cell<'a>>,
    shape: ImageShape,
}

struct Cell<'a> {
    cluster: usize,
    pixels: &'a [u8],
    row: Option<&'a ClusterRow>,
    name: Vec<String>,
}

impl<'a> Centroids<'a> {
    /// None where nothing was decoded.
    pub(super) fn new(experiment: &'a Experiment) -> Option<Self> {
        let table = experiment.centroid_images.as_ref()?;
        let cells: Vec<_> = table
            .images
            .iter()
            .enumerate()
            .map(|(cluster, pixels)| {
                let row = experiment.clusters.iter().find(|row| row.cluster as usize == cluster);
                let labels = row.and_then(|row| row.labels.as_ref());
                let lines = |labels: &ClusterLabels| {
                    cluster_name::lines(&labels.name, Text::BODY, CELL + GAP - 6.0, NAME_LINES)
                };
                Cell { cluster, pixels, row, name: labels.map(lines).unwrap_or_default() }
            })
            .collect();
        (!cells.is_empty()).then_some(Self { cells, shape: table.shape })
    }

    /// The cells of each row, with the height of the row.
    fn rows(&self) -> impl Iterator<Item = (&[Cell<'a>], f64)> {
        self.cells.chunks(COLUMNS).map(|cells| {
            let name = cells.iter().map(|cell| cell.name.len()).max().unwrap_or(0);
            (cells, CELL + 8.0 + LINE * (2 + name) as f64 + BELOW)
        })
    }
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(Centroids::new(experiment)?))
}

impl Chart for Centroids<'_> {
    fn file_stem(&self) -> &'static str {
        "centroids"
    }

    fn title(&self) -> &'static str {
        "The centre of each cluster, decoded"
    }

    fn slot(&self) -> Slot {
        Slot::Images
    }

    fn caption(&self) -> String {
        "What the decoder makes of the centre of each cluster.".to_owned()
    }

    fn describe(&self) -> String {
        let cells: Vec<_> = self
            .cells
            .iter()
            .map(|cell| match cell.row.and_then(|row| row.labels.as_ref()) {
                Some(labels) => format!("{} ({})", cell.cluster, labels.name),
                None => cell.cluster.to_string(),
            })
            .collect();
        format!("The decoded centroids of the clusters {}.", cells.join(", "))
    }

    fn size(&self) -> (u32, u32) {
        let columns = self.cells.len().clamp(5, COLUMNS) as f64;
        let rows: f64 = self.rows().map(|(_, height)| height).sum();
        let height = TITLE_HEIGHT + SUBTITLE_HEIGHT + rows - BELOW;
        let width = columns * (CELL + GAP) - GAP;
        ((2.0 * MARGIN + width) as u32, (2.0 * MARGIN + height) as u32)
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let text = "Each is what the decoder makes of the mean of a cluster, not an image of the data.";
        let inner = frame::subtitled(&inner, text, style::MUTED)?;
        let mut top = 0.0;
        for (cells, height) in self.rows() {
            for (column, cell) in cells.iter().enumerate() {
                cell.draw(&inner, self.shape, (column as f64 * (CELL + GAP), top))?;
            }
            top += height;
        }
        Ok(())
    }
}

impl Cell<'_> {
    fn draw(&self, area: &Area, shape: ImageShape, (left, top): (f64, f64)) -> Drawn {
        Image { shape, pixels: self.pixels }.draw(area, (left, top), CELL)?;
        let line = |number: usize| (px(left + CELL / 2.0), px(top + CELL + 8.0 + LINE * number as f64));
        let heading = format!("cluster {}", self.cluster);
        area.draw_text(&heading, &Text::HEADING.at(HPos::Center, VPos::Top), line(0))?;
        for (number, name) in self.name.iter().enumerate() {
            area.draw_text(name, &Text::BODY.at(HPos::Center, VPos::Top), line(1 + number))?;
        }
        let Some(row) = self.row else { return Ok(()) };
        let points = format!("{} points", format::count(row.size as usize));
        area.draw_text(&points, &Text::TICK.at(HPos::Center, VPos::Top), line(1 + self.name.len()))
    }
}
