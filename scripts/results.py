"""Prints the figures of experiments as Markdown tables, runs of one config with several seeds in a row.

    results.py artifacts/mnist-42 artifacts/mnist-43 ...    # folders named CONFIG-SEED; needs pyarrow

Figures of several seeds are given as mean (lowest - highest), counts and seconds one after the other. Started by scripts/experiments.sh.
"""

import json
import pathlib
import sys

import pyarrow.parquet

# Name of a figure, decimals, and how it is found in a run.
TRAINING = [
    ("epochs", 0, lambda run: run.train["epochs"]),
    ("test BCE", 4, lambda run: run.train["test"]["bce"]),
    ("test MSE", 4, lambda run: run.train["test"]["mse"]),
    ("test MAE", 4, lambda run: run.train["test"]["mae"]),
    ("dead latents", 0, lambda run: run.export["dead"]),
    ("training, s", 0, lambda run: run.train["seconds"]),
]
CLUSTERS = [
    ("best k", 0, lambda run: run.cluster["best_k"]),
    ("silhouette", 3, lambda run: run.at(run.cluster["best_k"], "silhouette")),
    ("accuracy at k = 10", 3, lambda run: run.at(10, "accuracy")),
    ("NMI at k = 10", 3, lambda run: run.at(10, "nmi")),
    ("ARI at k = 10", 3, lambda run: run.at(10, "ari")),
]


class Run:
    """The figures of one experiment."""

    def __init__(self, folder):
        self.name, _, self.seed = folder.name.rpartition("-")
        summary = lambda stage: json.loads((folder / stage / "manifest.json").read_text())["summary"]
        self.train, self.export, self.cluster = summary("train"), summary("export"), summary("cluster")
        self.sweep = pyarrow.parquet.read_table(folder / "cluster/sweep.parquet").to_pylist()

    def at(self, k, figure):
        """A figure of the sweep for this k, the mean over the sweep's own seeds."""
        values = [row[figure] for row in self.sweep if row["k"] == k]
        return sum(values) / len(values) if values and None not in values else float("nan")


def main():
    if len(sys.argv) < 2:
        sys.exit("error: expected folders such as artifacts/mnist-42")
    try:
        runs = [Run(pathlib.Path(folder)) for folder in sys.argv[1:]]
    except FileNotFoundError as error:
        sys.exit(f"error: `{error.filename}` is not there\nhint: `latentkit run` the experiment first")
    groups = {}
    for run in runs:
        groups.setdefault(run.name, []).append(run)
    table(groups, "training", TRAINING)
    table(groups, "clusters", CLUSTERS)
    ks = sorted({row["k"] for run in runs for row in run.sweep})
    figures = [(f"k = {k}", 3, lambda run, k=k: run.at(k, "silhouette")) for k in ks]
    table(groups, "silhouette", figures)
    each(runs)


def table(groups, title, figures):
    row = lambda cells: print("| " + " | ".join(cells) + " |")
    print()
    row([title, "seeds", *(name for name, _, _ in figures)])
    row(["---"] * (len(figures) + 2))
    for name, runs in groups.items():
        cells = (spread([find(run) for run in runs], decimals) for _, decimals, find in figures)
        row([name, ", ".join(run.seed for run in runs), *cells])


def spread(values, decimals):
    """Counts run by run, since a mean of numbers of clusters says nothing; of the rest mean and range."""
    if decimals == 0:
        return ", ".join(f"{value:.0f}" for value in values)
    mean, low, high = (f"{value:.{decimals}f}" for value in (sum(values) / len(values), min(values), max(values)))
    return mean if len(values) == 1 else f"{mean} ({low} - {high})"


def each(runs):
    print("\n| run | epochs | test BCE | dead latents | best k | silhouette |")
    print("|---|---|---|---|---|---|")
    for run in runs:
        best = run.cluster["best_k"]
        figures = [run.train["epochs"], f"{run.train['test']['bce']:.4f}", run.export["dead"]]
        figures += [best, f"{run.at(best, 'silhouette'):.3f}"]
        print("| " + " | ".join(map(str, [f"{run.name}-{run.seed}", *figures])) + " |")


if __name__ == "__main__":
    main()
