//! The stage: from a table of latents to the tables of clusters.

use std::path::Path;

use latentkit_core::config::ClusterConfig;
use latentkit_core::hash::FileRecord;
use latentkit_core::summary::{ClusterSummary, LabelPair};
use latentkit_core::{Error, Observer, Result};
use latentkit_table::{LabelPairRow, Metadata, read_embeddings};
use ndarray::ArrayView2;

use crate::choice::choose;
use crate::diagnosis::{Diagnosis, diagnose};
use crate::outputs;
use crate::points::check_k;
use crate::projection::project;
use crate::simd::Simd;
use crate::sweep::{METHOD, Sweep, sweep};

/// Label pairs of the summary at most; the table holds all of them.
const LABEL_PAIRS: usize = 10;

/// Clusters the points of `latents`, a Parquet file, for each k of the config, and chooses the k of the highest mean
/// silhouette. `column` names a column of lists; without it the points are in z0, z1, ... or in the list column `z`.
///
/// All this is repeated with the seeds after `seed`, `seeds` of them in all; the mean silhouette of a k is also one over
/// the seeds, and their spread tells which other k are as good as the chosen one.
///
/// Writes into `output_folder`, which exists, `sweep.parquet` with the figures of every seed and k; and of the first
/// seed `assignments.parquet` and `centroids.parquet` for every k, `clusters.parquet` and `examples.parquet` for the
/// chosen one; and `projection.parquet`. When the table has labels, `contingency.parquet` and `label_pairs.parquet` say
/// how they lie in the clusters of the chosen k, and the sweep says for every k how well the clusters agree with them
/// ([`external_quality`](crate::external_quality())). The labels never influence the clusters or the choice of k.
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

    let sweep = sweep(config, seed, &embeddings, observer)?;
    observer.message(time_taken(&sweep, points));
    let figures = sweep.figures();
    let choice =
        choose(&figures, sweep.seeds.len()).ok_or_else(|| Error::config("cluster.k", "no k to try"))?;
    for warning in choice.warnings(ks) {
        observer.warn(warning);
    }

    let diagnosis = diagnose(&embeddings, &sweep.clusterings[choice.index], &sweep.silhouettes[choice.index]);
    let principal = project(points, observer)?;
    let explained_variance = principal.explained_variance.to_vec();
    let metadata = Metadata::from([
        ("method".into(), METHOD.into()),
        ("engine".into(), config.engine.name().into()),
        ("seed".into(), seed.to_string()),
        ("seeds".into(), sweep.seeds.len().to_string()),
        ("restarts".into(), config.restarts.get().to_string()),
        ("batch_size".into(), config.batch_size.map_or("none".to_owned(), |size| size.get().to_string())),
        ("best_k".into(), choice.k.to_string()),
        ("points".into(), count.to_string()),
        ("dimensions".into(), dimensions.to_string()),
        ("latents_blake3".into(), FileRecord::of(latents, "latents").map_err(Error::into_input)?.blake3),
    ]);
    outputs::write(output_folder, &embeddings, &sweep, &diagnosis, principal, &metadata)?;

    Ok(ClusterSummary {
        points: count,
        dimensions,
        sweep: figures,
        best_k: choice.k,
        best_at_edge: choice.at_edge,
        rivals: choice.rivals,
        flat: choice.flat,
        seeds: sweep.seeds,
        explained_variance,
        label_pairs: frequent_pairs(diagnosis),
    })
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

/// A log line about a sweep of `points`.
fn time_taken(sweep: &Sweep, points: ArrayView2<'_, f32>) -> String {
    format!(
        "{} points of {} dimensions: k-means for {} of k and {} in {:.2} s, silhouettes in {:.2} s ({}, {})",
        points.nrows(),
        points.ncols(),
        counted(sweep.clusterings.len(), "value", "values"),
        counted(sweep.seeds.len(), "seed", "seeds"),
        sweep.clustering_seconds(),
        sweep.silhouette_seconds,
        counted(rayon::current_num_threads(), "thread", "threads"),
        Simd::best().name(),
    )
}

/// A number with its noun.
fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The label pairs that share a cluster most often.
fn frequent_pairs(diagnosis: Diagnosis) -> Vec<LabelPair> {
    let pairs = diagnosis.labels.into_iter().flat_map(|labels| labels.pairs).take(LABEL_PAIRS);
    pairs
        .map(|LabelPairRow { first_name, second_name, share, .. }| LabelPair {
            labels: [first_name, second_name],
            share,
        })
        .collect()
}
