//! Images moved, turned, sheared, scaled, cut out and mirrored: one affine map.

use latentkit_core::ImageShape;
use latentkit_core::rng::Rng;
use rand::Rng as _;

use super::config::AugmentConfig;

/// Where a changed image finds its pixels: the offset (x, y) from its middle, in pixels, comes from the offset
/// `matrix` (x, y) + `shift` of the image as it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Geometry {
    matrix: [[f64; 2]; 2],
    /// As shares of width and height.
    shift: [f64; 2],
}

impl Geometry {
    const NONE: Self = Self { matrix: [[1.0, 0.0], [0.0, 1.0]], shift: [0.0, 0.0] };

    /// Draws one. What is not asked for draws nothing.
    pub(super) fn draw(config: &AugmentConfig, rng: &mut Rng) -> Self {
        let mut found = Self::NONE;
        let mut even = |most: f64| rng.gen_range(-most..=most);
        if let Some(most) = config.shift {
            found.shift = [even(most.get()), even(most.get())];
        }
        if let Some(most) = config.rotate {
            let (sin, cos) = even(most.get()).to_radians().sin_cos();
            found.turn([[cos, sin], [-sin, cos]]);
        }
        if let Some(most) = config.shear {
            found.turn([[1.0, even(most).to_radians().tan()], [0.0, 1.0]]);
        }
        if let Some(most) = config.scale {
            let part = (-even(most.ln())).exp();
            found.turn([[part, 0.0], [0.0, part]]);
        }
        if let Some(least) = config.crop {
            let kept = rng.gen_range(least..=1.0);
            let room = (1.0 - kept) / 2.0;
            let place = [rng.gen_range(-room..=room), rng.gen_range(-room..=room)];
            found.turn([[kept, 0.0], [0.0, kept]]);
            found.shift = [0, 1].map(|axis| found.shift[axis] + place[axis]);
        }
        if config.flip && rng.r#gen() {
            found.turn([[-1.0, 0.0], [0.0, 1.0]]);
        }
        found
    }

    /// Another map before this one.
    fn turn(&mut self, [[a, b], [c, d]]: [[f64; 2]; 2]) {
        self.matrix = self.matrix.map(|[x, y]| [x * a + y * c, x * b + y * d]);
    }

    pub(super) fn changes_nothing(self) -> bool {
        self == Self::NONE
    }

    /// Interpolates between the four nearest pixels; beyond the border, the nearest pixel of it counts.
    pub(super) fn apply(self, shape: ImageShape, from: &[u8], to: &mut [u8]) {
        let ImageShape { height, width, channels } = shape;
        let middle = [(width - 1) as f64 / 2.0, (height - 1) as f64 / 2.0];
        let shift = [self.shift[0] * width as f64, self.shift[1] * height as f64];
        for y in 0..height {
            for x in 0..width {
                let offset = [x as f64 - middle[0], y as f64 - middle[1]];
                let place = [0, 1].map(|axis| {
                    let [a, b] = self.matrix[axis];
                    a * offset[0] + b * offset[1] + shift[axis] + middle[axis]
                });
                let (left, right, along) = between(place[0], width);
                let (above, below, down) = between(place[1], height);
                let out = &mut to[(y * width + x) * channels..][..channels];
                for (channel, out) in out.iter_mut().enumerate() {
                    let at = |y: usize, x: usize| f64::from(from[(y * width + x) * channels + channel]);
                    let upper = at(above, left) + along * (at(above, right) - at(above, left));
                    let lower = at(below, left) + along * (at(below, right) - at(below, left));
                    *out = (upper + down * (lower - upper)).round() as u8;
                }
            }
        }
    }
}

/// The pixels before and after a place, and how far it is from the first to the second.
fn between(place: f64, length: usize) -> (usize, usize, f64) {
    let place = place.clamp(0.0, (length - 1) as f64);
    let first = place as usize;
    (first, (first + 1).min(length - 1), place - first as f64)
}

#[cfg(test)]
mod tests {
    use latentkit_core::rng::generator;

    use super::*;

    fn applied(geometry: Geometry, shape: ImageShape, image: &[u8]) -> Vec<u8> {
        let mut out = vec![0; image.len()];
        geometry.apply(shape, image, &mut out);
        out
    }

    fn turned(matrix: [[f64; 2]; 2]) -> Geometry {
        Geometry { matrix, ..Geometry::NONE }
    }

    #[test]
    fn whole_pixels_move_as_they_are() {
        let shape = ImageShape::grey(2, 4);
        let image = [1, 2, 3, 4, 5, 6, 7, 8];
        let left = Geometry { shift: [0.25, 0.0], ..Geometry::NONE };
        assert_eq!(applied(left, shape, &image), [2, 3, 4, 4, 6, 7, 8, 8]);
        assert_eq!(applied(turned([[-1.0, 0.0], [0.0, 1.0]]), shape, &image), [4, 3, 2, 1, 8, 7, 6, 5]);
        assert_eq!(applied(Geometry::NONE, shape, &image), image);
    }

    #[test]
    fn a_quarter_turn_of_a_square() {
        let shape = ImageShape::grey(3, 3);
        let quarter = turned([[0.0, 1.0], [-1.0, 0.0]]);
        assert_eq!(applied(quarter, shape, &[1, 2, 3, 4, 5, 6, 7, 8, 9]), [7, 4, 1, 8, 5, 2, 9, 6, 3]);
    }

    #[test]
    fn half_pixels_are_means() {
        let shape = ImageShape { height: 1, width: 2, channels: 3 };
        let half = Geometry { shift: [0.25, 0.0], ..Geometry::NONE };
        assert_eq!(applied(half, shape, &[0, 10, 20, 100, 10, 40]), [50, 10, 30, 100, 10, 40]);
    }

    #[test]
    fn maps_follow_each_other_and_stay_in_their_ranges() {
        let text = r#"{ "rotate": 30, "scale": 2, "crop": 0.5, "shift": 0.25, "flip": true }"#;
        let config: AugmentConfig = serde_json::from_str(text).unwrap();
        let mut mirrored = 0;
        for image in 0..500 {
            let found = Geometry::draw(&config, &mut generator(1, "test", image));
            let [[a, b], [c, d]] = found.matrix;
            let determinant = a * d - b * c;
            mirrored += usize::from(determinant < 0.0);
            assert!((1.0 / 16.0..=4.0).contains(&determinant.abs()), "{found:?}");
            assert!(found.shift.iter().all(|shift| shift.abs() <= 0.5), "{found:?}");
        }
        assert!((200..300).contains(&mirrored), "{mirrored}");
    }
}
