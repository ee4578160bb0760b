//! Training: one loop, and the pure rules that it asks for the learning rate and for the time to stop.

mod checkpoint;
mod schedule;
mod stopping;

use std::path::Path;
use std::time::Instant;

use latentkit_core::config::{Loss, ModelConfig, Precision, TrainConfig};
use latentkit_core::hash::FileRecord;
use latentkit_core::stage::{CHECKPOINTS, HISTORY, MODEL};
use latentkit_core::summary::{Metrics, Parameters, TrainSummary};
use latentkit_core::{Error, Event, Observer, Result, rng};
use latentkit_model::{
    Adam, AutoEncoder, Engine, ImageStore, MetricSums, ModelSummary, device, device_name, write_tensors,
};
use latentkit_table::{Dataset, HistoryRow, Metadata, Split, read_dataset, write_history};
use rand::seq::SliceRandom;

use checkpoint::State;
pub use schedule::ScheduleState;
pub use stopping::StoppingState;

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

/// Trains on the images of `dataset` and writes `model.safetensors`, `history.parquet` and `checkpoints/` into
/// `output_folder`. Goes on after the newest checkpoint there. The same plan and dataset, on the same machine with the
/// same number of threads, give the same bytes, whether resumed or not, but for the seconds in the history.
///
/// # Errors
/// When the loss becomes NaN or infinite; the last good checkpoint is kept and named.
pub fn run(plan: Plan, dataset: &Path, output_folder: &Path, observer: Observer) -> Result<TrainSummary> {
    let device = device(plan.train.device, "train.device")?;
    let source = FileRecord::of(dataset, "dataset").map_err(Error::into_input)?;
    let data = read_dataset(dataset)?;
    let images = ImageStore::new(&data.images, data.height, data.width, device);
    let (train_ids, validation_ids) = (ids(&data, Split::Train)?, ids(&data, Split::Validation)?);

    let mut model = AutoEncoder::new(plan.model, (data.height, data.width), plan.seed.into(), device)?;
    model.precision = plan.train.precision;
    let mut engine = Engine::new(plan.train.engine, &model, "train.engine")?;
    let mut parameters = model.trainable();
    let mut adam = Adam::new(&plan.train.optimizer, &parameters);
    let mut state = State::new(plan.train.optimizer.learning_rate.get());
    let checkpoints = output_folder.join(CHECKPOINTS);
    let restored = checkpoint::restore(&checkpoints, &model, &mut adam, observer)?;
    let resumed_after = restored.as_ref().map(|(state, _)| state.epoch());
    let mut last_checkpoint = None;
    if let Some((restored, path)) = restored {
        observer.message(format!("goes on after the checkpoint of epoch {}", restored.epoch()));
        state = restored;
        last_checkpoint = Some(path);
    }

    let batch_size = plan.train.batch_size.get() as usize;
    let epochs = plan.train.epochs.get();
    let total_steps = epochs.saturating_mul(train_ids.len().div_ceil(batch_size) as u32);
    while state.epoch() < epochs && !state.stopped {
        let epoch = state.epoch() + 1;
        let start = Instant::now();
        let mut order = train_ids.clone();
        order.shuffle(&mut rng::generator(plan.seed.into(), "shuffle", epoch.into()));
        let mut sums = MetricSums::new(device);
        let mut rate = 0.0;
        for (step, batch) in order.chunks(batch_size).enumerate() {
            observer.check()?;
            rate = state.schedule.rate(&plan.train.schedule, state.step, total_steps);
            let batch = images.batch(batch); // [n, 1, height, width]
            let gradients = engine.step(&model, &batch, plan.train.loss, &mut sums);
            adam.step(&mut parameters, &gradients, rate);
            state.step += 1;
            let seen = ((step + 1) * batch_size).min(order.len()) as u64;
            observer.emit(Event::Step { epoch, epochs, images: seen, total: order.len() as u64 });
        }
        let train = sums.means();
        let train_seconds = start.elapsed().as_secs_f64();
        let validation = evaluate(&mut engine, &model, &images, &validation_ids, batch_size, observer)?;
        let seconds = start.elapsed().as_secs_f64();
        let (train_loss, validation_loss) = (monitored(plan.train, train), monitored(plan.train, validation));
        if !train_loss.is_finite() || !validation_loss.is_finite() {
            return Err(diverged(epoch, train_loss, validation_loss, last_checkpoint.as_deref()));
        }

        state.history.push(HistoryRow {
            epoch,
            step: state.step,
            seconds,
            learning_rate: rate,
            train,
            validation,
        });
        let images_per_second = order.len() as f64 / train_seconds;
        state.speeds.push(images_per_second);
        state.schedule = state.schedule.after_epoch(&plan.train.schedule, train_loss);
        if let Some(rule) = &plan.train.early_stopping {
            (state.stopping, state.stopped) = state.stopping.after_epoch(rule, train_loss);
        }
        let ends = state.stopped || epoch == epochs;
        if ends || epoch.is_multiple_of(plan.train.checkpoint_every.get()) {
            last_checkpoint = Some(checkpoint::write(&checkpoints, &state, &model, &adam)?);
        }
        let learning_rate = rate;
        observer.emit(Event::Epoch {
            epoch,
            epochs,
            seconds,
            images_per_second,
            learning_rate,
            train_loss,
            validation_loss,
        });
    }
    if let Some(path) = last_checkpoint {
        log_end(&state, epochs, &path, observer);
    }

    model.precision = Precision::Float32;
    let test = evaluate(&mut engine, &model, &images, &ids(&data, Split::Test)?, batch_size, observer)?;
    write_outputs(plan, &model, &state, &source, output_folder)?;
    Ok(summary(plan, &model, &engine, &state, test, resumed_after))
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
    engine: &mut Engine,
    model: &AutoEncoder,
    images: &ImageStore,
    ids: &[usize],
    batch_size: usize,
    observer: Observer,
) -> Result<Metrics> {
    let mut sums = MetricSums::new(model.device());
    for batch in ids.chunks(batch_size) {
        observer.check()?;
        let batch = images.batch(batch);
        sums.add(&engine.logits(model, &batch), &batch);
    }
    Ok(sums.means())
}

