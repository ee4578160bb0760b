#!/usr/bin/env bash
# Does to the built program what disks, permissions, paths and servers do, and checks what it says, its exit code, and
# that earlier results keep their bytes: fault-test.sh [GROUP]...
#
# Groups: disk, permissions, replaced, links, clock, paths, servers. Needs Python 3. As root it fills and mounts small
# disks in memory; otherwise a limit on the size of files stands for the full disk, and what cannot be tried is skipped
# with a note. Exits with 1 when a fault was not handled.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
program=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/latentkit
[ -x "$program" ] || {
    echo "error: $program was not found" >&2
    echo "hint: cargo build --release --locked --workspace" >&2
    exit 1
}
command -v python3 >/dev/null || {
    echo "skipped: python3 was not found" >&2
    exit 0
}
exec python3 -B scripts/faults/main.py "$@"
