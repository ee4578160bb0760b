//! Images made lighter and darker, with more and less contrast, and noisy.

use latentkit_core::ImageShape;
use latentkit_core::rng::Rng;
use rand::Rng as _;

use super::config::AugmentConfig;

/// What happens to the values of an image, 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shades {
    brightness: f64,
    contrast: f64,
    noise: f64,
}

impl Shades {
    /// Draws one. What is not asked for draws nothing.
    pub(super) fn draw(config: &AugmentConfig, rng: &mut Rng) -> Self {
        let mut even = |most: f64| rng.gen_range(-most..=most);
        Self {
            brightness: config.brightness.map_or(0.0, |most| 255.0 * even(most.get())),
            contrast: config.contrast.map_or(1.0, |most| even(most.ln()).exp()),
            noise: config.noise.map_or(0.0, |noise| 255.0 * noise.get()),
        }
    }

    /// Changes the values: away from their mean by the contrast, up by the brightness, and by noise; each is rounded once, and
    /// stays between 0 and 255.
    pub(super) fn apply(self, shape: ImageShape, image: &mut [u8], rng: &mut Rng) {
        if self == (Self { brightness: 0.0, contrast: 1.0, noise: 0.0 }) {
            return;
        }
        let mean = image.iter().map(|&value| u64::from(value)).sum::<u64>() as f64 / shape.len() as f64;
        for pair in image.chunks_mut(2) {
            let noise = if self.noise > 0.0 { normal(rng).map(|noise| self.noise * noise) } else { [0.0; 2] };
            for (value, noise) in pair.iter_mut().zip(noise) {
                let changed = mean + self.contrast * (f64::from(*value) - mean) + self.brightness + noise;
                *value = changed.round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

/// Two normal numbers of mean 0 and standard deviation 1, by the method of Box and Muller (1958).
fn normal(rng: &mut Rng) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - rng.r#gen::<f64>()).ln()).sqrt();
    let (sin, cos) = (std::f64::consts::TAU * rng.r#gen::<f64>()).sin_cos();
    [radius * cos, radius * sin]
}

#[cfg(test)]
mod tests {
    use latentkit_core::rng::generator;

    use super::*;

    #[test]
    fn contrast_is_about_the_mean_and_brightness_is_added() {
        let mut image = [0, 100, 200];
        let shades = Shades { brightness: 10.0, contrast: 0.5, noise: 0.0 };
        shades.apply(ImageShape::grey(1, 3), &mut image, &mut generator(1, "test", 0));
        assert_eq!(image, [60, 110, 160]);
        let shades = Shades { brightness: 100.0, contrast: 2.0, noise: 0.0 };
        shades.apply(ImageShape::grey(1, 3), &mut image, &mut generator(1, "test", 0));
        assert_eq!(image, [110, 210, 255]);
    }

    #[test]
    fn noise_has_the_deviation_that_is_asked_for() {
        let mut image = vec![128; 40_000];
        let shades = Shades { brightness: 0.0, contrast: 1.0, noise: 20.0 };
        shades.apply(ImageShape::grey(200, 200), &mut image, &mut generator(1, "test", 0));
        let values = image.iter().map(|&value| f64::from(value) - 128.0);
        let (mean, square) =
            values.fold((0.0, 0.0), |(sum, square), value| (sum + value, square + value * value));
        // Standard errors: 0.1 of the mean, 0.07 of the deviation.
        assert!((mean / 40_000.0).abs() < 0.4, "{mean}");
        assert!(((square / 40_000.0).sqrt() - 20.0).abs() < 0.3, "{square}");
    }
}
