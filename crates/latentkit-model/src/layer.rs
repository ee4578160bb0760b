//! The layers that an architecture is declared of: their shapes and the parameters they hold. No tensors here.

use std::fmt;

use latentkit_core::summary::Parameters;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

/// The largest sizes in a model, with which no product of sizes overflows: units or channels of a layer, rows or columns of an
/// image, rows or columns of a kernel, numbers in a vector.
const MOST_UNITS: usize = 1 << 20;
const MOST_SIDE: usize = 1 << 15;
const MOST_KERNEL: usize = 1 << 10;
const MOST_LENGTH: usize = 1 << 50;

/// Size of what a layer makes of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Channels of the same height and width.
    Image {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Channels.
        channels: usize,
    },
    /// A plain vector of this length.
    Flat(usize),
}

impl Shape {
    /// Numbers in it.
    pub fn len(self) -> usize {
        match self {
            Self::Image { height, width, channels } => height * width * channels,
            Self::Flat(length) => length,
        }
    }

    /// Whether every size of it is at least 1, and none is so large that products of sizes overflow.
    pub(crate) fn is_possible(&self) -> bool {
        match *self {
            Self::Image { height, width, channels } => {
                [height, width].iter().all(|side| (1..=MOST_SIDE).contains(side))
                    && (1..=MOST_UNITS).contains(&channels)
            }
            Self::Flat(length) => (1..=MOST_LENGTH).contains(&length),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// Height x width x channels, as Keras prints it.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self {
            Self::Image { height, width, channels } => format!("{height}x{width}x{channels}"),
            Self::Flat(length) => length.to_string(),
        })
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Image { height, width, channels } => [height, width, channels].serialize(serializer),
            Self::Flat(length) => [length].serialize(serializer),
        }
    }
}

/// The inverse of its serialisation.
impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Vec::deserialize(deserializer)?[..] {
            [height, width, channels] => Ok(Self::Image { height, width, channels }),
            [length] => Ok(Self::Flat(length)),
            _ => Err(de::Error::custom(
                "a shape of another length, expected `[height, width, channels]` or `[length]`",
            )),
        }
    }
}

/// What follows the sums of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// Nothing.
    Linear,
    /// max(0, x).
    Relu,
    /// x times the normal distribution's share below x, (1 + erf(x / sqrt(2))) / 2 (Hendrycks and Gimpel, 2016); PyTorch's `GELU`.
    Gelu,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
}

impl Activation {
    /// Whether a larger sum never gives a smaller value.
    pub fn is_monotonic(self) -> bool {
        self != Self::Gelu
    }
}

/// A layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Layer {
    /// Convolution with a bias, stride 1 and Keras's `same` padding: an even kernel is padded below and right.
    Conv {
        /// Channels out.
        filters: usize,
        /// Rows and columns of the kernel.
        kernel: usize,
        /// What follows.
        activation: Activation,
    },
    /// Convolution with a bias and zeros on all sides; PyTorch's `Conv2d`.
    StridedConv {
        /// Channels out.
        filters: usize,
        /// Rows and columns of the kernel.
        kernel: usize,
        /// Rows and columns from one output to the next.
        stride: usize,
        /// Rows and columns of zeros on each side.
        padding: usize,
        /// What follows.
        activation: Activation,
    },
    /// The transpose of a strided convolution, with a bias; PyTorch's `ConvTranspose2d`.
    TransposedConv {
        /// Channels out.
        filters: usize,
        /// Rows and columns of the kernel.
        kernel: usize,
        /// Rows and columns from the output of one input to that of the next.
        stride: usize,
        /// Rows and columns that are cut off each side.
        padding: usize,
        /// Rows that are added below, and columns that are added to the right.
        #[serde(with = "crate::sides")]
        output_padding: [usize; 2],
        /// What follows.
        activation: Activation,
    },
    /// Largest value of each square of `size`.
    MaxPool {
        /// Rows and columns of a square.
        size: usize,
    },
    /// Batch normalisation of each channel (Ioffe and Szegedy, 2015), with Keras's constants: momentum 0.99 (PyTorch
    /// writes it 0.01) and epsilon 1e-3.
    BatchNorm,
    /// Every value in one vector, channel by channel.
    Flatten,
    /// Every input to every output, with a bias.
    Dense {
        /// Outputs.
        units: usize,
        /// What follows.
        activation: Activation,
    },
    /// A vector as an image, channel by channel.
    Reshape {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Channels.
        channels: usize,
    },
    /// Each value as a square of `factor`.
    UpSample {
        /// Rows and columns of a square.
        factor: usize,
    },
}

/// Names of a layer's tensors, as PyTorch has them. The last two belong to batch-norm and are not trained.
pub(crate) const TENSORS: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];

impl Layer {
    /// What follows its sums; none where it makes no sums.
    pub fn activation(self) -> Option<Activation> {
        match self {
            Self::Conv { activation, .. }
            | Self::StridedConv { activation, .. }
            | Self::TransposedConv { activation, .. }
            | Self::Dense { activation, .. } => Some(activation),
            Self::MaxPool { .. }
            | Self::BatchNorm
            | Self::Flatten
            | Self::Reshape { .. }
            | Self::UpSample { .. } => None,
        }
    }

    /// The same layer with something else after its sums.
    #[must_use]
    pub fn with_activation(mut self, after: Activation) -> Self {
        if let Self::Conv { activation, .. }
        | Self::StridedConv { activation, .. }
        | Self::TransposedConv { activation, .. }
        | Self::Dense { activation, .. } = &mut self
        {
            *activation = after;
        }
        self
    }

