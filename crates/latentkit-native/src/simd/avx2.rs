//! Sixteen numbers in two AVX2 registers.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
#![expect(unsafe_code, reason = "the instructions are there, as `F32x16` says")]

use std::arch::x86_64::{
    __m256, _CMP_GT_OQ, _mm256_add_ps, _mm256_and_ps, _mm256_and_si256, _mm256_blendv_ps,
    _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cmpeq_epi32, _mm256_fmadd_ps, _mm256_load_ps, _mm256_max_ps,
    _mm256_movemask_ps, _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setr_epi32,
    _mm256_setzero_ps, _mm256_store_ps, _mm256_sub_ps,
};

use super::vector::Vector;
use crate::line::Line;

/// Sixteen numbers. Made only inside of `Simd::call`, where the processor is known to have AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct F32x16(__m256, __m256);

// SAFETY, of every block below: the processor has AVX2 and FMA, as `F32x16` says. Lines are aligned to their size.
impl Vector for F32x16 {
    const ROWS: usize = 3;

    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_setzero_ps(), _mm256_setzero_ps()) }
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_set1_ps(value), _mm256_set1_ps(value)) }
    }

    #[inline(always)]
    fn load(line: &Line) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_load_ps(line.0.as_ptr()), _mm256_load_ps(line.0[8..].as_ptr())) }
    }

    #[inline(always)]
    fn store(self, line: &mut Line) {
        let (low, high) = line.0.split_at_mut(8);
        // SAFETY: see above.
        unsafe {
            _mm256_store_ps(low.as_mut_ptr(), self.0);
            _mm256_store_ps(high.as_mut_ptr(), self.1);
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_sub_ps(self.0, other.0), _mm256_sub_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_mul_ps(self.0, other.0), _mm256_mul_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            Self(_mm256_fmadd_ps(self.0, factor.0, addend.0), _mm256_fmadd_ps(self.1, factor.1, addend.1))
        }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_max_ps(self.0, other.0), _mm256_max_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn above(self, other: Self) -> u16 {
        // SAFETY: see above.
        unsafe {
            let low = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0));
            let high = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(self.1, other.1));
            (low | high << 8) as u16
        }
    }

    #[inline(always)]
    fn select(self, mask: u16, other: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let mask = _mm256_set1_epi32(i32::from(mask));
            let low = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let high = _mm256_setr_epi32(256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
            let low = _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(mask, low), low));
            let high = _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(mask, high), high));
            Self(_mm256_blendv_ps(other.0, self.0, low), _mm256_blendv_ps(other.1, self.1, high))
        }
    }

    #[inline(always)]
    fn where_positive(self, gate: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let zero = _mm256_setzero_ps();
            Self(
                _mm256_and_ps(self.0, _mm256_cmp_ps::<_CMP_GT_OQ>(gate.0, zero)),
                _mm256_and_ps(self.1, _mm256_cmp_ps::<_CMP_GT_OQ>(gate.1, zero)),
            )
        }
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        let mut line = Line::ZERO;
        self.store(&mut line);
        let mut halves = line.0;
        for width in [8, 4, 2, 1] {
            for lane in 0..width {
                halves[lane] += halves[lane + width];
            }
        }
        halves[0]
    }
}
