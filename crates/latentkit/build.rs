//! Records the commit that the program is built from, and how.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for (name, variable) in [("PROFILE", "LATENTKIT_PROFILE"), ("TARGET", "LATENTKIT_TARGET")] {
        println!("cargo::rustc-env={variable}={}", std::env::var(name).unwrap_or_default());
    }
    // A change of the repository's state or of its sources can change the answers.
    for file in ["HEAD", "index", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", file])
            && Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    for path in ["../../crates", "../../Cargo.toml", "../../Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let mut version = env!("CARGO_PKG_VERSION").to_owned();
    if let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) {
        let dirty =
            git(&["status", "--porcelain", "--untracked-files=no"]).is_none_or(|changes| !changes.is_empty());
        println!("cargo::rustc-env=LATENTKIT_GIT_COMMIT={commit}");
        println!("cargo::rustc-env=LATENTKIT_GIT_DIRTY={dirty}");
        let changes = if dirty { ", with changes" } else { "" };
        version = format!("{version} ({commit}{changes})");
    }
    println!("cargo::rustc-env=LATENTKIT_VERSION={version}");
}

fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
