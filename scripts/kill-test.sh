#!/usr/bin/env bash
# Kills the pipeline at random moments until it was killed often enough, lets it go on each time, and compares what it wrote
# with an uninterrupted run: kill-test.sh [--kills N] [--seed S] [--threads N] [--short]. Prints a table; fails where a byte
# differs. --short: 6 kills with the program that is built, as scripts/test.sh does; else 50 kills, after a build.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

kills=50 seed=1 threads=2 short=
usage() {
    echo "error: $1" >&2
    echo "usage: kill-test.sh [--kills N] [--seed S] [--threads N] [--short]" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case $1 in
        --short) short=1 kills=6 && shift && continue ;;
        --kills | --seed | --threads) ;;
        *) usage "unknown argument \`$1\`" ;;
    esac
    [[ ${2:-} =~ ^[0-9]{1,9}$ ]] || usage "\`$1\` expects a whole number, found \`${2:-}\`"
    case $1 in
        --kills) kills=$2 ;;
        --seed) seed=$2 ;;
        --threads) threads=$2 ;;
    esac
    shift 2
done
command -v python3 >/dev/null || {
    echo "skipped: python3 was not found" >&2
    [ "$short" ] # the long form was asked for
    exit
}

cd "$root"
if [ ! "$short" ]; then
    scripts/setup.sh
    # The whole workspace, as scripts/test.sh does, so that no dependency is built twice.
    (unset LIBTORCH && cargo build --release --locked --workspace)
fi
# Two tables hold seconds, and only pyarrow can leave them out.
if ! python=$(scripts/python-env.sh tables); then
    [ "$short" ] || exit 1
    python=python3
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" scripts/kill_test.py --program "$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/latentkit" \
    --kills "$kills" --seed "$seed" --threads "$threads" --folder "$scratch"
