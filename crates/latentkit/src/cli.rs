//! All of the command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap::{ArgMatches, FromArgMatches};
use latentkit_table::Columns;

use crate::stages::{self, Stage};
use crate::versions;

/// Auto-encoder, latents, clusters, report: an experiment from one TOML file.
#[derive(Debug, Parser)]
#[command(
    name = "latentkit",
    version = versions::short(),
    disable_version_flag = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "\
Examples:
  latentkit run configs/quickstart.toml
  latentkit cluster configs/mnist.toml --set cluster.k=10
  latentkit status configs/mnist.toml

Exit codes: 0 done, 1 failed, 2 usage, 3 bad config, 4 missing or corrupt input,
5 stale (status --check), 6 not as recorded (verify, reproduce), 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Print the version; with --verbose also what it was built with and what it runs on
    #[arg(short = 'V', long)]
    version: bool,
    #[command(flatten)]
    pub(crate) global: Global,
}

impl Cli {
    /// Checks that there is a command or `--version`, which clap cannot require.
    pub(crate) fn with_something_to_do(self) -> Self {
        match (&self.command, self.version) {
            (None, false) => Self::command()
                .error(
                    ErrorKind::MissingSubcommand,
                    "a command is missing, such as `run`; `--help` lists them",
                )
                .exit(),
            (Some(_), true) => Self::command()
                .error(ErrorKind::ArgumentConflict, "`--version` stands without a command")
                .exit(),
            _ => self,
        }
    }
}

/// Global options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Replace a value of the config, as in `train.epochs=2` (the value as TOML; repeatable)
    #[arg(long = "set", global = true, value_name = "SECTION.KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// Threads to compute with [default: one for each core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Folder that experiments write to
    #[arg(long, global = true, value_name = "DIR", default_value = "artifacts")]
    pub(crate) artifacts: PathBuf,
    /// Folder of the data sets
    #[arg(long, global = true, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
    /// More log lines (-vv: still more)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Warnings and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// How progress is written to stderr
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// Write a trace of what ran when, for <https://ui.perfetto.dev>
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines to be read; bars on a terminal
    Text,
    /// One JSON object a line
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set; everywhere with `CLICOLOR_FORCE`
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run all stages, skipping those that are up to date
    #[command(after_help = "\
Examples:
  latentkit run configs/quickstart.toml
  latentkit run configs/mnist.toml --set train.epochs=2 --to export
  latentkit run configs/mnist.toml --dry-run")]
    Run(RunArguments),
    #[command(flatten)]
    Stage(StageCommand),
    /// Print the model layer by layer
    #[command(after_help = "Example:\n  latentkit summary configs/mnist.toml --set model.latent-dim=10")]
    Summary(ConfigArguments),
    /// Show which stages are fresh, stale or missing, and why
    #[command(after_help = "Example:\n  latentkit status configs/mnist.toml --check || echo 'run it again'")]
    Status(StatusArguments),
    /// Print a config that fits some images or points
    #[command(after_help = "\
Examples:
  latentkit init --images photos > photos.toml && latentkit run photos.toml
  latentkit init --latents embeddings.parquet > embeddings.toml")]
    Init(InitArguments),
    /// Print the config with every default filled in
    #[command(after_help = "Example:\n  latentkit config configs/mnist.toml --set seed=7 > seed-7.toml")]
    Config(ConfigArguments),
    /// Run a trial for each combination of the values that --set lists
    #[command(after_help = "\
Values of --set are separated by commas, and every combination of them is a trial:
  --set train.optimizer.learning-rate=1e-3,3e-4 --set seed=0..4    ten trials
  seed=0..4                                       0, 1, 2, 3 and 4: both ends belong to the range
  cluster.k='[2,3],{ from = 2, to = 5 }'          two values: no comma inside of brackets separates
Each trial is an experiment in `<experiment>/sweep/<trial>/` of the artifacts, named by all of its overrides. The same
command again skips what has finished and continues with the rest. At the end: a table of all trials on stdout and in
`sweep/trials.parquet`, a chart in `sweep/trials.png` and `.svg`. With --trial they are left out; the same command
without it, after all trials have run, makes them.

