//! The methods that find the number of clusters themselves, and what is told of what they found.

use std::time::Instant;

use latentkit_core::rng::generator;
use latentkit_core::summary::DensityFigure;
use latentkit_core::{Cancellation, Error, Result};
use latentkit_table::DensityRow;

use crate::centroids::means;
use crate::config::ClusterConfig;
use crate::criterion::choose;
use crate::external::quality_of_labelled;
use crate::method::Method;
use crate::method::definition::{self, DensityFit, Task};
use crate::partition::Partition;
use crate::points::{OwnedPoints, Points};
use crate::scaling::Embeddings;
use crate::{DensityClustering, adjusted_rand_index, silhouette, silhouette_sampled};

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
    task: &Task,
    seed: u32,
    embeddings: &Embeddings,
    best: &Partition,
) -> Result<Vec<Density>> {
    let found =
        config.method.all().iter().map(|&method| density(config, method, task, seed, embeddings, best));
    found.filter_map(Result::transpose).collect()
}

/// Fails when some method of the config cannot take so many points.
pub(crate) fn check_size(config: &ClusterConfig, points: usize) -> Result<()> {
    for method in config.method.all() {
        let most = method.density().map_or(usize::MAX, definition::Density::most_points);
        if points > most {
            return Err(Error::config(
                "cluster.method",
                format!("`{}` compares all pairs of points, and {points} points are too many", method.name()),
            )
            .expected(format!("at most {most} points"))
            .hint("leave it out, or cluster a sample of the points"));
        }
    }
    Ok(())
}

/// What one method found; none of one that takes k.
fn density(
    config: &ClusterConfig,
    method: Method,
    task: &Task,
    seed: u32,
    embeddings: &Embeddings,
    best: &Partition,
) -> Result<Option<Density>> {
    let Some(density) = method.density() else { return Ok(None) };
    let _entered = tracing::info_span!("density", method = method.name()).entered();
    let (points, cancel) = (task.points, task.cancel);
    let start = Instant::now();
    let DensityFit { found, radius, min_points, min_cluster_size } = density.cluster(task)?;
    let seconds = start.elapsed().as_secs_f64();
    let DensityClustering { clusters, count, noise } = found;
    let inside = Inside::new(points, &clusters);
    let (mean, silhouettes) = inside.silhouettes(config, seed, points.nrows(), cancel)?;
    let chosen: Vec<u32> = inside.numbers.iter().map(|&point| best.clusters.of(point as usize)).collect();
    let several = !inside.numbers.is_empty();
    let labels = embeddings.labels.as_ref().map(|labels| inside.of(&labels.codes));
    let external = labels.map(|labels| quality_of_labelled(&inside.clusters, &labels)).transpose()?.flatten();
    let ari_to_best = several.then(|| adjusted_rand_index(&inside.clusters, &chosen)).transpose()?;
    Ok(Some(Density {
        method,
        row: DensityRow {
            method: method.name().to_owned(),
            clusters: count as u32,
            noise: noise as u32,
            radius,
            min_points: min_points as u32,
            min_cluster_size: min_cluster_size.map(|size| size as u32),
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
    points: OwnedPoints,
}

impl Inside {
    fn new(points: Points<'_>, clusters: &[Option<u32>]) -> Self {
        let known = (0..).zip(clusters).filter_map(|(point, cluster)| Some((point, (*cluster)?)));
        let (numbers, clusters): (Vec<u32>, Vec<u32>) = known.unzip();
        let rows: Vec<usize> = numbers.iter().map(|&point| point as usize).collect();
        Self { points: OwnedPoints::select(points, &rows), numbers, clusters }
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
        let points = self.points.points();
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
        let points = self.points.points();
        let means = means(points, &self.clusters, clusters);
        let distance =
            |place: usize| points.squared_distance(place, means.row(self.clusters[place] as usize)).sqrt();
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
