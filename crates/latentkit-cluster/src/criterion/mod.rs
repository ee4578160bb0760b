//! What suggests a number of clusters, beside the silhouette: one file a criterion, and the list of them all.

mod aic;
mod bic;
mod calinski_harabasz;
mod davies_bouldin;
pub(crate) mod definition;
mod dispersion;
mod gap;
mod resample;
mod s_dbw;
mod stability;
#[cfg(test)]
mod tests;

pub use gap::{Gap, gap};
pub use resample::Resampling;
pub use stability::{Stability, stability};

pub(crate) use dispersion::total_squares;
pub(crate) use resample::choose;

use definition::Definition;

/// Every criterion beside the silhouette, in the order of tables and charts. A new one is a file beside this one, its `mod`, and a line here.
pub(crate) static CRITERIA: &[&dyn Definition] = &[
    &calinski_harabasz::CalinskiHarabasz,
    &davies_bouldin::DaviesBouldin,
    &gap::GapStatistic,
    &bic::Bic,
    &aic::Aic,
    &stability::BootstrapStability,
    &s_dbw::SDbw,
];

/// The names in `cluster.criteria`, in the order of tables.
pub(crate) fn keys() -> impl Iterator<Item = &'static str> {
    // What comes with another criterion has that one's name.
    let is_first = |place: usize| CRITERIA[..place].iter().all(|other| other.key() != CRITERIA[place].key());
    (0..CRITERIA.len()).filter(move |&place| is_first(place)).map(|place| CRITERIA[place].key())
}

/// Those of the names that are asked where the config does not say.
pub(crate) fn default_keys() -> impl Iterator<Item = &'static str> {
    keys().filter(|key| CRITERIA.iter().any(|criterion| criterion.key() == *key && criterion.is_default()))
}
