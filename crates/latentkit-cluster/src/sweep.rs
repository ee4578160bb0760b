//! Clusters, silhouettes and criteria for every method, seed and k.

use std::time::Instant;

use latentkit_core::rng::generator;
use latentkit_core::summary::{CriterionValue, MeanSilhouette, SilhouetteKind, SweepFigure};
use latentkit_core::{Cancellation, Phase, Result};
use latentkit_table::{SilhouetteFigure, SweepRow};
use rayon::prelude::*;

use crate::centroids::means;
use crate::clusters::Clusters;
use crate::config::ClusterConfig;
use crate::criterion::definition::{Clustered, Source};
use crate::criterion::{CRITERIA, choose, total_squares};
use crate::external::quality_of_labelled;
use crate::method::Method;
use crate::method::definition::{Information, Partitioning, Task};
use crate::paired::Paired;
use crate::partition::{Partition, Silhouettes};
use crate::points::Points;
use crate::scaling::Embeddings;
use crate::silhouette::{estimate, mean as mean_of_points, of_clusters};
use crate::times::{ClusteringTime, Times};

/// What was found for every method, seed and k.
pub(crate) struct Sweep<'a> {
    /// The seeds: that of the experiment and those after it.
    pub(crate) seeds: Vec<u32>,
    /// One for each method, seed and k; those of a seed after those of the one before: [methods * seeds * ks].
    pub(crate) rows: Vec<SweepRow>,
    /// The clusters of the first seed, those of a method after those of the one before: [methods * ks].
    pub(crate) partitions: Vec<Partition>,
    /// Their silhouettes; none of a mixture whose points are all in one component: [methods * ks].
    pub(crate) silhouettes: Vec<Option<Silhouettes<'a>>>,
    /// The differences of the silhouettes of each method, where they are those of a sample: [methods].
    pub(crate) paired: Vec<Paired>,
    /// The criteria that are defined for one cluster, of what each method makes of all points as one: [methods].
    pub(crate) one: Vec<Vec<CriterionOfOne>>,
    /// How long it took.
    pub(crate) times: Times,
}

