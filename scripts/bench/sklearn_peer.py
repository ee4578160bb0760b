"""scikit-learn's side of `bench.sh cluster`, with Intel's extension where the plan says so. Started by cluster.py with a
plan in JSON. The points are float64, which scikit-learn's silhouette is fastest and most exact with."""

import json
import sys
import time

PLAN = json.loads(sys.argv[1])
if PLAN["patch"]:
    from sklearnex import patch_sklearn

    patch_sklearn(verbose=False)

import numpy as np
import pyarrow.parquet as pq
import sklearn
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

TRIED = 10_000  # points of the trial


def read():
    table = pq.read_table(PLAN["path"])
    return np.column_stack([column.to_numpy() for column in table.columns]).astype(np.float64)


def trial():
    """Seconds of a silhouette for some sizes of its buffer, in MiB."""
    a = np.random.default_rng(0).random((2048, 2048), dtype=np.float32)
    a @ a
    start = time.perf_counter()
    a @ a
    seconds = {"gflops": 2e-9 * 2048**3 / (time.perf_counter() - start)}
    x = read()[:TRIED]
    labels = np.arange(len(x)) % 5
    for memory in [1024, 64]:
        with sklearn.config_context(working_memory=memory):
            start = time.perf_counter()
            silhouette_score(x, labels)
            seconds[memory] = round(time.perf_counter() - start, 3)
    return seconds


def sweep():
    first, last = PLAN["k"]
    start = time.perf_counter()
    x = read()
    rows, kmeans, silhouettes = [], 0.0, []
    for k in range(first, last + 1):
        begin = time.perf_counter()
        model = KMeans(k, n_init=PLAN["restarts"], max_iter=300, random_state=PLAN["seed"]).fit(x)
        kmeans += time.perf_counter() - begin
        row = {"k": k, "inertia": float(model.inertia_), "silhouette": None}
        if k == first or not PLAN["one"]:
            begin = time.perf_counter()
            row["silhouette"] = float(silhouette_score(x, model.labels_))
            silhouettes.append(time.perf_counter() - begin)
        rows.append(row)
    seconds = time.perf_counter() - start
    extrapolated = len(silhouettes) < len(rows)
    all_silhouettes = sum(silhouettes) * len(rows) / len(silhouettes)
    return {
        "version": version(),
        "seconds": seconds + all_silhouettes - sum(silhouettes),
        "kmeans_seconds": kmeans,
        "silhouette_seconds": all_silhouettes,
        "extrapolated": extrapolated,
        "working_memory": PLAN["working_memory"],
        "sweep": rows,
    }


def version():
    if not PLAN["patch"]:
        return sklearn.__version__
    import importlib.metadata

    return importlib.metadata.version("scikit-learn-intelex")


if PLAN["trial"]:
    print(json.dumps(trial()))
else:
    sklearn.set_config(working_memory=PLAN["working_memory"])
    print(json.dumps(sweep()))
