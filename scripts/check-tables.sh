#!/usr/bin/env bash
# Runs the smoke experiment and does with its tables what people do with them, in pyarrow, pandas, polars, DuckDB, Hugging
# Face's datasets and, where node is, JavaScript. Packages are installed once for this user, in the cache folder; what cannot be
# installed is skipped, which is said.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

program=${CARGO_TARGET_DIR:-$root/target}/release/latentkit
"$program" run "$root/configs/smoke.toml" --data "$root/data" --artifacts "$scratch" --quiet

failed=0
if python=$("$root/scripts/python-env.sh" tables); then
    PYTHONDONTWRITEBYTECODE=1 "$python" "$root/scripts/tables/main.py" "$scratch/smoke" || failed=1
else
    echo "skipped: no Python with the packages of scripts/requirements/tables.txt" >&2
fi

packages=("parquet-wasm@0.8.0" "apache-arrow@21.2.0")
modules=${XDG_CACHE_HOME:-$HOME/.cache}/latentkit/node-tables-$(printf '%s ' "${packages[@]}" | cksum | cut -d ' ' -f 1)
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "skipped: node and npm were not found" >&2
elif ! [ -e "$modules/complete" ] && ! { mkdir -p "$modules" && cd "$modules" &&
    npm install --silent --no-audit --no-fund --ignore-scripts "${packages[@]}" >&2 && : >complete; }; then
    echo "skipped: npm cannot install ${packages[*]}" >&2
else
    (cd "$modules" && node "$root/scripts/tables/with_javascript.mjs" "$scratch/smoke") || failed=1
fi
exit $failed
