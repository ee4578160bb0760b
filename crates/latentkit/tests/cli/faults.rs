//! What disks, paths and the files of others do to a run: the message, the exit code, and what is left of earlier results.
//! `scripts/fault-test.sh` tries many more of them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use latentkit_table::{Labels, Latents, Metadata, Split, write_latents};
use ndarray::Array2;

use crate::support::{Folder, Ran};

const CONFIG: &str = "name = \"points\"\n\n[cluster]\nk = { from = 2, to = 4 }\nseeds = 1\n";

/// Names that are something else in HTML, in an attribute and in XML.
const NAMES: [&str; 3] = ["<script>alert(1)</script>", "\"&'", "]]><!--"];

/// A folder with a table of 60 points in three groups of these names, and the config to cluster them.
fn folder(table: &OsStr) -> Folder {
    let folder = Folder::new();
    folder.config(CONFIG);
    let values = Array2::from_shape_fn((60, 2), |(row, column)| {
        (row % 3) as f32 * 3.0 + ((row * 7 + column * 13) % 11) as f32 / 50.0
    });
    let latents = Latents {
        splits: vec![Split::Test; 60],
        labels: Labels::complete((0..60).map(|row| row % 3), NAMES.map(str::to_owned).into()),
        paths: None,
        values,
        reconstruction_bce: vec![0.0; 60],
        reconstruction_mse: vec![0.0; 60],
    };
    write_latents(&folder.path().join(table), &latents, &Metadata::new()).unwrap();
    folder
}

/// Every finished file by its name; what is hidden is the program's scratch.
fn results(folder: &Folder) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for stage in ["cluster", "plot"] {
        for entry in fs_err::read_dir(folder.path().join("artifacts/points").join(stage)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = fs_err::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

#[test]
fn names_with_markup_in_them_are_text_in_every_picture_and_in_the_report() {
    let table = "<img src=x onerror=alert(1)>&.parquet";
    let folder = folder(OsStr::new(table));
    folder.run(&["cluster", "trial.toml", "--latents", table]).ok();
    folder.run(&["plot", "trial.toml"]).ok();
    let mut pages = 0;
    for (path, bytes) in results(&folder) {
        if path.extension().is_some_and(|extension| extension == "svg" || extension == "html") {
            let text = String::from_utf8(bytes).unwrap();
            for forbidden in ["<script", "<img src=x", "<!--", "\"&'", ">]]>"] {
                assert!(!text.contains(forbidden), "{} has `{forbidden}`", path.display());
            }
            pages += 1;
        }
    }
    assert!(pages > 5, "{pages}");
    let report = String::from_utf8(folder.read("artifacts/points/plot/report.html")).unwrap();
    for escaped in ["&lt;script&gt;alert(1)&lt;/script&gt;", "&quot;&amp;&#39;", "]]&gt;&lt;!--"] {
        assert!(report.contains(escaped), "{escaped}");
    }
    let chart = String::from_utf8(folder.read("artifacts/points/plot/clusters_stacked.svg")).unwrap();
    assert!(chart.contains("&lt;script&gt;") || chart.contains("]]&gt;&lt;!--"), "{chart}");
}

#[test]
fn a_disk_that_is_full_at_any_file_leaves_the_earlier_results() {
    let folder = folder(OsStr::new("points.parquet"));
    let arguments = ["cluster", "trial.toml", "--latents", "points.parquet", "--force", "--quiet"];
    folder.run(&arguments).ok();
    folder.run(&["plot", "trial.toml"]).ok();
    let before = results(&folder);
    // A limit on the size of files stands for the full disk, the larger the later it is hit.
    for (command, blocks) in [("cluster", [0, 1, 3, 5]), ("plot", [0, 1, 40, 150])] {
        for blocks in blocks {
            let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
            let mut limited = Command::new("sh");
            limited.args(["-c", &limit, "sh", env!("CARGO_BIN_EXE_latentkit"), command]);
            limited.args(if command == "cluster" {
                &arguments[1..]
            } else {
                &["trial.toml", "--force", "--quiet"]
            });
            let ran = limited.current_dir(folder.path()).env("NO_COLOR", "1").output().unwrap();
            let text = Ran::from(ran).failed(1);
            assert!(
                text.starts_with("error: ") && text.contains("File too large"),
                "{command} {blocks}: {text}"
            );
            assert!(results(&folder) == before, "{command} with {blocks} blocks");
        }
    }
    folder.run(&arguments).ok();
}

#[test]
fn what_someone_put_in_the_place_of_a_file_is_refused_or_replaced() {
    let folder = folder(OsStr::new("points.parquet"));
    let arguments = ["cluster", "trial.toml", "--latents", "points.parquet"];
    let stage = folder.path().join("artifacts/points/cluster");
    folder.run(&arguments).ok();
    for case in 0..4 {
        fs_err::remove_dir_all(&stage).or_else(|_| fs_err::remove_file(&stage)).unwrap();
        match case {
            0 => fs_err::write(&stage, "a file").unwrap(),
            1 => symlink("cluster", &stage).unwrap(),
            2 => fs_err::create_dir_all(stage.join("manifest.json")).unwrap(),
            _ => fs_err::create_dir_all(stage.join("sweep.parquet")).unwrap(),
        }
        folder.run(&arguments).ok();
        assert!(folder.run(&["status", "trial.toml"]).ok().stdout.contains("cluster  fresh"), "{case}");
    }
    symlink("loop", folder.path().join("loop")).unwrap();
    fs_err::create_dir(folder.path().join("empty")).unwrap();
    for (name, why) in [
        ("loop", "Too many levels of symbolic links"),
        ("empty", "files that end in `.parquet`"),
        ("p*.feather", "files that end in `.parquet`"),
        ("/dev/null", "not a regular file"),
    ] {
        let text = folder.run(&["cluster", "trial.toml", "--latents", name]).failed(4);
        assert!(text.contains(why), "{text}");
    }
    assert!(folder.run(&["run", "loop"]).failed(4).contains("Too many levels"));
    let deep = format!("a{}=1", ".a".repeat(50_000));
    assert!(folder.run(&["run", "trial.toml", "--set", &deep]).failed(3).contains("cannot use `--set a.a."));
}

#[test]
fn points_whose_path_is_not_utf8_are_found_again() {
    let table = OsStr::from_bytes(b"not \xff UTF-8.parquet");
    let folder = folder(table);
    let cluster = |column: &str| {
        let mut command = folder.command(&["cluster", "trial.toml", "--column", column]);
        Ran::from(command.arg("--latents").arg(table).output().unwrap())
    };
    cluster("z").ok();
    assert!(folder.run(&["status", "trial.toml"]).ok().stdout.contains("cluster  fresh"));
    // Other points are another clustering.
    let again = cluster("z").ok();
    assert!(again.stdout.contains("skipped"), "{}", again.stdout);
    folder.run(&["plot", "trial.toml"]).ok();
}

#[test]
fn a_config_whose_folder_is_not_utf8_is_run() {
    let folder = folder(OsStr::new("points.parquet"));
    let odd = folder.path().join(OsStr::from_bytes(b"not \xff UTF-8"));
    fs_err::create_dir(&odd).unwrap();
    fs_err::write(odd.join("trial.toml"), CONFIG).unwrap();
    let mut command = folder.command(&["cluster", "--latents", "points.parquet"]);
    Ran::from(command.arg(odd.join("trial.toml")).output().unwrap()).ok();
    folder.run(&["plot", "trial.toml"]).ok();
}