/// The metric that is minimised.
fn monitored(config: &TrainConfig, metrics: Metrics) -> f64 {
    match config.loss {
        Loss::Bce => metrics.bce,
        Loss::Mse => metrics.mse,
    }
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

fn log_end(state: &State, epochs: u32, checkpoint: &Path, observer: Observer) {
    let reason = if state.stopped { "the loss no longer falls" } else { "it was the last epoch" };
    observer.message(format!(
        "ends after epoch {} of {epochs}: {reason}; last checkpoint `{}`",
        state.epoch(),
        checkpoint.file_name().unwrap_or_default().display()
    ));
}

fn write_outputs(
    plan: Plan,
    model: &AutoEncoder,
    state: &State,
    source: &FileRecord,
    output_folder: &Path,
) -> Result<()> {
    let config = serde_json::json!({
        "model": plan.model,
        "train": plan.train,
        "image_size": model.image_size(),
        "seed": plan.seed,
        "epochs": state.epoch(),
        "dataset_blake3": source.blake3,
    });
    write_tensors(&output_folder.join(MODEL), &model.named_tensors(), &config)?;
    let metadata = Metadata::from([
        ("seed".to_owned(), plan.seed.to_string()),
        ("dataset_blake3".to_owned(), source.blake3.clone()),
        ("train".to_owned(), serde_json::to_string(plan.train).expect("a config is JSON")),
        ("model".to_owned(), serde_json::to_string(plan.model).expect("a config is JSON")),
    ]);
    write_history(&output_folder.join(HISTORY), &state.history, &metadata)
}

fn summary(
    plan: Plan,
    model: &AutoEncoder,
    engine: &Engine,
    state: &State,
    test: Metrics,
    resumed_after: Option<u32>,
) -> TrainSummary {
    let Parameters { trainable, non_trainable } = ModelSummary::new(&model.blueprint).parameters;
    let last = state.history.last();
    let mut speeds = state.speeds.clone();
    speeds.sort_by(f64::total_cmp);
    TrainSummary {
        architecture: plan.model.architecture.name().to_owned(),
        parameters: Parameters { trainable, non_trainable },
        epochs: state.epoch(),
        stopped_early: state.stopped,
        train: last.map_or_else(Metrics::default, |row| row.train),
        validation: last.map_or_else(Metrics::default, |row| row.validation),
        test,
        learning_rate: last.map_or(0.0, |row| row.learning_rate),
        images_per_second: speeds.get(speeds.len() / 2).copied().unwrap_or(0.0),
        seconds: state.history.iter().map(|row| row.seconds).sum(),
        resumed_after,
        engine: engine.name(),
        device: device_name(model.device()),
    }
}
