"""Reads the tables of an experiment with pyarrow and DuckDB: columns, types, metadata and a few figures.

    python3 scripts/check_tables.py artifacts/smoke
"""

import io
import json
import pathlib
import sys

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

METRICS = ["bce", "mse", "mae", "binary_accuracy"]
AGREEMENT = ["accuracy", "nmi", "ari", "ami", "homogeneity", "completeness", "v_measure", "purity"]
TABLES = {
    "ingest/dataset": {"id": "uint32", "split": "text", "label": "uint8", "label_name": "text", "image": "binary"},
    "train/history": {"epoch": "uint32", "step": "uint32", "learning_rate": "double"}
    | {f"{split}_{metric}": "double" for split in ("train", "validation") for metric in METRICS},
    "export/latents": {"id": "uint32", "split": "text", "label": "uint8", "label_name": "text"}
    | {f"z{index}": "float" for index in range(6)}
    | {"z": "float[6]", "reconstruction_bce": "float", "reconstruction_mse": "float"},
    "export/reconstructions": {"id": "uint32", "kind": "text", "label": "uint8", "label_name": "text", "bce": "float"}
    | {"image": "binary", "reconstruction": "binary"},
    "cluster/sweep": {"method": "text", "k": "uint32", "seed": "uint32"}
    | {"inertia": "double", "silhouette": "double", "calinski_harabasz": "double", "davies_bouldin": "double"}
    | {"bic": "double"}
    | {measure: "double" for measure in AGREEMENT},
    "cluster/criteria": {"method": "text", "criterion": "text", "k": "uint32"}
    | {"value": "double", "low": "double", "high": "double", "suggested": "bool"},
    "cluster/assignments": {"method": "text", "k": "uint32", "id": "uint32", "cluster": "uint32"}
    | {"silhouette": "float", "distance": "float"},
    "cluster/neighbours": {"k": "uint32", "label_agreement": "double", "label_agreement_se": "double"}
    | {"knn_accuracy": "double", "trustworthiness": "double", "continuity": "double"},
    "cluster/contingency": {"cluster": "uint32", "label": "uint32", "label_name": "text", "count": "uint32"},
}
METADATA = {
    "ingest/dataset": {"height", "width", "label_names", "seed"},
    "export/latents": {"config", "seed", "model_blake3", "dataset_blake3"},
    "cluster/sweep": {"seed", "best_k"},
    "cluster/neighbours": {"seed", "label_sample", "image_sample", "label_chance"},
}


def name(dtype):
    """A type as the tables above write it: of text and bytes the plain layout alone, which every function of Arrow takes."""
    if pa.types.is_string(dtype):
        return "text"
    if pa.types.is_fixed_size_list(dtype):
        return f"{name(dtype.value_type)}[{dtype.list_size}]"
    return str(dtype)


def check(what, found, expected):
    if found != expected:
        sys.exit(f"error: {what}\n  expected: {expected}\n  found: {found}")


def use(latents, assignments):
    """What people do with the tables: filter, sort, group, join, and write CSV."""
    table = pq.read_table(latents)
    filtered = pq.read_table(latents, filters=[("split", "==", "test")])
    check("rows of a filter", filtered.num_rows, pc.sum(pc.equal(table["split"], "test")).as_py())
    check("order of a sort", table.sort_by("label_name")["label_name"].to_pylist(), sorted(table["label_name"].to_pylist()))
    labels = len(set(table["label_name"].to_pylist()))
    check("groups", table.group_by("label_name").aggregate([("z0", "mean")]).num_rows, labels)
    joined = pq.read_table(assignments).join(table.select(["id", "split", "label_name"]), "id")
    check("rows of a join", joined.num_rows, pq.read_metadata(assignments).num_rows)
    text = io.BytesIO()
    csv.write_csv(table.drop_columns(["z"]), text)
    check("lines of CSV", text.getvalue().count(b"\n"), table.num_rows + 1)
    in_duckdb = duckdb.sql(
        f"select count(*) from '{assignments}' join '{latents}' using (id) where split = 'test'"
    ).fetchall()
    check("rows of a join in DuckDB", in_duckdb[0][0], pc.sum(pc.equal(joined["split"], "test")).as_py())
    print("used: filter, sort, group, join, CSV")


