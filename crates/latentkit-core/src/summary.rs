//! The figures of each stage, as its manifest keeps them and the report shows them.

use serde::{Deserialize, Serialize};

use crate::ImageShape;

mod neighbours;

pub use neighbours::{LabelAgreement, NeighbourFigure, NeighbourSummary, Preservation};

/// The figures of ingest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IngestSummary {
    /// Name of the source, or `files`.
    pub source: String,
    /// Images to train on.
    pub train: usize,
    /// Images to validate on.
    pub validation: usize,
    /// Images to test on.
    pub test: usize,
    /// The shape of each image.
    #[serde(flatten)]
    pub shape: ImageShape,
    /// Number of labels, 0 without any.
    pub labels: usize,
}

/// The mean over all pixels of a set of images of each metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Binary cross-entropy, in nats per pixel.
    pub bce: f64,
    /// Squared error.
    pub mse: f64,
    /// Absolute error.
    pub mae: f64,
    /// Share of pixels where the true value equals the prediction thresholded at 0.5; grey pixels never match.
    pub binary_accuracy: f64,
}

/// The figures of train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainSummary {
    /// Name of the architecture.
    pub architecture: String,
    /// Parameters that training changes, and those that it does not.
    pub parameters: Parameters,
    /// Epochs that ran.
    pub epochs: u32,
    /// Whether the stopping rule ended training.
    pub stopped_early: bool,
    /// Metrics over the last epoch's training steps.
    pub train: Metrics,
    /// Metrics after the last epoch.
    pub validation: Metrics,
    /// Metrics of the final weights on the test images.
    pub test: Metrics,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Training images per second, validation not counted; the median over the epochs.
    pub images_per_second: f64,
    /// Sum of the epochs' seconds, over all processes that took part.
    pub seconds: f64,
    /// Epochs that the checkpoint held from which this process went on, when it resumed.
    pub resumed_after: Option<u32>,
    /// Steps of the next epoch that it held as well.
    #[serde(default)]
    pub resumed_step: u32,
    /// What computed: `libtorch`, or `native` with its instruction set.
    pub engine: String,
    /// Where it computed.
    pub device: String,
}

/// How many numbers a model holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Changed by the optimizer.
    pub trainable: usize,
    /// Running statistics of batch-norm.
    pub non_trainable: usize,
}

impl Parameters {
    /// All of them.
    pub fn total(self) -> usize {
        self.trainable + self.non_trainable
    }
}

/// The figures of export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportSummary {
    /// Images that were encoded.
    pub images: usize,
    /// Mean reconstruction error of each split.
    pub splits: Vec<SplitError>,
    /// Mean reconstruction error of the test images of each label.
    pub labels: Vec<LabelError>,
    /// Health of each latent.
    pub latents: Vec<LatentHealth>,
    /// Number of dead latents.
    pub dead: usize,
    /// What computed: `libtorch`, or `native` with its instruction set.
    pub engine: String,
    /// Where it computed.
    pub device: String,
}

/// The mean reconstruction error of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitError {
    /// `train`, `validation` or `test`.
    pub split: String,
    /// Images in it.
    pub images: usize,
    /// Mean binary cross-entropy per pixel, in nats.
    pub bce: f64,
    /// Mean squared error per pixel.
    pub mse: f64,
}

/// The mean reconstruction error of the test images of a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelError {
    /// Name of the label.
    pub label: String,
    /// Test images that have it.
    pub images: usize,
    /// Mean binary cross-entropy per pixel, in nats.
    pub bce: f64,
    /// Mean squared error per pixel.
    pub mse: f64,
}

/// Whether a latent carries information.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatentHealth {
    /// Name of its column.
    pub name: String,
    /// Population standard deviation over all images.
    pub std: f64,
    /// Share of images for which it is exactly 0.
    pub zeros: f64,
    /// Standard deviation below 1 % of the largest one, or every latent constant.
    pub dead: bool,
}

impl LatentHealth {
    /// Whether a ReLU killed it: it is dead, and exactly 0 for most images, as a linear latent never is.
    pub fn killed_by_relu(&self) -> bool {
        self.dead && self.zeros > 0.5
    }
}

