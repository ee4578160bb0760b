//! Running a stage: what its result depends on, whether that changed, and how its files get into place.

use std::path::{Path, PathBuf};
use std::time::Instant;

use latentkit_cluster::config::ClusterConfig;
use latentkit_core::artifact::{Artifacts, Freshness, Hashing};
use latentkit_core::config::{Config, Name};
use latentkit_core::hash::FileRecord;
use latentkit_core::input::is_absent;
use latentkit_core::manifest::{Identity, Manifest};
use latentkit_core::origin::{Earlier, Origin};
use latentkit_core::stage::{CENTROIDS, CLUSTERS, DATASET, LATENTS, MODEL};
use latentkit_core::summary::{
    ClusterSummary, DecodeSummary, ExportSummary, IngestSummary, PlotSummary, TrainSummary,
};
use latentkit_core::{Cancellation, Error, ErrorKind, Result, Stage};
use latentkit_export::config::ExportConfig;
use latentkit_ingest::config::DatasetConfig;
use latentkit_model::AutoEncoder;
use latentkit_model::config::ModelConfig;
use latentkit_plot::config::PlotConfig;
use latentkit_train::config::TrainConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::Global;
use crate::sections::SECTIONS;
use crate::{engines, logging, versions};

/// An experiment and where its files are.
#[derive(Clone, Debug)]
pub(crate) struct Experiment {
    pub(crate) config: Config,
    pub(crate) artifacts: Artifacts,
    data: PathBuf,
    threads: usize,
    /// Whether the user asked for that many.
    threads_given: bool,
}

/// Which points are clustered; by default those of export, in their columns `z0`, `z1`, ...
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Points {
    #[serde(default, with = "latentkit_core::recorded_path::option")]
    pub(crate) file: Option<PathBuf>,
    pub(crate) column: Option<String>,
    #[serde(default)]
    pub(crate) label_column: Option<String>,
}

impl Points {
    /// Those of the config that a clustering recorded; the default for other stages.
    pub(crate) fn recorded(config: &Value) -> Self {
        Self::deserialize(&config["points"]).unwrap_or_default()
    }
}

/// What became of a stage.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) stage: Stage,
    /// Why it ran; empty when it was skipped.
    pub(crate) reasons: Vec<String>,
    pub(crate) ran: bool,
    /// Seconds that it took now.
    pub(crate) seconds: f64,
    #[serde(skip)]
    pub(crate) headline: String,
    pub(crate) summary: Value,
}

impl Experiment {
    pub(crate) fn load(path: &Path, global: &Global) -> Result<Self> {
        let config = Config::load(path, &global.overrides, SECTIONS)?;
        let artifacts = Artifacts::new(&global.artifacts, config.name());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = global.threads.map_or(cores, usize::from);
        Ok(Self {
            config,
            artifacts,
            data: global.data.clone(),
            threads,
            threads_given: global.threads.is_some(),
        })
    }

    /// The experiment as far as a stage recorded it, with these artifacts.
    pub(crate) fn recorded(
        name: &Name,
        earlier: &Earlier,
        artifacts: Artifacts,
        global: &Global,
    ) -> Result<Self> {
        let folder = earlier.config_folder.clone().unwrap_or_else(|| PathBuf::from("."));
        let config = recorded_config(name, earlier, &folder)?;
        let threads = global.threads.map_or(earlier.threads, usize::from);
        Ok(Self {
            config,
            artifacts,
            data: global.data.clone(),
            threads,
            threads_given: global.threads.is_some(),
        })
    }

    /// The same experiment with the config that a stage recorded. Relative paths start from this one's folder, and the
    /// threads are the recorded ones unless the user asked for others.
    pub(crate) fn as_recorded(&self, earlier: &Earlier, artifacts: Artifacts) -> Result<Self> {
        let folder = self.config.folder();
        let config = recorded_config(self.config.name(), earlier, &folder)?;
        let threads = if self.threads_given { self.threads } else { earlier.threads };
        Ok(Self { config, artifacts, data: self.data.clone(), threads, threads_given: self.threads_given })
    }

