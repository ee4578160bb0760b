//! The processes of trials: so many at a time, stopped together, each with a log of its own.

use std::ffi::OsString;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use latentkit_core::stage::TRIAL_LOG;
use latentkit_core::{Error, Phase, Result};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How often the processes are looked at.
const PAUSE: Duration = Duration::from_millis(20);
/// The most bytes of a log that are searched for what went wrong.
const TAIL: u64 = 16 << 10;

/// The work of a trial.
pub(super) struct Job {
    pub(super) name: String,
    /// The arguments of the commands of this program that do the work, one after the other.
    pub(super) steps: Vec<Vec<OsString>>,
    /// The folder of the trial, where its log is.
    pub(super) folder: PathBuf,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    /// It failed, for this reason.
    Failed(String),
}

/// What became of the jobs.
pub(super) struct Ran {
    /// How each of them ended; none for one that did not begin or was interrupted.
    pub(super) endings: Vec<Option<Ending>>,
    /// Whether the user stopped them.
    pub(super) interrupted: bool,
}

/// Runs the jobs, at most `at_once` at the same time. After one that fails none begins, unless told to keep going; those
/// that run end. `may_begin` is asked before each.
///
/// # Errors
/// When a process cannot be started, and what `may_begin` says; the processes that run are stopped first.
pub(super) fn run(
    jobs: &[Job],
    at_once: usize,
    keep_going: bool,
    may_begin: impl Fn() -> Result<()>,
) -> Result<Ran> {
    let mut signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| Error::failed(format!("cannot listen for Ctrl-C: {error}")))?;
    let phase = Phase::new(tracing::info_span!("sweep", unit = "trials"), jobs.len());
    let _entered = phase.enter();
    let mut running = Running(Vec::new());
    let mut ran = Ran { endings: vec![None; jobs.len()], interrupted: false };
    let (mut next, mut ended, mut failed) = (0, 0, false);
    loop {
        for _ in signals.pending() {
            tracing::info!(
                "{}",
                if ran.interrupted {
                    "stopping at once"
                } else {
                    "stopping the trials after this step; Ctrl-C again stops at once"
                }
            );
            ran.interrupted = true;
            running.interrupt();
        }
        let mut place = 0;
        while place < running.0.len() {
            let Some(success) = running.0[place].advance()? else {
                place += 1;
                continue;
            };
            let process = running.0.remove(place);
            let Process { job, number, start, .. } = &process;
            // What a stopped trial leaves is no result of its own, however it ended.
            if ran.interrupted && !success {
                continue;
            }
            ended += 1;
            let (total, seconds) = (jobs.len(), start.elapsed().as_secs_f64());
            if success {
                tracing::info!("trial {ended}/{total} `{}`: done in {seconds:.1} s", job.name);
                ran.endings[*number] = Some(Ending::Done);
            } else {
                let reason = process.reason();
                let log = job.folder.join(TRIAL_LOG);
                tracing::warn!(
                    "trial {ended}/{total} `{}` failed, see `{}`\n{}",
                    job.name,
                    log.display(),
                    indented(&reason)
                );
                ran.endings[*number] = Some(Ending::Failed(reason));
                failed = true;
            }
            phase.add(1);
        }
        while !ran.interrupted && (keep_going || !failed) && next < jobs.len() && running.0.len() < at_once {
            may_begin()?;
            running.0.push(Process::start(&jobs[next], next)?);
            next += 1;
        }
        if running.0.is_empty() {
            return Ok(ran);
        }
        std::thread::sleep(PAUSE);
    }
}

/// The processes that run. When they are dropped, they are stopped and waited for.
struct Running<'a>(Vec<Process<'a>>);

impl Running<'_> {
    /// Asks every process to stop, as Ctrl-C would.
    fn interrupt(&self) {
        for process in &self.0 {
            // One that has just ended needs no signal.
            let _ = kill_process(Pid::from_child(&process.child), Signal::INT);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.interrupt();
        for process in &mut self.0 {
            // Nothing is left to do about one that cannot be waited for.
            let _ = process.child.wait();
        }
    }
}

/// A process that does a step of a job.
struct Process<'a> {
    job: &'a Job,
    number: usize,
    step: usize,
    child: Child,
    start: Instant,
    /// Bytes of the log before the job began.
    log_start: u64,
}

impl<'a> Process<'a> {
    fn start(job: &'a Job, number: usize) -> Result<Self> {
        fs_err::create_dir_all(&job.folder)?;
        let log_start = fs_err::metadata(job.folder.join(TRIAL_LOG)).map_or(0, |about| about.len());
        let child = spawn(job, 0)?;
        Ok(Self { job, number, step: 0, child, start: Instant::now(), log_start })
    }

    /// Whether the job ended well, once it has ended; begins its next step when one has.
    fn advance(&mut self) -> Result<Option<bool>> {
        let status = self
            .child
            .try_wait()
            .map_err(|error| Error::failed(format!("cannot wait for a trial: {error}")))?;
        match status {
            None => Ok(None),
            Some(status) if status.success() && self.step + 1 < self.job.steps.len() => {
                self.step += 1;
                self.child = spawn(self.job, self.step)?;
                Ok(None)
            }
            Some(status) => Ok(Some(status.success())),
        }
    }

    /// The error in the log; else its last line.
    fn reason(&self) -> String {
        let tail = tail(self.job, self.log_start).unwrap_or_default();
        let lines: Vec<&str> = tail.lines().collect();
        let error = lines.iter().rposition(|line| line.starts_with("error: "));
        match error {
            Some(at) => lines[at..].join("\n"),
            None => lines.last().map_or("it printed nothing".to_owned(), |line| (*line).to_owned()),
        }
    }
}

/// Starts a step. It is no part of the terminal's foreground, so that Ctrl-C reaches it through this process only: twice
/// would stop it at once, without a checkpoint.
fn spawn(job: &Job, step: usize) -> Result<Child> {
    let path = job.folder.join(TRIAL_LOG);
    let mut log = fs_err::OpenOptions::new().create(true).append(true).open(&path)?;
    let arguments = &job.steps[step];
    let shown: Vec<_> = arguments.iter().map(|argument| super::quoted(&argument.to_string_lossy())).collect();
    writeln!(log, "{} $ latentkit {}", jiff::Timestamp::now().strftime("%F %T UTC"), shown.join(" "))?;
    let log = log.into_file();
    let second = log.try_clone()?;
    let program = std::env::current_exe()
        .map_err(|error| Error::failed(format!("cannot find the program that runs the trials: {error}")))?;
    Command::new(&program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(second)
        .process_group(0)
        .spawn()
        .map_err(|error| Error::failed(format!("cannot start `{}`: {error}", program.display())))
}

/// The end of what a job has logged.
fn tail(job: &Job, start: u64) -> Result<String> {
    let mut log = fs_err::File::open(job.folder.join(TRIAL_LOG))?;
    let length = log.metadata()?.len();
    log.seek(SeekFrom::Start(start.max(length.saturating_sub(TAIL)).min(length)))?;
    let mut bytes = Vec::new();
    log.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
