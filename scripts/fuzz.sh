#!/usr/bin/env bash
# Fuzzes the readers of files of others: fuzz.sh [--seconds N] [TARGET]...   (600 s each; every target by default)
#
# The targets are in crates/fuzz/targets: idx, gzip, config, manifest, safetensors, parquet. Installs cargo-fuzz once. What
# a target starts from is made by the built program; what it finds and what it learnt stay in target/fuzz-findings and
# target/fuzz-corpus. Exits with 1 when a target failed; `target/fuzz/.../release/TARGET FILE` repeats a finding.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf 'fuzz: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit "${3:-1}"
}

seconds=600
if [ "${1:-}" = --seconds ]; then
    seconds=${2:-}
    shift $(($# > 1 ? 2 : 1))
fi
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "expected a number of seconds, found \`$seconds\`" "fuzz.sh --seconds 600 parquet" 2
[ $# -gt 0 ] || set -- idx gzip config manifest safetensors parquet
for target in "$@"; do
    [ -e "crates/fuzz/targets/$target.rs" ] || die "unknown target \`$target\`" "see crates/fuzz/targets" 2
done

scripts/setup.sh
unset LIBTORCH
cargo fuzz --version >/dev/null 2>&1 || {
    say "installing cargo-fuzz (for this user, once)"
    cargo install --locked --quiet cargo-fuzz >&2 || die "cargo cannot install cargo-fuzz" "check the network"
}
built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
cargo build --release --locked --package latentkit >&2
# cargo-fuzz asks for the compiler's unstable options, which RUSTC_BOOTSTRAP opens on a stable toolchain.
RUSTC_BOOTSTRAP=1 cargo fuzz build --fuzz-dir crates/fuzz --target-dir "$built/fuzz" --release >&2
programs=$built/fuzz/$(rustc -vV | sed -n 's/^host: //p')/release
python=$(scripts/python-env.sh tables 2>/dev/null) || python=python3 # without pyarrow there are fewer tables to start from

# One thread for polars, so that the same bytes do the same; libtorch and the sanitiser disagree about exceptions and
# containers that cross their border.
export POLARS_MAX_THREADS=1 RAYON_NUM_THREADS=1 OMP_NUM_THREADS=1
export ASAN_OPTIONS=detect_container_overflow=0:detect_odr_violation=0:allocator_may_return_null=1

failed=0
printf '%-12s %8s %12s %10s %8s  %s\n' target seconds executions features corpus findings
for target in "$@"; do
    corpus=$built/fuzz-corpus/$target findings=$built/fuzz-findings/$target
    mkdir -p "$corpus" "$findings"
    CARGO_TARGET_DIR=$built "$python" -B scripts/fuzz/seeds.py "$target" "$corpus"
    log=$findings/log.txt
    status=0
    "$programs/$target" "$corpus" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -max_len=16384 \
        -print_final_stats=1 -artifact_prefix="$findings/" >"$log" 2>&1 || status=$?
    rm -rf /dev/shm/latentkit-fuzz-*
    # What adds nothing leaves the corpus.
    small=$(mktemp -d "$built/fuzz-corpus/.$target.XXXXXX")
    if "$programs/$target" -merge=1 -rss_limit_mb=4096 -timeout=20 "$small" "$corpus" >/dev/null 2>&1; then
        rm -rf "$corpus"
        mv "$small" "$corpus"
    else
        rm -rf "$small"
    fi
    found=$(find "$findings" -type f ! -name log.txt | wc -l)
    printf '%-12s %8s %12s %10s %8s  %s\n' "$target" "$seconds" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
        "$(grep -o ' ft: [0-9]*' "$log" | tail -1 | grep -o '[0-9]*$')" \
        "$(find "$corpus" -type f | wc -l)" "$found"
    if [ "$status" -ne 0 ] || [ "$found" -gt 0 ]; then
        failed=1
        say "$target failed; see $log"
    fi
done
exit $failed