/// The figures of cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterSummary {
    /// Points that were clustered.
    pub points: usize,
    /// Their dimension.
    pub dimensions: usize,
    /// How they were scaled before.
    pub scaling: String,
    /// The method that the sweep, the best k and the tables of its clusters are of.
    pub method: String,
    /// The names of all methods; none in manifests of versions that did not record them.
    #[serde(default)]
    pub methods: Vec<MethodNames>,
    /// Points that the silhouettes were computed of, where it was not all of them.
    pub silhouette_sample: Option<usize>,
    /// The figures of each k, ascending; of a mixture those without a silhouette are left out.
    pub sweep: Vec<SweepFigure>,
    /// The k of the highest silhouette.
    pub best_k: usize,
    /// Whether it is the first or last k that was tried, so that the best may lie outside; 2 is an edge as well, since one
    /// cluster has no silhouette.
    pub best_at_edge: bool,
    /// The other k that are as good: their mean silhouettes lie no further from the best than the seeds spread, or than the
    /// sample leaves open.
    #[serde(rename = "rivals")]
    pub ties: Vec<usize>,
    /// Whether the silhouettes differ no more over k than over the seeds, or than the sample leaves open.
    pub flat: bool,
    /// What each criterion suggests, the silhouette first; those of every method that takes k.
    pub criteria: Vec<CriterionFigure>,
    /// What the criteria of the first method say together.
    pub verdict: Verdict,
    /// What the methods found that find the number of clusters themselves.
    pub density: Vec<DensityFigure>,
    /// The seeds that the sweep was repeated with; tables other than the sweep are of the first.
    pub seeds: Vec<u32>,
    /// Share of the variance on each of the first two principal components, 0 to 1.
    pub explained_variance: Vec<f64>,
    /// The label pairs that share a cluster most often, at most ten, the most frequent first; none without labels.
    pub label_pairs: Vec<LabelPair>,
    /// What the nearest neighbours of the points say.
    pub neighbours: Option<NeighbourSummary>,
}

/// How often two labels share a cluster of the chosen k.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelPair {
    /// Names of the labels.
    pub labels: [String; 2],
    /// Probability that a random point of one and a random point of the other are in the same cluster, 0 to 1.
    pub share: f64,
}

/// The names of a clustering method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodNames {
    /// In the config and in tables.
    pub name: String,
    /// In a sentence.
    pub title: String,
}

impl ClusterSummary {
    /// The name in a sentence of the method of this name.
    pub fn method_title<'a>(&'a self, name: &'a str) -> &'a str {
        self.methods.iter().find(|method| method.name == name).map_or(name, |method| &method.title)
    }

    /// The highest mean silhouette.
    pub fn best_silhouette(&self) -> f64 {
        let best = self.sweep.iter().find(|figure| figure.k == self.best_k);
        best.map_or(f64::NAN, |figure| figure.silhouette.mean())
    }

    /// What its silhouettes are of.
    pub fn silhouette_kind(&self) -> SilhouetteKind {
        if self.silhouette_sample.is_some() { SilhouetteKind::Sampled } else { SilhouetteKind::Exact }
    }
}

/// What a mean silhouette is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilhouetteKind {
    /// Of all points.
    Exact,
    /// Of a random sample of the points, each compared with all points.
    Sampled,
}

impl SilhouetteKind {
    /// What it is called in every table and in JSON, so that no one takes one for the other.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "silhouette",
            Self::Sampled => "silhouette_sampled",
        }
    }
}

/// The figures of one k.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepFigure {
    /// Number of clusters.
    pub k: usize,
    /// Sum of squared distances to the nearest centroid, for the first seed.
    pub inertia: f64,
    /// Mean silhouette.
    #[serde(flatten)]
    pub silhouette: MeanSilhouette,
}

/// A mean silhouette, -1 to 1, over all points and over the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MeanSilhouette {
    /// Of all points.
    Exact {
        /// Mean over the seeds.
        silhouette: f64,
        /// The lowest of a seed.
        silhouette_min: f64,
        /// The highest of a seed.
        silhouette_max: f64,
    },
    /// Of a sample.
    Sampled {
        /// Mean over the seeds.
        silhouette_sampled: f64,
        /// The lowest lower end of a seed's confidence interval of 95 %.
        silhouette_sampled_low: f64,
        /// The highest upper end.
        silhouette_sampled_high: f64,
    },
}

