//! The stage: from a table of latents to the tables of clusters.

use std::path::Path;

use latentkit_core::hash::FileRecord;
use latentkit_core::summary::{ClusterSummary, CriterionFigure, LabelPair, MethodNames, SilhouetteKind};
use latentkit_core::{Cancellation, Error, Phase, Result, timings};
use latentkit_table::{Columns, LabelPairRow, Metadata, Part, read_embeddings};
use toml::Table;

use crate::config::ClusterConfig;
use crate::densities::{Density, check_size, densities};
use crate::diagnosis::{Diagnosis, Subject, diagnose};
use crate::evaluate::{evaluate_criteria, of_silhouette};
use crate::method::Method;
use crate::method::definition::Task;
use crate::neighbours;
use crate::outputs::Outputs;
use crate::points::{Points, check_k};
use crate::projection::project;
use crate::scaling::{Embeddings, constant_columns, scale};
use crate::select_k::{Suggestion, verdict};
use crate::simd::Simd;
use crate::sweep::{Sweep, silhouette_sample, sweep};
use crate::times::ClusteringTime;

/// Label pairs of the summary at most; the table holds all of them.
const LABEL_PAIRS: usize = 10;

/// Which points are clustered.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The files with the points, see [`read_embeddings`].
    pub parts: &'a [Part],
    /// The columns of the points, labels and ids, where they are not the usual ones.
    pub columns: &'a Columns,
    /// The table of the images that the points are the latents of; the image of a point is the one of its id.
    pub images: Option<&'a Path>,
}

/// Clusters points for each k of the config by each of its methods, `tables` holding the keys of those that have their own, and chooses the k of the first method for which the mean
/// silhouette is highest.
///
/// All this is repeated with the seeds after `seed`, `seeds` of them in all; the mean silhouette of a k is also one over
/// the seeds, and their spread tells which other k are as good as the chosen one. The other criteria of the config suggest a
/// k each, the gap statistic, BIC and AIC also one cluster, and what they say together is the verdict, which may be that there
/// is one cluster or no clear k.
///
/// Memory beside the points and K-Means: 1 byte for each point, k and method (2 from 257 clusters on), and 4 more where the
/// silhouettes are exact; while the silhouettes of a method and seed are computed, 2 bytes for each point and k, and 8 more
/// where they are exact.
///
/// Writes into `output_folder`, which exists, `sweep.parquet` with the figures of every method, seed and k,
/// `criteria.parquet` with those of the criteria; and of the first seed `assignments.parquet` for every method and k,
/// `centroids.parquet` for the first method and every k, `clusters.parquet` and `examples.parquet` for the chosen one; and
/// `projection.parquet`. When the table has labels, `contingency.parquet` and `label_pairs.parquet` say how they lie in the
/// clusters of the chosen k, and the sweep says for every k how well the clusters agree with them
/// ([`external_quality`](crate::external_quality())). The labels never influence the clusters or the choice of k.
///
/// Methods that find the number of clusters themselves add to the assignments, and `density.parquet` has their figures.
///
/// With labels or images, `neighbours.parquet` says how the nearest neighbours of the points, as they are clustered, agree
/// with them.
///
/// # Errors
/// Of kind input when the table is missing or wrong; of kind config, about `cluster.k`, when some k is not below the
/// number of points or is above that of distinct points, and about `cluster.method` when there are too many points for one;
/// and when the user interrupts.
pub fn run(
    config: &ClusterConfig,
    tables: &Table,
    seed: u32,
    source: Source,
    output_folder: &Path,
    cancel: Cancellation,
) -> Result<ClusterSummary> {
    let read = read(source, cancel)?;
    for warning in read.warnings.iter().cloned().chain(constant_columns(&read.values)) {
        tracing::warn!("{warning}");
    }
    let (points, original) = scale(read.values, config.scaling, cancel)?;
    let embeddings = Embeddings { ids: read.ids, labels: read.labels, paths: read.paths, points };
    let points = embeddings.points.points();
    if points.rests().is_some() {
        tracing::warn!(
            "float32 cannot tell all points apart: K-Means, silhouettes and the criteria of clusters use all digits, samples of the gap \
             statistic and of stability, other methods, neighbours and the projection do not"
        );
    }
    let (count, dimensions) = (points.nrows(), points.ncols());
    let ks = config.k.values();
    let largest = ks.last().ok_or_else(|| Error::config("cluster.k", "no k to try"))?;
    check_silhouette_k(points, *largest as usize)?;
    check_size(config, count)?;

    let sample = silhouette_sample(config, seed, count);
    let kind = if sample.is_some() { SilhouetteKind::Sampled } else { SilhouetteKind::Exact };
    let options = config.options(tables, original.unit);
    let task = Task { points, options: &options, cancel };
    let sweep = sweep(config, &task, seed, &embeddings, sample.as_deref())?;
    tracing::info!("{}", time_taken(&sweep, kind, points));
    let method = config.method.primary();
    let (silhouettes_of_k, suggestion) = of_silhouette(&sweep, method);
    let best_k = suggestion
        .k
        .ok_or_else(|| Error::failed("no k has a silhouette: all points are in one cluster whatever k is"))?;
    let criteria = evaluate_criteria(config, seed, points, &sweep, kind, cancel)?;
    let own: Vec<CriterionFigure> =
        criteria.iter().filter(|figure| figure.method == method.name()).cloned().collect();
    // The other criteria may have told that there are clusters, so that two of them are no edge.
    let suggestion = Suggestion { at_edge: own[0].at_edge, ..suggestion };
    for warning in suggestion.warnings(ks, sweep.seeds.len(), sample.is_some()) {
        tracing::warn!("{warning}");
    }
    let verdict = verdict(&own);
    tracing::info!("{}", verdict.sentence);

    let best = sweep
        .partitions
        .iter()
        .position(|partition| partition.method == method && partition.k as usize == best_k)
        .ok_or_else(|| Error::failed("the best k was not clustered"))?;
    let partition = &sweep.partitions[best];
    let densities = densities(config, &task, seed, &embeddings, partition)?;
    let mut times = sweep.times.clone();
    times.clusterings.extend(densities.iter().map(|found| ClusteringTime {
        method: found.method.name(),
        seed,
        k: None,
        seconds: found.seconds,
    }));
    timings::write(output_folder, &times)?;
    let silhouettes = sweep.silhouettes[best].as_ref().map(|found| found.of_points(count));
    let silhouettes = silhouettes.unwrap_or_else(|| vec![None; count]);
    let diagnosis = diagnose(
        &embeddings,
        &Subject {
            k: partition.centroids.nrows(),
            clusters: &partition.clusters.to_vec(),
            distances: &partition.distances(points).iter().map(|at| at * original.unit).collect::<Vec<_>>(),
            silhouettes: &silhouettes,
        },
        cancel,
    )?;
    let mut principal = project(points.values(), cancel)?;
    for value in principal.first.iter_mut().chain(&mut principal.second) {
        *value *= original.unit as f32;
    }
    let explained_variance = principal.explained_variance.to_vec();
    let parts = source.parts.to_vec();
    let hashes = cancel.wait_for(move || {
        let of = |part: &Part| FileRecord::of(&part.path, "latents").map(|record| record.blake3);
        parts.iter().map(of).collect::<Result<Vec<_>>>().map_err(Error::into_input)
    })??;
    let methods: Vec<_> = config.method.all().iter().map(|method| method.name()).collect();
    let metadata = Metadata::from([
        ("method".into(), methods.join(",")),
        ("engine".into(), config.engine.name().into()),
        ("scaling".into(), config.scaling.name().into()),
        ("seed".into(), seed.to_string()),
        ("seeds".into(), sweep.seeds.len().to_string()),
        ("restarts".into(), config.restarts.get().to_string()),
        ("batch_size".into(), config.batch_size.map_or("none".to_owned(), |size| size.get().to_string())),
        ("best_k".into(), best_k.to_string()),
        ("points".into(), count.to_string()),
        ("dimensions".into(), dimensions.to_string()),
        (
            "silhouette_sample".into(),
            sample.as_ref().map_or("none".into(), |sample| sample.len().to_string()),
        ),
        ("latents_blake3".into(), hashes.join(",")),
        ("unit".into(), original.unit.to_string()),
        ("precision".into(), if points.rests().is_some() { "float64" } else { "float32" }.into()),
    ]);
    let outputs = Outputs {
        embeddings: &embeddings,
        original: &original,
        kind,
        sweep: &sweep,
        criteria: &criteria,
        densities: &densities,
        diagnosis: &diagnosis,
        metadata: &metadata,
    };
    outputs.write(output_folder, principal, cancel)?;
    let exact = config.exact_silhouette_points.get() as usize;
    let neighbours = neighbours::survey(&embeddings, source.images, exact, seed, cancel)?;
    neighbours::write(output_folder, &neighbours, &metadata)?;

    Ok(ClusterSummary {
        points: count,
        dimensions,
        scaling: config.scaling.name().to_owned(),
        method: method.name().to_owned(),
        methods: config.method.all().iter().map(|method| names(*method)).collect(),
        silhouette_sample: sample.as_ref().map(Vec::len),
        sweep: sweep.figures(kind, &silhouettes_of_k),
        best_k,
        best_at_edge: suggestion.at_edge,
        ties: suggestion.ties,
        flat: suggestion.flat,
        criteria,
        verdict,
        density: densities.iter().map(Density::figure).collect(),
        seeds: sweep.seeds,
        explained_variance,
        label_pairs: frequent_pairs(diagnosis),
        neighbours: Some(neighbours),
    })
}

