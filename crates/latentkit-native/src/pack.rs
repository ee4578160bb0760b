//! Weights as the kernels want them, and gradients back.

use crate::line::{LANES, Line, flat, flat_mut, zeros};
use crate::plan::{Conv, Kind, Method, Op};
use crate::simd::Simd;
use crate::single::TAPS;
use crate::statistics::{EPSILON, running};
use crate::winograd::{FromKernel, ToKernel};

/// What an operation reads beside its input.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// Kernel or matrix; the scale of batch-norm.
    pub(crate) weight: Vec<Line>,
    /// The kernel flipped, for the gradient of the input.
    pub(crate) flipped: Vec<Line>,
    /// Bias; the shift of batch-norm.
    pub(crate) bias: Vec<Line>,
    /// Mean of the batch, or of many.
    pub(crate) mean: Vec<Line>,
    /// 1 / sqrt(variance + epsilon).
    pub(crate) inverse: Vec<f64>,
    /// Factors of the gradient of batch-norm's input.
    pub(crate) factors: [Vec<Line>; 3],
    /// A kernel by taps, on the way.
    taps: Vec<Line>,
}

/// Gradients of an operation's tensors, as the kernels make them.
#[derive(Debug, Default)]
pub(crate) struct Gradient {
    pub(crate) weight: Vec<Line>,
    pub(crate) bias: Vec<Line>,
}

impl Gradient {
    pub(crate) fn new(op: &Op) -> Self {
        let (weight, bias) = match op.kind {
            Kind::Conv(conv) => (TAPS * conv.tap_lines(), conv.output.blocks),
            Kind::Dense { inputs, units, .. } => (units * inputs.div_ceil(LANES), units.div_ceil(LANES)),
            _ => (0, 0),
        };
        Self { weight: zeros(weight), bias: zeros(bias) }
    }

    pub(crate) fn clear(&mut self) {
        self.weight.fill(Line::ZERO);
        self.bias.fill(Line::ZERO);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let pairs = [(&mut self.weight, &other.weight), (&mut self.bias, &other.bias)];
        for (sums, addends) in pairs {
            for (sum, addend) in flat_mut(sums).iter_mut().zip(flat(addends)) {
                *sum += addend;
            }
        }
    }

    /// Copies the gradients into tensors of PyTorch's layout.
    pub(crate) fn unpack(&self, op: &Op, tensors: &mut [Vec<f32>]) {
        let [weight, bias, ..] = tensors else { return };
        match op.kind {
            Kind::Conv(conv) => {
                let taps = flat(&self.weight);
                for (at, value) in weight.iter_mut().enumerate() {
                    *value = taps[conv.place(at, false)];
                }
                let length = bias.len();
                bias.copy_from_slice(&flat(&self.bias)[..length]);
            }
            Kind::Dense { inputs, .. } => {
                let rows = flat(&self.weight).chunks_exact(inputs.next_multiple_of(LANES));
                for (to, from) in weight.chunks_exact_mut(inputs).zip(rows) {
                    to.copy_from_slice(&from[..inputs]);
                }
                let length = bias.len();
                bias.copy_from_slice(&flat(&self.bias)[..length]);
            }
            _ => {}
        }
    }
}

impl Conv {
    /// Lines of one tap of the kernel.
    fn tap_lines(self) -> usize {
        match self.method {
            Method::Tiles { .. } => self.input.blocks * LANES * self.output.blocks,
            Method::ConvFromOneChannel => self.output.blocks,
            Method::ConvToOneChannel => self.input.blocks,
        }
    }

    /// Where a weight, counted in PyTorch's layout, is among the numbers of the kernel's taps, or of those of the kernel
    /// flipped. Smaller kernels sit in the 3x3 taps so that what they leave is above and to the left.
    fn place(self, at: usize, flipped: bool) -> usize {
        let (channels, kernel) = (self.input.channels, self.kernel);
        let (column, row) = (at % kernel, at / kernel % kernel);
        let (input, output) = (at / (kernel * kernel) % channels, at / (kernel * kernel * channels));
        let offset = usize::from(kernel < 3);
        let tap = (row + offset) * 3 + column + offset;
        let tap = if flipped { TAPS - 1 - tap } else { tap };
        let within = match self.method {
            Method::Tiles { .. } if flipped => output * self.input.blocks * LANES + input,
            Method::Tiles { .. } => input * self.output.blocks * LANES + output,
            Method::ConvFromOneChannel => output,
            Method::ConvToOneChannel => input,
        };
        tap * self.tap_lines() * LANES + within
    }

