//! Bitmaps. Every edge is smoothed by the exact share of each pixel that it covers; straight edges of bars, axes and
//! grid lines are moved to whole pixels, so that they are sharp and neighbours leave no gap.

use std::convert::Infallible;

use ab_glyph::{Font as _, OutlineCurve, Point, point};
use ab_glyph_rasterizer::Rasterizer;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::font::{self, Weight};
use super::units::{PIXELS, UNITS};

/// Pixels in a unit.
const SCALE: f32 = PIXELS as f32 / UNITS as f32;

/// The distance of the control points of a quarter of a unit circle from its ends.
const QUARTER_CIRCLE: f32 = 0.552_285;

type Done = Result<(), DrawingErrorKind<Infallible>>;

/// An RGB image, white at first.
pub(super) struct Image {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Image {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self { width, height, pixels: vec![255; width * height * 3] }
    }

    /// Rows of RGB.
    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Lays a colour over a pixel; `x` and `y` may lie outside.
    fn blend(&mut self, x: i64, y: i64, color: BackendColor, coverage: f32) {
        if x < 0 || y < 0 || x >= self.width as i64 || y >= self.height as i64 {
            return;
        }
        let share = coverage.min(1.0) * color.alpha as f32;
        let start = (y as usize * self.width + x as usize) * 3;
        let new = [color.rgb.0, color.rgb.1, color.rgb.2];
        for (old, new) in self.pixels[start..start + 3].iter_mut().zip(new) {
            let (from, to) = (f32::from(*old), f32::from(new));
            *old = (from + (to - from) * share).round() as u8;
        }
    }

    fn fill_rect(&mut self, (left, top): (i64, i64), (right, bottom): (i64, i64), color: BackendColor) {
        for y in top.max(0)..bottom.min(self.height as i64) {
            for x in left.max(0)..right.min(self.width as i64) {
                self.blend(x, y, color, 1.0);
            }
        }
    }

    /// Fills the area within outlines, given in pixels. Where outlines that turn the same way overlap, it is filled once.
    fn fill(&mut self, outlines: &[OutlineCurve], color: BackendColor) {
        let points = outlines.iter().flat_map(points_of);
        let Some((low, high)) = points.fold(None, |bounds: Option<(Point, Point)>, p| {
            let (low, high) = bounds.unwrap_or((p, p));
            Some((point(low.x.min(p.x), low.y.min(p.y)), point(high.x.max(p.x), high.y.max(p.y))))
        }) else {
            return;
        };
        let low = point(low.x.floor(), low.y.floor());
        // One more column, since the rasterizer writes just past an edge that ends on a whole pixel.
        let (columns, rows) = ((high.x.ceil() - low.x) as usize + 1, (high.y.ceil() - low.y) as usize + 1);
        let mut rasterizer = Rasterizer::new(columns, rows);
        let at = |p: &Point| ab_glyph_rasterizer::point(p.x - low.x, p.y - low.y);
        for curve in outlines {
            match curve {
                OutlineCurve::Line(a, b) => rasterizer.draw_line(at(a), at(b)),
                OutlineCurve::Quad(a, b, c) => rasterizer.draw_quad(at(a), at(b), at(c)),
                OutlineCurve::Cubic(a, b, c, d) => rasterizer.draw_cubic(at(a), at(b), at(c), at(d)),
            }
        }
        rasterizer.for_each_pixel_2d(|x, y, coverage| {
            // Sums of shares leave a trace of rounding where nothing is covered.
            if coverage > 1e-3 {
                self.blend(low.x as i64 + i64::from(x), low.y as i64 + i64::from(y), color, coverage);
            }
        });
    }
}

fn points_of(curve: &OutlineCurve) -> Vec<Point> {
    match *curve {
        OutlineCurve::Line(a, b) => vec![a, b],
        OutlineCurve::Quad(a, b, c) => vec![a, b, c],
        OutlineCurve::Cubic(a, b, c, d) => vec![a, b, c, d],
    }
}

/// A closed polygon as an outline.
fn polygon(corners: &[Point]) -> impl Iterator<Item = OutlineCurve> {
    (0..corners.len()).map(|i| OutlineCurve::Line(corners[i], corners[(i + 1) % corners.len()]))
}

/// A circle as an outline that turns the same way as a [`segment`].
fn circle(center: Point, radius: f32) -> impl Iterator<Item = OutlineCurve> {
    let at = move |x: f32, y: f32| point(center.x + x * radius, center.y + y * radius);
    [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)].into_iter().map(move |(x, y): (f32, f32)| {
        let k = QUARTER_CIRCLE;
        OutlineCurve::Cubic(at(x, y), at(x - k * y, y + k * x), at(k * x - y, k * y + x), at(-y, x))
    })
}

