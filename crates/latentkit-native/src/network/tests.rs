//! What PyTorch's fixture cannot tell: that threads change nothing, and that every instruction set computes the same.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;
use crate::batch::CHUNK;
use crate::tensors::Role;

const INPUT: Shape = Shape::Image { height: 14, width: 10, channels: 1 };
/// Three chunks, the last one with a single image.
const IMAGES: usize = 2 * CHUNK + 1;

/// Every kind of operation, on images that are not square.
fn layers() -> Vec<Layer> {
    let conv = |kernel, filters| Layer::Conv { filters, kernel, activation: Activation::Relu };
    vec![
        conv(3, 20),
        conv(3, 32),
        Layer::MaxPool, // 7x5
        Layer::BatchNorm,
        conv(2, 8),
        conv(2, 1),
        Layer::Flatten,
        Layer::Dense { units: 5, activation: Activation::Linear },
        Layer::Dense { units: 35, activation: Activation::Relu },
        Layer::Reshape { height: 7, width: 5, channels: 1 },
        conv(3, 16),
        Layer::BatchNorm,
        Layer::UpSample { factor: 2 }, // 14x10
        conv(3, 16),
        Layer::Conv { filters: 1, kernel: 3, activation: Activation::Linear },
    ]
}

/// Every kind of operation on the whole batch, with a dense layer of several tiles.
fn strided_layers() -> Vec<Layer> {
    let (padding, output_padding) = (1, [1, 0]);
    vec![
        Layer::StridedConv { filters: 20, kernel: 3, stride: 2, padding, activation: Activation::Gelu }, // 7x5
        Layer::BatchNorm,
        Layer::Conv { filters: 6, kernel: 5, activation: Activation::Relu },
        Layer::MaxPool,                // 3x2
        Layer::UpSample { factor: 2 }, // 6x4
        Layer::Flatten,
        Layer::Dense { units: 300, activation: Activation::Gelu },
        Layer::Dense { units: 7 * 5 * 12, activation: Activation::Relu },
        Layer::Reshape { height: 7, width: 5, channels: 12 },
        Layer::BatchNorm,
        Layer::TransposedConv {
            filters: 3,
            kernel: 4,
            stride: 2,
            padding: 2,
            output_padding,
            activation: Activation::Relu,
        }, // 13x8
        Layer::TransposedConv {
            filters: 1,
            kernel: 2,
            stride: 1,
            padding: 0,
            output_padding: [0, 1],
            activation: Activation::Linear,
        },
    ]
}

fn images() -> Vec<u8> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    (0..IMAGES * INPUT.len()).map(|_| rng.r#gen()).collect()
}

fn tensors(network: &Network) -> Vec<Vec<f32>> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let mut fill = |info: &TensorInfo| {
        let range = match info.role {
            Role::Weight if info.shape.len() > 1 => -0.3..0.3,
            Role::Weight | Role::RunningVariance => 0.8..1.2,
            Role::Bias => 0.0..0.2,
            Role::RunningMean => -0.1..0.1,
        };
        (0..info.len()).map(|_| rng.gen_range(range.clone())).collect()
    };
    network.tensors().iter().map(&mut fill).collect()
}

/// Loss, gradients, statistics and reconstructions, all in one list.
fn results(layers: &[Layer], simd: Simd, threads: usize) -> Vec<f32> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut network = Network::with(simd, layers, INPUT).unwrap();
        let (images, mut tensors) = (images(), tensors(&network));
        let images = Images::Bytes(&images);
        let step = network.step(images, None, &mut tensors, Loss::Bce).clone();
        let mut all = vec![(step.sums.bce / step.pixels as f64) as f32];
        all.extend(step.gradients.iter().chain(&tensors).flatten());
        all.extend(network.infer(images, &tensors));
        all
    })
}

#[test]
fn threads_change_no_bit() {
    for layers in [layers(), strided_layers()] {
        let bits = |threads| -> Vec<u32> {
            results(&layers, Simd::best(), threads).iter().map(|value| value.to_bits()).collect()
        };
        let one = bits(1);
        for threads in [2, 3, 7] {
            assert_eq!(bits(threads), one, "{threads} threads");
        }
    }
}

#[test]
fn every_instruction_set_computes_the_same() {
    for layers in [layers(), strided_layers()] {
        let portable = results(&layers, Simd::available()[0], 1);
        let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        let scale = norm(&portable.iter().map(|&value| f64::from(value)).collect::<Vec<_>>());
        assert!(scale.is_finite() && scale > 1.0, "{scale}");
        for simd in Simd::available() {
            let found = results(&layers, simd, 1);
            let off: Vec<f64> =
                found.iter().zip(&portable).map(|(&a, &b)| f64::from(a) - f64::from(b)).collect();
            assert!(norm(&off) <= 1e-5 * scale, "{}: {:e} of {scale:e}", simd.name(), norm(&off));
        }
    }
}

#[test]
fn a_network_outlives_the_pool_that_it_was_made_in() {
    let small = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut network = small.install(|| Network::new(&layers(), INPUT)).unwrap();
    let (images, tensors) = (images(), tensors(&network));
    let found = small.install(|| network.infer(Images::Bytes(&images), &tensors));
    let large = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    assert_eq!(large.install(|| network.infer(Images::Bytes(&images), &tensors)), found);
}

#[test]
fn large_dense_layers_take_matrices_unless_convolutions_take_longer() {
    let dense = |units| Layer::Dense { units, activation: Activation::Relu };
    let conv = |filters| Layer::Conv { filters, kernel: 3, activation: Activation::Relu };
    let by_matrices = |layers: &[Layer]| {
        let network = Network::new(layers, Shape::Image { height: 28, width: 28, channels: 1 }).unwrap();
        matches!(network.method, Method::Matrices(_))
    };
    assert!(!by_matrices(&[Layer::Flatten, dense(10)]));
    assert!(by_matrices(&[Layer::Flatten, dense(500)]));
    assert!(by_matrices(&[conv(32), Layer::Flatten, dense(500)]));
    assert!(!by_matrices(&[conv(64), conv(64), conv(1), Layer::Flatten, dense(200)]));
}
