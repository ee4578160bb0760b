//! The reference model against PyTorch in float64: same weights, same batch, same numbers. The fixture is that of
//! latentkit-model.

use latentkit_native::{Activation, Images, Layer, Loss, Network, Role, Shape, TensorInfo};
use safetensors::SafeTensors;
use std::path::PathBuf;

const INPUT: Shape = Shape::Image { height: 28, width: 28, channels: 1 };
const ENCODER_LAYERS: usize = 14;

fn conv(kernel: usize, filters: usize, activation: Activation) -> Layer {
    Layer::Conv { filters, kernel, activation }
}

fn layers() -> Vec<Layer> {
    let relu = |kernel, filters| conv(kernel, filters, Activation::Relu);
    let dense = |units| Layer::Dense { units, activation: Activation::Relu };
    vec![
        relu(3, 32),
        relu(3, 32),
        Layer::MaxPool,
        Layer::BatchNorm,
        relu(3, 32),
        relu(3, 32),
        relu(2, 32),
        Layer::MaxPool,
        Layer::BatchNorm,
        relu(2, 16),
        relu(2, 4),
        relu(2, 1),
        Layer::Flatten,
        dense(6),
        dense(4),
        Layer::Reshape { height: 2, width: 2, channels: 1 },
        relu(2, 4),
        relu(2, 16),
        Layer::BatchNorm,
        Layer::UpSample { factor: 7 },
        relu(3, 32),
        relu(3, 32),
        relu(3, 32),
        Layer::BatchNorm,
        Layer::UpSample { factor: 2 },
        relu(3, 32),
        relu(3, 32),
        conv(3, 1, Activation::Linear),
    ]
}

struct Fixture(Vec<u8>);

impl Fixture {
    fn new() -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../latentkit-model/tests/fixtures/reference.safetensors");
        Self(fs_err::read(path).unwrap())
    }

    fn get(&self, name: &str) -> Vec<f32> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let (numbers, _) = file.tensor(name).unwrap().data().as_chunks();
        numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
    }

    /// The model's tensors; `first` is the first layer's index in the whole model.
    fn tensors(&self, infos: &[TensorInfo], first: usize) -> Vec<Vec<f32>> {
        infos.iter().map(|info| self.get(&format!("weights.{}", name(info, first)))).collect()
    }
}

fn name(info: &TensorInfo, first: usize) -> String {
    let role = match info.role {
        Role::Weight => "weight",
        Role::Bias => "bias",
        Role::RunningMean => "running_mean",
        Role::RunningVariance => "running_var",
    };
    match info.layer + first {
        layer if layer < ENCODER_LAYERS => format!("encoder.{layer}.{role}"),
        layer => format!("decoder.{}.{role}", layer - ENCODER_LAYERS),
    }
}

/// Equal to 1e-5, relative, in the Euclidean norm.
#[track_caller]
fn assert_close(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "length of {name}");
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let scale = norm(&mut expected.iter().map(|&value| f64::from(value)));
    let difference = norm(&mut found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    assert!(scale > 0.0, "{name} is all zeros, which proves nothing");
    assert!(difference <= 1e-5 * scale, "{name} differs by {difference:e} of {scale:e}");
}

#[test]
fn inference_is_pytorchs() {
    let fixture = Fixture::new();
    let (images, layers) = (fixture.get("images"), layers());
    let mut encoder = Network::new(&layers[..ENCODER_LAYERS], INPUT).unwrap();
    let tensors = fixture.tensors(encoder.tensors(), 0);
    let latents = encoder.infer(Images::Floats(&images), &tensors);
    assert_close("latents", &latents, &fixture.get("eval.latents"));
    let mut decoder = Network::new(&layers[ENCODER_LAYERS..], Shape::Flat(6)).unwrap();
    let tensors = fixture.tensors(decoder.tensors(), ENCODER_LAYERS);
    let logits = decoder.infer(Images::Floats(&latents), &tensors);
    assert_close("logits", &logits, &fixture.get("eval.logits"));
}

#[test]
fn loss_gradients_and_statistics_are_pytorchs() {
    let fixture = Fixture::new();
    let images = fixture.get("images");
    let mut network = Network::new(&layers(), INPUT).unwrap();
    let infos = network.tensors().to_vec();
    let mut tensors = fixture.tensors(&infos, 0);
    let step = network.step(Images::Floats(&images), None, &mut tensors, Loss::Bce).clone();
    assert_eq!(step.pixels, images.len());
    let loss = (step.sums.bce / step.pixels as f64) as f32;
    assert_close("loss", &[loss], &fixture.get("train.loss"));
    let mut trained = 0;
    for (index, info) in infos.iter().enumerate() {
        let name = name(info, 0);
        if info.trainable() {
            let expected = fixture.get(&format!("gradient.{name}"));
            assert_close(&name, &step.gradients[index], &expected);
            trained += 1;
        } else {
            assert_close(&name, &tensors[index], &fixture.get(&format!("after.{name}")));
        }
    }
    assert_eq!((trained, infos.len()), (44, 52));
}
