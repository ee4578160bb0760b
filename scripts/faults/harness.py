"""Runs the program under a fault and compares what is left with what was there."""

import contextlib
import hashlib
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tiny  # noqa: E402

SECONDS = 90
# Root may do everything; without its capabilities it may do what the owner of its files may.
PLAIN = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []

failures = 0
skipped = []


def contents(folder):
    """The hash of every file of the finished stages, by name. What is hidden is the program's scratch."""
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        name = path.relative_to(folder)
        if not any(part.startswith(".") for part in name.parts) and path.is_file():
            found[str(name)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class Bench:
    """A folder with the smallest experiment in it, finished."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.results = self.folder / "artifacts" / "tiny"

    def run(self, *arguments, prefix=(), limit=None, environment=None, cwd=None):
        """Runs the program; `limit` is a size that no file may exceed."""

        def limited():
            if limit is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        command = [*prefix, str(tiny.PROGRAM), *arguments, "--quiet", "--threads", "1", "--color", "never"]
        clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower() and name != "RUST_LOG"}
        return subprocess.run(
            command,
            cwd=cwd or self.folder,
            env={**clean, **(environment or {})},
            capture_output=True,
            timeout=SECONDS,
            preexec_fn=limited,
        )


@contextlib.contextmanager
def bench():
    with tempfile.TemporaryDirectory(prefix="latentkit-faults-") as folder:
        made = Bench(folder)
        tiny.experiment(made.folder)
        yield made


@contextlib.contextmanager
def small_disk(size, *options):
    """A file system of its own in memory; None where this user may not mount one."""
    folder = tempfile.mkdtemp(prefix="latentkit-disk-")
    words = ",".join([f"size={size}", "mode=755", *options])
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", words, "tmpfs", folder], capture_output=True).returncode == 0
    try:
        yield pathlib.Path(folder) if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)
        os.rmdir(folder)


def remaining(folder):
    about = os.statvfs(folder)
    return about.f_bavail * about.f_frsize


def problem(ran, code, says=(), silent_about=()):
    """What is wrong with an outcome, or None."""
    text = ran.stderr.decode(errors="replace")
    shown = text.strip().replace("\n", " | ")
    if ran.returncode != code:
        return f"exit code {ran.returncode}, not {code}: {shown}"
    if "panicked" in text or "backtrace" in text.lower() or "overflowed" in text:
        return f"it panicked: {shown}"
    if code not in (0, 5) and not text.startswith("error: ") and "\nerror: " not in text:
        return f"no error is shown: {shown}"
    for part in says:
        if part not in text:
            return f"nothing of `{part}`: {shown}"
    for part in silent_about:
        if part in text:
            return f"it speaks of `{part}`: {shown}"
    return None


def report(fault, code, wrong, note=""):
    """A line of the table."""
    global failures
    if wrong:
        failures += 1
    print(f"{'FAILED' if wrong else 'ok':<7} {code!s:>4}  {fault}{f' ({note})' if note else ''}", flush=True)
    if wrong:
        print(f"              {wrong}", flush=True)


def skip(fault, why):
    skipped.append(fault)
    print(f"{'skipped':<7} {'':>4}  {fault} ({why})", flush=True)


def check(fault, bench, arguments, code, says=(), keeps=None, silent_about=(), **options):
    """Runs the program under a fault that is in place, and compares the finished results before and after."""
    folder = keeps if keeps is not None else bench.results
    before = contents(folder)
    start = time.monotonic()
    try:
        ran = bench.run(*arguments, **options)
    except subprocess.TimeoutExpired:
        report(fault, code, f"it took longer than {SECONDS} s")
        return
    wrong = problem(ran, code, says, silent_about)
    after = contents(folder)
    if wrong is None and code not in (0, 5) and before != after:
        changed = sorted(set(before.items()) ^ set(after.items()))
        wrong = f"earlier results changed: {', '.join(sorted({name for name, _ in changed}))}"
    seconds = time.monotonic() - start
    report(fault, code, wrong, f"{seconds:.0f} s" if seconds > 5 else "")


def restore(bench, pristine):
    """Puts the finished experiment back as it was."""
    shutil.rmtree(bench.results)
    shutil.copytree(pristine, bench.results, symlinks=True)
