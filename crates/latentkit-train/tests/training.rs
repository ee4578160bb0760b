//! Training on a few images: determinism, resuming, divergence.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use latentkit_core::capture::{self, Level, Reported};
use latentkit_core::hash::{self, FileRecord};
use latentkit_core::summary::TrainSummary;
use latentkit_core::{Cancellation, ErrorKind, ImageShape, Result};
use latentkit_model::Engines;
use latentkit_model::config::ModelConfig;
use latentkit_table::{Dataset, HistoryRow, Labels, Metadata, Split, read_history, write_dataset};
use latentkit_train::config::TrainConfig;
use latentkit_train::{Plan, run};

/// 30 images with a bright bar each; the last batch of an epoch holds only 4 of the 20 training images.
fn write_images(path: &Path) {
    let mut images = vec![0_u8; 30 * 784];
    for (id, image) in images.chunks_exact_mut(784).enumerate() {
        image[id * 20..id * 20 + 150].fill(200);
    }
    let split = |id| {
        if id < 20 {
            Split::Train
        } else if id < 25 {
            Split::Validation
        } else {
            Split::Test
        }
    };
    let dataset = Dataset {
        shape: ImageShape::grey(28, 28),
        splits: (0..30).map(split).collect(),
        labels: Labels::complete(std::iter::repeat_n(0, 30), vec!["bar".into()]),
        paths: None,
        images,
    };
    write_dataset(path, &dataset, &Metadata::new(), Cancellation::never()).unwrap();
}

fn train(folder: &Path, config: &str, cancel: Cancellation) -> Result<TrainSummary> {
    let dataset = folder.join("dataset.parquet");
    write_images(&dataset);
    let model: ModelConfig = serde_json::from_str(r#"{ "architecture": "reference" }"#).unwrap();
    let train: TrainConfig = serde_json::from_str(config).unwrap();
    run(Plan { model: &model, train: &train, seed: 1 }, &dataset, folder, Engines::default(), cancel)
}

const CONFIG: &str =
    r#"{ "device": "cpu", "epochs": 4, "batch-size": 8, "schedule": { "kind": "one-cycle" } }"#;

/// Its learning rate falls after epoch 2, and it stops after epoch 3.
const STOPPING: &str = r#"{ "device": "cpu", "epochs": 9, "batch-size": 8, "loss": "mse",
    "schedule": { "kind": "reduce-on-plateau", "patience": 1, "min-delta": 100, "factor": 0.1 },
    "early-stopping": { "patience": 2, "min-delta": 100 } }"#;

fn with(config: &str, key: &str, value: &str) -> String {
    config.replace("\"device\"", &format!("\"{key}\": {value}, \"device\""))
}

/// Trains until `steps` more steps are done, and stops as a user does. What the error says, or the summary when it ended
/// before.
fn train_steps(folder: &Path, config: &str, steps: usize) -> std::result::Result<TrainSummary, String> {
    let stop = Arc::new(AtomicBool::new(false));
    let (mut done, stopper) = (0, Arc::clone(&stop));
    let sink = move |event: Reported| {
        if event.fields.get("event").is_some_and(|kind| kind == "step") {
            done += 1;
            stopper.store(done >= steps, Ordering::Relaxed);
        }
    };
    capture::observe(sink, || train(folder, config, Cancellation::new(&stop))).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert!(!folder.join("model.safetensors").exists());
        error.to_string()
    })
}

