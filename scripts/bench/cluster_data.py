"""Writes the points that cluster.py has clustered: a choice of given ones, or blobs. Started with a plan in JSON."""

import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def main():
    plan = json.loads(sys.argv[1])
    rng = np.random.default_rng(plan["seed"])
    x, source = given(plan, rng) if plan["latents"] else blobs(plan, rng)
    columns = {f"z{axis}": pa.array(x[:, axis]) for axis in range(x.shape[1])}
    pq.write_table(pa.table(columns), plan["path"])
    print(json.dumps({"n": len(x), "d": x.shape[1], "source": source}))


def given(plan, rng):
    table = pq.read_table(plan["latents"])
    names = [f"z{axis}" for axis in range(table.num_columns) if f"z{axis}" in table.column_names]
    if not names:
        sys.exit(f"error: {plan['latents']} has no columns z0, z1, ...")
    x = np.column_stack([table[name].to_numpy() for name in names])
    n = plan["n"] or len(x)
    if n > len(x):
        sys.exit(f"error: `--n` {n} is more than the {len(x)} points of {plan['latents']}")
    if n < len(x):
        x = x[np.sort(rng.choice(len(x), n, replace=False))]
    return x, f"{n} points of {plan['latents']}"


def blobs(plan, rng):
    """Points as an encoder with a ReLU makes them where latents have died: half of the columns, but two at least, hold ten
    overlapping blobs cut off at 0; the others are near 0."""
    n, d = plan["n"], plan["d"]
    alive = min(d, max(2, (d + 1) // 2))
    centers = rng.normal(1.0, 2.0, (10, d))
    x = centers[rng.integers(10, size=n)] + rng.normal(size=(n, d))
    x[:, alive:] *= 1e-3
    return np.maximum(x, 0.0).astype(np.float32), f"{n} seeded blobs of {d} columns, {d - alive} of them nearly dead"


main()
