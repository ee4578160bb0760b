//! Drawings as PNG files: their SVG, rendered by resvg with the bundled font.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::encode::encode;
use super::font::Weight;
use super::svg;
use super::units::PIXELS;

/// A PNG file of a drawing of a logical size, twice as large.
pub(crate) fn png(body: &str, size: (u32, u32)) -> Vec<u8> {
    static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
        let mut fonts = fontdb::Database::new();
        for weight in [Weight::Regular, Weight::SemiBold] {
            fonts.load_font_data(weight.bytes().to_vec());
        }
        Options { fontdb: Arc::new(fonts), ..Options::default() }
    });
    let tree = Tree::from_str(&svg::bare(body, size), &OPTIONS).expect("a drawing is SVG");
    let (width, height) = (size.0 * PIXELS, size.1 * PIXELS);
    let mut pixmap = Pixmap::new(width, height).expect("a drawing has a size");
    pixmap.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(PIXELS as f32, PIXELS as f32), &mut pixmap.as_mut());
    // All pixels are opaque, since the ground is.
    let rgb: Vec<u8> =
        pixmap.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    encode(&rgb, (width, height))
}
