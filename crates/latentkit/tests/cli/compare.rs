//! `latentkit runs` and `latentkit compare`.

use std::process::Command;

use serde_json::{Value, json};

use crate::snapshot;
use crate::support::{Folder, write_points};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A folder with a training, and two trials that clustered points.
fn with_runs() -> Folder {
    let folder = Folder::new();
    let small = folder.small();
    folder.run(&["run", small, "--quiet"]).ok();
    let config = folder.config("name = \"points\"\n\n[cluster]\nk = { from = 2, to = 5 }\nseeds = 1\n");
    write_points(&folder, "points.parquet", |_| {});
    let set = ["--set", "cluster.restarts=10,2"];
    folder.run(&[&["sweep", config, "--latents", "points.parquet", "--quiet"], &set[..]].concat()).ok();
    folder
}

#[test]
fn runs_and_their_differences() {
    let folder = with_runs();
    listed(&folder);
    compared(&folder);
    curves(&folder);
    unreadable(&folder);
}

fn listed(folder: &Folder) {
    let text = folder.run(&["runs"]).ok().stdout;
    let names: Vec<_> = text.lines().skip(1).map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["points/sweep/restarts=2", "points/sweep/restarts=10", "smoke"], "{text}");
    assert!(text.contains("all done") && text.contains("cluster, plot done"), "{text}");
    let list = parse(&folder.run(&["runs", "--json"]).ok().stdout);
    let smoke = &list["runs"][2];
    assert_eq!(smoke["folder"], "artifacts/smoke");
    assert_eq!(smoke["stages"]["train"]["state"], "done");
    assert!(
        smoke["figures"]["test_bce"].as_f64().unwrap() > 0.0 && smoke["bytes"].as_u64().unwrap() > 100_000
    );
    assert_eq!(list["runs"][0]["stages"]["train"], json!({ "state": "missing" }));
    assert_eq!(list["runs"][0]["figures"]["best_k"], 3);
}

fn compared(folder: &Folder) {
    let (a, b) = ("points/sweep/restarts=10", "points/sweep/restarts=2");
    let text = folder.run(&["compare", a, b]).ok().stdout;
    // Seconds differ from run to run, and so do the widths of their columns.
    snapshot!("compare", text.split("Metrics").next().unwrap());
    assert!(
        text.ends_with("page: artifacts/compare/points-sweep-restarts=10-vs-points-sweep-restarts=2.html\n")
    );
    let inertia = text.lines().find(|line| line.contains("cluster.sweep[k=5].inertia")).unwrap();
    assert_eq!(inertia.split_whitespace().count(), 6, "{inertia}");

    let markdown = folder.run(&["compare", a, b, "--markdown", "--html", "pages/two.html"]).ok();
    snapshot!("compare_markdown", markdown.stdout.split("## Metrics").next().unwrap());
    assert!(markdown.stdout.contains("| cluster.points | 60 | 60 | 0 | 0.00 % |"), "{}", markdown.stdout);
    assert!(folder.exists("pages/two.html") && markdown.stderr.contains("page: pages/two.html"));

    let json = parse(&folder.run(&["compare", a, b, "--json"]).ok().stdout);
    assert_eq!(json["config"], json!([{ "key": "cluster.restarts", "values": [10, 2] }]));
    assert_eq!((&json["versions"], &json["machine"], &json["inputs"]), (&json!([]), &json!([]), &json!([])));
    let metrics = json["metrics"].as_array().unwrap();
    for k in 2..=5 {
        for figure in ["inertia", "silhouette", "silhouette_min", "silhouette_max"] {
            let key = format!("cluster.sweep[k={k}].{figure}");
            let metric = metrics.iter().find(|metric| metric["key"] == *key).unwrap();
            let value = |run: usize| metric["values"][run].as_f64().unwrap();
            let difference = metric["differences"][0]["absolute"].as_f64().unwrap();
            assert!((difference - (value(1) - value(0))).abs() < 1e-12, "{key}");
        }
    }
}

