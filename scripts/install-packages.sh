#!/bin/sh
# Installs the Debian packages that Martlet needs and this host lacks.
#
# Usage: scripts/install-packages.sh [build] [demo] [test] [api] [bench] [server] [payloads] [boot] [image]     (no word: build)
set -eu

build="pkg-config libexpat1-dev libbz2-dev liblzma-dev libzstd-dev liblz4-dev zlib1g-dev libdivsufsort-dev libssl-dev libsqlite3-dev"
# mke2fs and debugfs make and read the images; the demo fetches the rest by itself.
demo="e2fsprogs"
# The system's own tools are run over what we write.
test="e2fsprogs gdisk fdisk curl openssl bzip2 xz-utils dosfstools mtools bsdiff"
# The builder's tools, the loader and its stub, and QEMU with its firmware to boot what was built.
image="mmdebstrap erofs-utils cryptsetup-bin systemd-boot-efi fdisk mtools dosfstools e2fsprogs zstd kmod binutils
    util-linux qemu-system-x86 ovmf"
# What checks the API comes from PyPI.
api="python3 python3-venv"
# The store is looked into from outside.
server="sqlite3"
bench="zstd openssl xz-utils bzip2"
# The peers of payloads, and what builds the images that they are measured on.
payloads="zstd openssl casync zchunk xdelta3 bsdiff rauc squashfs-tools dbus-daemon mmdebstrap e2fsprogs erofs-utils"
# What builds the reference OS, runs it, and looks into its disk.
boot="mmdebstrap kmod binutils zstd cpio busybox-static erofs-utils cryptsetup-bin systemd-boot-efi fdisk dosfstools mtools"
boot="$boot e2fsprogs qemu-system-x86 ovmf"

wanted=""
for purpose in "${@:-build}"; do
    case "$purpose" in
        build) wanted="$wanted $build" ;;
        demo) wanted="$wanted $demo" ;;
        test) wanted="$wanted $test" ;;
        api) wanted="$wanted $api" ;;
        server) wanted="$wanted $server" ;;
        bench) wanted="$wanted $bench" ;;
        payloads) wanted="$wanted $payloads" ;;
        image) wanted="$wanted $image" ;;
        boot) wanted="$wanted $boot" ;;
        *) echo "install-packages.sh: “$purpose” is not one of: build demo test api bench server payloads boot image" >&2; exit 64 ;;
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
