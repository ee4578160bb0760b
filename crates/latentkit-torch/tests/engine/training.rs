//! Training with libtorch: resuming, and going on with the other engine.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use latentkit_core::capture::{self, Reported};
use latentkit_core::summary::TrainSummary;
use latentkit_core::{Cancellation, ErrorKind, ImageShape, Result};
use latentkit_model::config::ModelConfig;
use latentkit_table::{Dataset, Labels, Metadata, Split, write_dataset};
use latentkit_train::config::TrainConfig;
use latentkit_train::{Plan, run};

use crate::support::ENGINES;

/// 30 images with a bright bar each.
fn write_images(path: &Path) {
    let mut images = vec![0_u8; 30 * 784];
    for (id, image) in images.chunks_exact_mut(784).enumerate() {
        image[id * 20..id * 20 + 150].fill(200);
    }
    let split = |id| match id {
        0..20 => Split::Train,
        20..25 => Split::Validation,
        _ => Split::Test,
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

fn train(folder: &Path, engine: &str, cancel: Cancellation) -> Result<TrainSummary> {
    let dataset = folder.join("dataset.parquet");
    write_images(&dataset);
    let model: ModelConfig = serde_json::from_str(r#"{ "architecture": "reference" }"#).unwrap();
    let train = serde_json::json!({
        "device": "cpu", "engine": engine, "epochs": 4, "batch-size": 8, "schedule": { "kind": "one-cycle" },
    });
    let train: TrainConfig = serde_json::from_value(train).unwrap();
    run(Plan { model: &model, train: &train, seed: 1 }, &dataset, folder, ENGINES, cancel)
}

/// Trains until `steps` more steps are done, and stops as a user does; true when it ended before.
fn train_steps(folder: &Path, engine: &str, steps: usize) -> bool {
    let stop = Arc::new(AtomicBool::new(false));
    let (mut done, stopper) = (0, Arc::clone(&stop));
    let sink = move |event: Reported| {
        if event.fields.get("event").is_some_and(|kind| kind == "step") {
            done += 1;
            stopper.store(done >= steps, Ordering::Relaxed);
        }
    };
    match capture::observe(sink, || train(folder, engine, Cancellation::new(&stop))) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
            false
        }
    }
}

fn weights(folder: &Path) -> Vec<u8> {
    fs_err::read(folder.join("model.safetensors")).unwrap()
}

#[test]
fn a_training_of_libtorch_that_is_stopped_gives_the_same_bytes() {
    let whole = tempfile::tempdir().unwrap();
    let summary = train(whole.path(), "libtorch", Cancellation::never()).unwrap();
    assert_eq!((summary.engine.as_str(), summary.epochs), ("libtorch", 4));
    let parts = tempfile::tempdir().unwrap();
    while !train_steps(parts.path(), "libtorch", 5) {}
    assert!(weights(parts.path()) == weights(whole.path()), "the weights differ");
}

#[test]
fn a_training_resumes_with_the_other_engine() {
    let whole = tempfile::tempdir().unwrap();
    let expected = train(whole.path(), "libtorch", Cancellation::never()).unwrap().test;
    for engines in [["native", "libtorch"], ["libtorch", "native"]] {
        let folder = tempfile::tempdir().unwrap();
        assert!(!train_steps(folder.path(), engines[0], 7));
        let (summary, events) = capture::events(|| train(folder.path(), engines[1], Cancellation::never()));
        let summary = summary.unwrap();
        assert!(summary.engine.starts_with(engines[1]), "{}", summary.engine);
        assert_eq!((summary.resumed_after, summary.resumed_step, summary.epochs), (Some(2), 1, 4));
        assert_eq!(capture::texts(capture::Level::WARN, &events), [""; 0]);
        // The engines round otherwise, and twelve steps let that grow; without the moments the loss would be another.
        let relative = (summary.test.bce / expected.bce - 1.0).abs();
        assert!(relative < 3e-3, "{relative:e}");
    }
}
