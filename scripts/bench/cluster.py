"""Measures the sweep over k of latentkit, scikit-learn and scikit-learn-intelex, side by side. Run it by scripts/bench.sh.

The sweep is K-Means with the same number of restarts and the silhouette of all points, for every k, from a Parquet file.
latentkit's other criteria, which the others do not compute, are left out; the contender `default` is latentkit as it comes, with
three seeds, all criteria and the projection.
Each measurement is a process of its own; a round runs every contender once, so that whatever else the machine does meets
all of them. Ratios are taken within a round.

The seconds go from opening the file to the last silhouette, without the start of Python and the imports; those of latentkit
from opening the file to the last table on the disk, without the start of the program and of libtorch, which the sweep does
not use. What the whole process takes with its start is told beside. Both end a restart by a tolerance of 1e-4
relative to the variance of the points. latentkit then goes on with the best restart until no point moves, and exchanges clusters.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from bench import ROOT, Failed, choice, positive, processor, say

HERE = pathlib.Path(__file__).parent
OURS = ["latentkit", "default"]
CONTENDERS = [*OURS, "sklearn", "sklearnex"]
TIMES = re.compile(r"k-means for .* in ([\d.]+) s, silhouettes in ([\d.]+) s")


def main():
    args = arguments()
    peer_python = python()
    say(f"{args.threads} threads, {processor()}")
    results = []
    with tempfile.TemporaryDirectory(prefix="latentkit-bench-") as folder:
        try:
            data = [make_data(args, peer_python, folder, n, d) for n, d in sizes(args)]
            bench = Bench(args, peer_python, folder)
            for entry in data:
                results.append((entry, bench.measure(entry)))
                print_tables(args, *results[-1])
        except Failed as error:
            sys.exit(f"error: {error}")
    lines = [
        {"n": data["n"], "d": data["d"], "data": data["source"], "round": number + 1, "contender": name} | result
        for data, rounds in results
        for number, round in enumerate(rounds)
        for name, result in round.items()
    ]
    if args.json:
        args.json.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for axis in ["n", "d"]:
        if len(getattr(args, axis)) > 1:
            draw(args, peer_python, axis, lines)


def arguments():
    parser = argparse.ArgumentParser(prog="bench.sh", description=__doc__.splitlines()[0])
    several = lambda kind: lambda text: [kind(part) for part in text.split(",")]
    parser.add_argument("task", choices=["cluster"])
    parser.add_argument("--latents", type=pathlib.Path, metavar="FILE",
                        help="Parquet file with columns z0, z1, ... (seeded blobs with half of the columns nearly dead)")
    parser.add_argument("--n", type=several(positive), default=[], metavar="N,...",
                        help="points: a random choice of those of the file, or blobs (all of the file; 70000)")
    parser.add_argument("--d", type=several(positive), default=[], metavar="D,...", help="columns of the blobs (6)")
    parser.add_argument("--k", type=several(positive), default=[5, 14], metavar="FROM,TO")
    parser.add_argument("--restarts", type=positive, default=10)
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--seed", type=positive, default=42)
    parser.add_argument("--silhouettes", choices=["measured", "one"], default="measured",
                        help="of scikit-learn: measured for every k, or for the first k and multiplied, marked `~`")
    parser.add_argument("--threads", type=positive, default=len(os.sched_getaffinity(0)), help="of each contender")
    parser.add_argument("--contenders", type=several(lambda name: choice(name, CONTENDERS)), default=CONTENDERS,
                        metavar=",".join(CONTENDERS))
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every measurement, one a line")
    parser.add_argument("--charts", type=pathlib.Path, default=ROOT / "artifacts/bench", metavar="FOLDER",
                        help="where a series over `--n` or `--d` is drawn (artifacts/bench)")
    parser.add_argument("--program", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if len(args.k) == 1:
        args.k *= 2
    if len(args.k) != 2 or not 2 <= args.k[0] <= args.k[1]:
        parser.error("argument --k: expected two numbers, the first from 2 on and not above the second")
    if args.latents and not args.latents.is_file():
        parser.error(f"argument --latents: there is no file {args.latents}")
    if args.latents and args.d:
        parser.error("argument --d: the columns are those of `--latents`")
    least = min(args.n, default=args.k[1] + 1)
    if least <= args.k[1]:
        parser.error(f"argument --n: {least} points have no silhouette of {args.k[1]} clusters")
    return args


def sizes(args):
    """Points and columns of each measurement; of a file, none says all of them."""
    if args.latents:
        return [(n, None) for n in args.n or [None]]
    return [(n, d) for n in args.n or [70_000] for d in args.d or [6]]


def python():
    done = subprocess.run([ROOT / "scripts/python-env.sh", "sklearn"], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(1)
    return done.stdout.strip()


def make_data(args, peer_python, folder, n, d):
    """Writes a Parquet file of columns z0, z1, ... and says what is in it."""
    path = pathlib.Path(folder, f"{n}-{d}.parquet")
    plan = {"latents": str(args.latents) if args.latents else None, "n": n, "d": d, "seed": args.seed, "path": str(path)}
    done = subprocess.run([peer_python, HERE / "cluster_data.py", json.dumps(plan)], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed("there are no points to cluster")
    data = json.loads(done.stdout) | {"path": str(path)}
    say(f"data: {data['source']}")
    return data


class Bench:
    def __init__(self, args, peer_python, folder):
        self.args, self.python, self.folder, self.count = args, peer_python, folder, 0
        self.working_memory = {}

    def process(self, name, command):
        """Runs a process; what it printed, its seconds and its peak memory in MB.

        The peak that the system reports of a child is never below that of its parent, so this program stays small: what
        needs NumPy is done by others.
        """
        env = os.environ | {"OMP_NUM_THREADS": str(self.args.threads), "OPENBLAS_NUM_THREADS": str(self.args.threads)}
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            start = time.perf_counter()
            child = subprocess.Popen(command, env=env, stdout=out, stderr=err)
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - start
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            out, err = out.read(), err.read()
        if child.returncode != 0:
            raise Failed(f"{name} ended with {child.returncode}:\n{err[-2000:].rstrip()}")
        return out, err, seconds, usage.ru_maxrss / 1024

    def run(self, contender, data):
        return self.latentkit(contender, data) if contender in OURS else self.peer(contender, data)

    def latentkit(self, contender, data):
        args = self.args
        self.count += 1
        artifacts, config = pathlib.Path(self.folder, f"artifacts-{self.count}"), pathlib.Path(self.folder, "bench.toml")
        same = "seeds = 1\ncriteria = []\nexact-silhouette-points = 1000000000\n" if contender == "latentkit" else ""
        config.write_text(f'name = "bench"\nseed = {args.seed}\n\n[cluster]\nk = {{ from = {args.k[0]}, to = {args.k[1]} }}\n'
                          f"restarts = {args.restarts}\n{same}")
        command = [args.program, "cluster", config, "--latents", data["path"], "--artifacts", artifacts, "-v",
                   "--threads", str(args.threads)]
        _, log, seconds, peak = self.process("latentkit", command)
        manifest = json.loads((artifacts / "bench/cluster/manifest.json").read_text())
        times = TIMES.search(log)
        if not times:
            raise Failed(f"latentkit did not say how long K-Means and the silhouettes took:\n{log[-2000:]}")
        sweep = manifest["summary"]["sweep"]
        return {
            "version": manifest["versions"]["latentkit"],
            "seconds": manifest["seconds"],
            "process_seconds": seconds,
            "kmeans_seconds": float(times[1]),
            "silhouette_seconds": float(times[2]),
            "extrapolated": False,
            "peak_mb": peak,
            "sweep": [{name: row[name] for name in ["k", "inertia", "silhouette"]} for row in sweep],
        }

    def peer(self, contender, data):
        args = self.args
        if contender not in self.working_memory:
            plan = {"patch": contender == "sklearnex", "trial": True, "path": data["path"]}
            out, *_ = self.process(contender, [self.python, HERE / "sklearn_peer.py", json.dumps(plan)])
            trials = json.loads(out.splitlines()[-1])
            say(f"trial: {contender}: NumPy multiplies matrices at {trials.pop('gflops'):.0f} Gflop/s in float32")
            self.working_memory[contender] = int(min(trials, key=trials.get))
            say(f"trial: {contender}: seconds of a silhouette by working memory in MiB: {trials}")
        plan = {
            "patch": contender == "sklearnex", "trial": False, "path": data["path"], "k": args.k, "seed": args.seed,
            "restarts": args.restarts, "one": args.silhouettes == "one",
            "working_memory": self.working_memory[contender],
        }
        out, _, _, peak = self.process(contender, [self.python, HERE / "sklearn_peer.py", json.dumps(plan)])
        return json.loads(out.splitlines()[-1]) | {"peak_mb": peak}

    def measure(self, data):
        """A list of rounds, each the results by contender."""
        rounds = []
        for number in range(self.args.rounds):
            results = {}
            for contender in self.args.contenders:
                results[contender] = self.run(contender, data)
                say(f"n = {data['n']}, d = {data['d']}, round {number + 1} of {self.args.rounds}: {contender}: "
                    f"{results[contender]['seconds']:.2f} s")
            rounds.append(results)
        return rounds


def print_tables(args, data, rounds):
    print(f"\ncluster: {data['source']}\nn = {data['n']}, d = {data['d']}, k = {args.k[0]} to {args.k[1]}, "
          f"restarts: {args.restarts}, rounds: {args.rounds}, threads: {args.threads}, {processor()}\n")
    rows = [("contender", "version", "seconds", "range", "k-means", "silhouettes", "peak MB", *(f"it/{name}, range" for name in OURS if name in args.contenders))]
    for name in args.contenders:
        results = [round[name] for round in rounds]
        column = lambda key: [result[key] for result in results]
        mark = "~" if results[0]["extrapolated"] else ""
        seconds = column("seconds")
        row = (name, results[0]["version"], mark + f"{statistics.median(seconds):.2f}",
               f"{min(seconds):.2f} - {max(seconds):.2f}", f"{statistics.median(column('kmeans_seconds')):.2f}",
               mark + f"{statistics.median(column('silhouette_seconds')):.2f}", f"{max(column('peak_mb')):.0f}")
        for own in OURS:
            if name not in OURS and own in args.contenders:
                ratios = [round[name]["seconds"] / round[own]["seconds"] for round in rounds]
                row += (f"{mark}{statistics.median(ratios):.1f}, {min(ratios):.1f} - {max(ratios):.1f}",)
        rows.append(row + ("",) * (len(rows[0]) - len(row)))
    print_rows(rows)
    if "latentkit" in args.contenders:
        whole = [round["latentkit"]["process_seconds"] for round in rounds]
        print(f"\nlatentkit's whole process with its start: {statistics.median(whole):.2f} s "
              f"({min(whole):.2f} - {max(whole):.2f})")
    if any(result["extrapolated"] for result in rounds[0].values()):
        print(f"\n~ extrapolated: scikit-learn's silhouette was measured for k = {args.k[0]} only and its seconds were "
              f"multiplied by {args.k[1] - args.k[0] + 1}")

    print()
    rows = [("k", *(f"{what} {name}" for what in ["inertia", "silhouette"] for name in args.contenders))]
    for index, k in enumerate(range(args.k[0], args.k[1] + 1)):
        found = [rounds[0][name]["sweep"][index] for name in args.contenders]
        silhouettes = ["-" if row["silhouette"] is None else f"{row['silhouette']:.6f}" for row in found]
        rows.append((str(k), *(f"{row['inertia']:.6g}" for row in found), *silhouettes))
    print_rows(rows)


def print_rows(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip(), flush=True)


def draw(args, peer_python, axis, lines):
    """Seconds over points or columns, for the first value of the other."""
    other = "d" if axis == "n" else "n"
    lines = [line for line in lines if line[other] == lines[0][other]]
    args.charts.mkdir(parents=True, exist_ok=True)
    files = [str(args.charts / f"cluster-{axis}.{kind}") for kind in ["png", "svg"]]
    title = f"K-Means with {args.restarts} restarts and silhouettes for k = {args.k[0]} to {args.k[1]}, " \
            f"{other} = {lines[0][other]}, {args.threads} threads"
    plan = {"axis": axis, "title": title, "files": files, "lines": lines}
    done = subprocess.run([peer_python, HERE / "cluster_chart.py"], input=json.dumps(plan), text=True)
    if done.returncode != 0:
        sys.exit("error: the chart could not be drawn")
    print(f"\nchart: {', '.join(files)}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
