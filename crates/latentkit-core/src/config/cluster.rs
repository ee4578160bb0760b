//! The section `[cluster]`.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::{Count, Positive};

/// How the latents are clustered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClusterConfig {
    /// The numbers of clusters to try.
    pub k: KSweep,
    /// How often the sweep is repeated, with the experiment's seed and those after it: the silhouettes' spread over them
    /// says how much a difference between two k means.
    #[serde(default = "default_seeds")]
    pub seeds: Count,
    /// Runs of K-Means from different centroids for each k; the one of least inertia is kept.
    #[serde(default = "default_restarts")]
    pub restarts: Count,
    /// Iterations of a run at most.
    #[serde(default = "default_max_iterations")]
    pub max_iterations: Count,
    /// A run ends when its centroids move less than this between two iterations (Euclidean, in units of the latents).
    #[serde(default = "default_tolerance")]
    pub tolerance: Positive,
    /// What draws the first centroids of a run.
    #[serde(default)]
    pub engine: ClusterEngine,
    /// Points in a mini-batch, with the native engine; a run reads all points in each iteration where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<Count>,
}

/// What draws the first centroids of a run of K-Means; the iterations after them are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterEngine {
    /// Greedy k-means++ of latentkit-cluster.
    #[default]
    Native,
    /// k-means++ of linfa and the first iteration.
    Linfa,
}

impl ClusterEngine {
    /// The name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Linfa => "linfa",
        }
    }
}

fn default_seeds() -> Count {
    Count::new(3).expect("at least 1")
}
fn default_restarts() -> Count {
    Count::new(10).expect("at least 1")
}
fn default_max_iterations() -> Count {
    Count::new(300).expect("at least 1")
}
fn default_tolerance() -> Positive {
    Positive::new(1e-4).expect("positive")
}

/// The numbers of clusters to try, ascending, each at least 2: `{ from = 5, to = 14 }`, `[5, 8, 10]` or `10`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct KSweep(Vec<u32>);

impl KSweep {
    /// The numbers of clusters, ascending, none twice. Fails on none, on k < 2, and on more than 1 000 of them.
    pub fn new(mut values: Vec<u32>) -> Result<Self, String> {
        values.sort_unstable();
        values.dedup();
        match values.first() {
            None => Err("no k to try".to_owned()),
            Some(&k) if k < 2 => Err(format!("k = {k}: one cluster has no silhouette, so k starts at 2")),
            Some(_) if values.len() > 1000 => Err(format!("{} values of k, at most 1000", values.len())),
            Some(_) => Ok(Self(values)),
        }
    }

    /// The numbers of clusters, ascending.
    pub fn values(&self) -> &[u32] {
        &self.0
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: Count,
    to: Count,
}

impl<'de> Deserialize<'de> for KSweep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SweepVisitor;
        impl<'de> Visitor<'de> for SweepVisitor {
            type Value = KSweep;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a range `{ from = 5, to = 14 }`, a list `[5, 8, 10]` or one number, each at least 2",
                )
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<KSweep, E> {
                let value = u32::try_from(value)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))?;
                KSweep::new(vec![value]).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<KSweep, E> {
                self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<KSweep, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element::<Count>()? {
                    values.push(value.get());
                }
                KSweep::new(values).map_err(de::Error::custom)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<KSweep, A::Error> {
                let Range { from, to } = Range::deserialize(de::value::MapAccessDeserializer::new(map))?;
                let (from, to) = (from.get(), to.get());
                if from > to {
                    return Err(de::Error::custom(format!("from = {from} is above to = {to}")));
                }
                if to - from >= 1000 {
                    return Err(de::Error::custom(format!("{} values of k, at most 1000", to - from + 1)));
                }
                KSweep::new((from..=to).collect()).map_err(de::Error::custom)
            }
        }
        deserializer.deserialize_any(SweepVisitor)
    }
}
