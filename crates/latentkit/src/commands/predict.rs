//! `latentkit predict`: the clusters of images that an experiment has not seen.

use std::path::Path;

use latentkit_cluster::config::{ClusterConfig, Method};
use latentkit_cluster::predict::{Centroids, Nearest};
use latentkit_core::hash::FileRecord;
use latentkit_core::layout::{ASSIGNMENTS, CLUSTER, EXPORT, LATENTS, MODEL, TRAIN};
use latentkit_core::manifest::Manifest;
use latentkit_core::summary::ClusterSummary;
use latentkit_core::{Error, Result};
use latentkit_export::config::ExportConfig;
use latentkit_table::{
    Columns, Metadata, Part, Predicted, Split, read_assignments, read_embeddings, read_latent_errors,
    write_predicted,
};
use ndarray::Array2;
use serde::Deserialize;
use serde_json::json;

use crate::cli::{Global, PredictArguments};
use crate::later::{Later, described, ids};
use crate::points::Points;
use crate::record::{Record, State};
use crate::{output, progress, trained_model};

pub(crate) fn write(global: &Global, arguments: &PredictArguments) -> Result<()> {
    progress::stop_on_signals()?;
    let folder = trained_model::experiment_folder(&arguments.experiment, global)?;
    let clusters = Clusters::read(&folder, arguments)?;
    let weights = folder.join(TRAIN).join(MODEL);
    let mut later = Later::open(global, &weights, &clusters.export, &arguments.images)?;
    let metadata = Metadata::from([
        ("model_blake3".to_owned(), FileRecord::of(&weights, "model")?.blake3),
        ("method".to_owned(), clusters.method.clone()),
        ("k".to_owned(), clusters.k.to_string()),
        ("images".to_owned(), described(&arguments.images.images)),
    ]);
    let dimensions = later.encoder.dimensions();
    write_predicted(&arguments.output, &metadata, progress::cancellation(), || {
        let Some((images, batch)) = later.next()? else { return Ok(None) };
        let latents = Array2::from_shape_vec((batch.errors.len(), dimensions), batch.latents);
        let nearest = clusters.centroids.nearest(latents.expect("one row of latents an image").view())?;
        let bce: Vec<f32> = batch.errors.iter().map(|errors| errors.bce as f32).collect();
        let novelty = |(nearest, bce): (&Nearest, &f32)| clusters.novelty(*bce, nearest.distance as f32);
        Ok(Some(Predicted {
            ids: ids(&images),
            paths: images.paths,
            clusters: nearest.iter().map(|nearest| nearest.cluster).collect(),
            distances: nearest.iter().map(|nearest| nearest.distance as f32).collect(),
            second_clusters: nearest
                .iter()
                .map(|nearest| nearest.second.map(|(cluster, _)| cluster))
                .collect(),
            second_distances: nearest.iter().map(|nearest| Some(nearest.second?.1 as f32)).collect(),
            novelty: nearest.iter().zip(&bce).map(novelty).collect(),
            reconstruction_bce: bce,
        }))
    })?;
    let (done, Clusters { method, k, .. }) = (later.done(), clusters);
    if global.json {
        output::json(&json!({ "images": done, "method": method, "k": k, "file": arguments.output }));
    } else {
        output::line(format!("{done} images, {k} clusters of {method}: {}", arguments.output.display()));
    }
    Ok(())
}

/// The clusters of an experiment, and how far training images are from them.
struct Clusters {
    /// How the training images were encoded.
    export: ExportConfig,
    method: String,
    k: u32,
    centroids: Centroids,
    /// The errors of the training images, ascending.
    errors: Vec<f32>,
    /// Their distances to the centroids of their clusters, ascending.
    distances: Vec<f32>,
}

