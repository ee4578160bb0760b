#!/usr/bin/env bash
# Provides libtorch 2.11.0 to this checkout as the link `.libtorch`.
#
# A LIBTORCH in the environment wins. Otherwise a CPU-only libtorch is put together from the PyPI wheels below, once
# for the user, in the cache folder. Safe to run again, at the same time twice, and to interrupt.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=2.11.0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latentkit
prefix=$cache/libtorch-$version-cpu-1 # the last number counts changes of the recipe below

# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"

# True when the folder holds the libtorch that tch is pinned to.
is_libtorch() {
    [ -e "$1/lib/libtorch_cpu.so" ] && [ -e "$1/lib/libc10.so" ] && [ -e "$1/include/torch/csrc/api/include/torch/torch.h" ]
}

# Points `.libtorch` at the folder, by renaming a finished link over the old one.
link() {
    [ "$(readlink "$root/.libtorch" 2>/dev/null || true)" = "$1" ] && return
    local scratch=$root/.libtorch.$$
    ln -s "$1" "$scratch"
    mv -T "$scratch" "$root/.libtorch" || {
        rm -f "$scratch"
        die "cannot put the link $root/.libtorch" "remove what is there"
    }
}

build_prefix() {
    [ "$(uname -m)" = x86_64 ] ||
        die "no packaged libtorch is known for $(uname -m)" \
            "set LIBTORCH to the folder of a libtorch $version, from PyTorch's own site"
    command -v python3 >/dev/null || die "python3 was not found" "Debian or Ubuntu: apt install python3 python3-pip"
    python3 -m pip --version >/dev/null 2>&1 || die "pip was not found" "Debian or Ubuntu: apt install python3-pip"

    mkdir -p "$cache"
    find "$cache" -maxdepth 1 -name 'tmp.*' -mmin +1440 -exec rm -rf {} + # left by a set-up that was killed
    local scratch
    scratch=$(mktemp -d "$cache/tmp.XXXXXXXX")
    # shellcheck disable=SC2064 # the folder is known now
    trap "rm -rf '$scratch'" EXIT
    trap 'exit 130' INT TERM HUP

    say "downloading the libtorch $version wheels with pip (544 MB, once for this user)"
    cat >"$scratch/requirements.txt" <<'REQUIREMENTS'
torch==2.11.0 --hash=sha256:7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a
nvidia-cuda-runtime==13.0.96 --hash=sha256:7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548
nvidia-cuda-cupti==13.0.85 --hash=sha256:4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8
REQUIREMENTS
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-cache-dir --require-hashes \
        --only-binary=:all: --implementation cp --python-version 3.11 --abi cp311 --abi none \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux2014_x86_64 \
        --dest "$scratch" --requirement "$scratch/requirements.txt" >&2 ||
        die "pip could not download the libtorch wheels" \
            "check the network and the free space of $cache, or set LIBTORCH to the folder of a libtorch $version"

    say "unpacking the headers and the CPU libraries (500 MB) into $prefix"
    python3 - "$scratch" <<'PYTHON'
import pathlib, shutil, sys, zipfile

scratch = pathlib.Path(sys.argv[1])
libraries = {
    "torch": ["libtorch_cpu.so", "libtorch.so", "libc10.so", "libgomp.so.1"],
    "nvidia/cu13": ["libcudart.so.13", "libcupti.so.13"],
}
members = {f"{folder}/lib/{name}": f"lib/{name}" for folder, names in libraries.items() for name in names}
licence = "torch-2.11.0.dist-info/licenses/LICENSE"
members[licence] = "LICENSE"
for wheel in scratch.glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            target = members.pop(name, None)
            if name.startswith("torch/include/") and not name.endswith("/"):
                target = name.removeprefix("torch/")
            if target is None:
                continue
            if ".." in pathlib.PurePosixPath(target).parts:
                sys.exit(f"error: the wheel has a file outside its folder: {name}")
            path = scratch / "prefix" / target
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, open(path, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
if members:
    sys.exit(f"error: the wheels lack {', '.join(members)}")
PYTHON
    # A rename makes the prefix appear whole. If another set-up was first, its prefix is the same.
    mv -T "$scratch/prefix" "$prefix" 2>/dev/null || is_libtorch "$prefix" || die "cannot put libtorch in $prefix"
}

check_tools
check_cpp
if [ -n "${LIBTORCH:-}" ]; then
    is_libtorch "$LIBTORCH" ||
        die "LIBTORCH is \`$LIBTORCH\`, which has no lib/libtorch_cpu.so or no include/torch" \
            "point it at the folder of a libtorch $version, or unset it"
    found=$(sed -n 's/^#define TORCH_VERSION_\(MAJOR\|MINOR\|PATCH\) \([0-9]*\).*/\2/p' \
        "$LIBTORCH/include/torch/headeronly/version.h" 2>/dev/null | paste -sd. -)
    case $found in
        "$version" | '') ;;
        *) die "LIBTORCH is \`$LIBTORCH\`, a libtorch $found; this project is built on $version" "point it at a $version, or unset it" ;;
    esac
    say "using LIBTORCH=$LIBTORCH"
    link "$(cd "$LIBTORCH" && pwd)"
elif is_libtorch "$root/.libtorch"; then
    current=$(readlink "$root/.libtorch" || echo "a folder")
    case $current in
        "$prefix") ;;
        "$cache"/*) link "$prefix" ;; # made by an older recipe; built below where it is missing
        *) say "keeping .libtorch -> $current (remove the link to use the CPU libtorch of this script)" ;;
    esac
fi
if [ -z "${LIBTORCH:-}" ] && ! is_libtorch "$root/.libtorch"; then
    if ! is_libtorch "$prefix"; then
        [ ! -e "$prefix" ] || rm -rf "$prefix" # someone removed files from it
        build_prefix
    fi
    link "$prefix"
    say "libtorch $version (CPU) is ready: .libtorch -> $prefix"
fi
