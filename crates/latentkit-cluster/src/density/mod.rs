//! Density clustering: clusters are where points lie close together, and points that lie alone are noise.

mod canonical;
mod clustering;
mod components;
mod dbscan;
mod hdbscan;
mod hierarchy;
mod knee;
mod neighbours;
mod spanning;
#[cfg(test)]
mod tests;

pub use clustering::DensityClustering;
pub use dbscan::{DbscanParams, dbscan};
pub use hdbscan::{HdbscanParams, hdbscan};