impl MeanSilhouette {
    /// One of a kind.
    pub fn new(kind: SilhouetteKind, mean: f64, low: f64, high: f64) -> Self {
        match kind {
            SilhouetteKind::Exact => {
                Self::Exact { silhouette: mean, silhouette_min: low, silhouette_max: high }
            }
            SilhouetteKind::Sampled => Self::Sampled {
                silhouette_sampled: mean,
                silhouette_sampled_low: low,
                silhouette_sampled_high: high,
            },
        }
    }

    /// The mean.
    pub fn mean(self) -> f64 {
        match self {
            Self::Exact { silhouette, .. } => silhouette,
            Self::Sampled { silhouette_sampled, .. } => silhouette_sampled,
        }
    }

    /// The lower end of what it may be.
    pub fn low(self) -> f64 {
        match self {
            Self::Exact { silhouette_min, .. } => silhouette_min,
            Self::Sampled { silhouette_sampled_low, .. } => silhouette_sampled_low,
        }
    }

    /// The upper end of what it may be.
    pub fn high(self) -> f64 {
        match self {
            Self::Exact { silhouette_max, .. } => silhouette_max,
            Self::Sampled { silhouette_sampled_high, .. } => silhouette_sampled_high,
        }
    }
}

fn yes() -> bool {
    true
}

/// What one criterion says of how many clusters there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriterionFigure {
    /// The method whose clusters it is about.
    pub method: String,
    /// Its name in the tables.
    pub criterion: String,
    /// Its name in a sentence, above a chart, and how its suggestion comes about; empty in manifests of versions that did not
    /// record them.
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "described above")]
    pub heading: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "described above")]
    pub explanation: String,
    /// Whether it counts for the verdict.
    #[serde(default = "yes")]
    pub counted: bool,
    /// Its value for each k, ascending; those k for which it is not defined are left out. The gap statistic, BIC and
    /// AIC are defined for one cluster and have that value first, whatever the sweep is.
    pub values: Vec<CriterionValue>,
    /// The k that it suggests, 1 where it sees no clusters; none where its rule finds none.
    pub k: Option<usize>,
    /// Whether that is at an end of the sweep, so that a better one may lie outside; also 2 of a criterion that is not
    /// defined for one cluster.
    pub at_edge: bool,
    /// The other k that are as good, ascending: no further from the suggested one than the error bars reach.
    #[serde(rename = "rivals")]
    pub ties: Vec<usize>,
    /// Whether the values differ no more over k than the error bars reach.
    pub flat: bool,
}

impl CriterionFigure {
    /// Whether it suggests a k that is worth something: one within the sweep, of a curve that is not flat.
    pub fn is_firm(&self) -> bool {
        self.k.is_some() && !self.at_edge && !self.flat
    }

    /// Whether it is defined for one cluster, so that it can say that there are no clusters.
    pub fn knows_one_cluster(&self) -> bool {
        self.values.first().is_some_and(|value| value.k == 1)
    }
}

/// The value of a criterion for one k.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriterionValue {
    /// Number of clusters.
    pub k: usize,
    /// The value: the mean over the seeds, references or resamples.
    pub value: f64,
    /// The lower end of its error bar: the lowest of a seed, or the value less its standard error.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What all criteria say together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The number of clusters, where more than half of the criteria that vote agree on it; 1 where more than half of those
    /// agree that are defined for one cluster; none where there is no clear k.
    pub k: Option<usize>,
    /// The criteria that suggest it, or none.
    pub agreeing: Vec<String>,
    /// How many criteria that was decided by.
    pub asked: usize,
    /// The verdict as a sentence.
    pub sentence: String,
}

/// What a method found that finds the number of clusters itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DensityFigure {
    /// The method.
    pub method: String,
    /// Clusters that it found.
    pub clusters: usize,
    /// Points that it put into none.
    pub noise: usize,
    /// Up to which distance points are neighbours, for DBSCAN.
    pub radius: Option<f64>,
}

/// The figures of decode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecodeSummary {
    /// Centroids that were decoded.
    pub centroids: usize,
    /// Where it was computed.
    pub device: String,
}

/// The figures of plot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlotSummary {
    /// Charts drawn, each in every format.
    pub charts: usize,
    /// Files written.
    pub files: usize,
}
