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
}

/// A layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Convolution with a bias, stride 1 and Keras's `same` padding: an even kernel is padded below and right.
    Conv {
        /// Channels out.
        filters: usize,
        /// Rows and columns of the kernel, 1 to 3.
        kernel: usize,
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