    /// Makes every pool of threads as large as the user asked for.
    pub(crate) fn set_threads(&self) -> Result<()> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build_global()
            .map_err(|error| Error::failed(format!("cannot start {} threads: {error}", self.threads)))
    }

    /// As [`Self::set_threads`], for stages that run one after the other with other numbers of threads. rayon's pool keeps
    /// the size that it had first, on which nothing depends that is computed in it.
    pub(crate) fn change_threads(&self) {
        let _ = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build_global();
    }

    /// How many threads a stage computes with.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// What the result of a stage depends on now.
    ///
    /// # Errors
    /// When a section of the config or an input is missing.
    pub(crate) fn identity(&self, stage: Stage, points: &Points, hashing: Hashing) -> Result<Identity> {
        let mut config = of_stage(&self.config, stage)?;
        let inputs = match stage {
            Stage::Ingest => {
                latentkit_ingest::input_files(&self.config.section()?, &self.config.folder(), &self.data)?
                    .iter()
                    .map(|(path, name)| self.artifacts.hash(path, name, hashing).map_err(Error::into_input))
                    .collect::<Result<_>>()?
            }
            Stage::Cluster => {
                config["points"] = serde_json::to_value(points).expect("points are JSON");
                let latents = self.points_record(points, hashing)?;
                let images = self.images_record(points, &latents, hashing)?;
                [latents].into_iter().chain(images).collect()
            }
            // Plot draws what there is.
            Stage::Plot => latentkit_plot::inputs(self.artifacts.root())
                .into_iter()
                .map(|(input, name)| self.artifacts.record(input, name, hashing))
                .collect::<Result<_>>()?,
            Stage::Train | Stage::Export | Stage::Decode => stage
                .inputs()
                .iter()
                .map(|(input, name)| self.artifacts.record(*input, name, hashing))
                .collect::<Result<_>>()?,
        };
        Ok(Identity { stage, config, inputs })
    }

    /// The points that the last clustering was of.
    pub(crate) fn recorded_points(&self) -> Points {
        let manifest = Manifest::read(&self.artifacts.stage(Stage::Cluster)).ok().flatten();
        manifest.map(|manifest| Points::recorded(&manifest.config)).unwrap_or_default()
    }

    fn points_record(&self, points: &Points, hashing: Hashing) -> Result<FileRecord> {
        match &points.file {
            Some(file) => {
                self.artifacts.hash(file, &file.to_string_lossy(), hashing).map_err(Error::into_input)
            }
            None => self.artifacts.record(Stage::Export, LATENTS, hashing).map_err(|error| {
                if is_absent(&self.artifacts.file(Stage::Export, LATENTS)) {
                    error.hint(
                        "`latentkit export CONFIG` makes it; `--latents FILE` takes points from elsewhere",
                    )
                } else {
                    error
                }
            }),
        }
    }

    /// The table of the images that the points are the latents of. None for points from elsewhere, and where the table is not
    /// the one from which export made these latents.
    fn images_record(
        &self,
        points: &Points,
        latents: &FileRecord,
        hashing: Hashing,
    ) -> Result<Option<FileRecord>> {
        if points.file.is_some() || !self.artifacts.file(Stage::Ingest, DATASET).is_file() {
            return Ok(None);
        }
        let images = self.artifacts.record(Stage::Ingest, DATASET, hashing)?;
        let export = Manifest::read(&self.artifacts.stage(Stage::Export)).ok().flatten();
        let encoded = export.is_some_and(|export| {
            export.inputs.contains(&images)
                && export.outputs.iter().any(|output| output.blake3 == latents.blake3)
        });
        Ok(encoded.then_some(images))
    }

    /// Whether the files of a stage are what it would write now.
    pub(crate) fn assess(&self, identity: &Identity) -> Result<Freshness> {
        // A manifest that cannot be read is as good as none: the stage runs again.
        match self.artifacts.assess(identity) {
            Err(error) if error.kind() == ErrorKind::Input => Ok(Freshness::Stale(vec![error.to_string()])),
            assessed => assessed,
        }
    }

    /// What the result of a stage depends on now, and whether its files are what it would write. Files of any size are
    /// hashed for it, which the user can interrupt.
    pub(crate) fn freshness(
        &self,
        stage: Stage,
        points: &Points,
        cancel: Cancellation,
    ) -> Result<(Identity, Freshness)> {
        let _entered = tracing::info_span!("freshness", stage = stage.name()).entered();
        let (experiment, points) = (self.clone(), points.clone());
        cancel.wait_for(move || {
            let identity = tracing::info_span!("identity")
                .in_scope(|| experiment.identity(stage, &points, Hashing::Cached))?;
            let freshness = tracing::info_span!("assess").in_scope(|| experiment.assess(&identity))?;
            Ok((identity, freshness))
        })?
    }

    /// As [`Self::identity`], every file read, which the user can interrupt.
    fn read_identity(&self, stage: Stage, points: &Points, cancel: Cancellation) -> Result<Identity> {
        let _entered = tracing::info_span!("reading inputs").entered();
        let (experiment, points) = (self.clone(), points.clone());
        cancel.wait_for(move || experiment.identity(stage, &points, Hashing::Read))?
    }

    /// Runs a stage unless its files are what it would write. The caller holds the lock.
    pub(crate) fn run(
        &self,
        stage: Stage,
        force: bool,
        points: &Points,
        cancel: Cancellation,
    ) -> Result<Outcome> {
        let _stage = tracing::info_span!("stage", name = stage.name()).entered();
        let located = |error| self.config.locate(error);
        let (_, freshness) = self.freshness(stage, points, cancel)?;
        let reasons = match freshness {
            Freshness::Fresh(manifest) if !force => {
                return Ok(Outcome {
                    stage,
                    reasons: Vec::new(),
                    ran: false,
                    seconds: 0.0,
                    headline: headline(&manifest)?,
                    summary: manifest.summary,
                });
            }
            Freshness::Fresh(_) => vec!["forced".to_owned()],
            Freshness::Stale(reasons) => reasons,
            Freshness::Missing => vec!["first run".to_owned()],
        };
        if let Some(reason) = self.missing_engine(stage) {
            engines::hand_over(&reason)?;
        }
        let (start, started) = (Instant::now(), jiff::Timestamp::now().to_string());
        // What is recorded was read.
        let identity = self.read_identity(stage, points, cancel)?;
        let staging = self.artifacts.begin(&identity)?;
        let log = logging::stage(stage, staging.folder(), self.threads);
        tracing::info!("{stage}: {}", reasons.join(", "));
        let work = tracing::info_span!("work").entered();
        let summary = self
            .dispatch(&identity, points, staging.folder(), cancel)
            .map_err(located)
            .inspect_err(|error| log.failed(error))?;
        drop(work);
        let _commit = tracing::info_span!("commit").entered();
        let origin =
            Origin::now(&self.artifacts, self.config.name(), &self.config.folder(), &identity.inputs);
        tracing::debug!("{stage}: done in {:.1} s", start.elapsed().as_secs_f64());
        drop(log);
        let manifest = staging.commit(Manifest {
            stage,
            stage_version: stage.version(),
            key: identity.key(),
            config: identity.config,
            inputs: identity.inputs,
            outputs: Vec::new(),
            versions: versions::all(),
            device: summary.get("device").and_then(Value::as_str).map(str::to_owned),
            threads: self.threads,
            seed: self.config.seed(),
            started,
            seconds: start.elapsed().as_secs_f64(),
            summary,
            log: None,
            timings: None,
            origin: Some(origin),
        })?;
        Ok(Outcome {
            stage,
            reasons,
            ran: true,
            seconds: manifest.seconds,
            headline: headline(&manifest)?,
            summary: manifest.summary,
        })
    }

    /// Height and width of the images that ingest would read.
    fn image_size(&self) -> Result<(usize, usize)> {
        latentkit_ingest::image_size(&self.config.section()?, &self.config.folder())
    }

    /// Why a stage needs libtorch, which this program lacks. None also where the stage itself will say what is wrong.
    pub(crate) fn missing_engine(&self, stage: Stage) -> Option<String> {
        match stage {
            Stage::Train => {
                let (model, train) = (self.config.section().ok()?, self.config.section().ok()?);
                let plan = latentkit_train::Plan { model: &model, train: &train, seed: 0 };
                let dataset = self.artifacts.file(Stage::Ingest, DATASET);
                let size = latentkit_table::read_image_size(&dataset).or_else(|_| self.image_size()).ok()?;
                let model = AutoEncoder::new(plan.model, size, 0).ok()?;
                engines::missing(&model, &plan.request())
            }
            Stage::Export | Stage::Decode => {
                let weights = self.artifacts.file(Stage::Train, MODEL);
                let model = match AutoEncoder::load(&weights) {
                    Ok((model, _)) => model,
                    Err(_) => {
                        AutoEncoder::new(&self.config.section().ok()?, self.image_size().ok()?, 0).ok()?
                    }
                };
                engines::missing(&model, &latentkit_export::request(&self.config.section().ok()?))
            }
            Stage::Ingest | Stage::Cluster | Stage::Plot => None,
        }
    }

    /// Calls the one function of a stage, which writes into `folder`.
    pub(crate) fn dispatch(
        &self,
        identity: &Identity,
        points: &Points,
        folder: &Path,
        cancel: Cancellation,
    ) -> Result<Value> {
        let (config, seed) = (&self.config, self.config.seed());
        match identity.stage {
            Stage::Ingest => value(latentkit_ingest::run(
                &config.section()?,
                seed,
                &config.folder(),
                &self.data,
                folder,
                cancel,
            )),
            Stage::Train => {
                let (model, train) = (config.section()?, config.section()?);
                value(latentkit_train::run(
                    latentkit_train::Plan { model: &model, train: &train, seed },
                    &self.artifacts.file(Stage::Ingest, DATASET),
                    folder,
                    engines::all(),
                    cancel,
                ))
            }
            Stage::Export => value(latentkit_export::run(
                &config.section()?,
                &self.artifacts.file(Stage::Ingest, DATASET),
                &self.artifacts.file(Stage::Train, MODEL),
                folder,
                engines::all(),
                cancel,
            )),
            Stage::Decode => {
                // Points of others may have as many dimensions as the latents, and would be decoded to nonsense.
                if let Some(file) = self.recorded_points().file {
                    return Err(Error::input(
                        "cannot decode the centroids: they are not of this model's latents",
                    )
                    .expected("a clustering of what export made")
                    .found(format!("one of `{}`", file.display()))
                    .hint("`latentkit cluster CONFIG` without `--latents` makes it"));
                }
                value(latentkit_export::decode(
                    &config.section()?,
                    &self.artifacts.file(Stage::Train, MODEL),
                    &self.artifacts.file(Stage::Cluster, CENTROIDS),
                    &self.artifacts.file(Stage::Cluster, CLUSTERS),
                    folder,
                    engines::all(),
                ))
            }
            Stage::Cluster => {
                let file = points.file.clone().unwrap_or_else(|| self.artifacts.file(Stage::Export, LATENTS));
                let images = format!("{}/{DATASET}", Stage::Ingest);
                let images = identity.inputs.iter().any(|input| input.path == images);
                let images = images.then(|| self.artifacts.file(Stage::Ingest, DATASET));
                let source = latentkit_cluster::Source {
                    file: &file,
                    column: points.column.as_deref(),
                    label_column: points.label_column.as_deref(),
                    images: images.as_deref(),
                };
                value(latentkit_cluster::run(&config.section()?, seed, source, folder, cancel))
            }
            Stage::Plot => {
                let inputs = latentkit_plot::PlotInputs {
                    name: config.name().as_str(),
                    experiment_folder: self.artifacts.root(),
                };
                value(latentkit_plot::run(&config.section()?, &inputs, folder, cancel))
            }
        }
    }
}

