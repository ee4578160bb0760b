use std::sync::atomic::AtomicBool;

use latentkit_core::Cancellation;
use latentkit_core::summary::Preservation;
use ndarray::{Array2, Axis, array, concatenate};
use rand::Rng as _;

use super::{fixture, points, table};
use crate::neighbours::preservation;
use crate::neighbours::preservation::preservation_with;
use crate::simd::Simd;
use crate::testing::{assert_close, permutation, rng, with_threads};

fn of(images: &Array2<u8>, points: &Array2<f32>, ks: &[usize]) -> Vec<Preservation> {
    preservation(images.view(), points.view(), ks, Cancellation::never()).unwrap()
}

/// Random images of `pixels` pixels, and points that are their first three, a little moved.
fn random(index: u64, count: usize, pixels: usize) -> (Array2<u8>, Array2<f32>) {
    let mut rng = rng(index);
    let images = Array2::from_shape_simple_fn((count, pixels), || rng.r#gen::<u8>());
    // Whole numbers of 64ths, so that adding a moderate whole number is exact.
    let points = Array2::from_shape_fn((count, 3), |(image, axis)| {
        f32::from(images[[image, axis]]) + f32::from(rng.gen_range(-1000_i16..1000)) / 64.0
    });
    (images, points)
}

#[test]
fn trustworthiness_and_continuity_are_those_of_scikit_learn() {
    let cases = fixture().pictured;
    assert!(cases.len() >= 3);
    for case in cases {
        let (images, points) = (table(&case.images, |pixel| pixel), points(&case.points));
        let ks: Vec<_> = case.figures.iter().map(|figure| figure.k).collect();
        for simd in Simd::available() {
            let found =
                preservation_with(simd, images.view(), points.view(), &ks, Cancellation::never()).unwrap();
            assert_eq!(found.len(), ks.len());
            for (found, figure) in found.iter().zip(&case.figures) {
                let name = format!("{}, k = {}, {}", case.name, figure.k, simd.name());
                assert_close(found.trustworthiness, figure.trustworthiness, 1e-12, &name);
                assert_close(found.continuity, figure.continuity, 1e-12, &name);
            }
        }
    }
}

#[test]
fn points_that_are_the_images_keep_every_neighbour() {
    let (images, _) = random(1, 50, 9);
    let found = of(&images, &images.mapv(f32::from), &[1, 5, 24]);
    assert_eq!(found, [Preservation { trustworthiness: 1.0, continuity: 1.0 }; 3]);
}

#[test]
fn a_fold_is_continuous_but_not_trustworthy() {
    // Images in two groups, 0 to 9 and 210 to 219; the points lay one group upon the other.
    let images = Array2::from_shape_fn((20, 1), |(image, _)| (image + image / 10 * 200) as u8);
    let points = Array2::from_shape_fn((20, 1), |(image, _)| (image % 10) as f32);
    let found = of(&images, &points, &[1])[0];
    // The nearest point is that of the other group, with the ranks 10 to 19 in each.
    assert_close(found.trustworthiness, 1.0 - 2.0 / (20.0 * 36.0) * 2.0 * 135.0, 1e-12, "trustworthiness");
    // The nearest image has rank 2 in the first group. In the second it comes behind two points of the first group, but
    // for the ends of the group, where there is one.
    assert_close(found.continuity, 1.0 - 2.0 / (20.0 * 36.0) * (10.0 + 8.0 * 3.0 + 4.0), 1e-12, "continuity");
}

#[test]
fn neighbours_at_random_give_about_a_half() {
    let mut rng = rng(2);
    let (images, points) = random(3, 600, 12);
    let order = permutation(&mut rng, 600);
    for found in of(&images, &points.select(Axis(0), &order), &[1, 5, 20]) {
        assert_close(found.trustworthiness, 0.5, 0.03, "trustworthiness");
        assert_close(found.continuity, 0.5, 0.03, "continuity");
    }
}

#[test]
fn order_offset_scale_and_layout_do_not_matter() {
    let (images, points) = random(5, 40, 784);
    let (ks, expected) = ([1, 10, 19], of(&images, &points, &[1, 10, 19]));
    assert_eq!(of(&images, &(&points + 512.0), &ks), expected);
    assert_eq!(of(&images, &(&points * 2_f32.powi(-90)), &ks), expected);
    let order = permutation(&mut rng(6), 40);
    assert_eq!(of(&images.select(Axis(0), &order), &points.select(Axis(0), &order), &ks), expected);
    let columns = images.t().as_standard_layout().into_owned();
    assert_eq!(preservation(columns.t(), points.view(), &ks, Cancellation::never()).unwrap(), expected);
    // Pixels that all images share change no distance, however many: more than a run of them.
    let margin = Array2::from_elem((40, 70_000), 9);
    let wide = concatenate(Axis(1), &[images.view(), margin.view()]).unwrap();
    assert_eq!(of(&wide, &points, &ks), expected);
}

#[test]
fn the_number_of_threads_and_the_instruction_set_change_nothing() {
    let (images, points) = random(8, 150, 784);
    let one = with_threads(1, || of(&images, &points, &[1, 5, 10, 20]));
    assert_eq!(with_threads(2, || of(&images, &points, &[1, 5, 10, 20])), one);
    assert_eq!(with_threads(3, || of(&images, &points, &[1, 5, 10, 20])), one);
    for simd in Simd::available() {
        let found =
            preservation_with(simd, images.view(), points.view(), &[1, 5, 10, 20], Cancellation::never())
                .unwrap();
        assert_eq!(found, one, "{}", simd.name());
    }
}

#[test]
fn the_largest_distance_of_images_fits() {
    // Black and white images of more pixels than a u32 could sum the squares of.
    let pixels = (u32::MAX / (255 * 255)) as usize + 1000;
    let mut images = Array2::zeros((3, pixels));
    images.row_mut(1).fill(255);
    images.row_mut(2).fill(250);
    let found = of(&images, &array![[0.0], [2.0], [1.5]], &[1]);
    assert_eq!(found, [Preservation { trustworthiness: 1.0, continuity: 1.0 }]);
}

#[test]
fn equal_points_are_ranked_in_their_order() {
    // Points that have all collapsed: the nearest of each is the first, and of the first the second.
    let images = array![[0_u8], [10], [30], [60]];
    let found = of(&images, &Array2::zeros((4, 2)), &[1])[0];
    // Images by distance: of 0 10, 30, 60; of 10 0; of 30 10, 0; of 60 30, 10, 0. Ranks of the nearest points: 1, 1, 2, 3.
    assert_close(found.trustworthiness, 1.0 - 2.0 / 16.0 * 3.0, 1e-12, "trustworthiness");
    // Points by number: of the image nearest to each, 10, 0, 10 and 30, the ranks are 1, 1, 2 and 3.
    assert_close(found.continuity, 1.0 - 2.0 / 16.0 * 3.0, 1e-12, "continuity");
}

#[test]
fn what_is_undefined_is_an_error() {
    let (images, points) = random(9, 10, 4);
    let of = |images: &Array2<u8>, points: &Array2<f32>, k| {
        preservation(images.view(), points.view(), &[k], Cancellation::never())
            .map_err(|error| error.to_string())
    };
    assert!(of(&images, &points, 4).is_ok());
    assert!(of(&images, &points, 5).unwrap_err().contains("of 5 neighbours of 10 points is undefined"));
    assert!(of(&images, &points, 0).is_err());
    let fewer = images.select(Axis(0), &[1, 2, 3]);
    assert!(of(&fewer, &points, 1).unwrap_err().contains("expected: 10 images"));
    let mut spoilt = points.clone();
    spoilt[[3, 0]] = f32::INFINITY;
    assert!(of(&images, &spoilt, 1).is_err());
    let stop = AtomicBool::new(true);
    assert!(preservation(images.view(), points.view(), &[1], Cancellation::new(&stop)).is_err());
}
