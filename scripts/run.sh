#!/usr/bin/env bash
# Builds latentkit, and libtorch before it where it is missing, then runs it with the arguments given here; without any,
# runs the quickstart.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

"$root/scripts/setup.sh"
# cargo looks for its settings, and a relative CARGO_TARGET_DIR, from the folder that it runs in.
cd "$root"
unset LIBTORCH # .libtorch leads to it, so that the build sees one path whatever the shell says
cargo build --release --locked --package latentkit
program=${CARGO_TARGET_DIR:-target}/release/latentkit
case $program in /*) ;; *) program=$root/$program ;; esac
if [ $# -eq 0 ]; then
    set -- run configs/quickstart.toml
else
    cd "$OLDPWD"
fi
exec "$program" "$@"
