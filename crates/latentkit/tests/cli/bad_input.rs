//! Wrong input: the message, the exit code, and nothing half-written.

use std::process::Command;

use crate::snapshot;
use crate::support::{Folder, Ran, repository};

const CONFIG: &str = r#"name = "trial"

[dataset]
source = "sample"

[model]
architecture = "reference"

[train]
epochs = 1

[cluster]
k = { from = 2, to = 4 }
"#;

/// What `run` says to the config after replacing `from` by `to`.
#[track_caller]
fn refusal(from: &str, to: &str) -> String {
    assert!(CONFIG.contains(from));
    let folder = Folder::new();
    let config = folder.config(&CONFIG.replace(from, to));
    let text = folder.run(&["run", config]).failed(3);
    assert!(!folder.exists("artifacts"), "nothing is created");
    text
}

#[test]
fn configs() {
    snapshot!("config_unknown_key", refusal("epochs", "epoch"));
    snapshot!("config_wrong_type", refusal("epochs = 1", "epochs = \"one\""));
    snapshot!("config_missing_section", refusal("[cluster]\nk = { from = 2, to = 4 }\n", ""));
    snapshot!("config_k_from_1", refusal("from = 2", "from = 1"));
    snapshot!("config_negative_epochs", refusal("epochs = 1", "epochs = -1"));
    snapshot!("config_unknown_architecture", refusal("\"reference\"", "\"unet\""));
    snapshot!("config_no_toml", refusal("epochs = 1", "epochs = "));
}

#[test]
fn a_config_that_is_not_there() {
    snapshot!("config_not_there", Folder::new().run(&["run", "no/such.toml"]).failed(4));
}

#[test]
fn an_override_that_is_wrong() {
    let folder = Folder::new();
    let config = folder.config(CONFIG);
    snapshot!("override_wrong", folder.run(&["run", config, "--set", "train.epochs=0"]).failed(3));
}

#[test]
fn wrong_usage() {
    let folder = Folder::new();
    assert!(folder.run(&["rum"]).failed(2).contains("run"));
    assert!(folder.run(&["run"]).failed(2).contains("<CONFIG>"));
    assert!(folder.run(&["run", "x.toml", "--threads", "0"]).failed(2).contains("--threads"));
    let config = folder.config(CONFIG);
    assert!(
        folder.run(&["run", config, "--from", "plot", "--to", "train"]).failed(2).contains("nothing to run")
    );
}

#[test]
fn a_stage_before_its_input_exists_names_the_command() {
    let folder = Folder::new();
    let config = folder.config(CONFIG);
    for (stage, path, command) in [
        ("train", "ingest/dataset.parquet", "latentkit ingest"),
        ("export", "ingest/dataset.parquet", "latentkit ingest"),
        ("cluster", "export/latents.parquet", "latentkit export"),
        ("plot", "artifacts/trial", "latentkit run"),
    ] {
        let text = folder.run(&[stage, config]).failed(4);
        assert!(text.contains(path) && text.contains(command), "{stage}: {text}");
    }
    snapshot!("stage_before_input", folder.run(&["train", config]).failed(4));
}

#[test]
fn own_images_that_are_corrupt() {
    let folder = Folder::new();
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1][..], &[9]].concat();
    fs_err::write(folder.path().join("images.idx"), images).unwrap();
    fs_err::write(folder.path().join("labels.idx"), [0, 0, 8, 1, 0, 0, 0, 2, 0, 1]).unwrap();
    let source = r#"{ train-images = "images.idx", train-labels = "labels.idx", test-images = "images.idx", test-labels = "labels.idx" }"#;
    let config = folder.config(&CONFIG.replace("\"sample\"", source));
    snapshot!("images_truncated", folder.run(&["ingest", config, "--quiet"]).failed(4));
    assert!(!folder.exists("artifacts/trial/ingest"));
    fs_err::remove_file(folder.path().join("labels.idx")).unwrap();
    assert!(folder.run(&["ingest", config, "--quiet"]).failed(4).contains("labels.idx"));
}

#[test]
fn asking_for_cuda_without_one() {
    let folder = Folder::new();
    let config = folder.config(CONFIG);
    folder.run(&["ingest", config]).ok();
    let text = folder.run(&["train", config, "--set", "train.device=cuda:99", "--quiet"]).failed(3);
    assert!(
        text.contains("there is no CUDA device 99") && text.contains("--set train.device=cuda:99"),
        "{text}"
    );
}

#[test]
fn an_artifacts_folder_that_cannot_be_written() {
    let folder = Folder::new();
    let config = folder.config(CONFIG);
    fs_err::write(folder.path().join("file"), "").unwrap();
    let text = folder.run(&["ingest", config, "--artifacts", "file"]).failed(1);
    assert!(text.contains("file/trial"), "{text}");
    // Not even the system's administrator can make a folder there.
    let text = folder.run(&["ingest", config, "--artifacts", "/proc/latentkit"]).failed(1);
    assert!(text.contains("/proc/latentkit"), "{text}");
}

#[test]
fn a_disk_that_is_full_leaves_the_old_files() {
    let folder = Folder::new();
    let config = folder.config(CONFIG);
    folder.run(&["ingest", config]).ok();
    let before = folder.read("artifacts/trial/ingest/dataset.parquet");
    // A limit on the size of files stands for the full disk: the write of the table fails in the middle.
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_latentkit")])
        .args(["ingest", config, "--force", "--quiet", "--data"])
        .arg(repository().join("data"))
        .current_dir(folder.path())
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = Ran::from(limited).failed(1);
    assert!(text.contains("dataset.parquet") && text.contains("File too large"), "{text}");
    assert!(folder.read("artifacts/trial/ingest/dataset.parquet") == before);
    folder.run(&["status", config]).ok();
    let prepared = fs_err::read_dir(folder.path().join("artifacts/trial"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with(".ingest.partial"))
        .unwrap();
    let names: Vec<_> = fs_err::read_dir(prepared).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["log.txt"], "nothing half-written");
}

#[test]
fn two_at_once() {
    let folder = Folder::new();
    let config = folder.config(CONFIG);
    let lock = latentkit_core::artifact::Artifacts::new(
        &folder.path().join("artifacts"),
        &"trial".to_owned().try_into().unwrap(),
        &[],
    );
    let held = lock.lock().unwrap();
    snapshot!("two_at_once", folder.run(&["ingest", config]).failed(1));
    drop(held);
    folder.run(&["ingest", config]).ok();
}

#[test]
fn a_reader_that_stops_reading_stops_no_work() {
    let folder = Folder::new();
    let config = folder.config(CONFIG);
    let data = repository().join("data");
    let run = |redirection: &str| {
        let program = env!("CARGO_BIN_EXE_latentkit");
        let command =
            format!("'{program}' ingest {config} --force --quiet --data '{}' {redirection}", data.display());
        Ran::from(Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output().unwrap())
    };
    assert_eq!(run("| true").ok().stderr, "");
    assert!(folder.exists("artifacts/trial/ingest/manifest.json"));
    assert!(run("> /dev/full").failed(1).contains("cannot print the results"));
}

#[test]
fn a_pipe_is_no_table() {
    let folder = Folder::new();
    let config = folder.config(CONFIG);
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let text = folder.run(&["cluster", config, "--latents", "pipe"]).failed(4);
    assert!(text.contains("not a regular file"), "{text}");
}
