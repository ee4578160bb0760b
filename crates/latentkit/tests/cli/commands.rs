//! The commands that need no training.

use latentkit_table::{Id, read_assignments};

use crate::snapshot;
use crate::support::{Folder, POINTS, repository, write_points};

#[test]
fn points_from_elsewhere_need_only_a_name_and_a_section() {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    write_points(&folder, "points.parquet", |_| {});
    let ran = folder.run(&["cluster", config, "--latents", "points.parquet"]).ok();
    assert!(ran.stdout.contains("60 points, best k 3"), "{}", ran.stdout);
    let assignments =
        read_assignments(&folder.path().join("artifacts/points/cluster/assignments.parquet"), "k-means", 2);
    assert_eq!(assignments.unwrap().unwrap().ids.len(), 60);
    snapshot!("status_points", folder.run(&["status", config]).ok().stdout);

    let ran = folder.run(&["cluster", config, "--latents", "points.parquet", "--column", "z"]).ok();
    assert!(ran.stdout.contains("(column (none) -> z)"), "{}", ran.stdout);
    let status = folder.run(&["status", config]).ok().stdout;
    assert!(status.contains("cluster  fresh"), "{status}");

    folder.run(&["plot", config]).ok();
    folder.run(&["status", config, "--check"]).ok();
    let report = String::from_utf8(folder.read("artifacts/points/plot/report.html")).unwrap();
    assert!(report.contains("&lt;c&gt;") && !report.contains("<c>"), "label names are escaped");
    assert!(!folder.exists("artifacts/points/plot/training_curves.png"), "there was no training");
}

