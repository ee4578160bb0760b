//! The clustering methods: one file each, and the list of them all.

mod dbscan;
pub(crate) mod definition;
mod gaussian_mixture;
mod hdbscan;
mod k_means;
mod optics;

use std::fmt;

use latentkit_core::config::SectionType;

use definition::{Definition, Density, Finds, Partitioning};

/// Every method. A new one is a file beside this one, its `mod`, and a line here.
static METHODS: &[&dyn Definition] = &[
    &k_means::KMeans,
    &gaussian_mixture::GaussianMixture,
    &dbscan::Dbscan,
    &hdbscan::Hdbscan,
    &optics::Optics,
];

/// A clustering method.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Method(usize);

impl Method {
    /// Every method.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..METHODS.len()).map(Self)
    }

    /// The method of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|method| method.name() == name)
    }

    /// The name in the config and in tables.
    pub fn name(self) -> &'static str {
        METHODS[self.0].name()
    }

    /// The name in a sentence.
    pub fn title(self) -> &'static str {
        METHODS[self.0].title()
    }

    /// The table of the config with its own keys, where it has some.
    pub(crate) fn table(self) -> Option<SectionType> {
        METHODS[self.0].table()
    }

    /// Whether it is run for each k of the sweep, and does not find the number of clusters itself.
    pub fn takes_k(self) -> bool {
        self.partitioning().is_some()
    }

    /// The work of a method that takes k.
    pub(crate) fn partitioning(self) -> Option<&'static dyn Partitioning> {
        match METHODS[self.0].finds() {
            Finds::Partition(partitioning) => Some(partitioning),
            Finds::Density(_) => None,
        }
    }

    /// The work of a method that finds the number of clusters itself.
    pub(crate) fn density(self) -> Option<&'static dyn Density> {
        match METHODS[self.0].finds() {
            Finds::Partition(_) => None,
            Finds::Density(density) => Some(density),
        }
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
