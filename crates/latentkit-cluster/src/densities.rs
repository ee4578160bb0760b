//! The methods that find the number of clusters themselves, and what is told of what they found.

use std::time::Instant;

use crate::config::{ClusterConfig, Method};
use latentkit_core::config::Several;
use latentkit_core::rng::generator;
use latentkit_core::summary::DensityFigure;
use latentkit_core::{Cancellation, Error, Result};
use latentkit_table::{DensityRow, Embeddings};
use ndarray::{Array2, ArrayView2, Axis};

use crate::criteria::choose;
use crate::partition::{Partition, means};
use crate::{
    DbscanParams, DensityClustering, HdbscanParams, adjusted_rand_index, dbscan, external_quality, hdbscan,
    silhouette, silhouette_sampled,
};

/// Points at most: all pairs of them are compared several times.
const MOST_POINTS: usize = 500_000;

/// Points of a cluster at least, where the config does not say: a share of all points, but not fewer than this.
const LEAST_CLUSTER: usize = 5;
const LEAST_SHARE: usize = 100;

/// The clusters that such a method found.
pub(crate) struct Density {
    /// How.
    pub(crate) method: Method,
    /// Its figures.
    pub(crate) row: DensityRow,
    /// How long it took.
    pub(crate) seconds: f64,
    /// Cluster of each point, none of noise: [n].
    pub(crate) clusters: Vec<Option<u32>>,
    /// Silhouette of each point among those in a cluster, where it is known: [n].
    pub(crate) silhouettes: Vec<Option<f64>>,
    /// Distance of each point to the mean of its cluster: [n].
    pub(crate) distances: Vec<Option<f64>>,
}

impl Density {
    /// What the summary tells of it.
    pub(crate) fn figure(&self) -> DensityFigure {
        DensityFigure {
            method: self.method.name().to_owned(),
            clusters: self.row.clusters as usize,
            noise: self.row.noise as usize,
            radius: self.row.radius,
        }
    }
}

/// Runs those methods of the config that find the number of clusters themselves, and compares what they find with `best`.
///
/// # Errors
/// Of kind config, about `cluster.method`, when there are too many points to compare all pairs; and when the user interrupts.
pub(crate) fn densities(
    config: &ClusterConfig,
    seed: u32,
    embeddings: &Embeddings,
    best: &Partition,
    cancel: Cancellation,
) -> Result<Vec<Density>> {
    let found =
        config.method.all().iter().map(|&method| density(config, method, seed, embeddings, best, cancel));
    found.filter_map(Result::transpose).collect()
}

/// Fails when some method of the config cannot take so many points.
pub(crate) fn check_size(config: &ClusterConfig, points: usize) -> Result<()> {
    let asked = config.method.all().iter().find(|method| !method.takes_k());
    match asked {
        Some(method) if points > MOST_POINTS => Err(Error::config(
            "cluster.method",
            format!("`{}` compares all pairs of points, and {points} points are too many", method.name()),
        )
        .expected(format!("at most {MOST_POINTS} points"))
        .hint("leave it out, or cluster a sample of the points")),
        _ => Ok(()),
    }
}

