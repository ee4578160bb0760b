//! `latentkit verify` and `latentkit reproduce`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::thread;
use std::time::Duration;

use latentkit_core::hash::FileRecord;
use latentkit_table::{Metadata, read_centroids, write_centroids};
use serde_json::{Value, json};

use crate::snapshot;
use crate::support::{Folder, POINTS, write_points};

/// A finished clustering of points from elsewhere.
fn clustered() -> (Folder, &'static str) {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    write_points(&folder, "points.parquet", |_| {});
    folder.run(&["cluster", config, "--latents", "points.parquet", "--quiet"]).ok();
    (folder, config)
}

/// The text without the spaces that align it.
fn one_space(text: &str) -> String {
    text.lines()
        .fold(String::new(), |all, line| all + &line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n")
}

/// What a run printed on stdout that found something.
#[track_caller]
fn disagrees(folder: &Folder, arguments: &[&str]) -> String {
    let ran = folder.run(arguments);
    assert_eq!(ran.code, 6, "stdout:\n{}\nstderr:\n{}", ran.stdout, ran.stderr);
    ran.stdout
}

fn change_manifest(folder: &Folder, stage: &str, change: impl Fn(&mut Value)) {
    let path = folder.path().join("artifacts/points").join(stage).join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    fs_err::write(path, manifest.to_string()).unwrap();
}

#[test]
fn a_whole_experiment_is_verified_and_then_reproduced_from_one_manifest() {
    let folder = Folder::new();
    let small = folder.small_with(&[("restarts = 2", "restarts = 2\nseeds = 1")]);
    folder.run(&["run", small, "--quiet"]).ok();

    let verified = folder.run(&["verify", small]).ok().stdout;
    assert_eq!(verified.matches("as recorded  ").count(), 6, "{verified}");
    assert!(verified.contains("everything is as recorded"), "{verified}");

    let rerun = folder.run(&["verify", small, "--rerun", "--json", "--quiet"]).ok().stdout;
    let rerun: Value = serde_json::from_str(&rerun).unwrap();
    for stage in rerun["stages"].as_array().unwrap() {
        for output in stage["rerun"]["outputs"].as_array().unwrap() {
            assert_eq!(output["verdict"], "identical", "{stage}");
        }
    }

    // Another folder has nothing but the manifest.
    let alone = Folder::new();
    fs_err::write(alone.path().join("plot.json"), folder.read("artifacts/smoke/plot/manifest.json")).unwrap();
    let reproduced = one_space(&alone.run(&["reproduce", "plot.json", "--quiet"]).ok().stdout);
    for line in [
        "ingest dataset.parquet identical\n",
        "train model.safetensors identical\n",
        "train history.parquet identical\n",
        "decode centroid_images.parquet identical\n",
        "plot training_curves.svg identical\n",
        "plot report.html identical\n",
        "agrees: `plot` of `smoke`, seed 42\n",
    ] {
        assert!(reproduced.contains(line), "{line}{reproduced}");
    }
    let left: Vec<_> = fs_err::read_dir(alone.path().join("artifacts")).unwrap().collect();
    assert!(left.is_empty(), "the temporary files are gone: {left:?}");
}

#[test]
fn what_is_as_recorded_is_said_to_be() {
    let (folder, config) = clustered();
    let verified = folder.run(&["verify", config]).ok();
    assert_eq!(verified.stderr, "");
    assert!(verified.stdout.starts_with("ingest   missing\n"), "{}", verified.stdout);
    let rerun = folder.run(&["verify", config, "--rerun", "--stage", "cluster", "--in", "again"]).ok();
    assert!(one_space(&rerun.stdout).contains("cluster assignments.parquet identical\n"), "{}", rerun.stdout);
    assert!(folder.exists("again/cluster/sweep.parquet"), "a folder that is named stays");
    let again = folder.run(&["verify", config, "--rerun", "--in", "again"]).failed(2);
    snapshot!("verify_folder_not_empty", again);
    let listed = fs_err::read_dir(folder.path().join("artifacts")).unwrap().count();
    assert_eq!(listed, 1, "nothing beside the experiment");
}

#[test]
fn what_someone_changed_is_named() {
    let (folder, config) = clustered();
    let table = folder.path().join("artifacts/points/cluster/sweep.parquet");
    let good = fs_err::read(&table).unwrap();
    fs_err::write(&table, "x").unwrap();
    fs_err::write(folder.path().join("artifacts/points/cluster/notes.txt"), "").unwrap();
    let verify = ["verify", config, "--stage", "cluster"];
    snapshot!("verify_changed", disagrees(&folder, &verify));
    fs_err::remove_file(&table).unwrap();
    snapshot!("verify_gone", disagrees(&folder, &verify));
    fs_err::write(&table, good).unwrap();
    folder.run(&verify).ok();

    // What was clustered.
    let points = folder.read("points.parquet");
    write_points(&folder, "points.parquet", |values| values[[0, 0]] += 1.0);
    let changed = disagrees(&folder, &verify);
    assert!(changed.contains("points.parquet`, which it read, was changed"), "{changed}");
    let rerun = folder.run(&["verify", config, "--rerun"]);
    assert_eq!(rerun.code, 6);
    assert!(rerun.stderr.contains("`cluster` is not run again"), "{}", rerun.stderr);
    fs_err::remove_file(folder.path().join("points.parquet")).unwrap();
    assert!(disagrees(&folder, &verify).contains("points.parquet"));
    fs_err::write(folder.path().join("points.parquet"), points).unwrap();

    // The manifest itself.
    let manifest = folder.read("artifacts/points/cluster/manifest.json");
    change_manifest(&folder, "cluster", |manifest| manifest["config"]["cluster"]["restarts"] = json!(1));
    snapshot!("verify_manifest_changed", disagrees(&folder, &verify));
    fs_err::write(folder.path().join("artifacts/points/cluster/manifest.json"), "{}").unwrap();
    assert!(disagrees(&folder, &verify).contains("cannot read the manifest"));
    fs_err::write(folder.path().join("artifacts/points/cluster/manifest.json"), manifest).unwrap();
    folder.run(&verify).ok();
}

#[test]
fn a_stage_that_read_other_files_than_there_are_is_named() {
    let (folder, config) = clustered();
    folder.run(&["plot", config, "--quiet", "--set=plot.formats=[\"svg\"]"]).ok();
    let again = ["cluster", config, "--latents", "points.parquet", "--quiet", "--set=cluster.restarts=1"];
    folder.run(&again).ok();
    let verified = disagrees(&folder, &["verify", config]);
    assert!(
        verified.contains("plot     differs      `cluster/manifest.json`, which it read, was changed"),
        "{verified}"
    );
    fs_err::remove_dir_all(folder.path().join("artifacts/points/cluster")).unwrap();
    let verified = disagrees(&folder, &["verify", config]);
    assert!(
        verified
            .contains("`cluster/sweep.parquet`, which it read, is not recorded: `cluster` has no manifest"),
        "{verified}"
    );
    snapshot!("verify_stage_missing", folder.run(&["verify", config, "--stage", "cluster"]).failed(4));
}

#[test]
fn status_need_not_read_what_has_not_changed_and_verify_always_does() {
    let folder = Folder::new();
    let config = folder.config("name = \"trial\"\n\n[dataset]\nsource = \"sample\"\n");
    folder.run(&["ingest", config, "--quiet"]).ok();
    // A file that has just been written could change again without another time.
    thread::sleep(Duration::from_millis(2100));
    let state = || {
        let status = folder.run(&["status", config, "--json"]).ok().stdout;
        let status: Value = serde_json::from_str(&status).unwrap();
        status["stages"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "fresh");
    let cache = folder.path().join("artifacts/trial/.hashes");
    let text = fs_err::read_to_string(&cache).unwrap();
    assert!(text.contains("ingest/dataset.parquet"), "{text}");
    assert!(!folder.run(&["clean", config, "--dry-run"]).ok().stdout.contains("left"));

    // A byte flips, and the time of the last change of the content is set back.
    let table = folder.path().join("artifacts/trial/ingest/dataset.parquet");
    let before = fs_err::metadata(&table).unwrap();
    let mut bytes = fs_err::read(&table).unwrap();
    bytes[5000] ^= 1;
    let mut file = fs_err::OpenOptions::new().write(true).open(&table).unwrap();
    file.write_all(&bytes).unwrap();
    file.file().set_modified(before.modified().unwrap()).unwrap();
    drop(file);
    assert_eq!(fs_err::metadata(&table).unwrap().modified().unwrap(), before.modified().unwrap());
    assert_eq!(state(), "stale");
    assert!(disagrees(&folder, &["verify", config]).contains("`dataset.parquet` was changed"));

    // A cache that claims to have read the file as it is now: `status` believes it, `verify` does not ask it.
    let changed =
        |about: &fs::Metadata| format!("\"changed\":{}", about.ctime() * 1_000_000_000 + about.ctime_nsec());
    let now = fs_err::metadata(&table).unwrap();
    let entries = text.split_once("\"files\":").unwrap().1.rsplit_once(",\"blake3\":").unwrap().0;
    let lie = entries.replace(&changed(&before), &changed(&now));
    let blake3 = latentkit_core::hash::of_bytes(lie.as_bytes());
    fs_err::write(&cache, format!("{{\"version\":1,\"files\":{lie},\"blake3\":\"{blake3}\"}}")).unwrap();
    assert_eq!(state(), "fresh", "it was read");
    assert!(disagrees(&folder, &["verify", config]).contains("`dataset.parquet` was changed"));
    assert!(folder.run(&["clean", config]).ok().stdout.contains("removed"));
    assert!(!folder.exists("artifacts/trial"), "the cache goes with the rest");
}

#[test]
fn nothing_to_verify_is_an_error() {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    snapshot!("verify_nothing", folder.run(&["verify", config]).failed(4));
    assert!(!folder.exists("artifacts"), "nothing is created");
}

#[test]
fn a_rerun_that_differs_tells_by_how_much() {
    let (folder, config) = clustered();
    // As another program would have written them: one coordinate is half a unit off, and the manifest agrees with that.
    let path = folder.path().join("artifacts/points/cluster/centroids.parquet");
    let mut centroids = read_centroids(&path).unwrap();
    centroids.values[[0, 0]] += 0.5;
    write_centroids(&path, &centroids, &Metadata::new()).unwrap();
    let record = serde_json::to_value(FileRecord::of(&path, "centroids.parquet").unwrap()).unwrap();
    change_manifest(&folder, "cluster", |manifest| {
        let outputs = manifest["outputs"].as_array_mut().unwrap();
        *outputs.iter_mut().find(|output| output["path"] == "centroids.parquet").unwrap() = record.clone();
        manifest["threads"] = json!(3);
        manifest["versions"]["latentkit"] = json!("0.0.1");
    });
    folder.run(&["verify", config]).ok();
    let text = disagrees(&folder, &["verify", config, "--rerun", "--quiet"]);
    assert!(text.contains("differs: column `z0` by up to 5.0e-1, metadata"), "{text}");
    assert!(text.contains("cluster  possible reasons: latentkit 0.0.1 -> "), "{text}");
    assert!(text.contains("; threads 3 -> 1"), "{text}");
    assert!(text.ends_with("the files are as recorded, but a rerun gives different ones\n"), "{text}");

    let json = disagrees(&folder, &["verify", config, "--rerun", "--quiet", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let outputs = json["stages"][3]["rerun"]["outputs"].as_array().unwrap();
    let centroids = outputs.iter().find(|output| output["output"] == "centroids.parquet").unwrap();
    let difference = &centroids["differences"][0];
    assert!((difference["largest"].as_f64().unwrap() - 0.5).abs() < 1e-12, "{difference}");
    assert_eq!((&difference["kind"], &difference["name"]), (&json!("column"), &json!("z0")));

    let text = disagrees(&folder, &["reproduce", "artifacts/points/cluster", "--quiet"]);
    assert!(text.contains("differs: column `z0` by up to 5.0e-1"), "{text}");
    assert!(text.ends_with("does not agree: `cluster` of `points`, seed 42\n"), "{text}");
}

#[test]
fn a_manifest_that_cannot_be_reproduced_says_why() {
    let (folder, config) = clustered();
    let reproduce = ["reproduce", "artifacts/points/cluster/manifest.json", "--quiet"];
    snapshot!("reproduce_set", folder.run(&[&reproduce[..], &["--set", "seed=1"]].concat()).failed(2));
    write_points(&folder, "points.parquet", |values| values[[0, 0]] += 1.0);
    snapshot!("reproduce_other_data", folder.run(&reproduce).failed(4));
    fs_err::remove_file(folder.path().join("points.parquet")).unwrap();
    let gone = folder.run(&reproduce).failed(4);
    assert!(gone.contains("points.parquet"), "{gone}");
    change_manifest(&folder, "cluster", |manifest| manifest["seed"] = json!(43));
    change_manifest(&folder, "cluster", |manifest| manifest["config"]["seed"] = json!(43));
    assert!(folder.run(&reproduce).failed(4).contains("someone changed it"));
    write_points(&folder, "points.parquet", |_| {});
    folder.run(&["cluster", config, "--latents", "points.parquet", "--force", "--quiet"]).ok();
    change_manifest(&folder, "cluster", |manifest| manifest["origin"] = Value::Null);
    snapshot!("reproduce_no_origin", folder.run(&reproduce).failed(4));
    assert!(folder.run(&["reproduce", "none.json"]).failed(4).contains("none.json"));
}

#[test]
fn stages_that_did_not_fit_together_cannot_be_reproduced() {
    let folder = Folder::new();
    let images = |values: [u8; 4]| [&[0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 1][..], &values].concat();
    fs_err::write(folder.path().join("images.idx"), images([1, 2, 3, 4])).unwrap();
    fs_err::write(folder.path().join("labels.idx"), [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 1]).unwrap();
    let config = folder.config(
        "name = \"points\"\n\n[dataset]\nsource = { train-images = \"images.idx\", train-labels = \"labels.idx\", \
         test-images = \"images.idx\", test-labels = \"labels.idx\" }\n\n[cluster]\nk = 2\n",
    );
    folder.run(&["ingest", config, "--quiet"]).ok();
    let reproduce = ["reproduce", "artifacts/points/ingest/manifest.json", "--quiet"];
    folder.run(&reproduce).ok();
    // From another folder, too: the manifest knows where its files are.
    let elsewhere = Folder::new();
    let manifest = folder.path().join(reproduce[1]).display().to_string();
    elsewhere.run(&["reproduce", &manifest, "--quiet"]).ok();
    fs_err::write(folder.path().join("images.idx"), images([1, 2, 3, 5])).unwrap();
    let text = folder.run(&reproduce).failed(4);
    assert!(text.contains("cannot reproduce `ingest`: `images.idx` is not the file that it read"), "{text}");
    fs_err::remove_file(folder.path().join("images.idx")).unwrap();
    let text = folder.run(&reproduce).failed(4);
    assert!(text.contains("cannot find") && text.contains("images.idx"), "{text}");

    // A stage that read what no stage of the record wrote.
    change_manifest(&folder, "ingest", |manifest| {
        manifest["stage"] = json!("train");
        manifest["inputs"] = json!([{ "path": "ingest/dataset.parquet", "bytes": 1, "blake3": "00" }]);
        let key = latentkit_core::hash::of_bytes(
            json!([
                "train",
                manifest["stage_version"],
                manifest["config"],
                [["ingest/dataset.parquet", "00"]]
            ])
            .to_string()
            .as_bytes(),
        );
        manifest["key"] = json!(key);
    });
    snapshot!("reproduce_unfit", folder.run(&reproduce).failed(4));
}
