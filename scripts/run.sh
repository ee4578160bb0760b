#!/usr/bin/env bash
# Builds latentkit, and libtorch before it where it is missing, then runs it with the arguments given here; without any,
# runs the quickstart.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

"$root/scripts/setup.sh"
cargo build --release --locked --package latentkit --manifest-path "$root/Cargo.toml"
if [ $# -eq 0 ]; then
    cd "$root"
    set -- run configs/quickstart.toml
fi
exec "$root/target/release/latentkit" "$@"
