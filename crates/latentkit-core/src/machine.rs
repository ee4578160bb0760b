//! The machine that a stage ran on, as far as results can depend on it.

use serde::{Deserialize, Serialize};

/// Where a stage ran. Recorded, not part of the key: a finished result stays valid elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The operating system, as `linux`.
    pub system: String,
    /// The instruction set, as `x86_64`.
    pub architecture: String,
    /// The processor's own name, where it has one.
    pub processor: Option<String>,
    /// Those extensions of the instruction set that the processor has and numeric code uses.
    pub cpu_features: Vec<String>,
}

impl Machine {
    /// The machine that this process runs on.
    pub fn current() -> Self {
        Self {
            system: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            processor: processor(),
            cpu_features: cpu_features().into_iter().map(str::to_owned).collect(),
        }
    }
}

/// The processor's name as the kernel reports it.
fn processor() -> Option<String> {
    let text = fs_err::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(target_arch = "x86_64")]
macro_rules! detected {
    ($($name:tt),+) => {
        [$(($name, std::arch::is_x86_feature_detected!($name))),+]
    };
}

#[cfg(target_arch = "aarch64")]
macro_rules! detected {
    ($($name:tt),+) => {
        [$(($name, std::arch::is_aarch64_feature_detected!($name))),+]
    };
}

#[cfg(target_arch = "x86_64")]
fn cpu_features() -> Vec<&'static str> {
    let features = detected!(
        "sse4.1",
        "sse4.2",
        "avx",
        "f16c",
        "fma",
        "avx2",
        "avx512f",
        "avx512bw",
        "avx512cd",
        "avx512dq",
        "avx512vl",
        "avx512vnni",
        "avx512bf16"
    );
    features.into_iter().filter(|(_, found)| *found).map(|(name, _)| name).collect()
}

#[cfg(target_arch = "aarch64")]
fn cpu_features() -> Vec<&'static str> {
    let features = detected!("neon", "fp16", "dotprod", "bf16", "i8mm", "sve", "sve2");
    features.into_iter().filter(|(_, found)| *found).map(|(name, _)| name).collect()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn cpu_features() -> Vec<&'static str> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_features_are_those_that_the_system_names() {
        let machine = Machine::current();
        let Ok(text) = fs_err::read_to_string("/proc/cpuinfo") else { return };
        let Some(line) = text.lines().find(|line| line.starts_with("flags")) else { return };
        let flags: Vec<&str> = line.split_whitespace().collect();
        for feature in ["avx2", "fma", "avx512f", "avx512bw", "f16c"] {
            let found = machine.cpu_features.iter().any(|name| name == feature);
            assert_eq!(found, flags.contains(&feature), "{feature}");
        }
    }
}
