#!/bin/sh
# Builds our own C (Sources/Shims) with the address and the undefined-behaviour sanitizer, and calls all of it.
#
#   scripts/sanitize.sh [SEED]        default: a new one; it is printed
#
# Swift's calls of the C libraries are looked after by `make fuzz`, which has the address sanitizer on too.
set -eu

cd "$(dirname "$0")/.."
seed=${1:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
case $seed in
'' | *[!0-9]*)
    echo "sanitize.sh: “$seed” is not a number" >&2
    exit 64
    ;;
esac
# Swift's own clang has the sanitizers with it.
clang=$(command -v clang || true)
[ -n "$clang" ] || clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang

built=.build/sanitize
mkdir -p "$built"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks="-fsanitize=address,undefined,integer -fno-sanitize=unsigned-integer-overflow,unsigned-shift-base"
libraries=$(pkg-config --cflags --libs expat liblzma libzstd liblz4 zlib libdivsufsort libcrypto)
"$clang" -g -O1 -Wall -Wextra -Werror $checks -fno-sanitize-recover=all -fno-omit-frame-pointer -fuse-ld=lld \
    -ISources/Shims/CLinux/include Fuzzing/Shims/ShimChecks.c Sources/Shims/CLinux/*.c $libraries -lbz2 -o "$built/ShimChecks"

echo "our C under the sanitizers, seed $seed"
UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_stack_use_after_return=1 "$built/ShimChecks" "$work" "$seed"
