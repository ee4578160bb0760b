//! The stage: from a table of latents to the tables of clusters.

use std::path::Path;
use std::time::Instant;

use latentkit_core::config::ClusterConfig;
use latentkit_core::hash::FileRecord;
use latentkit_core::rng::generator;
use latentkit_core::stage::{ASSIGNMENTS, CONTINGENCY, SWEEP};
use latentkit_core::summary::{ClusterSummary, SweepFigure};
use latentkit_core::{Error, Event, Observer, Result};
use latentkit_table::{
    Assignments, External, Labels, Metadata, SweepRow, read_embeddings, write_assignments, write_contingency,
    write_sweep,
};
use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::choice::choose;
use crate::contingency::contingency;
use crate::points::check_k;
use crate::simd::Simd;
use crate::{KMeansClustering, KMeansParams, Silhouette, external_quality, kmeans, silhouette};

/// Name of the method in the tables, and of its random stream.
const METHOD: &str = "k-means";

/// Clusters the points of `latents`, a Parquet file, for each k of the config, and chooses the k of the highest mean
/// silhouette. `column` names a column of lists; without it the points are in z0, z1, ... or in the list column `z`.
///
/// Writes `sweep.parquet`, `assignments.parquet` and, when the table has labels, `contingency.parquet` of the chosen k
/// into `output_folder`, which exists. With labels the sweep also says, for every k, how well the clusters agree with
/// them ([`external_quality`]); the labels never influence the clusters or the choice of k.
///
/// # Errors
/// Of kind input when the table is missing or wrong; of kind config, about `cluster.k`, when some k is not below the
/// number of points or is above that of distinct points; and when the user interrupts.
pub fn run(
    config: &ClusterConfig,
    seed: u32,
    latents: &Path,
    column: Option<&str>,
    output_folder: &Path,
    observer: Observer,
) -> Result<ClusterSummary> {
    let embeddings = read_embeddings(latents, column)?;
    for warning in &embeddings.warnings {
        observer.warn(warning.clone());
    }
    let points = embeddings.values.view();
    let (count, dimensions) = points.dim();
    let ks = config.k.values();
    let largest = ks.last().ok_or_else(|| Error::config("cluster.k", "no k to try"))?;
    check_silhouette_k(points, *largest as usize)?;

    let start = Instant::now();
    let mut clusterings = Vec::with_capacity(ks.len());
    let mut seconds = Vec::with_capacity(ks.len());
    for (index, &k) in ks.iter().enumerate() {
        let begin = Instant::now();
        let clustering = cluster(config, seed, points, k, observer)?;
        seconds.push(begin.elapsed().as_secs_f64());
        let inertia = clustering.inertia;
        observer.emit(Event::Clustered { k: k as usize, done: index + 1, total: ks.len(), inertia });
        clusterings.push(clustering);
    }
    let clustered = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let labels: Vec<&[u32]> = clusterings.iter().map(|clustering| clustering.clusters.as_slice()).collect();
    let silhouettes = silhouette(points, &labels, observer)?;
    observer.message(format!(
        "{count} points of {dimensions} dimensions: k-means for {} of k in {clustered:.1} s, \
         silhouettes in {:.1} s ({}, {})",
        counted(ks.len(), "value", "values"),
        start.elapsed().as_secs_f64(),
        counted(rayon::current_num_threads(), "thread", "threads"),
        Simd::best().name(),
    ));

    let sweep: Vec<_> = ks
        .iter()
        .zip(&clusterings)
        .zip(&silhouettes)
        .map(|((&k, clustering), silhouette)| SweepFigure {
            k: k as usize,
            inertia: clustering.inertia,
            silhouette: silhouette.mean,
        })
        .collect();
    let choice = choose(&sweep).ok_or_else(|| Error::config("cluster.k", "no k to try"))?;
    if choice.at_edge {
        observer.warn(format!(
            "the best k, {}, is at the edge of the sweep from {} to {}: a better one may lie outside",
            choice.k,
            ks[0],
            ks[ks.len() - 1]
        ));
    }

    let metadata = Metadata::from([
        ("method".into(), METHOD.into()),
        ("seed".into(), seed.to_string()),
        ("restarts".into(), config.restarts.get().to_string()),
        ("best_k".into(), choice.k.to_string()),
        ("points".into(), count.to_string()),
        ("dimensions".into(), dimensions.to_string()),
        ("latents_blake3".into(), FileRecord::of(latents, "latents").map_err(Error::into_input)?.blake3),
    ]);
    let external = external(&clusterings, embeddings.labels.as_ref())?;
    write_sweep(&output_folder.join(SWEEP), &sweep_rows(&sweep, &seconds, &external, seed), &metadata)?;
    let assignments = assignments(&embeddings.ids, &clusterings, &silhouettes);
    write_assignments(&output_folder.join(ASSIGNMENTS), &assignments, &metadata)?;
    if let Some(labels) = &embeddings.labels {
        let rows = contingency(&clusterings[choice.index].clusters, choice.k, labels);
        write_contingency(&output_folder.join(CONTINGENCY), &rows, &metadata)?;
    }
    Ok(ClusterSummary { points: count, dimensions, sweep, best_k: choice.k, best_at_edge: choice.at_edge })
}

/// Fails when `k` clusters of these points would have no silhouette.
fn check_silhouette_k(points: ArrayView2<'_, f32>, k: usize) -> Result<()> {
    check_k(points, k)?;
    if k == points.nrows() {
        let message = format!("k = {k} is the number of points, which leaves the silhouette undefined");
        return Err(Error::config("cluster.k", message));
    }
    Ok(())
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
    };
    let clustering = kmeans(points, params, &generator(u64::from(seed), METHOD, u64::from(k)), observer)?;
    if !clustering.converged {
        observer.warn(format!(
            "k-means of k = {k} had not converged after {} iterations; `cluster.max-iterations` allows more",
            params.max_iterations
        ));
    }
    Ok(clustering)
}

/// A number with its noun.
fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// How well each clustering agrees with the labels, where there are labels.
fn external(clusterings: &[KMeansClustering], labels: Option<&Labels>) -> Result<Vec<Option<External>>> {
    let of = |clustering: &KMeansClustering| {
        labels.map(|labels| external_quality(&clustering.clusters, &labels.codes)).transpose()
    };
    clusterings.par_iter().map(of).collect()
}

fn sweep_rows(
    sweep: &[SweepFigure],
    seconds: &[f64],
    external: &[Option<External>],
    seed: u32,
) -> Vec<SweepRow> {
    sweep
        .iter()
        .zip(seconds)
        .zip(external)
        .map(|((figure, &seconds), &external)| SweepRow {
            method: METHOD.to_owned(),
            k: figure.k as u32,
            seed,
            inertia: figure.inertia,
            silhouette: figure.silhouette,
            seconds,
            external,
        })
        .collect()
}

fn assignments(ids: &[u32], clusterings: &[KMeansClustering], silhouettes: &[Silhouette]) -> Assignments {
    let mut table = Assignments::default();
    for (clustering, silhouette) in clusterings.iter().zip(silhouettes) {
        table.ids.extend(ids);
        table.k.extend(ids.iter().map(|_| clustering.centroids.nrows() as u32));
        table.clusters.extend(&clustering.clusters);
        table.silhouettes.extend(silhouette.points.iter().map(|&value| value as f32));
        table.distances.extend(clustering.distances.iter().map(|&value| value as f32));
    }
    table
}
