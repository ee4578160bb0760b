//! Cluster: clusters the latents, or points from elsewhere, for each k.

use latentkit_cluster::config::ClusterConfig;
use latentkit_core::artifact::Hashing;
use latentkit_core::config::{Config, SectionType};
use latentkit_core::hash::FileRecord;
use latentkit_core::input::is_absent;
use latentkit_core::layout::{CLUSTER, DATASET, EXPORT, INGEST, LATENTS};
use latentkit_core::manifest::Manifest;
use latentkit_core::summary::{ClusterSummary, SilhouetteKind};
use latentkit_core::{Error, Result};
use latentkit_table::Part;
use serde_json::{Value, json};

use super::criteria_table;
use super::definition::{Best, Definition, Figure, Kind, Requires, Work, value};
use crate::experiment::Experiment;
use crate::points::{self, Points};

pub(super) struct Cluster;

const FIGURES: &[Figure] = &[
    Figure {
        key: "best_k",
        title: "best k",
        kind: Kind::Count,
        of: |summary| summary["best_k"].as_f64(),
        best: Best::Neither,
        column: Some(("best k", "")),
    },
    Figure {
        key: SilhouetteKind::Exact.name(),
        title: SilhouetteKind::Exact.name(),
        kind: Kind::Number,
        of: |summary| best_silhouette(summary, SilhouetteKind::Exact),
        best: Best::Highest,
        column: Some(("silhouette", "")),
    },
    Figure {
        key: SilhouetteKind::Sampled.name(),
        title: SilhouetteKind::Sampled.name(),
        kind: Kind::Number,
        of: |summary| best_silhouette(summary, SilhouetteKind::Sampled),
        best: Best::Highest,
        column: Some(("silhouette", " (sampled)")),
    },
];

impl Definition for Cluster {
    fn name(&self) -> &'static str {
        CLUSTER
    }

    fn version(&self) -> u32 {
        9
    }

    fn about(&self) -> &'static str {
        "Cluster the latents, or points from any table or array, for each k"
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "latentkit cluster configs/mnist.toml --set cluster.k='{ from = 2, to = 20 }'",
            "latentkit cluster my.toml --latents embeddings.parquet --column embedding",
            "latentkit cluster my.toml --latents points.npz --column X --label-column y --noise-label -1",
        ]
    }

    fn sections(&self) -> Vec<SectionType> {
        [vec![SectionType::of::<ClusterConfig>()], ClusterConfig::tables()].concat()
    }

    fn config(&self, config: &Config, points: &Points) -> Result<Value> {
        let cluster = config.json::<ClusterConfig>()?;
        Ok(json!({ "seed": config.seed(), "cluster": cluster, Points::KEY: points }))
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[(EXPORT, LATENTS), (INGEST, DATASET)]
    }

    fn requires(&self) -> Requires {
        Requires::All(vec![EXPORT])
    }

    fn takes_points(&self) -> bool {
        true
    }

    fn inputs(&self, experiment: &Experiment, points: &Points, hashing: Hashing) -> Result<Vec<FileRecord>> {
        let artifacts = &experiment.artifacts;
        if !points.files.is_empty() {
            let hash = |part: &Part| artifacts.hash(&part.path, &part.path.to_string_lossy(), hashing);
            return points::parts(&points.files)?
                .iter()
                .map(hash)
                .collect::<Result<_>>()
                .map_err(Error::into_input);
        }
        let latents = artifacts.record(EXPORT, LATENTS, hashing).map_err(|error| {
            if is_absent(&artifacts.file(EXPORT, LATENTS)) {
                error.hint("`latentkit export CONFIG` makes it; `--latents FILE` takes points from elsewhere")
            } else {
                error
            }
        })?;
        // The usual ids are the numbers of the images.
        let images = match points.columns.id_column {
            None => encoded_images(experiment, &latents, hashing)?,
            Some(_) => None,
        };
        Ok([latents].into_iter().chain(images).collect())
    }

    fn run(&self, work: &Work) -> Result<Value> {
        let Experiment { config, artifacts, .. } = work.experiment;
        let given = work.points;
        let parts = if given.files.is_empty() {
            vec![Part::file(artifacts.file(EXPORT, LATENTS))]
        } else {
            points::parts(&given.files)?
        };
        let images = format!("{INGEST}/{DATASET}");
        let images = work.inputs.iter().any(|input| input.path == images);
        let images = images.then(|| artifacts.file(INGEST, DATASET));
        let source =
            latentkit_cluster::Source { parts: &parts, columns: &given.columns, images: images.as_deref() };
        let (cluster, tables) = (config.section()?, config.tables::<ClusterConfig>()?);
        value(latentkit_cluster::run(&cluster, &tables, config.seed(), source, work.folder, work.cancel))
    }

    fn headline(&self, manifest: &Manifest) -> Result<String> {
        let s: ClusterSummary = manifest.summary()?;
        let edge = if s.best_at_edge { ", at the edge of the sweep" } else { "" };
        let (name, silhouette) = (s.silhouette_kind().name(), s.best_silhouette());
        let clear = match s.verdict.k {
            None => ", no clear k",
            Some(1) => ", but there may be one cluster only",
            Some(_) => "",
        };
        Ok(format!("{} points, best k {} ({name} {silhouette:.4}{edge}){clear}", s.points, s.best_k))
    }

    fn details(&self, manifest: &Manifest) -> Vec<String> {
        manifest.summary().map(|summary| criteria_table::lines(&summary)).unwrap_or_default()
    }

    fn figures(&self) -> &'static [Figure] {
        FIGURES
    }
}

/// The table of the images that the latents are those of; none where it is not the one from which export made them.
fn encoded_images(
    experiment: &Experiment,
    latents: &FileRecord,
    hashing: Hashing,
) -> Result<Option<FileRecord>> {
    let artifacts = &experiment.artifacts;
    if !artifacts.file(INGEST, DATASET).is_file() {
        return Ok(None);
    }
    let images = artifacts.record(INGEST, DATASET, hashing)?;
    let export = Manifest::read(&artifacts.stage(EXPORT)).ok().flatten();
    let encoded = export.is_some_and(|export| {
        export.inputs.contains(&images) && export.outputs.iter().any(|output| output.blake3 == latents.blake3)
    });
    Ok(encoded.then_some(images))
}

/// The mean silhouette of the best k, where it is of this kind.
fn best_silhouette(summary: &Value, kind: SilhouetteKind) -> Option<f64> {
    let rows = summary["sweep"].as_array()?;
    rows.iter().find(|row| row["k"] == summary["best_k"])?[kind.name()].as_f64()
}
