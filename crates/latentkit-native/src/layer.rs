//! The layers that a network is declared of.

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

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// What follows the sums of a layer. The last sigmoid of an auto-encoder is no layer's: losses come from logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Linear,
    /// max(0, x).
    Relu,
    /// x times the normal distribution's share below x, (1 + erf(x / sqrt(2))) / 2 (Hendrycks and Gimpel, 2016); PyTorch's
    /// `GELU`.
    Gelu,
}

/// A layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        output_padding: [usize; 2],
        /// What follows.
        activation: Activation,
    },
    /// Largest value of each 2x2 square; the first one wins. A last odd row or column is left out.
    MaxPool,
    /// Batch normalisation of each channel, with Keras's constants: momentum 0.99 (PyTorch writes it 0.01) and epsilon
    /// 1e-3.
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

impl Layer {
    /// What follows its sums; nothing where it makes none.
    pub(crate) fn activation(self) -> Activation {
        match self {
            Self::Conv { activation, .. }
            | Self::StridedConv { activation, .. }
            | Self::TransposedConv { activation, .. }
            | Self::Dense { activation, .. } => activation,
            Self::MaxPool
            | Self::BatchNorm
            | Self::Flatten
            | Self::Reshape { .. }
            | Self::UpSample { .. } => Activation::Linear,
        }
    }

    /// Shape of its output; none when it cannot follow `input`.
    pub(crate) fn output(self, input: Shape) -> Option<Shape> {
        match (self, input) {
            (Self::Conv { filters, kernel, .. }, Shape::Image { height, width, .. }) => {
                (kernel > 0).then_some(Shape::Image { height, width, channels: filters })
            }
            (
                Self::StridedConv { filters, kernel, stride, padding, .. },
                Shape::Image { height, width, .. },
            ) => {
                let side = |length: usize| {
                    let steps = (length + 2 * padding).checked_sub(kernel)?.checked_div(stride)?;
                    (kernel > 0).then_some(steps + 1)
                };
                Some(Shape::Image { height: side(height)?, width: side(width)?, channels: filters })
            }
            (
                Self::TransposedConv { filters, kernel, stride, padding, output_padding, .. },
                Shape::Image { height, width, .. },
            ) => {
                let side = |length: usize, added: usize| {
                    let whole = (length - 1) * stride + kernel + added;
                    (kernel > 0 && stride > 0).then_some(whole)?.checked_sub(2 * padding)
                };
                let (height, width) = (side(height, output_padding[0])?, side(width, output_padding[1])?);
                Some(Shape::Image { height, width, channels: filters })
            }
            (Self::MaxPool, Shape::Image { height, width, channels }) => {
                Some(Shape::Image { height: height / 2, width: width / 2, channels })
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
}
