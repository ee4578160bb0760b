//! From layers to operations: where values lie, which are kept for the backward pass, and where the batch must wait for
//! its statistics.

use std::ops::Range;

use crate::image_layout::ImageLayout;
use crate::layer::{Activation, Layer, Shape};
use crate::line::{LANES, Line, flat, flat_mut};
use crate::rearrange::{flatten, unflatten};
use crate::tensors::{TensorInfo, Unsupported, layer_tensors, shapes};
use crate::winograd::Active;

/// How a value lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Image(ImageLayout),
    Flat(usize),
}

impl Layout {
    pub(crate) fn lines(self) -> usize {
        match self {
            Self::Image(plane) => plane.lines(),
            Self::Flat(length) => length.div_ceil(LANES),
        }
    }

    pub(crate) fn len(self) -> usize {
        match self {
            Self::Image(plane) => plane.pixels() * plane.channels,
            Self::Flat(length) => length,
        }
    }

    /// The numbers of a value, channel by channel.
    pub(crate) fn values(self, lines: &[Line]) -> Vec<f32> {
        let mut values = vec![0.0; self.len()];
        match self {
            Self::Image(plane) => flatten(plane, lines, &mut values),
            Self::Flat(length) => values.copy_from_slice(&flat(lines)[..length]),
        }
        values
    }

    /// Makes a value of these numbers.
    pub(crate) fn set_values(self, values: &[f32], lines: &mut [Line]) {
        match self {
            Self::Image(plane) => unflatten(plane, values, lines),
            Self::Flat(length) => flat_mut(lines)[..length].copy_from_slice(values),
        }
    }
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// By Winograd's filtering, with the positions that are not zero forward and backward. The input may be enlarged
    /// twice on the way.
    Tiles { forward: Active, backward: Active },
    /// From one channel.
    ConvFromOneChannel,
    /// To one channel.
    ConvToOneChannel,
}

/// A convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conv {
    pub(crate) input: ImageLayout,
    pub(crate) output: ImageLayout,
    pub(crate) kernel: usize,
    pub(crate) relu: bool,
    pub(crate) method: Method,
}

/// What makes a value of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Conv(Conv),
    Pool { input: ImageLayout, output: ImageLayout },
    Norm { plane: ImageLayout },
    Flatten { plane: ImageLayout },
    Unflatten { plane: ImageLayout },
    Enlarge { input: ImageLayout, output: ImageLayout, factor: usize },
    Dense { inputs: usize, units: usize, relu: bool },
}

/// An operation: a layer, or two that are computed as one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    /// First of its tensors.
    pub(crate) tensor: usize,
    /// Whether a ReLU made its input, so that the gradient of the input is zero where that is not above zero.
    pub(crate) relu_mask: bool,
}

/// The operations of a network. Operation i makes value i + 1 of value i; value 0 is the input.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) ops: Vec<Op>,
    pub(crate) forms: Vec<Layout>,
    pub(crate) tensors: Vec<TensorInfo>,
    /// Operations between the points where the batch must wait; each range but the first starts with a batch-norm.
    pub(crate) segments: Vec<Range<usize>>,
    /// Which values are kept for every image of the batch.
    pub(crate) stored: Vec<bool>,
    /// Whether a ReLU makes the last value.
    pub(crate) relu_last: bool,
}

impl Plan {
    pub(crate) fn new(layers: &[Layer], input: Shape) -> Result<Self, Unsupported> {
        let shapes = shapes(layers, input)?;
        let mut tensors = Vec::new();
        let mut ops = Vec::new();
        let mut forms = vec![form(layers, &shapes, 0, None)];
        let mut relu = false;
        let mut layer = 0;
        while layer < layers.len() {
            let before = forms[forms.len() - 1];
            // Enlarging twice is part of the convolution that follows.
            let doubled = match (layers[layer], layers.get(layer + 1)) {
                (Layer::UpSample { factor: 2 }, Some(Layer::Conv { kernel: 3, .. })) => 1,
                _ => 0,
            };
            let first = layer + doubled;
            let after = form(layers, &shapes, first + 1, Some(before));
            let tensor = tensors.len();
            let (kind, relu_after) = operation(layers[first], before, after, doubled == 1)
                .map_err(|reason| Unsupported { layer: first, reason })?;
            tensors.extend(layer_tensors(layers[first], shapes[first], first));
            ops.push(Op { kind, tensor, relu_mask: relu });
            forms.push(after);
            relu = relu_after;
            layer = first + 1;
        }
        let segments = segments(&ops);
        let stored = stored(&ops, segments[segments.len() - 1].start);
        Ok(Self { ops, forms, tensors, segments, stored, relu_last: relu })
    }
}

