"""Loads latentkit's model.safetensors into PyTorch, and compares PyTorch's latents with those that latentkit wrote.

    python scripts/load_in_pytorch.py artifacts/smoke/train/model.safetensors \\
        --dataset artifacts/smoke/ingest/dataset.parquet --latents artifacts/smoke/export/latents.parquet

    from load_in_pytorch import load    # with scripts/ in PYTHONPATH
    encoder, decoder, config = load("artifacts/mnist/train/model.safetensors")
    latents = encoder(images)           # images [n, 1, 28, 28] in 0 .. 1; latents [n, d]
    images = decoder(latents)           # in 0 .. 1 again

Needs torch, safetensors and numpy; the comparison also pyarrow. scripts/check-weights.sh installs and runs all of it.
"""

import argparse
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


class Conv(nn.Conv2d):
    """Convolution with bias, Keras's `same` padding (an even kernel is padded below and right), and an activation."""

    def __init__(self, channels, filters, kernel, activation=None):
        super().__init__(channels, filters, kernel, padding=kernel // 2 if kernel % 2 else 0)
        self.pad = nn.Identity() if kernel % 2 else nn.ZeroPad2d(((kernel - 1) // 2, kernel // 2) * 2)
        self.activation = activation or nn.ReLU(inplace=True)

    def forward(self, x):
        return self.activation(super().forward(self.pad(x)))


class StridedConv(nn.Conv2d):
    """Convolution of stride 2 with bias and ReLU."""

    def forward(self, x):
        return F.relu_(super().forward(x))


class TransposedConv(nn.ConvTranspose2d):
    """The transpose of a convolution of stride 2, with bias and an activation."""

    def __init__(self, channels, filters, kernel, padding, activation=None):
        super().__init__(channels, filters, kernel, stride=2, padding=padding, output_padding=1 if padding else 0)
        self.activation = activation or nn.ReLU(inplace=True)

    def forward(self, x):
        return self.activation(super().forward(x))


class Dense(nn.Linear):
    """Every input to every output, with bias and an activation."""

    def __init__(self, inputs, units, activation=None):
        super().__init__(inputs, units)
        self.activation = activation or nn.ReLU(inplace=True)

    def forward(self, x):
        return self.activation(super().forward(x))


def norm(channels):
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)  # Keras's constants


def reference(latent_dim, latent_activation):
    """The auto-encoder of the reference experiment. The index of a layer is its number in the names of the weights."""
    encoder = nn.Sequential(
        Conv(1, 32, 3),
        Conv(32, 32, 3),
        nn.MaxPool2d(2),  # [n, 32, 14, 14]
        norm(32),
        Conv(32, 32, 3),
        Conv(32, 32, 3),
        Conv(32, 32, 2),
        nn.MaxPool2d(2),  # [n, 32, 7, 7]
        norm(32),
        Conv(32, 16, 2),
        Conv(16, 4, 2),
        Conv(4, 1, 2),
        nn.Flatten(),
        Dense(49, latent_dim, latent_activation),
    )
    decoder = nn.Sequential(
        Dense(latent_dim, 4),
        nn.Unflatten(1, (1, 2, 2)),
        Conv(1, 4, 2),
        Conv(4, 16, 2),
        norm(16),
        nn.Upsample(scale_factor=7),  # [n, 16, 14, 14]
        Conv(16, 32, 3),
        Conv(32, 32, 3),
        Conv(32, 32, 3),
        norm(32),
        nn.Upsample(scale_factor=2),  # [n, 32, 28, 28]
        Conv(32, 32, 3),
        Conv(32, 32, 3),
        Conv(32, 1, 3, activation=nn.Sigmoid()),
    )
    return encoder, decoder


def strided(latent_dim, latent_activation):
    """Strided convolutions and their transposes, without pooling and batch-norm."""
    encoder = nn.Sequential(
        StridedConv(1, 32, 5, stride=2, padding=2),  # [n, 32, 14, 14]
        StridedConv(32, 64, 5, stride=2, padding=2),  # [n, 64, 7, 7]
        StridedConv(64, 128, 3, stride=2),  # [n, 128, 3, 3]
        nn.Flatten(),
        Dense(1152, latent_dim, latent_activation),
    )
    decoder = nn.Sequential(
        Dense(latent_dim, 1152),
        nn.Unflatten(1, (128, 3, 3)),
        TransposedConv(128, 64, 3, 0),  # [n, 64, 7, 7]
        TransposedConv(64, 32, 5, 2),  # [n, 32, 14, 14]
        TransposedConv(32, 1, 5, 2, activation=nn.Sigmoid()),  # [n, 1, 28, 28]
    )
    return encoder, decoder


ARCHITECTURES = {"reference": reference, "strided": strided}
ACTIVATIONS = {"relu": nn.ReLU, "linear": nn.Identity}


def build(model):
    """Encoder and decoder of the section `[model]` of a config, with PyTorch's own initial weights."""
    name = model["architecture"]
    if name not in ARCHITECTURES:
        raise ValueError(f"unknown architecture `{name}`, expected one of {', '.join(ARCHITECTURES)}")
    activation = ACTIVATIONS[model.get("latent-activation", "relu")]()
    return ARCHITECTURES[name](model.get("latent-dim", 6), activation)


def count_parameters(module):
    """Numbers in a module's tensors, batch-norm statistics included, as Keras counts them."""
    return sum(tensor.numel() for name, tensor in module.state_dict().items() if not name.endswith(COUNTER))


def load(path):
    """Encoder, decoder (both in evaluation mode) and the config in the file: model, train, image_size, seed, epochs.

    Raises ValueError when the file is not one that latentkit wrote for a known architecture.
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
    encoder, decoder = build(config["model"])
    for prefix, half in [("encoder.", encoder), ("decoder.", decoder)]:
        state = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        counters = {name: tensor for name, tensor in half.state_dict().items() if name.endswith(COUNTER)}
        try:
            half.load_state_dict(state | counters)
        except RuntimeError as error:
            architecture = config["model"]["architecture"]
            raise ValueError(f"{path} does not fit the architecture `{architecture}`: {error}") from error
        half.eval()
    return encoder, decoder, config


def read_images(path, size):
    """The images of dataset.parquet, `[n, 1, height, width]` in 0 .. 1, in the order of the ids."""
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=["id", "image"])
    pixels = np.frombuffer(b"".join(table["image"].to_pylist()), np.uint8).reshape(-1, 1, *size)
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
        images = read_images(args.dataset, config["image_size"])
        latents = read_latents(args.latents, encoder[-1].out_features)
        difference, largest = largest_difference(encoder, images, latents)
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"error: {error}")
    relative = difference / max(largest, 1e-30)
    print(f"{len(images)} images: largest difference {difference:.3g}, {relative:.3g} of the largest latent {largest:.3g}")
    if not relative <= TOLERANCE:  # also when it is not a number
        sys.exit(f"error: the latents of {args.latents} are not PyTorch's: {relative:.3g} is above {TOLERANCE:g}")


if __name__ == "__main__":
    main()
