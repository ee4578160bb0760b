"""Inputs that people have, made small: tables of points of every kind, each with the points, the labels or the refusal that is right."""

import decimal
import pathlib
import uuid
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq


@dataclass
class Case:
    """`points`, `labels` and `ids` are what is read of `path` with `options`; None for labels that there are not, and for ids
    that are the numbers of the rows."""

    name: str
    path: pathlib.Path | list
    points: np.ndarray = None
    labels: list = None
    ids: list = None
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

    def add(self, name, table, points=None, labels=None, options=(), extension="parquet", **more):
        path = self.folder / f"{name}.{extension}"
        if callable(table):
            table(path)
        else:
            pq.write_table(table, path)
        self.cases.append(Case(name, path, points, labels, options=options, **more))

    def columns(self, name, columns, points, **more):
        self.add(name, pa.table(columns), points, **more)


def all_cases(folder):
    inputs = Inputs(folder)
    types(inputs)
    names_of_columns(inputs)
    labels(inputs)
    parts(inputs)
    ids(inputs)
    arrays(inputs)
    arrow(inputs)
    structs(inputs)
    several(inputs)
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
    inputs.add("labels_in_lists", table(pa.array([[v] for v in y.tolist()])), x, y, ("--column", "embedding", *options))
    noise = np.where(np.arange(len(y)) % 10, y, -1)
    inputs.add("labels_noise", table(pa.array(noise)), x, [None if v < 0 else v for v in noise], (*options, "--noise-label", "-1"))
    inputs.add("labels_text_noise", table(pa.array(names)), x, [None if v == "eel" else v for v in names], (*options, "--noise-label", "eel"))
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


