#!/usr/bin/env bash
# Runs experiments with several seeds and prints their figures as a table: experiments.sh [--seeds 42,43,44] [NAME]...
# NAME is a file of configs/ without its ending; without any, the six that the README reports on. Each run is an
# experiment of its own, artifacts/NAME-SEED. What is up to date is skipped, and what was interrupted goes on.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

seeds=42,43,44
if [ "${1:-}" = --seeds ]; then
    seeds=${2:-}
    shift $(($# > 1 ? 2 : 1))
fi
[[ $seeds =~ ^[0-9]+(,[0-9]+)*$ ]] || {
    echo "error: expected seeds such as \`42,43,44\`, found \`$seeds\`" >&2
    exit 2
}
[ $# -gt 0 ] || set -- mnist fashion-mnist mnist-fast fashion-mnist-fast mnist-strided fashion-mnist-strided
for name in "$@"; do
    [ -e "$root/configs/$name.toml" ] || {
        echo "error: there is no configs/$name.toml" >&2
        exit 2
    }
done

"$root/scripts/setup.sh"
cd "$root"
(unset LIBTORCH && cargo build --release --locked --package latentkit)
program=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/latentkit
folders=()
for name in "$@"; do
    for seed in ${seeds//,/ }; do
        "$program" run "configs/$name.toml" --set "seed=$seed" --set "name=\"$name-$seed\"" >&2
        folders+=("artifacts/$name-$seed")
    done
done
python=$(scripts/python-env.sh tables)
"$python" scripts/results.py "${folders[@]}"
