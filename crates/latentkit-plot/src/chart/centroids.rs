//! What the decoder makes of the centroid of each cluster.

use latentkit_table::ClusterRow;
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, VPos};

use super::Figure;
use crate::canvas::{Area, Drawn, px};
use crate::experiment::Experiment;
use crate::frame::{self, MARGIN, SUBTITLE_HEIGHT, TITLE_HEIGHT};
use crate::picture::Image;
use crate::style::Text;
use crate::{format, style};

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
    size: (usize, usize),
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
                let name = row.and_then(|row| row.labels.as_ref()).map(|labels| labels.name.as_str());
                Cell { cluster, pixels, row, name: name.map(lines).unwrap_or_default() }
            })
            .collect();
        (!cells.is_empty()).then_some(Self { cells, size: (table.height, table.width) })
    }

    fn row_height(&self) -> f64 {
        let name = self.cells.iter().map(|cell| cell.name.len()).max().unwrap_or(0);
        CELL + 8.0 + LINE * (2 + name) as f64 + BELOW
    }
}

/// A name in lines that fit below an image, broken between its labels.
fn lines(name: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for label in name.split(" + ") {
        match lines.last_mut() {
            Some(line) if Text::BODY.width(&format!("{line} + {label}")) <= CELL + GAP - 6.0 => {
                *line = format!("{line} + {label}");
            }
            Some(line) => {
                line.push_str(" +");
                lines.push(label.to_owned());
            }
            None => lines.push(label.to_owned()),
        }
    }
    if lines.len() > NAME_LINES {
        lines.truncate(NAME_LINES);
        lines[NAME_LINES - 1].push_str(" …");
    }
    lines
}

impl Figure for Centroids<'_> {
    const FILE_STEM: &'static str = "centroids";
    const TITLE: &'static str = "The centre of each cluster, decoded";

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
        let rows = self.cells.len().div_ceil(COLUMNS) as f64;
        let height = TITLE_HEIGHT + SUBTITLE_HEIGHT + rows * self.row_height() - BELOW;
        let width = columns * (CELL + GAP) - GAP;
        ((2.0 * MARGIN + width) as u32, (2.0 * MARGIN + height) as u32)
    }

    fn draw<DB: DrawingBackend>(&self, area: &Area<DB>, experiment: &str) -> Drawn<DB> {
        let inner = frame::titled(area, Self::TITLE, experiment)?;
        let text = "No image of the data looks exactly like this: the decoder made them from the mean of each cluster.";
        let inner = frame::subtitled(&inner, text, style::MUTED)?;
        for (index, cell) in self.cells.iter().enumerate() {
            let left = (index % COLUMNS) as f64 * (CELL + GAP);
            let top = (index / COLUMNS) as f64 * self.row_height();
            Image { size: self.size, pixels: cell.pixels }.draw(&inner, (left, top), CELL)?;
            let line = |number: usize| (px(left + CELL / 2.0), px(top + CELL + 8.0 + LINE * number as f64));
            let heading = format!("cluster {}", cell.cluster);
            inner.draw_text(&heading, &Text::HEADING.at(HPos::Center, VPos::Top), line(0))?;
            for (number, name) in cell.name.iter().enumerate() {
                let name = Text::BODY.fit(name, CELL + GAP - 4.0);
                inner.draw_text(&name, &Text::BODY.at(HPos::Center, VPos::Top), line(1 + number))?;
            }
            if let Some(row) = cell.row {
                let size = format!("{} points", format::count(row.size as usize));
                let look = Text::TICK.at(HPos::Center, VPos::Top);
                inner.draw_text(&size, &look, line(1 + cell.name.len()))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn names_break_between_labels() {
        assert_eq!(lines("4 + 9"), ["4 + 9"]);
        assert_eq!(lines("Sneaker + Ankle boot + Sandal"), ["Sneaker +", "Ankle boot + Sandal"]);
        let long = lines("T-shirt/top + Pullover + Dress + Ankle boot + Sandal");
        assert_eq!((long.len(), long[2].ends_with('…')), (3, true), "{long:?}");
    }
}
