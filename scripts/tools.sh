# shellcheck shell=bash
# What the scripts share: messages, and the tools that they need.

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }

die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

check_tools() {
    [ "$(uname -s)" = Linux ] || die "latentkit runs on Linux only, and this is $(uname -s)" "use a Linux machine or a container"
    command -v cargo >/dev/null || die "cargo was not found" "install Rust from https://rustup.rs"
    command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null ||
        die "no C compiler was found" "Debian or Ubuntu: apt install g++; Fedora: dnf install gcc-c++"
}

check_cpp() {
    command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null ||
        die "no C++ compiler was found" "Debian or Ubuntu: apt install g++; Fedora: dnf install gcc-c++"
}
