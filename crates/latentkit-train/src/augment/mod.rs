//! Training images, changed a little anew in each epoch.

mod config;
mod geometry;
mod shades;

use latentkit_core::ImageShape;
use latentkit_core::rng::generator;
use rayon::prelude::*;

pub use config::{AugmentConfig, Target};
use geometry::Geometry;
use shades::Shades;

/// Changes images, given one after the other, each by what is drawn for it: from the seed, the epoch and its id, whatever batch it
/// is in and however many threads there are.
pub(crate) fn augment(
    config: &AugmentConfig,
    shape: ImageShape,
    images: &mut [u8],
    ids: &[usize],
    (seed, epoch): (u32, u32),
) {
    let length = shape.len();
    images.par_chunks_exact_mut(length).zip(ids).for_each_init(
        || Vec::with_capacity(length),
        |scratch, (image, &id)| {
            let mut rng = generator(seed.into(), "augment", u64::from(epoch) << 32 | id as u64);
            let geometry = Geometry::draw(config, &mut rng);
            let shades = Shades::draw(config, &mut rng);
            if !geometry.changes_nothing() {
                scratch.clear();
                scratch.extend_from_slice(image);
                geometry.apply(shape, scratch, image);
            }
            shades.apply(shape, image, &mut rng);
        },
    );
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;

    fn config(text: &str) -> AugmentConfig {
        serde_json::from_str(text).unwrap()
    }

    fn noise(shape: ImageShape, count: usize) -> Vec<u8> {
        let mut rng = generator(3, "test", 0);
        (0..count * shape.len()).map(|_| rng.r#gen()).collect()
    }

    const SHAPE: ImageShape = ImageShape { height: 6, width: 9, channels: 3 };
    const ALL: &str = r#"{ "shift": 0.1, "rotate": 15, "shear": 10, "scale": 1.2, "crop": 0.8, "flip": true,
        "brightness": 0.2, "contrast": 1.3, "noise": 0.05 }"#;

    #[test]
    fn an_image_depends_on_seed_epoch_and_id_alone() {
        let images = noise(SHAPE, 5);
        let of = |ids: &[usize], seed, epoch| {
            let mut batch: Vec<u8> =
                ids.iter().flat_map(|&id| images[id * SHAPE.len()..][..SHAPE.len()].to_vec()).collect();
            augment(&config(ALL), SHAPE, &mut batch, ids, (seed, epoch));
            batch
        };
        let whole = of(&[0, 1, 2, 3, 4], 1, 1);
        let some = of(&[3, 1], 1, 1);
        assert_eq!(some[..SHAPE.len()], whole[3 * SHAPE.len()..][..SHAPE.len()]);
        assert_eq!(some[SHAPE.len()..], whole[SHAPE.len()..][..SHAPE.len()]);
        assert_ne!(whole, of(&[0, 1, 2, 3, 4], 2, 1));
        assert_ne!(whole, of(&[0, 1, 2, 3, 4], 1, 2));
    }

    #[test]
    fn nothing_asked_changes_nothing() {
        let images = noise(SHAPE, 4);
        let mut changed = images.clone();
        augment(&config("{}"), SHAPE, &mut changed, &[0, 1, 2, 3], (1, 1));
        assert_eq!(changed, images);
    }
}
