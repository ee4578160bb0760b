//! Where a training stands.

use std::fmt;

use latentkit_model::{AutoEncoder, Engine};
use latentkit_table::HistoryRow;
use serde::{Deserialize, Serialize};

use crate::schedule::ScheduleState;
use crate::stopping::StoppingState;
use crate::times::Times;

/// What the steps of a training change, and a checkpoint holds.
pub(crate) struct Progress {
    /// The model; its weights are those before the first step.
    pub(crate) model: AutoEncoder,
    /// What computes it, with the weights of the last step.
    pub(crate) engine: Box<dyn Engine>,
    pub(crate) state: State,
    /// How long the epochs took.
    pub(crate) times: Times,
}

impl Progress {
    /// Before the first step.
    pub(crate) fn new(model: AutoEncoder, engine: Box<dyn Engine>, learning_rate: f64) -> Self {
        Self { model, engine, state: State::new(learning_rate), times: Times::default() }
    }
}

/// The state of the loop. Shuffles follow from seed and epoch, so no generator is part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Steps done.
    pub(crate) step: u32,
    pub(crate) schedule: ScheduleState,
    pub(crate) stopping: StoppingState,
    pub(crate) stopped: bool,
    /// The epochs done.
    pub(crate) history: Vec<HistoryRow>,
    /// The epoch after them.
    pub(crate) current: Current,
}

/// How far an epoch is that has begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Current {
    /// Steps done of it, in the order that its shuffle gives.
    pub(crate) steps: u32,
    /// Learning rate of the last of them.
    pub(crate) learning_rate: f64,
}

impl State {
    fn new(learning_rate: f64) -> Self {
        Self {
            step: 0,
            schedule: ScheduleState::new(learning_rate),
            stopping: StoppingState::default(),
            stopped: false,
            history: Vec::new(),
            current: Current::default(),
        }
    }

    /// Epochs done.
    pub(crate) fn epoch(&self) -> u32 {
        self.history.len() as u32
    }

    /// Epochs and steps done.
    pub(crate) fn position(&self) -> Position {
        Position { epochs: self.epoch(), steps: self.current.steps }
    }
}

/// A place in a training, between two steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// Epochs done.
    pub(crate) epochs: u32,
    /// Steps done of the next one.
    pub(crate) steps: u32,
}

impl Position {
    /// In words, of an epoch of so many steps: `epoch 3` or `epoch 4, step 120 of 235`.
    pub(crate) fn of(self, steps_per_epoch: usize) -> String {
        match self.steps {
            0 => format!("epoch {}", self.epochs),
            steps => format!("epoch {}, step {steps} of {steps_per_epoch}", self.epochs + 1),
        }
    }

    /// The position that [`fmt::Display`] wrote so.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let numbers = name.strip_prefix("epoch-")?;
        Some(match numbers.split_once("-step-") {
            None => Self { epochs: numbers.parse().ok()?, steps: 0 },
            Some((epoch, steps)) => {
                Self { epochs: epoch.parse::<u32>().ok()?.checked_sub(1)?, steps: steps.parse().ok()? }
            }
        })
    }
}

/// As a file is named: `epoch-0000003`, or `epoch-0000004-step-0000120`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.steps {
            0 => write!(f, "epoch-{:07}", self.epochs),
            steps => write!(f, "epoch-{:07}-step-{steps:07}", self.epochs + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_named_in_their_order() {
        let position = |epochs, steps| Position { epochs, steps };
        let positions =
            [(0, 0), (0, 5), (1, 0), (1, 7), (1, 12_345_678), (2, 0)].map(|(e, s)| position(e, s));
        assert!(positions.is_sorted());
        for position in positions {
            assert_eq!(Position::parse(&position.to_string()), Some(position));
        }
        assert_eq!(position(3, 120).to_string(), "epoch-0000004-step-0000120");
        assert_eq!(position(3, 120).of(235), "epoch 4, step 120 of 235");
        assert_eq!(position(3, 0).of(235), "epoch 3");
        for name in ["", "epoch-", "epoch-1-step-", "epoch-0-step-1", "model", "epoch--1"] {
            assert_eq!(Position::parse(name), None, "{name}");
        }
    }
}
