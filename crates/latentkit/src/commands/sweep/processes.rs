//! The processes of trials: at most N at a time, stopped together, each with a log of its own.

use std::ffi::OsString;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use latentkit_core::layout::TRIAL_LOG;
use latentkit_core::{Error, Phase, Result};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::arguments::quoted;

/// How often the processes are polled.
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
    let program = std::env::current_exe()
        .map_err(|error| Error::failed(format!("cannot find the program that runs the trials: {error}")))?;
    let mut signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| Error::failed(format!("cannot listen for Ctrl-C: {error}")))?;
    run_with(&program, jobs, at_once, keep_going, may_begin, || signals.pending().count())
}

/// As [`run`], the steps done by `program`; `signals` tells how many have come since it was asked last.
fn run_with(
    program: &Path,
    jobs: &[Job],
    at_once: usize,
    keep_going: bool,
    may_begin: impl Fn() -> Result<()>,
    mut signals: impl FnMut() -> usize,
) -> Result<Ran> {
    let phase = Phase::new(tracing::info_span!("sweep", unit = "trials"), jobs.len());
    let _entered = phase.enter();
    let mut running = Running(Vec::new());
    let mut ran = Ran { endings: vec![None; jobs.len()], interrupted: false };
    let (mut next, mut ended, mut failed) = (0, 0, false);
    loop {
        for _ in 0..signals() {
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
            let Some(success) = running.0[place].advance(program, ran.interrupted)? else {
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
            running.0.push(Process::start(program, &jobs[next], next)?);
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
    fn start(program: &Path, job: &'a Job, number: usize) -> Result<Self> {
        fs_err::create_dir_all(&job.folder)?;
        let log_start = fs_err::metadata(job.folder.join(TRIAL_LOG)).map_or(0, |about| about.len());
        let child = spawn(program, job, 0)?;
        Ok(Self { job, number, step: 0, child, start: Instant::now(), log_start })
    }

    /// Whether the job was done to its end, once it has ended; begins its next step when one has. After an interrupt none
    /// begins: the signal went to the step before it, and this one would never get it.
    fn advance(&mut self, program: &Path, interrupted: bool) -> Result<Option<bool>> {
        let status = self
            .child
            .try_wait()
            .map_err(|error| Error::failed(format!("cannot wait for a trial: {error}")))?;
        let Some(status) = status else { return Ok(None) };
        let last = self.step + 1 == self.job.steps.len();
        if !status.success() || last || interrupted {
            return Ok(Some(status.success() && last));
        }
        self.step += 1;
        self.child = spawn(program, self.job, self.step)?;
        Ok(None)
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
fn spawn(program: &Path, job: &Job, step: usize) -> Result<Child> {
    let path = job.folder.join(TRIAL_LOG);
    let mut log = fs_err::OpenOptions::new().create(true).append(true).open(&path)?;
    let arguments = &job.steps[step];
    let shown: Vec<_> = arguments.iter().map(|argument| quoted(&argument.to_string_lossy())).collect();
    writeln!(log, "{} $ latentkit {}", jiff::Timestamp::now().strftime("%F %T UTC"), shown.join(" "))?;
    let log = log.into_file();
    let second = log.try_clone()?;
    Command::new(program)
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// Jobs whose steps are scripts of the shell.
    fn jobs(folder: &Path, scripts: &[&[&str]]) -> Vec<Job> {
        let job = |(number, steps): (usize, &&[&str])| Job {
            name: number.to_string(),
            steps: steps.iter().map(|step| vec!["-c".into(), step.into()]).collect(),
            folder: folder.join(number.to_string()),
        };
        scripts.iter().enumerate().map(job).collect()
    }

    /// Waits until the process whose number is in this file has ended, without taking note of how.
    fn wait_for_the_end_of(file: &Path) {
        let start = Instant::now();
        let has_ended = || {
            let number = fs_err::read_to_string(file).ok()?;
            let about = fs_err::read_to_string(format!("/proc/{}/stat", number.trim())).ok()?;
            about.rsplit_once(") ").map(|(_, state)| state.starts_with('Z'))
        };
        while has_ended() != Some(true) {
            assert!(start.elapsed() < Duration::from_mins(1), "`{}` ends", file.display());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn after_an_interrupt_no_step_begins_that_would_not_get_the_signal() {
        let folder = tempfile::tempdir().unwrap();
        let (number, second) = (folder.path().join("number"), folder.path().join("second"));
        let steps =
            [&*format!("echo $$ > '{}'", number.display()), &*format!("touch '{}'", second.display())];
        let jobs = jobs(folder.path(), &[&steps, &steps]);
        let mut asked = 0;
        // The signal comes when the first step has just ended, and its process is still there to be sent one.
        let signals = || {
            asked += 1;
            if asked == 2 {
                wait_for_the_end_of(&number);
            }
            usize::from(asked == 2)
        };
        let ran = run_with(Path::new("/bin/sh"), &jobs, 1, true, || Ok(()), signals).unwrap();
        assert!(ran.interrupted);
        assert_eq!(ran.endings, [None, None], "neither of them is done");
        assert!(!second.exists(), "the second step began");
    }

    #[test]
    fn a_job_is_done_when_its_last_step_is() {
        let folder = tempfile::tempdir().unwrap();
        let done = folder.path().join("done").display().to_string();
        let append = format!("echo x >> '{done}'");
        let jobs = jobs(folder.path(), &[&[&append, &append], &["echo 'error: no'; exit 1", &append]]);
        let ran = run_with(Path::new("/bin/sh"), &jobs, 2, true, || Ok(()), || 0).unwrap();
        assert_eq!(ran.endings, [Some(Ending::Done), Some(Ending::Failed("error: no".to_owned()))]);
        assert_eq!(fs_err::read_to_string(done).unwrap(), "x\nx\n");
        assert!(!ran.interrupted);
    }
}
