#!/usr/bin/env bash
# Runs the smoke experiment and lets pyarrow and DuckDB read its tables. Installs the two for this user, once, in the
# cache folder; where pip cannot, the check is skipped and says so.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if ! command -v python3 >/dev/null; then
    echo "skipped: python3 was not found" >&2
    exit 0
fi
packages=("pyarrow==25.0.0" "duckdb==1.5.5")
site=${XDG_CACHE_HOME:-$HOME/.cache}/latentkit/python-tables-$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')-1

if [ ! -d "$site" ]; then
    mkdir -p "$(dirname "$site")"
    scratch=$(mktemp -d "$site.XXXXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    if ! python3 -m pip install --quiet --disable-pip-version-check --only-binary=:all: --target "$scratch" "${packages[@]}" >&2; then
        echo "skipped: pip cannot install ${packages[*]}" >&2
        exit 0
    fi
    mv -T "$scratch" "$site" 2>/dev/null || [ -d "$site" ] # a second check may have been first
fi

artifacts=$(mktemp -d)
trap 'rm -rf "$artifacts" "${scratch:-}"' EXIT
program=${CARGO_TARGET_DIR:-$root/target}/release/latentkit
"$program" run "$root/configs/smoke.toml" --data "$root/data" --artifacts "$artifacts" --quiet
PYTHONPATH=$site python3 "$root/scripts/check_tables.py" "$artifacts/smoke"
