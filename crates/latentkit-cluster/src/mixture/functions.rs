//! Exponential and logarithm, the same bits on every processor.
//!
//! Those of the standard library are the system's, which takes other code where the processor has fused operations.

/// ln 2 in two parts. The first has 21 zero bits at its end, so that whole multiples up to 2^21 are exact.
const LN_2: [f64; 2] = [f64::from_bits(0x3FE6_2E42_FEE0_0000), 1.908_214_929_270_587_7e-10];

/// Adding this to a number below 2^51 rounds it to a whole one, which then stands in the lowest bits.
const WHOLE: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52

/// Bits of the root of 1/2.
const ROOT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;

/// Arguments of [`exp`] below this have the result 0. What has so little a share of a point, 4e-44, changes no sum.
pub(super) const NOTHING: f64 = -100.0;

/// e to the power of `x`, at most 0, within 2e-16 of it relatively; 0 below [`NOTHING`]. No branches, so that a loop of
/// it is vectorised.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
pub(super) fn exp(x: f64) -> f64 {
    let shifted = x * std::f64::consts::LOG2_E + WHOLE;
    let whole = shifted - WHOLE;
    let rest = (x - whole * LN_2[0]) - whole * LN_2[1]; // 0.35 at most
    // Taylor's series, whose first term left out is below 5e-18; even and odd powers apart, which halves the wait.
    let square = rest * rest;
    let even = square * (1.0 / 479_001_600.0) + 1.0 / 3_628_800.0;
    let even = even * square + 1.0 / 40_320.0;
    let even = even * square + 1.0 / 720.0;
    let even = even * square + 1.0 / 24.0;
    let even = even * square + 0.5;
    let odd = square * (1.0 / 6_227_020_800.0) + 1.0 / 39_916_800.0;
    let odd = odd * square + 1.0 / 362_880.0;
    let odd = odd * square + 1.0 / 5_040.0;
    let odd = odd * square + 1.0 / 120.0;
    let odd = odd * square + 1.0 / 6.0;
    let power = 1.0 + (rest + (square * even + rest * square * odd));
    // The whole number becomes the exponent.
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    if x < NOTHING { 0.0 } else { power * scale }
}

/// The natural logarithm of `x`, a normal positive number, within 4e-16 of it relatively.
pub(super) fn ln(x: f64) -> f64 {
    // x = 2^exponent * mantissa, the latter between the roots of 1/2 and 2.
    let exponent = (x.to_bits().wrapping_sub(ROOT_HALF) as i64) >> 52;
    let mantissa = f64::from_bits(x.to_bits().wrapping_sub((exponent << 52) as u64));
    // ln m = 2 artanh s; the first term of the series left out is below 1e-18.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series = (1..=11).rev().fold(0.0, |sum, term| (sum + 1.0 / f64::from(2 * term + 1)) * square);
    let exponent = exponent as f64;
    exponent * LN_2[0] + (2.0 * s + (2.0 * s * series + exponent * LN_2[1]))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "some results are exact")]

    use super::*;
    use crate::testing::assert_close;

    #[test]
    fn the_exponential_is_that_of_the_system() {
        for step in 0..=200_000 {
            let x = f64::from(step) * -0.000_500_3;
            let expected = if x < NOTHING { 0.0 } else { x.exp() };
            assert_close(exp(x), expected, 3e-16 * expected, &format!("exp {x}"));
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-0.0), 1.0);
        assert_eq!(exp(NOTHING - 1e-9), 0.0);
        assert_eq!(exp(-1e300), 0.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn the_logarithm_is_that_of_the_system() {
        let mut x = 1e-307_f64;
        while x < 1e307 {
            let expected = x.ln();
            assert_close(ln(x), expected, 4e-16 * expected.abs(), &format!("ln {x}"));
            x *= 1.013_7;
        }
        for step in -1000..=1000 {
            let x = 1.0 + f64::from(step) * 1e-6;
            assert_close(ln(x), x.ln(), 4e-16 * x.ln().abs(), &format!("ln {x}"));
        }
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(2.0), std::f64::consts::LN_2);
    }
}
