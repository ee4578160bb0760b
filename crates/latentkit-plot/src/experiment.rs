//! What is known of an experiment: the manifests and tables of the stages that happened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use latentkit_core::input::is_absent;
use latentkit_core::layout::{
    ASSIGNMENTS, CENTROID_IMAGES, CENTROIDS, CLUSTER, CLUSTERS, CONTINGENCY, DATASET, DECODE, EXAMPLES,
    EXPORT, HISTORY, INGEST, LABEL_PAIRS, LATENTS, MANIFEST, PROJECTION, RECONSTRUCTIONS, SWEEP, TRAIN,
};
use latentkit_core::manifest::Manifest;
use latentkit_core::summary::{ClusterSummary, DecodeSummary, ExportSummary, IngestSummary, TrainSummary};
use latentkit_core::{Error, ImageShape, Result};
use latentkit_table::{
    CentroidImages, ClusterRow, Columns, Embeddings, ExampleRow, HistoryRow, LabelPairRow, Part, Projection,
    Reconstructions, read_assignments, read_centroid_images, read_clusters, read_contingency,
    read_embeddings, read_examples, read_history, read_images, read_label_pairs, read_projection,
    read_reconstructions, read_sweep,
};
use serde::de::DeserializeOwned;

use crate::contingency::Contingency;
use crate::members::Members;
use crate::sweep::KFigures;

/// What plot reads.
#[derive(Clone, Copy, Debug)]
pub struct PlotInputs<'a> {
    /// Name of the experiment.
    pub name: &'a str,
    /// The folder of the experiment, `artifacts/<experiment>/`.
    pub experiment_folder: &'a Path,
}

/// An experiment, as far as it went.
pub(crate) struct Experiment {
    pub(crate) name: String,
    pub(crate) ingest: Option<Finished<IngestSummary>>,
    pub(crate) train: Option<Finished<TrainSummary>>,
    pub(crate) export: Option<Finished<ExportSummary>>,
    pub(crate) cluster: Option<Finished<ClusterSummary>>,
    pub(crate) decode: Option<Finished<DecodeSummary>>,
    /// Epochs; none where nothing was trained.
    pub(crate) history: Vec<HistoryRow>,
    /// The latents that export made.
    pub(crate) latents: Option<Embeddings>,
    pub(crate) reconstructions: Option<Reconstructions>,
    /// Numbers of clusters that were tried; none where nothing was clustered.
    pub(crate) sweep: Vec<KFigures>,
    /// The points of the chosen clusters.
    pub(crate) members: Option<Members>,
    /// The chosen clusters.
    pub(crate) clusters: Vec<ClusterRow>,
    /// Points that show what the chosen clusters hold.
    pub(crate) examples: Vec<ExampleRow>,
    /// The images of the examples; none where the points are not the latents of these images.
    pub(crate) example_images: Option<ExampleImages>,
    pub(crate) projection: Option<Projection>,
    /// None where nothing was clustered, or the points have no labels or more than a page can show.
    pub(crate) contingency: Option<Contingency>,
    pub(crate) label_pairs: Vec<LabelPairRow>,
    /// The decoded centroids; none where they are those of another clustering.
    pub(crate) centroid_images: Option<CentroidImages>,
    /// Whether the clustered points are the latents that export made.
    pub(crate) clustered_latents: bool,
}

/// A stage that happened.
pub(crate) struct Finished<T> {
    pub(crate) manifest: Manifest,
    pub(crate) summary: T,
}

/// Images of the dataset.
pub(crate) struct ExampleImages {
    pub(crate) shape: ImageShape,
    /// Pixels by id, row by row.
    pub(crate) pixels: BTreeMap<u32, Vec<u8>>,
}