/// The config of a stage, as its manifest records it. Relative paths in it start from `folder`.
fn recorded_config(name: &Name, earlier: &Earlier, folder: &Path) -> Result<Config> {
    let mut recorded = earlier.config.clone();
    // Which points are clustered is not part of the config.
    recorded.as_object_mut().map(|config| config.remove("points"));
    Config::recorded(name, earlier.seed, &recorded, folder, SECTIONS)
}

/// The part of the config that a stage reads, defaults filled in. Part of the stage's key.
///
/// # Errors
/// When a section that the stage needs is missing.
pub(crate) fn of_stage(config: &Config, stage: Stage) -> Result<Value> {
    let seed = config.seed();
    Ok(match stage {
        Stage::Ingest => json!({ "seed": seed, "dataset": config.section::<DatasetConfig>()? }),
        Stage::Train => json!({
            "seed": seed,
            "model": config.section::<ModelConfig>()?,
            "train": config.section::<TrainConfig>()?.identity(),
        }),
        Stage::Export => json!({ "export": config.section::<ExportConfig>()? }),
        Stage::Cluster => json!({ "seed": seed, "cluster": config.section::<ClusterConfig>()? }),
        Stage::Decode => {
            config.section::<ModelConfig>()?;
            json!({ "export": config.section::<ExportConfig>()? })
        }
        Stage::Plot => json!({ "name": config.name(), "plot": config.section::<PlotConfig>()? }),
    })
}