/// The column of a criterion and its value for all points as one cluster; as no seed makes a difference, without a spread.
pub(crate) type CriterionOfOne = (&'static str, f64);

/// A clustering with what only its method tells.
struct Found {
    partition: Partition,
    /// Sum of the squared distances to the centroids, where the method has it.
    inertia: Option<f64>,
    information: Information,
}

/// The numbers of the points whose silhouettes are computed, where there are too many points for all of them.
pub(crate) fn silhouette_sample(config: &ClusterConfig, seed: u32, count: usize) -> Option<Vec<u32>> {
    let size = config.sample_size.get() as usize;
    let exact = count <= config.exact_silhouette_points.get() as usize || count <= size;
    (!exact).then(|| choose(&mut generator(u64::from(seed), "silhouette sample", 0), count, size))
}

/// Silhouettes of points that are in memory at once, except that those of one seed always are: 128 MiB. Those of several seeds
/// are computed together, since these often find the same clusters, and the distances are shared in any case.
const SILHOUETTES: usize = 1 << 24;

/// Clusters the points for every method that takes k, seed and k of the config. Of more points than silhouettes are exact
/// for, they are those of `sample`.
pub(crate) fn sweep<'a>(
    config: &ClusterConfig,
    task: &Task,
    seed: u32,
    embeddings: &Embeddings,
    sample: Option<&'a [u32]>,
) -> Result<Sweep<'a>> {
    let (points, cancel) = (task.points, task.cancel);
    let seeds: Vec<u32> = (0..config.seeds.get()).map(|index| seed.wrapping_add(index)).collect();
    let ks = config.k.values();
    let methods: Vec<(Method, &dyn Partitioning)> =
        config.method.all().iter().filter_map(|method| Some((*method, method.partitioning()?))).collect();
    let mut sweep = Sweep {
        seeds,
        rows: Vec::new(),
        partitions: Vec::new(),
        silhouettes: Vec::new(),
        paired: Vec::new(),
        one: Vec::new(),
        times: Times::default(),
    };
    let total = methods.len() * sweep.seeds.len() * ks.len();
    let spread = total_squares(points);
    for &(method, partitioning) in &methods {
        sweep.one.push(one_cluster(config, partitioning, task, spread)?);
        let mut paired =
            sample.map(|sample| Paired::new(sample.len() as f64 / points.nrows() as f64, ks.len()));
        let of_seed = sample.map_or(points.nrows(), <[_]>::len) * ks.len();
        let together = (SILHOUETTES / of_seed.max(1)).max(1);
        for (chunk, seeds) in sweep.seeds.clone().chunks(together).enumerate() {
            let mut found = Vec::new();
            for &seed in seeds {
                let place = (sweep.rows.len() + found.len(), total);
                let (clusterings, times) = clusterings(config, method, partitioning, task, seed, place)?;
                found.extend(clusterings);
                sweep.times.clusterings.extend(times);
            }
            let start = Instant::now();
            let silhouettes = silhouettes(points.view(), &found, sample, cancel)?;
            sweep.times.silhouettes += start.elapsed().as_secs_f64();
            let _entered = tracing::info_span!("figures").entered();
            let rows: Vec<SweepRow> = found
                .par_iter()
                .zip(&silhouettes)
                .enumerate()
                .map(|(index, (found, silhouettes))| {
                    cancel.check()?;
                    let figure = silhouettes.as_ref().map(|(figure, _)| *figure);
                    let seed = seeds[index / ks.len()];
                    row(config, embeddings, seed, found, figure, (spread, task.options.unit))
                })
                .collect::<Result<_>>()?;
            sweep.rows.extend(rows);
            if let Some(paired) = &mut paired {
                for (index, silhouettes) in silhouettes.iter().enumerate() {
                    if let Some((_, points)) = silhouettes {
                        paired.add(index % ks.len(), points);
                    }
                }
            }
            if chunk == 0 {
                sweep.partitions.extend(found.into_iter().take(ks.len()).map(|found| found.partition));
                let silhouettes = silhouettes.into_iter().take(ks.len());
                let kept = silhouettes.map(|found| found.map(|(_, points)| kept(&points, sample)));
                sweep.silhouettes.extend(kept);
            }
        }
        sweep.paired.extend(paired);
    }
    Ok(sweep)
}

/// The criteria that are asked and defined for one cluster, of all points as one; `spread` is the sum of the squared distances
/// to their mean.
fn one_cluster(
    config: &ClusterConfig,
    partitioning: &dyn Partitioning,
    task: &Task,
    spread: f64,
) -> Result<Vec<CriterionOfOne>> {
    let asked = CRITERIA.iter().filter(|criterion| config.criteria.has(criterion.key()));
    let defined: Vec<_> = asked
        .filter_map(|criterion| match criterion.source() {
            Source::Clusters(of) if of.knows_one_cluster() => Some((criterion.column(), of)),
            _ => None,
        })
        .collect();
    if defined.is_empty() {
        return Ok(Vec::new());
    }
    let information = partitioning.one_cluster(task, spread)?;
    let clusters = vec![0; task.points.nrows()];
    let centroids = means(task.points, &clusters, 1);
    let one = Clustered::new(task.points.view(), &clusters, &centroids, spread, Some(spread), information);
    Ok(defined.into_iter().filter_map(|(column, of)| Some((column, of.value(&one)?))).collect())
}

/// What is kept of the silhouettes of the points of a clustering.
fn kept<'a>(points: &[f64], sample: Option<&'a [u32]>) -> Silhouettes<'a> {
    let points = points.iter().map(|&value| value as f32).collect();
    match sample {
        None => Silhouettes::Exact(points),
        Some(sample) => Silhouettes::Sampled(sample, points),
    }
}

