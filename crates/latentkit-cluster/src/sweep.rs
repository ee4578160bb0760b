//! K-Means and the silhouette for every seed and k.

use std::time::Instant;

use latentkit_core::config::ClusterConfig;
use latentkit_core::rng::generator;
use latentkit_core::summary::SweepFigure;
use latentkit_core::{Event, Observer, Result};
use latentkit_table::{Embeddings, External, Labels, SweepRow};
use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::{KMeansClustering, KMeansParams, Silhouette, external_quality, kmeans, silhouette};

/// Name of the method in the tables, and of its random stream.
pub(crate) const METHOD: &str = "k-means";

/// What was found for every seed and k.
pub(crate) struct Sweep {
    /// The seeds: that of the experiment and those after it.
    pub(crate) seeds: Vec<u32>,
    /// One for each seed and k, those of one seed after those of the one before: [seeds * ks].
    pub(crate) rows: Vec<SweepRow>,
    /// The clusterings of the first seed: [ks]. Of the other seeds only the rows are kept.
    pub(crate) clusterings: Vec<KMeansClustering>,
    /// Their silhouettes: [ks].
    pub(crate) silhouettes: Vec<Silhouette>,
    /// Seconds that all silhouettes took.
    pub(crate) silhouette_seconds: f64,
}

/// Clusters the points for every seed and k of the config.
pub(crate) fn sweep(
    config: &ClusterConfig,
    seed: u32,
    embeddings: &Embeddings,
    observer: Observer,
) -> Result<Sweep> {
    let points = embeddings.values.view();
    let seeds: Vec<u32> = (0..config.seeds.get()).map(|index| seed.wrapping_add(index)).collect();
    let total = seeds.len() * config.k.values().len();
    let mut sweep = Sweep {
        seeds: Vec::new(),
        rows: Vec::with_capacity(total),
        clusterings: Vec::new(),
        silhouettes: Vec::new(),
        silhouette_seconds: 0.0,
    };
    for &seed in &seeds {
        let (clusterings, seconds) = clusterings(config, seed, points, sweep.rows.len(), total, observer)?;
        let start = Instant::now();
        let clusters: Vec<&[u32]> =
            clusterings.iter().map(|clustering| clustering.clusters.as_slice()).collect();
        let silhouettes = silhouette(points, &clusters, observer)?;
        sweep.silhouette_seconds += start.elapsed().as_secs_f64();

        let external = external(&clusterings, embeddings.labels.as_ref())?;
        for (index, clustering) in clusterings.iter().enumerate() {
            sweep.rows.push(SweepRow {
                method: METHOD.to_owned(),
                k: config.k.values()[index],
                seed,
                inertia: clustering.inertia,
                silhouette: silhouettes[index].mean,
                seconds: seconds[index],
                external: external[index],
            });
        }
        if sweep.clusterings.is_empty() {
            (sweep.clusterings, sweep.silhouettes) = (clusterings, silhouettes);
        }
    }
    Ok(Sweep { seeds, ..sweep })
}

/// Clusters the points for each k, and says so; `done` clusterings of `total` were before. Returns also the seconds that
/// each took.
fn clusterings(
    config: &ClusterConfig,
    seed: u32,
    points: ArrayView2<'_, f32>,
    done: usize,
    total: usize,
    observer: Observer,
) -> Result<(Vec<KMeansClustering>, Vec<f64>)> {
    let ks = config.k.values();
    let (mut clusterings, mut seconds) = (Vec::with_capacity(ks.len()), Vec::with_capacity(ks.len()));
    for (index, &k) in ks.iter().enumerate() {
        let start = Instant::now();
        let clustering = cluster(config, seed, points, k, observer)?;
        seconds.push(start.elapsed().as_secs_f64());
        let inertia = clustering.inertia;
        observer.emit(Event::Clustered { k: k as usize, done: done + index + 1, total, inertia });
        clusterings.push(clustering);
    }
    Ok((clusterings, seconds))
}

/// Clusters the points for one k, and says so when the iterations did not suffice.
fn cluster(
    config: &ClusterConfig,
    seed: u32,
    points: ArrayView2<'_, f32>,
    k: u32,
    observer: Observer,
) -> Result<KMeansClustering> {
    let params = KMeansParams {
        k: k as usize,
        restarts: config.restarts.get(),
        max_iterations: config.max_iterations.get(),
        tolerance: config.tolerance.get(),
        engine: config.engine,
        batch_size: config.batch_size.map(|size| size.get() as usize),
    };
    let clustering = kmeans(points, params, &generator(u64::from(seed), METHOD, u64::from(k)), observer)?;
    if !clustering.converged && params.batch_size.is_none() {
        observer.warn(format!(
            "k-means of k = {k}, seed {seed}, had not converged after {} iterations; `cluster.max-iterations` allows \
             more",
            params.max_iterations
        ));
    }
    Ok(clustering)
}

/// How well each clustering agrees with the labels, where there are labels.
fn external(clusterings: &[KMeansClustering], labels: Option<&Labels>) -> Result<Vec<Option<External>>> {
    let of = |clustering: &KMeansClustering| {
        labels.map(|labels| external_quality(&clustering.clusters, &labels.codes)).transpose()
    };
    clusterings.par_iter().map(of).collect()
}

impl Sweep {
    /// The figures of each k over the seeds.
    pub(crate) fn figures(&self) -> Vec<SweepFigure> {
        let ks = self.clusterings.len();
        (0..ks).map(|index| figure(self.rows.iter().skip(index).step_by(ks))).collect()
    }

    /// Seconds that K-Means took for all seeds and k.
    pub(crate) fn clustering_seconds(&self) -> f64 {
        self.rows.iter().map(|row| row.seconds).sum()
    }
}

/// The figures of the rows of one k, of which there is one at least; the first is of the first seed.
fn figure<'a>(rows: impl Iterator<Item = &'a SweepRow>) -> SweepFigure {
    let rows: Vec<_> = rows.collect();
    let silhouettes = rows.iter().map(|row| row.silhouette);
    let least = silhouettes.clone().fold(f64::INFINITY, f64::min);
    let most = silhouettes.clone().fold(f64::NEG_INFINITY, f64::max);
    SweepFigure {
        k: rows[0].k as usize,
        inertia: rows[0].inertia,
        // Summed above the least, equal silhouettes have exactly their value as mean.
        silhouette: least + silhouettes.map(|silhouette| silhouette - least).sum::<f64>() / rows.len() as f64,
        silhouette_min: least,
        silhouette_max: most,
    }
}
