//! `latentkit clean`: what stages wrote goes, everything else stays.

use crate::snapshot;
use crate::support::{Folder, POINTS, write_points};

const INGEST: &str = "name = \"trial\"\n\n[dataset]\nsource = \"sample\"\n";

/// An experiment with a finished clustering, a finished plot, and one that failed half-way.
fn clustered() -> (Folder, &'static str) {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    write_points(&folder, "points.parquet", |_| {});
    folder.run(&["cluster", config, "--latents", "points.parquet", "--quiet"]).ok();
    folder.run(&["plot", config, "--quiet", "--set=plot.formats=[\"svg\"]"]).ok();
    let above = ["cluster", config, "--latents", "points.parquet", "--quiet", "--set=cluster.k=80"];
    folder.run(&above).failed(3);
    (folder, config)
}

fn unfinished(folder: &Folder) -> usize {
    let entries = fs_err::read_dir(folder.path().join("artifacts/points")).unwrap();
    entries
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".partial-"))
        .count()
}

#[test]
fn everything_that_stages_wrote_is_removed() {
    let (folder, config) = clustered();
    let dry = folder.run(&["clean", config, "--dry-run"]).ok().stdout;
    assert!(dry.contains("would remove"), "{dry}");
    assert!(folder.exists("artifacts/points/cluster/sweep.parquet") && unfinished(&folder) == 1);
    let removed = folder.run(&["clean", config]).ok().stdout;
    assert_eq!(removed, dry.replace("would remove", "removed"));
    assert!(!folder.exists("artifacts/points"), "not even an empty folder stays");
    assert!(folder.exists("points.parquet"));
    snapshot!("clean_nothing", folder.run(&["clean", config]).ok().stdout);
    assert!(!folder.exists("artifacts/points"), "nothing is created");
}

#[test]
fn only_what_is_named_is_removed() {
    let (folder, config) = clustered();
    snapshot!("clean_partial", folder.run(&["clean", config, "--partial"]).ok().stdout);
    assert_eq!(unfinished(&folder), 0);
    folder.run(&["clean", config, "--stage", "plot"]).ok();
    assert!(
        !folder.exists("artifacts/points/plot") && folder.exists("artifacts/points/cluster/manifest.json")
    );
    folder.run(&["status", config]).ok();
}

#[test]
fn what_is_not_ours_stays_and_is_named() {
    let folder = Folder::new();
    let config = folder.config(INGEST);
    folder.run(&["ingest", config, "--quiet"]).ok();
    let elsewhere = folder.path().join("elsewhere");
    fs_err::create_dir(&elsewhere).unwrap();
    fs_err::write(elsewhere.join("manifest.json"), "{}").unwrap();
    let root = folder.path().join("artifacts/trial");
    std::os::unix::fs::symlink(&elsewhere, root.join("train")).unwrap();
    fs_err::write(root.join("ingest/notes.txt"), "mine").unwrap();
    snapshot!("clean_foreign", folder.run(&["clean", config]).ok().stdout);
    assert_eq!(folder.read("artifacts/trial/ingest/notes.txt"), b"mine");
    assert!(folder.exists("elsewhere/manifest.json"));
    assert!(!folder.exists("artifacts/trial/ingest/dataset.parquet"));
}

#[test]
fn a_folder_that_another_process_writes_is_left_alone() {
    let folder = Folder::new();
    let config = folder.config(INGEST);
    folder.run(&["ingest", config, "--quiet"]).ok();
    let artifacts = latentkit_core::artifact::Artifacts::new(
        &folder.path().join("artifacts"),
        &"trial".to_owned().try_into().unwrap(),
        &[],
    );
    let held = artifacts.lock().unwrap();
    snapshot!("clean_locked", folder.run(&["clean", config]).failed(1));
    assert!(folder.exists("artifacts/trial/ingest/dataset.parquet"));
    drop(held);
    folder.run(&["clean", config]).ok();
    // The next run makes a new folder and a new lock.
    folder.run(&["ingest", config, "--quiet"]).ok();
    assert!(folder.exists("artifacts/trial/.lock"));
}