/// Clusters the points for each k, and reports it, and when the iterations did not suffice; `done` clusterings of `total` were
/// before. Also how long each took.
fn clusterings(
    config: &ClusterConfig,
    method: Method,
    partitioning: &dyn Partitioning,
    task: &Task,
    seed: u32,
    (done, total): (usize, usize),
) -> Result<(Vec<Found>, Vec<ClusteringTime>)> {
    let (ks, name) = (config.k.values(), method.name());
    let (mut clusterings, mut times) = (Vec::with_capacity(ks.len()), Vec::with_capacity(ks.len()));
    let phase = Phase::new(tracing::info_span!("clustering", unit = "values of k"), ks.len());
    phase.say(&format!("{name}, seed {seed}"));
    let _entered = phase.enter();
    for (index, &k) in ks.iter().enumerate() {
        let _fit = tracing::info_span!("fit", method = name, seed, k).entered();
        let start = Instant::now();
        let fit = partitioning.cluster(task, seed, k)?;
        times.push(ClusteringTime { method: name, seed, k: Some(k), seconds: start.elapsed().as_secs_f64() });
        if !fit.converged {
            tracing::warn!(
                "{name} of k = {k}, seed {seed}, had not converged after {} iterations; `cluster.max-iterations` allows \
                 more",
                config.max_iterations.get()
            );
        }
        let inertia = fit.inertia.map(|inertia| inertia * task.options.unit.powi(2));
        let shown = inertia.map_or_else(String::new, |inertia| match inertia {
            0.1..1e15 | 0.0 => format!(" inertia {inertia:.1}"),
            _ => format!(" inertia {inertia:.3e}"),
        });
        // JSON has null for what is no number.
        let inertia = inertia.unwrap_or(f64::NAN);
        clusterings.push(Found {
            partition: Partition { method, k, clusters: fit.clusters, centroids: fit.centroids },
            inertia: fit.inertia,
            information: fit.information,
        });
        let (k, done) = (k as usize, done + index + 1);
        phase.add(1);
        tracing::info!(
            event = "clustered",
            method = name,
            k,
            done,
            total,
            inertia,
            "{name}  k = {k:<3}{shown}"
        );
    }
    Ok((clusterings, times))
}

/// A mean silhouette and the silhouettes that it is the mean of.
type WithPoints = (SilhouetteFigure, Vec<f64>);

/// The mean silhouette of each clustering and the silhouettes of its points, or of those of the sample; none of those with one
/// cluster. All clusterings are computed in one pass over the pairs.
fn silhouettes(
    points: Points<'_>,
    found: &[Found],
    sample: Option<&[u32]>,
    cancel: Cancellation,
) -> Result<Vec<Option<WithPoints>>> {
    let several = |found: &&Found| found.partition.centroids.nrows() > 1;
    let clusters: Vec<&Clusters> =
        found.iter().filter(several).map(|found| &found.partition.clusters).collect();
    let mut computed = of_clusters(points, &clusters, sample, cancel)?.into_iter();
    let figure = |silhouettes: Vec<f64>| match sample {
        None => (SilhouetteFigure { mean: mean_of_points(&silhouettes), interval: None }, silhouettes),
        Some(sample) => {
            let found = estimate(silhouettes, sample.len() as f64 / points.nrows() as f64);
            (SilhouetteFigure { mean: found.mean, interval: Some(found.interval) }, found.points)
        }
    };
    Ok(found.iter().map(|found| several(&found).then(|| computed.next().map(figure)).flatten()).collect())
}