def ids(inputs):
    x, y = blobs(seed=8)
    table = lambda column, **more: pa.table({"embedding": lists(x), "id": column, "label": y, **more})
    uuids = [uuid.UUID(int=i * 2**100 + i) for i in range(len(x))]
    texts = [f"image {i}.png" for i in range(len(x))]
    of_all = {
        "ids_u32": (pa.array(range(2**32 - 300, 2**32), pa.uint32()), range(2**32 - 300, 2**32)),
        "ids_64_bits": (pa.array(range(2**40, 2**40 + 300)), range(2**40, 2**40 + 300)),
        "ids_negative": (pa.array(range(-150, 150), pa.int16()), range(-150, 150)),
        "ids_above_63_bits": (pa.array(range(2**64 - 300, 2**64), pa.uint64()), range(2**64 - 300, 2**64)),
        "ids_float": (pa.array(np.arange(300) * 2.0), range(0, 600, 2)),
        "ids_large_text": (pa.array(texts, pa.large_string()), texts),
        "ids_dictionary": (pa.array(texts).dictionary_encode(), texts),
        "ids_uuid": (pa.array([u.bytes for u in uuids], pa.uuid()), map(str, uuids)),
        "ids_16_bytes": (pa.array([u.bytes for u in uuids], pa.binary(16)), map(str, uuids)),
        "ids_bytes": (pa.array([t.encode() for t in texts]), [t.encode() for t in texts]),
        "ids_twice": (pa.array([i // 2 for i in range(300)]), [i // 2 for i in range(300)]),
        "ids_null": (pa.array([None, *range(299)]), None),
    }
    for name, (column, expected) in of_all.items():
        inputs.add(name, table(column), x, y, ids=expected if expected is None else list(expected))
    inputs.add("ids_named", table(pa.array(range(300)), key=texts), x, y, ("--id-column", "key"), ids=texts)
    inputs.add("ids_named_null", table(pa.array([None, *range(299)])), options=("--id-column", "id"), refused="row 0 (counted from 0) is null")
    inputs.add("ids_named_float", table(pa.array(np.arange(300) / 2)), options=("--id-column", "id"), refused="row 1 (counted from 0) is `0.5`")
    inputs.add("ids_named_missing", table(pa.array(range(300))), options=("--id-column", "key"), refused="it has no column `key`")


def arrays(inputs):
    x, y = blobs(seed=9)
    saved = lambda array: lambda path: np.save(path, array)
    npy = lambda name, array, points=None, **more: inputs.add(name, saved(array), points, extension="npy", **more)
    single, half = x.astype(np.float32), x.astype(np.float16)
    whole = np.clip(np.round(x * 12), -128, 127).astype(np.int8)
    npy("npy_f64", x, x)
    npy("npy_f32", single, single.astype(float))
    npy("npy_f16", half, half.astype(float))
    npy("npy_i8", whole, whole.astype(float))
    npy("npy_bool", x > 0, (x > 0).astype(float))
    npy("npy_fortran", np.asfortranarray(x), x)
    npy("npy_fortran_3d", np.asfortranarray(x.reshape(-1, 3, 2)), x)
    npy("npy_big_endian", x.astype(">f8"), x)
    npy("npy_images", single.reshape(-1, 2, 3), single.astype(float))

    def memmap(path):
        array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=x.shape)
        array[:] = x
        array.flush()

    inputs.add("npy_memmap", memmap, x, extension="npy")
    names = np.array(["cat", "dog", "eel"])[y]
    archive = {"x": x, "few": x[:7], "names": names, "y": y, "is_cat": y == 0, "ids": np.arange(300) - 7}
    for name, save in [("npz", np.savez), ("npz_compressed", np.savez_compressed)]:
        options = ("--column", "x", "--label-column", "names", "--id-column", "ids")
        inputs.add(name, lambda path, save=save: save(path, **archive), x, names, options, ids=list(range(-7, 293)), extension="npz")
    inputs.add("npz_alone", lambda path: np.savez(path, x=x, y=y), x, y, ("--label-column", "y"), extension="npz")
    inputs.add("npz_bool", lambda path: np.savez(path, x=x, y=y > 0), x, y > 0, ("--label-column", "y"), extension="npz")
    inputs.add("npz_columns", lambda path: np.savez(path, a=x[:, 0], b=x[:, 1]), x[:, :2], options=("--column", "a,b"), extension="npz")
    npz = lambda name, refused, options=(): inputs.add(name, lambda path: np.savez(path, **archive), options=options, refused=refused, extension="npz")
    npz("npz_several", "`x`, `few`")
    npz("npz_lengths", "column `y` has another length than the points", ("--column", "few", "--label-column", "y"))
    npz("npz_missing", "it has no column `z`", ("--column", "z"))
    nan = x.copy()
    nan[7, 2] = np.nan
    npy("npy_nan", nan, refused="row 7 (counted from 0) is not finite")
    npy("npy_flat", x[:, 0], refused="the shape (300,)")
    npy("npy_0d", x[0, 0], refused="the shape ()")
    npy("npy_empty", x[:0], refused="no rows")
    npy("npy_objects", np.array([[1.0], [1.0, 2.0]], dtype=object), refused="Python objects, pickled")
    npy("npy_complex", x.astype(complex), refused="complex numbers")
    npy("npy_long_double", x.astype(np.longdouble), refused="extended precision")
    npy("npy_structured", np.zeros(9, dtype=[("x", "f4"), ("y", "f4")]), refused="a structured array")
    npy("npy_dates", np.zeros((9, 2), dtype="M8[s]"), refused="no numbers")
    npy("npy_texts", np.full((9, 2), "a"), refused="texts")


def arrow(inputs):
    x, y = blobs(seed=10)
    texts = [f"image {i}.png" for i in range(len(x))]
    names = np.array(["cat", "dog", "eel"])[y]
    frame = pd.DataFrame(x, columns=[f"z{i}" for i in range(6)]).assign(id=texts, label=pd.Categorical(names))
    inputs.add("pandas_feather", frame.to_feather, x, names, ids=texts, extension="feather")
    table = pl.DataFrame({"embedding": x, "id": texts, "label": pl.Series(names, dtype=pl.Categorical)})
    for compression in ["uncompressed", "lz4", "zstd"]:
        write = lambda path, compression=compression: table.write_ipc(path, compression=compression)
        inputs.add(f"polars_ipc_{compression}", write, x, names, ids=texts, extension="arrow")
    inputs.add("polars_stream", lambda path: table.write_ipc_stream(path, compression="zstd"), x, names, ids=texts, extension="arrow")

    def stream(path):
        table = pa.table({"id": pa.array(texts, pa.large_string()), "embedding": lists(x, pa.list_(pa.float32())), "label": y})
        with pa.ipc.new_stream(path, table.schema.with_metadata({"huggingface": "{}"})) as sink:
            for batch in table.to_batches(max_chunksize=37):
                sink.write_batch(batch)

    inputs.add("datasets_stream", stream, x.astype(np.float32).astype(float), y, ids=texts, extension="arrow")
    inputs.add("arrow_named_parquet", table.write_ipc, x, names, ids=texts)
    views = pa.table({"embedding": lists(x), "views": pa.array([[1.0]] * len(x), pa.list_view(pa.float32()))})

    def file(path):
        with pa.ipc.new_file(path, views.schema) as sink:
            sink.write_table(views)

    inputs.add("arrow_views_of_lists", file, extension="arrow", refused="views of lists, `views`")
    inputs.add("arrow_cut_off", lambda path: (file(path), path.write_bytes(path.read_bytes()[:-99])), extension="arrow", refused="cut off")


def structs(inputs):
    x, y = blobs(seed=11)
    fields = [("type", pa.int8()), ("size", pa.int32()), ("indices", pa.list_(pa.int32())), ("values", pa.list_(pa.float64()))]
    sparse = np.where(np.abs(x) > 2, x, 0.0)

    def vector(i, row):
        if i % 2:
            return {"type": 1, "size": None, "indices": None, "values": row.tolist()}
        places = np.flatnonzero(row)
        return {"type": 0, "size": 6, "indices": places.tolist(), "values": row[places].tolist()}

    vectors = pa.array([vector(i, row) for i, row in enumerate(sparse)], pa.struct(fields))
    inputs.add("spark_vectors", pa.table({"features": vectors, "label": y.astype(float)}), sparse, y, ("--column", "features"))
    numbers = pa.array([{f"d{i}": value for i, value in enumerate(row)} for row in x])
    inputs.add("struct_of_numbers", pa.table({"e": numbers}), x, options=("--column", "e"))
    texts = pa.array([{"a": 1.0, "b": "text"}] * 9)
    inputs.add("struct_of_texts", pa.table({"e": texts}), options=("--column", "e"), refused="column `e.b` has the wrong type")


def several(inputs):
    x, y = blobs(seed=12)
    table = pa.table({"embedding": lists(x), "id": np.arange(300), "label": y})
    files = [inputs.folder / name for name in ["last.parquet", "first.arrow"]]
    pq.write_table(table.slice(0, 100), files[0])
    with pa.ipc.new_file(files[1], table.schema) as sink:
        sink.write_table(table.slice(100))
    inputs.cases.append(Case("several_files", files, x, y, list(range(300))))
    whole = inputs.folder / "arrow_folder"
    whole.mkdir()
    for part in range(3):
        with pa.ipc.new_stream(whole / f"data-0000{part}-of-00003.arrow", table.schema) as sink:
            sink.write_table(table.slice(part * 100, 100))
    (whole / "state.json").touch()
    inputs.cases.append(Case("arrow_folder", whole, x, y, list(range(300))))
    arrays = [inputs.folder / f"array-{part}.npy" for part in range(2)]
    for part, path in enumerate(arrays):
        np.save(path, x[150 * part :][:150])
    inputs.cases.append(Case("several_arrays", arrays, x))
    inputs.cases.append(Case("arrays_backwards", arrays[::-1], np.vstack([x[150:], x[:150]])))
    inputs.cases.append(Case("given_twice", [arrays[0], arrays[0]], refused="would be read twice"))
    inputs.cases.append(Case("unlike_parts", [arrays[0], files[0]], refused="not in the columns of the first part"))


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
