#!/bin/sh
# Installs the Debian packages that Martlet needs and this host lacks.
#
# Usage: scripts/install-packages.sh [build] [demo] [test] [bench]     (no word: build)
set -eu

build="pkg-config libexpat1-dev libbz2-dev liblzma-dev libssl-dev libsqlite3-dev"
# mke2fs and debugfs make and read the images; the demo fetches the rest by itself.
demo="e2fsprogs"
# The system's own tools are run over what we write.
test="e2fsprogs gdisk openssl bzip2 xz-utils"
bench="zstd openssl xz-utils bzip2"

wanted=""
for purpose in "${@:-build}"; do
    case "$purpose" in
        build) wanted="$wanted $build" ;;
        demo) wanted="$wanted $demo" ;;
        test) wanted="$wanted $test" ;;
        bench) wanted="$wanted $bench" ;;
        *) echo "install-packages.sh: “$purpose” is not one of: build demo test bench" >&2; exit 64 ;;
    esac
done

missing=""
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "install-packages.sh: missing:$missing. Install them as root: apt-get install$missing" >&2
        exit 77
    }
    as_root=sudo
fi

echo "Installing:$missing"
install() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null; }
# A host that has never asked for the package lists knows no packages.
install || { $as_root apt-get update -qq && install; }