Examples:
  latentkit sweep configs/mnist.toml --set train.optimizer.learning-rate=1e-3,3e-4 --set seed=0..4
  latentkit sweep my.toml --latents embeddings.parquet --set cluster.restarts=1,10,100 --jobs 2
  latentkit sweep configs/mnist.toml --set seed=0..7 --trial \"$SLURM_ARRAY_TASK_ID/8\"")]
    Sweep(SweepArguments),
    /// List the experiments and the trials of sweeps, with their figures
    #[command(after_help = "Example:\n  latentkit runs --artifacts /scratch/artifacts --json")]
    Runs,
    /// Show how runs differ, and plot their curves on one page
    #[command(after_help = "\
Examples:
  latentkit compare mnist mnist-fast
  latentkit compare mnist/sweep/seed=0 mnist/sweep/seed=1 mnist/sweep/seed=2 --html seeds.html
  latentkit compare mnist /backup/artifacts/mnist --markdown > difference.md")]
    Compare(CompareArguments),
    /// Hash every file again and compare it with the manifests
    #[command(after_help = "\
Examples:
  latentkit verify configs/mnist.toml
  latentkit verify configs/mnist.toml --rerun --stage cluster")]
    Verify(VerifyArguments),
    /// Run again what a manifest records, and check that the results agree
    #[command(after_help = "Example:\n  latentkit reproduce artifacts/mnist/train/manifest.json")]
    Reproduce(ReproduceArguments),
    /// Encode images with a trained model
    #[command(after_help = "\
IMAGES are folders of pictures, pictures, files of images (Parquet, .npy, .npz, CSV), or a source of images as TOML, as in a config's
`dataset.source`. They are brought to the size and channels of the images that the model was trained on.

Examples:
  latentkit encode my.toml photos --output latents.parquet
  latentkit encode artifacts/my/train/model.safetensors a.jpg b.jpg --output latents.parquet --reconstruct
  latentkit encode my.toml '{ parquet = \"new.parquet\" }' --output latents.parquet")]
    Encode(EncodeArguments),
    /// Assign images to the clusters of an experiment
    #[command(after_help = "\
IMAGES are as for `encode`. Each image gets the cluster of the nearest centroid, the next one, and its novelty: the share of the
training images whose reconstruction error or distance is smaller, whichever share is larger.

Examples:
  latentkit predict my.toml photos --output assignments.parquet
  latentkit predict artifacts/my a.jpg --output assignments.parquet --k 8")]
    Predict(PredictArguments),
    /// Write a trained model as ONNX files
    #[command(after_help = "\
The files are `encoder.onnx` and `decoder.onnx`, of opset 17, for any number of images at once:
  encoder   image (uint8, [batch, height, width, channels]) -> latents (float32, [batch, d])
  decoder   latents -> image (float32, 0 to 1, [batch, height, width, channels])

Example:
  latentkit onnx configs/mnist.toml --output onnx")]
    Onnx(OnnxArguments),
    /// Remove the files that the stages of an experiment wrote
    #[command(after_help = "\
Examples:
  latentkit clean configs/mnist.toml --dry-run
  latentkit clean configs/mnist.toml --stage plot --stage cluster
  latentkit clean configs/mnist.toml --partial")]
    Clean(CleanArguments),
    /// Print a script that completes commands and options in a shell
    #[command(after_help = "\
Examples:
  latentkit completions bash > ~/.local/share/bash-completion/completions/latentkit
  latentkit completions fish > ~/.config/fish/completions/latentkit.fish")]
    Completions(CompletionsArguments),
    /// Print a manual page
    #[command(after_help = "\
