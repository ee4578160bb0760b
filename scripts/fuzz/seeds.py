"""Small valid files for the fuzz targets to start from: seeds.py TARGET FOLDER.

The tables, manifests and configs are the program's own, from a run over eighty made-up images; the rest is made here. With
pyarrow, tables of another writer join them. Needs nothing beyond the standard library.
"""

import gzip
import json
import pathlib
import random
import struct
import sys
import tempfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from tiny import CONFIG, ROOT, experiment, idx, images  # noqa: E402


def idx_seeds():
    pictures, labels = images(3, 4)
    yield from (pictures, labels, idx([1, 1, 1], [0]), idx([1], [7]), pictures[:9], idx([1, 0, 4], []), b"\0\0\x0d\3" + bytes(20))


def gzip_seeds():
    noise = random.Random(1).randbytes(300)
    for content in (b"", b"abc", bytes(2000), noise, images(3, 4)[0]):
        for level in (0, 1, 9):
            yield struct.pack("<H", 4096) + gzip.compress(content, level, mtime=0)
    stream = zlib.compressobj(wbits=-15)
    raw = stream.compress(b"named") + stream.flush()
    tail = struct.pack("<II", zlib.crc32(b"named"), 5)
    yield struct.pack("<H", 5) + b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x02\0xy" + b"name\0note\0" + b"\0\0" + raw + tail
    yield struct.pack("<H", 6) + gzip.compress(b"two", mtime=0) + gzip.compress(b"two", mtime=0)
    yield struct.pack("<H", 3) + b"abc"


def config_seeds():
    for path in sorted((ROOT / "configs").glob("*.toml")):
        text = "\n".join(line for line in path.read_text().splitlines() if line and not line.startswith("#"))
        yield text.encode()
    yield CONFIG.encode()
    yield b'name = "a"\n[cluster]\nk = [2, 3]\n\0cluster.k=4\0train.epochs=2\0model={ architecture = "strided" }\0name=b'
    yield b'name = "a"\n[cluster]\nk = 9\nbatch-size = 1024\nengine = "linfa"\n\0train.optimizer.learning-rate=1e-3'


def manifest_seeds():
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(experiment(pathlib.Path(folder)).glob("*/manifest.json")):
            yield json.dumps(json.loads(path.read_text()), separators=(",", ":")).encode()
            yield path.read_bytes()


def safetensors(tensors, metadata, data):
    header = {"__metadata__": {"latentkit": metadata}} if metadata is not None else {}
    header.update(tensors)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensors_seeds():
    a = {"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
    two = {**a, "b": {"dtype": "F32", "shape": [], "data_offsets": [24, 28]}}
    yield safetensors(a, "{}", struct.pack("<6f", *range(6)))
    yield safetensors(two, '{"seed":1}', struct.pack("<7f", *range(7)))
    yield safetensors({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}, None, b"abcd")
    for architecture, size in (("reference", 28), ("strided", 28), ("strided", 12)):
        model = {"architecture": architecture, "latent-dim": 1, "latent-activation": "relu"}
        yield safetensors(a, json.dumps({"model": model, "image_size": [size, size]}), struct.pack("<6f", *range(6)))
    with tempfile.TemporaryDirectory() as folder:
        whole = (experiment(pathlib.Path(folder)) / "train" / "model.safetensors").read_bytes()
        yield whole[: 8 + struct.unpack("<Q", whole[:8])[0]]


def parquet_seeds():
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(experiment(pathlib.Path(folder)).glob("*/*.parquet")):
            yield path.read_bytes()
        yield from foreign_tables(pathlib.Path(folder) / "foreign.parquet")


def foreign_tables(path):
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return
    rows = 12
    columns = {"z0": [row / 3 for row in range(rows)], "z1": [-1.5] * rows}
    lists = [[row / 3, 2.0] for row in range(rows)]
    tables = [
        pa.table({**columns, "label": ["a", "b<"] * 6, "id": list(range(rows))}),
        pa.table({**{name: pa.array(values, pa.float32()) for name, values in columns.items()}, "label": pa.array([1, 2] * 6, pa.uint8()), "label_name": ["x", "y"] * 6}),
        pa.table({"z": pa.array(lists, pa.list_(pa.float32()))}),
        pa.table({"z": pa.array(lists, pa.list_(pa.float64(), 2)), "id": pa.array(range(rows), pa.int64())}),
    ]
    for table in tables:
        for options in (
            {"compression": "none", "use_dictionary": False},
            {"compression": "zstd", "data_page_version": "2.0"},
            {"compression": "none", "row_group_size": 5, "data_page_size": 16},
        ):
            pq.write_table(table, path, **options)
            yield path.read_bytes()


SEEDS = {
    "idx": idx_seeds,
    "gzip": gzip_seeds,
    "config": config_seeds,
    "manifest": manifest_seeds,
    "safetensors": safetensors_seeds,
    "parquet": parquet_seeds,
}


def main():
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[target]()):
        (folder / f"seed-{number:02}").write_bytes(seed)


main()
