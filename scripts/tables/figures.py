"""What the tables of configs/smoke.toml say agrees from one table to the next."""

import json

import duckdb
import pyarrow.parquet as pq
from operations import operation, same


def one(folder, query):
    return duckdb.sql(query.format(folder=folder)).fetchall()[0]


def best_k(folder):
    return json.loads((folder / "cluster/manifest.json").read_text())["summary"]["best_k"]


@operation("all", "splits")
def splits(folder):
    return same(one(folder, "select count(*) filter (split = 'train'), count(*) filter (split = 'validation'), "
                            "count(*) filter (split = 'test') from '{folder}/ingest/dataset.parquet'"), (6000, 2000, 2000))


@operation("all", "ids of the latents")
def ids(folder):
    return same(one(folder, "select min(id), max(id), count(distinct id) from '{folder}/export/latents.parquet'"), (0, 9999, 10000))


@operation("all", "lists beside columns")
def lists(folder):
    return same(one(folder, "select count(*) from '{folder}/export/latents.parquet' "
                            "where z[1] <> z0 or z[6] <> z5 or len(z) <> 6"), (0,))


@operation("all", "neighbours beside chance")
def neighbours(folder):
    chance = pq.read_metadata(folder / "cluster/neighbours.parquet").metadata[b"latentkit.label_chance"].decode()
    same(one(folder, f"select abs(sum(points * points) / pow(sum(points), 2) - {chance}) < 1e-12 from (select "
                     "count(*) as points from '{folder}/export/latents.parquet' group by label)"), (True,))
    return same(one(folder, f"select list(k order by k), min(label_agreement) > {chance}, max(trustworthiness) < 1 "
                            "from '{folder}/cluster/neighbours.parquet'"), ([1, 5, 10, 20], True, True))


@operation("all", "points of the best k")
def points(folder):
    counted = one(folder, "select count(*) from '{folder}/cluster/assignments.parquet' where k = " + str(best_k(folder)))
    return same(one(folder, "select sum(count) from '{folder}/cluster/contingency.parquet'"), counted)


@operation("all", "mean silhouette")
def silhouette(folder):
    return same(one(folder, "select abs(avg(a.silhouette) - min(s.silhouette)) < 1e-6 "
                            "from '{folder}/cluster/assignments.parquet' a join '{folder}/cluster/sweep.parquet' s "
                            "using (k) where s.seed = (select min(seed) from '{folder}/cluster/sweep.parquet') "
                            f"and k = {best_k(folder)}"), (True,))
