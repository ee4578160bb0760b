#!/usr/bin/env python3
"""Kills latentkit at random moments and compares what it writes in the end; see scripts/kill-test.sh, which runs this.

A pass begins without any file and runs the smoke experiment, killed again and again, to its end. Between two passes single
stages that are done are forced to run again and killed: their old results have to stay. Which stage is hit, when and by
which signal follows from the seed, but for what the system's scheduler adds.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

STAGES = ["ingest", "train", "export", "cluster", "decode", "plot"]
SIGNALS = {"SIGKILL": 5, "SIGTERM": 2, "SIGINT": 2, "SIGINT twice": 1}
# How often checkpoints are written is no part of the result, so every process has another interval.
INTERVALS = ["1", "{ epochs = 2 }", "{ steps = 1 }", "{ steps = 7 }", "{ seconds = 0.3 }"]
# Three epochs whose learning rate falls after the second, so that schedule and stopping rule have a state to lose.
EXPERIMENT = [
    "train.epochs=3",
    'train.schedule={ kind = "reduce-on-plateau", patience = 1, min-delta = 10 }',
    "train.early-stopping={ patience = 5, min-delta = 0 }",
]
# The keys of a manifest that hold times, or say how often a training was interrupted.
TIMED_KEYS = {"seconds", "started", "images_per_second", "resumed_after", "resumed_step"}
# Files that hold nothing but times.
TIMED_FILES = {"log.txt", "timings.json"}


class Failed(Exception):
    """Something that must not happen."""


class Process:
    """A run of the program, with what it prints on stderr and when."""

    def __init__(self, arguments, artifacts, options, rng):
        set_ = EXPERIMENT + [f"train.checkpoint-every={rng.choice(INTERVALS)}"]
        command = [options.program, *arguments, "configs/smoke.toml", "--data", "data"]
        command += ["--artifacts", str(artifacts), "--threads", str(options.threads)]
        command += [part for value in set_ for part in ("--set", value)]
        environment = {**os.environ, "NO_COLOR": "1"}
        environment.pop("RUST_LOG", None)
        self.lines = []
        self.starts = {}
        self.begun = time.monotonic()
        self.child = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.child.stderr:
            self.lines.append(line.rstrip("\n"))
            match = re.match(r"(\w+): ", line)
            if match and match[1] in STAGES:
                self.starts[match[1]] = time.monotonic()

    def alive(self):
        return self.child.poll() is None

    def stage(self):
        """The stage that began last."""
        return max(self.starts, key=self.starts.get, default="start")

    def wait_until(self, condition):
        while self.alive() and not condition():
            time.sleep(0.0005)

    def end(self):
        stdout = self.child.stdout.read()
        code = self.child.wait()
        self.reader.join()
        return code, stdout

    def text(self):
        return "\n".join(self.lines)


def total(counter):
    return sum(counter.values())


def pause(rng, longest):
    time.sleep(rng.uniform(0, longest))


def send(process, name, rng):
    """Sends a signal, or two."""
    if name == "SIGINT twice":
        process.child.send_signal(signal.SIGINT)
        pause(rng, 0.05)
    process.child.send_signal(signal.SIGINT if name == "SIGINT twice" else getattr(signal, name))


def partials(root, stage, what):
    """The files of a stage that is under way. Its folder may be renamed or removed meanwhile."""
    try:
        return list(root.glob(f".{stage}.partial-*/{what}"))
    except FileNotFoundError:
        return []


def wait_for_moment(process, root, stage, seconds, rng):
    """Waits for a random moment of a stage. Returns what kind of moment it is."""
    kind = rng.choices(["stage", "commit", "start"], [6, 3, 1])[0]
    if kind == "start":  # of the process
        pause(rng, 0.2)
        return kind
    process.wait_until(lambda: stage in process.starts)
    # Rather soon than late, since a training that goes on has less to do.
    delay = rng.random() * seconds[stage]
    if stage == "train" and rng.random() < 0.4:
        # While a checkpoint is written.
        pause(rng, delay)
        process.wait_until(lambda: partials(root, stage, "checkpoints/*.tmp") or process.stage() != stage)
        pause(rng, 0.003)
        return "checkpoint"
    if kind == "commit":
        # From the writing of the manifest on, until the old files are removed.
        process.wait_until(lambda: partials(root, stage, "manifest.json*") or process.stage() != stage)
        pause(rng, 0.004)
        return kind
    pause(rng, delay)
    return kind


def kill(arguments, root, stage, seconds, options, rng, counts):
    """Starts a process and kills it in a stage. True when it was hit before its end."""
    process = Process(arguments, root.parent, options, rng)
    moment = wait_for_moment(process, root, stage, seconds, rng)
    name = rng.choices(list(SIGNALS), SIGNALS.values())[0]
    hit = process.stage()
    try:
        send(process, name, rng)
        code, stdout = process.end()
    except BaseException:
        process.child.kill()
        raise
    count_resumes(process, counts)
    if code == 0:
        return False  # it had ended, or could do no more than end
    # Before the program listens for them, the system ends it on SIGTERM and SIGINT.
    expected = {-signal.SIGKILL} if name == "SIGKILL" else {130, -signal.SIGINT, -signal.SIGTERM}
    if code not in expected:
        raise Failed(f"{name} made the process end with {code}:\n{process.text()}")
    if code == 130 and "error:" in process.text() and "hint: run the same command again " not in process.text():
        raise Failed(f"{name}: the process did not say how to resume:\n{process.text()}")
    counts["signal"][name] += 1
    counts["stage"][hit] += 1
    counts["moment"][moment] += 1
    return True


def count_resumes(process, counts):
    for line in process.lines:
        if match := re.match(r"resuming from the checkpoint after epoch \d+(, step)?", line):
            counts["resumed"]["within an epoch" if match[1] else "between epochs"] += 1
        if "cannot use the checkpoint" in line and "No such file" not in line:
            raise Failed(f"a kill damaged a checkpoint:\n{process.text()}")


def finish(arguments, artifacts, options, rng, counts):
    """Runs to the end. Returns the process."""
    process = Process(arguments, artifacts, options, rng)
    code, stdout = process.end()
    count_resumes(process, counts)
    if code != 0:
        raise Failed(f"the process ended with {code}:\n{process.text()}")
    return process


def incomplete(root):
    return [stage for stage in STAGES if not (root / stage / "manifest.json").exists()]


def state(root, options, rng):
    """The state of each stage, as the program tells it."""
    process = Process(["status", "--json"], root.parent, options, rng)
    code, stdout = process.end()
    if code != 0:
        raise Failed(f"status ended with {code}:\n{process.text()}")
    return {line["stage"]: line["state"] for line in json.loads(stdout)["stages"]}


def one_pass(root, reference, seconds, options, rng, counts):
    """From nothing to the end, killed on the way."""
    while total(counts["signal"]) < options.kills and (left := incomplete(root)):
        # Most of what can go wrong is in training; after it the pass soon ends.
        if "train" not in left and rng.random() < 0.6:
            break
        stage = "train" if "train" in left and rng.random() < 0.7 else rng.choice(left)
        if not kill(["run"], root, stage, seconds, options, rng, counts):
            break
    finish(["run"], root.parent, options, rng, counts)
    compare(reference, root)
    # A process that was killed can leave an unfinished cache of hashes.
    left_over = {path.name for path in root.iterdir() if not path.name.startswith(".hashes")} - set(STAGES) - {".lock"}
    if left_over:
        raise Failed(f"left in the experiment's folder: {sorted(left_over)}")
    counts["result"]["from nothing"] += 1


def forced(root, reference, seconds, options, rng, counts):
    """A stage that is done is forced to run again and killed: its old result stays, or its new one is whole."""
    if total(counts["signal"]) >= options.kills:
        return
    stage = rng.choice(STAGES)
    kill(["run", "--force", "--from", stage, "--to", stage], root, stage, seconds, options, rng, counts)
    cut_off = (root / f".{stage}.old").exists()
    found = state(root, options, rng)
    # Between its two renames the files are in hidden folders until the next process brings them back.
    if found[stage] != "fresh" and not cut_off:
        raise Failed(f"the old result of `{stage}` is {found[stage]} after a kill")
    process = finish(["run"], root.parent, options, rng, counts)
    ran = set(process.starts) - {"plot"}  # whose input, a manifest with its times, may be a new one
    if ran:
        raise Failed(f"a killed `--force` of `{stage}` made {sorted(ran)} run again")
    compare(reference, root)
    counts["result"]["forced"] += 1


def files(root):
    return {
        path.relative_to(root).as_posix()
        for stage in STAGES
        for path in (root / stage).rglob("*")
        if path.is_file() and path.name not in TIMED_FILES
    }


def compare(reference, root):
    """Fails unless both hold the same, but for times."""
    if files(reference) != files(root):
        raise Failed(f"other files: {sorted(files(reference) ^ files(root))}")
    different = [name for name in sorted(files(root)) if not same(reference / name, root / name, name)]
    if different:
        raise Failed(f"not as without interruption: {', '.join(different)}")


def same(first, second, name):
    if name.endswith("manifest.json"):
        return without_times(json.loads(first.read_text())) == without_times(json.loads(second.read_text()))
    return first.read_bytes() == second.read_bytes()


def without_times(value):
    """A manifest without times, and without the hashes of manifests, which hold some."""
    if isinstance(value, list):
        return [without_times(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "bytes" in value and value.get("path", "").endswith("manifest.json"):
        return value["path"]
    # The key of plot is that of manifests.
    hidden = TIMED_KEYS | ({"key"} if value.get("stage") == "plot" else set())
    return {key: without_times(item) for key, item in value.items() if key not in hidden}


def report(counts, passes, seconds, options):
    """The figures, as a table."""
    rows = [("kills", f"{total(counts['signal'])} in {passes} passes")]
    for title, order in [
        ("signal", SIGNALS),
        ("stage", ["start", *STAGES]),
        ("moment", ["start", "stage", "checkpoint", "commit"]),
        ("resumed", ["within an epoch", "between epochs"]),
    ]:
        rows.append((title, ", ".join(f"{name} {counts[title][name]}" for name in order)))
    results = counts["result"]
    rows.append(("identical", f"{total(results)} of {total(results)} results"))
    rows.append(("run", f"seed {options.seed}, {options.threads} threads, {seconds:.0f} s"))
    for name, value in rows:
        print(f"{name:<10} {value}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    os.chdir(Path(__file__).resolve().parent.parent)
    rng = random.Random(options.seed)
    counts = {name: Counter() for name in ["signal", "stage", "moment", "resumed", "result"]}
    start = time.monotonic()
    passes = 0

    reference = options.folder / "reference" / "smoke"
    process = finish(["run"], reference.parent, options, rng, counts)
    ends = [process.starts[stage] for stage in STAGES[1:]] + [time.monotonic()]
    seconds = {stage: end - process.starts[stage] for stage, end in zip(STAGES, ends)}
    try:
        while total(counts["signal"]) < options.kills:
            root = options.folder / f"pass-{passes + 1}" / "smoke"
            root.mkdir(parents=True)
            one_pass(root, reference, seconds, options, rng, counts)
            passes += 1
            for _ in range(rng.randrange(2)):
                forced(root, reference, seconds, options, rng, counts)
            print(f"pass {passes}: {total(counts['signal'])} kills", file=sys.stderr)
            shutil.rmtree(root.parent)
    except Failed as failure:
        report(counts, passes, time.monotonic() - start, options)
        print(f"error: pass {passes + 1}: {failure}", file=sys.stderr)
        sys.exit(1)
    report(counts, passes, time.monotonic() - start, options)


if __name__ == "__main__":
    main()
