//! What else says how many clusters there are: internal criteria beside the silhouette.

mod dispersion;
mod gap;
mod information;
mod resample;
mod stability;
#[cfg(test)]
mod tests;

pub use gap::{Gap, gap};
pub use resample::Resampling;
pub use stability::{Stability, stability};

pub(crate) use dispersion::{Dispersion, total_squares};
pub(crate) use information::kmeans_bic;
pub(crate) use resample::choose;