/// Trains to the end, and returns the warnings and messages as well.
fn train_and_listen(folder: &Path, config: &str) -> (TrainSummary, Vec<String>, Vec<String>) {
    let (summary, events) = capture::events(|| train(folder, config, Cancellation::never()));
    let texts = |level| capture::texts(level, &events).into_iter().map(str::to_owned).collect();
    (summary.unwrap(), texts(Level::WARN), texts(Level::INFO))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder.join("checkpoints")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Fails unless two trainings left the same bytes: weights, history, and the last checkpoint.
#[track_caller]
fn assert_same(a: &Path, b: &Path) {
    let read = |folder: &Path, name: &str| fs_err::read(folder.join(name)).unwrap();
    assert_eq!(names(a), names(b));
    let checkpoints = names(a).into_iter().map(|name| format!("checkpoints/{name}"));
    for name in checkpoints.chain(["model.safetensors", "history.parquet"].map(str::to_owned)) {
        assert!(read(a, &name) == read(b, &name), "{name} differs");
    }
}

#[test]
fn a_training_that_is_stopped_anywhere_gives_the_same_bytes() {
    for config in [CONFIG, STOPPING] {
        let whole = tempfile::tempdir().unwrap();
        let summary = train(whole.path(), config, Cancellation::never()).unwrap();
        assert!(summary.engine.starts_with("native ("), "{}", summary.engine);
        assert_eq!((summary.resumed_after, summary.resumed_step), (None, 0));
        assert_eq!(summary.parameters.total(), 77_522);
        let history = read_history(&whole.path().join("history.parquet")).unwrap();
        let steps: Vec<u32> = history.iter().map(|row| row.step).collect();
        assert_eq!(steps, (1..=summary.epochs).map(|epoch| 3 * epoch).collect::<Vec<_>>());
        assert!(history.iter().all(|row| row.train.bce.is_finite() && row.validation.mse > 0.0));

        // Once, in the middle of an epoch, between its last step and its validation, and between the last
        // epoch and the test.
        for (stop, place) in [
            (1, "epoch 1, step 1 of 3"),
            (5, "epoch 2, step 2 of 3"),
            (6, "epoch 2, step 3 of 3"),
            (3 * summary.epochs, &format!("epoch {}, step 3 of 3", summary.epochs)),
        ] {
            let parts = tempfile::tempdir().unwrap();
            let error = train_steps(parts.path(), config, stop as usize).unwrap_err();
            assert!(
                error.contains(&format!("hint: run the same command again to resume after {place}")),
                "{error}"
            );
            let (resumed, warnings, messages) = train_and_listen(parts.path(), config);
            assert_eq!(warnings, [""; 0]);
            assert!(
                messages.contains(&format!("resuming from the checkpoint after {place}")),
                "{messages:?}"
            );
            let steps_of_epoch = (stop - 1) % 3 + 1;
            assert_eq!(resumed.resumed_after.unwrap() * 3 + steps_of_epoch, stop);
            assert_eq!((resumed.epochs, resumed.resumed_step), (summary.epochs, steps_of_epoch));
            assert_same(parts.path(), whole.path());
        }
        // After every single step.
        let parts = tempfile::tempdir().unwrap();
        let mut stops = 0;
        while train_steps(parts.path(), config, 1).is_err() {
            stops += 1;
        }
        assert_eq!(stops, 3 * summary.epochs);
        assert_same(parts.path(), whole.path());
    }
}

#[test]
fn stopping_before_a_step_leaves_what_there_was() {
    let folder = tempfile::tempdir().unwrap();
    let now = AtomicBool::new(true);
    let stop = |folder: &Path| train(folder, CONFIG, Cancellation::new(&now)).unwrap_err().to_string();
    assert!(stop(folder.path()).contains("no step was done"), "{}", stop(folder.path()));
    assert!(!folder.path().join("checkpoints").exists());
    train_steps(folder.path(), CONFIG, 4).unwrap_err();
    let before = names(folder.path());
    assert!(stop(folder.path()).contains("earlier checkpoints are kept"), "{}", stop(folder.path()));
    assert_eq!(names(folder.path()), before);
}

#[test]
fn checkpoints_come_as_often_as_asked_and_change_no_byte() {
    let whole = tempfile::tempdir().unwrap();
    train(whole.path(), CONFIG, Cancellation::never()).unwrap();
    for (every, after_step_5) in [
        ("1", &["epoch-0000001"][..]),
        ("{ \"epochs\": 2 }", &[]),
        ("{ \"steps\": 1 }", &["epoch-0000001", "epoch-0000002-step-0000001"]),
        ("{ \"steps\": 2 }", &["epoch-0000001-step-0000002", "epoch-0000002-step-0000001"]),
        ("{ \"seconds\": 1e-9 }", &["epoch-0000001", "epoch-0000002-step-0000001"]),
        ("{ \"seconds\": 1e9 }", &[]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (sender, found) = std::sync::mpsc::channel();
        let path = folder.path().to_owned();
        let sink = move |Reported { fields, .. }: Reported| {
            let step = |key, value| fields.get(key).is_some_and(|found| *found == value);
            if step("epoch", 2) && step("images", 16) && path.join("checkpoints").exists() {
                sender.send(names(&path)).unwrap();
            }
        };
        let config = with(CONFIG, "checkpoint-every", every);
        capture::observe(sink, || train(folder.path(), &config, Cancellation::never())).unwrap();
        let found = found.try_iter().last().unwrap_or_default();
        let both = |name: &&str| [format!("{name}.json"), format!("{name}.safetensors")];
        assert_eq!(found, after_step_5.iter().flat_map(both).collect::<Vec<_>>(), "{every}");
        assert_same(folder.path(), whole.path());
    }
    assert_eq!(names(whole.path()), ["epoch-0000004.json", "epoch-0000004.safetensors"]);
}

/// The checkpoint of epoch 3, step 2 of a training that was stopped there; the one before it is of epoch 2.
const NEWEST: &str = "checkpoints/epoch-0000003-step-0000002";

/// The tensors and the record of a checkpoint.
fn files(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let path = folder.join(name);
    (path.with_extension("safetensors"), path.with_extension("json"))
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs_err::read(path).unwrap();
    change(&mut bytes);
    fs_err::write(path, bytes).unwrap();
}

/// Puts another text in the place of one that is in the file once.
fn replace(path: &Path, from: &str, to: &str) {
    edit(path, |bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from}");
        *bytes = text.replace(from, to).into_bytes();
    });
}

