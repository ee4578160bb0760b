"""Columns, types, nulls, metadata and statistics of every table."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from operations import operation, same

# A type ends with `?` where a column may hold nulls.
METRICS = ["bce", "mse", "mae", "binary_accuracy"]
AGREEMENT = ["accuracy", "nmi", "ari", "ami", "homogeneity", "completeness", "v_measure", "purity"]
TABLES = {
    "ingest/dataset": {"id": "uint32", "split": "text", "label": "int64?", "label_name": "text", "image": "image?"},
    "train/history": {"epoch": "uint32", "step": "uint32", "learning_rate": "double"}
    | {f"{split}_{metric}": "double" for split in ("train", "validation") for metric in METRICS},
    "export/latents": {"id": "uint32", "split": "text", "label": "int64?", "label_name": "text"}
    | {f"z{index}": "float" for index in range(6)}
    | {"z": "float[6]", "reconstruction_bce": "float", "reconstruction_mse": "float"},
    "export/reconstructions": {"id": "uint32", "kind": "text", "label": "uint32?", "label_name": "text?", "bce": "float"}
    | {"image": "image?", "reconstruction": "image?"},
    "cluster/sweep": {"method": "text", "k": "uint32", "seed": "uint32"}
    | {"inertia": "double", "silhouette": "double?", "calinski_harabasz": "double?", "davies_bouldin": "double?"}
    | {"bic": "double?"}
    | {measure: "double" for measure in AGREEMENT},
    "cluster/criteria": {"method": "text", "criterion": "text", "k": "uint32"}
    | {"value": "double", "low": "double", "high": "double", "suggested": "bool"},
    "cluster/assignments": {"method": "text", "k": "uint32", "id": "uint32", "cluster": "uint32?"}
    | {"silhouette": "float?", "distance": "float?"},
    "cluster/neighbours": {"k": "uint32", "label_agreement": "double?", "label_agreement_se": "double?"}
    | {"knn_accuracy": "double?", "trustworthiness": "double?", "continuity": "double?"},
    "cluster/contingency": {"cluster": "uint32", "label": "uint32", "label_name": "text", "count": "uint32"},
}
METADATA = {
    "ingest/dataset": {"height", "width", "label_names", "seed"},
    "export/latents": {"config", "seed", "model_blake3", "dataset_blake3"},
    "cluster/sweep": {"seed", "best_k"},
    "cluster/neighbours": {"seed", "label_sample", "image_sample", "label_chance"},
}


IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def name(field):
    """A type as the tables above write it: of text the plain layout alone, which every function of Arrow takes."""
    dtype = field.type
    if pa.types.is_fixed_size_list(dtype):
        text = f"{name(dtype.value_field)}[{dtype.list_size}]"
    else:
        text = "text" if pa.types.is_string(dtype) else "image" if dtype == IMAGE else str(dtype)
    return text + "?" * field.nullable


def check(table, expected):
    """The check of a table."""

    def of(folder):
        path = str(folder / f"{table}.parquet")
        arrow = pq.read_table(path)
        same({field.name: name(field) for field in arrow.schema}, expected)
        same(sum(arrow[column].null_count for column in arrow.column_names), 0)
        file = pq.ParquetFile(path).metadata
        for group in range(file.num_row_groups):
            for index in range(file.num_columns):
                column = file.row_group(group).column(index)
                same((column.compression, column.statistics.has_null_count), ("ZSTD", True))
                same(column.statistics.has_min_max, not column.path_in_schema.endswith(".path"))
        keys = {key.decode() for key in file.metadata if key.startswith(b"latentkit.")}
        same(METADATA.get(table, set()) - {key.removeprefix("latentkit.") for key in keys}, set())
        same(keys - {key.decode() for key in arrow.schema.metadata}, set())
        in_duckdb = duckdb.sql(f"select decode(key) from parquet_kv_metadata('{path}')").fetchall()
        same(keys - {key for (key,) in in_duckdb}, set())
        same(duckdb.read_parquet(path).columns, list(expected))
        same(duckdb.sql(f"select count(*) from '{path}'").fetchall(), [(arrow.num_rows,)])
        return f"{arrow.num_rows} rows, {len(expected)} columns"

    return of


for table, expected in TABLES.items():
    operation("all", f"columns and metadata of {table}")(check(table, expected))
