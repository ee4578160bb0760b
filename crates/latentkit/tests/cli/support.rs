//! Runs the program in a folder of its own.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use latentkit_ingest::{content, idx};
use latentkit_table::{Labels, Latents, Metadata, Split, write_latents};
use ndarray::Array2;
use tempfile::TempDir;

/// The top of the repository.
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder in which the program runs.
pub(crate) struct Folder(TempDir);

/// What a run printed, and its exit code.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a config and returns its name.
    pub(crate) fn config(&self, text: &str) -> &'static str {
        fs_err::write(self.path().join("trial.toml"), text).unwrap();
        "trial.toml"
    }

    /// Writes the config `small.toml` of an experiment `smoke` and its images, and returns its name: as
    /// `configs/smoke.toml`, but of 600 of the bundled digits, of which 360 are trained on, in 12 steps an epoch.
    pub(crate) fn small(&self) -> &'static str {
        self.small_with(&[])
    }

    /// As [`Self::small`], with these texts of the config replaced.
    pub(crate) fn small_with(&self, changes: &[(&str, &str)]) -> &'static str {
        let read = |name: &str| {
            let packed = fs_err::read(repository().join("data/sample").join(name)).unwrap();
            content::unpack(packed, 1 << 24).unwrap()
        };
        let (images, labels) = (read("t10k-images-idx3-ubyte.gz"), read("t10k-labels-idx1-ubyte.gz"));
        let (pixels, labels) = (idx::images(&images).unwrap().pixels, idx::labels(&labels).unwrap());
        for (set, first, count) in [("train", 0, 480_usize), ("test", 480, 120)] {
            let size = (count as u32).to_be_bytes();
            let write = |name: &str, header: &[&[u8]], content: &[u8]| {
                fs_err::write(
                    self.path().join(format!("{set}-{name}")),
                    [&header.concat(), content].concat(),
                )
                .unwrap();
            };
            let side = 28_u32.to_be_bytes();
            let of_set = |bytes: usize| first * bytes..(first + count) * bytes;
            write("images", &[&[0, 0, 8, 3], &size, &side, &side], &pixels[of_set(28 * 28)]);
            write("labels", &[&[0, 0, 8, 1], &size], &labels[of_set(1)]);
        }
        let source = "{ train-images = \"train-images\", train-labels = \"train-labels\", \
                      test-images = \"test-images\", test-labels = \"test-labels\" }";
        let text = fs_err::read_to_string(repository().join("configs/smoke.toml")).unwrap();
        let fixed = [
            ("\"sample\"", source),
            ("batch-size = 256", "batch-size = 30"),
            ("[\"png\", \"svg\"]", "[\"svg\"]"),
        ];
        let text = fixed.iter().chain(changes).fold(text, |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        fs_err::write(self.path().join("small.toml"), text).unwrap();
        "small.toml"
    }

    /// The program with these arguments, the bundled data and one thread.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_with(arguments, 1) // tests run side by side
    }

    /// The same with so many threads.
    pub(crate) fn command_with(&self, arguments: &[&str], threads: usize) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latentkit"));
        command
            .args(arguments)
            .arg("--data")
            .arg(repository().join("data"))
            .args(["--threads", &threads.to_string()])
            .current_dir(self.path())
            .env_remove("RUST_LOG")
            .env("NO_COLOR", "1");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path().join(path).exists()
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        fs_err::read(self.path().join(path)).unwrap()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// The run, which must have ended well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// What a run that failed printed on stderr. It must have ended with this code and printed no result.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.stdout, "", "stderr:\n{}", self.stderr);
        self.failed_after_results(code)
    }

    /// As [`Self::failed`], of a run that may have printed results before.
    #[track_caller]
    pub(crate) fn failed_after_results(self, code: i32) -> String {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self.stderr
    }
}

/// A run that goes on while the test does.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    stderr: String,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines, stderr: String::new() }
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads stderr up to a line that starts so.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, start: &str) {
        let mut found = false;
        while !found {
            let line =
                self.lines.next().unwrap_or_else(|| panic!("no `{start}` in:\n{}", self.stderr)).unwrap();
            found = line.starts_with(start);
            self.stderr.push_str(&line);
            self.stderr.push('\n');
        }
    }

    /// Sends a signal, such as `INT`.
    pub(crate) fn send(&self, signal: &str) {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        for line in self.lines {
            self.stderr.push_str(&line.unwrap());
            self.stderr.push('\n');
        }
        let mut ran = Ran::from(self.child.wait_with_output().unwrap());
        ran.stderr = self.stderr;
        ran
    }
}

/// A table of 60 points in three groups.
pub(crate) fn write_points(folder: &Folder, name: &str, spoil: impl Fn(&mut Array2<f32>)) {
    let mut values = Array2::from_shape_fn((60, 2), |(row, column)| {
        let noise = ((row * 7 + column * 13) % 11) as f32 / 50.0;
        (row % 3) as f32 * if column == 0 { 3.0 } else { -2.0 } + noise
    });
    spoil(&mut values);
    let latents = Latents {
        splits: vec![Split::Test; 60],
        labels: Labels::complete((0..60).map(|row| row % 3), vec!["a".into(), "b".into(), "<c>".into()]),
        paths: None,
        values,
        reconstruction_bce: vec![0.0; 60],
        reconstruction_mse: vec![0.0; 60],
    };
    write_latents(&folder.path().join(name), &latents, &Metadata::new()).unwrap();
}

/// A table of as many points as dimensions, without any structure.
pub(crate) fn write_wide_points(folder: &Folder, name: &str, size: usize) {
    let values = Array2::from_shape_fn((size, size), |(row, column)| {
        ((row * 7919 + column * 104_729 + row * column * 31) % 1009) as f32 / 1009.0
    });
    let latents = Latents {
        splits: vec![Split::Test; size],
        labels: Labels::complete(std::iter::repeat_n(0, size), vec!["a".into()]),
        paths: None,
        values,
        reconstruction_bce: vec![0.0; size],
        reconstruction_mse: vec![0.0; size],
    };
    write_latents(&folder.path().join(name), &latents, &Metadata::new()).unwrap();
}

/// The config of a clustering of points from elsewhere.
pub(crate) const POINTS: &str = "name = \"points\"\n\n[cluster]\nk = { from = 2, to = 5 }\n";

/// Snapshots with what differs from run to run filtered out: times, hashes and temporary folders.
pub(crate) fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r" +\d+\.\d s\b", " [seconds]");
    settings.add_filter(r"\d+ images/s", "[n] images/s");
    settings.add_filter(r"\b[0-9a-f]{64}\b", "[hash]");
    settings.add_filter(r"BLAKE3 [0-9a-f]{12}\b", "BLAKE3 [hash]");
    settings.add_filter(r"\bwith [0-9a-f]{12}\b", "with [hash]");
    settings.add_filter(r"partial-[0-9a-f]{16}", "partial-[key]");
    settings.add_filter(r", \d+(\.\d)? (kB|MB|byte\(s\))", ", [size]");
    settings.add_filter(r"\d+ bytes with", "[n] bytes with");
    settings.add_filter(r"found \d+ with", "found [n] with");
    settings.add_filter(r"process \d+, since [^)]+", "process [id], since [time]");
    settings.add_filter(r"/tmp/\.tmp\w+", "[folder]");
    settings.set_prepend_module_to_snapshot(false);
    settings
}

/// A snapshot of a text, under this name.
#[macro_export]
macro_rules! snapshot {
    ($name:literal, $text:expr) => {
        $crate::support::settings().bind(|| insta::assert_snapshot!($name, $text))
    };
}