/// How the value before layer `index` lies in memory. One channel is of single numbers where the layers on both sides
/// can do that.
fn form(layers: &[Layer], shapes: &[Shape], index: usize, before: Option<Layout>) -> Layout {
    let Shape::Image { height, width, channels } = shapes[index] else {
        return Layout::Flat(shapes[index].len());
    };
    let made = match index.checked_sub(1).map(|index| layers[index]) {
        None | Some(Layer::Reshape { .. }) => true,
        Some(Layer::Conv { .. }) => {
            let doubled = index > 1 && matches!(layers[index - 2], Layer::UpSample { factor: 2 });
            let single = matches!(before, Some(Layout::Image(ImageLayout { single: true, .. })));
            !doubled && !single
        }
        Some(_) => false,
    };
    let used = match layers.get(index) {
        None | Some(Layer::Flatten) => true,
        Some(&Layer::Conv { filters, .. }) => filters > 1,
        Some(_) => false,
    };
    Layout::Image(ImageLayout::new(height, width, channels, channels == 1 && made && used))
}

/// The operation of a layer, and whether it ends with a ReLU.
fn operation(
    layer: Layer,
    before: Layout,
    after: Layout,
    doubled: bool,
) -> Result<(Kind, bool), &'static str> {
    if layer.activation() == Activation::Gelu {
        return Err("GELU takes products of matrices");
    }
    Ok(match (layer, before, after) {
        (Layer::Conv { kernel, activation, .. }, Layout::Image(input), Layout::Image(output)) => {
            let method = match kernel {
                _ if input.single => Method::ConvFromOneChannel,
                _ if output.single => Method::ConvToOneChannel,
                3 if doubled => Method::Tiles { forward: Active::NotThird, backward: Active::NotThird },
                3 => Method::Tiles { forward: Active::All, backward: Active::All },
                _ => Method::Tiles { forward: Active::NotFirst, backward: Active::NotLast },
            };
            if !(1..=3).contains(&kernel) {
                return Err("kernels are 1x1 to 3x3");
            }
            let relu = activation == Activation::Relu;
            (Kind::Conv(Conv { input, output, kernel, relu, method }), relu)
        }
        (Layer::MaxPool, Layout::Image(input), Layout::Image(output)) => {
            (Kind::Pool { input, output }, false)
        }
        (Layer::BatchNorm, Layout::Image(plane), _) => (Kind::Norm { plane }, false),
        (Layer::Flatten, Layout::Image(plane), _) => (Kind::Flatten { plane }, false),
        (Layer::Reshape { .. }, _, Layout::Image(plane)) => (Kind::Unflatten { plane }, false),
        (Layer::UpSample { factor }, Layout::Image(input), Layout::Image(output)) => {
            (Kind::Enlarge { input, output, factor }, false)
        }
        (Layer::Dense { units, activation }, Layout::Flat(inputs), _) => {
            let relu = activation == Activation::Relu;
            (Kind::Dense { inputs, units, relu }, relu)
        }
        _ => return Err("it cannot follow the layer before"),
    })
}

fn segments(ops: &[Op]) -> Vec<Range<usize>> {
    let norms = (0..ops.len()).filter(|&op| matches!(ops[op].kind, Kind::Norm { .. }));
    let mut bounds = vec![0];
    bounds.extend(norms);
    bounds.push(ops.len());
    bounds.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Values that the backward pass reads and that cannot be had from others at little cost. The last segment, from `last`
/// on, goes forward and backward with each image, and keeps nothing.
fn stored(ops: &[Op], last: usize) -> Vec<bool> {
    let kept = |value: usize| {
        let Some(reader) = ops.get(value) else { return false };
        if matches!(reader.kind, Kind::Norm { .. }) {
            return true;
        }
        let remade = match value.checked_sub(1).map(|op| ops[op].kind) {
            None | Some(Kind::Norm { .. }) => true, // an image, or made again of what is before the batch-norm
            Some(Kind::Pool { .. }) => return value < last,
            Some(_) => value >= last,
        };
        !remade
            && match reader.kind {
                Kind::Conv(_) | Kind::Dense { .. } => true,
                Kind::Pool { .. } | Kind::Norm { .. } => false,
                Kind::Flatten { .. } | Kind::Unflatten { .. } | Kind::Enlarge { .. } => reader.relu_mask,
            }
    };
    (0..=ops.len()).map(kept).collect()
}
