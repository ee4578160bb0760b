#!/usr/bin/env bash
# Prints the path of a Python that has what scripts/requirements/NAME.txt lists: python-env.sh torch|keras|tables|sklearn|cases|density
#
# It is a virtual environment in the user's cache folder, made on the first call. Safe to run again, at the same time
# twice, and to interrupt: an environment without its mark is made anew. LATENTKIT_TORCH_PYTHON,
# LATENTKIT_KERAS_PYTHON, LATENTKIT_TABLES_PYTHON, LATENTKIT_SKLEARN_PYTHON and LATENTKIT_CASES_PYTHON name a Python of your own to use instead,
# which then needs the same packages.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latentkit

say() { printf 'python-env: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit "${3:-1}"
}

case ${1:-} in
    torch) size="5 GB on disk, since the PyTorch of PyPI brings CUDA" own=LATENTKIT_TORCH_PYTHON ;;
    keras) size="1.6 GB on disk" own=LATENTKIT_KERAS_PYTHON ;;
    tables) size="700 MB on disk" own=LATENTKIT_TABLES_PYTHON ;;
    sklearn) size="720 MB on disk" own=LATENTKIT_SKLEARN_PYTHON ;;
    cases) size="700 MB on disk" own=LATENTKIT_CASES_PYTHON ;;
    density) size="700 MB on disk" own=LATENTKIT_DENSITY_PYTHON ;;
    *) die "unknown environment \`${1:-}\`" "usage: python-env.sh torch|keras|tables|sklearn|cases|density" 2 ;;
esac
if [ -n "${!own:-}" ]; then
    command -v "${!own}" || die "$own is \`${!own}\`, which is no program" "point it at a Python 3, or unset it"
    exit
fi

command -v python3 >/dev/null || die "python3 was not found" "Debian or Ubuntu: apt install python3 python3-venv"
requirements=$root/scripts/requirements/$1.txt
version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# Another list makes another environment.
venv=$cache/venv-$1-$version-$(cksum <"$requirements" | cut -d ' ' -f 1)

mkdir -p "$cache"
exec 9>"$venv.lock"
if command -v flock >/dev/null; then flock 9; fi # a second call waits for the first one's environment
if [ ! -e "$venv/complete" ]; then
    say "installing $(grep -v '^#' "$requirements" | paste -sd ' ') into $venv ($size; once for this user)"
    rm -rf "$venv"
    python3 -m venv "$venv" >&2 || die "python3 cannot make the virtual environment $venv" \
        "Debian or Ubuntu: apt install python3-venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: \
        --requirement "$requirements" >&2 ||
        die "pip could not install $requirements for Python $version" \
            "check the network and the free space of $cache, or set $own to a Python that has these packages"
    : >"$venv/complete"
fi
echo "$venv/bin/python"