    /// Lays a kernel out by taps.
    fn place_all(self, weights: &[f32], flipped: bool, taps: &mut [Line]) {
        taps.fill(Line::ZERO);
        let taps = flat_mut(taps);
        for (at, &value) in weights.iter().enumerate() {
            taps[self.place(at, flipped)] = value;
        }
    }

    /// Makes the gradient by taps of the one by positions.
    pub(crate) fn to_taps(self, simd: Simd, positions: &[Line], taps: &mut [Line]) {
        if let Method::Tiles { forward, .. } = self.method {
            simd.call(ToKernel { active: forward, positions, taps });
        }
    }

    /// Lines of the gradient by positions.
    pub(crate) fn position_lines(self) -> usize {
        match self.method {
            Method::Tiles { forward, .. } => forward.positions() * self.tap_lines(),
            Method::ConvFromOneChannel | Method::ConvToOneChannel => 0,
        }
    }
}

impl Packed {
    pub(crate) fn new(op: &Op) -> Self {
        let mut packed = Self::default();
        match op.kind {
            Kind::Conv(conv) => {
                packed.bias = zeros(conv.output.blocks);
                if let Method::Tiles { forward, backward } = conv.method {
                    packed.weight = zeros(forward.positions() * conv.tap_lines());
                    packed.flipped = zeros(backward.positions() * conv.tap_lines());
                    packed.taps = zeros(TAPS * conv.tap_lines());
                } else {
                    packed.weight = zeros(TAPS * conv.tap_lines());
                    packed.flipped = zeros(TAPS * conv.tap_lines());
                }
            }
            Kind::Dense { inputs, units, .. } => {
                packed.weight = zeros(units * inputs.div_ceil(LANES));
                packed.bias = zeros(units.div_ceil(LANES));
            }
            Kind::Norm { plane } => {
                let lines = || zeros(plane.blocks);
                (packed.weight, packed.bias, packed.mean) = (lines(), lines(), lines());
                packed.factors = [lines(), lines(), lines()];
                packed.inverse = vec![0.0; plane.channels];
            }
            _ => {}
        }
        packed
    }

    /// Takes an operation's tensors. Batch-norm takes its running statistics.
    pub(crate) fn pack(&mut self, simd: Simd, op: &Op, tensors: &[Vec<f32>]) {
        match op.kind {
            Kind::Conv(conv) => {
                let [weight, bias, ..] = tensors else { return };
                if let Method::Tiles { forward, backward } = conv.method {
                    conv.place_all(weight, false, &mut self.taps);
                    simd.call(FromKernel { active: forward, taps: &self.taps, positions: &mut self.weight });
                    conv.place_all(weight, true, &mut self.taps);
                    simd.call(FromKernel {
                        active: backward,
                        taps: &self.taps,
                        positions: &mut self.flipped,
                    });
                } else {
                    conv.place_all(weight, false, &mut self.weight);
                    conv.place_all(weight, true, &mut self.flipped);
                }
                flat_mut(&mut self.bias)[..bias.len()].copy_from_slice(bias);
            }
            Kind::Dense { inputs, .. } => {
                let [weight, bias, ..] = tensors else { return };
                let rows = flat_mut(&mut self.weight).chunks_exact_mut(inputs.next_multiple_of(LANES));
                for (to, from) in rows.zip(weight.chunks_exact(inputs)) {
                    to[..inputs].copy_from_slice(from);
                }
                flat_mut(&mut self.bias)[..bias.len()].copy_from_slice(bias);
            }
            Kind::Norm { .. } => {
                self.set_statistics(tensors, &running(tensors));
            }
            _ => {}
        }
    }

    /// Batch-norm with these means and variances.
    pub(crate) fn set_statistics(&mut self, tensors: &[Vec<f32>], statistics: &[(f64, f64)]) {
        let [weight, bias, ..] = tensors else { return };
        let (scales, means) = (flat_mut(&mut self.weight), flat_mut(&mut self.mean));
        let shifts = flat_mut(&mut self.bias);
        for (channel, &(mean, variance)) in statistics.iter().enumerate() {
            // The mean is rounded once, and is the same everywhere.
            self.inverse[channel] = 1.0 / (variance + EPSILON).sqrt();
            means[channel] = mean as f32;
            scales[channel] = (f64::from(weight[channel]) * self.inverse[channel]) as f32;
            shifts[channel] = bias[channel];
        }
    }
}
