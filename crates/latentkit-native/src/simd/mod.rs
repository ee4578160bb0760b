//! Sixteen numbers at once, with the widest instructions of the processor.
//!
//! Kernels are written once over [`Vector`] and compiled for each instruction set; which copy runs is decided when the
//! program runs. This folder and `line.rs` hold all `unsafe` of the crate.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod vector;

pub(crate) use vector::{Routine, Vector};

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
            Level::Portable => routine.run::<portable::F32x16>(),
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
    routine.run::<avx2::F32x16>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn with_avx512<R: Routine>(routine: R) -> R::Output {
    routine.run::<avx512::F32x16>()
}
