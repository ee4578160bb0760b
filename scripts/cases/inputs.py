"""Inputs that people have, made small: tables of points of every kind, each with the points, the labels or the refusal that is right."""

import decimal
import pathlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq


@dataclass
class Case:
    """`points` and `labels` are what is read of `path` with `options`; None for labels that there are not."""

    name: str
    path: pathlib.Path
    points: np.ndarray = None
    labels: list = None
    options: tuple = ()
    config: str = "k = { from = 2, to = 5 }"
    scaling: str = "none"
    refused: str = None


def blobs(n=300, d=6, k=3, seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % k
    return rng.normal(size=(k, d))[labels] * 4 + rng.normal(size=(n, d)) * spread, labels


def lists(points, kind=None):
    return pa.array([list(row) for row in points], type=kind or pa.list_(pa.float64()))


class Inputs:
    def __init__(self, folder):
        self.folder, self.cases = pathlib.Path(folder), []

    def add(self, name, table, points=None, labels=None, options=(), **more):
        path = self.folder / f"{name}.parquet"
        if callable(table):
            table(path)
        else:
            pq.write_table(table, path)
        self.cases.append(Case(name, path, points, labels, options, **more))

    def columns(self, name, columns, points, **more):
        self.add(name, pa.table(columns), points, **more)


def all_cases(folder):
    inputs = Inputs(folder)
    types(inputs)
    names_of_columns(inputs)
    labels(inputs)
    parts(inputs)
    numbers(inputs)
    refusals(inputs)
    return inputs.cases


def types(inputs):
    x, y = blobs()
    single, half = x.astype(np.float32), x.astype(np.float16)
    for name, kind, points in [
        ("list_f64", pa.list_(pa.float64()), x),
        ("list_f32", pa.list_(pa.float32()), single),
        ("list_f16", pa.list_(pa.float16()), half),
        ("large_list", pa.large_list(pa.float64()), x),
        ("fixed_size_list", pa.list_(pa.float32(), 6), single),
        ("list_view", pa.list_view(pa.float32()), single),
    ]:
        inputs.add(name, pa.table({"embedding": lists(points, kind), "label": y}), points.astype(float), y)
    whole = np.clip(np.round(x * 12), -128, 127)
    inputs.add("list_i8", pa.table({"embedding": lists(whole.astype(int).tolist(), pa.list_(pa.int8()))}), whole)
    inputs.columns("columns_i64", {f"z{i}": whole[:, i].astype(np.int64) for i in range(6)}, whole)
    inputs.columns("columns_bool", {f"z{i}": x[:, i] > 0 for i in range(6)}, (x > 0).astype(float))
    exact = np.round(x, 3)
    number = lambda value: decimal.Decimal(f"{value:.3f}")
    kind = pa.decimal128(12, 3)
    column = lambda i: pa.array([number(value) for value in exact[:, i]], type=kind)
    inputs.columns("columns_decimal", {f"z{i}": column(i) for i in range(6)}, exact)
    decimals = pa.array([[number(value) for value in row] for row in exact], type=pa.list_(kind))
    inputs.add("list_decimal", pa.table({"e": decimals}), exact)
    tensor = pa.FixedShapeTensorArray.from_numpy_ndarray(single.reshape(-1, 2, 3))
    inputs.add("tensor", pa.table({"e": tensor}), single.astype(float))
    inputs.add("lists_of_lists", pa.table({"e": pa.array([row.reshape(2, 3).tolist() for row in x])}), x)
    inputs.add(
        "beside_a_tensor",
        pa.table({"embedding": lists(x), "tensor": tensor, "label": y}),
        x,
        y,
        ("--column", "embedding"),
    )


def names_of_columns(inputs):
    x, y = blobs(seed=1)
    frame = pd.DataFrame(x, columns=[str(i) for i in range(6)])
    inputs.add("pandas_numbers", lambda path: frame.assign(label=y).to_parquet(path), x, y)
    index = frame.set_index(pd.Index([f"row {i}" for i in range(len(x))]))
    inputs.add("pandas_index", index.assign(target=y).to_parquet, x, y, ("--label-column", "target"))
    wide = np.hstack([x, x])
    shuffled = {f"embedding_{i}": wide[:, i] for i in reversed(range(12))}
    inputs.columns("embedding_n", {**shuffled, "text": ["a b"] * len(x)}, wide)
    inputs.columns("pattern", {**shuffled, "other_0": x[:, 0], "other_1": x[:, 1]}, wide, options=("--columns", "embedding_*"))
    inputs.columns("x_and_y", {"x": x[:, 0], "y": x[:, 1], "name": ["q"] * len(x)}, x[:, :2], options=("--column", "x,y"))


def labels(inputs):
    x, y = blobs(seed=2)
    names = np.array(["cat", "dog", "eel"])[y]
    table = lambda column: pa.table({"embedding": lists(x), "label": column})
    options = ("--label-column", "label")
    inputs.add("labels_text", table(pa.array(names)), x, names, options)
    inputs.add("labels_dictionary", table(pa.array(names).dictionary_encode()), x, names, options)
    categories = pl.DataFrame({"embedding": x, "label": pl.Series(names, dtype=pl.Categorical)})
    inputs.add("labels_polars_categories", categories.write_parquet, x, names, options)
    inputs.add("labels_pandas_category", pd.DataFrame({"embedding": list(x), "label": pd.Categorical(names)}).to_parquet, x, names, options)
    inputs.add("labels_negative", table(pa.array(y - 1)), x, y, options)
    inputs.add("labels_float_and_nan", table(pa.array(np.where(np.arange(len(y)) % 7, y, np.nan))), x, [None if i % 7 == 0 else v for i, v in enumerate(y)], options)
    missing = [None if i % 50 == 0 else v for i, v in enumerate(names)]
    inputs.add("labels_null", table(pa.array(missing)), x, missing, options)
    inputs.add("labels_300", table(pa.array(np.arange(300))), x, np.arange(300), options)
    inputs.add("labels_bool", table(pa.array(y > 0)), x, y > 0, options)
    inputs.add("labels_63_bits", table(pa.array(y * 2**60)), x, y, options)


def parts(inputs):
    x, y = blobs(seed=3)
    table = pa.table({"embedding": lists(x), "label": y})

    def folder(path):
        path.mkdir()
        for part in range(3):
            pq.write_table(table.slice(part * 100, 100), path / f"part-0000{part}-c000.snappy.parquet", compression="snappy")
        (path / "_SUCCESS").touch()

    def hive(path):
        for part, species in enumerate(["a", "b", "c"]):
            (path / f"species={species}").mkdir(parents=True)
            pq.write_table(table.select(["embedding"]).slice(part * 100, 100), path / f"species={species}/0.parquet")

    inputs.add("folder", folder, x, y)
    inputs.add("hive", hive, x, ["a"] * 100 + ["b"] * 100 + ["c"] * 100, ("--label-column", "species"))
    inputs.add("row_groups", lambda path: pq.write_table(table, path, row_group_size=37), x, y)
    inputs.add("version_2_pages", lambda path: pq.write_table(table, path, data_page_version="2.0", compression="zstd"), x, y)
    inputs.add("without_arrow_schema", lambda path: pq.write_table(table, path, store_schema=False), x, y)


def numbers(inputs):
    x, y = blobs(seed=4)
    columns = lambda points: {f"z{i}": points[:, i] for i in range(points.shape[1])} | {"label": y}
    rng = np.random.default_rng(5)
    shifted, outlier = x + 1e6, x.copy()
    outlier[0, 0] = 1e10
    norms = x * 10.0 ** rng.uniform(-9, 2, size=len(x))[:, None]
    for name, points in [
        ("shifted", shifted),
        ("small", x * 1e-30),
        ("large", x * 1e30),
        ("outlier", outlier),
        ("offset_and_narrow", x * 1e-5 + 1e4),
        ("columns_of_unlike_scale", x * 10.0 ** np.arange(-6, 6, 2)),
    ]:
        inputs.columns(name, columns(points), points, labels=y)
    for name, points in [("norms_unit_length", norms), ("shifted_unit_length", x + 100)]:
        inputs.columns(name, columns(points), points, labels=y, scaling="unit-length")
    for name, points in [("unlike_scales_standardized", x * 10.0 ** np.arange(-6, 6, 2)), ("shifted_standardized", shifted)]:
        inputs.columns(name, columns(points), points, labels=y, scaling="standardize")
    wide, of_wide = blobs(200, 1000, 4, seed=6)
    inputs.add("wide", pa.table({"embedding": lists(wide.astype(np.float32), pa.list_(pa.float32(), 1000)), "label": of_wide}), wide.astype(np.float32).astype(float), of_wide)


def refusals(inputs):
    x, _ = blobs(seed=7)
    change = lambda row, value: pa.table({"e": pa.array([value if i == row else list(v) for i, v in enumerate(x)])})
    inputs.add("null_row", change(7, None), refused="row 7 (counted from 0) is null")
    inputs.add("null_value", change(7, [None] * 6), refused="row 7 (counted from 0) has a null in its list")
    inputs.add("nan", change(7, [float("nan")] * 6), refused="row 7 (counted from 0) is not finite")
    inputs.add("ragged", change(9, [1.0] * 5), refused="row 9 (counted from 0) has a list of another length")
    inputs.add("two_lists", pa.table({"a": lists(x), "b": lists(x)}), refused="`a`, `b`")
    inputs.add("no_rows", pa.table({"e": lists(x[:0])}), refused="no rows")
    inputs.add("no_points", pa.table({"text": ["a"] * 9}), refused="no columns that are known to hold points")
    zero = np.where(np.arange(len(x))[:, None] % 10, x, 0.0)
    inputs.add("zero_unit_length", pa.table({"e": lists(zero)}), scaling="unit-length", refused="row 0 (counted from 0)")
    inputs.add("too_large", pa.table({"e": lists(x * 1e100)}), refused="too large")
    inputs.add("too_small", pa.table({"e": lists(x * 1e-100)}), refused="too small")
    inputs.add("no_labels", pa.table({"e": lists(x), "l": pa.array([None] * len(x), pa.string())}), options=("--label-column", "l"), refused="no row has a value")
    inputs.add("labels_that_are_none", pa.table({"e": lists(x), "l": x[:, 0]}), options=("--label-column", "l"), refused="not a whole number")
