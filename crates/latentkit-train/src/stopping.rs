//! When training stops before its last epoch.

use crate::config::EarlyStopping;
use serde::{Deserialize, Serialize};

/// Where the rule stands; goes into checkpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoppingState {
    best: Option<f64>,
    wait: u32,
}

impl StoppingState {
    /// The state after an epoch with this loss, which the config names, and whether training stops. As Keras's `EarlyStopping`.
    #[must_use]
    pub fn after_epoch(self, rule: &EarlyStopping, loss: f64) -> (Self, bool) {
        if self.best.is_none_or(|best| loss + rule.min_delta.get() < best) {
            return (Self { best: Some(loss), wait: 0 }, false);
        }
        let wait = self.wait + 1;
        (Self { best: self.best, wait }, wait >= rule.patience.get())
    }
}
