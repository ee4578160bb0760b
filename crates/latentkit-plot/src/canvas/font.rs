//! The bundled font: how wide a text is, and where its baseline goes.
//!
//! Charts are laid out with these figures, bitmaps are rendered with this font, and SVG files and the report embed it. So a text has the same width everywhere.

use std::borrow::Cow;
use std::sync::LazyLock;

use ab_glyph::{Font as _, FontRef};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plotters_backend::text_anchor::VPos;
use plotters_backend::{BackendTextStyle, FontStyle};

/// The fonts that a text is set in, as CSS has it; the first one is bundled.
pub(crate) const FAMILY: &str = "Inter, system-ui, sans-serif";

/// Height of the capitals, in ems. What a text is centred on and hung from.
const CAPITALS: f64 = 1490.0 / 2048.0;

/// How heavy a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    SemiBold,
}

impl Weight {
    /// The weight that a style of plotters stands for; it knows no other name for one than bold.
    pub(super) fn of(style: &impl BackendTextStyle) -> Self {
        if matches!(style.style(), FontStyle::Bold) { Self::SemiBold } else { Self::Regular }
    }

    /// The number of the weight in CSS.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Regular => 400,
            Self::SemiBold => 600,
        }
    }

    /// The bundled font file.
    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Regular => include_bytes!("../../fonts/Inter-Regular.ttf"),
            Self::SemiBold => include_bytes!("../../fonts/Inter-SemiBold.ttf"),
        }
    }

    fn font(self) -> &'static FontRef<'static> {
        static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| parse(Weight::Regular.bytes()));
        static SEMI_BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| parse(Weight::SemiBold.bytes()));
        match self {
            Self::Regular => &REGULAR,
            Self::SemiBold => &SEMI_BOLD,
        }
    }
}

fn parse(font: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(font).expect("the bundled font is a font")
}

/// Width of a text of a size, in the unit of the size.
pub(crate) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let font = weight.font();
    let glyphs: Vec<_> = text.chars().map(|character| font.glyph_id(character)).collect();
    let advances: f32 = glyphs.iter().map(|&glyph| font.h_advance_unscaled(glyph)).sum();
    let kerning: f32 = glyphs.windows(2).map(|pair| font.kern_unscaled(pair[0], pair[1])).sum();
    let units_per_em = font.units_per_em().expect("the bundled font has a size");
    f64::from(advances + kerning) * size / f64::from(units_per_em)
}

/// The text, or as much of its start and end as fits into `available` with an ellipsis between: long names often differ
/// at the end only.
pub(crate) fn fit(text: &str, size: f64, weight: Weight, available: f64) -> Cow<'_, str> {
    if width(text, size, weight) <= available {
        return Cow::Borrowed(text);
    }
    let characters: Vec<char> = text.chars().collect();
    for kept in (1..characters.len()).rev() {
        let start: String = characters[..kept.div_ceil(2)].iter().collect();
        let end: String = characters[characters.len() - kept / 2..].iter().collect();
        let short = format!("{}…{}", start.trim_end(), end.trim_start());
        if width(&short, size, weight) <= available {
            return Cow::Owned(short);
        }
    }
    Cow::Borrowed("…")
}

/// How far below its anchor the baseline of a text lies. The anchor is above, below or at half the height of the capitals;
/// what hangs below the baseline is not counted.
pub(super) fn baseline(anchor: VPos, size: f64) -> f64 {
    match anchor {
        VPos::Top => CAPITALS * size,
        VPos::Center => CAPITALS * size / 2.0,
        VPos::Bottom => 0.0,
    }
}

/// The CSS that brings the bundled font along, without any file beside.
pub(crate) fn css() -> String {
    let face = |weight: Weight, font: &[u8]| {
        format!(
            "@font-face{{font-family:Inter;font-weight:{};src:url(data:font/woff2;base64,{}) format(\"woff2\")}}\n",
            weight.number(),
            STANDARD.encode(font)
        )
    };
    face(Weight::Regular, include_bytes!("../../fonts/Inter-Regular.woff2"))
        + &face(Weight::SemiBold, include_bytes!("../../fonts/Inter-SemiBold.woff2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kerning_pulls_letters_together() {
        let apart = width("A", 100.0, Weight::Regular) + width("V", 100.0, Weight::Regular);
        assert!(width("AV", 100.0, Weight::Regular) < apart - 2.0);
    }

    #[test]
    fn a_text_that_fits_stays_and_a_longer_one_loses_its_middle() {
        assert_eq!(fit("T-shirt/top", 12.0, Weight::Regular, 100.0), "T-shirt/top");
        let short = fit("an extraordinarily long name 7", 12.0, Weight::Regular, 80.0);
        assert!(short.contains('…') && short.starts_with("an ") && short.ends_with("e 7"), "{short}");
        assert!(width(&short, 12.0, Weight::Regular) <= 80.0);
        assert_eq!(fit("name", 12.0, Weight::Regular, 1.0), "…");
    }

    #[test]
    fn the_font_has_every_sign_that_charts_use() {
        for character in "0123456789 \u{202f}−…·×–αβÄéß²≥".chars() {
            for weight in [Weight::Regular, Weight::SemiBold] {
                assert_ne!(weight.font().glyph_id(character).0, 0, "{character:?}");
            }
        }
    }
}
