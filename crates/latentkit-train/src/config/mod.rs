//! The section `[train]`.

mod checkpoint_every;

use serde::{Deserialize, Serialize};

use latentkit_core::config::{Count, Fraction, NonNegative, NonNegativeInt, Positive, Section};
use latentkit_model::config::{Device, Engine, Loss, Optimizer, Precision};

pub use crate::augment::{AugmentConfig, Target};
pub use checkpoint_every::CheckpointEvery;

/// How the auto-encoder is trained. The defaults are the reference's, without its schedule and stopping rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrainConfig {
    /// Where it is computed.
    #[serde(default)]
    pub device: Device,
    /// What computes.
    #[serde(default)]
    pub engine: Engine,
    /// Epochs at most.
    #[serde(default = "default_epochs")]
    pub epochs: Count,
    /// Images in a step; the last step of an epoch may have fewer.
    #[serde(default = "default_batch_size")]
    pub batch_size: Count,
    /// What the convolutions of a training step compute in. All else is float32 always: weights, moments, losses, validation
    /// and test.
    #[serde(default)]
    pub precision: Precision,
    /// What is minimised.
    #[serde(default)]
    pub loss: Loss,
    /// How the weights are updated.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// How the learning rate changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// The loss that a plateau and early stopping look at.
    #[serde(default)]
    pub monitor: Monitor,
    /// When training stops before its last epoch; never where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// How training images are changed in each epoch; they are not where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augment: Option<AugmentConfig>,
    /// What lies between two checkpoints.
    #[serde(default)]
    pub checkpoint_every: CheckpointEvery,
}

impl Section for TrainConfig {
    const NAME: &'static str = "train";
}

impl TrainConfig {
    /// What the result of a training depends on: all of it but the checkpoints, which only say where it resumes after
    /// an interruption.
    pub fn identity(&self) -> serde_json::Value {
        let mut identity = serde_json::to_value(self).expect("a config is JSON");
        if let Some(keys) = identity.as_object_mut() {
            keys.remove("checkpoint-every");
        }
        identity
    }
}

fn count(value: u32) -> Count {
    Count::new(value).expect("a default of at least 1")
}
fn default_epochs() -> Count {
    count(50)
}
fn default_batch_size() -> Count {
    count(256)
}

/// The loss that a plateau and early stopping look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Monitor {
    /// That of the training images, as the reference does.
    #[default]
    Train,
    /// That of the validation images.
    Validation,
}

/// How the learning rate changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// Never.
    #[default]
    Constant,
    /// Falls when the monitored loss no longer does; Keras's `ReduceLROnPlateau`.
    ReduceOnPlateau {
        /// What the learning rate is multiplied with.
        #[serde(default = "default_factor")]
        factor: Fraction,
        /// Epochs without an improvement before it falls.
        #[serde(default = "default_patience")]
        patience: NonNegativeInt,
        /// How much lower than the best a loss must be to count as an improvement.
        #[serde(default = "default_min_delta")]
        min_delta: NonNegative,
        /// Epochs after a fall in which none is counted.
        #[serde(default = "default_cooldown")]
        cooldown: NonNegativeInt,
        /// Where it stops falling.
        #[serde(default = "default_min_learning_rate")]
        min_learning_rate: NonNegative,
    },
    /// Rises to the optimizer's learning rate, then falls to almost nothing, each along half a cosine, step by step
    /// (Smith and Topin, 2018; PyTorch's `OneCycleLR`).
    OneCycle {
        /// Share of all steps in which it rises.
        #[serde(default = "default_warm_up")]
        warm_up: Fraction,
        /// The peak divided by this is the first learning rate.
        #[serde(default = "default_start_divisor")]
        start_divisor: Positive,
        /// The first learning rate divided by this is the last one.
        #[serde(default = "default_end_divisor")]
        end_divisor: Positive,
    },
}

fn default_factor() -> Fraction {
    Fraction::new(0.5).expect("a fraction")
}
fn default_patience() -> NonNegativeInt {
    NonNegativeInt::new(3).expect("a natural number")
}
fn default_min_delta() -> NonNegative {
    NonNegative::new(0.01).expect("not negative")
}
fn default_min_learning_rate() -> NonNegative {
    NonNegative::new(1e-7).expect("not negative")
}
fn default_cooldown() -> NonNegativeInt {
    NonNegativeInt::new(0).expect("0 is a natural number")
}
fn default_warm_up() -> Fraction {
    Fraction::new(0.25).expect("a fraction")
}
fn default_start_divisor() -> Positive {
    Positive::new(25.0).expect("positive")
}
fn default_end_divisor() -> Positive {
    Positive::new(1e4).expect("positive")
}

/// Stops when the monitored loss no longer falls; Keras's `EarlyStopping`. The last weights are kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs without an improvement before training stops.
    pub patience: NonNegativeInt,
    /// How much lower than the best a loss must be to count as an improvement.
    pub min_delta: NonNegative,
}
