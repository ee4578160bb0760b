//! The section `[cluster]`.

use std::fmt;
use std::marker::PhantomData;

use latentkit_core::config::SectionType;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use toml::Table;

use crate::criterion;
pub use crate::engine::ClusterEngine;
pub use crate::method::Method;
use crate::method::definition::Options;

use latentkit_core::config::{AtLeastTwo, Count, NonNegativeInt, Positive, Section};

/// How the latents are clustered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClusterConfig {
    /// How: one method, or several, of which the first gives the tables and charts of the best k.
    #[serde(default)]
    pub method: Methods,
    /// The numbers of clusters to try.
    pub k: KSweep,
    /// How often the sweep is repeated, with the experiment's seed and those after it: the silhouettes' spread over them
    /// says how much a difference between two k means.
    #[serde(default = "default_seeds")]
    pub seeds: Count,
    /// Runs of K-Means or the Gaussian mixture from different starts for each k; the best one is kept.
    #[serde(default = "default_restarts")]
    pub restarts: Count,
    /// Iterations of a run at most.
    #[serde(default = "default_max_iterations")]
    pub max_iterations: Count,
    /// A run of K-Means ends when the sum of the squares of what its centroids move by in an iteration is not above this
    /// times the mean variance of the columns.
    #[serde(default = "default_tolerance")]
    pub tolerance: Positive,
    /// What draws the first centroids of a run of K-Means, and what fits the Gaussian mixture.
    #[serde(default)]
    pub engine: ClusterEngine,
    /// Points in a mini-batch, with the native engine; a run reads all points in each iteration where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<Count>,
    /// How the points are scaled before anything else.
    #[serde(default)]
    pub scaling: Scaling,
    /// What is asked how many clusters there are, beside the silhouette.
    #[serde(default)]
    pub criteria: Criteria,
    /// Up to as many points the silhouette is exact, and the labels of the neighbours of all are compared; of more, those of a
    /// sample.
    #[serde(default = "default_exact_silhouette_points")]
    pub exact_silhouette_points: NonNegativeInt,
    /// Points of a sampled silhouette; and at most as many are clustered for the gap statistic, of the points and of each
    /// reference, and for each resample of the stability.
    #[serde(default = "default_sample_size")]
    pub sample_size: AtLeastTwo,
    /// Reference sets of the gap statistic.
    #[serde(default = "default_resamples")]
    pub gap_references: AtLeastTwo,
    /// Pairs of resamples of the stability.
    #[serde(default = "default_resamples")]
    pub stability_resamples: AtLeastTwo,
}

impl Section for ClusterConfig {
    const NAME: &'static str = "cluster";
}

impl ClusterConfig {
    /// The tables within the section in which methods have keys of their own.
    pub fn tables() -> Vec<SectionType> {
        Method::all().filter_map(Method::table).collect()
    }

    /// What methods are told, with the `tables` of those that have keys of their own.
    pub(crate) fn options<'a>(&self, tables: &'a Table, unit: f64) -> Options<'a> {
        Options {
            restarts: self.restarts.get(),
            max_iterations: self.max_iterations.get(),
            tolerance: self.tolerance.get(),
            unit,
            engine: self.engine,
            batch_size: self.batch_size.map(|size| size.get() as usize),
            tables,
        }
    }

    /// The defaults for these values of k.
    pub fn with_k(k: KSweep) -> Self {
        Self {
            method: Methods::default(),
            k,
            seeds: default_seeds(),
            restarts: default_restarts(),
            max_iterations: default_max_iterations(),
            tolerance: default_tolerance(),
            engine: ClusterEngine::default(),
            batch_size: None,
            scaling: Scaling::default(),
            criteria: Criteria::default(),
            exact_silhouette_points: default_exact_silhouette_points(),
            sample_size: default_sample_size(),
            gap_references: default_resamples(),
            stability_resamples: default_resamples(),
        }
    }
}

/// The methods, each once, the first of which takes k: `"k-means"` or `["k-means", "hdbscan"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Methods(Vec<Method>);

