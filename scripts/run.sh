#!/usr/bin/env bash
# Builds latentkit and runs it with the arguments given here; without any, runs the quickstart. Where a config needs libtorch,
# it is provided then.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
check_tools

# cargo looks for its settings, and a relative CARGO_TARGET_DIR, from the folder that it runs in.
cd "$root"
target=${CARGO_TARGET_DIR:-target}/release
case $target in /*) ;; *) target=$root/$target ;; esac
packages=(--package latentkit)
if [ -e "$target/latentkit-torch" ]; then
    # Both programs are of one version.
    "$root/scripts/setup.sh"
    packages+=(--package latentkit-torch)
fi
unset LIBTORCH # .libtorch leads to it, so that the build sees one path whatever the shell says
cargo build --release --locked "${packages[@]}"
export LATENTKIT_TORCH_SETUP=$root/scripts/torch.sh
if [ $# -eq 0 ]; then
    set -- run configs/quickstart.toml
else
    cd "$OLDPWD"
fi
exec "$target/latentkit" "$@"