Examples:
  latentkit man > latentkit.1
  latentkit man run > latentkit-run.1")]
    Man(ManArguments),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The experiment, a TOML file
    pub(crate) config: PathBuf,
    /// Only this stage (repeatable)
    #[arg(long = "stage", value_name = "STAGE", value_parser = a_stage())]
    pub(crate) stages: Vec<Stage>,
    /// Run the stages again from their recorded inputs, and compare what they write
    #[arg(long)]
    pub(crate) rerun: bool,
    /// Folder for the files of the rerun, which stay there [default: a temporary one]
    #[arg(long = "in", value_name = "DIR", requires = "rerun")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReproduceArguments {
    /// The `manifest.json` of a stage
    pub(crate) manifest: PathBuf,
    /// Folder for the new files, which stay there [default: a temporary one]
    #[arg(long = "in", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// A folder of pictures, or a file of images (Parquet, .npz, CSV)
    #[arg(long, value_name = "DIR", required_unless_present = "latents", conflicts_with = "latents")]
    pub(crate) images: Option<PathBuf>,
    /// File of the points, a folder of such files, or a pattern, as `cluster` takes them (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) latents: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) columns: ColumnsArguments,
    /// Name of the experiment [default: that of the data]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EncodeArguments {
    /// The model: a file of weights, an experiment's folder of artifacts, or its config
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) images: ImagesArguments,
    /// The table to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Also write the images as the model sees them, and what it makes of them
    #[arg(long)]
    pub(crate) reconstruct: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PredictArguments {
    /// The experiment: its folder of artifacts, or its config
    pub(crate) experiment: PathBuf,
    #[command(flatten)]
    pub(crate) images: ImagesArguments,
    /// The table to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The number of clusters, among those that were tried [default: the best]
    #[arg(long, value_name = "N")]
    pub(crate) k: Option<u32>,
    /// The method, among those that have centroids [default: the first of the config]
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,
}

/// Images for a trained model.
#[derive(Debug, Args)]
pub(crate) struct ImagesArguments {
    /// Folders, pictures or files of images, or a source of images as TOML
    #[arg(required = true)]
    pub(crate) images: Vec<PathBuf>,
    /// Leave out images that cannot be read, with a warning
    #[arg(long)]
    pub(crate) skip_errors: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OnnxArguments {
    /// The model: a file of weights, an experiment's folder of artifacts, or its config
    pub(crate) model: PathBuf,
    /// Folder for the files
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CleanArguments {
    /// The experiment, a TOML file
    pub(crate) config: PathBuf,
    /// Only this stage (repeatable)
    #[arg(long = "stage", value_name = "STAGE", value_parser = a_stage())]
    pub(crate) stages: Vec<Stage>,
    /// Only unfinished results and their checkpoints
    #[arg(long)]
    pub(crate) partial: bool,
    /// Show what would be removed without removing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// The command that the page is about [default: the program]
    pub(crate) command: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// The experiment, a TOML file
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct StageArguments {
    /// The experiment, a TOML file
    pub(crate) config: PathBuf,
    /// Run even if up to date
    #[arg(long)]
    pub(crate) force: bool,
}

/// Which points a stage works on.
#[derive(Debug, Default, Args)]
pub(crate) struct PointsArguments {
    /// File of the points (Parquet, Arrow, Feather, .npy, .npz), a folder of such files, or a pattern such as 'part-*.parquet'
    /// (repeatable) [default: what export made]
    #[arg(long, value_name = "FILE")]
    pub(crate) latents: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) columns: ColumnsArguments,
}

/// Which columns of the points are read. An array of a .npz file is a column too.
#[derive(Debug, Default, Args)]
pub(crate) struct ColumnsArguments {
    /// Columns of the points: a column of lists, 'x,y', or 'embedding_*' [default: z0, z1, ... or the only ones that fit]
    #[arg(long, visible_alias = "columns", value_name = "NAME")]
    column: Option<String>,
    /// Column of labels, which are compared with the clusters and never used to find them [default: label]
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,
    /// Label of points that belong to no class, which is not compared with the clusters
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    noise_label: Option<String>,
    /// Column of ids: whole numbers, texts or UUIDs, written beside the clusters [default: id, else the rows are numbered]
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
}

impl ColumnsArguments {
    /// The columns that are named.
    pub(crate) fn named(&self) -> Columns {
        Columns {
            column: self.column.clone(),
            label_column: self.label_column.clone(),
            id_column: self.id_column.clone(),
            noise_label: self.noise_label.clone(),
        }
    }

    /// The options that are given, with their values.
    pub(crate) fn options(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("--column", &self.column),
            ("--label-column", &self.label_column),
            ("--noise-label", &self.noise_label),
            ("--id-column", &self.id_column),
        ];
        all.into_iter().filter_map(|(option, value)| Some((option, value.as_deref()?))).collect()
    }
}

/// The command of a single stage.
#[derive(Debug)]
pub(crate) struct StageCommand {
    pub(crate) stage: Stage,
    pub(crate) arguments: StageArguments,
    /// The default where the stage takes no points.
    pub(crate) points: PointsArguments,
}

impl StageCommand {
    fn of(stage: Stage) -> clap::Command {
        let heading = if stage.examples().len() == 1 { "Example" } else { "Examples" };
        let examples: Vec<_> = stage.examples().iter().map(|example| format!("\n  {example}")).collect();
        let mut command = StageArguments::augment_args(clap::Command::new(stage.name()));
        if stage.takes_points() {
            command = PointsArguments::augment_args(command);
        }
        command.about(stage.about()).after_help(format!("{heading}:{}", examples.concat()))
    }
}

impl FromArgMatches for StageCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let found = matches.subcommand().and_then(|(name, matches)| Some((Stage::named(name)?, matches)));
        let (stage, matches) = found.ok_or_else(|| clap::Error::new(ErrorKind::InvalidSubcommand))?;
        let points = if stage.takes_points() {
            PointsArguments::from_arg_matches(matches)?
        } else {
            PointsArguments::default()
        };
        Ok(Self { stage, arguments: StageArguments::from_arg_matches(matches)?, points })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for StageCommand {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        command.subcommands(Stage::all().map(Self::of))
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Stage::named(name).is_some()
    }
}

