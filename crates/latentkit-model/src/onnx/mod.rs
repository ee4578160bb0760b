//! A model as ONNX files, which ONNX Runtime and many others compute.

mod graph;
mod proto;

use std::f32::consts::SQRT_2;

use latentkit_core::ImageShape;
use prost::Message;

use crate::autoencoder::AutoEncoder;
use crate::layer::{Activation, Layer};
use crate::tensor::Tensor;
use graph::{Chain, batch, float, integer, integers, text};
use proto::{FLOAT, Graph, Model, OperatorSet, UINT8};

/// The set of operators, of ONNX 1.12 (2022), and the version of the format that came with it.
pub const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;

/// Batch-norm's constant of Keras.
const BATCH_NORM_EPSILON: f32 = 1e-3;

/// The encoder of a model as an ONNX file: from `image`, bytes [batch, height, width, channels] of which 255 is 1, to `latents`,
/// f32 [batch, d].
pub fn encoder(model: &AutoEncoder) -> Vec<u8> {
    let ImageShape { height, width, channels } = model.image_shape();
    let mut chain = Chain::new("image");
    chain.add("Cast", &[], vec![integer("to", FLOAT.into())]);
    let white = chain.number("white", 255.0);
    chain.add("Div", &[&white], Vec::new());
    chain.add("Transpose", &[], vec![integers("perm", &[0, 3, 1, 2])]);
    layers(&mut chain, &model.blueprint.encoder, model, "encoder");
    let input = batch("image", UINT8, &[height, width, channels], "Pixels of images, 0 to 255.");
    let output = batch("latents", FLOAT, &[model.blueprint.latent_dim()], "Latents.");
    file(chain.finish("encoder", input, output))
}

/// The decoder of a model as an ONNX file: from `latents`, f32 [batch, d], to `image`, f32 [batch, height, width, channels] of 0 to 1.
pub fn decoder(model: &AutoEncoder) -> Vec<u8> {
    let ImageShape { height, width, channels } = model.image_shape();
    let mut chain = Chain::new("latents");
    layers(&mut chain, &model.blueprint.decoder, model, "decoder");
    chain.add("Transpose", &[], vec![integers("perm", &[0, 2, 3, 1])]);
    let input = batch("latents", FLOAT, &[model.blueprint.latent_dim()], "Latents.");
    let output = batch("image", FLOAT, &[height, width, channels], "Pixels of images, 0 to 1.");
    file(chain.finish("decoder", input, output))
}

fn file(graph: Graph) -> Vec<u8> {
    let model = Model {
        ir_version: IR_VERSION,
        producer_name: "latentkit".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: String::new(),
        graph: Some(graph),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
    };
    model.encode_to_vec()
}

/// Adds the layers of one half of the model. Images are [batch, channels, height, width].
fn layers(chain: &mut Chain, layers: &[Layer], model: &AutoEncoder, half: &str) {
    for (index, &layer) in layers.iter().enumerate() {
        let prefix = format!("{half}.{index}.");
        let own: Vec<&Tensor> =
            model.tensors.iter().filter(|tensor| tensor.name.starts_with(&prefix)).collect();
        let names: Vec<String> = own.into_iter().map(|tensor| chain.tensor(tensor)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        add(chain, layer, &names);
        if let Some(activation) = layer.activation() {
            activate(chain, activation);
        }
    }
}

/// Adds a layer without what follows its sums; `tensors` are the names of its tensors.
fn add(chain: &mut Chain, layer: Layer, tensors: &[&str]) {
    match layer {
        Layer::Conv { kernel, .. } => {
            let (before, after) = ((kernel - 1) / 2, kernel / 2);
            chain.add("Conv", tensors, vec![integers("pads", &[before, before, after, after])]);
        }
        Layer::StridedConv { stride, padding, .. } => {
            let attributes = vec![integers("strides", &[stride; 2]), integers("pads", &[padding; 4])];
            chain.add("Conv", tensors, attributes);
        }
        Layer::TransposedConv { stride, padding, output_padding, .. } => {
            let attributes = vec![
                integers("strides", &[stride; 2]),
                integers("pads", &[padding; 4]),
                integers("output_padding", &output_padding),
            ];
            chain.add("ConvTranspose", tensors, attributes);
        }
        Layer::MaxPool { size } => {
            let attributes = vec![integers("kernel_shape", &[size; 2]), integers("strides", &[size; 2])];
            chain.add("MaxPool", &[], attributes);
        }
        Layer::BatchNorm => {
            chain.add("BatchNormalization", tensors, vec![float("epsilon", BATCH_NORM_EPSILON)]);
        }
        Layer::Flatten => chain.add("Flatten", &[], vec![integer("axis", 1)]),
        Layer::Dense { .. } => chain.add("Gemm", tensors, vec![integer("transB", 1)]),
        Layer::Reshape { height, width, channels } => {
            let shape = chain.integers(&[-1, channels as i64, height as i64, width as i64]);
            chain.add("Reshape", &[&shape], Vec::new());
        }
        Layer::UpSample { factor } => {
            let scales =
                chain.numbers(&format!("scales_{factor}"), &[1.0, 1.0, factor as f32, factor as f32]);
            let attributes = vec![
                text("mode", "nearest"),
                text("coordinate_transformation_mode", "asymmetric"),
                text("nearest_mode", "floor"),
            ];
            chain.add("Resize", &["", &scales], attributes);
        }
    }
}

fn activate(chain: &mut Chain, activation: Activation) {
    match activation {
        Activation::Linear => {}
        Activation::Relu => chain.add("Relu", &[], Vec::new()),
        Activation::Gelu => {
            let sums = chain.last().to_owned();
            let (root, one, half) =
                (chain.number("root_2", SQRT_2), chain.number("one", 1.0), chain.number("half", 0.5));
            chain.add("Div", &[&root], Vec::new());
            chain.add("Erf", &[], Vec::new());
            chain.add("Add", &[&one], Vec::new());
            chain.add("Mul", &[&sums], Vec::new());
            chain.add("Mul", &[&half], Vec::new());
        }
        Activation::Sigmoid => chain.add("Sigmoid", &[], Vec::new()),
    }
}
