//! Convolutions of stride 2 and their mirror image.

use super::definition::Halves;
use crate::layer::{Activation, Layer, Shape};

/// Rows and columns from one output of a convolution to the next.
const STRIDE: usize = 2;

/// A convolution of the encoder.
#[derive(Clone, Copy)]
pub(super) struct Down {
    /// Channels out.
    pub(super) filters: usize,
    /// Rows and columns of the kernel.
    pub(super) kernel: usize,
    /// Rows and columns of zeros on each side.
    pub(super) padding: usize,
}

/// What stands between the convolutions.
#[derive(Clone, Copy)]
pub(super) struct Between {
    /// What follows all sums but those of `latents` and of the image.
    pub(super) activation: Activation,
    /// Whether the output of every convolution but the last is normalised.
    pub(super) batch_norm: bool,
}

/// The convolutions, a vector, the dense layer `latents`; then a dense layer as long as that vector, and for each convolution, the last
/// first, a transposed one whose output has the shape of its input. None where a kernel is larger than what it is laid on.
pub(super) fn layers(downs: &[Down], between: Between, latents: Layer, input: Shape) -> Option<Halves> {
    let Between { activation, batch_norm } = between;
    let norm = batch_norm.then_some(Layer::BatchNorm);
    let (mut shape, mut encoder, mut mirrored) = (input, Vec::new(), Vec::new());
    for &Down { filters, kernel, padding } in downs {
        let Shape::Image { height, width, channels } = shape else { return None };
        let down = Layer::StridedConv { filters, kernel, stride: STRIDE, padding, activation };
        shape = down.output(shape)?;
        encoder.push(down);
        encoder.extend(norm);
        let is_image = mirrored.is_empty();
        mirrored.extend(norm.filter(|_| !is_image));
        // The rows and columns after the last place of the kernel are part of no output; the mirror image adds them.
        let left_over = |side: usize| (side + 2 * padding - kernel) % STRIDE;
        mirrored.push(Layer::TransposedConv {
            filters: channels,
            kernel,
            stride: STRIDE,
            padding,
            output_padding: [left_over(height), left_over(width)],
            activation: if is_image { Activation::Sigmoid } else { activation },
        });
    }
    let Shape::Image { height, width, channels } = shape else { return None };
    encoder.extend([Layer::Flatten, latents]);
    mirrored.push(Layer::Reshape { height, width, channels });
    mirrored.push(Layer::Dense { units: shape.len(), activation });
    mirrored.reverse();
    Some((encoder, mirrored))
}
