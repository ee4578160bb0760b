"""Loads latentkit's model.safetensors into PyTorch, and compares PyTorch's latents with those that latentkit wrote.

    python scripts/load_in_pytorch.py artifacts/smoke/train/model.safetensors \\
        --dataset artifacts/smoke/ingest/dataset.parquet --latents artifacts/smoke/export/latents.parquet

    from load_in_pytorch import load    # with scripts/ in PYTHONPATH
    encoder, decoder, config = load("artifacts/mnist/train/model.safetensors")
    latents = encoder(images)           # images [n, channels, height, width] in 0 .. 1; latents [n, d]
    images = decoder(latents)           # in 0 .. 1 again

Needs torch, safetensors and numpy; the comparison also pyarrow and pillow. scripts/check-weights.sh installs and runs all of it.
"""

import argparse
import io
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.nn import functional as F

METADATA = "latentkit"  # the one key of a file's metadata; its value is JSON
COUNTER = "num_batches_tracked"  # of PyTorch's batch-norm; latentkit has none
TOLERANCE = 1e-5  # largest difference, relative to the largest latent


class SamePad(nn.ZeroPad2d):
    """Keras's `same` padding: an even kernel is padded below and right."""

    def __init__(self, kernel):
        super().__init__(((kernel - 1) // 2, kernel // 2) * 2)


class Activated(nn.Module):
    """A layer with tensors, with what comes before its sums and after them. Its tensors are named as if it stood alone."""

    def __init__(self, layer, activation, before=None):
        super().__init__()
        self.before = before or nn.Identity()
        self.layer = layer
        self.after = ACTIVATIONS[activation]()

    def forward(self, x):
        return self.after(self.layer(self.before(x)))


ACTIVATIONS = {"relu": nn.ReLU, "linear": nn.Identity, "sigmoid": nn.Sigmoid, "gelu": nn.GELU}


def make(layer, shape):
    """The module of a layer of the metadata, for an input of this shape: `[channels, height, width]` or `[length]`."""
    layer = dict(layer)
    kind, activation = layer.pop("kind"), layer.pop("activation", None)
    channels = shape[0]
    if kind == "conv":
        kernel = layer["kernel"]
        return Activated(nn.Conv2d(channels, layer["filters"], kernel), activation, SamePad(kernel))
    if kind == "strided-conv":
        return Activated(
            nn.Conv2d(channels, layer["filters"], layer["kernel"], layer["stride"], layer["padding"]), activation
        )
    if kind == "transposed-conv":
        added = layer["output-padding"]  # one number, or one for rows and one for columns
        added = tuple(added) if isinstance(added, list) else added
        sizes = layer["kernel"], layer["stride"], layer["padding"], added
        return Activated(nn.ConvTranspose2d(channels, layer["filters"], *sizes), activation)
    if kind == "dense":
        return Activated(nn.Linear(channels, layer["units"]), activation)
    if kind == "batch-norm":
        return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)  # Keras's constants
    if kind == "max-pool":
        return nn.MaxPool2d(layer["size"])
    if kind == "up-sample":
        return nn.Upsample(scale_factor=layer["factor"])
    if kind == "flatten":
        return nn.Flatten()
    if kind == "reshape":
        return nn.Unflatten(1, (layer["channels"], layer["height"], layer["width"]))
    raise ValueError(f"the model has a layer of the unknown kind `{kind}`")


def build(layers):
    """Encoder and decoder of the entry `layers` of the metadata, with PyTorch's own initial weights.

    The index of a layer is its number in the names of the weights.
    """
    height, width, channels = layers["input"]
    halves, shape = [], (channels, height, width)
    with torch.no_grad():
        for half in ["encoder", "decoder"]:
            modules = nn.Sequential()
            for layer in layers[half]:
                module = make(layer, shape).eval()
                shape = tuple(module(torch.zeros(1, *shape)).shape[1:])
                modules.append(module)
            halves.append(modules)
    return halves


def count_parameters(module):
    """Numbers in a module's tensors, batch-norm statistics included, as Keras counts them."""
    return sum(tensor.numel() for name, tensor in module.state_dict().items() if not name.endswith(COUNTER))


def load_tensors(half, tensors):
    """Puts the tensors of encoder or decoder, named as in the file without its name, in their places."""
    # A layer with an activation holds its tensors one level deeper.
    names = {name.replace(".layer.", "."): name for name in half.state_dict()}
    counters = {name: tensor for name, tensor in half.state_dict().items() if name.endswith(COUNTER)}
    half.load_state_dict({names.get(name, name): tensor for name, tensor in tensors.items()} | counters)


def load(path):
    """Encoder, decoder (both in evaluation mode) and the metadata: layers, model, train, image_size, seed, epochs.

    Raises ValueError when the file is not one that latentkit wrote, or lists no layers.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = (file.metadata() or {}).get(METADATA)
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file: {error}") from error
    if metadata is None:
        raise ValueError(f"the metadata of {path} has no `{METADATA}`, which every model of latentkit has")
    config = json.loads(metadata)
    if "layers" not in config:
        raise ValueError(f"the metadata of {path} lists no layers: train the model again with this version of latentkit")
    encoder, decoder = build(config["layers"])
    for prefix, half in [("encoder.", encoder), ("decoder.", decoder)]:
        own = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        try:
            load_tensors(half, own)
        except RuntimeError as error:
            raise ValueError(f"the tensors of {path} do not fit its layers: {error}") from error
        half.eval()
    return encoder, decoder, config


def read_images(path):
    """The images of dataset.parquet, `[n, channels, height, width]` in 0 .. 1, in the order of the ids."""
    import pyarrow.parquet as pq
    from PIL import Image

    table = pq.read_table(path, columns=["id", "image"])
    files = (io.BytesIO(image["bytes"]) for image in table["image"].to_pylist())
    pixels = np.stack([np.asarray(Image.open(file)) for file in files])
    pixels = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
    return torch.from_numpy(pixels[np.argsort(table["id"].to_numpy())].astype(np.float32) / 255)


def read_latents(path, dimensions):
    """The columns z0, z1, ... of latents.parquet, `[n, d]`, in the order of the ids."""
    import pyarrow.parquet as pq

    names = [f"z{index}" for index in range(dimensions)]
    table = pq.read_table(path, columns=["id", *names])
    values = np.stack([table[name].to_numpy() for name in names], axis=1)
    return torch.from_numpy(values[np.argsort(table["id"].to_numpy())])


def largest_difference(encoder, images, latents):
    """Largest difference between PyTorch's latents in float32 and these, and the largest of these."""
    with torch.inference_mode():
        found = torch.cat([encoder(batch) for batch in images.split(1000)])
    if found.shape != latents.shape:
        raise ValueError(f"PyTorch gives latents of {list(found.shape)}, the file has {list(latents.shape)}")
    return (found - latents).abs().max().item(), latents.abs().max().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path, help="model.safetensors")
    parser.add_argument("--dataset", type=pathlib.Path, help="dataset.parquet, to encode its images")
    parser.add_argument("--latents", type=pathlib.Path, help="latents.parquet, to compare with")
    args = parser.parse_args()
    if (args.dataset is None) != (args.latents is None):
        parser.error("--dataset and --latents go together")
    try:
        encoder, decoder, config = load(args.model)
        parameters = count_parameters(encoder) + count_parameters(decoder)
        print(f"{config['model']['architecture']}: {parameters} parameters, {config.get('epochs', '?')} epochs")
        if args.dataset is None:
            return
        images = read_images(args.dataset)
        latents = read_latents(args.latents, encoder[-1].layer.out_features)
        difference, largest = largest_difference(encoder, images, latents)
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"error: {error}")
    relative = difference / max(largest, 1e-30)
    print(f"{len(images)} images: largest difference {difference:.3g}, {relative:.3g} of the largest latent {largest:.3g}")
    if not relative <= TOLERANCE:  # also when it is not a number
        sys.exit(f"error: the latents of {args.latents} are not PyTorch's: {relative:.3g} is above {TOLERANCE:g}")


if __name__ == "__main__":
    main()
