//! How the learning rate changes: pure functions of the step and of the losses so far.

use std::f64::consts::PI;

use crate::config::Schedule;
use serde::{Deserialize, Serialize};

/// Where a schedule stands; goes into checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduleState {
    /// Learning rate that a plateau has left.
    rate: f64,
    /// Lowest loss so far.
    best: Option<f64>,
    /// Epochs since it was found.
    wait: u32,
    /// Epochs of cooldown that are left.
    cooldown: u32,
}

impl ScheduleState {
    /// At the optimizer's learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self { rate: learning_rate, best: None, wait: 0, cooldown: 0 }
    }

    /// The learning rate of `step`, counted from 0, of `steps` in all.
    pub fn rate(&self, schedule: &Schedule, step: u32, steps: u32) -> f64 {
        match schedule {
            Schedule::Constant | Schedule::ReduceOnPlateau { .. } => self.rate,
            Schedule::OneCycle { warm_up, start_divisor, end_divisor } => {
                one_cycle(self.rate, warm_up.get(), start_divisor.get(), end_divisor.get(), step, steps)
            }
        }
    }

    /// The state after an epoch with this loss, which the config names. As Keras's `ReduceLROnPlateau`.
    #[must_use]
    pub fn after_epoch(self, schedule: &Schedule, loss: f64) -> Self {
        let Schedule::ReduceOnPlateau { factor, patience, min_delta, cooldown, min_learning_rate } = schedule
        else {
            return self;
        };
        let mut next = self;
        if next.cooldown > 0 {
            next.cooldown -= 1;
            next.wait = 0;
        }
        if self.best.is_none_or(|best| loss < best - min_delta.get()) {
            next.best = Some(loss);
            next.wait = 0;
        } else if next.cooldown == 0 {
            next.wait += 1;
            if next.wait >= patience.get() && next.rate > min_learning_rate.get() {
                next.rate = (next.rate * factor.get()).max(min_learning_rate.get());
                next.cooldown = cooldown.get();
                next.wait = 0;
            }
        }
        next
    }
}

/// Up to `peak` over the first `warm_up` of the steps and down from it, each along half a cosine (Smith and Topin,
/// 2018; step for step PyTorch's `OneCycleLR`).
fn one_cycle(peak: f64, warm_up: f64, start_divisor: f64, end_divisor: f64, step: u32, steps: u32) -> f64 {
    let (first, summit) = (peak / start_divisor, warm_up * f64::from(steps) - 1.0);
    let (step, end) = (f64::from(step), f64::from(steps) - 1.0);
    let between =
        |from: f64, to: f64, share: f64| to + (from - to) * (1.0 + (PI * share.clamp(0.0, 1.0)).cos()) / 2.0;
    if step <= summit {
        between(first, peak, step / summit.max(f64::MIN_POSITIVE))
    } else {
        between(peak, first / end_divisor, (step - summit) / (end - summit).max(f64::MIN_POSITIVE))
    }
}

#[cfg(test)]
mod tests {
    use latentkit_core::config::{Fraction, Positive};

    use super::*;

    #[test]
    fn one_cycle_is_pytorchs() {
        let expected: Vec<f64> =
            serde_json::from_str(include_str!("../tests/fixtures/one_cycle.json")).unwrap();
        let schedule = Schedule::OneCycle {
            warm_up: Fraction::new(0.25).unwrap(),
            start_divisor: Positive::new(25.0).unwrap(),
            end_divisor: Positive::new(1e4).unwrap(),
        };
        assert_eq!(expected.len(), 40);
        for (step, expected) in expected.into_iter().enumerate() {
            let found = ScheduleState::new(4e-3).rate(&schedule, step as u32, 40);
            assert!((found - expected).abs() < 1e-12, "step {step}: {found} is not {expected}");
        }
    }

    #[test]
    fn one_cycle_of_few_steps_stays_in_range() {
        for steps in 1..6 {
            for step in 0..steps {
                let rate = one_cycle(1.0, 0.25, 25.0, 1e4, step, steps);
                assert!(rate.is_finite() && (0.0..=1.0).contains(&rate), "step {step} of {steps}: {rate}");
            }
        }
    }

    #[test]
    fn a_constant_rate_is_constant() {
        let state = ScheduleState::new(0.5)
            .after_epoch(&Schedule::Constant, 1.0)
            .after_epoch(&Schedule::Constant, 9.0);
        assert_eq!(state.rate(&Schedule::Constant, 7, 10).to_bits(), 0.5_f64.to_bits());
    }
}
