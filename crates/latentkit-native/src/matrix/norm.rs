//! Batch normalisation.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use rayon::prelude::*;

use super::plane::Plane;
use super::sections::{Backward, section};
use crate::simd::{Routine, Simd, Vector};
use crate::statistics::{EPSILON, Sums, add_up, combine};

/// Batch-norm of images of one size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Norm {
    pub(super) plane: Plane,
}

impl Norm {
    /// Mean and squared deviations of each channel over a batch.
    pub(super) fn statistics(self, simd: Simd, images: usize, input: &[f32]) -> Sums {
        let Plane { channels, .. } = self.plane;
        let of_section = |values: &[f32]| {
            let count = values.len() / channels;
            let zeros = vec![0.0; channels];
            let sums = simd.call(ChannelSums { term: Term::Values, values, other: values, mean: &zeros });
            let means: Vec<f64> = sums.iter().map(|sum| sum / count as f64).collect();
            let mean: Vec<f32> = means.iter().map(|&mean| mean as f32).collect();
            let squares = simd.call(ChannelSums { term: Term::Squares, values, other: values, mean: &mean });
            (count, means.into_iter().zip(squares).collect())
        };
        let parts: Vec<(usize, Sums)> =
            input.par_chunks(section(images) * self.plane.len()).map(of_section).collect();
        combine(parts.iter().map(|(count, sums)| (*count, sums)))
    }

    /// out = (input - mean) scale + shift, with mean and biased variance of each channel.
    pub(super) fn forward(
        self,
        simd: Simd,
        images: usize,
        statistics: &[(f64, f64)],
        [weight, bias]: [&[f32]; 2],
        input: &[f32],
        out: &mut [f32],
    ) {
        let mean: Vec<f32> = statistics.iter().map(|&(mean, _)| mean as f32).collect();
        let scale =
            |(&(_, variance), &weight): (&(f64, f64), &f32)| (f64::from(weight) * inverse(variance)) as f32;
        let scale: Vec<f32> = statistics.iter().zip(weight).map(scale).collect();
        let part = section(images) * self.plane.len();
        input.par_chunks(part).zip(out.par_chunks_mut(part)).for_each(|(input, out)| {
            simd.call(Normalise { input, mean: &mean, scale: &scale, shift: bias, out });
        });
    }

    /// The gradients of the input, and of scale and shift.
    pub(super) fn backward(
        self,
        simd: Simd,
        statistics: &[(f64, f64)],
        weight: &[f32],
        known: Backward<'_>,
        [of_weight, of_bias]: [&mut [f32]; 2],
    ) {
        let Backward { images, input, gradient, out, .. } = known;
        let gradient = &*gradient;
        let Plane { channels, .. } = self.plane;
        let mean: Vec<f32> = statistics.iter().map(|&(mean, _)| mean as f32).collect();
        let part = section(images) * self.plane.len();
        let of_section = |(values, gradient): (&[f32], &[f32])| -> Sums {
            let call = |term| simd.call(ChannelSums { term, values: gradient, other: values, mean: &mean });
            call(Term::Values).into_iter().zip(call(Term::Products)).collect()
        };
        let parts: Vec<Sums> =
            input.par_chunks(part).zip(gradient.par_chunks(part)).map(of_section).collect();
        let sums = add_up(channels, parts.iter());
        let count = (images * self.plane.pixels()) as f64;
        let mut factors = [vec![0.0; channels], vec![0.0; channels], vec![0.0; channels]];
        let [own, by_value, constant] = &mut factors;
        for (channel, (&(gradient, product), &(_, variance))) in sums.iter().zip(statistics).enumerate() {
            let inverse = inverse(variance);
            let factor = f64::from(weight[channel]) * inverse;
            of_bias[channel] = gradient as f32;
            of_weight[channel] = (product * inverse) as f32;
            own[channel] = factor as f32;
            by_value[channel] = (-factor * inverse * inverse * product / count) as f32;
            constant[channel] = (-factor * gradient / count) as f32;
        }
        let Some(out) = out else { return };
        let parts = input.par_chunks(part).zip(gradient.par_chunks(part));
        parts.zip(out.par_chunks_mut(part)).for_each(|((input, gradient), out)| {
            simd.call(InputGradient { input, gradient, mean: &mean, factors: &factors, out });
        });
    }
}

