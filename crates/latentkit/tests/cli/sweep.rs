//! `latentkit sweep`: the trials, what they leave, and what becomes of them when some fail or are stopped.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::snapshot;
use crate::support::{Folder, Ran, repository, write_points};

const POINTS: &str = "name = \"points\"\n\n[cluster]\nk = { from = 2, to = 5 }\nseeds = 1\n";

/// A folder with a config and points to cluster.
fn with_points() -> (Folder, &'static str) {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    write_points(&folder, "points.parquet", |_| {});
    (folder, config)
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn names(printed: &Value) -> Vec<String> {
    let trials = printed["trials"].as_array().unwrap().iter();
    trials.map(|trial| trial["name"].as_str().unwrap().to_owned()).collect()
}

fn smoke() -> String {
    repository().join("configs/smoke.toml").display().to_string()
}

#[test]
fn trials_are_printed_and_not_run() {
    let folder = Folder::new();
    let smoke = smoke();
    let sets =
        ["--set", "train.optimizer.learning-rate=1e-3,3e-4", "--set", "cluster.k=[2,3],{ from = 2, to = 4 }"];
    let arguments = [&["sweep", &smoke, "--print-trials", "--set=seed=0..1"], &sets[..]].concat();
    snapshot!("sweep_trials", folder.run(&arguments).ok().stdout);
    let printed = parse(&folder.run(&[&arguments[..], &["--json"]].concat()).ok().stdout);
    assert_eq!((&printed["experiment"], &printed["of"]), (&json!("smoke"), &json!(8)));
    let last = &printed["trials"][7];
    assert_eq!(last["number"], 8);
    assert_eq!(last["name"], "k=from_2_to_4,learning-rate=0.0003,seed=1");
    let overrides =
        json!({ "seed": 1, "train.optimizer.learning-rate": 0.0003, "cluster.k": { "from": 2, "to": 4 } });
    assert_eq!(last["overrides"], overrides);
    assert_eq!(last["stages"], json!(["ingest", "train", "export", "cluster", "decode", "plot"]));
    assert_eq!(last["folder"], "artifacts/smoke/sweep/k=from_2_to_4,learning-rate=0.0003,seed=1");
    assert!(!folder.exists("artifacts"), "nothing is created");
}

#[test]
fn the_shares_of_an_array_are_all_trials_and_none_twice() {
    let folder = Folder::new();
    let smoke = smoke();
    let trials = |more: &[&str]| {
        let arguments = [&["sweep", &smoke, "--print-trials", "--json", "--set", "seed=0..6"], more].concat();
        names(&parse(&folder.run(&arguments).ok().stdout))
    };
    let all = trials(&[]);
    assert_eq!(all.len(), 7);
    for of in [1, 2, 3, 7, 9] {
        let shares: Vec<Vec<String>> =
            (1..=of).map(|number| trials(&["--trial", &format!("{number}/{of}")])).collect();
        let sizes: Vec<_> = shares.iter().map(Vec::len).collect();
        assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
        let mut together = shares.concat();
        together.sort();
        assert_eq!(together, all, "{of}");
    }
    assert_eq!(trials(&["--trial", "2/3"]), ["seed=1", "seed=4"]);
}

#[test]
fn stages_are_those_that_the_config_has_sections_for() {
    let folder = Folder::new();
    let stages = |config: &str, more: &[&str]| {
        let config = folder.config(config);
        let arguments = [&["sweep", config, "--print-trials", "--json", "--set", "seed=1"], more].concat();
        parse(&folder.run(&arguments).ok().stdout)["trials"][0]["stages"].clone()
    };
    let dataset = "name = \"x\"\n[dataset]\nsource = \"sample\"\n";
    let trained = format!("{dataset}[model]\narchitecture = \"reference\"\n[train]\nepochs = 1\n");
    assert_eq!(stages(dataset, &[]), json!(["ingest"]));
    assert_eq!(stages(&trained, &[]), json!(["ingest", "train", "export", "plot"]));
    assert_eq!(stages(&trained, &["--to", "export"]), json!(["ingest", "train", "export"]));
    write_points(&folder, "points.parquet", |_| {});
    assert_eq!(stages(POINTS, &["--latents", "points.parquet"]), json!(["cluster", "plot"]));
    assert_eq!(stages(POINTS, &["--latents", "points.parquet", "--to", "decode"]), json!(["cluster"]));

    let config = folder.config(POINTS);
    let text = folder.run(&["sweep", config, "--set", "seed=1"]).failed(3);
    assert!(text.contains("no section `[dataset]`") && text.contains("--latents FILE"), "{text}");
    let config = folder.config(&format!("{dataset}[cluster]\nk = 3\n"));
    assert!(folder.run(&["sweep", config, "--set", "seed=1"]).failed(3).contains("no section `[model]`"));
}

#[test]
fn four_clusterings_are_experiments_of_their_own() {
    let (folder, config) = with_points();
    let sweep = [
        "sweep",
        config,
        "--latents",
        "points.parquet",
        "--set",
        "cluster.restarts=1,2",
        "--set",
        "seed=0..1",
    ];
    let first = folder.run(&sweep).ok();
    snapshot!("sweep_table", first.stdout);
    assert!(first.stderr.contains("trial 4/4 `restarts=2,seed=1`: done in"), "{}", first.stderr);
    for name in ["restarts=1,seed=0", "restarts=1,seed=1", "restarts=2,seed=0", "restarts=2,seed=1"] {
        for file in ["cluster/sweep.parquet", "plot/report.html", "trial.log"] {
            assert!(folder.exists(&format!("artifacts/points/sweep/{name}/{file}")), "{name}/{file}");
        }
    }
    for file in ["trials.parquet", "trials.png", "trials.svg"] {
        assert!(folder.exists(&format!("artifacts/points/sweep/{file}")), "{file}");
    }
    let chart = String::from_utf8(folder.read("artifacts/points/sweep/trials.svg")).unwrap();
    assert!(chart.contains(">restarts=2,seed=1</text>") && chart.contains("Best silhouette"));

    // A trial is an experiment like any other to the other commands.
    let trial = ["--artifacts", "artifacts/points/sweep", "--set", "name=restarts=1,seed=0"];
    let sets = ["--set", "cluster.restarts=1", "--set", "seed=0"];
    folder.run(&[&["status", config, "--check"], &trial[..], &sets[..]].concat()).ok();
    let log =
        || String::from_utf8(folder.read("artifacts/points/sweep/restarts=1,seed=0/trial.log")).unwrap();
    let command = "$ latentkit cluster --latents points.parquet --set cluster.restarts=1 --set seed=0 --set";
    assert!(log().contains(command), "{}", log());

    // The same command again only looks; with more jobs it finds the same.
    let manifest = "artifacts/points/sweep/restarts=2,seed=1/cluster/manifest.json";
    let before = folder.read(manifest);
    let again = folder.run(&[&sweep[..], &["--jobs", "3"]].concat()).ok();
    assert_eq!(again.stdout, first.stdout);
    assert!(folder.read(manifest) == before, "nothing ran again");
    assert!(log().contains("(up to date)"), "{}", log());

    // One value more runs one trial more, and its share of an array writes no table.
    let table = folder.read("artifacts/points/sweep/trials.parquet");
    let more = [
        "sweep",
        config,
        "--latents",
        "points.parquet",
        "--set",
        "cluster.restarts=1,2,3",
        "--set",
        "seed=0..1",
    ];
    let share = folder.run(&[&more[..], &["--trial", "2/3", "--json"]].concat()).ok();
    assert_eq!(names(&parse(&share.stdout)), ["restarts=1,seed=1", "restarts=3,seed=0"]);
    assert!(folder.read(manifest) == before && folder.read("artifacts/points/sweep/trials.parquet") == table);
    let whole = parse(&folder.run(&[&more[..], &["--json"]].concat()).ok().stdout);
    assert_eq!(whole["trials"].as_array().unwrap().len(), 6);
    assert_eq!(whole["table"], "artifacts/points/sweep/trials.parquet");
    let trial = &whole["trials"][5];
    assert_eq!((&trial["state"], &trial["figures"]["best_k"]), (&json!("done"), &json!(3)));
    assert!(folder.read("artifacts/points/sweep/trials.parquet") != table);
}

#[test]
fn a_failing_trial_stops_the_sweep_unless_told_to_keep_going() {
    let (folder, config) = with_points();
    // There are 60 points.
    let sweep = ["sweep", config, "--latents", "points.parquet", "--set", "cluster.k=2,80,3,4"];
    let stopped = folder.run(&sweep).failed(1);
    assert!(stopped.contains("1 of 4 trials failed: `k=80`"), "{stopped}");
    assert!(
        stopped.contains("cluster.k=80") && stopped.contains("`--keep-going` runs the others"),
        "{stopped}"
    );
    assert!(folder.exists("artifacts/points/sweep/k=2/plot") && !folder.exists("artifacts/points/sweep/k=3"));
    assert!(!folder.exists("artifacts/points/sweep/trials.parquet"));

    for jobs in ["1", "3"] {
        let ran = folder.run(&[&sweep[..], &["--keep-going", "--jobs", jobs]].concat());
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("1 of 4 trials failed: `k=80`"), "{}", ran.stderr);
        assert!(ran.stderr.contains("artifacts/points/sweep/k=80/trial.log"), "{}", ran.stderr);
        snapshot!("sweep_failed", ran.stdout);
    }
    let json = folder.run(&[&sweep[..], &["--keep-going", "--json", "--quiet"]].concat());
    let json = parse(&json.stdout);
    let states: Vec<_> = json["trials"].as_array().unwrap().iter().map(|trial| &trial["state"]).collect();
    assert_eq!(states, ["done", "failed", "done", "done"]);
    let error = json["trials"][1]["error"].as_str().unwrap();
    assert!(error.starts_with("error: ") && error.contains("80"), "{error}");
    assert_eq!(json["trials"][1]["figures"], Value::Null);
}

