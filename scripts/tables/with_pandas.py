"""pandas."""

import numpy as np
import pandas as pd
from operations import operation, same
from samples import decode, images, scratch


def latents(folder, **options):
    return pd.read_parquet(folder / "export/latents.parquet", **options)


@operation("pandas", "filter while reading")
def filter_rows(folder):
    return same(len(latents(folder, filters=[("split", "==", "test")])), 2000)


@operation("pandas", "filter, sort, query")
def query(folder):
    table = latents(folder).query("label == 3 and split == 'test'").sort_values("reconstruction_bce")
    return same(table.reconstruction_bce.is_monotonic_increasing, True) and len(table)


@operation("pandas", "groupby")
def group(folder):
    return same(latents(folder).groupby("label_name").z0.mean().shape, (10,))


@operation("pandas", "merge latents with assignments")
def join(folder):
    assignments = pd.read_parquet(folder / "cluster/assignments.parquet")
    return same(len(assignments.merge(latents(folder), on="id")), len(assignments))


@operation("pandas", "crosstab of clusters and labels")
def crosstab(folder):
    table = pd.read_parquet(folder / "cluster/assignments.parquet", filters=[("k", "==", 3)]).merge(latents(folder), on="id")
    return same(int(pd.crosstab(table.cluster, table.label_name).to_numpy().sum()), 10000)


@operation("pandas", "CSV")
def to_csv(folder):
    latents(folder).to_csv(scratch("pandas.csv"), index=False)
    return same(len(pd.read_csv(scratch("pandas.csv"))), 10000)


@operation("pandas", "columns and lists to a matrix of numpy")
def to_numpy(folder):
    table = latents(folder)
    matrix = np.stack(table.z)
    return same(np.array_equal(matrix, table[[f"z{index}" for index in range(6)]].to_numpy()), True) and matrix.dtype


@operation("pandas", "types of Arrow")
def arrow_types(folder):
    return same(str(latents(folder, dtype_backend="pyarrow").label_name.str.len().max()), "1")


@operation("pandas", "decode an image")
def decode_image(folder):
    file = pd.read_parquet(folder / "ingest/dataset.parquet").image[7]
    return same(np.array_equal(decode(file["bytes"]), images()[7]), True) and decode(file["bytes"]).shape
