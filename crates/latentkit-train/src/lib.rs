//! Training: one loop, and the pure rules that it asks for the learning rate and for the time to stop.

mod augment;
mod checkpoint;
pub mod config;
mod schedule;
mod state;
mod stopping;
mod times;

use std::path::Path;

use crate::config::{Monitor, Target, TrainConfig};
use latentkit_core::hash::FileRecord;
use latentkit_core::layout::{HISTORY, MODEL};
use latentkit_core::summary::{Metrics, Parameters, TrainSummary};
use latentkit_core::{Cancellation, Error, ErrorKind, Phase, Result, rng};
use latentkit_model::config::ModelConfig;
use latentkit_model::{
    AutoEncoder, Engine, EngineState, Engines, MetricSums, ModelSummary, Request, minimised, write_tensors,
};
use latentkit_table::{Dataset, HistoryRow, Metadata, Split, read_dataset, read_preparation, write_history};
use rand::seq::SliceRandom;

use checkpoint::Checkpoints;
pub use schedule::ScheduleState;
use state::{Current, Position, Progress, State};
pub use stopping::StoppingState;
use times::{Clock, EpochTime};

/// What is trained, and how.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The auto-encoder.
    pub model: &'a ModelConfig,
    /// How it is trained.
    pub train: &'a TrainConfig,
    /// Weights and shuffles follow from it.
    pub seed: u32,
}

impl Plan<'_> {
    /// What training asks of an engine.
    pub fn request(&self) -> Request<'_> {
        Request {
            section: "train",
            engine: self.train.engine,
            device: self.train.device,
            precision: self.train.precision,
            optimizer: Some(&self.train.optimizer),
        }
    }
}

/// The images, and the ids of each split.
#[derive(Debug)]
struct Images {
    data: Dataset,
    train: Vec<usize>,
    validation: Vec<usize>,
    test: Vec<usize>,
    batch_size: usize,
}

impl Images {
    fn steps_per_epoch(&self) -> usize {
        self.train.len().div_ceil(self.batch_size)
    }

    /// The bytes of these images, one image after the other.
    fn batch(&self, ids: &[usize]) -> Vec<u8> {
        ids.iter().flat_map(|&id| self.data.image(id)).copied().collect()
    }
}

/// Trains on the images of `dataset` and writes `model.safetensors`, `history.parquet` and `checkpoints/` into
/// `output_folder`. Resumes from the newest checkpoint there that is whole, of whichever engine it is. The same plan and
/// dataset give the same bytes, whether resumed or not: with the native engine for any number of threads, with libtorch on the
/// same machine with the same number.
///
/// # Errors
/// When the loss becomes NaN or infinite; the last good checkpoint is kept and named. When the user interrupts, after a
/// checkpoint of the step that was being done; the hint says where the same plan resumes. When no engine can do it.
pub fn run(
    plan: Plan,
    dataset: &Path,
    output_folder: &Path,
    engines: Engines,
    cancel: Cancellation,
) -> Result<TrainSummary> {
    let source = FileRecord::of(dataset, "dataset").map_err(Error::into_input)?;
    let data = read_dataset(dataset, cancel).map_err(|error| match error.kind() {
        ErrorKind::Interrupted => {
            error.hint("run the same command again: no step was done, and earlier checkpoints are kept")
        }
        _ => error,
    })?;
    let model = AutoEncoder::new(plan.model, data.shape, plan.seed.into())?;
    let images = Images {
        train: ids(&data, Split::Train)?,
        validation: ids(&data, Split::Validation)?,
        test: ids(&data, Split::Test)?,
        batch_size: plan.train.batch_size.get() as usize,
        data,
    };
    let engine = engines.start(&model, &plan.request())?;
    let mut progress = Progress::new(model, engine, plan.train.optimizer.learning_rate.get());
    let mut checkpoints = Checkpoints::new(output_folder);
    checkpoints.restore(&mut progress, images.steps_per_epoch())?;
    let resumed = checkpoints.last();

    let test = train(plan, &images, &mut progress, &mut checkpoints, cancel)
        .and_then(|()| {
            let _entered = tracing::info_span!("test").entered();
            evaluate(progress.engine.as_mut(), &images, &images.test, cancel)
        })
        .map_err(|error| match error.kind() {
            ErrorKind::Interrupted => stop(error, &images, &progress, &mut checkpoints),
            _ => error,
        })?;
    let EngineState { tensors, .. } = progress.engine.state();
    progress.model.tensors = tensors;
    write_outputs(plan, &progress, &source, read_preparation(dataset)?, output_folder)?;
    progress.times.write(output_folder)?;
    checkpoints.keep_last()?;
    Ok(summary(plan, &progress, test, resumed))
}

