"""The smallest experiment that has every stage: eighty images of 28x28 pixels, a model of two latents, one epoch."""

import os
import pathlib
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "latentkit"
CONFIG = """name = "tiny"

[dataset]
validation = 0.25

[dataset.source]
train-images = "images"
train-labels = "labels"
test-images = "images"
test-labels = "labels"
label-names = ["a", "b<", "c"]

[model]
architecture = "strided"
latent-dim = 2

[train]
epochs = 1

[cluster]
k = { from = 2, to = 3 }
seeds = 1
restarts = 1

[plot]
formats = ["svg"]
"""


def idx(sizes, elements):
    return struct.pack(f">BBBB{len(sizes)}I", 0, 0, 8, len(sizes), *sizes) + bytes(elements)


def images(count=40, side=28):
    """Images of one bright bar each, whose place tells the label."""
    pixels = bytearray()
    for number in range(count):
        row = [255 if (number % 3) * 8 + 2 <= column < (number % 3) * 8 + 5 + number % 2 else 0 for column in range(side)]
        pixels += bytes(row) * side
    return idx([count, side, side], pixels), idx([count], [number % 3 for number in range(count)])


def prepare(folder):
    """Writes the images, the labels and the config `tiny.toml`."""
    pictures, labels = images()
    (folder / "images").write_bytes(pictures)
    (folder / "labels").write_bytes(labels)
    (folder / "tiny.toml").write_text(CONFIG)


def experiment(folder):
    """Runs every stage over the images, and returns the folder of its files."""
    prepare(folder)
    command = [PROGRAM, "run", "tiny.toml", "--quiet", "--threads", "1"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(f"the smallest experiment cannot be run:\n{ran.stderr}")
    return folder / "artifacts" / "tiny"
