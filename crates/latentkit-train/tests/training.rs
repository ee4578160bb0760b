//! Training on a few images: determinism, resuming, divergence.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use latentkit_core::config::{ModelConfig, TrainConfig};
use latentkit_core::summary::TrainSummary;
use latentkit_core::{ErrorKind, Event, Observer, Result};
use latentkit_table::{Dataset, Metadata, Split, read_history, write_dataset};
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
        height: 28,
        width: 28,
        label_names: vec!["bar".into()],
        splits: (0..30).map(split).collect(),
        labels: vec![0; 30],
        images,
    };
    write_dataset(path, &dataset, &Metadata::new()).unwrap();
}

fn train(folder: &Path, config: &str, observer: Observer) -> Result<TrainSummary> {
    // In every test, since it is of the process: with another number libtorch would round otherwise.
    tch::set_num_threads(1);
    let dataset = folder.join("dataset.parquet");
    write_images(&dataset);
    let model: ModelConfig = serde_json::from_str(r#"{ "architecture": "reference" }"#).unwrap();
    let train: TrainConfig = serde_json::from_str(config).unwrap();
    run(Plan { model: &model, train: &train, seed: 1 }, &dataset, folder, observer)
}

const CONFIG: &str =
    r#"{ "device": "cpu", "epochs": 4, "batch-size": 8, "schedule": { "kind": "one-cycle" } }"#;

fn weights(folder: &Path) -> Vec<u8> {
    fs_err::read(folder.join("model.safetensors")).unwrap()
}

#[test]
fn a_resumed_training_gives_the_same_weights() {
    for engine in ["native", "libtorch"] {
        resumed_training_gives_the_same_weights(engine);
    }
}

fn resumed_training_gives_the_same_weights(engine: &str) {
    let config = &CONFIG.replace("\"epochs\"", &format!("\"engine\": \"{engine}\", \"epochs\""));
    let whole = tempfile::tempdir().unwrap();
    let summary = train(whole.path(), config, Observer::silent()).unwrap();
    assert!(summary.engine.starts_with(engine), "{}", summary.engine);
    assert_eq!((summary.epochs, summary.resumed_after, summary.parameters.total()), (4, None, 77_522));
    let history = read_history(&whole.path().join("history.parquet")).unwrap();
    assert_eq!(history.iter().map(|row| row.step).collect::<Vec<_>>(), [3, 6, 9, 12]);
    assert!(history.iter().all(|row| row.train.bce.is_finite() && row.validation.mse > 0.0));

    // The user stops training in the middle of epoch 3, then starts it again.
    let parts = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    let sink = |event: Event| {
        if matches!(event, Event::Step { epoch: 3, images: 16, .. }) {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let error = train(parts.path(), config, Observer::new(&sink, &stop)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(!parts.path().join("model.safetensors").exists());
    let summary = train(parts.path(), config, Observer::silent()).unwrap();
    assert_eq!((summary.epochs, summary.resumed_after), (4, Some(2)));
    assert_eq!(weights(parts.path()), weights(whole.path()));
    let resumed = read_history(&parts.path().join("history.parquet")).unwrap();
    for (a, b) in history.iter().zip(&resumed) {
        assert_eq!(
            (a.train, a.validation, a.learning_rate.to_bits()),
            (b.train, b.validation, b.learning_rate.to_bits())
        );
    }
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let whole = tempfile::tempdir().unwrap();
    train(whole.path(), CONFIG, Observer::silent()).unwrap();
    let damaged = tempfile::tempdir().unwrap();
    train(damaged.path(), CONFIG, Observer::silent()).unwrap();
    fs_err::remove_file(damaged.path().join("model.safetensors")).unwrap();
    let newest = damaged.path().join("checkpoints/epoch-0000004.safetensors");
    let mut bytes = fs_err::read(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs_err::write(&newest, bytes).unwrap();
    let summary = train(damaged.path(), CONFIG, Observer::silent()).unwrap();
    assert_eq!(summary.resumed_after, Some(3));
    assert_eq!(weights(damaged.path()), weights(whole.path()));
}

#[test]
fn only_the_last_checkpoints_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path(), CONFIG, Observer::silent()).unwrap();
    let mut names: Vec<_> = fs_err::read_dir(folder.path().join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "epoch-0000003.json",
        "epoch-0000003.safetensors",
        "epoch-0000004.json",
        "epoch-0000004.safetensors",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_diverging_training_stops_and_names_the_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    // The peak of the cycle comes late, so that the first epochs are still good.
    let config = r#"{ "device": "cpu", "epochs": 8, "batch-size": 8, "checkpoint-every": 2,
        "optimizer": { "learning-rate": 1e38 },
        "schedule": { "kind": "one-cycle", "warm-up": 0.9, "start-divisor": 1e41 } }"#;
    let error = train(folder.path(), config, Observer::silent()).unwrap_err();
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
    let summary = train(folder.path(), config, Observer::silent()).unwrap();
    assert_eq!((summary.epochs, summary.stopped_early), (3, true));
}

#[test]
fn a_cuda_device_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = train(folder.path(), r#"{ "device": "cuda:99" }"#, Observer::silent()).unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("train.device")));
    assert!(error.to_string().contains("no CUDA device 99"), "{error}");
}
