//! The section `[cluster]`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use latentkit_core::config::{Count, Natural, Positive, Section, Several};

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
    /// A run of K-Means ends when its centroids move less than this between two iterations (Euclidean, in units of the
    /// points).
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
    /// Up to as many points the silhouette is exact; of more, it is that of a sample.
    #[serde(default = "default_exact_silhouette_points")]
    pub exact_silhouette_points: Natural,
    /// Points of a sampled silhouette; and at most as many are clustered for the gap statistic, of the points and of each
    /// reference, and for each resample of the stability.
    #[serde(default = "default_sample_size")]
    pub sample_size: Several,
    /// Reference sets of the gap statistic.
    #[serde(default = "default_resamples")]
    pub gap_references: Several,
    /// Pairs of resamples of the stability.
    #[serde(default = "default_resamples")]
    pub stability_resamples: Several,
    /// How DBSCAN runs, where it is among the methods.
    #[serde(default)]
    pub dbscan: Dbscan,
    /// How HDBSCAN runs, where it is among the methods.
    #[serde(default)]
    pub hdbscan: Hdbscan,
}

impl Section for ClusterConfig {
    const NAME: &'static str = "cluster";
}

impl ClusterConfig {
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
            dbscan: Dbscan::default(),
            hdbscan: Hdbscan::default(),
        }
    }
}

/// A way to cluster points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// K-Means, for each k.
    KMeans,
    /// A mixture of Gaussians with full covariances, for each k.
    GaussianMixture,
    /// Density above that of a radius, which finds the number of clusters itself.
    Dbscan,
    /// The densities that last longest, which finds the number of clusters itself.
    Hdbscan,
}

impl Method {
    /// The name in the config and the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::KMeans => "k-means",
            Self::GaussianMixture => "gaussian-mixture",
            Self::Dbscan => "dbscan",
            Self::Hdbscan => "hdbscan",
        }
    }

    /// The name in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::KMeans => "K-Means",
            Self::GaussianMixture => "Gaussian mixture",
            Self::Dbscan => "DBSCAN",
            Self::Hdbscan => "HDBSCAN",
        }
    }

    /// Whether it is run for each k of the sweep, and does not find the number of clusters itself.
    pub fn takes_k(self) -> bool {
        match self {
            Self::KMeans | Self::GaussianMixture => true,
            Self::Dbscan | Self::Hdbscan => false,
        }
    }
}

/// The methods, each once, the first of which takes k: `"k-means"` or `["k-means", "hdbscan"]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
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
                "`{}` finds the number of clusters itself and cannot come first, expected `k-means` or \
                 `gaussian-mixture` before it",
                first.name()
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
        Self(vec![Method::KMeans])
    }
}

impl<'de> Deserialize<'de> for Methods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(one_or_several(deserializer, "a method or a list of them")?).map_err(de::Error::custom)
    }
}

/// A criterion that suggests a number of clusters; the silhouette is always among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// Variance between clusters to that within.
    CalinskiHarabasz,
    /// How alike each cluster is to the one most like it.
    DaviesBouldin,
    /// How much tighter clusters are than those of points without any.
    Gap,
    /// Bayesian information criterion.
    Bic,
    /// How well the clusters of resampled points agree.
    Stability,
}

impl Criterion {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 5] =
        [Self::CalinskiHarabasz, Self::DaviesBouldin, Self::Gap, Self::Bic, Self::Stability];
}

/// The criteria beside the silhouette: a list, empty for the silhouette alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Criteria(Vec<Criterion>);

impl Criteria {
    /// These criteria, each once, in the order of [`Criterion::ALL`].
    pub fn new(mut criteria: Vec<Criterion>) -> Self {
        criteria.sort_unstable();
        criteria.dedup();
        Self(criteria)
    }

    /// Whether this one is asked.
    pub fn has(&self, criterion: Criterion) -> bool {
        self.0.contains(&criterion)
    }
}

impl Default for Criteria {
    fn default() -> Self {
        Self(Criterion::ALL.to_vec())
    }
}

impl<'de> Deserialize<'de> for Criteria {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(one_or_several(deserializer, "a criterion or a list of them")?))
    }
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

/// How DBSCAN runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dbscan {
    /// Points are neighbours up to this distance; where it is left out, the knee of the sorted distances to the
    /// `min-points`-th neighbour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius: Option<Positive>,
    /// Neighbours, the point itself among them, from which on a point is in the core of a cluster; where it is left out,
    /// twice the number of columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_points: Option<Several>,
}

/// How HDBSCAN runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hdbscan {
    /// Points of a cluster at least; where it is left out, a hundredth of the points, 5 at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_cluster_size: Option<Several>,
    /// A point's density follows from the distance to as many points, itself among them; where it is left out, twice the
    /// number of columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_points: Option<Several>,
}

/// What draws the first centroids of a run of K-Means, and what fits a Gaussian mixture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterEngine {
    /// Greedy k-means++, and the expectation-maximisation of latentkit-cluster.
    #[default]
    Native,
    /// k-means++ of linfa and the first iteration, and linfa's Gaussian mixture.
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
fn default_exact_silhouette_points() -> Natural {
    Natural::new(300_000).expect("at least 0")
}
fn default_sample_size() -> Several {
    Several::new(10_000).expect("at least 2")
}
fn default_resamples() -> Several {
    Several::new(10).expect("at least 2")
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
