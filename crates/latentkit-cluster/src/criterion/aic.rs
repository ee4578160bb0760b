//! Akaike's information criterion.

use super::definition::{Clustered, Definition, OfClusters, Source};
use crate::select_k::Rule;

/// Shown beside BIC and not counted: it is BIC with a smaller price of a parameter, of the same likelihood, and the two together
/// would be one opinion with two votes.
pub(super) struct Aic;

impl Definition for Aic {
    fn column(&self) -> &'static str {
        "aic"
    }

    fn key(&self) -> &'static str {
        "bic"
    }

    fn title(&self) -> &'static str {
        "AIC"
    }

    fn heading(&self) -> &'static str {
        "AIC (less is better)"
    }

    fn explanation(&self) -> &'static str {
        "lowest; shown beside BIC and not counted"
    }

    fn votes(&self) -> bool {
        false
    }

    fn source(&self) -> Source<'_> {
        Source::Clusters(self)
    }
}

impl OfClusters for Aic {
    fn rule(&self) -> Rule {
        Rule::Lowest
    }

    fn knows_one_cluster(&self) -> bool {
        true
    }

    fn value(&self, clustered: &Clustered) -> Option<f64> {
        clustered.information.aic
    }
}
