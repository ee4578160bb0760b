//! What the two ways to search have in common.

use latentkit_core::{Cancellation, Phase, Result};

use super::nearest::Neighbour;

/// Points, no two of them equal, whose nearest can be asked for.
pub(super) trait Search: Sync {
    /// The `k` nearest others of each of `queries`, with the squared distances; of equally near ones, the lower number first.
    fn nearest(
        &self,
        queries: &[usize],
        k: usize,
        phase: &Phase,
        cancel: Cancellation,
    ) -> Result<Vec<Vec<Neighbour>>>;
}
