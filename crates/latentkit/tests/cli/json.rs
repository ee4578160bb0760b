//! `--json`: the keys of each command's document, which scripts rely on.

use serde_json::{Map, Value};

use crate::snapshot;
use crate::support::{Folder, POINTS, repository, write_points};

/// The document with types in the place of values. Figures may grow with the stages, and are left out.
fn shape(value: &Value) -> Value {
    let name = |name: &str| Value::String(name.to_owned());
    match value {
        Value::Null => name("null"),
        Value::Bool(_) => name("true or false"),
        Value::Number(_) => name("number"),
        Value::String(_) => name("text"),
        Value::Array(values) => Value::Array(values.first().map(shape).into_iter().collect()),
        Value::Object(values) => Value::Object(
            values
                .iter()
                .map(|(key, value)| {
                    let shape = if ["summary", "figures"].contains(&key.as_str()) {
                        name("figures")
                    } else {
                        shape(value)
                    };
                    (key.clone(), shape)
                })
                .collect::<Map<_, _>>(),
        ),
    }
}

/// The shape of what a command prints with `--json`, which must be one document and nothing else.
#[track_caller]
fn document(folder: &Folder, arguments: &[&str]) -> String {
    let ran = folder.run(&[arguments, &["--json", "--quiet"]].concat());
    let value: Value = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}\nstdout:\n{}\nstderr:\n{}", ran.stdout, ran.stderr));
    serde_json::to_string_pretty(&shape(&value)).unwrap()
}

#[test]
fn the_documents_keep_their_keys() {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    write_points(&folder, "points.parquet", |_| {});
    snapshot!("json_stage", document(&folder, &["cluster", config, "--latents", "points.parquet"]));
    snapshot!("json_status", document(&folder, &["status", config]));
    snapshot!("json_verify", document(&folder, &["verify", config]));
    let rerun = ["verify", config, "--rerun", "--stage", "cluster", "--in", "again"];
    snapshot!("json_verify_rerun", document(&folder, &rerun));
    snapshot!("json_reproduce", document(&folder, &["reproduce", "artifacts/points/cluster"]));
    snapshot!("json_runs", document(&folder, &["runs"]));
    fs_err::write(folder.path().join("artifacts/points/notes.txt"), "").unwrap();
    snapshot!("json_clean", document(&folder, &["clean", config, "--dry-run"]));
}

#[test]
fn the_documents_of_run_keep_their_keys() {
    let folder = Folder::new();
    let config = folder.config("name = \"trial\"\n\n[dataset]\nsource = \"sample\"\n");
    let run = ["run", config, "--to", "ingest"];
    snapshot!("json_dry_run", document(&folder, &[&run[..], &["--dry-run"]].concat()));
    snapshot!("json_run", document(&folder, &run));
}

#[test]
fn the_documents_that_need_no_artifacts_keep_their_keys() {
    let folder = Folder::new();
    let quickstart = repository().join("configs/quickstart.toml").display().to_string();
    snapshot!("json_config", document(&folder, &["config", &quickstart]));
    snapshot!("json_summary", document(&folder, &["summary", &quickstart]));
    let ran = folder.run(&["--version", "--json"]).ok().stdout;
    let mut value: Value = serde_json::from_str(&ran).unwrap();
    // Sources without a repository have no commit, and not every system names its processor.
    for key in ["git_commit", "git_dirty", "processor", "libtorch"] {
        value.as_object_mut().unwrap().remove(key).unwrap();
    }
    snapshot!("json_version", serde_json::to_string_pretty(&shape(&value)).unwrap());
}
