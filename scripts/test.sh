#!/usr/bin/env bash
# Every check of the project: format, lints, tests, documentation tests, and licences where cargo-deny is installed.
# One optimised profile serves them all and scripts/run.sh, so that each dependency is compiled once.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

scripts/setup.sh
unset LIBTORCH # .libtorch leads to it, so that the build sees one path whatever the shell says
step() { printf '\n== %s\n' "$*" >&2; }

for component in fmt clippy; do
    cargo "$component" --version >/dev/null 2>&1 || {
        echo "error: cargo $component was not found" >&2
        echo "hint: rustup component add ${component/fmt/rustfmt}" >&2
        exit 1
    }
done
step "format"
cargo fmt --all --check
step "no cycles between files"
python3 scripts/check_cycles.py
step "build"
cargo build --release --locked --workspace
step "tests"
cargo test --release --locked --workspace
step "lints"
cargo clippy --release --locked --workspace --all-targets -- --deny warnings
step "no libtorch in latentkit"
if ldd "${CARGO_TARGET_DIR:-target}/release/latentkit" | grep -i torch; then
    echo "error: latentkit is linked with libtorch" >&2
    exit 1
fi
step "tables, read by others"
scripts/check-tables.sh
step "killed and gone on"
scripts/kill-test.sh --short
step "licences"
if cargo deny --version >/dev/null 2>&1; then
    cargo deny --all-features check licenses bans sources
else
    echo "skipped: cargo-deny is not installed (cargo install cargo-deny)" >&2
fi
step "all passed"
