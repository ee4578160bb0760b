#!/usr/bin/env bash
# Checks that PyTorch computes the same latents from model.safetensors as latentkit, and ONNX Runtime the same latents and images
# from encoder.onnx and decoder.onnx: check-weights.sh [FOLDER]
# Without the folder of an experiment, such as artifacts/mnist, it trains configs/smoke.toml with the built program.
# Installs PyTorch and ONNX Runtime for this user, once, in the cache folder.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}
need_files() {
    local file
    for file in train/model.safetensors ingest/dataset.parquet export/latents.parquet export/reconstructions.parquet; do
        [ -e "$1/$file" ] || die "$1 has no $file" "run \`latentkit run CONFIG --to export\` first"
    done
}

target=$(cd "$root" && realpath -m "${CARGO_TARGET_DIR:-target}")
program=$target/release/latentkit
[ -x "$program" ] || die "$program was not found" "cargo build --release --locked --workspace"
if [ $# -gt 0 ]; then
    experiment=$1
else
    artifacts=$(mktemp -d)
    trap 'rm -rf "$artifacts"' EXIT
    "$program" run "$root/configs/smoke.toml" --to export --data "$root/data" --artifacts "$artifacts" --quiet
    experiment=$artifacts/smoke
fi
need_files "$experiment"
python=$("$root/scripts/python-env.sh" torch)
"$python" "$root/scripts/load_in_pytorch.py" "$experiment/train/model.safetensors" \
    --dataset "$experiment/ingest/dataset.parquet" --latents "$experiment/export/latents.parquet"
onnx=$(mktemp -d)
trap 'rm -rf "$onnx" ${artifacts:+"$artifacts"}' EXIT
"$program" onnx "$experiment/train/model.safetensors" --output "$onnx" --quiet >/dev/null
"$python" "$root/scripts/check_onnx.py" "$onnx" --dataset "$experiment/ingest/dataset.parquet" \
    --latents "$experiment/export/latents.parquet" --reconstructions "$experiment/export/reconstructions.parquet"
