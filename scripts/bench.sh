#!/usr/bin/env bash
# Measures images per second of latentkit, PyTorch and Keras on this machine: bench.sh train|encode [OPTION]...
# Builds latentkit and installs the other two where they are missing. `bench.sh train --help` lists the options.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

case ${1:-} in
    train | encode) ;;
    *)
        echo "error: expected what to measure, found \`${1:-nothing}\`" >&2
        echo "hint: usage: bench.sh train|encode [OPTION]...; \`bench.sh train --help\` lists the options" >&2
        exit 2
        ;;
esac
case " $* " in
    *" --help "* | *" -h "*) ;;
    *)
        "$root/scripts/setup.sh"
        # The whole workspace, so that the heavy dependencies are those that scripts/run.sh and test.sh built.
        (cd "$root" && unset LIBTORCH &&
            cargo build --release --locked --workspace --example bench_train --example bench_encode)
        ;;
esac
target=$(cd "$root" && realpath -m "${CARGO_TARGET_DIR:-target}")
exec python3 "$root/scripts/bench/bench.py" --programs "$target/release/examples" "$@"