/// The figures of one clustering; `spread` is the sum of the squared distances of the points to their mean, `unit` what a
/// distance of 1 is in the units of the table.
fn row(
    config: &ClusterConfig,
    embeddings: &Embeddings,
    seed: u32,
    found: &Found,
    silhouette: Option<SilhouetteFigure>,
    (spread, unit): (f64, f64),
) -> Result<SweepRow> {
    let points = embeddings.points.points();
    let Found { partition, inertia, information } = found;
    let clusters = partition.clusters.to_vec();
    let centroids = &partition.centroids;
    let clustered = Clustered::new(points.view(), &clusters, centroids, spread, *inertia, *information);
    let of_labels = |labels: &latentkit_table::Labels| quality_of_labelled(&clusters, &labels.codes);
    let criteria = CRITERIA.iter().filter_map(|criterion| match criterion.source() {
        Source::Clusters(of) => {
            let value = config.criteria.has(criterion.key()).then(|| of.value(&clustered)).flatten();
            Some((criterion.column().to_owned(), value))
        }
        Source::Points(_) => None,
    });
    Ok(SweepRow {
        method: partition.method.name().to_owned(),
        k: partition.k,
        seed,
        inertia: clustered.inertia() * unit * unit,
        silhouette,
        criteria: criteria.collect(),
        external: embeddings.labels.as_ref().map(of_labels).transpose()?.flatten(),
    })
}

impl Sweep<'_> {
    /// The figures of each k of the first method, from the values of its silhouette; a k without one has none.
    pub(crate) fn figures(&self, kind: SilhouetteKind, values: &[CriterionValue]) -> Vec<SweepFigure> {
        let method = self.partitions[0].method;
        let figure = |&CriterionValue { k, value, low, high }: &CriterionValue| {
            let first = self.of(method, k as u32).next()?;
            Some(SweepFigure {
                k,
                inertia: first.inertia,
                silhouette: MeanSilhouette::new(kind, value, low, high),
            })
        };
        values.iter().filter_map(figure).collect()
    }

    /// The rows of a method and k, one a seed, the first of the first seed.
    pub(crate) fn of(&self, method: Method, k: u32) -> impl Iterator<Item = &SweepRow> + Clone {
        self.rows.iter().filter(move |row| row.k == k && row.method == method.name())
    }

    /// The methods, in their order.
    pub(crate) fn methods(&self) -> impl Iterator<Item = Method> {
        let ks = self.ks().count();
        self.partitions.iter().step_by(ks).map(|partition| partition.method)
    }

    /// The values of k, ascending.
    pub(crate) fn ks(&self) -> impl Iterator<Item = u32> {
        let method = self.partitions[0].method;
        self.partitions
            .iter()
            .filter(move |partition| partition.method == method)
            .map(|partition| partition.k)
    }
}

/// The mean of some numbers; NaN of none. Summed above the least, equal numbers have exactly their value as mean.
pub(crate) fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + (value - least)));
    if count == 0 { f64::NAN } else { least + sum / f64::from(count) }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::evaluate::of_silhouette;

    #[test]
    fn a_k_that_left_all_points_in_one_cluster_has_no_figures() {
        let method = Method::named("gaussian-mixture").unwrap();
        let clusters = Clusters::new([0; 4].into_iter(), 1);
        let partition =
            |k| Partition { method, k, clusters: clusters.clone(), centroids: Array2::zeros((1, 2)) };
        let row = |k, mean: Option<f64>| SweepRow {
            method: method.name().to_owned(),
            k,
            inertia: f64::from(k),
            silhouette: mean.map(|mean| SilhouetteFigure { mean, interval: None }),
            ..SweepRow::default()
        };
        let sweep = Sweep {
            seeds: vec![42],
            rows: vec![row(2, Some(0.5)), row(3, None), row(4, Some(0.25))],
            partitions: vec![partition(2), partition(3), partition(4)],
            silhouettes: vec![None, None, None],
            paired: Vec::new(),
            one: vec![Vec::new()],
            times: Times::default(),
        };
        let (values, suggestion) = of_silhouette(&sweep, method);
        let figures = sweep.figures(SilhouetteKind::Exact, &values);
        let found: Vec<_> =
            figures.iter().map(|figure| (figure.k, figure.inertia, figure.silhouette.mean())).collect();
        assert_eq!(found, [(2, 2.0, 0.5), (4, 4.0, 0.25)]);
        assert_eq!(suggestion.k, Some(2));
        // What is no number would come back from JSON as none.
        let json = serde_json::to_value(&figures).unwrap();
        assert_eq!(serde_json::from_value::<Vec<SweepFigure>>(json).unwrap(), figures);
    }
}
