//! Ctrl-C, kill, and two processes at once.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Folder, Running, repository, write_wide_points};

/// A training of 60 steps with a checkpoint after each.
const STEPS: [(&str, &str); 1] = [("epochs = 1", "epochs = 5\ncheckpoint-every = { steps = 1 }")];

/// The checkpoints of the unfinished training.
fn checkpoints(folder: &Folder) -> Vec<String> {
    let entries = fs_err::read_dir(folder.path().join("artifacts/smoke")).unwrap();
    let partial = entries
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with(".train.partial-"));
    let Some(files) = partial.and_then(|partial| fs_err::read_dir(partial.join("checkpoints")).ok()) else {
        return Vec::new();
    };
    // One that is being removed may be gone before it is looked at.
    let records = files.flatten().map(|file| file.path());
    let records = records.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    records.map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned()).collect()
}

fn wait_for_a_checkpoint(folder: &Folder) {
    let start = Instant::now();
    while checkpoints(folder).is_empty() {
        assert!(start.elapsed() < Duration::from_mins(5), "no checkpoint is written");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn one_process_works_others_read_and_its_death_frees_the_lock() {
    let folder = Folder::new();
    let small = folder.small_with(&STEPS);
    folder.run(&["ingest", small]).ok();
    let mut first = Running::start(folder.command(&["train", small]));
    first.wait_for("train: first run");
    wait_for_a_checkpoint(&folder);
    // However fast it is, it is still there.
    first.send("STOP");

    // A second one that would write is refused, and told by whom.
    let refused = folder.run(&["ingest", small, "--force"]).failed(1);
    let holder =
        format!("another latentkit is working on `artifacts/smoke` (process {}, since 2", first.id());
    assert!(refused.contains(&holder) && refused.contains("hint: wait for it to end"), "{refused}");
    // Reading is not.
    let text = folder.run(&["status", small]).ok().stdout;
    assert!(text.contains("ingest   fresh") && text.contains("train    missing"), "{text}");
    assert!(folder.run(&["summary", small]).ok().stdout.contains("77 522"));
    assert!(folder.run(&["config", small]).ok().stdout.contains("steps = 1"));
    assert!(folder.run(&["run", small, "--dry-run"]).ok().stdout.contains("train"));

    first.send("KILL");
    let killed = first.end();
    assert_eq!((killed.code, killed.stdout.as_str()), (-1, ""), "{}", killed.stderr);
    // It left a lock's file, but no lock.
    folder.run(&["ingest", small]).ok();
    let resumed = folder.run(&["train", small]).ok();
    assert!(resumed.stderr.contains("resuming from the checkpoint after epoch "), "{}", resumed.stderr);

    // How often checkpoints are written is no reason to train again.
    let again = folder.run(&["train", small, "--set=train.checkpoint-every={ seconds = 60 }"]).ok();
    assert_eq!(again.stderr, "");
    assert!(
        folder
            .run(&["status", small, "--set=train.checkpoint-every=2"])
            .ok()
            .stdout
            .contains("train    fresh")
    );
}

#[test]
fn clustering_ends_soon_after_a_signal_in_whatever_phase() {
    let folder = Folder::new();
    let config = folder.config(
        "name = \"wide\"\n\n[cluster]\nk = { from = 2, to = 4 }\nseeds = 1\nrestarts = 1\n\
         criteria = [\"gap\"]\ngap-references = 2\n",
    );
    // The principal axes of so many dimensions take longer than all other phases.
    write_wide_points(&folder, "points.parquet", 1600);
    let arguments = ["cluster", config, "--latents", "points.parquet"];
    let mut interrupted = 0;
    for wait in [0.2, 0.5, 1.0, 1.5, 3.0].map(Duration::from_secs_f64) {
        let mut running = Running::start(folder.command(&arguments));
        running.wait_for("cluster: first run");
        thread::sleep(wait);
        running.send("INT");
        let start = Instant::now();
        let ended = running.end();
        if ended.code == 0 {
            break; // it was done before
        }
        ended.failed(130);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(5), "it ended {took:?} after a signal at {wait:?}");
        interrupted += 1;
    }
    assert!(interrupted > 0);
}

#[test]
fn the_first_signal_finishes_the_step_and_the_second_does_not() {
    let folder = Folder::new();
    // One step an epoch, of seconds.
    let smoke = repository().join("configs/smoke.toml").display().to_string();
    let long = ["train", &smoke, "--set=train.epochs=2", "--set=train.batch-size=6000"];
    folder.run(&["ingest", &smoke]).ok();
    let mut first = Running::start(folder.command(&long));
    first.wait_for("train: first run");
    thread::sleep(Duration::from_millis(300));
    first.send("TERM");
    first.wait_for("stopping after this step; Ctrl-C again stops at once");
    first.send("INT");
    let stderr = first.end().failed(130);
    assert!(!stderr.contains("error:"), "stopped at once: {stderr}");
    assert_eq!(checkpoints(&folder), [""; 0]);

    let folder = Folder::new();
    let small = folder.small_with(&[("epochs = 1", "epochs = 100\ncheckpoint-every = { steps = 5 }")]);
    folder.run(&["ingest", small]).ok();
    let second = Running::start(folder.command(&["train", small]));
    wait_for_a_checkpoint(&folder);
    second.send("TERM");
    let stderr = second.end().failed(130);
    let place =
        stderr.split_once("error: interrupted\nhint: run the same command again to resume after epoch ");
    let place = place.expect(&stderr).1.trim();
    let newest = match place.split_once(", step ") {
        Some((epoch, step)) => {
            let step = step.strip_suffix(" of 12").expect(&stderr);
            format!("epoch-{epoch:0>7}-step-{step:0>7}.json")
        }
        None => format!("epoch-{place:0>7}.json"),
    };
    assert!(checkpoints(&folder).contains(&newest), "{newest}: {:?}", checkpoints(&folder));
}
