"""Draws a series of cluster.py, seconds over points or columns, both axes logarithmic. Its plan is JSON on stdin."""

import json
import statistics
import sys

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator

COLOURS = {"latentkit": "#0072b2", "default": "#56b4e9", "sklearn": "#e69f00", "sklearnex": "#009e73"}  # told apart by the colour-blind
NAMES = {"n": "points", "d": "columns"}


def main():
    plan = json.load(sys.stdin)
    axis, lines = plan["axis"], plan["lines"]
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for contender in dict.fromkeys(line["contender"] for line in lines):
        own = [line for line in lines if line["contender"] == contender]
        xs = sorted({line[axis] for line in own})
        seconds = [[line["seconds"] for line in own if line[axis] == x] for x in xs]
        medians = [statistics.median(values) for values in seconds]
        below = [median - min(values) for median, values in zip(medians, seconds)]
        above = [max(values) - median for median, values in zip(medians, seconds)]
        name = "latentkit as it comes" if contender == "default" else contender
        label = f"{name} {own[0]['version']}" + (" (extrapolated)" if own[0]["extrapolated"] else "")
        axes.errorbar(xs, medians, [below, above], marker="o", capsize=3, color=COLOURS[contender], label=label)
    xs = sorted({line[axis] for line in lines})
    axes.set(xscale="log", yscale="log", xlabel=NAMES[axis], ylabel="seconds (median, least and most)")
    axes.set_xticks(xs, [f"{x:,}".replace(",", " ") for x in xs])
    axes.xaxis.minorticks_off()
    axes.yaxis.set_major_locator(LogLocator(subs=[1, 2, 5]))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.minorticks_off()
    axes.set_title(plan["title"], fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend()
    for file in plan["files"]:
        figure.savefig(file, dpi=150)


main()
