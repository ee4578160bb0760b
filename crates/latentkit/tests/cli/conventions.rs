//! What scripts and terminals expect of any program: colours, logs, pipes, completions, a manual, versions.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::snapshot;
use crate::support::{Folder, POINTS, Ran, write_points};

const INGEST: &str = "name = \"trial\"\n\n[dataset]\nsource = \"sample\"\n";

/// Runs with these variables and without those that would decide on colours or log lines.
fn with_environment(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = folder.command(arguments);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_LOG", "TERM"] {
        command.env_remove(name);
    }
    Ran::from(command.envs(variables.iter().copied()).output().unwrap())
}

#[test]
fn colours_follow_the_variables_and_the_option_outranks_them() {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    let status = ["status", config];
    let colourful = |arguments: &[&str], variables: &[(&str, &str)]| {
        with_environment(&folder, arguments, variables).ok().stdout.contains('\u{1b}')
    };
    assert!(!colourful(&status, &[]), "no terminal, no colours");
    assert!(colourful(&status, &[("CLICOLOR_FORCE", "1")]));
    assert!(!colourful(&status, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(colourful(&["status", config, "--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!colourful(&["status", config, "--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    let error = with_environment(&folder, &["status", "none.toml"], &[("CLICOLOR_FORCE", "1")]).failed(4);
    assert!(error.starts_with("\u{1b}["), "{error}");
    let json = with_environment(&folder, &["status", config, "--json"], &[("CLICOLOR_FORCE", "1")]).ok();
    assert!(serde_json::from_str::<Value>(&json.stdout).is_ok(), "{}", json.stdout);
}

#[test]
fn rust_log_says_what_is_logged() {
    let folder = Folder::new();
    let config = folder.config(INGEST);
    let ingest = ["ingest", config, "--force"];
    let logged = |variables: &[(&str, &str)]| with_environment(&folder, &ingest, variables).ok().stderr;
    assert!(logged(&[]).contains("ingest: first run"));
    assert_eq!(logged(&[("RUST_LOG", "off")]), "");
    assert_eq!(logged(&[("RUST_LOG", "latentkit=warn")]), "");
    let debug = logged(&[("RUST_LOG", "latentkit=debug")]);
    assert!(debug.contains("ingest: done in"), "{debug}");
}

#[test]
fn a_log_as_json_is_one_object_a_line() {
    let folder = Folder::new();
    let small = folder.small();
    folder.run(&["ingest", small, "--quiet"]).ok();
    let ran = folder.run(&["train", small, "--log-format", "json"]).ok();
    let lines: Vec<Value> = ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        assert!(line["time"].as_str().unwrap().ends_with('Z') && line["message"].is_string(), "{line}");
        assert_eq!((&line["stage"], &line["level"]), (&json!("train"), &json!("info")), "{line}");
    }
    let epoch = lines.iter().find(|line| line["event"] == "epoch").unwrap();
    assert_eq!((&epoch["epoch"], &epoch["epochs"]), (&json!(1), &json!(1)));
    for figure in ["seconds", "images_per_second", "learning_rate", "train_loss", "validation_loss"] {
        assert!(epoch[figure].as_f64().unwrap() > 0.0, "{figure} of {epoch}");
    }

    let failed = folder.run(&["train", "none.toml", "--log-format", "json"]).failed(4);
    let line: Value = serde_json::from_str(&failed).unwrap();
    assert_eq!(line["level"], "error");
    assert_eq!(line["message"], "cannot find the config `none.toml`");
    assert_eq!(line["exit_code"], 4);
    assert!(line["hint"].as_str().unwrap().contains("configs/quickstart.toml"), "{line}");
}

#[test]
fn every_stage_keeps_its_log() {
    let folder = Folder::new();
    let config = folder.config(INGEST);
    folder.run(&["ingest", config, "--quiet"]).ok();
    let log = String::from_utf8(folder.read("artifacts/trial/ingest/log.txt")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines[0].contains("Z info    latentkit ") && lines[0].ends_with(", 1 thread(s)"), "{log}");
    assert!(lines[1].ends_with("Z info    ingest: first run"), "{log}");
    assert!(lines.last().unwrap().contains("Z debug   ingest: done in"), "{log}");
    let manifest: Value =
        serde_json::from_slice(&folder.read("artifacts/trial/ingest/manifest.json")).unwrap();
    assert_eq!(manifest["log"], "log.txt");
    let outputs: Vec<_> =
        manifest["outputs"].as_array().unwrap().iter().map(|output| &output["path"]).collect();
    assert_eq!(outputs, ["dataset.parquet"], "times would make every run another result");
    // Nothing depends on the log.
    fs_err::write(folder.path().join("artifacts/trial/ingest/log.txt"), "").unwrap();
    folder.run(&["verify", config]).ok();
    assert!(folder.run(&["ingest", config]).ok().stdout.contains("skipped"));
}

#[test]
fn a_log_goes_on_where_an_attempt_failed() {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    write_points(&folder, "points.parquet", |_| {});
    let cluster = ["cluster", config, "--latents", "points.parquet", "--set=cluster.k=80", "--quiet"];
    folder.run(&cluster).failed(3);
    folder.run(&cluster).failed(3);
    let partial = fs_err::read_dir(folder.path().join("artifacts/points"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with(".cluster.partial-"))
        .unwrap();
    let log = fs_err::read_to_string(partial.join("log.txt")).unwrap();
    assert_eq!(log.matches("info    latentkit ").count(), 2, "{log}");
    assert_eq!(log.matches("error   k = 80 is above the 60 points").count(), 2, "{log}");
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let folder = Folder::new();
    let config = folder.config(INGEST);
    folder.run(&["ingest", config, "--quiet"]).ok();
    for arguments in [
        &["--help"][..],
        &["--version", "--verbose"],
        &["status", config],
        &["status", config, "--json"],
        &["config", config],
        &["verify", config],
        &["clean", config, "--dry-run"],
        &["completions", "bash"],
        &["man"],
        &["ingest", config, "--force"],
    ] {
        for both in [false, true] {
            let mut command = folder.command(arguments);
            // The reading ends are dropped before the program starts, so that its first write fails.
            let (reader, writer) = std::io::pipe().unwrap();
            command.stdout(writer.try_clone().unwrap());
            command.stderr(if both { Stdio::from(writer) } else { Stdio::piped() });
            drop(reader);
            let output = command.spawn().unwrap().wait_with_output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
            assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
        }
    }
}

#[test]
fn results_that_cannot_be_printed_are_an_error_whatever_they_are() {
    let folder = Folder::new();
    let config = folder.config(POINTS);
    let full = || fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap().into_file();
    for arguments in [&["status", config, "--check"][..], &["status", config], &["--version"]] {
        let output = folder.command(arguments).stdout(full()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("cannot print the results"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn shells_accept_the_completions() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.run(&["completions", shell]).ok().stdout;
        assert!(script.contains("reproduce") && script.contains("dry-run"), "{shell}:\n{script}");
        let file = folder.path().join(format!("completions.{shell}"));
        fs_err::write(&file, script).unwrap();
        // Whichever of these shells there are.
        if ["bash", "zsh", "fish"].contains(&shell)
            && let Ok(checked) = Command::new(shell).arg("-n").arg(&file).output()
        {
            assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
    assert!(folder.run(&["completions", "tcsh"]).failed(2).contains("bash"));
}

#[test]
fn bash_completes_what_the_script_says() {
    let folder = Folder::new();
    let script = folder.run(&["completions", "bash"]).ok().stdout;
    fs_err::write(folder.path().join("completions.bash"), script).unwrap();
    let typed = r#"
        source completions.bash
        COMP_WORDS=(latentkit ver) COMP_CWORD=1 COMPREPLY=()
        _latentkit latentkit ver latentkit
        echo "${COMPREPLY[@]}"
    "#;
    let Ok(output) = Command::new("bash").args(["-c", typed]).current_dir(folder.path()).output() else {
        return; // a system without bash
    };
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "verify");
}

#[test]
fn the_manual_can_be_set() {
    let folder = Folder::new();
    let page = folder.run(&["man"]).ok().stdout;
    let of_run = folder.run(&["man", "run"]).ok().stdout;
    assert!(page.contains(".TH latentkit 1") && of_run.contains(".TH latentkit-run 1"), "{page}\n{of_run}");
    snapshot!("man_unknown", folder.run(&["man", "rum"]).failed(2));
    for (text, expected) in
        [(page, "latentkit-run(1)"), (of_run, "Run all stages, skipping those that are up to date")]
    {
        fs_err::write(folder.path().join("page.1"), text).unwrap();
        let Ok(set) = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "page.1"])
            .current_dir(folder.path())
            .output()
        else {
            continue; // a system without groff
        };
        let (shown, warnings) = (String::from_utf8_lossy(&set.stdout), String::from_utf8_lossy(&set.stderr));
        assert!(set.status.success() && warnings.is_empty(), "{warnings}");
        let shown: String = shown.split_whitespace().collect::<Vec<_>>().join(" ").replace('‐', "-");
        assert!(shown.contains(expected), "{shown}");
    }
}

#[test]
fn versions_tell_what_results_can_depend_on() {
    let folder = Folder::new();
    let short = folder.run(&["--version"]).ok().stdout;
    assert!(short.starts_with("latentkit 0.") && short.lines().count() == 1, "{short}");
    assert_eq!(folder.run(&["-V"]).ok().stdout, short);
    let long = folder.run(&["--version", "--verbose"]).ok().stdout;
    assert_eq!(folder.run(&["-vV"]).ok().stdout, long);
    assert_eq!(long.lines().next(), short.lines().next());
    let names: Vec<&str> = long.lines().skip(1).map(|line| line[2..15].trim()).collect();
    let expected =
        ["commit", "libtorch", "build", "system", "processor", "CPU features", "threads", "devices"];
    assert_eq!(names, expected, "{long}");
    assert!(long.contains("  threads       1\n"), "{long}");
    assert!(long.lines().last().unwrap().contains("cpu"), "{long}");
    // It is in the other program, be that there or not.
    assert!(long.contains("`, which is used where it is needed\n") || long.contains("  none; "), "{long}");
    assert!(folder.run(&["--version", "run", "x.toml"]).failed(2).contains("stands without a command"));
    assert!(folder.run(&["--json"]).failed(2).contains("a command is missing"));
}

#[test]
fn status_says_what_a_run_would_do() {
    let folder = Folder::new();
    let config = folder.config(INGEST);
    let check = |code| {
        let ran = folder.run(&["status", config, "--check", "--json"]);
        assert_eq!(ran.code, code, "{}", ran.stdout);
        serde_json::from_str::<Value>(&ran.stdout).unwrap()
    };
    let missing = check(5);
    assert_eq!((&missing["fresh"], &missing["stages"][0]["state"]), (&json!(false), &json!("missing")));
    let first = folder.run(&["run", config, "--to", "ingest"]).ok().stdout;
    assert!(first.contains("(first run)"), "{first}");
    assert!(!folder.exists("artifacts/trial/train"), "`--to` is the last stage");
    let again = folder.run(&["run", config, "--to", "ingest"]).ok().stdout;
    assert!(again.contains("skipped") && again.contains("(up to date)"), "{again}");
    let forced = folder.run(&["run", config, "--to", "ingest", "--force"]).ok().stdout;
    assert!(forced.contains("(forced)"), "{forced}");
    let dry = folder.run(&["run", config, "--to", "ingest", "--force", "--dry-run"]).ok().stdout;
    assert_eq!(dry, "ingest   would run (forced)\n");

    // Somebody edits the table.
    fs_err::write(folder.path().join("artifacts/trial/ingest/dataset.parquet"), "x").unwrap();
    let edited = check(5);
    assert_eq!(edited["stages"][0]["reasons"][0], "`dataset.parquet` was changed by someone else");
    let dry = folder.run(&["run", config, "--to", "ingest", "--dry-run"]).ok().stdout;
    assert_eq!(dry, "ingest   would run (`dataset.parquet` was changed by someone else)\n");
}
