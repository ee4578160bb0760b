//! One test for each rule of the config.

#![expect(clippy::float_cmp, reason = "a number of the config is taken as it is")]

use std::path::Path;

use latentkit_cluster::config::{ClusterConfig, ClusterEngine, Method};
use latentkit_core::config::{Config, Count, Positive};
use latentkit_core::{Error, ErrorKind, Result};
use latentkit_ingest::config::DatasetConfig;
use latentkit_model::config::ModelConfig;
use latentkit_train::config::{CheckpointEvery, TrainConfig};

use super::{Stage, sections};
use crate::points::Points;

const COMPLETE: &str = r#"
name = "trial"

[dataset]
source = "sample"

[model]
architecture = "reference"

[train]
epochs = 3

[cluster]
k = { from = 2, to = 4 }
"#;

fn load(text: &str, overrides: &[&str]) -> Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trial.toml");
    fs_err::write(&path, text).unwrap();
    let overrides: Vec<String> = overrides.iter().map(|&set| set.to_owned()).collect();
    Config::load(&path, &overrides, sections())
}

/// The error of a complete config after replacing `from` by `to`, with its excerpt.
/// What the key of a stage holds of the config.
fn of_stage(config: &Config, stage: &str) -> Result<serde_json::Value> {
    Stage::named(stage).unwrap().config(config, &Points::default())
}

