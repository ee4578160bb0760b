//! One test image of each label above its reconstruction, pixel by pixel.

use latentkit_table::{Reconstruction, ReconstructionKind, Reconstructions};
use plotters::element::{Drawable, PointCollection, Rectangle};
use plotters::prelude::DrawingBackend;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{BackendCoord, DrawingErrorKind};

use crate::canvas::{Area, Drawn, logical, px};
use crate::frame;
use crate::style::{self, Text};

pub(super) const TITLE: &str = "Test images and their reconstructions";

/// Columns beside one another; more labels go below.
const COLUMNS: usize = 10;
/// Side of the square that an image fits into.
const CELL: f64 = 72.0;
/// Room between columns.
const GAP: f64 = 14.0;
/// Room between an image and its reconstruction.
const ROW_GAP: f64 = 8.0;
/// Height of a name above its column.
const NAME: f64 = 24.0;
/// Room below a block of columns.
const BLOCK_GAP: f64 = 20.0;
/// Width of the captions of the rows.
const CAPTION: f64 = 100.0;
const MARGIN: f64 = 20.0;
const HEADER: f64 = 50.0;

/// The first example of each label.
pub(crate) struct Examples<'a> {
    rows: Vec<&'a Reconstruction>,
    height: usize,
    width: usize,
}

impl<'a> Examples<'a> {
    pub(super) fn new(table: &'a Reconstructions) -> Self {
        let mut rows: Vec<_> =
            table.rows.iter().filter(|row| row.kind == ReconstructionKind::Example).collect();
        rows.sort_by_key(|row| (row.label, row.id));
        rows.dedup_by_key(|row| row.label);
        Self { rows, height: table.height, width: table.width }
    }

    fn columns(&self) -> usize {
        self.rows.len().min(COLUMNS)
    }

    pub(super) fn size(&self) -> (u32, u32) {
        let blocks = self.rows.len().div_ceil(COLUMNS) as f64;
        let columns = self.columns().max(5) as f64;
        let width = 2.0 * MARGIN + CAPTION + columns * (CELL + GAP) - GAP;
        let height = HEADER + blocks * (NAME + 2.0 * CELL + ROW_GAP + BLOCK_GAP) - BLOCK_GAP + MARGIN;
        (width as u32, height as u32)
    }

    /// An image as RGB in which each of its pixels is a square of whole pixels of the bitmap; where it is larger than
    /// the cell, every n-th of its pixels.
    fn enlarge(&self, image: &[u8]) -> (Vec<u8>, (u32, u32)) {
        let pixel = px(0.5) as usize;
        let available = px(CELL) as usize / pixel;
        let longest = self.height.max(self.width);
        let (scale, every) = ((available / longest).max(1) * pixel, longest.div_ceil(available));
        let (height, width) = (self.height.div_ceil(every), self.width.div_ceil(every));
        let mut pixels = Vec::with_capacity(height * width * scale * scale * 3);
        for y in 0..height * scale {
            for x in 0..width * scale {
                let grey = image[y / scale * every * self.width + x / scale * every];
                pixels.extend([grey; 3]);
            }
        }
        (pixels, ((width * scale) as u32, (height * scale) as u32))
    }
}

pub(super) fn describe(examples: &Examples) -> String {
    let names: Vec<_> = examples.rows.iter().map(|row| row.label_name.as_str()).collect();
    format!("A test image of each label above its reconstruction: {}.", names.join(", "))
}

pub(super) fn draw<DB: DrawingBackend>(area: &Area<DB>, examples: &Examples, experiment: &str) -> Drawn<DB> {
    let inner = frame::titled(area, TITLE, experiment)?;
    for (block, rows) in examples.rows.chunks(COLUMNS).enumerate() {
        let top = block as f64 * (NAME + 2.0 * CELL + ROW_GAP + BLOCK_GAP);
        for (row, caption) in ["test image", "reconstruction"].into_iter().enumerate() {
            let middle = top + NAME + row as f64 * (CELL + ROW_GAP) + CELL / 2.0;
            inner.draw_text(caption, &Text::LABEL.at(HPos::Left, VPos::Center), (0, px(middle)))?;
        }
        for (column, example) in rows.iter().enumerate() {
            let left = CAPTION + column as f64 * (CELL + GAP);
            let name = Text::BODY.fit(&example.label_name, CELL + GAP - 10.0);
            let center = (px(left + CELL / 2.0), px(top + NAME - 8.0));
            inner.draw_text(&name, &Text::BODY.at(HPos::Center, VPos::Bottom), center)?;
            for (row, image) in [&example.image, &example.reconstruction].into_iter().enumerate() {
                draw_image(&inner, examples, image, (left, top + NAME + row as f64 * (CELL + ROW_GAP)))?;
            }
        }
    }
    Ok(())
}

/// Draws an image in the middle of the cell at `left` and `top`, framed, so that a dark or a white one has an edge.
fn draw_image<DB: DrawingBackend>(
    area: &Area<DB>,
    examples: &Examples,
    image: &[u8],
    (left, top): (f64, f64),
) -> Drawn<DB> {
    let (pixels, (width, height)) = examples.enlarge(image);
    // Whole logical pixels, so that no pixel of the image is cut.
    let inset = |size: u32| ((CELL - logical(size)) / 2.0).floor();
    let (x, y) = (px(left + inset(width)), px(top + inset(height)));
    let frame = [(x - px(1.0), y - px(1.0)), (x + width as i32 + px(1.0), y + height as i32 + px(1.0))];
    area.draw(&Rectangle::new(frame, style::GRID.filled()))?;
    area.draw(&Picture { corner: (x, y), size: (width, height), pixels })
}

/// Rows of RGB pixels, drawn as they are.
struct Picture {
    corner: BackendCoord,
    size: (u32, u32),
    pixels: Vec<u8>,
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Picture {
    type Point = &'a BackendCoord;
    type IntoIter = std::iter::Once<&'a BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.corner)
    }
}

impl<DB: DrawingBackend> Drawable<DB> for Picture {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut corner: I,
        backend: &mut DB,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
        corner.next().map_or(Ok(()), |corner| backend.blit_bitmap(corner, self.size, &self.pixels))
    }
}
