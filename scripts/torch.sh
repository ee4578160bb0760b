#!/usr/bin/env bash
# Provides `latentkit-torch`, the program with libtorch: CUDA, bfloat16 and every layer. `latentkit` uses it where a config needs
# that, from its own folder or from PATH.
#
# scripts/torch.sh [DIR]   builds it, and puts it into DIR where that is given
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=
if [ $# -gt 0 ]; then
    folder=$(cd "$1" && pwd)
fi

"$root/scripts/setup.sh"
cd "$root" # cargo looks for its settings, and a relative CARGO_TARGET_DIR, from here
unset LIBTORCH # .libtorch leads to it, so that the build sees one path whatever the shell says
cargo build --release --locked --package latentkit-torch
built=$(cd "${CARGO_TARGET_DIR:-target}/release" && pwd)
if [ -n "$folder" ] && [ "$folder" != "$built" ]; then
    cp "$built/latentkit-torch" "$folder/.latentkit-torch.$$"
    mv "$folder/.latentkit-torch.$$" "$folder/latentkit-torch"
fi
