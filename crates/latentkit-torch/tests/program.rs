//! `latentkit` continues as `latentkit-torch` where a stage needs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The two programs in a folder of their own; `cargo test --workspace` has built both.
fn programs(folder: &Path) -> PathBuf {
    let torch = PathBuf::from(env!("CARGO_BIN_EXE_latentkit-torch"));
    let plain = torch.with_file_name("latentkit");
    assert!(plain.exists(), "build `latentkit` first: `cargo build --release --workspace`");
    for (program, name) in [(plain, "latentkit"), (torch, "latentkit-torch")] {
        fs_err::copy(program, folder.join(name)).unwrap();
    }
    folder.join("latentkit")
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(program: &Path, folder: &Path, arguments: &[&str]) -> Output {
    let smoke = repository().join("configs/smoke.toml");
    Command::new(program)
        .args(arguments)
        .arg(smoke)
        .arg("--data")
        .arg(repository().join("data"))
        .args(["--threads", "1", "--set=train.epochs=1"])
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn engine(folder: &Path, stage: &str) -> String {
    let manifest = fs_err::read(folder.join(format!("artifacts/smoke/{stage}/manifest.json"))).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    manifest["summary"]["engine"].as_str().unwrap().to_owned()
}

#[test]
fn a_stage_that_needs_libtorch_is_run_by_the_program_that_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let program = programs(folder);
    let arguments =
        ["run", "--set=train.engine=\"libtorch\"", "--set=export.engine=\"libtorch\"", "--to=export"];
    let ran = run(&program, folder, &arguments);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    assert_eq!(engine(folder, "train"), "libtorch");
    assert_eq!(engine(folder, "export"), "libtorch");
    // As if one program had done it: each stage once, in their order.
    let stdout = text(&ran.stdout);
    let stages: Vec<_> = stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(stages, ["ingest", "train", "export"], "{stdout}");

    // What is up to date is not handed over: it works without the other program.
    fs_err::remove_file(folder.join("latentkit-torch")).unwrap();
    let again = run(&program, folder, &arguments);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(text(&again.stdout).matches("skipped").count(), 3, "{}", text(&again.stdout));
}

#[test]
fn a_program_of_another_version_is_refused() {
    let ran = Command::new(env!("CARGO_BIN_EXE_latentkit-torch"))
        .args(["runs"])
        .env("LATENTKIT_EXPECTED_VERSION", "0.0.0")
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(1));
    let stderr = text(&ran.stderr);
    assert!(stderr.contains("another version") && stderr.contains("scripts/torch.sh"), "{stderr}");
}