    /// Whether its sizes are at least 1, paddings at least 0, and none is so large that products of sizes overflow.
    pub(crate) fn is_possible(self) -> bool {
        let units = |units: usize| (1..=MOST_UNITS).contains(&units);
        let kernel = |sizes: &[usize]| sizes.iter().all(|size| (1..=MOST_KERNEL).contains(size));
        match self {
            Self::Conv { filters, kernel: size, .. } => units(filters) && kernel(&[size]),
            Self::StridedConv { filters, kernel: size, stride, padding, .. } => {
                units(filters) && kernel(&[size, stride, padding.saturating_add(1)])
            }
            Self::TransposedConv { filters, kernel: size, stride, padding, output_padding, .. } => {
                let [rows, columns] = output_padding;
                let widest = padding.max(rows).max(columns);
                units(filters) && kernel(&[size, stride, widest.saturating_add(1)])
            }
            Self::MaxPool { size } => kernel(&[size]),
            Self::UpSample { factor } => kernel(&[factor]),
            Self::BatchNorm | Self::Flatten => true,
            Self::Dense { units, .. } => Shape::Flat(units).is_possible(),
            Self::Reshape { height, width, channels } => {
                Shape::Image { height, width, channels }.is_possible()
            }
        }
    }

    /// Shape of the layer's output. None when the layer cannot follow `input`.
    pub fn output(self, input: Shape) -> Option<Shape> {
        match (self, input) {
            (Self::Conv { filters, .. }, Shape::Image { height, width, .. }) => {
                Some(Shape::Image { height, width, channels: filters })
            }
            (
                Self::StridedConv { filters, kernel, stride, padding, .. },
                Shape::Image { height, width, .. },
            ) => {
                let side =
                    |length: usize| (length + 2 * padding).checked_sub(kernel).map(|room| room / stride + 1);
                Some(Shape::Image { height: side(height)?, width: side(width)?, channels: filters })
            }
            (
                Self::TransposedConv { filters, kernel, stride, padding, output_padding, .. },
                Shape::Image { height, width, .. },
            ) => {
                let side = |length: usize, added: usize| {
                    ((length - 1) * stride + kernel + added).checked_sub(2 * padding).filter(|&side| side > 0)
                };
                let [rows, columns] = output_padding;
                let (height, width) = (side(height, rows)?, side(width, columns)?);
                Some(Shape::Image { height, width, channels: filters })
            }
            (Self::MaxPool { size }, Shape::Image { height, width, channels }) => {
                let whole = height >= size && width >= size;
                whole.then_some(Shape::Image { height: height / size, width: width / size, channels })
            }
            (Self::BatchNorm, Shape::Image { .. }) => Some(input),
            (Self::Flatten, _) => Some(Shape::Flat(input.len())),
            (Self::Dense { units, .. }, Shape::Flat(_)) => Some(Shape::Flat(units)),
            (Self::Reshape { height, width, channels }, Shape::Flat(length)) => {
                (height * width * channels == length).then_some(Shape::Image { height, width, channels })
            }
            (Self::UpSample { factor }, Shape::Image { height, width, channels }) => {
                Some(Shape::Image { height: height * factor, width: width * factor, channels })
            }
            _ => None,
        }
    }

    /// The shapes of the layer's tensors when it follows `input`, in the order of [`TENSORS`]; none for a layer without
    /// parameters. A convolution's weight is `[out, in, rows, columns]`, a transposed one's `[in, out, rows, columns]`, that of
    /// a dense layer `[out, in]`.
    pub fn tensors(self, input: Shape) -> Vec<Vec<usize>> {
        match (self, input) {
            (
                Self::Conv { filters, kernel, .. } | Self::StridedConv { filters, kernel, .. },
                Shape::Image { channels, .. },
            ) => vec![vec![filters, channels, kernel, kernel], vec![filters]],
            (Self::TransposedConv { filters, kernel, .. }, Shape::Image { channels, .. }) => {
                vec![vec![channels, filters, kernel, kernel], vec![filters]]
            }
            (Self::Dense { units, .. }, Shape::Flat(length)) => vec![vec![units, length], vec![units]],
            (Self::BatchNorm, Shape::Image { channels, .. }) => vec![vec![channels]; TENSORS.len()],
            _ => Vec::new(),
        }
    }

    /// How many numbers the layer holds when it follows `input`.
    pub fn parameters(self, input: Shape) -> Parameters {
        let count = |shapes: &[Vec<usize>]| shapes.iter().map(|shape| shape.iter().product::<usize>()).sum();
        let shapes = self.tensors(input);
        let (trained, not_trained) = shapes.split_at(shapes.len().min(2));
        Parameters { trainable: count(trained), non_trainable: count(not_trained) }
    }
}

/// As the reference's tables name it, such as `conv 3x3`.
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let activated = |name: String, activation: &Activation| match activation {
            Activation::Linear => name,
            Activation::Relu => format!("{name}, ReLU"),
            Activation::Gelu => format!("{name}, GELU"),
            Activation::Sigmoid => format!("{name}, sigmoid"),
        };
        f.pad(&match self {
            Self::Conv { kernel, activation, .. } => activated(format!("conv {kernel}x{kernel}"), activation),
            Self::StridedConv { kernel, stride, activation, .. } => {
                activated(format!("conv {kernel}x{kernel} /{stride}"), activation)
            }
            Self::TransposedConv { kernel, stride, activation, .. } => {
                activated(format!("conv-transpose {kernel}x{kernel} /{stride}"), activation)
            }
            Self::MaxPool { size } => format!("max-pool {size}x{size}"),
            Self::BatchNorm => "batch-norm".to_owned(),
            Self::Flatten => "flatten".to_owned(),
            Self::Dense { activation, .. } => activated("dense".to_owned(), activation),
            Self::Reshape { .. } => "reshape".to_owned(),
            Self::UpSample { factor } => format!("up-sample x{factor}, nearest"),
        })
    }
}
