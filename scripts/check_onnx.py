"""Compares what ONNX Runtime makes of encoder.onnx and decoder.onnx with what latentkit made of the same images.

    python scripts/check_onnx.py ONNX_FOLDER --dataset dataset.parquet --latents latents.parquet --reconstructions reconstructions.parquet

Needs onnx, onnxruntime, numpy, pyarrow and pillow; scripts/check-weights.sh installs and runs all of it.
"""

import argparse
import io
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import pyarrow.parquet as pq
from PIL import Image

TOLERANCE = 1e-5  # largest difference, relative to the largest latent
SHADE = 0.51 / 255  # latentkit rounds reconstructions to bytes


def main():
    parser = argparse.ArgumentParser(description="Compares ONNX Runtime with latentkit.")
    parser.add_argument("folder", type=pathlib.Path)
    for name in ["dataset", "latents", "reconstructions"]:
        parser.add_argument(f"--{name}", required=True)
    args = parser.parse_args()
    encoder, decoder = (session(args.folder / f"{half}.onnx") for half in ["encoder", "decoder"])
    images = pixels(pq.read_table(args.dataset, columns=["image"])["image"])
    wanted = np.array(pq.read_table(args.latents, columns=["z"])["z"].combine_chunks().flatten())
    wanted = wanted.reshape(len(images), -1)
    # Batches of several sizes, since that axis is open.
    found = np.concatenate([run(encoder, part) for part in np.array_split(images, max(1, len(images) // 200))])
    apart = np.abs(found - wanted).max() / np.abs(wanted).max()
    print(f"encoder: {len(images)} images, largest difference {apart:.1e} of the largest latent")
    table = pq.read_table(args.reconstructions, columns=["id", "reconstruction"])
    shown = pixels(table["reconstruction"]) / 255
    decoded = run(decoder, wanted[table["id"].to_numpy()])
    shade = np.abs(decoded - shown).max()
    print(f"decoder: {len(shown)} images, largest difference {255 * shade:.2f} shades of 256")
    if apart > TOLERANCE or shade > SHADE:
        sys.exit("error: ONNX Runtime computes something else")


def session(path):
    onnx.checker.check_model(path, full_check=True)
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def run(session, values):
    [name] = (value.name for value in session.get_inputs())
    [found] = session.run(None, {name: values})
    return found


def pixels(column):
    """Pictures as bytes, [n, height, width, channels]."""
    found = np.stack([np.asarray(Image.open(io.BytesIO(image["bytes"]))) for image in column.to_pylist()])
    return found if found.ndim == 4 else found[..., None]


main()