/// Reads the name of a stage.
fn a_stage() -> impl TypedValueParser<Value = Stage> {
    PossibleValuesParser::new(stages::names())
        .map(|name| Stage::named(&name).expect("only names of stages are possible"))
}

fn last_stage() -> &'static str {
    stages::names().last().expect("there are stages")
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) stage: StageArguments,
    /// First stage to run
    #[arg(long, value_name = "STAGE", default_value = stages::names()[0], value_parser = a_stage())]
    pub(crate) from: Stage,
    /// Last stage to run
    #[arg(long, value_name = "STAGE", default_value = last_stage(), value_parser = a_stage())]
    pub(crate) to: Stage,
    /// Show what would run and why without running it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// The experiment, a TOML file
    pub(crate) config: PathBuf,
    /// Exit with 5 unless everything is fresh
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SweepArguments {
    /// The experiment, a TOML file
    pub(crate) config: PathBuf,
    /// Last stage to run; stages whose sections the config lacks are left out
    #[arg(long, value_name = "STAGE", default_value = last_stage(), value_parser = a_stage())]
    pub(crate) to: Stage,
    /// File of points, a folder or a pattern (repeatable): every trial clusters them, and nothing is trained
    #[arg(long, value_name = "FILE")]
    pub(crate) latents: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) columns: ColumnsArguments,
    /// Trials to run at the same time, each in its own process; the threads are divided among them
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: u16,
    /// Run the other trials when one fails, and exit with 1 at the end
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Only every N-th trial, from the i-th on (1 to N): the jobs 1/N to N/N of an array share the trials
    #[arg(long, value_name = "i/N")]
    pub(crate) trial: Option<Share>,
    /// Print the names and overrides of the trials without running them
    #[arg(long)]
    pub(crate) print_trials: bool,
}

/// A share of the trials: every `of`-th, starting at this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    number: usize,
    of: usize,
}

impl Share {
    /// Whether a trial, counted from 1, belongs to it.
    pub(crate) fn has(self, trial: usize) -> bool {
        (trial - 1) % self.of == self.number - 1
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let share =
            text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match share {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err("expected `i/N` with i from 1 to N, as in `3/8`".to_owned()),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// Experiments in the folder of artifacts, trials (`mnist/sweep/seed=0`), or folders; two to eight
    #[arg(required = true, num_args = 2..=8, value_name = "RUN")]
    pub(crate) runs: Vec<String>,
    /// Print Markdown tables
    #[arg(long, conflicts_with = "json")]
    pub(crate) markdown: bool,
    /// Where the page is written [default: compare/<RUN>-vs-<RUN>.html in the folder of artifacts]
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}
