"""DuckDB."""

import duckdb
import numpy as np
from operations import operation, same
from samples import decode, images, scratch


def ask(folder, query):
    return duckdb.sql(query.format(folder=folder)).fetchall()


@operation("DuckDB", "GROUP BY")
def group(folder):
    rows = ask(folder, "SELECT split, count(*) FROM '{folder}/export/latents.parquet' GROUP BY split ORDER BY split")
    return same(rows, [("test", 2000), ("train", 6000), ("validation", 2000)])


@operation("DuckDB", "WHERE, ORDER BY")
def where(folder):
    rows = ask(folder, "SELECT id, reconstruction_bce FROM '{folder}/export/latents.parquet' "
                       "WHERE split = 'test' AND label_name = '3' ORDER BY reconstruction_bce LIMIT 3")
    return same(len(rows), 3)


@operation("DuckDB", "JOIN latents with assignments")
def join(folder):
    return same(ask(folder, "SELECT count(*) FROM '{folder}/cluster/assignments.parquet' "
                            "JOIN '{folder}/export/latents.parquet' USING (id) WHERE split = 'test'"), [(3 * 2000,)])


@operation("DuckDB", "distances of lists")
def distance(folder):
    return same(ask(folder, "SELECT count(*) FROM (SELECT list_distance(a.z, b.z) AS d FROM '{folder}/export/latents.parquet' a, "
                            "'{folder}/export/latents.parquet' b WHERE a.id = 0 AND b.id < 10 AND d >= 0)"), [(10,)])


@operation("DuckDB", "COPY TO CSV")
def to_csv(folder):
    duckdb.sql(f"COPY (FROM '{folder}/export/latents.parquet') TO '{scratch('duckdb.csv')}'")
    return same(ask(scratch("duckdb.csv"), "SELECT count(*) FROM '{folder}'"), [(10000,)])


@operation("DuckDB", "to numpy and pandas")
def to_numpy(folder):
    relation = f"SELECT z0, z5 FROM '{folder}/export/latents.parquet'"
    return same((duckdb.sql(relation).fetchnumpy()["z0"].dtype, duckdb.sql(relation).df().shape), (np.float32, (10000, 2)))


@operation("DuckDB", "decode an image")
def decode_image(folder):
    [(content,)] = ask(folder, "SELECT image.bytes FROM '{folder}/ingest/dataset.parquet' WHERE id = 42")
    return same(np.array_equal(decode(content), images()[42]), True) and decode(content).shape
