#!/usr/bin/env bash
# Measures latentkit beside others on this machine: bench.sh train|encode|cluster|density|neighbours [OPTION]...
#   train, encode   images per second, beside PyTorch and Keras
#   cluster         seconds of the sweep over k, beside scikit-learn and scikit-learn-intelex
#   density         seconds of HDBSCAN, beside fast_hdbscan and scikit-learn
#   neighbours      seconds of the exact nearest neighbours of all points, beside scikit-learn
# Builds latentkit and installs the others where they are missing. `bench.sh train --help` lists the options.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

case ${1:-} in
    train | encode) build=(--example bench_train --example bench_encode) ;;
    cluster) build=() ;;
    density) build=(--example bench_density) ;;
    neighbours) build=(--example bench_neighbours) ;;
    *)
        echo "error: expected what to measure, found \`${1:-nothing}\`" >&2
        echo "hint: usage: bench.sh train|encode|cluster|density|neighbours [OPTION]...; \`bench.sh train --help\` lists the options" >&2
        exit 2
        ;;
esac
case " $* " in
    *" --help "* | *" -h "*) ;;
    *)
        "$root/scripts/setup.sh"
        # The whole workspace, so that the heavy dependencies are those that scripts/run.sh and test.sh built.
        (cd "$root" && unset LIBTORCH && cargo build --release --locked --workspace "${build[@]}")
        ;;
esac
target=$(cd "$root" && realpath -m "${CARGO_TARGET_DIR:-target}")
case $1 in
    cluster) exec python3 "$root/scripts/bench/cluster.py" --program "$target/release/latentkit" "$@" ;;
    density | neighbours) exec python3 "$root/scripts/bench/density.py" --programs "$target/release/examples" "$@" ;;
    *) exec python3 "$root/scripts/bench/bench.py" --programs "$target/release/examples" "$@" ;;
esac
