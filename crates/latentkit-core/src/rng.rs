//! Random numbers that depend only on the experiment's seed and their purpose.

use rand::SeedableRng;

/// The generator used everywhere: xoshiro256++ (Blackman and Vigna, 2021).
pub type Rng = rand_xoshiro::Xoshiro256PlusPlus;

/// A generator for one purpose of an experiment. Streams of different purposes or indices are independent, so a stage
/// can be repeated, or training resumed at epoch `index`, without replaying what came before.
///
/// ```
/// use latentkit_core::rng::generator;
/// use rand::RngCore;
/// assert_eq!(generator(42, "shuffle", 3).next_u64(), generator(42, "shuffle", 3).next_u64());
/// assert_ne!(generator(42, "shuffle", 3).next_u64(), generator(42, "shuffle", 4).next_u64());
/// ```
pub fn generator(seed: u64, purpose: &str, index: u64) -> Rng {
    let mut hasher = blake3::Hasher::new_derive_key("latentkit random stream v1");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&index.to_le_bytes());
    hasher.update(purpose.as_bytes());
    Rng::from_seed(*hasher.finalize().as_bytes())
}
