//! The grammar of a sweep's overrides, the product of their values, and the names of trials.

use serde::{Deserialize, Serialize};
use toml::Table;

use super::*;
use crate::ErrorKind;
use crate::config::{Count, Positive, Section};

/// A section with some keys of the experiments' ones.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Train {
    epochs: Count,
    #[serde(default)]
    batch_size: Option<Count>,
    #[serde(default)]
    device: Option<String>,
    #[serde(default)]
    schedule: Option<Table>,
    #[serde(default)]
    optimizer: Option<Optimizer>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Optimizer {
    learning_rate: Positive,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Export {
    #[serde(default = "sixteen")]
    batch_size: u32,
    #[serde(default = "anywhere")]
    device: String,
}

fn sixteen() -> u32 {
    16
}

fn anywhere() -> String {
    "auto".into()
}

#[derive(Serialize, Deserialize)]
struct Any(Value);

macro_rules! sections {
    ($($section:ident($name:literal, $implied:literal)),*) => {
        $(impl Section for $section {
            const NAME: &'static str = $name;
            const IMPLIED: bool = $implied;
        })*
    };
}
sections!(Train("train", false), Export("export", true), Any("cluster", false));

const SECTIONS: &[SectionType] =
    &[SectionType::of::<Train>(), SectionType::of::<Export>(), SectionType::of::<Any>()];

const CONFIG: &str = r#"
name = "base"

[train]
epochs = 3

[cluster]
k = { from = 2, to = 4 }
"#;

fn plan(overrides: &[&str]) -> Result<SweepPlan> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.toml");
    fs_err::write(&path, CONFIG).unwrap();
    SweepPlan::load(&path, &overrides.iter().map(|&set| set.to_owned()).collect::<Vec<_>>(), SECTIONS)
}

#[track_caller]
fn names(overrides: &[&str]) -> Vec<String> {
    plan(overrides).unwrap().trials.iter().map(|trial| trial.name.as_str().to_owned()).collect()
}

#[track_caller]
fn refusal(overrides: &[&str]) -> String {
    let error = plan(overrides).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    error.to_string()
}