/// Replaces the tensors by others whose hash the record has.
fn forge(tensors: &Path, record: &Path) {
    latentkit_model::write_tensors(tensors, &[], &serde_json::json!({})).unwrap();
    let mut value: serde_json::Value = serde_json::from_slice(&fs_err::read(record).unwrap()).unwrap();
    let name = value["tensors"]["path"].as_str().unwrap().to_owned();
    value["tensors"] = serde_json::to_value(FileRecord::of(tensors, name).unwrap()).unwrap();
    value.as_object_mut().unwrap().remove("blake3");
    value["blake3"] = hash::of_bytes(value.to_string().as_bytes()).into();
    fs_err::write(record, value.to_string()).unwrap();
}

/// What happens to the tensors and the record of a checkpoint.
type Damage = fn(&Path, &Path);

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_it_is_used() {
    let damages: [(&str, Damage); 13] = [
        ("not the ones that were written", |tensors, _| {
            edit(tensors, |bytes| bytes.truncate(bytes.len() / 2));
        }),
        ("not the ones that were written", |tensors, _| edit(tensors, Vec::clear)),
        ("not the ones that were written", |tensors, _| {
            edit(tensors, |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            });
        }),
        ("No such file", |tensors, _| fs_err::remove_file(tensors).unwrap()),
        ("it has no tensor", forge),
        ("its record cannot be read", |_, record| edit(record, |bytes| bytes.truncate(bytes.len() / 2))),
        ("its record cannot be read", |_, record| edit(record, Vec::clear)),
        ("its record is of another version", |_, record| edit(record, |bytes| *bytes = b"{}".to_vec())),
        ("its record is of another version", |_, record| edit(record, |bytes| *bytes = b"[1]".to_vec())),
        ("its record is of another version", |_, record| replace(record, "\"version\": 2", "\"version\": 1")),
        ("its record is not the one that was written", |_, record| {
            replace(record, "\"steps\": 2", "\"steps\": 1");
        }),
        ("its record is not the one that was written", |_, record| {
            edit(record, |bytes| {
                let sums = String::from_utf8(bytes.clone()).unwrap().find("\"sums\"").unwrap();
                let digit = (sums..bytes.len()).find(|&at| bytes[at].is_ascii_digit()).unwrap();
                bytes[digit] ^= 1;
            });
        }),
        ("No such file", |_, record| fs_err::remove_file(record).unwrap()),
    ];
    let whole = tempfile::tempdir().unwrap();
    train(whole.path(), CONFIG, Cancellation::never()).unwrap();
    let stopped = tempfile::tempdir().unwrap();
    train_steps(stopped.path(), CONFIG, 8).unwrap_err();
    assert_eq!(names(stopped.path()).len(), 4);
    let copy = || {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("checkpoints")).unwrap();
        for name in names(stopped.path()) {
            let name = format!("checkpoints/{name}");
            fs_err::copy(stopped.path().join(&name), folder.path().join(&name)).unwrap();
        }
        folder
    };
    for (number, (problem, damage)) in damages.into_iter().enumerate() {
        let folder = copy();
        let (tensors, record) = files(folder.path(), NEWEST);
        damage(&tensors, &record);
        // Stopped again at once, it leaves the damaged one no longer in the way.
        train_steps(folder.path(), CONFIG, 1).unwrap_err();
        assert!(!tensors.exists() && !record.exists(), "{number}");
        assert_eq!(names(folder.path()).len(), 4, "{number}");
        let folder = copy();
        let (tensors, record) = files(folder.path(), NEWEST);
        damage(&tensors, &record);
        let (summary, warnings, messages) = train_and_listen(folder.path(), CONFIG);
        let expected = format!("cannot use the checkpoint `{}`", record.display());
        assert_eq!(warnings.len(), 1, "{number}: {warnings:?}");
        assert!(
            warnings[0].starts_with(&expected) && warnings[0].contains(problem),
            "{number}: {warnings:?}"
        );
        assert!(messages.contains(&"resuming from the checkpoint after epoch 2".to_owned()), "{messages:?}");
        assert_eq!((summary.resumed_after, summary.resumed_step), (Some(2), 0), "{number}");
        assert_same(folder.path(), whole.path());

        // With none before it, it starts again, and says so.
        let folder = copy();
        let (tensors, record) = files(folder.path(), NEWEST);
        damage(&tensors, &record);
        let (tensors, record) = files(folder.path(), "checkpoints/epoch-0000002");
        edit(&tensors, |bytes| bytes[9] ^= 128);
        let (summary, warnings, _) = train_and_listen(folder.path(), CONFIG);
        assert_eq!(warnings.len(), 3, "{number}: {warnings:?}");
        assert!(warnings[1].contains(&*record.display().to_string()), "{warnings:?}");
        assert_eq!(warnings[2], "no checkpoint can be used: training starts again");
        assert_eq!(summary.resumed_after, None, "{number}");
        assert_same(folder.path(), whole.path());
    }
}