#[track_caller]
fn error(from: &str, to: &str) -> String {
    assert!(COMPLETE.contains(from), "`{from}` is not in the config");
    let error = load(&COMPLETE.replace(from, to), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    error.to_string()
}

#[track_caller]
fn assert_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn defaults_are_the_references() {
    let config = load(COMPLETE, &[]).unwrap();
    assert_eq!(config.seed(), 42);
    assert_eq!(config.section::<DatasetConfig>().unwrap().validation.get(), 0.25);
    assert_eq!(config.section::<ModelConfig>().unwrap().latent_dim.get(), 6);
    assert_eq!(config.section::<TrainConfig>().unwrap().batch_size.get(), 256);
    assert_eq!(config.section::<TrainConfig>().unwrap().optimizer.learning_rate.get(), 1e-3);
    assert_eq!(config.section::<ClusterConfig>().unwrap().k.values(), [2, 3, 4]);
    assert_eq!(config.section::<ClusterConfig>().unwrap().seeds.get(), 3);
}

#[test]
fn the_resolved_config_loads_to_itself() {
    let config = load(COMPLETE, &["train.early-stopping={patience = 2, min-delta = 0}"]).unwrap();
    let again = load(&config.to_toml(), &[]).unwrap();
    assert_eq!(config.to_toml(), again.to_toml());
}

#[test]
fn an_unknown_key_is_shown_with_a_suggestion() {
    let text = error("epochs = 3", "epoch = 3");
    assert_contains(
        &text,
        &["unknown key `train.epoch`", "trial.toml:11:1", "11 | epoch = 3", "did you mean `epochs`?"],
    );
}

#[test]
fn an_unknown_section_is_shown_with_a_suggestion() {
    assert_contains(
        &error("[cluster]", "[clusters]"),
        &["unknown key `clusters`", "did you mean `cluster`?"],
    );
}

#[test]
fn an_unknown_architecture_is_an_error() {
    let text = error("\"reference\"", "\"referense\"");
    assert_contains(
        &text,
        &["wrong value for `model.architecture`", "trial.toml:8", "did you mean `reference`?"],
    );
}

#[test]
fn a_wrong_type_is_an_error() {
    let text = error("epochs = 3", "epochs = \"three\"");
    assert_contains(&text, &["`train.epochs`", "a whole number from 1 to 1000000", "epochs = \"three\""]);
}

#[test]
fn negative_epochs_are_an_error() {
    assert_contains(&error("epochs = 3", "epochs = -3"), &["`-3`", "a whole number from 1 to 1000000"]);
}

#[test]
fn a_fractional_count_is_an_error() {
    assert_contains(&error("epochs = 3", "epochs = 2.5"), &["`2.5`", "a whole number from 1 to 1000000"]);
}

#[test]
fn an_unknown_key_inside_a_table_of_a_kind_is_an_error() {
    let text = error("epochs = 3", "optimizer = { kind = \"adam\", lr = 0.1 }");
    assert_contains(&text, &["unknown key `train.optimizer.lr`", "trial.toml:11", "learning-rate"]);
}

#[test]
fn k_starts_at_two() {
    assert_contains(
        &error("from = 2", "from = 1"),
        &["`cluster.k`", "one cluster has no silhouette", "trial.toml:14"],
    );
}

#[test]
fn k_rises() {
    assert_contains(&error("from = 2", "from = 9"), &["from = 9 is above to = 4"]);
}

#[test]
fn k_is_no_empty_list() {
    assert_contains(&error("{ from = 2, to = 4 }", "[]"), &["no k to try"]);
}

#[test]
fn k_may_be_a_list_or_one_number() {
    assert_eq!(
        load(COMPLETE, &["cluster.k=[8, 3, 8]"]).unwrap().section::<ClusterConfig>().unwrap().k.values(),
        [3, 8]
    );
    assert_eq!(load(COMPLETE, &["cluster.k=7"]).unwrap().section::<ClusterConfig>().unwrap().k.values(), [7]);
}

#[test]
fn the_clustering_has_an_engine_and_maybe_mini_batches() {
    let config = load(COMPLETE, &[]).unwrap();
    let cluster = config.section::<ClusterConfig>().unwrap();
    assert_eq!((cluster.engine, cluster.batch_size), (ClusterEngine::Native, None));
    let config = load(COMPLETE, &["cluster.engine=linfa"]).unwrap();
    assert_eq!(config.section::<ClusterConfig>().unwrap().engine, ClusterEngine::Linfa);
    assert_eq!(of_stage(&config, "cluster").unwrap()["cluster"]["engine"], "linfa");
    let config = load(COMPLETE, &["cluster.batch-size=1024"]).unwrap();
    assert_eq!(config.section::<ClusterConfig>().unwrap().batch_size, Count::new(1024));
    assert_eq!(of_stage(&config, "cluster").unwrap()["cluster"]["batch-size"], 1024);
    let error = load(COMPLETE, &["cluster.engine=lnfa"]).unwrap_err().to_string();
    assert_contains(&error, &["wrong value for `cluster.engine`", "did you mean `linfa`?"]);
    let error = load(COMPLETE, &["cluster.batch-size=0"]).unwrap_err().to_string();
    assert_contains(&error, &["`cluster.batch-size`", "a whole number from 1"]);
}

#[test]
fn methods_are_one_or_several_the_first_of_which_takes_k() {
    let method = |name: &str| Method::named(name).unwrap();
    let of = |value: &str| load(COMPLETE, &[&format!("cluster.method={value}")]);
    let methods = |value: &str| of(value).unwrap().section::<ClusterConfig>().unwrap().method.all().to_vec();
    assert_eq!(
        load(COMPLETE, &[]).unwrap().section::<ClusterConfig>().unwrap().method.all(),
        [method("k-means")]
    );
    assert_eq!(methods("gaussian-mixture"), [method("gaussian-mixture")]);
    assert_eq!(methods("[\"k-means\", \"hdbscan\"]"), [method("k-means"), method("hdbscan")]);
    let wrong = |value: &str, parts: &[&str]| {
        assert_contains(&of(value).unwrap_err().to_string(), &[&["`cluster.method`"], parts].concat());
    };
    wrong("[]", &["no method to cluster with"]);
    wrong("hdbscan", &["`hdbscan` finds the number of clusters itself", "`k-means`"]);
    wrong("[\"k-means\", \"k-means\"]", &["`k-means` is named twice"]);
    wrong("kmeans", &["did you mean `k-means`?"]);
    wrong("3", &["a method or a list of them"]);
}

#[test]
fn criteria_may_be_left_out() {
    let of = |value: &str| load(COMPLETE, &[&format!("cluster.criteria={value}")]);
    let default = load(COMPLETE, &[]).unwrap();
    let names = |config: &Config| config.section::<ClusterConfig>().unwrap().criteria.names().to_vec();
    assert_eq!(names(&default), ["calinski-harabasz", "davies-bouldin", "gap", "bic", "stability"]);
    assert!(names(&of("[]").unwrap()).is_empty());
    let some = of("[\"stability\", \"gap\", \"gap\"]").unwrap();
    assert_eq!(
        of_stage(&some, "cluster").unwrap()["cluster"]["criteria"],
        serde_json::json!(["gap", "stability"])
    );
    assert_contains(&of("[\"gab\"]").unwrap_err().to_string(), &["`cluster.criteria", "did you mean `gap`?"]);
}

#[test]
fn a_sample_has_two_points_and_a_scaling_a_name() {
    let error = load(COMPLETE, &["cluster.sample-size=1"]).unwrap_err().to_string();
    assert_contains(&error, &["`cluster.sample-size`", "a whole number from 2"]);
    let error = load(COMPLETE, &["cluster.scaling=standardise"]).unwrap_err().to_string();
    assert_contains(&error, &["`cluster.scaling`", "did you mean `standardize`?"]);
    let config = load(COMPLETE, &["cluster.dbscan={ radius = 0.5, min-points = 8 }"]).unwrap();
    assert_eq!(config.tables::<ClusterConfig>().unwrap()["dbscan"]["radius"].as_float(), Some(0.5));
    assert_eq!(of_stage(&config, "cluster").unwrap()["cluster"]["dbscan"]["min-points"], 8);
    let error = load(COMPLETE, &["cluster.hdbscan={ min-size = 8 }"]).unwrap_err().to_string();
    assert_contains(&error, &["unknown key `cluster.hdbscan.min-size`", "--set cluster.hdbscan="]);
    let error = load(COMPLETE, &["cluster.hdbscam={}"]).unwrap_err().to_string();
    assert_contains(&error, &["unknown key `cluster.hdbscam`", "did you mean `hdbscan`?"]);
}

#[test]
fn there_is_a_seed_to_sweep_with() {
    assert_eq!(
        load(COMPLETE, &["cluster.seeds=1"]).unwrap().section::<ClusterConfig>().unwrap().seeds.get(),
        1
    );
    let error = load(COMPLETE, &["cluster.seeds=0"]).unwrap_err().to_string();
    assert_contains(&error, &["`cluster.seeds`", "a whole number from 1"]);
}

#[test]
fn decode_needs_a_model_and_the_device_of_export() {
    let config = load("name = \"trial\"\n", &[]).unwrap();
    let required = Stage::named("decode").unwrap().required_sections();
    let error = required.into_iter().find_map(|section| config.require(section).err()).unwrap();
    assert_eq!(error.key(), Some("model"));
    let config = load(COMPLETE, &["export.device='cpu'"]).unwrap();
    assert_eq!(of_stage(&config, "decode").unwrap()["export"]["device"], "cpu");
}

#[test]
fn checkpoints_are_written_every_so_many_epochs_steps_or_seconds() {
    let every = |value: &str| {
        load(COMPLETE, &[&format!("train.checkpoint-every={value}")]).map(|config| {
            let every = config.section::<TrainConfig>().unwrap().checkpoint_every;
            // What is printed is read as the same.
            assert_eq!(
                load(&config.to_toml(), &[]).unwrap().section::<TrainConfig>().unwrap().checkpoint_every,
                every
            );
            every
        })
    };
    let count = |value| Count::new(value).unwrap();
    assert_eq!(
        load(COMPLETE, &[]).unwrap().section::<TrainConfig>().unwrap().checkpoint_every,
        every("1").unwrap()
    );
    assert_eq!(every("3").unwrap(), CheckpointEvery::Epochs(count(3)));
    assert_eq!(every("{ epochs = 3 }").unwrap(), CheckpointEvery::Epochs(count(3)));
    assert_eq!(every("{ steps = 200 }").unwrap(), CheckpointEvery::Steps(count(200)));
    assert_eq!(every("{ seconds = 1.5 }").unwrap(), CheckpointEvery::Seconds(Positive::new(1.5).unwrap()));

    let forms = "one of `{ epochs = 1 }`, `{ steps = 200 }` and `{ seconds = 60 }`";
    for (value, found) in [
        ("0", "`0`"),
        ("1.5", "`1.5`"),
        ("often", "\"often\""),
        ("{}", "an empty table"),
        ("{ steps = 1, seconds = 2 }", "several of them"),
    ] {
        let error = every(value).unwrap_err().to_string();
        assert_contains(&error, &["wrong value for `train.checkpoint-every`", forms, found]);
    }
    let error = every("{ step = 2 }").unwrap_err().to_string();
    assert_contains(&error, &["unknown key `train.checkpoint-every.step`", "did you mean `steps`?"]);
    let error = every("{ steps = 0 }").unwrap_err().to_string();
    assert_contains(&error, &["`train.checkpoint-every.steps`", "a whole number from 1"]);
    let error = every("{ seconds = 0 }").unwrap_err().to_string();
    assert_contains(&error, &["`train.checkpoint-every.seconds`", "a number greater than 0"]);
}

#[test]
fn a_checkpoint_is_due_after_steps_epochs_or_seconds() {
    use std::time::Duration;
    let (now, later) = (Duration::ZERO, Duration::from_mins(1));
    let count = |value| Count::new(value).unwrap();
    let epochs = CheckpointEvery::Epochs(count(2));
    assert!(
        !epochs.after_step(4, later) && !epochs.after_epoch(3, 6, later) && epochs.after_epoch(4, 8, now)
    );
    let steps = CheckpointEvery::Steps(count(4));
    assert!(!steps.after_step(6, later) && steps.after_step(8, now) && steps.after_epoch(3, 8, now));
    let seconds = CheckpointEvery::Seconds(Positive::new(60.0).unwrap());
    assert!(!seconds.after_step(8, now) && seconds.after_step(7, later) && seconds.after_epoch(1, 7, later));
}

#[test]
fn checkpoints_are_no_part_of_what_a_training_depends_on() {
    let of_train = |set: &str| of_stage(&load(COMPLETE, &[set]).unwrap(), "train").unwrap();
    let default = of_stage(&load(COMPLETE, &[]).unwrap(), "train").unwrap();
    assert_eq!(of_train("train.checkpoint-every={ steps = 7 }"), default);
    assert_ne!(of_train("train.batch-size=7"), default);
    assert_eq!(default["train"]["epochs"], 3);
}

#[test]
fn validation_is_a_fraction() {
    let text = error("source = \"sample\"", "source = \"sample\"\nvalidation = 1.0");
    assert_contains(&text, &["between 0 and 1"]);
}

#[test]
fn an_unknown_source_is_an_error() {
    assert_contains(
        &error("\"sample\"", "\"mnits\""),
        &["wrong value for `dataset.source`", "did you mean `mnist`?"],
    );
}

#[test]
fn an_error_in_a_table_of_files_names_its_key() {
    let files = |train_images: &str| {
        let table =
            format!("{{ {train_images}, train-labels = \"b\", test-images = \"c\", test-labels = \"d\" }}");
        error("\"sample\"", &table)
    };
    assert_contains(
        &files("train-images = 3"),
        &["wrong value for `dataset.source.train-images`", "found: integer `3`", "trial.toml:"],
    );
    assert_contains(
        &files("train-image = \"a\""),
        &["unknown key `dataset.source.train-image`", "did you mean `train-images`?"],
    );
    assert_contains(&error("\"sample\"", "{ train-images = \"a\" }"), &["lacks the key `train-labels`"]);
    assert_contains(
        &error("\"sample\"", "{ folders = \"a\" }"),
        &["unknown key `dataset.source.folders`", "`train-images`, `train-labels`"],
    );
    assert_contains(&error("\"sample\"", "{}"), &["wrong value for `dataset.source`", "an empty table"]);
}

#[test]
fn an_unknown_device_is_an_error() {
    assert_contains(&error("epochs = 3", "device = \"gpu\""), &["unknown device `gpu`", "`cuda:N`"]);
}

#[test]
fn a_name_is_one_folder() {
    let trial = load(COMPLETE, &["name=learning-rate=0.001,seed=0"]).unwrap();
    assert_eq!(trial.name().as_str(), "learning-rate=0.001,seed=0");
    for name in ["", "a/b", "..", ".hidden", "a b"] {
        assert_contains(&error("\"trial\"", &format!("\"{name}\"")), &["cannot name a folder"]);
    }
}

#[test]
fn a_missing_key_is_an_error() {
    assert_contains(&error("architecture = \"reference\"", ""), &["lacks the key `architecture`", "[model]"]);
}

#[test]
fn text_that_is_no_toml_shows_where() {
    assert_contains(&error("epochs = 3", "epochs = = 3"), &["cannot parse", "trial.toml:11"]);
}

#[test]
fn what_no_screen_holds_is_an_error_of_some_lines() {
    // A column over 65 535, at which a formatted width panics; brackets and keys that nest without end; too long a file.
    let spaces = format!("{}epochs = = 3", " ".repeat(70_000));
    let wrong_key = format!("name = \"a\"\ncluster = {{ k = 5,{}x = 1 }}", " ".repeat(70_000));
    let nested = format!("a = {}", "[".repeat(500_000));
    let key = format!("a{} = 1", ".a".repeat(400_000));
    let inline = format!("a = {}", "{ a = ".repeat(100_000));
    let long = "#".repeat(1 << 20) + "\n";
    for text in [&spaces, &wrong_key, &nested, &key, &inline, &long] {
        let error = load(text, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().len() < 1000, "{error}");
    }
    let set = format!("a{}=1", ".a".repeat(50_000));
    let error = load(COMPLETE, &[&set]).unwrap_err().to_string();
    assert!(error.len() < 1000, "{error}");
    assert_contains(&error, &["cannot use `--set a.a.", "section.key=value"]);
    let value = format!("train.epochs={}", "[".repeat(50_000));
    assert!(load(COMPLETE, &[&value]).unwrap_err().to_string().len() < 1000);
}

#[test]
fn a_missing_section_is_an_error_only_for_the_stages_that_need_it() {
    let config = load("name = \"trial\"\n[cluster]\nk = 5\n", &[]).unwrap();
    assert!(of_stage(&config, "cluster").is_ok());
    let error = of_stage(&config, "train").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_contains(&error.to_string(), &["no section `[model]`", "add `[model]`"]);
}

#[test]
fn a_missing_file_is_a_missing_input() {
    let error = Config::load(Path::new("no/such.toml"), &[], sections()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert_contains(&error.to_string(), &["no/such.toml"]);
}

#[test]
fn one_key_of_a_table_that_the_file_lacks_can_be_set() {
    let config =
        load(COMPLETE, &["train.optimizer.learning-rate=0.5", "train.schedule.kind=reduce-on-plateau"]);
    assert_eq!(config.unwrap().section::<TrainConfig>().unwrap().optimizer.learning_rate.get(), 0.5);
}

#[test]
fn a_value_in_the_place_of_a_section_is_an_error() {
    let error = load("name = \"trial\"\ntrain = 3\n", &[]).unwrap_err();
    assert_contains(&error.to_string(), &["wrong value for `train`", "expected: a table"]);
    let error = load("name = \"trial\"\nseed = \"x\"\n", &[]).unwrap_err();
    assert_contains(&error.to_string(), &["wrong value for `seed`", "expected: a whole number"]);
}

#[test]
fn overrides_are_typed_and_checked_like_the_file() {
    let config =
        load(COMPLETE, &["train.optimizer.learning-rate=1e-2", "train.optimizer.kind=adam", "seed=7"]);
    let config = config.unwrap();
    assert_eq!(config.section::<TrainConfig>().unwrap().optimizer.learning_rate.get(), 1e-2);
    assert_eq!(config.seed(), 7);
    let error = load(COMPLETE, &["train.epochs=-1"]).unwrap_err();
    assert_contains(&error.to_string(), &["`-1`", "--> --set train.epochs=-1"]);
    assert_contains(&load(COMPLETE, &["train"]).unwrap_err().to_string(), &["section.key=value"]);
    assert_contains(&load(COMPLETE, &["name.x=1"]).unwrap_err().to_string(), &["`name` is a value"]);
}

#[test]
fn an_error_found_later_is_located_in_the_file() {
    let config = load(COMPLETE, &[]).unwrap();
    let error = config.locate(Error::config("cluster.k", "k = 4 is above the 3 points"));
    assert_contains(&error.to_string(), &["trial.toml:14:1", "k = { from = 2, to = 4 }"]);
}

#[test]
fn the_config_of_a_manifest_is_the_one_that_its_stage_read() {
    let config = load(COMPLETE, &[]).unwrap();
    for stage in Stage::all() {
        let mut section = of_stage(&config, stage.name()).unwrap();
        // Which points are clustered is not part of the config.
        section.as_object_mut().unwrap().remove(Points::KEY);
        let recorded =
            Config::recorded(config.name(), config.seed(), &section, Path::new("there"), sections()).unwrap();
        let mut again = of_stage(&recorded, stage.name()).unwrap();
        again.as_object_mut().unwrap().remove(Points::KEY);
        assert_eq!(again, section, "{stage}");
        assert_eq!(recorded.folder(), Path::new("there"));
    }
    let unknown = serde_json::json!({ "train": { "epoch": 1 } });
    let error = Config::recorded(config.name(), 1, &unknown, Path::new(""), sections()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert_contains(&error.to_string(), &["unknown key `train.epoch`", "version of latentkit"]);
}