/// Trains the epochs that are left. When it fails, `progress` is what the last step that was done has left.
fn train(
    plan: Plan,
    images: &Images,
    progress: &mut Progress,
    checkpoints: &mut Checkpoints,
    cancel: Cancellation,
) -> Result<()> {
    let Plan { train: config, seed, .. } = plan;
    let epochs = config.epochs.get();
    let steps_per_epoch = images.steps_per_epoch() as u32;
    let total_steps = epochs.saturating_mul(steps_per_epoch);
    let bar =
        Phase::new(tracing::info_span!("training", unit = "images"), epochs as usize * images.train.len());
    bar.set(progress.state.epoch() as usize * images.train.len());
    let _entered = bar.enter();
    while progress.state.epoch() < epochs && !progress.state.stopped {
        let epoch = progress.state.epoch() + 1;
        let _entered = tracing::info_span!("epoch", epoch).entered();
        bar.say(&format!("epoch {epoch}/{epochs}"));
        let mut order = images.train.clone();
        order.shuffle(&mut rng::generator(seed.into(), "shuffle", epoch.into()));
        let mut clock = Clock::from(progress.times.current);
        for batch in order.chunks(images.batch_size).skip(progress.state.current.steps as usize) {
            cancel.check()?;
            let rate = progress.state.schedule.rate(&config.schedule, progress.state.step, total_steps);
            let clean = images.batch(batch);
            match &config.augment {
                None => progress.engine.step(&clean, None, config.loss, rate),
                Some(augment) => {
                    let mut changed = clean.clone();
                    augment::augment(augment, images.data.shape, &mut changed, batch, (seed, epoch));
                    let targets = (augment.target == Target::Clean).then_some(&clean[..]);
                    progress.engine.step(&changed, targets, config.loss, rate);
                }
            }
            progress.state.step += 1;
            let steps = progress.state.current.steps + 1;
            progress.state.current = Current { steps, learning_rate: rate };
            progress.times.current = clock.seconds();
            let seen = (steps as usize * images.batch_size).min(order.len());
            tracing::trace!(event = "step", epoch, epochs, images = seen, total = order.len());
            bar.set((epoch as usize - 1) * order.len() + seen);
            let due = config.checkpoint_every.after_step(progress.state.step, checkpoints.age());
            if due && steps < steps_per_epoch {
                checkpoints.write(progress)?;
                clock = Clock::from(progress.times.current);
            }
        }
        let train = progress.engine.metrics().means();
        let train_seconds = clock.seconds();
        progress.times.current = train_seconds;
        let validation = {
            let _entered = tracing::info_span!("validation").entered();
            evaluate(progress.engine.as_mut(), images, &images.validation, cancel)?
        };
        let seconds = clock.seconds();
        let (train_loss, validation_loss) =
            (minimised(config.loss, train), minimised(config.loss, validation));
        if !train_loss.is_finite() || !validation_loss.is_finite() {
            return Err(diverged(epoch, train_loss, validation_loss, checkpoints.last_path().as_deref()));
        }

        let state = &mut progress.state;
        let learning_rate = state.current.learning_rate;
        state.history.push(HistoryRow { epoch, step: state.step, learning_rate, train, validation });
        let images_per_second = order.len() as f64 / train_seconds;
        let monitored = match config.monitor {
            Monitor::Train => train_loss,
            Monitor::Validation => validation_loss,
        };
        state.schedule = state.schedule.after_epoch(&config.schedule, monitored);
        if let Some(rule) = &config.early_stopping {
            (state.stopping, state.stopped) = state.stopping.after_epoch(rule, monitored);
        }
        state.current = Current::default();
        progress.times.epochs.push(EpochTime { epoch, seconds, images_per_second });
        progress.times.current = 0.0;
        progress.engine.reset_metrics();
        let ends = progress.state.stopped || epoch == epochs;
        if ends || config.checkpoint_every.after_epoch(epoch, progress.state.step, checkpoints.age()) {
            checkpoints.write(progress)?;
        }
        let width = epochs.to_string().len();
        tracing::info!(
            event = "epoch",
            epoch,
            epochs,
            seconds,
            images_per_second,
            learning_rate,
            train_loss,
            validation_loss,
            "epoch {epoch:width$}/{epochs}  train {train_loss:.4}  validation {validation_loss:.4}  \
             learning rate {learning_rate:.2e}  {images_per_second:.0} images/s  {seconds:.1} s"
        );
    }
    if let Some(path) = checkpoints.last_path() {
        log_end(&progress.state, epochs, &path);
    }
    Ok(())
}

