"""What must be found, from elsewhere than the tables: the images of the data set, and the folder of scratch files."""

import gzip
import io
import pathlib
import tempfile

import numpy as np
from PIL import Image

DATA = pathlib.Path(__file__).parents[2] / "data/sample"
SCRATCH = tempfile.TemporaryDirectory(prefix="latentkit-tables-")


def scratch(name):
    """The path of a file that is removed in the end."""
    return str(pathlib.Path(SCRATCH.name) / name)


def images():
    """The images of the sample, in the order of the ids: [10000, 28, 28]."""
    content = gzip.decompress((DATA / "t10k-images-idx3-ubyte.gz").read_bytes())
    return np.frombuffer(content[16:], np.uint8).reshape(-1, 28, 28)


def decode(content):
    """The pixels of a picture that is in a file's bytes."""
    return np.asarray(Image.open(io.BytesIO(content)))
