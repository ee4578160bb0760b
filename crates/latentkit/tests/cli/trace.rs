//! `--trace`: when each part of the work ran.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Folder, POINTS, Running, repository, write_points};

/// The entries of a trace, which must be an array of objects.
fn entries(folder: &Folder, file: &str) -> Vec<Value> {
    serde_json::from_slice(&folder.read(file)).unwrap()
}

/// A span on the main thread, in microseconds since the start.
#[derive(Debug)]
struct Span {
    name: String,
    begin: f64,
    end: f64,
    arguments: Value,
}

/// The spans on the main thread, in the order of their beginnings.
fn main_spans(entries: &[Value]) -> Vec<Span> {
    let main = entries.iter().find(|entry| entry["name"] == "thread_name" && entry["args"]["name"] == "main");
    let main = &main.expect("the main thread has a name")["tid"];
    let mut spans: Vec<Span> = entries
        .iter()
        .filter(|entry| entry["ph"] == "X" && entry["tid"] == *main)
        .map(|entry| Span {
            name: entry["name"].as_str().unwrap().to_owned(),
            begin: entry["ts"].as_f64().unwrap(),
            end: entry["ts"].as_f64().unwrap() + entry["dur"].as_f64().unwrap(),
            arguments: entry["args"].clone(),
        })
        .collect();
    spans.sort_by(|a, b| a.begin.total_cmp(&b.begin));
    spans
}

/// The longest time without any of these spans from the first one's beginning to the last one's end, in seconds, and the
/// span before it.
fn longest_gap<'a>(spans: impl Iterator<Item = &'a Span>) -> (f64, &'a str) {
    let (mut end, mut before, mut longest) = (f64::INFINITY, "", (0.0, ""));
    for span in spans {
        if span.begin - end > longest.0 {
            longest = (span.begin - end, before);
        }
        if before.is_empty() || span.end > end {
            (end, before) = (span.end, &span.name);
        }
    }
    (longest.0 / 1e6, longest.1)
}

#[test]
fn every_half_second_of_a_run_has_a_name() {
    let folder = Folder::new();
    let smoke = repository().join("configs/smoke.toml").display().to_string();
    folder.run(&["run", &smoke, "--trace", "trace.json"]).ok();
    let entries = entries(&folder, "trace.json");
    let names: BTreeSet<&str> = entries.iter().filter_map(|entry| entry["name"].as_str()).collect();
    for name in [
        "stage",
        "freshness",
        "identity",
        "assess",
        "work",
        "commit",
        "reading",
        "writing",
        "clustering",
        "fit",
        "silhouettes",
        "figures",
        "gap",
        "stability",
        "diagnosis",
        "projection",
        "neighbours",
        "preservation",
        "drawing",
        "chart",
        "report",
    ] {
        assert!(names.contains(name), "no span `{name}` in {names:?}");
    }
    let spans = main_spans(&entries);
    let stages = spans.iter().filter(|span| span.name == "stage");
    let stages: Vec<_> = stages.map(|span| span.arguments["name"].as_str().unwrap()).collect();
    assert_eq!(stages, ["ingest", "train", "export", "cluster", "decode", "plot"]);
    // What holds all of a stage, or all epochs, says nothing about where its time goes.
    let whole = |span: &Span| ["stage", "work", "training"].contains(&span.name.as_str());
    let parts = spans.iter().filter(|span| !whole(span));
    let (gap, before) = longest_gap(parts);
    assert!(gap < 0.5, "{gap} s without a name after `{before}`");
    // The events within them.
    assert!(entries.iter().any(|entry| entry["ph"] == "i" && entry["args"]["event"] == "clustered"));
}

#[test]
fn a_trace_of_a_failed_run_is_whole() {
    let folder = Folder::new();
    let config = folder.config(&POINTS.replace("to = 5", "to = 80"));
    write_points(&folder, "points.parquet", |_| {});
    folder.run(&["cluster", config, "--latents", "points.parquet", "--trace", "trace.json"]).failed(3);
    let spans = main_spans(&entries(&folder, "trace.json"));
    assert!(spans.iter().any(|span| span.name == "stage"), "{spans:?}");
}

#[test]
fn a_trace_of_an_interrupted_run_is_whole() {
    let folder = Folder::new();
    let smoke = repository().join("configs/smoke.toml").display().to_string();
    let mut running = Running::start(folder.command(&["run", &smoke, "--trace", "trace.json"]));
    running.wait_for("train: first run");
    running.send("INT");
    running.end().failed_after_results(130);
    let spans = main_spans(&entries(&folder, "trace.json"));
    assert!(spans.iter().any(|span| span.arguments["name"] == "train"), "{spans:?}");
}

#[test]
fn a_trace_that_cannot_be_written_is_told_before_the_work() {
    let folder = Folder::new();
    let smoke = repository().join("configs/smoke.toml").display().to_string();
    let error = folder.run(&["ingest", &smoke, "--trace", "none/trace.json"]).failed(1);
    assert!(error.contains("none/trace.json"), "{error}");
    assert!(!folder.exists("artifacts"));
}