/// A straight piece of a line as an outline; none when it has no length.
fn segment(from: Point, to: Point, width: f32) -> Option<[Point; 4]> {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = (dx * dx + dy * dy).sqrt();
    let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
    (length > 0.0).then(|| {
        [
            point(from.x - nx, from.y - ny),
            point(to.x - nx, to.y - ny),
            point(to.x + nx, to.y + ny),
            point(from.x + nx, from.y + ny),
        ]
    })
}

/// The place of a coordinate among the pixels.
fn place((x, y): BackendCoord) -> Point {
    point(x as f32 * SCALE, y as f32 * SCALE)
}

/// The whole pixel nearest to a coordinate.
fn snap(coordinate: f32) -> i64 {
    (coordinate * SCALE).round() as i64
}

/// The backend that draws on an image.
pub(crate) struct Bitmap<'a> {
    image: &'a mut Image,
}

impl<'a> Bitmap<'a> {
    pub(super) fn new(image: &'a mut Image) -> Self {
        Self { image }
    }

    fn stroke(&mut self, path: &[BackendCoord], width: u32, color: BackendColor) {
        if let &[from, to] = path
            && (from.0 == to.0 || from.1 == to.1)
        {
            return self.stroke_straight(from, to, width, color);
        }
        let width = width as f32 * SCALE;
        let mut outlines = Vec::new();
        for ends in path.windows(2) {
            if let Some(corners) = segment(place(ends[0]), place(ends[1]), width) {
                outlines.extend(polygon(&corners));
            }
        }
        for &joint in path.iter().skip(1).take(path.len().saturating_sub(2)) {
            outlines.extend(circle(place(joint), width / 2.0));
        }
        self.image.fill(&outlines, color);
    }

    /// A horizontal or vertical line, moved to whole pixels.
    fn stroke_straight(&mut self, from: BackendCoord, to: BackendCoord, width: u32, color: BackendColor) {
        let thickness = ((width as f32 * SCALE).round() as i64).max(1);
        let across = |at: i32| snap(at as f32 - thickness as f32 / SCALE / 2.0);
        if from.1 == to.1 {
            let (left, right) = (from.0.min(to.0), from.0.max(to.0));
            let top = across(from.1);
            self.image.fill_rect((snap(left as f32), top), (snap(right as f32), top + thickness), color);
        } else {
            let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
            let left = across(from.0);
            self.image.fill_rect((left, snap(top as f32)), (left + thickness, snap(bottom as f32)), color);
        }
    }
}

