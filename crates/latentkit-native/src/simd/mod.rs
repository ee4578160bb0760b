//! Sixteen numbers at once, with the widest instructions of the processor.
//!
//! Kernels are written once over [`Vector`] and compiled for each instruction set; which copy runs is decided when the
//! program runs. This folder and `line.rs` hold all `unsafe` of the crate.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use crate::line::Line;

/// Sixteen numbers, as registers hold them. Values of the types of an instruction set exist only inside of
/// [`Simd::call`], which has made sure that the processor has it.
pub(crate) trait Vector: Copy {
    /// Rows of a block whose sums fit the registers, a row being two vectors.
    const ROWS: usize;
    /// All zeros.
    fn zero() -> Self;
    /// All the same.
    fn splat(value: f32) -> Self;
    /// Those of a line.
    fn load(line: &Line) -> Self;
    /// Into a line.
    fn store(self, line: &mut Line);
    /// self + other.
    fn add(self, other: Self) -> Self;
    /// self - other.
    fn sub(self, other: Self) -> Self;
    /// self * other.
    fn mul(self, other: Self) -> Self;
    /// self * factor + addend.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The larger of each pair.
    fn max(self, other: Self) -> Self;
    /// Which are larger than those of `other`: a bit each, the first the lowest.
    fn above(self, other: Self) -> u16;
    /// Those of `self` whose bit is set, else those of `other`.
    fn select(self, mask: u16, other: Self) -> Self;
    /// Zero where `gate` is not above zero.
    fn where_positive(self, gate: Self) -> Self;
    /// Their sum.
    fn sum(self) -> f32;
}

/// A loop to run, with what it reads and writes.
pub(crate) trait Routine {
    /// What it computes.
    type Output;
    /// Does the work. Implementations and what they call are `#[inline(always)]`, so that their body is compiled for
    /// the instruction set of the caller.
    fn run<V: Vector>(self) -> Self::Output;
}

/// An instruction set that this processor has. The field is private: only detection makes such a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Simd(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Simd {
    /// Every instruction set that this processor has, the slowest first.
    pub(crate) fn available() -> Vec<Self> {
        let mut levels = vec![Self(Level::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                levels.push(Self(Level::Avx2));
            }
            if std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("fma") {
                levels.push(Self(Level::Avx512));
            }
        }
        levels
    }

    /// The fastest one.
    pub(crate) fn best() -> Self {
        Self::available().pop().unwrap_or(Self(Level::Portable))
    }

    /// Its name in a log line.
    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            Level::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "AVX-512",
        }
    }

    /// Runs `routine` with this instruction set.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(
            unsafe_code,
            reason = "only detection makes a `Simd`, so the processor has these instructions"
        )
    )]
    pub(crate) fn call<R: Routine>(self, routine: R) -> R::Output {
        match self.0 {
            Level::Portable => routine.run::<portable::Sixteen>(),
            // SAFETY: `available` has found AVX2 and FMA on this processor.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { with_avx2(routine) },
            // SAFETY: `available` has found AVX-512F and FMA on this processor.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { with_avx512(routine) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<R: Routine>(routine: R) -> R::Output {
    routine.run::<avx2::Sixteen>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn with_avx512<R: Routine>(routine: R) -> R::Output {
    routine.run::<avx512::Sixteen>()
}