impl Methods {
    /// Fails on none, on one that is named twice, and when the first does not take k.
    pub fn new(methods: Vec<Method>) -> Result<Self, String> {
        let Some(&first) = methods.first() else { return Err("no method to cluster with".to_owned()) };
        if let Some(twice) =
            methods.iter().enumerate().find(|(place, method)| methods[..*place].contains(method))
        {
            return Err(format!("`{}` is named twice", twice.1.name()));
        }
        if !first.takes_k() {
            return Err(format!(
                "`{}` finds the number of clusters itself and cannot come first, expected {} before it",
                first.name(),
                backticked(Method::all().filter(|method| method.takes_k()).map(Method::name), " or ")
            ));
        }
        Ok(Self(methods))
    }

    /// The methods.
    pub fn all(&self) -> &[Method] {
        &self.0
    }

    /// The first one, whose clusters the tables of the best k and the charts show.
    pub fn primary(&self) -> Method {
        self.0[0]
    }
}

impl Default for Methods {
    fn default() -> Self {
        Self(Method::all().take(1).collect())
    }
}

impl<'de> Deserialize<'de> for Methods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names: Vec<String> = one_or_several(deserializer, "a method or a list of them")?;
        let method =
            |name: &String| Method::named(name).ok_or_else(|| unknown(name, Method::all().map(Method::name)));
        let methods = names.iter().map(method).collect::<Result<_, D::Error>>()?;
        Self::new(methods).map_err(de::Error::custom)
    }
}

impl Serialize for Methods {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|method| method.name()))
    }
}

/// The criteria beside the silhouette: a list, empty for the silhouette alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Criteria(Vec<&'static str>);

impl Criteria {
    /// The criteria of these names, each once, in the order of tables. Fails on a name that is none.
    pub fn new(names: &[&str]) -> Result<Self, String> {
        match names.iter().find(|name| !criterion::keys().any(|key| key == **name)) {
            Some(unknown) => Err(format!("unknown criterion `{unknown}`")),
            None => Ok(Self(criterion::keys().filter(|key| names.contains(key)).collect())),
        }
    }

    /// Whether this one is asked.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    /// The names of the criteria.
    pub fn names(&self) -> &[&'static str] {
        &self.0
    }
}

impl Default for Criteria {
    fn default() -> Self {
        Self(criterion::default_keys().collect())
    }
}

impl<'de> Deserialize<'de> for Criteria {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names: Vec<String> = one_or_several(deserializer, "a criterion or a list of them")?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let is_unknown = |name: &&&str| !criterion::keys().any(|key| key == **name);
        match names.iter().find(is_unknown) {
            Some(name) => Err(unknown(name, criterion::keys())),
            None => Self::new(&names).map_err(de::Error::custom),
        }
    }
}

/// The error about a name that is none of the known ones, in serde's words.
fn unknown<E: de::Error>(name: &str, known: impl Iterator<Item = &'static str>) -> E {
    E::custom(format!("unknown variant `{name}`, expected one of {}", backticked(known, ", ")))
}

fn backticked(names: impl Iterator<Item = &'static str>, separator: &str) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(separator)
}

/// How points are scaled before they are clustered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Not at all.
    #[default]
    None,
    /// Each column less its mean, divided by its standard deviation; one that is constant becomes 0.
    Standardize,
    /// Each point divided by its Euclidean norm, so that distances grow with the angle between points.
    UnitLength,
}

impl Scaling {
    /// The name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Standardize => "standardize",
            Self::UnitLength => "unit-length",
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
fn default_exact_silhouette_points() -> NonNegativeInt {
    NonNegativeInt::new(300_000).expect("at least 0")
}
fn default_sample_size() -> AtLeastTwo {
    AtLeastTwo::new(10_000).expect("at least 2")
}
fn default_resamples() -> AtLeastTwo {
    AtLeastTwo::new(10).expect("at least 2")
}

/// One value or a list of them.
fn one_or_several<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
    expected: &'static str,
) -> Result<Vec<T>, D::Error> {
    struct OneOrSeveral<T>(&'static str, PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrSeveral<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, name: &str) -> Result<Vec<T>, E> {
            Ok(vec![T::deserialize(de::value::StrDeserializer::new(name))?])
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut values = Vec::new();
            while let Some(value) = list.next_element()? {
                values.push(value);
            }
            Ok(values)
        }
    }
    deserializer.deserialize_any(OneOrSeveral(expected, PhantomData))
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