impl DrawingBackend for Bitmap<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let units = |pixels: usize| pixels as u32 / PIXELS * UNITS;
        (units(self.image.width), units(self.image.height))
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Done {
        self.image.fill(
            &polygon(&[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)].map(place)).collect::<Vec<_>>(),
            color,
        );
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Done {
        self.stroke(&[from, to], style.stroke_width(), style.color());
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Done {
        if fill {
            let corner = |x: i32, y: i32| (snap(x as f32), snap(y as f32));
            self.image.fill_rect(corner(left, top), corner(right, bottom), style.color());
        } else {
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
            for i in 0..4 {
                self.stroke(&[corners[i], corners[(i + 1) % 4]], style.stroke_width(), style.color());
            }
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        let path: Vec<_> = path.into_iter().collect();
        self.stroke(&path, style.stroke_width(), style.color());
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Done {
        let (center, radius) = (place(center), radius as f32 * SCALE);
        let half = style.stroke_width() as f32 * SCALE / 2.0;
        let outer = if fill { radius } else { radius + half };
        let mut outlines: Vec<_> = circle(center, outer).collect();
        if !fill {
            // The inner circle turns the other way, so that it leaves a hole.
            let reversed = |curve| match curve {
                OutlineCurve::Cubic(a, b, c, d) => OutlineCurve::Cubic(d, c, b, a),
                other => other,
            };
            outlines.extend(circle(center, (radius - half).max(0.0)).map(reversed));
        }
        self.image.fill(&outlines, style.color());
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Done {
        let corners: Vec<_> = corners.into_iter().map(place).collect();
        self.image.fill(&polygon(&corners).collect::<Vec<_>>(), style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, pos: BackendCoord) -> Done {
        let (font, size) = (Weight::of(style).font(), style.size());
        let em = size / font::units_per_em(font);
        let (glyphs, width) = font::layout(text, font);
        let (dx, dy) = font::origin(style.anchor(), width * em, size);
        let transform = style.transform();
        let mut outlines = Vec::new();
        for (glyph, start) in glyphs {
            let Some(outline) = font.outline(glyph) else { continue };
            let at = |p: Point| {
                let (x, y) = (dx + (start + f64::from(p.x)) * em, dy - f64::from(p.y) * em);
                let (x, y) = match transform {
                    FontTransform::None => (x, y),
                    FontTransform::Rotate90 => (-y, x),
                    FontTransform::Rotate180 => (-x, -y),
                    FontTransform::Rotate270 => (y, -x),
                };
                point((f64::from(pos.0) + x) as f32 * SCALE, (f64::from(pos.1) + y) as f32 * SCALE)
            };
            outlines.extend(outline.curves.into_iter().map(|curve| match curve {
                OutlineCurve::Line(a, b) => OutlineCurve::Line(at(a), at(b)),
                OutlineCurve::Quad(a, b, c) => OutlineCurve::Quad(at(a), at(b), at(c)),
                OutlineCurve::Cubic(a, b, c, d) => OutlineCurve::Cubic(at(a), at(b), at(c), at(d)),
            }));
        }
        self.image.fill(&outlines, style.color());
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((font::width(text, style.size(), Weight::of(style)).ceil() as u32, style.size().ceil() as u32))
    }

    fn blit_bitmap(&mut self, pos: BackendCoord, (width, height): (u32, u32), source: &[u8]) -> Done {
        let (left, top) = (snap(pos.0 as f32), snap(pos.1 as f32));
        let every = UNITS / PIXELS;
        for y in 0..height / every {
            for x in 0..width / every {
                let start = ((y * every * width + x * every) * 3) as usize;
                let rgb = (source[start], source[start + 1], source[start + 2]);
                let color = BackendColor { alpha: 1.0, rgb };
                self.image.blend(left + i64::from(x), top + i64::from(y), color, 1.0);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use plotters_backend::BackendStyle;

    use super::*;

    struct Ink(u32);

    impl BackendStyle for Ink {
        fn color(&self) -> BackendColor {
            BackendColor { alpha: 1.0, rgb: (0, 0, 0) }
        }

        fn stroke_width(&self) -> u32 {
            self.0
        }
    }

    /// The area that is black, in pixels.
    fn black(draw: impl FnOnce(&mut Bitmap)) -> f64 {
        let mut image = Image::new(100, 100);
        draw(&mut Bitmap::new(&mut image));
        image.pixels().chunks_exact(3).map(|pixel| 1.0 - f64::from(pixel[0]) / 255.0).sum()
    }

    #[test]
    fn shapes_cover_their_area() {
        let disc = black(|bitmap| bitmap.draw_circle((100, 100), 60, &Ink(1), true).unwrap());
        assert!((disc - std::f64::consts::PI * 30.0 * 30.0).abs() < 5.0, "{disc}");
        let ring = black(|bitmap| bitmap.draw_circle((100, 100), 60, &Ink(8), false).unwrap());
        assert!((ring - std::f64::consts::TAU * 30.0 * 4.0).abs() < 5.0, "{ring}");
        let rect = black(|bitmap| bitmap.draw_rect((20, 20), (60, 100), &Ink(1), true).unwrap());
        assert!((rect - 20.0 * 40.0).abs() < 1e-6, "{rect}");
        let line = black(|bitmap| bitmap.draw_line((20, 20), (80, 100), &Ink(4)).unwrap());
        assert!((line - 50.0 * 2.0).abs() < 1.0, "{line}");
    }

    #[test]
    fn a_path_that_crosses_itself_is_filled_once() {
        let bent = [(20, 100), (100, 20), (180, 100), (100, 180), (20, 100)];
        let area = black(|bitmap| bitmap.draw_path(bent, &Ink(8)).unwrap());
        let length = 4.0 * (40.0f64 * 40.0 + 40.0 * 40.0).sqrt();
        assert!((area - length * 4.0).abs() < 8.0, "{area}");
    }

    #[test]
    fn what_lies_outside_is_cut_off() {
        let corner = black(|bitmap| bitmap.draw_circle((0, 0), 40, &Ink(1), true).unwrap());
        assert!((corner - std::f64::consts::PI * 20.0 * 20.0 / 4.0).abs() < 2.0, "{corner}");
    }
}
