//! Runs a loop with the widest vector instructions of the processor.
//!
//! The loops are plain Rust over arrays of fixed length. Compiled once for each instruction set, each copy is
//! vectorised by the compiler; which copy runs is decided when the program runs.

/// A loop to run, with what it reads and writes.
pub(crate) trait Routine {
    /// Does the work. `FMA` says that fused multiply-add is one instruction. Implementations are `#[inline(always)]`,
    /// so that their body is compiled for the instruction set of the caller.
    fn run<const FMA: bool>(self);
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

    /// Whether its registers have 512 bits.
    pub(crate) fn has_512_bits(self) -> bool {
        match self.0 {
            Level::Portable => false,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => false,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => true,
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
    pub(crate) fn call(self, routine: impl Routine) {
        match self.0 {
            Level::Portable => routine.run::<false>(),
            // SAFETY: `available` has found AVX2 and FMA on this processor.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { avx2(routine) },
            // SAFETY: `available` has found AVX-512F and FMA on this processor.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { avx512(routine) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(routine: impl Routine) {
    routine.run::<true>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
fn avx512(routine: impl Routine) {
    routine.run::<true>();
}

/// `a * a + b`, fused where that is one instruction; elsewhere the fused form would be a slow library call.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
pub(crate) fn square_add_f32<const FMA: bool>(a: f32, b: f32) -> f32 {
    if FMA { a.mul_add(a, b) } else { a * a + b }
}

/// `a * b + c`, likewise.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
pub(crate) fn mul_add_f32<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}