/// The files that the stage reads where there are such, each with the stage that makes it.
pub const READS: &[(&str, &str)] = &[
    (INGEST, DATASET),
    (INGEST, MANIFEST),
    (TRAIN, MANIFEST),
    (TRAIN, HISTORY),
    (EXPORT, MANIFEST),
    (EXPORT, LATENTS),
    (EXPORT, RECONSTRUCTIONS),
    (CLUSTER, MANIFEST),
    (CLUSTER, SWEEP),
    (CLUSTER, ASSIGNMENTS),
    (CLUSTER, CENTROIDS),
    (CLUSTER, CLUSTERS),
    (CLUSTER, EXAMPLES),
    (CLUSTER, PROJECTION),
    (CLUSTER, CONTINGENCY),
    (CLUSTER, LABEL_PAIRS),
    (DECODE, MANIFEST),
    (DECODE, CENTROID_IMAGES),
];

/// Those files that the stage reads that exist in the folder of an experiment, each with the stage that made it. One that
/// cannot be reached is among them, so that its absence from the report is an error and no surprise.
pub fn inputs(experiment_folder: &Path) -> Vec<(&'static str, &'static str)> {
    let exists = |(stage, name): &(&str, &str)| !is_absent(&experiment_folder.join(stage).join(name));
    READS.iter().copied().filter(exists).collect()
}

/// The files that there are.
struct Files<'a> {
    folder: &'a Path,
    found: Vec<(&'static str, &'static str)>,
}

impl Files<'_> {
    fn has(&self, stage: &str, name: &str) -> bool {
        self.found.contains(&(stage, name))
    }

    fn path(&self, stage: &str, name: &str) -> PathBuf {
        self.folder.join(stage).join(name)
    }

    /// The table of a stage; none where there is no such file.
    fn read<T>(
        &self,
        stage: &str,
        name: &'static str,
        read: impl FnOnce(&Path) -> Result<T>,
    ) -> Result<Option<T>> {
        self.has(stage, name).then(|| read(&self.path(stage, name))).transpose()
    }

    /// The rows of a table; none where there is no such file.
    fn rows<T>(
        &self,
        stage: &str,
        name: &'static str,
        read: impl FnOnce(&Path) -> Result<Vec<T>>,
    ) -> Result<Vec<T>> {
        Ok(self.read(stage, name, read)?.unwrap_or_default())
    }

    /// The manifest and the figures of a stage; none where it did not happen.
    fn finished<T: DeserializeOwned>(&self, stage: &str) -> Result<Option<Finished<T>>> {
        let Some(manifest) = Manifest::read(&self.folder.join(stage))? else { return Ok(None) };
        let summary = manifest.summary()?;
        Ok(Some(Finished { manifest, summary }))
    }
}

impl Experiment {
    /// Reads everything that there is.
    pub(crate) fn read(inputs: &PlotInputs) -> Result<Self> {
        let folder = inputs.experiment_folder;
        let files = Files { folder, found: self::inputs(folder) };
        if !files.has(TRAIN, HISTORY) && !files.has(CLUSTER, SWEEP) {
            return Err(Error::input(format!("`{}` has nothing to plot", folder.display()))
                .expected(format!("`{TRAIN}/{HISTORY}` or `{CLUSTER}/{SWEEP}` in that folder"))
                .hint("make them with `latentkit run CONFIG`"));
        }
        let ingest = files.finished(INGEST)?;
        let export = files.finished(EXPORT)?;
        let cluster: Option<Finished<ClusterSummary>> = files.finished(CLUSTER)?;
        let decode = files.finished(DECODE)?;
        let summary = cluster.as_ref().map(|stage| &stage.summary);
        let sweep = files.rows(CLUSTER, SWEEP, read_sweep)?;
        // Without the figures of clustering, the method is that of the first row.
        let method = summary.map(|summary| summary.method.clone());
        let method = method.or_else(|| sweep.first().map(|row| row.method.clone())).unwrap_or_default();
        let clustered_latents = follows(cluster.as_ref(), export.as_ref(), LATENTS);
        let latents = if export.is_some() {
            files.read(EXPORT, LATENTS, |path| read_embeddings(&[Part::file(path)], &Columns::default()))?
        } else {
            None
        };
        let projection = files.read(CLUSTER, PROJECTION, read_projection)?;
        let examples = files.rows(CLUSTER, EXAMPLES, read_examples)?;
        // Another column of ids than the usual one leads to no images.
        let are_of_images = clustered_latents
            && follows(export.as_ref(), ingest.as_ref(), DATASET)
            && latents.as_ref().zip(projection.as_ref()).is_none_or(|(latents, of)| latents.ids == of.ids);
        let example_images = if are_of_images { example_images(&files, &examples)? } else { None };
        let centroid_images = if follows(decode.as_ref(), cluster.as_ref(), CENTROIDS) {
            files.read(DECODE, CENTROID_IMAGES, read_centroid_images)?
        } else {
            None
        };
        let contingency = drawable(Contingency::new(&files.rows(CLUSTER, CONTINGENCY, read_contingency)?));
        let label_pairs = match contingency {
            Some(_) => files.rows(CLUSTER, LABEL_PAIRS, read_label_pairs)?,
            None => Vec::new(),
        };
        Ok(Self {
            name: inputs.name.to_owned(),
            train: files.finished(TRAIN)?,
            history: files.rows(TRAIN, HISTORY, read_history)?,
            latents,
            reconstructions: files.read(EXPORT, RECONSTRUCTIONS, read_reconstructions)?,
            sweep: KFigures::of(&sweep, &method),
            members: match summary {
                Some(summary) => files
                    .read(CLUSTER, ASSIGNMENTS, |path| {
                        read_assignments(path, &method, summary.best_k as u32)
                    })?
                    .flatten()
                    .and_then(Members::of),
                None => None,
            },
            clusters: files.rows(CLUSTER, CLUSTERS, read_clusters)?,
            projection,
            contingency,
            label_pairs,
            ingest,
            export,
            cluster,
            decode,
            examples,
            example_images,
            centroid_images,
            clustered_latents,
        })
    }

