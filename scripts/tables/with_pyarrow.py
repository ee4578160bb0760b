"""pyarrow."""

import numpy as np
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from operations import operation, same
from samples import decode, images, scratch


def latents(folder, **options):
    return pq.read_table(folder / "export/latents.parquet", **options)


@operation("pyarrow", "filter while reading")
def filter_rows(folder):
    return same(latents(folder, filters=[("split", "==", "test")]).num_rows, 2000)


@operation("pyarrow", "filter, in the data set")
def filter_dataset(folder):
    table = ds.dataset(folder / "ingest/dataset.parquet").to_table(filter=(pc.field("label") == 3) & (pc.field("id") < 5000))
    return same(set(table["label_name"].to_pylist()), {"3"}) and table.num_rows


@operation("pyarrow", "sort by a text and a number")
def sort(folder):
    table = latents(folder).sort_by([("label_name", "ascending"), ("reconstruction_bce", "descending")])
    rows = list(zip(table["label_name"].to_pylist(), (-table["reconstruction_bce"].to_numpy()).tolist()))
    return same(rows, sorted(rows)) and len(rows)


@operation("pyarrow", "group")
def group(folder):
    return same(latents(folder).group_by("label_name").aggregate([("z0", "mean")]).num_rows, 10)


@operation("pyarrow", "join latents with assignments")
def join(folder):
    assignments = pq.read_table(folder / "cluster/assignments.parquet")
    return same(assignments.join(latents(folder).select(["id", "split", "label_name"]), "id").num_rows, assignments.num_rows)


@operation("pyarrow", "CSV")
def to_csv(folder):
    csv.write_csv(latents(folder).drop_columns(["z"]), scratch("latents.csv"))
    return same(csv.read_csv(scratch("latents.csv")).num_rows, 10000)


@operation("pyarrow", "lists to a matrix of numpy")
def to_numpy(folder):
    table = latents(folder)
    matrix = np.stack(table["z"].combine_chunks().values.to_numpy(zero_copy_only=True).reshape(-1, 6))
    return same(np.array_equal(matrix[:, 3], table["z3"].to_numpy()), True) and matrix.shape


@operation("pyarrow", "write again")
def write(folder):
    pq.write_table(pq.read_table(folder / "ingest/dataset.parquet"), scratch("again.parquet"))
    return same(pq.read_table(scratch("again.parquet")).num_rows, 10000)


@operation("pyarrow", "decode all images")
def decode_images(folder):
    files = pq.read_table(folder / "ingest/dataset.parquet", columns=["image"])["image"].to_pylist()
    return same(np.array_equal(np.stack([decode(file["bytes"]) for file in files]), images()), True) and len(files)
