//! The program alone, on a machine without libtorch.

use std::process::Command;

use crate::support::{Folder, Ran, repository};

/// A copy of the program with nothing beside it and nothing on PATH.
fn alone(folder: &Folder, arguments: &[&str]) -> Command {
    let program = folder.path().join("latentkit");
    if !program.exists() {
        fs_err::copy(env!("CARGO_BIN_EXE_latentkit"), &program).unwrap();
    }
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg("--data")
        .arg(repository().join("data"))
        .args(["--threads", "1"])
        .current_dir(folder.path())
        .env_clear()
        .env("NO_COLOR", "1");
    command
}

fn run(folder: &Folder, arguments: &[&str]) -> Ran {
    Ran::from(alone(folder, arguments).output().unwrap())
}

#[test]
fn the_smoke_config_runs_to_its_report() {
    let folder = Folder::new();
    let smoke = repository().join("configs/smoke.toml").display().to_string();
    let ran = run(&folder, &["run", &smoke, "--set=train.epochs=1"]).ok();
    assert!(ran.stdout.ends_with("report: artifacts/smoke/plot/report.html\n"), "{}", ran.stdout);
    let manifest: serde_json::Value =
        serde_json::from_slice(&folder.read("artifacts/smoke/train/manifest.json")).unwrap();
    assert!(manifest["summary"]["engine"].as_str().unwrap().starts_with("native ("), "{manifest}");
    assert_eq!(manifest["versions"]["libtorch"], serde_json::Value::Null);

    // What takes libtorch is refused before anything is done, with the command that provides it; what is done stays.
    let dataset = folder.read("artifacts/smoke/ingest/dataset.parquet");
    for (set, reason) in [
        ("train.precision=\"bfloat16\"", "train.precision is `bfloat16`"),
        ("train.engine=\"libtorch\"", "train.engine is `libtorch`"),
        ("train.device=\"cuda\"", "train.device is `cuda:0`"),
    ] {
        for command in ["run", "train"] {
            let stderr = run(&folder, &[command, &smoke, &format!("--set={set}")]).failed(1);
            assert!(stderr.contains("cannot find `latentkit-torch`, and this needs libtorch"), "{stderr}");
            assert!(stderr.contains(reason) && stderr.contains("hint: `scripts/torch.sh "), "{stderr}");
        }
    }
    assert!(folder.read("artifacts/smoke/ingest/dataset.parquet") == dataset);
    // A command that sets it up is run first, and its failure is told.
    let mut command = alone(&folder, &["train", &smoke, "--set=train.precision=\"bfloat16\""]);
    let stderr = Ran::from(command.env("LATENTKIT_TORCH_SETUP", "/bin/false").output().unwrap()).failed(1);
    assert!(stderr.contains("`/bin/false`, which provides libtorch, failed"), "{stderr}");
    // What is up to date needs no engine.
    let again =
        run(&folder, &["train", &smoke, "--set=train.epochs=1", "--set=train.checkpoint-every=3"]).ok();
    assert!(again.stdout.contains("skipped"), "{}", again.stdout);
}
