//! The schedule and the stopping rule against the reference's own record: its training losses must give its learning
//! rates epoch by epoch, and its last epochs.

use latentkit_train::config::{EarlyStopping, Schedule};
use latentkit_train::{ScheduleState, StoppingState};

/// Training loss and learning rate of each epoch of a dataset.
fn record(dataset: &str) -> Vec<(f64, f64)> {
    let mut lines = include_str!("fixtures/reference_history.csv").lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (loss, rate) = (column("train_bce"), column("learning_rate"));
    lines
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|fields| fields[0] == dataset)
        .map(|fields| (fields[loss].parse().unwrap(), fields[rate].parse().unwrap()))
        .collect()
}

#[track_caller]
fn assert_follows(dataset: &str, epochs: usize) {
    let schedule: Schedule = serde_json::from_str(
        r#"{ "kind": "reduce-on-plateau", "factor": 0.5, "patience": 3, "min-delta": 0.01, "min-learning-rate": 1e-7 }"#,
    )
    .unwrap();
    let rule: EarlyStopping = serde_json::from_str(r#"{ "patience": 10, "min-delta": 0.01 }"#).unwrap();
    let record = record(dataset);
    assert_eq!(record.len(), epochs);
    let (mut state, mut stopping) = (ScheduleState::new(1e-3), StoppingState::default());
    for (index, (loss, expected)) in record.into_iter().enumerate() {
        let rate = state.rate(&schedule, 0, 1);
        assert!((rate / expected - 1.0).abs() < 1e-3, "epoch {}: {rate} is not {expected}", index + 1);
        state = state.after_epoch(&schedule, loss);
        let (next, stops) = stopping.after_epoch(&rule, loss);
        stopping = next;
        assert_eq!(stops, index + 1 == epochs, "epoch {}", index + 1);
    }
}

#[test]
fn mnist_stops_after_epoch_23() {
    assert_follows("mnist", 23);
}

#[test]
fn fashion_mnist_stops_after_epoch_27() {
    assert_follows("fashion-mnist", 27);
}

#[test]
fn cooldown_and_floor() {
    let schedule: Schedule = serde_json::from_str(
        r#"{ "kind": "reduce-on-plateau", "factor": 0.1, "patience": 1, "min-delta": 0, "cooldown": 2, "min-learning-rate": 0.05 }"#,
    )
    .unwrap();
    let mut state = ScheduleState::new(1.0);
    let mut rates = Vec::new();
    for _ in 0..8 {
        rates.push(state.rate(&schedule, 0, 1));
        state = state.after_epoch(&schedule, 1.0);
    }
    // The first epoch sets the best; each fall is followed by one epoch that only ends the cooldown.
    assert_eq!(rates, [1.0, 1.0, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]);
}
