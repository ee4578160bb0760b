//! The architectures: one file each, and the list of them all.

mod conv;
mod conv_keys;
mod definition;
mod mirror;
mod mlp;
mod reference;
mod strided;

use std::fmt;

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

pub use conv_keys::{ConvActivation, ConvConfig, OddKernel};
pub(crate) use definition::Task;
use definition::{Definition, Halves};
use latentkit_core::Result;

/// Every architecture. A new one is a file beside this one, its `mod`, and a line here.
static ARCHITECTURES: &[&dyn Definition] = &[
    &reference::Reference, // the default of the examples
    &strided::Strided,
    &mlp::Mlp,
    &conv::Conv,
];

/// An architecture that a config may name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Architecture(usize);

impl Architecture {
    /// Every architecture.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..ARCHITECTURES.len()).map(Self)
    }

    /// The architecture of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|architecture| architecture.name() == name)
    }

    /// The name in the config.
    pub fn name(self) -> &'static str {
        ARCHITECTURES[self.0].name()
    }

    /// The images that it takes.
    pub(crate) fn images(self) -> &'static str {
        ARCHITECTURES[self.0].images()
    }

    /// Encoder and decoder; see [`Definition::layers`].
    pub(crate) fn layers(self, task: &Task) -> Result<Option<Halves>> {
        ARCHITECTURES[self.0].layers(task)
    }
}

impl fmt::Debug for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Architecture {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Architecture {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| {
            let known: Vec<_> = Self::all().map(|known| format!("`{}`", known.name())).collect();
            de::Error::custom(format!("unknown variant `{name}`, expected one of {}", known.join(", ")))
        })
    }
}