/// 1 / sqrt(variance + epsilon).
fn inverse(variance: f64) -> f64 {
    1.0 / (variance + EPSILON).sqrt()
}

/// What is added up of each channel.
#[derive(Clone, Copy)]
enum Term {
    /// The value.
    Values,
    /// The square of value - mean.
    Squares,
    /// The value times other - mean.
    Products,
}

/// Sums of the channels of some pixels.
struct ChannelSums<'a> {
    term: Term,
    /// [pixels, channels] each.
    values: &'a [f32],
    other: &'a [f32],
    /// [channels].
    mean: &'a [f32],
}

/// Pixels that are added up in float32 before they join the others.
const PIXELS: usize = 64;

impl Routine for ChannelSums<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Vec<f64> {
        match self.term {
            Term::Values => self.add_up(|value, _, _| value),
            Term::Squares => self.add_up(|value, _, mean| (value - mean) * (value - mean)),
            Term::Products => self.add_up(|value, other, mean| value * (other - mean)),
        }
    }
}

impl ChannelSums<'_> {
    #[inline(always)]
    fn add_up(self, term: impl Fn(f32, f32, f32) -> f32) -> Vec<f64> {
        let channels = self.mean.len();
        let (mut totals, mut sums) = (vec![0.0; channels], vec![0.0; channels]);
        let parts = self.values.chunks(PIXELS * channels).zip(self.other.chunks(PIXELS * channels));
        for (values, others) in parts {
            sums.fill(0.0);
            for (values, others) in values.chunks_exact(channels).zip(others.chunks_exact(channels)) {
                let numbers = values.iter().zip(others).zip(self.mean);
                for (sum, ((&value, &other), &mean)) in sums.iter_mut().zip(numbers) {
                    *sum += term(value, other, mean);
                }
            }
            for (total, &sum) in totals.iter_mut().zip(&sums) {
                *total += f64::from(sum);
            }
        }
        totals
    }
}

/// (input - mean) scale + shift.
struct Normalise<'a> {
    input: &'a [f32],
    /// [channels] each.
    mean: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    out: &'a mut [f32],
}

impl Routine for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let channels = self.mean.len();
        for (values, out) in self.input.chunks_exact(channels).zip(self.out.chunks_exact_mut(channels)) {
            let factors = self.mean.iter().zip(self.scale).zip(self.shift);
            for ((out, value), ((mean, scale), shift)) in out.iter_mut().zip(values).zip(factors) {
                *out = (value - mean) * scale + shift;
            }
        }
    }
}

/// `own gradient + by_value (input - mean) + constant`.
struct InputGradient<'a> {
    input: &'a [f32],
    gradient: &'a [f32],
    /// [channels] each.
    mean: &'a [f32],
    factors: &'a [Vec<f32>; 3],
    out: &'a mut [f32],
}

impl Routine for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let channels = self.mean.len();
        let [own, by_value, constant] = self.factors;
        let pixels = self.input.chunks_exact(channels).zip(self.gradient.chunks_exact(channels));
        for ((values, gradients), out) in pixels.zip(self.out.chunks_exact_mut(channels)) {
            let factors = own.iter().zip(by_value).zip(constant).zip(self.mean);
            let numbers = values.iter().zip(gradients).zip(factors);
            for (out, ((value, gradient), (((own, by_value), constant), mean))) in out.iter_mut().zip(numbers)
            {
                *out = gradient * own + (value - mean) * by_value + constant;
            }
        }
    }
}