fn value(summary: Result<impl Serialize>) -> Result<Value> {
    summary.map(|summary| serde_json::to_value(summary).expect("a summary is JSON"))
}

/// The figures of a stage that fit in a line.
fn headline(manifest: &Manifest) -> Result<String> {
    Ok(match manifest.stage {
        Stage::Ingest => {
            let s: IngestSummary = manifest.summary()?;
            format!(
                "{} train, {} validation, {} test images of {}x{}",
                s.train, s.validation, s.test, s.height, s.width
            )
        }
        Stage::Train => {
            let s: TrainSummary = manifest.summary()?;
            let epochs = if s.epochs == 1 { "epoch" } else { "epochs" };
            let early = if s.stopped_early { " (stopped early)" } else { "" };
            format!("{} {epochs}{early}, test BCE {:.4}, MSE {:.4}", s.epochs, s.test.bce, s.test.mse)
        }
        Stage::Export => {
            let s: ExportSummary = manifest.summary()?;
            format!("{} images, {} latents, {} dead", s.images, s.latents.len(), s.dead)
        }
        Stage::Cluster => {
            let s: ClusterSummary = manifest.summary()?;
            let edge = if s.best_at_edge { ", at the edge of the sweep" } else { "" };
            let (name, silhouette) = (s.silhouette_kind().name(), s.best_silhouette());
            let clear = match s.verdict.k {
                None => ", no clear k",
                Some(1) => ", but there may be one cluster only",
                Some(_) => "",
            };
            format!("{} points, best k {} ({name} {silhouette:.4}{edge}){clear}", s.points, s.best_k)
        }
        Stage::Decode => {
            let s: DecodeSummary = manifest.summary()?;
            format!("{} centroids", s.centroids)
        }
        Stage::Plot => {
            let s: PlotSummary = manifest.summary()?;
            format!("{} charts and the report", s.charts)
        }
    })
}
