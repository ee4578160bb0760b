//! SVG. Text stays text, set in the bundled font.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::font::{self, Weight};
use super::units::UNITS;
use crate::escape::escape;

type Done = Result<(), DrawingErrorKind<Infallible>>;

/// A file of its own: the drawing with a title, a description and the font.
pub(crate) fn file(body: &str, size: (u32, u32), title: &str, description: &str) -> String {
    let head = format!(
        "<title>{}</title>\n<desc>{}</desc>\n<style>\n{}</style>\n",
        escape(title),
        escape(description),
        font::css()
    );
    format!("{}{head}{body}</svg>\n", open(size, "xmlns=\"http://www.w3.org/2000/svg\" role=\"img\""))
}

/// The drawing alone, to be rendered.
pub(super) fn bare(body: &str, size: (u32, u32)) -> String {
    format!("{}{body}</svg>", open(size, "xmlns=\"http://www.w3.org/2000/svg\""))
}

/// An element of a page that brings the font along.
pub(crate) fn element(body: &str, size: (u32, u32), description: &str) -> String {
    format!("{}{body}</svg>", open(size, &format!("role=\"img\" aria-label=\"{}\"", escape(description))))
}

fn open((width, height): (u32, u32), attributes: &str) -> String {
    format!(
        "<svg {attributes} width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         font-family=\"{}\" text-rendering=\"geometricPrecision\" stroke-linejoin=\"round\">\n",
        width * UNITS,
        height * UNITS,
        font::FAMILY
    )
}

/// The backend that writes SVG elements.
pub(crate) struct Svg {
    body: Rc<RefCell<String>>,
    size: (u32, u32),
    /// Discs of the same look that were drawn one after the other and are not yet written.
    discs: Vec<BackendCoord>,
    look: Disc,
}

/// How a disc looks.
#[derive(Clone, Copy, PartialEq)]
struct Disc {
    radius: u32,
    rgb: (u8, u8, u8),
    alpha: f64,
}

impl Svg {
    /// Writes into `body`; the size is in logical pixels.
    pub(crate) fn new(body: Rc<RefCell<String>>, (width, height): (u32, u32)) -> Self {
        let look = Disc { radius: 0, rgb: (0, 0, 0), alpha: 1.0 };
        let size = (width * UNITS, height * UNITS);
        Self { body, size, discs: Vec::new(), look }
    }

    fn write(&mut self, element: std::fmt::Arguments) {
        self.end_discs();
        self.body.borrow_mut().write_fmt(element).expect("a string takes every write");
    }

