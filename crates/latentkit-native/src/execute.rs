//! One operation on one image, forward and backward.

use crate::dense::{Dense, DenseGradient};
use crate::line::{Line, flat, flat_mut};
use crate::norm::Normalise;
use crate::pack::{Gradient, Packed};
use crate::plan::{Kind, Method, Op};
use crate::pool::{Pick, Pool, PoolGradient};
use crate::rearrange::{enlarge, enlarge_gradient, flatten, gate, unflatten};
use crate::reduce::AddPixels;
use crate::simd::Simd;
use crate::single::{ConvFromOneChannel, ConvToOneChannel, Correlate, sum};
use crate::winograd::{Finish, Tiles, convolve, weight_gradient};

/// Computes an operation's output. `picks` are written when they are not empty.
pub(crate) fn forward(
    simd: Simd,
    op: &Op,
    packed: &Packed,
    input: &[Line],
    out: &mut [Line],
    picks: &mut [Pick],
    tiles: &mut Tiles,
) {
    match op.kind {
        Kind::Conv(conv) => {
            let finish = Finish { bias: Some(&packed.bias), relu: conv.relu, gate: None };
            match conv.method {
                Method::Tiles { forward, .. } => {
                    let (input, output) = ((conv.input, input), (conv.output, out));
                    convolve(simd, forward, input, &packed.weight, output, finish, tiles);
                }
                Method::ConvFromOneChannel => simd.call(ConvFromOneChannel {
                    source: conv.input,
                    image: flat(input),
                    taps: &packed.weight,
                    plane: conv.output,
                    out,
                    finish,
                }),
                Method::ConvToOneChannel => simd.call(ConvToOneChannel {
                    plane: conv.input,
                    image: input,
                    taps: &packed.weight,
                    bias: packed.bias[0].0[0],
                    relu: conv.relu,
                    gate: None,
                    target: conv.output,
                    out: flat_mut(out),
                }),
            }
        }
        Kind::Pool { input: plane, output } => {
            simd.call(Pool { input: plane, image: input, output, out, picks });
        }
        Kind::Norm { plane } => simd.call(Normalise {
            plane,
            image: input,
            mean: &packed.mean,
            scale: &packed.weight,
            shift: &packed.bias,
            out,
        }),
        Kind::Flatten { plane } => {
            flatten(plane, input, &mut flat_mut(out)[..plane.pixels() * plane.channels]);
        }
        Kind::Unflatten { plane } => {
            let length = plane.pixels() * plane.channels;
            unflatten(plane, &flat(input)[..length], out);
        }
        Kind::Enlarge { input: plane, output, factor } => enlarge(plane, input, factor, output, out),
        Kind::Dense { units, relu, .. } => {
            let bias = &flat(&packed.bias)[..units];
            simd.call(Dense { input, weights: &packed.weight, bias, relu, out });
        }
    }
}

/// What the gradients of an operation are computed from.
pub(crate) struct Known<'a> {
    pub(crate) packed: &'a Packed,
    pub(crate) input: &'a [Line],
    pub(crate) output: &'a [Line],
    pub(crate) picks: &'a [Pick],
    /// Gradient of the output. A ReLU of the operation itself is accounted for.
    pub(crate) gradient: &'a [Line],
}

/// Adds to the gradients of an operation's tensors, those of a kernel by positions, and computes the gradient of its
/// input. Batch-norm is not among these operations: it needs the whole batch.
pub(crate) fn backward(
    simd: Simd,
    op: &Op,
    known: &Known<'_>,
    sums: &mut Gradient,
    positions: &mut [Line],
    out: Option<&mut [Line]>,
    tiles: &mut Tiles,
) {
    let Known { packed, input, output, picks, gradient } = *known;
    match op.kind {
        Kind::Conv(conv) => {
            let planes = ((conv.input, input), (conv.output, gradient));
            let finish = Finish { bias: None, relu: false, gate: op.relu_mask.then_some(input) };
            match conv.method {
                Method::Tiles { forward, backward } => {
                    weight_gradient(simd, forward, planes.0, planes.1, positions, &mut sums.bias, tiles);
                    if let Some(out) = out {
                        convolve(simd, backward, planes.1, &packed.flipped, (conv.input, out), finish, tiles);
                    }
                }
                Method::ConvFromOneChannel => {
                    simd.call(Correlate {
                        source: conv.input,
                        image: flat(input),
                        plane: conv.output,
                        lines: gradient,
                        flipped: false,
                        taps: &mut sums.weight,
                    });
                    simd.call(AddPixels { plane: conv.output, image: gradient, sums: &mut sums.bias });
                    if let Some(out) = out {
                        simd.call(ConvToOneChannel {
                            plane: conv.output,
                            image: gradient,
                            taps: &packed.flipped,
                            bias: 0.0,
                            relu: false,
                            gate: op.relu_mask.then_some(flat(input)),
                            target: conv.input,
                            out: flat_mut(out),
                        });
                    }
                }
                Method::ConvToOneChannel => {
                    simd.call(Correlate {
                        source: conv.output,
                        image: flat(gradient),
                        plane: conv.input,
                        lines: input,
                        flipped: true,
                        taps: &mut sums.weight,
                    });
                    sums.bias[0].0[0] += sum(conv.output, flat(gradient));
                    if let Some(out) = out {
                        simd.call(ConvFromOneChannel {
                            source: conv.output,
                            image: flat(gradient),
                            taps: &packed.flipped,
                            plane: conv.input,
                            out,
                            finish,
                        });
                    }
                }
            }
        }
        Kind::Dense { .. } => simd.call(DenseGradient {
            input,
            weights: &packed.weight,
            gradient,
            weight_sums: &mut sums.weight,
            bias_sums: &mut sums.bias,
            relu_mask: op.relu_mask,
            out,
        }),
        Kind::Norm { .. } => unreachable!("a batch-norm starts its segment"),
        Kind::Pool { .. } | Kind::Flatten { .. } | Kind::Unflatten { .. } | Kind::Enlarge { .. } => {
            let Some(out) = out else { return };
            match op.kind {
                Kind::Pool { input, output: pooled } => {
                    let gate = op.relu_mask.then_some(output);
                    simd.call(PoolGradient { output: pooled, gradient, picks, gate, input, out });
                    return;
                }
                Kind::Flatten { plane } => {
                    unflatten(plane, &flat(gradient)[..plane.pixels() * plane.channels], out);
                }
                Kind::Unflatten { plane } => {
                    flatten(plane, gradient, &mut flat_mut(out)[..plane.pixels() * plane.channels]);
                }
                Kind::Enlarge { input, output, factor } => {
                    enlarge_gradient(output, gradient, factor, input, out);
                }
                _ => {}
            }
            if op.relu_mask {
                gate(out, input);
            }
        }
    }
}