#[test]
fn what_has_diverged_takes_no_checkpoints_place() {
    let folder = tempfile::tempdir().unwrap();
    // The first step is still good, and the next one leaves no finite weight.
    let config = r#"{ "device": "cpu", "epochs": 8, "batch-size": 8, "checkpoint-every": { "steps": 1 },
        "optimizer": { "learning-rate": 1e300 },
        "schedule": { "kind": "one-cycle", "warm-up": 0.9, "start-divisor": 1e303 } }"#;
    let diverge = || {
        let (trained, events) = capture::events(|| train(folder.path(), config, Cancellation::never()));
        let error = trained.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        let warnings: Vec<_> = capture::texts(Level::WARN, &events).into_iter().map(str::to_owned).collect();
        (error.to_string(), warnings)
    };
    let (text, warnings) = diverge();
    let expected = "no checkpoint is written: the weights, moments or metrics are not finite";
    assert!(warnings.iter().all(|warning| warning == expected), "{warnings:?}");
    let named = text.split('`').find(|part| part.ends_with(".safetensors")).unwrap();
    assert!(Path::new(named).exists(), "{text}");
    // The checkpoints that there are can be used.
    assert_eq!(diverge(), (text, warnings));
}

#[test]
fn a_diverging_training_stops_and_names_the_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    // The first step is still good, and the next one leaves no finite weight.
    let config = r#"{ "device": "cpu", "epochs": 8, "batch-size": 8, "checkpoint-every": 2,
        "optimizer": { "learning-rate": 1e300 },
        "schedule": { "kind": "one-cycle", "warm-up": 0.9, "start-divisor": 1e303 } }"#;
    let error = train(folder.path(), config, Cancellation::never()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    let text = error.to_string();
    assert!(text.contains("training diverged in epoch") && text.contains("learning-rate"), "{text}");
    let named = text.split('`').find(|part| part.ends_with(".safetensors"));
    match named {
        Some(path) => assert!(Path::new(path).exists(), "{path}"),
        None => assert!(
            text.contains("there is no checkpoint yet") && !folder.path().join("checkpoints").exists()
        ),
    }
    assert!(!folder.path().join("model.safetensors").exists());
}

#[test]
fn early_stopping_keeps_the_last_weights() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{ "device": "cpu", "epochs": 50, "batch-size": 8,
        "early-stopping": { "patience": 2, "min-delta": 100 } }"#;
    let summary = train(folder.path(), config, Cancellation::never()).unwrap();
    assert_eq!((summary.epochs, summary.stopped_early), (3, true));
}

#[test]
fn a_device_that_takes_libtorch_is_an_error_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let error = train(folder.path(), r#"{ "device": "cuda:99" }"#, Cancellation::never()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("train.device is `cuda:99`"), "{error}");
}

#[test]
fn the_rules_look_at_the_loss_that_is_monitored() {
    let stop = |monitor: &str| {
        let folder = tempfile::tempdir().unwrap();
        let config = r#"{ "device": "cpu", "epochs": 40, "batch-size": 8,
            "early-stopping": { "patience": 1, "min-delta": 0 } }"#;
        let config = with(config, "monitor", &format!("\"{monitor}\""));
        let summary = train(folder.path(), &config, Cancellation::never()).unwrap();
        assert!(summary.stopped_early, "{monitor}");
        let history = read_history(&folder.path().join("history.parquet")).unwrap();
        assert_eq!(history.len(), summary.epochs as usize);
        let loss = |row: &HistoryRow| if monitor == "train" { row.train.bce } else { row.validation.bce };
        let losses: Vec<f64> = history.iter().map(loss).collect();
        let (last, before) = losses.split_last().unwrap();
        assert!(before.is_sorted_by(|a, b| a > b), "{monitor}: {losses:?}");
        assert!(last >= before.last().unwrap(), "{monitor}: {losses:?}");
        summary.epochs
    };
    assert_ne!(stop("train"), stop("validation"));
}
