"""What the peers share: the plan of the driver, the images, the clock and the result."""

import json
import pathlib
import sys
import time

import numpy as np
from safetensors.numpy import load_file

ENCODED_BATCHES = 20  # encoded in a pass, with the latents of all of them as the result
WARM_UP = {"train": 5, "encode": 1}  # steps or passes before the clock starts


def read_plan():
    return json.loads(sys.argv[1])


def read_images(plan):
    """The images in 0 .. 1, `[n, 28, 28]`; for encoding those of one pass."""
    images = np.fromfile(plan["images"], np.uint8).reshape(-1, 28, 28)
    if plan["task"] == "encode":
        images = images[: ENCODED_BATCHES * plan["batch"]]
    return images.astype(np.float32) / 255


class Clock:
    """Told of every step or pass; counts after the first few, until the time is over."""

    def __init__(self, plan):
        self.left, self.seconds = WARM_UP[plan["task"]], plan["seconds"]
        self.images, self.elapsed = 0, 0.0

    def tick(self, images):
        """True when the time is over."""
        self.left -= 1
        if self.left == 0:
            self.start = time.perf_counter()
        elif self.left < 0:
            self.images += images
            self.elapsed = time.perf_counter() - self.start
        return self.left < 0 and self.elapsed >= self.seconds


def read_fixture(plan):
    """Weights of the model, and images with the latents and reconstructions that it must make of them."""
    folder = pathlib.Path(plan["fixture"])
    return load_file(folder / "loader.safetensors"), load_file(folder / "loader_outputs.safetensors")


def check(name, found, expected):
    """The peer computes the same function: what it makes of the fixture's images."""
    difference = np.abs(np.asarray(found) - expected).max() / np.abs(expected).max()
    if not difference < 1e-4:
        sys.exit(f"error: the {name} differ from latentkit's by {difference:.3g} of the largest")


def report(version, parameters, clock, loss=None):
    """Prints the result; `loss` is that of the last training step."""
    speed = clock.images / clock.elapsed
    result = {"version": version, "parameters": parameters, "images_per_second": speed}
    print(json.dumps(result | {"images": clock.images, "seconds": clock.elapsed, "loss": loss}))
