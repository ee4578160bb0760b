//! Running a stage: what its result depends on, whether that changed, and how its files get into place.

use std::path::{Path, PathBuf};
use std::time::Instant;

use latentkit_core::artifact::{Artifacts, Freshness, Hashing};
use latentkit_core::config::{Config, Name};
use latentkit_core::lineage::UpstreamStage;
use latentkit_core::manifest::{Identity, Manifest};
use latentkit_core::{Cancellation, ErrorKind, Result, provenance};
use serde::Serialize;
use serde_json::Value;

use crate::cli::Global;
use crate::experiment::Experiment;
use crate::points::Points;
use crate::stages::definition::Work;
use crate::stages::{self, Stage};
use crate::{handover, logging, versions};

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
    /// What the command of the stage prints beside its line.
    #[serde(skip)]
    pub(crate) details: Vec<String>,
    pub(crate) summary: Value,
}

impl Experiment {
    pub(crate) fn load(path: &Path, global: &Global) -> Result<Self> {
        let config = Config::load(path, &global.overrides, stages::sections())?;
        let artifacts = Artifacts::new(&global.artifacts, config.name(), stages::names());
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
        upstream: &UpstreamStage,
        artifacts: Artifacts,
        global: &Global,
    ) -> Result<Self> {
        let folder = upstream.config_folder.clone().unwrap_or_else(|| PathBuf::from("."));
        let config = recorded_config(name, upstream, &folder)?;
        let threads = global.threads.map_or(upstream.threads, usize::from);
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
    pub(crate) fn as_recorded(&self, upstream: &UpstreamStage, artifacts: Artifacts) -> Result<Self> {
        let folder = self.config.folder();
        let config = recorded_config(self.config.name(), upstream, &folder)?;
        let threads = if self.threads_given { self.threads } else { upstream.threads };
        Ok(Self { config, artifacts, data: self.data.clone(), threads, threads_given: self.threads_given })
    }

    /// What the result of a stage depends on now.
    ///
    /// # Errors
    /// When a section of the config or an input is missing.
    pub(crate) fn identity(&self, stage: Stage, points: &Points, hashing: Hashing) -> Result<Identity> {
        Ok(Identity {
            stage: stage.name(),
            version: stage.version(),
            config: stage.config(&self.config, points)?,
            inputs: stage.inputs(self, points, hashing)?,
        })
    }

    /// Fails when the config lacks a section that a stage needs.
    pub(crate) fn check_sections(&self, stage: Stage) -> Result<()> {
        stage.required_sections().into_iter().try_for_each(|section| self.config.require(section))
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
        cancel: Cancellation<'static>,
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
        cancel: Cancellation<'static>,
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
                    headline: stage.headline(&manifest)?,
                    details: stage.details(&manifest),
                    summary: manifest.summary,
                });
            }
            Freshness::Fresh(_) => vec!["forced".to_owned()],
            Freshness::Stale(reasons) => reasons,
            Freshness::Missing => vec!["first run".to_owned()],
        };
        if let Some(reason) = stage.missing_engine(self) {
            handover::hand_over(&reason)?;
        }
        let (start, started) = (Instant::now(), jiff::Timestamp::now().to_string());
        // What is recorded was read.
        let identity = self.read_identity(stage, points, cancel)?;
        let staging = self.artifacts.begin(&identity)?;
        let log = logging::stage(stage.name(), staging.folder(), self.threads);
        tracing::info!("{stage}: {}", reasons.join(", "));
        let work = tracing::info_span!("work").entered();
        let summary = stage
            .run(&Work {
                experiment: self,
                points,
                inputs: &identity.inputs,
                folder: staging.folder(),
                cancel,
            })
            .map_err(located)
            .inspect_err(|error| log.failed(error))?;
        drop(work);
        let _commit = tracing::info_span!("commit").entered();
        let (name, folder) = (self.config.name(), self.config.folder());
        let lineage = provenance::lineage(&self.artifacts, name, &folder, &identity.inputs);
        tracing::debug!("{stage}: done in {:.1} s", start.elapsed().as_secs_f64());
        drop(log);
        let manifest = staging.commit(Manifest {
            stage: stage.name().to_owned(),
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
            lineage: Some(lineage),
        })?;
        Ok(Outcome {
            stage,
            reasons,
            ran: true,
            seconds: manifest.seconds,
            headline: stage.headline(&manifest)?,
            details: stage.details(&manifest),
            summary: manifest.summary,
        })
    }
}

/// The config of a stage, as its manifest records it. Relative paths in it start from `folder`.
fn recorded_config(name: &Name, upstream: &UpstreamStage, folder: &Path) -> Result<Config> {
    let mut recorded = upstream.config.clone();
    // Which points are clustered is not part of the config.
    recorded.as_object_mut().map(|config| config.remove(Points::KEY));
    Config::recorded(name, upstream.seed, &recorded, folder, stages::sections())
}