/// Writes a checkpoint of an interrupted training, and adds to the error where the training resumes.
fn stop(error: Error, images: &Images, progress: &Progress, checkpoints: &mut Checkpoints) -> Error {
    if let Err(problem) = checkpoints.write(progress) {
        tracing::warn!("cannot write a checkpoint: {problem}");
    }
    error.hint(match checkpoints.last() {
        Some(last) => {
            format!("run the same command again to resume after {}", last.of(images.steps_per_epoch()))
        }
        None => "run the same command again to restart training, since no step was done".to_owned(),
    })
}

/// The ids of a split, at least one.
fn ids(data: &Dataset, split: Split) -> Result<Vec<usize>> {
    let ids = data.ids(split);
    if ids.is_empty() {
        return Err(
            Error::input(format!("the dataset has no {split} images")).hint("run `latentkit ingest` again")
        );
    }
    Ok(ids)
}

/// The mean metrics on these images, with the running statistics of batch-norm.
fn evaluate(
    engine: &mut dyn Engine,
    images: &Images,
    ids: &[usize],
    cancel: Cancellation,
) -> Result<Metrics> {
    let mut sums = MetricSums::default();
    for batch in ids.chunks(images.batch_size) {
        cancel.check()?;
        let batch = images.batch(batch);
        sums.add_images(&engine.logits(&batch), &batch, images.data.shape.len());
    }
    Ok(sums.means())
}

fn diverged(epoch: u32, train: f64, validation: f64, checkpoint: Option<&Path>) -> Error {
    let kept = match checkpoint {
        None => "there is no checkpoint yet".to_owned(),
        Some(path) => format!("the last good checkpoint is `{}`", path.display()),
    };
    Error::failed(format!("training diverged in epoch {epoch}; {kept}"))
        .expected("a finite loss")
        .found(format!("training loss {train}, validation loss {validation}"))
        .hint("lower `train.optimizer.learning-rate`")
}

fn log_end(state: &State, epochs: u32, checkpoint: &Path) {
    let reason = if state.stopped { "the loss no longer falls" } else { "it was the last epoch" };
    tracing::info!(
        "ends after epoch {} of {epochs}: {reason}; last checkpoint `{}`",
        state.epoch(),
        checkpoint.file_name().unwrap_or_default().display()
    );
}

fn write_outputs(
    plan: Plan,
    progress: &Progress,
    source: &FileRecord,
    preparation: Option<String>,
    output_folder: &Path,
) -> Result<()> {
    let Progress { model, state, .. } = progress;
    let training = plan.train.identity();
    let mut config = model.metadata();
    config["train"] = training.clone();
    config["seed"] = plan.seed.into();
    config["epochs"] = state.epoch().into();
    config["dataset_blake3"] = source.blake3.as_str().into();
    // So that the model alone can be shown other images.
    config["preparation"] =
        preparation.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(serde_json::Value::Null);
    write_tensors(&output_folder.join(MODEL), &model.tensors, &config)?;
    let metadata = Metadata::from([
        ("seed".to_owned(), plan.seed.to_string()),
        ("dataset_blake3".to_owned(), source.blake3.clone()),
        ("train".to_owned(), training.to_string()),
        ("model".to_owned(), serde_json::to_string(plan.model).expect("a config is JSON")),
    ]);
    write_history(&output_folder.join(HISTORY), &state.history, &metadata)
}

fn summary(plan: Plan, progress: &Progress, test: Metrics, resumed: Option<Position>) -> TrainSummary {
    let Progress { model, engine, state, times } = progress;
    let Parameters { trainable, non_trainable } = ModelSummary::new(&model.blueprint).parameters;
    let last = state.history.last();
    TrainSummary {
        architecture: plan.model.architecture.name().to_owned(),
        parameters: Parameters { trainable, non_trainable },
        epochs: state.epoch(),
        stopped_early: state.stopped,
        train: last.map_or_else(Metrics::default, |row| row.train),
        validation: last.map_or_else(Metrics::default, |row| row.validation),
        test,
        learning_rate: last.map_or(0.0, |row| row.learning_rate),
        images_per_second: times.images_per_second(),
        seconds: times.seconds(),
        resumed_after: resumed.map(|position| position.epochs),
        resumed_step: resumed.map_or(0, |position| position.steps),
        engine: engine.name(),
        device: engine.device(),
    }
}