    /// Writes the discs that wait: thousands as one path of lines without length, whose round ends are the discs.
    fn end_discs(&mut self) {
        let Disc { radius, rgb, alpha } = self.look;
        let color = BackendColor { alpha, rgb };
        match std::mem::take(&mut self.discs).as_slice() {
            [] => {}
            [(x, y)] => {
                let fill = fill(color);
                self.write(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {fill}/>\n"));
            }
            discs => {
                let path: Vec<_> = discs.iter().map(|(x, y)| format!("M{x} {y}h0")).collect();
                let path = path.concat();
                self.write(format_args!(
                    "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" \
                     stroke-linecap=\"round\"{}/>\n",
                    hex(color),
                    2 * radius,
                    opacity(color)
                ));
            }
        }
    }
}

/// The attributes that fill a shape.
fn fill(color: BackendColor) -> String {
    format!("fill=\"{}\"{}", hex(color), opacity(color))
}

/// The attributes that draw the outline of a shape.
fn stroke(style: &impl BackendStyle) -> String {
    let color = style.color();
    format!(
        "fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{}",
        hex(color),
        style.stroke_width(),
        opacity(color)
    )
}

fn hex(color: BackendColor) -> String {
    let (red, green, blue) = color.rgb;
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn opacity(color: BackendColor) -> String {
    if color.alpha < 1.0 { format!(" opacity=\"{}\"", color.alpha) } else { String::new() }
}

/// Corners as SVG lists them.
fn corners(path: impl IntoIterator<Item = BackendCoord>) -> String {
    path.into_iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

/// A coordinate with no more digits than can be seen.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

impl DrawingBackend for Svg {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        self.end_discs();
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Done {
        self.write(format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"1\" height=\"1\" {}/>\n", fill(color)));
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Done {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        filled: bool,
    ) -> Done {
        let (width, height) = (right - left, bottom - top);
        if width <= 0 || height <= 0 {
            return Ok(());
        }
        let look = if filled { fill(style.color()) } else { stroke(style) };
        self.write(format_args!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" {look} \
             shape-rendering=\"crispEdges\"/>\n"
        ));
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        let path: Vec<_> = path.into_iter().collect();
        // Of a line without length nothing can be seen.
        if path.iter().all(|point| *point == path[0]) {
            return Ok(());
        }
        let straight = matches!(&path[..], [from, to] if from.0 == to.0 || from.1 == to.1);
        let sharp = if straight { " shape-rendering=\"crispEdges\"" } else { "" };
        self.write(format_args!("<polyline points=\"{}\" {}{sharp}/>\n", corners(path), stroke(style)));
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        filled: bool,
    ) -> Done {
        if filled {
            let BackendColor { rgb, alpha } = style.color();
            let look = Disc { radius, rgb, alpha };
            if look != self.look {
                self.end_discs();
                self.look = look;
            }
            self.discs.push((x, y));
            return Ok(());
        }
        let look = stroke(style);
        self.write(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {look}/>\n"));
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        self.write(format_args!("<polygon points=\"{}\" {}/>\n", corners(path), fill(style.color())));
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Done {
        let anchor = style.anchor();
        let dy = font::baseline(anchor.v_pos, style.size());
        let side = match anchor.h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        let weight = match Weight::of(style) {
            Weight::Regular => String::new(),
            Weight::SemiBold => format!(" font-weight=\"{}\"", Weight::SemiBold.number()),
        };
        let turn = match style.transform() {
            FontTransform::None => String::new(),
            FontTransform::Rotate90 => format!(" transform=\"rotate(90 {x} {y})\""),
            FontTransform::Rotate180 => format!(" transform=\"rotate(180 {x} {y})\""),
            FontTransform::Rotate270 => format!(" transform=\"rotate(270 {x} {y})\""),
        };
        self.write(format_args!(
            "<text x=\"{x}\" y=\"{}\" font-size=\"{}\" {}{side}{weight}{turn}>{}</text>\n",
            short(f64::from(y) + dy),
            short(style.size()),
            fill(style.color()),
            escape(text)
        ));
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((font::width(text, style.size(), Weight::of(style)).ceil() as u32, style.size().ceil() as u32))
    }

    fn blit_bitmap(&mut self, (x, y): BackendCoord, (width, height): (u32, u32), source: &[u8]) -> Done {
        let (pixels, size) = reduce(source, (width as usize, height as usize));
        let png = STANDARD.encode(super::encode::encode(&pixels, size));
        self.write(format_args!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{png}\"/>\n"
        ));
        Ok(())
    }
}

/// The smallest image that looks the same when it is enlarged without smoothing.
fn reduce(source: &[u8], (width, height): (usize, usize)) -> (Vec<u8>, (u32, u32)) {
    let pixel = |x: usize, y: usize| &source[(y * width + x) * 3..][..3];
    let squares = |scale: &usize| {
        let same = |y: usize| (0..width).all(|x| pixel(x, y) == pixel(x - x % scale, y - y % scale));
        width.is_multiple_of(*scale) && height.is_multiple_of(*scale) && (0..height).all(same)
    };
    let scale = (1..=width.min(height)).rev().find(squares).unwrap_or(1);
    let places = (0..height).step_by(scale).flat_map(|y| (0..width).step_by(scale).map(move |x| (x, y)));
    let pixels = places.flat_map(|(x, y)| pixel(x, y).iter().copied()).collect();
    (pixels, ((width / scale) as u32, (height / scale) as u32))
}

#[cfg(test)]
mod tests {
    use super::reduce;

    #[test]
    fn an_enlarged_image_is_reduced() {
        let grey = |values: &[u8]| values.iter().flat_map(|&value| [value; 3]).collect::<Vec<_>>();
        let large = grey(&[1, 1, 2, 2, 1, 1, 2, 2]);
        assert_eq!(reduce(&large, (4, 2)), (grey(&[1, 2]), (2, 1)));
        let fine = grey(&[1, 1, 2, 2, 1, 3, 2, 2]);
        assert_eq!(reduce(&fine, (4, 2)), (fine, (4, 2)));
    }
}