/// Long enough to be interrupted after its first epoch.
const LONG: [(&str, &str); 1] = [("epochs = 1", "epochs = 6")];

/// A sweep of two trainings that has trained the first epoch of the first.
fn begin_training(folder: &Folder, arguments: &[&str]) -> Child {
    let child = folder.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let log = folder.path().join("artifacts/smoke/sweep/seed=0/trial.log");
    let start = Instant::now();
    while !fs_err::read_to_string(&log).is_ok_and(|text| text.contains("epoch 1/6")) {
        assert!(start.elapsed() < Duration::from_mins(5), "the first epoch ends");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn an_interrupted_sweep_goes_on_from_the_checkpoint() {
    let (folder, plain) = (Folder::new(), Folder::new());
    let config = folder.small_with(&LONG);
    let sweep = ["sweep", config, "--to", "train", "--set", "seed=0,1"];
    let child = begin_training(&folder, &sweep);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let stopped = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, 130, "{}", stopped.stderr);
    assert!(stopped.stderr.contains("run the same command again to continue"), "{}", stopped.stderr);
    assert_eq!(stopped.stdout, "");
    assert!(
        !folder.exists("artifacts/smoke/sweep/seed=0/train")
            && !folder.exists("artifacts/smoke/sweep/seed=1")
    );
    let status =
        Command::new("kill").args(["-0", &child_of(&folder)]).stderr(Stdio::null()).status().unwrap();
    assert!(!status.success(), "no process of a trial is left");

    let resumed = folder.run(&sweep).ok();
    let log = String::from_utf8(folder.read("artifacts/smoke/sweep/seed=0/trial.log")).unwrap();
    assert!(log.contains("resuming from the checkpoint after epoch "), "{log}");
    assert!(resumed.stdout.contains("seed=1") && resumed.stdout.contains("test BCE"), "{}", resumed.stdout);
    assert!(folder.exists("artifacts/smoke/sweep/trials.svg"));

    // What a trial trains is what `run` trains with the same values.
    plain.small_with(&LONG);
    plain.run(&["run", config, "--to", "train", "--set", "seed=0"]).ok();
    let model = "train/model.safetensors";
    assert!(
        folder.read(&format!("artifacts/smoke/sweep/seed=0/{model}"))
            == plain.read(&format!("artifacts/smoke/{model}"))
    );
}

/// The process that last locked the first trial.
fn child_of(folder: &Folder) -> String {
    let lock = String::from_utf8(folder.read("artifacts/smoke/sweep/seed=0/.lock")).unwrap();
    lock.split([' ', ',']).nth(1).unwrap().to_owned()
}

#[test]
fn a_config_that_changes_meanwhile_stops_the_sweep() {
    let folder = Folder::new();
    let config = folder.small_with(&LONG);
    let child = begin_training(&folder, &["sweep", config, "--to", "train", "--set", "seed=0,1"]);
    folder.small_with(&[LONG[0], ("batch-size = 30", "batch-size = 20")]);
    let ran = Ran::from(child.wait_with_output().unwrap());
    let text = ran.failed(1);
    assert!(text.contains("`small.toml` was changed while the sweep ran"), "{text}");
    assert!(
        folder.exists("artifacts/smoke/sweep/seed=0/train") && !folder.exists("artifacts/smoke/sweep/seed=1")
    );
}

#[test]
fn wrong_sweeps_run_nothing() {
    let (folder, config) = with_points();
    let sweep = |set: &str| {
        folder.run(&["sweep", config, "--latents", "points.parquet", "--set", "seed=1,2", "--set", set])
    };
    snapshot!("sweep_wrong_value", sweep("cluster.restarts=1,2,0").failed(3));
    snapshot!("sweep_twice", sweep("cluster.restarts=1,2,1").failed(3));
    snapshot!("sweep_open_bracket", sweep("cluster.k=[2,3").failed(3));
    assert!(sweep("cluster.restart=1,2").failed(3).contains("did you mean `restarts`?"));
    snapshot!("sweep_without_values", folder.run(&["sweep", config]).failed(2));
    for share in ["0/4", "5/4", "4", "a/b", "1/0"] {
        let text = folder.run(&["sweep", config, "--set", "seed=1,2", "--trial", share]).failed(2);
        assert!(text.contains("i from 1 to N"), "{text}");
    }
    assert!(folder.run(&["sweep", config, "--set", "seed=1", "--jobs", "0"]).failed(2).contains("--jobs"));
    let points = ["--latents", "none.parquet", "--set", "seed=1"];
    assert!(folder.run(&[&["sweep", config], &points[..]].concat()).failed(4).contains("none.parquet"));
    assert!(folder.run(&["sweep", "no/such.toml", "--set", "seed=1"]).failed(4).contains("no/such.toml"));
    assert!(!folder.exists("artifacts"), "nothing is created");
}
