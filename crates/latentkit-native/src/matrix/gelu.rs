//! GELU, x times the normal distribution's share below x.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use crate::loss::exp_of_minus;
use crate::simd::{Routine, Vector};

/// Forward.
pub(super) struct Gelu<'a> {
    pub(super) input: &'a [f32],
    pub(super) out: &'a mut [f32],
}

impl Routine for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for (out, &x) in self.out.iter_mut().zip(self.input) {
            *out = x * share_and_density(x).0;
        }
    }
}

/// Backward: the gradient of the input is that of the output times `share + x density`.
pub(super) struct GeluGradient<'a> {
    pub(super) input: &'a [f32],
    pub(super) gradient: &'a [f32],
    pub(super) out: &'a mut [f32],
}

impl Routine for GeluGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for (out, (&x, gradient)) in self.out.iter_mut().zip(self.input.iter().zip(self.gradient)) {
            let (share, density) = share_and_density(x);
            *out = gradient * (share + x * density);
        }
    }
}

/// The normal distribution's share below x, (1 + erf(x / sqrt(2))) / 2, and its density at x. Right to about 1e-7.
///
/// Where |x| is below sqrt(2), erf is the polynomial of S. Moshier's Cephes library (`erff` in ndtrf.c); beyond, formula
/// 7.1.26 of M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions" (1964), of which half an error of 1.5e-7
/// remains.
#[inline(always)]
fn share_and_density(x: f32) -> (f32, f32) {
    const DENSITY_AT_0: f32 = 0.398_942_3;
    let z = x * std::f32::consts::FRAC_1_SQRT_2;
    let (size, square) = (z.abs(), z * z);
    let exponential = exp_of_minus(square);
    let mut near = 7.853_861_5e-5;
    for coefficient in [
        -8.010_194e-4,
        5.188_327_6e-3,
        -2.685_381_2e-2,
        0.112_835_85,
        -0.376_126_26,
        std::f32::consts::FRAC_2_SQRT_PI,
    ] {
        near = near * square + coefficient;
    }
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let mut outside = 1.061_405_4;
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        outside = outside * t + coefficient;
    }
    let outside = 0.5 * outside * t * exponential;
    let far = if x < 0.0 { outside } else { 1.0 - outside };
    let share = if size < 1.0 { 0.5 + 0.5 * z * near } else { far };
    (share, DENSITY_AT_0 * exponential)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Simd;

    /// The share by its series, x density sum of x^(2n) / (1 3 5 ... (2n + 1)), in f64.
    fn exact(x: f64) -> (f64, f64) {
        let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let (mut term, mut sum, mut divisor) = (x, x, 1.0);
        while term.abs() > 1e-18 * sum.abs() {
            divisor += 2.0;
            term *= x * x / divisor;
            sum += term;
        }
        (0.5 + density * sum, density)
    }

    #[test]
    fn agrees_with_f64() {
        let inputs: Vec<f32> = (-1200..=1200_i16).map(|step| f32::from(step) * 0.005).collect();
        let (ones, mut outputs, mut slopes) =
            (vec![1.0; inputs.len()], vec![0.0; inputs.len()], vec![0.0; inputs.len()]);
        for simd in Simd::available() {
            simd.call(Gelu { input: &inputs, out: &mut outputs });
            simd.call(GeluGradient { input: &inputs, gradient: &ones, out: &mut slopes });
            for ((&x, &output), &slope) in inputs.iter().zip(&outputs).zip(&slopes) {
                let x = f64::from(x);
                let (share, density) = exact(x);
                assert!((f64::from(output) - x * share).abs() <= 2e-7 * x.abs(), "GELU of {x}: {output}");
                let expected = share + x * density;
                assert!((f64::from(slope) - expected).abs() <= 3e-7, "slope at {x}: {slope}");
            }
        }
        let (mut outputs, inputs) = ([1.0_f32; 4], [-1e30, -40.0, 40.0, 1e30]);
        Simd::best().call(Gelu { input: &inputs, out: &mut outputs });
        assert!(outputs[..2].iter().all(|output| output.abs() < 1e-30), "{outputs:?}");
        assert_eq!(outputs[2..], inputs[2..]);
    }
}
