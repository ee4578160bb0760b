//! Pictures in another size: each new pixel is the mean of those around its place, weighted by a triangle as wide as two new pixels
//! (of two old ones where the picture grows). It is Pillow's `resize` with `BILINEAR`: rows first, then columns, both rounded to 8 bits.
//! Newer versions of Pillow take the columns first where they find that faster, which differs by 1 at most.

/// Bits after the point of a weight.
const PRECISION: u32 = 32 - 8 - 2;

/// The pixels that contribute to one new pixel along an axis.
struct Window {
    first: usize,
    weights: Vec<i32>,
}

/// The windows of `size` new pixels, which take the place of the old ones from `start` to `end` of an axis of `length`.
fn windows(length: usize, start: f64, end: f64, size: usize) -> Vec<Window> {
    let scale = (end - start) / size as f64;
    let support = scale.max(1.0);
    let window = |index: usize| {
        let center = start + (index as f64 + 0.5) * scale;
        let first = ((center - support + 0.5) as i64).max(0) as usize;
        let last = ((center + support + 0.5) as usize).min(length);
        let weight = |at: usize| {
            let distance = ((at as f64 - center + 0.5) / support).abs();
            if distance < 1.0 { 1.0 - distance } else { 0.0 }
        };
        let weights: Vec<f64> = (first..last).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let fixed = |weight: f64| {
            let weight = if sum == 0.0 { weight } else { weight / sum };
            (0.5 + weight * f64::from(1_u32 << PRECISION)) as i32
        };
        Window { first, weights: weights.into_iter().map(fixed).collect() }
    };
    (0..size).map(window).collect()
}

/// Part of a picture, in pixels of its axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) top: f64,
    pub(super) left: f64,
    pub(super) bottom: f64,
    pub(super) right: f64,
}

/// An area of a picture of `from` = [height, width] as one of `to` = [height, width]. Pixels have `channels` values.
pub(super) fn resize(
    pixels: &[u8],
    from: [usize; 2],
    area: Area,
    to: [usize; 2],
    channels: usize,
) -> Vec<u8> {
    let ([height, width], [new_height, new_width]) = (from, to);
    let clip = |sum: i32| (sum >> PRECISION).clamp(0, 255) as u8;
    let half = 1 << (PRECISION - 1);
    // An axis that stays as it is is left alone.
    let same_width = new_width == width && area.left <= 0.0 && area.right >= width as f64;
    let across = if same_width {
        pixels.to_vec()
    } else {
        let columns = windows(width, area.left, area.right, new_width);
        let mut across = Vec::with_capacity(height * new_width * channels);
        for row in pixels.chunks_exact(width * channels) {
            for window in &columns {
                for channel in 0..channels {
                    let values = row[window.first * channels + channel..].iter().step_by(channels);
                    let sum =
                        window.weights.iter().zip(values).map(|(&weight, &value)| weight * i32::from(value));
                    across.push(clip(half + sum.sum::<i32>()));
                }
            }
        }
        across
    };
    let same_height = new_height == height && area.top <= 0.0 && area.bottom >= height as f64;
    if same_height {
        return across;
    }
    let row = new_width * channels;
    let mut down = Vec::with_capacity(new_height * row);
    let mut sums = vec![0_i32; row];
    for window in windows(height, area.top, area.bottom, new_height) {
        sums.fill(half);
        for (at, &weight) in window.weights.iter().enumerate() {
            let values = &across[(window.first + at) * row..][..row];
            sums.iter_mut().zip(values).for_each(|(sum, &value)| *sum += weight * i32::from(value));
        }
        down.extend(sums.iter().map(|&sum| clip(sum)));
    }
    down
}
