"""Clusters every input of `inputs.py` with latentkit, and compares every number of its tables with scikit-learn on float64.

    python3 scripts/cases/check.py target/release/latentkit

Prints a line a case; ends with 1 where one is wrong. The clusters are taken from latentkit's table, since two programs may find
different ones; everything that follows from points, clusters and labels is computed anew.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pyarrow.parquet as pq
from inputs import all_cases
from scipy.optimize import linear_sum_assignment
from sklearn import metrics
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler, normalize


class Wrong(Exception):
    pass


def near(what, found, expected, tolerance=1e-6, scale=None):
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    if found.shape != expected.shape:
        raise Wrong(f"{what}: shape {found.shape}, not {expected.shape}")
    scale = max(np.abs(expected).max(initial=0.0), 1e-300) if scale is None else scale
    apart = np.abs(found - expected).max(initial=0.0) / scale
    if not apart <= tolerance:
        raise Wrong(f"{what}: {apart:.1e} apart of the largest")


def scaled(case):
    if case.scaling == "unit-length":
        return normalize(case.points / np.abs(case.points).max(axis=1, keepdims=True))
    return StandardScaler().fit_transform(case.points) if case.scaling == "standardize" else case.points


def agreement(labels, clusters):
    table = metrics.cluster.contingency_matrix(labels, clusters)
    rows, columns = linear_sum_assignment(-table)
    homogeneity, completeness, v_measure = metrics.homogeneity_completeness_v_measure(labels, clusters)
    return {
        "accuracy": table[rows, columns].sum() / len(labels),
        "purity": table.max(axis=0).sum() / len(labels),
        "nmi": metrics.normalized_mutual_info_score(labels, clusters),
        "ami": metrics.adjusted_mutual_info_score(labels, clusters),
        "ari": metrics.adjusted_rand_score(labels, clusters),
        "homogeneity": homogeneity,
        "completeness": completeness,
        "v_measure": v_measure,
    }


def check(case, folder):
    """The number of numbers that agree."""
    read = lambda name: pq.read_table(folder / f"{name}.parquet").to_pandas()
    points, count = scaled(case), 0
    # scikit-learn takes what is below 1e-8 as 0, and its squares lose the digits of points far from the origin.
    local = points - np.median(points, axis=0)
    largest = np.abs(local).max()
    unit = 1.0 if 1e-3 < largest < 1e15 else largest
    local = local / unit
    sweep, all_assignments = read("sweep"), read("assignments")
    check_ids(case, folder)
    labelled = None
    if case.labels is not None:
        known = np.array([label is not None for label in case.labels])
        labels = np.unique([str(label) for label in np.array(case.labels, object)[known]], return_inverse=True)[1]
        labelled = known, labels
    for row in sweep[sweep.seed == 42].itertuples():
        at = all_assignments[all_assignments.k == row.k]
        clusters = at.cluster.to_numpy()
        if sorted(set(clusters)) != list(range(int(row.k))):
            raise Wrong(f"k = {row.k}: clusters {sorted(set(clusters))}")
        of_points = silhouettes(local, clusters)
        near("silhouettes", at.silhouette, of_points, scale=1.0)
        near("silhouette", row.silhouette, of_points.mean(), scale=1.0)
        means = np.array([local[clusters == cluster].mean(axis=0) for cluster in range(int(row.k))])
        distances = np.linalg.norm(local - means[clusters], axis=1)
        near("distances", at.distance / unit, distances)
        near("inertia", row.inertia / unit ** 2, (distances**2).sum(), 1e-5)
        near("calinski_harabasz", row.calinski_harabasz, metrics.calinski_harabasz_score(local, clusters), 1e-5)
        near("davies_bouldin", row.davies_bouldin, metrics.davies_bouldin_score(local, clusters), 1e-5)
        count += 2 * len(at) + 4
        original = np.array([case.points[clusters == cluster].mean(axis=0) for cluster in range(int(row.k))])
        centroids = read("centroids")
        found = centroids[centroids.k == row.k].filter(regex=r"^z\d+$").to_numpy()
        near("centroids", found, original)
        count += found.size
        if labelled:
            known, labels = labelled
            for measure, expected in agreement(labels, clusters[known]).items():
                near(measure, getattr(row, measure), expected, scale=1.0)
                count += 1
    count += project(read("projection"), local, unit)
    if labelled:
        known, labels = labelled
        neighbours = NearestNeighbors(n_neighbors=21).fit(local[known]).kneighbors(return_distance=False)
        for row in read("neighbours").itertuples():
            same = labels[neighbours[:, : int(row.k)]] == labels[:, None]
            near(f"label agreement of {row.k} neighbours", row.label_agreement, same.mean(), 1e-9, scale=1.0)
            count += 1
    return count


def check_ids(case, folder):
    """The ids of every table are those of the input, in one type."""
    expected = list(range(len(case.points))) if case.ids is None else list(case.ids)
    tables = {name: pq.read_table(folder / f"{name}.parquet") for name in ["assignments", "examples", "projection"]}
    kinds = {table.schema.field("id").type for table in tables.values()}
    if len(kinds) > 1:
        raise Wrong(f"ids of several types: {kinds}")
    first = tables["assignments"]["id"].to_pylist()[: len(expected)]
    if first != expected or tables["projection"]["id"].to_pylist() != expected:
        raise Wrong(f"ids {first[:3]} ({kinds}), not {expected[:3]}")
    if not set(tables["examples"]["id"].to_pylist()) <= set(expected):
        raise Wrong("examples have other ids")


def silhouettes(points, clusters):
    """By the definition, from differences: scikit-learn's, from squares, loses the digits of points far from the origin."""
    distances = np.linalg.norm(points[:, None, :] - points[None, :, :], axis=2) if len(points) * points.size < 4e7 else None
    if distances is None:
        distances = np.array([np.linalg.norm(points - point, axis=1) for point in points])
    return metrics.silhouette_samples(distances, clusters, metric="precomputed")


def project(projection, points, unit):
    found = projection[["pc1", "pc2"]].to_numpy() / unit
    expected = PCA(2, svd_solver="full").fit(points).transform(points)
    for axis in range(2):
        sign = np.sign(np.dot(found[:, axis], expected[:, axis])) or 1.0
        near(f"component {axis + 1}", sign * found[:, axis], expected[:, axis], 1e-4)
    return found.size


def run(program, case, work):
    config = work / "config.toml"
    config.write_text(f'name = "{case.name}"\n[cluster]\n{case.config}\nscaling = "{case.scaling}"\n')
    paths = case.path if isinstance(case.path, list) else [case.path]
    latents = [part for path in paths for part in ("--latents", path)]
    command = [program, "cluster", config, *latents, *case.options, "--artifacts", work / "artifacts"]
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300)
    if case.refused:
        if ran.returncode != 4 or case.refused not in ran.stderr or "panicked" in ran.stderr:
            raise Wrong(f"exit code {ran.returncode}, not 4 with `{case.refused}`:\n{ran.stderr}")
        return "refused: " + next(line for line in ran.stderr.splitlines() if line.startswith("error"))[:100]
    if ran.returncode != 0:
        raise Wrong(f"exit code {ran.returncode}\n{ran.stderr}")
    return f"{check(case, work / 'artifacts' / case.name / 'cluster')} numbers agree"


def main(program):
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for case in all_cases(folder):
            try:
                print(f"right  {case.name:28} {run(program, case, folder)}")
            except Wrong as problem:
                wrong += 1
                print(f"WRONG  {case.name:28} {problem}")
    sys.exit(f"{wrong} wrong" if wrong else None)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
