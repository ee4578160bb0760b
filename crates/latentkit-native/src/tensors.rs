//! What layers read beside their input, and the layers that cannot be computed.

use std::fmt;

use crate::layer::{Layer, Shape};

/// Layers that cannot be computed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// Which layer, counted from 0.
    pub layer: usize,
    /// Why.
    pub reason: &'static str,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer {} cannot be computed: {}", self.layer, self.reason)
    }
}

impl std::error::Error for Unsupported {}

/// What a tensor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Weights: `[out, in, rows, columns]` of a convolution, `[in, out, rows, columns]` of a transposed one, `[out, in]` of
    /// a dense layer, `[channels]` of batch-norm.
    Weight,
    /// Biases.
    Bias,
    /// Mean of batch-norm's inputs, for inference. Not trained.
    RunningMean,
    /// Their variance. Not trained.
    RunningVariance,
}

/// A tensor of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// The layer, counted from 0.
    pub layer: usize,
    /// What it is for.
    pub role: Role,
    /// Its size.
    pub shape: Vec<usize>,
}

impl TensorInfo {
    /// Numbers in it.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether training changes it by gradients.
    pub fn trainable(&self) -> bool {
        matches!(self.role, Role::Weight | Role::Bias)
    }
}

/// Shape before each layer, and after the last.
pub(crate) fn shapes(layers: &[Layer], input: Shape) -> Result<Vec<Shape>, Unsupported> {
    let mut shapes = vec![input];
    for (index, &layer) in layers.iter().enumerate() {
        let shape = layer.output(shapes[index]).filter(|shape| !shape.is_empty());
        shapes.push(shape.ok_or(Unsupported { layer: index, reason: "it cannot follow the layer before" })?);
    }
    Ok(shapes)
}

/// The tensors of a layer, which is the one at `index`.
pub(crate) fn layer_tensors(layer: Layer, input: Shape, index: usize) -> Vec<TensorInfo> {
    let info = |role, shape: &[usize]| TensorInfo { layer: index, role, shape: shape.to_vec() };
    match (layer, input) {
        (
            Layer::Conv { filters, kernel, .. } | Layer::StridedConv { filters, kernel, .. },
            Shape::Image { channels, .. },
        ) => {
            vec![info(Role::Weight, &[filters, channels, kernel, kernel]), info(Role::Bias, &[filters])]
        }
        (Layer::TransposedConv { filters, kernel, .. }, Shape::Image { channels, .. }) => {
            vec![info(Role::Weight, &[channels, filters, kernel, kernel]), info(Role::Bias, &[filters])]
        }
        (Layer::Dense { units, .. }, Shape::Flat(length)) => {
            vec![info(Role::Weight, &[units, length]), info(Role::Bias, &[units])]
        }
        (Layer::BatchNorm, Shape::Image { channels, .. }) => {
            let roles = [Role::Weight, Role::Bias, Role::RunningMean, Role::RunningVariance];
            roles.map(|role| info(role, &[channels])).to_vec()
        }
        _ => Vec::new(),
    }
}