/// What one method found; none of one that takes k.
fn density(
    config: &ClusterConfig,
    method: Method,
    seed: u32,
    embeddings: &Embeddings,
    best: &Partition,
    cancel: Cancellation,
) -> Result<Option<Density>> {
    let _entered = tracing::info_span!("density", method = method.name()).entered();
    let points = embeddings.values.view();
    let start = Instant::now();
    let neighbours = |given: Option<Several>| {
        given.map_or((2 * points.ncols()).min(points.nrows()), |given| given.get() as usize)
    };
    let size = |given: Option<Several>| {
        given.map_or((points.nrows() / LEAST_SHARE).max(LEAST_CLUSTER), |given| given.get() as usize)
    };
    let (found, radius, min_points, min_cluster_size) = match method {
        Method::KMeans | Method::GaussianMixture => return Ok(None),
        Method::Dbscan => {
            let min_points = neighbours(config.dbscan.min_points);
            let radius = config.dbscan.radius.map(latentkit_core::config::Positive::get);
            let (found, radius) = dbscan(points, DbscanParams { radius, min_points }, cancel)?;
            (found, Some(radius), min_points, None)
        }
        Method::Hdbscan => {
            let (min_points, min_cluster_size) =
                (neighbours(config.hdbscan.min_points), size(config.hdbscan.min_cluster_size));
            let found = hdbscan(points, HdbscanParams { min_cluster_size, min_points }, cancel)?;
            (found, None, min_points, Some(min_cluster_size as u32))
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    let DensityClustering { clusters, count, noise } = found;
    let inside = Inside::new(points, &clusters);
    let (mean, silhouettes) = inside.silhouettes(config, seed, points.nrows(), cancel)?;
    let chosen: Vec<u32> = inside.numbers.iter().map(|&point| best.clusters.of(point as usize)).collect();
    let several = !inside.numbers.is_empty();
    let labels = embeddings.labels.as_ref().map(|labels| inside.of(&labels.codes));
    let external =
        labels.filter(|_| several).map(|labels| external_quality(&inside.clusters, &labels)).transpose()?;
    let ari_to_best = several.then(|| adjusted_rand_index(&inside.clusters, &chosen)).transpose()?;
    Ok(Some(Density {
        method,
        row: DensityRow {
            method: method.name().to_owned(),
            clusters: count as u32,
            noise: noise as u32,
            radius,
            min_points: min_points as u32,
            min_cluster_size,
            silhouette: mean,
            ari_to_best,
            external,
        },
        seconds,
        silhouettes,
        distances: inside.distances(count, points.nrows()),
        clusters,
    }))
}

/// The points that are in a cluster.
struct Inside {
    /// Their numbers.
    numbers: Vec<u32>,
    /// Their clusters.
    clusters: Vec<u32>,
    points: Array2<f32>,
}

impl Inside {
    fn new(points: ArrayView2<'_, f32>, clusters: &[Option<u32>]) -> Self {
        let known = (0..).zip(clusters).filter_map(|(point, cluster)| Some((point, (*cluster)?)));
        let (numbers, clusters): (Vec<u32>, Vec<u32>) = known.unzip();
        let rows: Vec<usize> = numbers.iter().map(|&point| point as usize).collect();
        Self { points: points.select(Axis(0), &rows), numbers, clusters }
    }

    /// What some values of all points are for these.
    fn of<T: Copy>(&self, values: &[T]) -> Vec<T> {
        self.numbers.iter().map(|&point| values[point as usize]).collect()
    }

    /// Their mean silhouette among each other, and that of each of `all` points where it is known; none of fewer than two
    /// clusters.
    fn silhouettes(
        &self,
        config: &ClusterConfig,
        seed: u32,
        all: usize,
        cancel: Cancellation,
    ) -> Result<(Option<f64>, Vec<Option<f64>>)> {
        let clusters = self.clusters.iter().max().map_or(0, |&last| last as usize + 1);
        if clusters < 2 || clusters == self.numbers.len() {
            return Ok((None, vec![None; all]));
        }
        let points = self.points.view();
        if all <= config.exact_silhouette_points.get() as usize {
            let found = silhouette(points, &[&self.clusters], cancel)?.remove(0);
            return Ok((Some(found.mean), self.among(all, found.points.into_iter().enumerate())));
        }
        let size = config.sample_size.get() as usize;
        let mut rng = generator(u64::from(seed), "density silhouette sample", 0);
        let sample = choose(&mut rng, self.numbers.len(), size);
        let found = silhouette_sampled(points, &[&self.clusters], &sample, cancel)?.remove(0);
        let values = sample.iter().map(|&place| place as usize).zip(found.points);
        Ok((Some(found.mean), self.among(all, values)))
    }

    /// The distance of each of `all` points to the mean of its cluster.
    fn distances(&self, clusters: usize, all: usize) -> Vec<Option<f64>> {
        let means = means(self.points.view(), &self.clusters, clusters);
        let distance = |place: usize| {
            let squares = self.points.row(place).into_iter().zip(means.row(self.clusters[place] as usize));
            squares.map(|(&value, mean)| (f64::from(value) - mean).powi(2)).sum::<f64>().sqrt()
        };
        self.among(all, (0..self.numbers.len()).map(|place| (place, distance(place))))
    }

    /// The values of these among `count` points.
    fn among(&self, count: usize, values: impl Iterator<Item = (usize, f64)>) -> Vec<Option<f64>> {
        let mut all = vec![None; count];
        for (place, value) in values {
            all[self.numbers[place] as usize] = Some(value);
        }
        all
    }
}