impl Clusters {
    fn read(folder: &Path, arguments: &PredictArguments) -> Result<Self> {
        check_stages(folder)?;
        let manifest = Manifest::read(&folder.join(CLUSTER))?.ok_or_else(|| absent(folder, CLUSTER))?;
        if Points::recorded(&manifest.config).files != Points::default().files {
            return Err(Error::input(format!(
                "the clusters in `{}` are not those of images",
                folder.display()
            ))
            .hint("run `latentkit cluster` without `--latents` first"));
        }
        let summary: ClusterSummary = manifest.summary()?;
        let wrong =
            |error: serde_json::Error| Error::input(format!("cannot use the manifest of cluster: {error}"));
        let config = ClusterConfig::deserialize(&manifest.config[CLUSTER]).map_err(wrong)?;
        let method = arguments.method.clone().unwrap_or(summary.method);
        let k = arguments.k.unwrap_or(summary.best_k as u32);
        check_method(&method)?;
        let assignments = read_assignments(&folder.join(CLUSTER).join(ASSIGNMENTS), &method, k)?;
        let assigned = assignments.and_then(|found| found.clusters.into_iter().collect::<Option<Vec<u32>>>());
        let assigned = assigned.ok_or_else(|| {
            let tried: Vec<_> = summary.sweep.iter().map(|figure| figure.k.to_string()).collect();
            Error::input(format!("the experiment has no {k} clusters of `{method}`"))
                .expected(format!("one of {}", tried.join(", ")))
                .hint("`--k` and `--method` name what was clustered")
        })?;
        let latents = folder.join(EXPORT).join(LATENTS);
        let points = read_embeddings(&[Part::file(&latents)], &Columns::default())?.values;
        let centroids = Centroids::new(points, config.scaling, &assigned, progress::cancellation())?;
        let errors = read_latent_errors(&latents)?;
        let of_training = |values: &mut dyn Iterator<Item = f32>| {
            let mut values: Vec<f32> = values
                .zip(&errors.splits)
                .filter(|(_, split)| **split == Split::Train)
                .map(|(value, _)| value)
                .collect();
            values.sort_by(f32::total_cmp);
            values
        };
        let export = Manifest::read(&folder.join(EXPORT))?.ok_or_else(|| absent(folder, EXPORT))?;
        Ok(Self {
            export: ExportConfig::deserialize(&export.config[EXPORT]).map_err(wrong)?,
            errors: of_training(&mut errors.reconstruction_bce.iter().copied()),
            distances: of_training(&mut centroids.distances().iter().map(|&distance| distance as f32)),
            method,
            k,
            centroids,
        })
    }

    /// The share of the training images with a smaller error, or with a smaller distance, whichever is larger.
    fn novelty(&self, error: f32, distance: f32) -> f32 {
        let share = |values: &[f32], value: f32| {
            values.partition_point(|&other| other < value) as f32 / values.len().max(1) as f32
        };
        share(&self.errors, error).max(share(&self.distances, distance))
    }
}

/// Checks that the stages have happened, each with the files of the one before.
fn check_stages(folder: &Path) -> Result<()> {
    for (stage, state, _) in Record::read(folder).stages {
        if [TRAIN, EXPORT, CLUSTER].contains(&stage.name()) {
            match state {
                State::Done => {}
                State::Missing | State::Unfinished => return Err(absent(folder, stage.name())),
                State::Outdated(problem) | State::Damaged(problem) | State::Unreadable(problem) => {
                    return Err(Error::input(format!(
                        "cannot use `{}`",
                        folder.join(stage.name()).display()
                    ))
                    .found(problem)
                    .hint("`latentkit run CONFIG` brings it up to date"));
                }
            }
        }
    }
    Ok(())
}

fn absent(folder: &Path, stage: &str) -> Error {
    Error::input(format!("the stage {stage} has not run in `{}`", folder.display()))
        .hint("`latentkit run CONFIG` runs it")
}

/// Checks that the method assigns points to the nearest centroid.
fn check_method(method: &str) -> Result<()> {
    if Method::named(method).is_some_and(|method| method.name() == "k-means") {
        return Ok(());
    }
    Err(Error::usage(format!("`{method}` does not assign new images"))
        .expected("`k-means`, whose clusters are those of the nearest centroids")
        .found(format!("`{method}`"))
        .hint("`--method k-means`, where the experiment has clustered with it too"))
}
