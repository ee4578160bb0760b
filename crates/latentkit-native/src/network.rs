//! A network: training steps and inference.

use crate::images::Images;
use crate::imagewise::Imagewise;
use crate::layer::{Activation, Layer, Shape};
use crate::loss::Loss;
use crate::matrix::Batchwise;
use crate::simd::Simd;
use crate::step::Step;
use crate::tensors::{TensorInfo, Unsupported, shapes};

/// Weights of a dense layer that stay in a core's cache from one image to the next: half a megabyte.
const FEW_WEIGHTS: usize = 1 << 17;

/// Multiplications of a convolution that take as long as reading a weight that is in no cache.
const MULTIPLICATIONS: usize = 16;

/// Layers with the memory that computing them takes. The weights stay with the caller.
#[derive(Debug)]
pub struct Network {
    simd: Simd,
    /// Numbers of an input, and of an output.
    lengths: (usize, usize),
    reconstructs: bool,
    method: Method,
}

/// How it is computed.
#[derive(Debug)]
enum Method {
    /// Image by image, convolutions by Winograd's filtering.
    Images(Box<Imagewise>),
    /// Layer by layer, the whole batch as products of matrices.
    Matrices(Box<Batchwise>),
}

impl Network {
    /// A network of these layers. It computes in rayon's current pool of threads; the results do not depend on how many
    /// there are.
    ///
    /// # Errors
    /// When a layer cannot be computed.
    pub fn new(layers: &[Layer], input: Shape) -> Result<Self, Unsupported> {
        Self::with(Simd::best(), layers, input)
    }

    /// As [`Network::new`], of layers whose output has the shape of their input, so that it can be trained.
    ///
    /// # Errors
    /// When a layer cannot be computed, or the output has another shape.
    pub fn autoencoder(layers: &[Layer], input: Shape) -> Result<Self, Unsupported> {
        let network = Self::new(layers, input)?;
        if network.reconstructs {
            Ok(network)
        } else {
            let layer = layers.len().saturating_sub(1);
            Err(Unsupported { layer, reason: "the last layer does not make what the first one takes" })
        }
    }

    /// As [`Network::new`], with a given instruction set.
    pub(crate) fn with(simd: Simd, layers: &[Layer], input: Shape) -> Result<Self, Unsupported> {
        let shapes = shapes(layers, input)?;
        let last = shapes[layers.len()];
        let method = if takes_matrices(layers, &shapes) {
            Method::Matrices(Box::new(Batchwise::new(simd, layers, &shapes)))
        } else {
            Method::Images(Box::new(Imagewise::new(simd, layers, input)?))
        };
        Ok(Self { simd, lengths: (input.len(), last.len()), reconstructs: input == last, method })
    }

    /// The instruction set that it runs with.
    pub fn instructions(&self) -> &'static str {
        self.simd.name()
    }

    /// The tensors that it reads, in their order: for each layer its weight and bias, and for batch-norm its running mean
    /// and variance.
    pub fn tensors(&self) -> &[TensorInfo] {
        match &self.method {
            Method::Images(network) => network.tensors(),
            Method::Matrices(network) => network.tensors(),
        }
    }

    /// Numbers of one input.
    pub fn input_len(&self) -> usize {
        self.lengths.0
    }

    /// Numbers of one output.
    pub fn output_len(&self) -> usize {
        self.lengths.1
    }

    /// The outputs, `[n, output_len]`, image after image and channel by channel, with batch-norm's running statistics.
    ///
    /// # Panics
    /// When the inputs are not whole images, or the tensors not those of [`Network::tensors`].
    pub fn infer(&mut self, inputs: Images<'_>, tensors: &[Vec<f32>]) -> Vec<f32> {
        let count = self.count(inputs, tensors);
        match &mut self.method {
            Method::Images(network) => network.infer(count, inputs, tensors),
            Method::Matrices(network) => network.infer(count, inputs, tensors),
        }
    }

    /// A training step without its update: the loss of making `targets` of the inputs, or the inputs themselves where there are
    /// none, its gradients, and batch-norm's running statistics, which are changed in `tensors`.
    ///
    /// # Panics
    /// When the inputs are not whole images, there are none or not as many as targets, the tensors are not those of [`Network::tensors`], or the
    /// output has another shape than the input.
    pub fn step(
        &mut self,
        inputs: Images<'_>,
        targets: Option<Images<'_>>,
        tensors: &mut [Vec<f32>],
        loss: Loss,
    ) -> &Step {
        let count = self.count(inputs, tensors);
        assert!(
            targets.is_none_or(|targets| targets.len() == inputs.len()),
            "there is a target for each input"
        );
        assert!(self.reconstructs, "the output has another shape than the input");
        assert!(count > 0, "a step needs images");
        match &mut self.method {
            Method::Images(network) => network.step(count, inputs, targets, tensors, loss),
            Method::Matrices(network) => network.step(count, inputs, targets, tensors, loss),
        }
    }

    /// How many inputs there are.
    fn count(&self, inputs: Images<'_>, tensors: &[Vec<f32>]) -> usize {
        let length = self.input_len();
        assert!(inputs.len().is_multiple_of(length), "{} numbers are no images of {length}", inputs.len());
        let sizes = self.tensors().iter().map(TensorInfo::len);
        assert!(tensors.iter().map(Vec::len).eq(sizes), "the tensors are not those of the network");
        inputs.len() / length
    }
}

/// Whether layers are computed as products of matrices: those that only they can compute, and large dense layers, whose
/// weights would be read again for each image, unless the convolutions take longer.
fn takes_matrices(layers: &[Layer], shapes: &[Shape]) -> bool {
    let mut convolutions = 0;
    let mut weights = 0;
    for (&layer, &[input, output]) in layers.iter().zip(shapes.array_windows()) {
        if layer.activation() == Activation::Gelu {
            return true;
        }
        match layer {
            Layer::StridedConv { .. } | Layer::TransposedConv { .. } => return true,
            Layer::Conv { kernel, .. } if kernel > 3 => return true,
            Layer::Conv { kernel, .. } => {
                let Shape::Image { channels, .. } = input else { continue };
                convolutions += kernel * kernel * channels * output.len();
            }
            Layer::Dense { units, .. } if units * input.len() > FEW_WEIGHTS => weights += units * input.len(),
            _ => {}
        }
    }
    weights * MULTIPLICATIONS > convolutions
}

#[cfg(test)]
mod tests;
