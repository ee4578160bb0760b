"""What others take for HDBSCAN and for nearest neighbours, and the points. Started by density.py with a plan in JSON."""

import json
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PLAN = json.loads(sys.argv[1])
PARAMETERS = {"min_cluster_size": 50, "min_samples": 5}
FEW = 2000  # points of the run before


def main():
    if PLAN["task"] == "points":
        return write()
    table = pq.read_table(PLAN["file"])
    x = np.column_stack([column.to_numpy() for column in table.columns]).astype(np.float64)
    run = neighbours if PLAN["task"] == "neighbours" else hdbscan()
    run(x[:FEW])
    start = time.perf_counter()
    found = run(x)
    seconds = time.perf_counter() - start
    print(f"neighbours: {seconds:.3f} s, sum {found}" if PLAN["task"] == "neighbours"
          else f"HDBSCAN: {seconds:.3f} s, {found} clusters")


def write():
    """Ten blobs with a standard deviation of 1 around centres that are uniform in [-6, 6]."""
    rng = np.random.default_rng(1)
    centres = rng.uniform(-6, 6, (10, PLAN["d"]))
    x = (centres[rng.integers(10, size=PLAN["n"])] + rng.normal(size=(PLAN["n"], PLAN["d"]))).astype(np.float32)
    pq.write_table(pa.table({f"z{axis}": pa.array(x[:, axis]) for axis in range(PLAN["d"])}), PLAN["file"])


def neighbours(x):
    from sklearn.neighbors import NearestNeighbors

    k = min(PLAN["k"], len(x) - 1)
    return NearestNeighbors(n_neighbors=k, n_jobs=PLAN["threads"]).fit(x).kneighbors(return_distance=False).sum()


def hdbscan():
    if PLAN["name"] == "sklearn":
        from sklearn.cluster import HDBSCAN

        return lambda x: HDBSCAN(**PARAMETERS, n_jobs=PLAN["threads"], copy=True).fit(x).labels_.max() + 1
    from fast_hdbscan import HDBSCAN

    return lambda x: HDBSCAN(**PARAMETERS).fit(x).labels_.max() + 1


main()