    /// The manifests of the stages that happened, in their order.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        [
            self.ingest.as_ref().map(|stage| &stage.manifest),
            self.train.as_ref().map(|stage| &stage.manifest),
            self.export.as_ref().map(|stage| &stage.manifest),
            self.cluster.as_ref().map(|stage| &stage.manifest),
            self.decode.as_ref().map(|stage| &stage.manifest),
        ]
        .into_iter()
        .flatten()
    }

    /// The name that the labels give a cluster; none without labels.
    pub(crate) fn cluster_name(&self, cluster: u32) -> Option<&str> {
        let row = self.clusters.iter().find(|row| row.cluster == cluster)?;
        row.labels.as_ref().map(|labels| labels.name.as_str())
    }
}

/// Labels that charts and tables of a page can tell apart, at most.
const MOST_LABELS: usize = 200;

/// The counts, where there are not too many labels to be drawn.
fn drawable(contingency: Option<Contingency>) -> Option<Contingency> {
    contingency.filter(|counts| {
        let labels = counts.labels.len();
        if labels > MOST_LABELS {
            tracing::warn!(
                "the points have {labels} labels, more than {MOST_LABELS}: the report leaves out what is shown by label; \
                 `{CLUSTER}/{CONTINGENCY}` has it"
            );
        }
        labels <= MOST_LABELS
    })
}

/// Whether a stage read the very file that another one has written, and not one from elsewhere or from before.
fn follows<R, W>(reader: Option<&Finished<R>>, writer: Option<&Finished<W>>, file: &str) -> bool {
    let (Some(reader), Some(writer)) = (reader, writer) else { return false };
    let written = writer.manifest.outputs.iter().find(|output| output.path == file);
    written.is_some_and(|written| reader.manifest.inputs.iter().any(|input| input.blake3 == written.blake3))
}

/// The images of the examples; none where there are no examples or no images.
fn example_images(files: &Files, examples: &[ExampleRow]) -> Result<Option<ExampleImages>> {
    let ids: Option<BTreeSet<u32>> = examples.iter().map(|example| example.id.number()).collect();
    let Some(ids) = ids.filter(|ids| !ids.is_empty()) else { return Ok(None) };
    let ids: Vec<u32> = ids.into_iter().collect();
    let Some(images) = files.read(INGEST, DATASET, |path| read_images(path, &ids))? else {
        return Ok(None);
    };
    let pixels = ids.into_iter().zip(images.pixels.rows().into_iter().map(|row| row.to_vec()));
    Ok(Some(ExampleImages { shape: images.shape, pixels: pixels.collect() }))
}