fn names(method: Method) -> MethodNames {
    MethodNames { name: method.name().to_owned(), title: method.title().to_owned() }
}

/// Reads the points.
fn read(source: Source, cancel: Cancellation) -> Result<latentkit_table::Embeddings> {
    let span = tracing::info_span!("reading", unit = "parts", file = %source.parts[0].path.display());
    let phase = Phase::new(span, source.parts.len());
    let _entered = phase.enter();
    let parts = source.parts.to_vec();
    let columns = source.columns.clone();
    cancel.wait_for(move || read_embeddings(&parts, &columns))?
}

/// Fails when `k` clusters of these points would have no silhouette.
fn check_silhouette_k(points: Points<'_>, k: usize) -> Result<()> {
    check_k(points, k)?;
    if k == points.nrows() {
        let message = format!("k = {k} is the number of points, which leaves the silhouette undefined");
        return Err(Error::config("cluster.k", message));
    }
    Ok(())
}

/// A log line about a sweep of `points`.
fn time_taken(sweep: &Sweep, kind: SilhouetteKind, points: Points<'_>) -> String {
    let methods: Vec<_> = sweep.methods().map(Method::name).collect();
    format!(
        "{} points of {} dimensions: {} for {} of k and {} in {:.2} s, {} in {:.2} s ({}, {})",
        points.nrows(),
        points.ncols(),
        methods.join(" and "),
        counted(sweep.ks().count(), "value", "values"),
        counted(sweep.seeds.len(), "seed", "seeds"),
        sweep.times.clustering(),
        match kind {
            SilhouetteKind::Exact => "silhouettes",
            SilhouetteKind::Sampled => "sampled silhouettes",
        },
        sweep.times.silhouettes,
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
