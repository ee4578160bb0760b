//! Colours of labels.

use plotters::style::RGBColor;

/// Ten colours that people with any of the common kinds of colour blindness tell apart: the sequence of Petroff (2021),
/// "Accessible Color Sequences for Data Visualization", arXiv:2107.02270.
const COLORS: [RGBColor; 10] = [
    RGBColor(0x3f, 0x90, 0xda),
    RGBColor(0xff, 0xa9, 0x0e),
    RGBColor(0xbd, 0x1f, 0x01),
    RGBColor(0x94, 0xa4, 0xa2),
    RGBColor(0x83, 0x2d, 0xb6),
    RGBColor(0xa9, 0x6b, 0x59),
    RGBColor(0xe7, 0x63, 0x00),
    RGBColor(0xb9, 0xac, 0x70),
    RGBColor(0x71, 0x75, 0x81),
    RGBColor(0x92, 0xda, 0xdd),
];

/// The colour of a label. From the eleventh on, the ten come again darker, then lighter; after thirty they repeat, since
/// nobody can tell so many apart.
pub(crate) fn color(index: usize) -> RGBColor {
    let base = COLORS[index % COLORS.len()];
    match index / COLORS.len() % 3 {
        0 => base,
        1 => mix(base, RGBColor(0, 0, 0), 0.45),
        _ => mix(base, RGBColor(255, 255, 255), 0.55),
    }
}

/// The colours of shares from 0 to 1 at equal steps: one hue that gets steadily darker, the sequence `Blues` of C. Brewer.
const SHARES: [RGBColor; 5] = [
    RGBColor(0xf7, 0xfb, 0xff),
    RGBColor(0xc6, 0xdb, 0xef),
    RGBColor(0x6b, 0xae, 0xd6),
    RGBColor(0x21, 0x71, 0xb5),
    RGBColor(0x08, 0x30, 0x6b),
];

/// The colour of a share, 0 to 1.
pub(crate) fn share(share: f64) -> RGBColor {
    let place = share.clamp(0.0, 1.0) * (SHARES.len() - 1) as f64;
    let below = (place as usize).min(SHARES.len() - 2);
    mix(SHARES[below], SHARES[below + 1], place - below as f64)
}

/// Black or white, whichever is easier to read on a colour.
pub(crate) fn ink_on(color: RGBColor) -> RGBColor {
    let black_contrast = (luminance(color) + 0.05) / 0.05;
    let white_contrast = 1.05 / (luminance(color) + 0.05);
    if black_contrast > white_contrast { RGBColor(0, 0, 0) } else { RGBColor(255, 255, 255) }
}

fn mix(from: RGBColor, to: RGBColor, share: f64) -> RGBColor {
    let channel =
        |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    RGBColor(channel(from.0, to.0), channel(from.1, to.1), channel(from.2, to.2))
}

/// Light given off, 0 to 1, of a colour of sRGB.
fn luminance(color: RGBColor) -> f64 {
    let [red, green, blue] = [color.0, color.1, color.2].map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a colour looks like, in linear RGB: Machado, Oliveira and Fernandes (2009), severity 1.
    const SIGHTS: [(&str, [[f64; 3]; 3]); 4] = [
        ("common", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    /// CIE L*a*b* of linear RGB, in which a distance of 2 is just seen.
    fn lab(rgb: [f64; 3]) -> [f64; 3] {
        let to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
        let white = [0.9505, 1.0, 1.089];
        let [x, y, z] = std::array::from_fn(|i| {
            let t: f64 = to_xyz[i].iter().zip(rgb).map(|(a, b)| a * b).sum::<f64>() / white[i];
            if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 }
        });
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn ten_labels_differ_for_every_kind_of_sight() {
        for (sight, matrix) in SIGHTS {
            let seen: Vec<_> = (0..10)
                .map(|index| {
                    let rgb = [color(index).0, color(index).1, color(index).2].map(linear);
                    lab(matrix
                        .map(|row| row.iter().zip(rgb).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0)))
                })
                .collect();
            for (i, a) in seen.iter().enumerate() {
                for b in &seen[..i] {
                    let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(distance > 15.0, "{sight}: {distance}");
                }
            }
        }
    }

    #[test]
    fn thirty_labels_have_thirty_colors() {
        let colors: std::collections::BTreeSet<_> =
            (0..30).map(|i| (color(i).0, color(i).1, color(i).2)).collect();
        assert_eq!(colors.len(), 30);
        assert_eq!(color(30), color(0));
    }

    #[test]
    fn a_larger_share_is_darker() {
        let shares: Vec<f64> =
            (0..=100).map(|percent| luminance(share(f64::from(percent) / 100.0))).collect();
        assert!(shares.is_sorted_by(|a, b| a > b));
        assert_eq!((share(0.0), share(1.0)), (SHARES[0], SHARES[4]));
    }

    #[test]
    fn ink_can_be_read() {
        assert_eq!(ink_on(RGBColor(255, 255, 255)), RGBColor(0, 0, 0));
        assert_eq!(ink_on(color(4)), RGBColor(255, 255, 255));
    }
}
