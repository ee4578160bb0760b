#!/usr/bin/env bash
# Clusters small inputs of every kind that people have, and compares every number with scikit-learn's: cases.sh
# Needs a built program. Brings scikit-learn, pandas and polars into an environment of the user's cache folder.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=$("$root/scripts/python-env.sh" cases)
exec "$python" -W ignore "$root/scripts/cases/check.py" "${CARGO_TARGET_DIR:-$root/target}/release/latentkit"