fn curves(folder: &Folder) {
    // A folder elsewhere, whose name is markup, is a run, too.
    let copy = folder.path().join("<img src=x>");
    let artifacts = folder.path().join("artifacts/smoke");
    assert!(Command::new("cp").arg("-r").arg(artifacts).arg(&copy).status().unwrap().success());
    let ran = folder
        .run(&["compare", "smoke", "<img src=x>", "points/sweep/restarts=2", "--html", "page.html"])
        .ok();
    assert!(ran.stdout.contains("dataset.source"), "{}", ran.stdout);
    let page = String::from_utf8(folder.read("page.html")).unwrap();
    assert!(page.contains("&lt;img src=x&gt;") && !page.contains("<img src=x>"));
    assert!(
        page.contains("Binary cross-entropy by epoch") && page.contains("Silhouette by number of clusters")
    );
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(!page.contains("<script") && !page.contains("src=\"http"));
    // The same runs give the same page.
    folder.run(&["compare", "smoke", "<img src=x>", "points/sweep/restarts=2", "--html", "again.html"]).ok();
    assert!(folder.read("page.html") == folder.read("again.html"));

    let missing = ["compare", "smoke", "smok"];
    snapshot!("compare_missing", folder.run(&missing).failed(4));
    fs_err::create_dir(folder.path().join("empty")).unwrap();
    assert!(folder.run(&["compare", "smoke", "empty"]).failed(4).contains("nothing to compare in `empty`"));
    assert!(folder.run(&["compare", "smoke", "artifacts/smoke"]).failed(2).contains("are the same run"));
    assert!(folder.run(&["compare", "smoke"]).failed(2).contains("RUN"));
    assert!(
        folder.run(&[&["compare"], &["smoke"; 9][..]].concat()).failed(2).contains("no more were expected")
    );
    assert!(folder.run(&["compare", "a", "b", "--json", "--markdown"]).failed(2).contains("--markdown"));
    // A folder of artifacts that cannot be written to still can be compared.
    fs_err::remove_dir_all(folder.path().join("artifacts/compare")).unwrap();
    fs_err::write(folder.path().join("artifacts/compare"), "").unwrap();
    let ran = folder.run(&["compare", "points/sweep/restarts=10", "points/sweep/restarts=2"]).ok();
    assert!(
        ran.stderr.contains("the page was not written") && !ran.stdout.contains("page:"),
        "{}",
        ran.stderr
    );
}

fn unreadable(folder: &Folder) {
    let artifacts = folder.path().join("artifacts");
    fs_err::write(artifacts.join("smoke/train/manifest.json"), "{").unwrap();
    fs_err::remove_file(artifacts.join("points/sweep/restarts=2/cluster/sweep.parquet")).unwrap();
    fs_err::create_dir_all(artifacts.join("begun/.train.partial-0123456789abcdef")).unwrap();
    let ran = folder.run(&["runs"]).ok();
    assert!(
        ran.stdout.contains("train unreadable") && ran.stdout.contains("  train: cannot read the manifest")
    );
    assert!(
        ran.stdout.contains("  cluster: `sweep.parquet` is gone") && ran.stdout.contains("train unfinished")
    );
    let list = parse(&folder.run(&["runs", "--json"]).ok().stdout);
    assert_eq!(list["runs"].as_array().unwrap().len(), 4);
    assert_eq!(list["runs"][0]["stages"]["train"], json!({ "state": "unfinished" }));
    assert_eq!(list["runs"][3]["stages"]["train"]["state"], "unreadable");
    let text = folder.run(&["compare", "smoke", "points/sweep/restarts=10"]).failed(4);
    assert!(text.contains("cannot read the manifest `artifacts/smoke/train/manifest.json`"), "{text}");
}

#[test]
fn a_folder_of_artifacts_that_is_not_there_or_is_empty() {
    let folder = Folder::new();
    snapshot!("runs_missing", folder.run(&["runs"]).failed(4));
    fs_err::create_dir(folder.path().join("artifacts")).unwrap();
    let ran = folder.run(&["runs"]).ok();
    assert!(ran.stdout.is_empty() && ran.stderr.contains("no experiments in `artifacts`"), "{}", ran.stderr);
    assert_eq!(parse(&folder.run(&["runs", "--json"]).ok().stdout)["runs"], json!([]));
}
