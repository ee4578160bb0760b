"""polars."""

import numpy as np
import polars as pl
from operations import operation, same
from samples import decode, images, scratch


def latents(folder):
    return pl.scan_parquet(folder / "export/latents.parquet")


@operation("polars", "scan, filter, collect")
def filter_rows(folder):
    query = latents(folder).filter(pl.col("split") == "test", pl.col("id") >= 9000)
    same("SELECTION" in query.explain(), True)  # the file is asked for these rows alone
    return same(query.collect().height, 1000)


@operation("polars", "scan and collect, streaming")
def streaming(folder):
    return same(latents(folder).select(pl.col("z0").sum(), pl.len()).collect(engine="streaming")["len"].to_list(), [10000])


@operation("polars", "sort, group, join")
def join(folder):
    assignments = pl.scan_parquet(folder / "cluster/assignments.parquet").filter(pl.col("k") == 3)
    counts = assignments.join(latents(folder), on="id").group_by("cluster", "label_name").len().sort("len").collect()
    return same(counts["len"].sum(), 10000)


@operation("polars", "CSV")
def to_csv(folder):
    latents(folder).drop("z").collect().write_csv(scratch("polars.csv"))
    return same(pl.read_csv(scratch("polars.csv")).height, 10000)


@operation("polars", "lists to a matrix of numpy")
def to_numpy(folder):
    table = latents(folder).collect()
    return same(np.array_equal(table["z"].to_numpy()[:, 5], table["z5"].to_numpy()), True) and table["z"].dtype


@operation("polars", "decode an image")
def decode_image(folder):
    table = pl.read_parquet(folder / "ingest/dataset.parquet").unnest("image")
    return same(np.array_equal(decode(table["bytes"][9999]), images()[9999]), True) and table["path"].null_count()
