//! Three strided convolutions and their mirror image: the auto-encoder of X. Guo, X. Liu, E. Zhu and J. Yin, "Deep
//! clustering with convolutional autoencoders", ICONIP 2017, with zeros on all sides of the 5x5 kernels. It has no
//! pooling and no batch-norm, and an encoder with a third of the reference's multiplications.

use super::definition::Definition;
use crate::layer::{Activation, Layer, Shape};

pub(super) struct Strided;

impl Definition for Strided {
    fn name(&self) -> &'static str {
        "strided"
    }

    fn images(&self) -> &'static str {
        "images whose height and width are 4 times an odd number above 1, such as 28x28"
    }

    fn layers(&self, latents: Layer, input: Shape) -> Option<(Vec<Layer>, Vec<Layer>)> {
        layers(latents, input)
    }
}

const fn down(kernel: usize, filters: usize, padding: usize) -> Layer {
    Layer::StridedConv { filters, kernel, stride: 2, padding, activation: Activation::Relu }
}

const fn up(kernel: usize, filters: usize, padding: usize, activation: Activation) -> Layer {
    // With padding the convolution that it mirrors leaves the last row and column of zeros out.
    let output_padding = if padding == 0 { 0 } else { 1 };
    Layer::TransposedConv { filters, kernel, stride: 2, padding, output_padding, activation }
}

/// Encoder and decoder; `latents` is the dense layer between them.
fn layers(latents: Layer, input: Shape) -> Option<(Vec<Layer>, Vec<Layer>)> {
    let convolutions = [down(5, 32, 2), down(5, 64, 2), down(3, 128, 0)]; // 14x14x32, 7x7x64, 3x3x128
    let last = convolutions.iter().try_fold(input, |shape, layer| layer.output(shape));
    let Some(Shape::Image { height, width, channels }) = last else { return None };
    let encoder = [&convolutions[..], &[Layer::Flatten, latents]].concat(); // 1152, d
    let decoder = vec![
        Layer::Dense { units: height * width * channels, activation: Activation::Relu },
        Layer::Reshape { height, width, channels },
        up(3, 64, 0, Activation::Relu),   // 7x7x64
        up(5, 32, 2, Activation::Relu),   // 14x14x32
        up(5, 1, 2, Activation::Sigmoid), // 28x28x1
    ];
    Some((encoder, decoder))
}
