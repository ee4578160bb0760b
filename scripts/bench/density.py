"""Measures HDBSCAN of latentkit, fast_hdbscan and scikit-learn, and exact nearest neighbours of latentkit and scikit-learn, side
by side. Run it by scripts/bench.sh.

The points are blobs of several numbers of columns. A round runs every contender once, each in a process of its own that reads the
points and then takes the time of the clustering alone, after a run on a few points where something is compiled first.
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

from bench import ROOT, Failed, choice, positive, processor, say

HERE = pathlib.Path(__file__).parent
CONTENDERS = {"density": ["latentkit", "fast_hdbscan", "sklearn"], "neighbours": ["latentkit", "sklearn"]}
SECONDS = re.compile(r"(?:HDBSCAN|neighbours): ([\d.]+) s, (?:(\d+) clusters|sum (\d+))")


def main():
    parser = argparse.ArgumentParser(prog="bench.sh", description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=CONTENDERS)
    parser.add_argument("--n", type=positive, default=70_000)
    parser.add_argument("--d", type=lambda text: [positive(part) for part in text.split(",")], default=[2, 5, 10, 20])
    parser.add_argument("--k", type=positive, default=30, help="neighbours")
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--threads", type=positive, default=len(os.sched_getaffinity(0)), help="of each contender")
    parser.add_argument("--contenders", type=lambda text: text.split(","), metavar="NAME,...",
                        help="of density latentkit,fast_hdbscan (or sklearn, which is slow; fast_hdbscan takes few columns); of "
                             "neighbours latentkit,sklearn")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    contenders = args.contenders or CONTENDERS[args.task][:2]
    try:
        contenders = [choice(name, CONTENDERS[args.task]) for name in contenders]
    except argparse.ArgumentTypeError as error:
        parser.error(f"argument --contenders: {error}")
    done = subprocess.run([ROOT / "scripts/python-env.sh", "density"], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(1)
    python = done.stdout.strip()
    say(f"{args.threads} threads, {processor()}")
    print(f"{args.task}: n = {args.n}, rounds: {args.rounds}, threads: {args.threads}, {processor()}\n")
    print("columns  contender     seconds  range          found  it/latentkit  range")
    with tempfile.TemporaryDirectory(prefix="latentkit-bench-") as folder:
        for d in args.d:
            file = pathlib.Path(folder, f"{d}.parquet")
            plan = {"task": "points", "n": args.n, "d": d, "file": str(file)}
            subprocess.run([python, HERE / "density_peer.py", json.dumps(plan)], check=True)
            rounds = [{name: measure(args, python, name, file) for name in contenders} for _ in range(args.rounds)]
            for name in contenders:
                seconds = [round[name][0] for round in rounds]
                row = f"{d:7}  {name:12}  {statistics.median(seconds):7.2f}  {min(seconds):6.2f} - {max(seconds):6.2f}" \
                      f"  {rounds[0][name][1]}"
                if name != "latentkit" and "latentkit" in contenders:
                    ratios = [round[name][0] / round["latentkit"][0] for round in rounds]
                    row += f"  {statistics.median(ratios):.1f}  {min(ratios):.1f} - {max(ratios):.1f}"
                print(row, flush=True)


def measure(args, python, name, file):
    """Seconds, and the number of clusters or the sum of all neighbours."""
    if name == "latentkit" and args.task == "density":
        command = [args.programs / "bench_density", "--latents", file, "--runs", "1", "--threads", str(args.threads)]
    elif name == "latentkit":
        command = [args.programs / "bench_neighbours", file, str(args.k), "1", str(args.threads)]
    else:
        plan = {"task": args.task, "name": name, "file": str(file), "k": args.k, "threads": args.threads}
        command = [python, HERE / "density_peer.py", json.dumps(plan)]
    env = os.environ | {name: str(args.threads) for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"]}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    found = SECONDS.search(done.stdout)
    if done.returncode != 0 or not found:
        raise Failed(f"{name} ended with {done.returncode}:\n{done.stderr[-2000:].rstrip()}")
    say(f"{name}: {found[1]} s")
    return float(found[1]), found[2] or found[3]


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
