//! The key `train.checkpoint-every`.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use latentkit_core::config::{Count, Positive};

/// What lies between two checkpoints of a training: a number of epochs, or `{ epochs = 1 }`, `{ steps = 200 }` or
/// `{ seconds = 60 }`. Where it is left out, an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CheckpointEvery {
    /// Epochs, counted from the start of the training.
    Epochs(Count),
    /// Steps, counted from the start of the training.
    Steps(Count),
    /// Seconds since the last checkpoint, looked at after each step and each epoch.
    Seconds(Positive),
}

impl CheckpointEvery {
    /// Whether a checkpoint is due after a step, `step` steps after the start of the training and `since` after the last
    /// checkpoint. Those between epochs are not due after a step.
    pub fn after_step(self, step: u32, since: Duration) -> bool {
        match self {
            Self::Epochs(_) => false,
            Self::Steps(steps) => step.is_multiple_of(steps.get()),
            Self::Seconds(seconds) => since.as_secs_f64() >= seconds.get(),
        }
    }

    /// Whether a checkpoint is due after an epoch, which is also after its last step.
    pub fn after_epoch(self, epoch: u32, step: u32, since: Duration) -> bool {
        match self {
            Self::Epochs(epochs) => epoch.is_multiple_of(epochs.get()),
            Self::Steps(_) | Self::Seconds(_) => self.after_step(step, since),
        }
    }
}

impl Default for CheckpointEvery {
    fn default() -> Self {
        Self::Epochs(Count::new(1).expect("at least 1"))
    }
}

/// The three as a table, of which one is there.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(skip_serializing_if = "Option::is_none")]
    epochs: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<Positive>,
}

impl Serialize for CheckpointEvery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Epochs(epochs) => epochs.serialize(serializer),
            Self::Steps(steps) => Table { steps: Some(steps), ..Table::default() }.serialize(serializer),
            Self::Seconds(seconds) => {
                Table { seconds: Some(seconds), ..Table::default() }.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for CheckpointEvery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EveryVisitor;
        impl<'de> Visitor<'de> for EveryVisitor {
            type Value = CheckpointEvery;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a number of epochs from 1 to 1000000, or one of `{ epochs = 1 }`, `{ steps = 200 }` and `{ seconds = 60 }`",
                )
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<CheckpointEvery, E> {
                u32::try_from(value)
                    .ok()
                    .and_then(Count::new)
                    .map(CheckpointEvery::Epochs)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(value), &self))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<CheckpointEvery, E> {
                // Only JSON distinguishes; no number here is that large.
                self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<CheckpointEvery, A::Error> {
                match Table::deserialize(de::value::MapAccessDeserializer::new(map))? {
                    Table { epochs: Some(epochs), steps: None, seconds: None } => {
                        Ok(CheckpointEvery::Epochs(epochs))
                    }
                    Table { epochs: None, steps: Some(steps), seconds: None } => {
                        Ok(CheckpointEvery::Steps(steps))
                    }
                    Table { epochs: None, steps: None, seconds: Some(seconds) } => {
                        Ok(CheckpointEvery::Seconds(seconds))
                    }
                    Table { epochs: None, steps: None, seconds: None } => {
                        Err(de::Error::invalid_value(de::Unexpected::Other("an empty table"), &self))
                    }
                    _ => Err(de::Error::invalid_value(de::Unexpected::Other("several of them"), &self)),
                }
            }
        }
        deserializer.deserialize_any(EveryVisitor)
    }
}