#[test]
fn several_files_with_ids_of_texts_are_recorded_and_found_again() {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    write_points(&folder, "b.parquet", |_| {});
    write_points(&folder, "a.parquet", |values| *values += 0.01);
    let columns = ["--id-column", "label_name", "--label-column", "label", "--noise-label", "2"];
    let arguments =
        [&["cluster", config, "--latents", "b.parquet", "--latents", "a.parquet"], &columns[..]].concat();
    let ran = folder.run(&arguments).ok();
    assert!(ran.stdout.contains("120 points"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("3 ids stand for several points each, such as `<c>`, `a`, `b`"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("40 of the 120 points have the label `2`"), "{}", ran.stderr);
    let assignments =
        read_assignments(&folder.path().join("artifacts/points/cluster/assignments.parquet"), "k-means", 2);
    assert_eq!(assignments.unwrap().unwrap().ids.of(1), Id::Text("b".to_owned()));
    folder.run(&["plot", config]).ok();
    folder.run(&["status", config, "--check"]).ok();
    folder.run(&["verify", config, "--rerun", "--stage", "cluster"]).ok();
    let error = folder.run(&["cluster", config, "--latents", "b.parquet", "--id-column", "uuid"]).failed(4);
    assert!(error.contains("no column `uuid`"), "{error}");
}

#[test]
fn points_that_cannot_be_clustered_are_named() {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    write_points(&folder, "points.parquet", |values| values[[7, 1]] = f32::NAN);
    let arguments = ["cluster", config, "--latents", "points.parquet"];
    snapshot!("points_with_nan", folder.run(&arguments).failed(4));
    write_points(&folder, "points.parquet", |values| values[[7, 1]] = f32::INFINITY);
    assert!(folder.run(&arguments).failed(4).contains("column `z1`, row 7"));
    snapshot!("points_missing", folder.run(&["cluster", config, "--latents", "none.parquet"]).failed(4));
    snapshot!("points_unknown_column", {
        write_points(&folder, "points.parquet", |_| {});
        folder.run(&["cluster", config, "--latents", "points.parquet", "--column", "embedding"]).failed(4)
    });
    fs_err::write(folder.path().join("points.parquet"), "id,x\n1,2\n").unwrap();
    assert!(folder.run(&arguments).failed(4).contains("expected: a Parquet file, an Arrow"));
    assert!(!folder.exists("artifacts/points/cluster"));
}

#[test]
fn k_above_the_number_of_points_shows_the_line() {
    let folder = Folder::new();
    let config = folder.config("name = \"points\"\n\n[cluster]\nk = { from = 5, to = 80 }\n");
    write_points(&folder, "points.parquet", |_| {});
    let arguments = ["cluster", config, "--latents", "points.parquet", "--quiet"];
    snapshot!("k_above_points", folder.run(&arguments).failed(3));
}

#[test]
fn the_summary_is_the_references() {
    let folder = Folder::new();
    let config = repository().join("configs/mnist.toml").display().to_string();
    snapshot!("summary", folder.run(&["summary", &config]).ok().stdout);
    let json = folder.run(&["summary", &config, "--json"]).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["parameters"], serde_json::json!({ "trainable": 77_298, "non_trainable": 224 }));
    assert!(!folder.exists("artifacts"), "nothing is created");
}

#[test]
fn a_summary_is_of_the_images_that_the_config_names() {
    let folder = Folder::new();
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 12, 0, 0, 0, 20][..], &[9; 480]].concat();
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 0, 1];
    fs_err::write(folder.path().join("images"), images).unwrap();
    fs_err::write(folder.path().join("labels"), labels).unwrap();
    let model = "name = \"trial\"\n\n[model]\narchitecture = \"strided\"\n\n";
    let own = "[dataset]\nsource = { train-images = \"images\", train-labels = \"labels\", \
               test-images = \"images\", test-labels = \"labels\" }\nvalidation = 0.5\n";
    let summary = || folder.run(&["summary", "trial.toml"]);
    folder.config(&format!("{model}{own}"));
    let own_images = summary().ok();
    assert!(own_images.stdout.contains(" 12x20x1 ") && own_images.stderr.is_empty(), "{}", own_images.stdout);
    // What was ingested tells it, too, once the files are gone; but not of other files.
    folder.run(&["ingest", "trial.toml", "--quiet"]).ok();
    fs_err::rename(folder.path().join("images"), folder.path().join("moved")).unwrap();
    assert!(summary().ok().stdout.contains(" 12x20x1 "));
    folder.config(&format!("{model}{}", own.replace("\"images\"", "\"others\"")));
    assert!(summary().failed(4).contains("cannot find `./others`"));
    // The name of a data set outranks what was ingested before.
    folder.config(&format!("{model}[dataset]\nsource = \"sample\"\n"));
    assert!(summary().ok().stdout.contains(" 28x28x1 "));
    folder.config(model);
    let assumed = summary().ok();
    assert!(assumed.stdout.contains(" 28x28x1 "), "{}", assumed.stdout);
    assert!(assumed.stderr.contains("assuming images of 28x28"), "{}", assumed.stderr);
}

#[test]
fn the_config_is_printed_with_every_default() {
    let folder = Folder::new();
    let config = repository().join("configs/mnist.toml").display().to_string();
    snapshot!("config", folder.run(&["config", &config, "--set", "train.epochs=2"]).ok().stdout);
}

#[test]
fn every_command_has_help_with_an_example() {
    let folder = Folder::new();
    snapshot!("help", folder.run(&["--help"]).ok().stdout);
    for command in [
        "run",
        "ingest",
        "train",
        "export",
        "cluster",
        "decode",
        "plot",
        "summary",
        "status",
        "config",
        "sweep",
        "runs",
        "compare",
        "verify",
        "reproduce",
        "clean",
        "completions",
        "man",
    ] {
        let help = folder.run(&[command, "--help"]).ok().stdout;
        assert!(
            help.contains("Example") && help.contains(&format!("latentkit {command}")),
            "{command}:\n{help}"
        );
    }
}

#[test]
fn every_config_of_the_repository_loads() {
    let folder = Folder::new();
    let mut configs = 0;
    for entry in fs_err::read_dir(repository().join("configs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = fs_err::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{} opens with what it shows", path.display());
        folder.run(&["config", path.to_str().unwrap()]).ok();
        configs += 1;
    }
    assert!(configs >= 4);
}
