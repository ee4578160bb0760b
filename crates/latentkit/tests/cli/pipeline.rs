//! The pipeline from end to end on the bundled digits.

use crate::snapshot;
use std::path::Path;

use crate::support::{Folder, Ran, Running, repository};

fn smoke() -> String {
    repository().join("configs/smoke.toml").display().to_string()
}

const OUTPUTS: [&str; 16] = [
    "ingest/dataset.parquet",
    "train/model.safetensors",
    "train/history.parquet",
    "export/latents.parquet",
    "export/reconstructions.parquet",
    "cluster/sweep.parquet",
    "cluster/assignments.parquet",
    "cluster/centroids.parquet",
    "cluster/clusters.parquet",
    "cluster/examples.parquet",
    "cluster/projection.parquet",
    "cluster/contingency.parquet",
    "cluster/label_pairs.parquet",
    "cluster/neighbours.parquet",
    "decode/centroid_images.parquet",
    "plot/report.html",
];

#[test]
fn run_then_skip_then_only_what_changed() {
    let (folder, smoke) = (Folder::new(), smoke());
    let first = folder.run(&["run", &smoke]).ok();
    assert_eq!(first.stdout.matches(" ran ").count(), 6, "{}", first.stdout);
    assert!(first.stdout.ends_with("report: artifacts/smoke/plot/report.html\n"), "{}", first.stdout);
    assert!(first.stderr.contains("epoch 1/1  train"), "one line an epoch: {}", first.stderr);
    for output in OUTPUTS {
        assert!(folder.exists(&format!("artifacts/smoke/{output}")), "{output}");
    }
    for chart in ["training_curves", "reconstructions", "silhouette", "clusters_stacked", "clusters_grouped"]
    {
        for format in ["png", "svg"] {
            assert!(folder.exists(&format!("artifacts/smoke/plot/{chart}.{format}")), "{chart}.{format}");
        }
    }

    let again = folder.run(&["run", &smoke]).ok();
    assert_eq!(again.stdout.matches(" skipped ").count(), 6, "{}", again.stdout);
    assert_eq!(again.stderr, "");
    folder.run(&["status", &smoke, "--check"]).ok();

    // Another k touches neither the images nor the weights.
    let dry = folder.run(&["run", &smoke, "--set", "cluster.restarts=3", "--dry-run"]).ok();
    snapshot!("dry_run", dry.stdout);
    let stale = folder.run(&["status", &smoke, "--set", "cluster.restarts=3", "--check"]);
    assert_eq!(stale.code, 5, "{}", stale.stdout);
    snapshot!("status_stale", stale.stdout);
    let changed = folder.run(&["run", &smoke, "--set", "cluster.restarts=3"]).ok();
    assert_eq!(changed.stdout.matches(" skipped ").count(), 3, "{}", changed.stdout);
    assert!(changed.stdout.contains("(restarts 2 -> 3)"), "{}", changed.stdout);

    let warned = folder.run(&["export", &smoke, "--set", "train.epochs=7"]).ok();
    assert!(
        warned.stderr.contains("`train` is stale (epochs 1 -> 7), and its old files are used"),
        "{}",
        warned.stderr
    );

    // Somebody edits a table.
    fs_err::write(folder.path().join("artifacts/smoke/cluster/contingency.parquet"), "x").unwrap();
    let edited = folder.run(&["cluster", &smoke, "--set", "cluster.restarts=3"]).ok();
    assert!(edited.stdout.contains("`contingency.parquet` was changed by someone else"), "{}", edited.stdout);

    let json = folder.run(&["run", &smoke, "--from", "cluster", "--json", "--force"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["stages"].as_array().unwrap().len(), 3);
    assert_eq!(json["stages"][0]["summary"]["points"], 10_000);
    let neighbours = &json["stages"][0]["summary"]["neighbours"];
    assert_eq!((&neighbours["label_sample"], &neighbours["image_sample"]), (&10_000.into(), &2000.into()));
    for figure in neighbours["figures"].as_array().unwrap() {
        assert!(figure["labels"]["share"].as_f64().unwrap() > 0.2, "{figure}");
        assert!(figure["images"]["trustworthiness"].as_f64().unwrap() > 0.6, "{figure}");
    }
    assert_eq!(json["report"], "artifacts/smoke/plot/report.html");
    let report = String::from_utf8(folder.read("artifacts/smoke/plot/report.html")).unwrap();
    assert!(report.contains("<h2>Neighbours</h2>"));

    // Other images than those that the latents are of.
    folder.run(&["ingest", &smoke, "--set", "dataset.validation=0.5"]).ok();
    let json = folder.run(&["cluster", &smoke, "--json"]).ok();
    assert!(json.stderr.contains("`export` is stale"), "{}", json.stderr);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let stage = &json["stages"][0];
    assert!(
        stage["reasons"].to_string().contains("`ingest/dataset.parquet` is no longer an input"),
        "{stage}"
    );
    assert_eq!(stage["summary"]["neighbours"]["image_sample"], 0);
}

/// Every file of the stages, sorted, but for those that hold times.
fn outputs(folder: &Folder) -> Vec<String> {
    fn add(folder: &Path, prefix: &str, files: &mut Vec<String>) {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                add(&path, &format!("{name}/"), files);
            } else if !["manifest.json", "log.txt", "timings.json"].iter().any(|timed| name.ends_with(timed))
            {
                files.push(name);
            }
        }
    }
    let mut files = Vec::new();
    for stage in ["ingest", "train", "export", "cluster", "decode", "plot"] {
        add(&folder.path().join("artifacts/smoke").join(stage), &format!("{stage}/"), &mut files);
    }
    files.sort();
    files
}

#[test]
fn stages_one_by_one_interrupted_and_with_other_threads_give_the_same_bytes_as_one_run() {
    let (whole, parts) = (Folder::new(), Folder::new());
    let epochs = [("epochs = 1", "epochs = 4")];
    let config = whole.small_with(&epochs);
    parts.small_with(&epochs);
    let with = |command: &'static str| [command, config];
    whole.run(&with("run")).ok();

    parts.run(&with("ingest")).ok();
    let mut stopped = Running::start(parts.command_with(&with("train"), 2));
    stopped.wait_for("epoch 1/4");
    stopped.send("INT");
    let stderr = stopped.end().failed(130);
    let place = stderr.split_once("run the same command again to resume after ").expect(&stderr).1.trim();
    assert!(place.starts_with("epoch "), "{place}");
    assert!(!parts.exists("artifacts/smoke/train"), "a stage that did not end does not appear");
    let resumed = parts.run(&with("train")).ok();
    assert!(
        resumed.stderr.contains(&format!("resuming from the checkpoint after {place}\n")),
        "{}",
        resumed.stderr
    );
    let log = String::from_utf8(parts.read("artifacts/smoke/train/log.txt")).unwrap();
    assert_eq!(log.matches("info    latentkit ").count(), 2, "one log of both processes: {log}");
    assert!(
        log.contains("error   interrupted") && log.contains("resuming from the checkpoint after"),
        "{log}"
    );
    for command in ["export", "cluster", "decode", "plot"] {
        Ran::from(parts.command_with(&with(command), 3).output().unwrap()).ok();
    }
    let files = outputs(&whole);
    assert_eq!(files, outputs(&parts));
    assert!(OUTPUTS.iter().all(|output| files.iter().any(|file| file == output)), "{files:?}");
    for output in files {
        let path = format!("artifacts/smoke/{output}");
        assert!(whole.read(&path) == parts.read(&path), "{output} differs");
    }
}