#[test]
fn commas_separate_only_outside_of_brackets_braces_and_quotes() {
    for (values, expected) in [
        ("1", &["1"][..]),
        ("1,2 , 3", &["1", "2", "3"]),
        ("[2,3]", &["[2,3]"]),
        ("[2,3],[4],5", &["[2,3]", "[4]", "5"]),
        ("{ from = 2, to = 5 },{ from = 3, to = 4 }", &["{ from = 2, to = 5 }", "{ from = 3, to = 4 }"]),
        ("[{ a = [1, 2] }, 3],x", &["[{ a = [1, 2] }, 3]", "x"]),
        (r#""a,b",'c,"d',e"#, &[r#""a,b""#, r#"'c,"d'"#, "e"]),
        (r#""a\",b",c"#, &[r#""a\",b""#, "c"]),
        (r"'a\',b", &[r"'a\'", "b"]),
        (r#"["]", ","],2"#, &[r#"["]", ","]"#, "2"]),
    ] {
        assert_eq!(split(values).unwrap(), expected, "{values}");
    }
    for wrong in ["", "1,", ",1", "1,,2", " ", "[2,3", "{a=1", "\"a,b", "it's", "2]", "[2}", "\"a\\"] {
        assert!(split(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_range_is_of_whole_numbers_and_holds_both_ends() {
    assert_eq!(range("0..4"), Some((0, 4)));
    assert_eq!(range("-3..-1"), Some((-3, -1)));
    for text in [
        "0..=4",
        "0...4",
        "1..",
        "..4",
        "1e-3..1e-1",
        "../a.idx",
        "0 .. 4",
        "a..b",
        "99999999999999999999..1",
    ] {
        assert_eq!(range(text), None, "{text}");
    }
    assert_eq!(names(&["seed=0..4"]), ["seed=0", "seed=1", "seed=2", "seed=3", "seed=4"]);
    assert_eq!(names(&["seed=7..7"]), ["seed=7"]);
    assert_eq!(names(&["seed=9,0..1,5"]), ["seed=9", "seed=0", "seed=1", "seed=5"]);
    assert!(refusal(&["seed=4..0"]).contains("4 is above 0"));
    assert!(refusal(&["seed=0..10000"]).contains("more than 10000 values"));
    let text = refusal(&["seed=0..=4"]);
    assert!(text.contains("--set seed=0..=4") && text.contains("`0..4` is 0, 1, 2, 3 and 4"), "{text}");
}

#[test]
fn every_combination_is_a_trial_the_last_key_running_fastest() {
    let plan = plan(&["train.optimizer.learning-rate=1e-3,3e-4", "seed=0..2"]).unwrap();
    assert_eq!(plan.experiment.as_str(), "base");
    let found: Vec<_> = plan.trials.iter().map(|trial| (trial.number, trial.name.as_str())).collect();
    let expected = [
        (1, "learning-rate=0.001,seed=0"),
        (2, "learning-rate=0.001,seed=1"),
        (3, "learning-rate=0.001,seed=2"),
        (4, "learning-rate=0.0003,seed=0"),
        (5, "learning-rate=0.0003,seed=1"),
        (6, "learning-rate=0.0003,seed=2"),
    ];
    assert_eq!(found, expected);
    let last = &plan.trials[5];
    assert_eq!(last.overrides, ["train.optimizer.learning-rate=3e-4", "seed=2"]);
    let values = [("train.optimizer.learning-rate", serde_json::json!(3e-4)), ("seed", serde_json::json!(2))];
    assert_eq!(last.values, values.map(|(key, value)| (key.to_owned(), value)));
    assert_eq!(last.config.seed(), 2);
    assert_eq!(last.config.name().as_str(), "learning-rate=0.0003,seed=2");
}

#[test]
fn a_trial_is_what_run_makes_of_its_overrides() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.toml");
    fs_err::write(&path, CONFIG).unwrap();
    let sets = ["cluster.k=[2,3],{ from = 2, to = 5 },7", "train.device=cpu,'cuda:1'"].map(str::to_owned);
    for trial in SweepPlan::load(&path, &sets, SECTIONS).unwrap().trials {
        let name = format!("name=\"{}\"", trial.name.as_str());
        let loaded = Config::load(&path, &[trial.overrides.clone(), vec![name]].concat(), SECTIONS).unwrap();
        assert_eq!(loaded.to_toml(), trial.config.to_toml());
    }
}

#[test]
fn values_that_are_arrays_or_tables_stay_whole() {
    let plan = plan(&["cluster.k=[2,3],{ from = 2, to = 5 },9"]).unwrap();
    let ks: Vec<_> =
        plan.trials.iter().map(|trial| trial.config.sections["cluster"]["k"].to_string()).collect();
    assert_eq!(ks, ["[2, 3]", "{ from = 2, to = 5 }", "9"]);
    let names: Vec<_> = plan.trials.iter().map(|trial| trial.name.as_str()).collect();
    assert_eq!(names, ["k=2_3", "k=from_2_to_5", "k=9"]);
}

#[test]
fn a_name_holds_what_a_folder_may_and_stays_unique() {
    let device = names(&["train.device=cpu,cuda,'cuda:1','cuda:2'"]);
    assert_eq!(device[..2], ["train.device=cpu", "train.device=cuda"]);
    assert!(device[2].starts_with("train.device=cuda-1-") && device[3].starts_with("train.device=cuda-2-"));
    // `[1, 2]` and `1_2` look the same as long as nothing is nested; `[[1], 2]` does not.
    let value = |text: &str| parse_override(&format!("x={text}")).unwrap().1;
    assert_eq!(slug(&value("[1, 2]")), "1_2");
    assert_ne!(slug(&value("[[1], 2]")), slug(&value("[1, [2]]")));
    assert_ne!(slug(&value("'a/b'")), slug(&value("'a:b'")));
    assert_ne!(slug(&value("''")), "");
    assert_eq!(slug(&value("1e-7")), "1e-7");
    assert_eq!(slug(&value("0x10")), "16");
    assert_eq!(slug(&value("1.0")), "1.0");
}

#[test]
fn names_do_not_depend_on_the_order_of_the_overrides() {
    let one: BTreeSet<_> = names(&["seed=0,1", "train.epochs=2,6"]).into_iter().collect();
    let other: BTreeSet<_> = names(&["train.epochs=6,2", "seed=1,0"]).into_iter().collect();
    assert_eq!(one, other);
    assert!(one.contains("epochs=2,seed=1"), "{one:?}");
}

#[test]
fn a_key_whose_last_part_is_not_its_own_is_named_whole() {
    assert_eq!(names(&["train.batch-size=64"]), ["train.batch-size=64"]);
    assert_eq!(names(&["train.epochs=2"]), ["epochs=2"]);
    let both =
        names(&["train.schedule={ kind = 'one-cycle', warm-up = 0.1 }", "train.schedule.warm-up=0.2,0.3"]);
    assert_eq!(both.len(), 2);
    assert!(both[0].contains("warm-up=0.2"), "{both:?}");
}

#[test]
fn long_names_are_cut_and_stay_unique() {
    let list = |last: u32| format!("cluster.k={:?}", (2..60).chain([last]).collect::<Vec<u32>>());
    let (one, other) = (names(&[&list(70)]), names(&[&list(71)]));
    assert_eq!((one[0].len(), other[0].len()), (100, 100));
    assert!(one[0].starts_with("k=2_3_4_5_") && one[0][..91] == other[0][..91] && one != other);
}

#[test]
fn a_sweep_has_one_name_of_its_own() {
    let plan = plan(&["name=other", "seed=1,2"]).unwrap();
    assert_eq!(plan.experiment.as_str(), "other");
    assert_eq!(plan.trials[0].overrides, ["seed=1"]);
    assert!(refusal(&["name=a,b", "seed=1"]).contains("a sweep has one name"));
}

#[test]
fn what_cannot_be_swept_over_is_refused_before_anything_runs() {
    assert!(refusal(&["seed=1,2,1"]).contains("lists `1` twice"));
    assert!(refusal(&["train.optimizer.learning-rate=1e-3,0.001"]).contains("lists `0.001` twice"));
    assert!(refusal(&["seed=0..3,2"]).contains("lists `2` twice"));
    assert!(refusal(&["seed=1", "seed=2"]).contains("gives `seed` twice"));
    assert!(refusal(&["seed"]).contains("it has no `=`"));
    assert!(refusal(&["seed="]).contains("a value is empty"));
    assert!(refusal(&["cluster.k=[2,3"]).contains("does not close"));
    assert!(refusal(&["seed=0..99", "train.epochs=1..99", "train.batch-size=1..9"]).contains("100 x 99 x 9"));
    // The third of three trials is wrong.
    let text = refusal(&["train.epochs=1,2,0"]);
    assert!(
        text.contains("wrong value for `train.epochs`") && text.contains("--> --set train.epochs=0"),
        "{text}"
    );
    assert!(refusal(&["train.epoch=1,2"]).contains("did you mean `epochs`?"));
    let error = plan(&[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(plan(&["name=x"]).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn the_keys_of_a_table_may_stand_in_any_order() {
    let one = names(&["train.schedule={ kind = 'one-cycle', warm-up = 0.1 }"]);
    assert_eq!(one, names(&["train.schedule={ warm-up = 0.1, kind = 'one-cycle' }"]));
    assert!(refusal(&["cluster.k={ a = 1, b = 2 },{ b = 2, a = 1 }"]).contains("twice"));
}