def main(folder):
    for table, expected in TABLES.items():
        path = str(folder / f"{table}.parquet")
        arrow = pq.read_table(path)
        check(f"columns of {table} in pyarrow", {field.name: name(field.type) for field in arrow.schema}, expected)
        nulls = {column: arrow[column].null_count for column in arrow.column_names if arrow[column].null_count}
        check(f"nulls in {table}", nulls, {})

        file = pq.ParquetFile(path).metadata
        check(f"compression of {table}", file.row_group(0).column(0).compression, "ZSTD")
        keys = {key.decode().removeprefix("latentkit.") for key in file.metadata if key.startswith(b"latentkit.")}
        check(f"metadata that {table} lacks", METADATA.get(table, set()) - keys, set())
        in_duckdb = duckdb.sql(f"select decode(key) from parquet_kv_metadata('{path}')").fetchall()
        check(f"metadata of {table} in DuckDB", keys - {key.removeprefix("latentkit.") for (key,) in in_duckdb}, set())

        relation = duckdb.read_parquet(path)
        check(f"columns of {table} in DuckDB", relation.columns, list(expected))
        check(f"rows of {table}", duckdb.sql(f"select count(*) from '{path}'").fetchall()[0][0], arrow.num_rows)
        print(f"{table}: {arrow.num_rows} rows, {len(expected)} columns")
    use(str(folder / "export/latents.parquet"), str(folder / "cluster/assignments.parquet"))

    one = lambda query: duckdb.sql(query.format(folder=folder)).fetchall()[0]
    check("splits", one("select count(*) filter (split = 'train'), count(*) filter (split = 'validation'), "
                        "count(*) filter (split = 'test') from '{folder}/ingest/dataset.parquet'"), (6000, 2000, 2000))
    check("bytes of an image", one("select min(octet_length(image)), max(octet_length(image)) "
                                   "from '{folder}/ingest/dataset.parquet'"), (784, 784))
    check("ids of the latents", one("select min(id), max(id), count(distinct id) from '{folder}/export/latents.parquet'"),
          (0, 9999, 10000))
    check("lists beside columns", one("select count(*) from '{folder}/export/latents.parquet' "
                                      "where z[1] <> z0 or z[6] <> z5 or len(z) <> 6"), (0,))
    chance = pq.read_metadata(folder / "cluster/neighbours.parquet").metadata[b"latentkit.label_chance"].decode()
    check("chance of a label", one("select abs(sum(points * points) / pow(sum(points), 2) - " + chance + ") < 1e-12 from (select "
                                   "count(*) as points from '{folder}/export/latents.parquet' group by label)"), (True,))
    check("neighbours", one("select list(k order by k), min(label_agreement) > " + chance + ", max(trustworthiness) < 1 "
                            "from '{folder}/cluster/neighbours.parquet'"), ([1, 5, 10, 20], True, True))
    best = json.loads((folder / "cluster/manifest.json").read_text())["summary"]["best_k"]
    counted = one("select count(*) from '{folder}/cluster/assignments.parquet' where k = " + str(best))
    check("points of the best k", one("select sum(count) from '{folder}/cluster/contingency.parquet'"), counted)
    check("mean silhouette", one("select abs(avg(a.silhouette) - min(s.silhouette)) < 1e-6 "
                                 "from '{folder}/cluster/assignments.parquet' a join '{folder}/cluster/sweep.parquet' s "
                                 "using (k) where s.seed = (select min(seed) from '{folder}/cluster/sweep.parquet') "
                                 "and k = " + str(best)), (True,))


main(pathlib.Path(sys.argv[1]))
