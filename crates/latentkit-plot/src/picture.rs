//! Images, drawn pixel by pixel.

use std::convert::Infallible;

use latentkit_core::ImageShape;
use plotters::element::{Drawable, PointCollection, Rectangle};
use plotters::style::Color;
use plotters_backend::{BackendCoord, DrawingBackend as _, DrawingErrorKind};

use crate::canvas::{Area, Drawn, Svg, logical, px};
use crate::style;

/// A grey or coloured image.
#[derive(Clone, Copy)]
pub(crate) struct Image<'a> {
    pub(crate) shape: ImageShape,
    /// Pixels, row by row.
    pub(crate) pixels: &'a [u8],
}

impl Image<'_> {
    /// Draws the image in the middle of a square cell at `left` and `top`, framed, so that a dark or a white one has an
    /// edge. All lengths are in logical pixels.
    pub(crate) fn draw(self, area: &Area, (left, top): (f64, f64), cell: f64) -> Drawn {
        let (pixels, (width, height)) = self.enlarge(cell);
        // Whole logical pixels, so that no pixel of the image is cut.
        let inset = |size: u32| ((cell - logical(size)) / 2.0).floor();
        let (x, y) = (px(left + inset(width)), px(top + inset(height)));
        let frame = [(x - px(1.0), y - px(1.0)), (x + width as i32 + px(1.0), y + height as i32 + px(1.0))];
        area.draw(&Rectangle::new(frame, style::GRID.filled()))?;
        area.draw(&Picture { corner: (x, y), size: (width, height), pixels })
    }

    /// The image as RGB in which each of its pixels is a square of whole pixels of the bitmap; where it is larger than
    /// the cell, every n-th of its pixels.
    fn enlarge(self, cell: f64) -> (Vec<u8>, (u32, u32)) {
        let ImageShape { height: rows, width: columns, channels } = self.shape;
        let pixel = px(0.5) as usize;
        let available = px(cell) as usize / pixel;
        let longest = rows.max(columns);
        let (scale, every) = ((available / longest).max(1) * pixel, longest.div_ceil(available));
        let (height, width) = (rows.div_ceil(every), columns.div_ceil(every));
        let mut pixels = Vec::with_capacity(height * width * scale * scale * 3);
        for y in 0..height * scale {
            for x in 0..width * scale {
                let place = (y / scale * every * columns + x / scale * every) * channels;
                match &self.pixels[place..place + channels] {
                    &[grey] => pixels.extend([grey; 3]),
                    values => pixels.extend(values),
                }
            }
        }
        (pixels, ((width * scale) as u32, (height * scale) as u32))
    }
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

impl Drawable<Svg> for Picture {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut corner: I,
        backend: &mut Svg,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        corner.next().map_or(Ok(()), |corner| backend.blit_bitmap(corner, self.size, &self.pixels))
    }
}
