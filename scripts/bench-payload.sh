#!/bin/sh
# Measures payloads of real images beside what else packs, moves and writes images, and prints one table.
#
#   scripts/bench-payload.sh [--json FILE] [full] [verify] [delta]      default: all
#
# IMAGE=FILE         the image of “full” and “verify” (default: security.ext4 of scripts/image-pairs.sh, which makes it where
#                    it is missing)
# DELTA_PAIRS, DELTA_FORMS, DELTA_PEERS   fewer rows of “delta”; see scripts/bench-delta.sh
# PEER_SECONDS=3600  a peer that takes longer to pack is ended, and its row says so
# KEEP=DIR           what takes long to make is kept there, and taken from there by the next run
# PROGRAMS=DIR       where martlet stands (default: .build/release)
# ROUNDS=3           how often each way of applying takes its turn
# TMPDIR=/var/tmp    where payloads and slots stand: the disk that is measured; four times the image must fit
#
# Nearly all of the time is zstd -19: a full run takes hours where others use the processors. The security pair alone:
#
#   DELTA_PAIRS=release:security DELTA_FORMS=ext4 scripts/bench-payload.sh full delta
#
# See docs/benchmarks.md.
set -eu

cd "$(dirname "$0")/.."
programs=${PROGRAMS:-.build/release}
built=.build/benchmarks
rounds=${ROUNDS:-3}
pairs=${XDG_CACHE_HOME:-$HOME/.cache}/martlet/pairs
image=${IMAGE:-$pairs/security.ext4}
STEP_SECONDS=${STEP_SECONDS:-3600}
. scripts/bench-lib.sh
. scripts/bench-rauc.sh
. scripts/bench-delta.sh

choose "full verify delta" "$@"
case $rounds in '' | *[!0-9]*) fail "ROUNDS is a number" ;; esac
[ -x "$programs/martlet" ] || fail "there is no $programs/martlet: run “make build” first" 69
for tool in zstd openssl casync zck unzck; do
    command -v $tool >/dev/null || fail "$tool is missing: run “make bench-payload”, or install it" 69
done
[ -n "${IMAGE:-}" ] || [ -f "$image" ] || scripts/image-pairs.sh
[ -f "$image" ] || fail "there is no $image" 66

martlet() { "$programs/martlet" "$@"; }

# The payload and its peers, made once for all parts.
pack() {
    [ ! -f "$work/full.crau" ] || return 0
    if [ -n "${KEEP:-}" ] && [ -s "$KEEP/pub.pem" ] && kept create "$work/full.crau"; then
        cp "$KEEP/pub.pem" "$work/"
        return
    fi
    martlet key generate --output "$work/key.pem" --public "$work/pub.pem" >/dev/null
    progress "packing $(mebibytes "$image") MiB with martlet"
    measured create "$programs/martlet" payload create --quiet --target "$image" --key "$work/key.pem" \
        --output "$work/full.crau"
    keep create "$work/full.crau"
    [ -z "${KEEP:-}" ] || cp "$work/pub.pem" "$KEEP/"
}

# --- full: how small, how fast, how much memory

full() {
    pack
    packed full create "$work/full.crau" "$image" "create a full payload"
    progress "packing with zstd -19 --long=27"
    kept zstd "$work/image.zst" || {
        # Also the pipe's input, so it must be there: it has the time that a step has.
        measured zstd zstd -q -19 --long=27 "$image" -o "$work/image.zst"
        keep zstd "$work/image.zst"
    }
    packed full zstd "$work/image.zst" "$image" "peer: zstd -19 --long=27"
    progress "packing with casync and zchunk"
    measured casync casync make --compression=zstd --store="$work/store" "$work/image.caibx" "$image"
    # What a first download is: the index and every chunk.
    find "$work/store" -type f -exec cat {} + >"$work/image.chunks"
    cat "$work/image.caibx" >>"$work/image.chunks"
    packed full casync "$work/image.chunks" "$image" "peer: casync make --compression=zstd"
    rm "$work/image.chunks"
    measured zchunk sh -c 'cd "$1" && zck -o image.zck "$2"' sh "$work" "$(realpath "$image")"
    packed full zchunk "$work/image.zck" "$image" "peer: zck"
    ways="martlet zstd casync zchunk"
    if rauc_works; then
        progress "packing with rauc"
        rauc_bundle "$image"
        packed full rauc "$work/rauc/image.raucb" "$image" "peer: rauc bundle, zstd -19 in squashfs"
        ways="$ways rauc"
    fi
    row full "size beside zstd -19 --long=27" "$(ratio "$(stat -c %s "$work/full.crau")" "$(stat -c %s "$work/image.zst")")" ×

    write_pipe
    round=1
    while [ "$round" -le "$rounds" ]; do
        progress "applying, round $round of $rounds"
        for way in $ways; do
            rm -f "$work/out" "$work/image"
            sync
            case $way in
            martlet) measured apply-$way "$programs/martlet" payload apply --quiet "$work/full.crau" --target "$work/out" --key "$work/pub.pem" ;;
            zstd) measured apply-$way sh "$work/pipe" zstd -dcq --long=27 "$work/image.zst" ;;
            casync) measured apply-$way sh -c 'casync extract --store="$1/store" "$1/image.caibx" "$1/out" && sync "$1/out"' sh "$work" ;;
            zchunk) measured apply-$way sh -c 'cd "$1" && unzck image.zck && sync image && mv image out' sh "$work" ;;
            rauc) rauc_install ;;
            esac
            cmp -s "$image" "$work/out" || fail "$way made other bytes" 70
        done
        round=$((round + 1))
    done
    row full "apply a full payload" "$(median apply-martlet 1)" s "$(cost apply-martlet)"
    row full "peer: zstd -dc | tee >(openssl sha256) | dd" "$(median apply-zstd 1)" s "$(cost apply-zstd)"
    row full "peer: casync extract, no hash of the whole" "$(median apply-casync 1)" s "$(cost apply-casync)"
    row full "peer: unzck" "$(median apply-zchunk 1)" s "$(cost apply-zchunk)"
    [ ! -f "$work/times.apply-rauc" ] || row full "peer: rauc install, with its service's start" \
        "$(median apply-rauc 1)" s "median of $rounds; what the service takes is not counted"
    row full "apply beside the zstd pipe" "$(ratio "$(median apply-martlet 1)" "$(median apply-zstd 1)")" × \
        "CPU $(ratio "$(median apply-martlet 2)" "$(median apply-zstd 2)")×"
    rm -rf "$work/store" "$work/image.caibx" "$work/image.zst" "$work/image.zck" "$work/rauc"
}

# --- verify: re-reading and hashing a slot, beside each half of it

verify() {
    pack
    rm -f "$work/out"
    martlet payload apply --quiet "$work/full.crau" --target "$work/out" --key "$work/pub.pem" >/dev/null
    megabytes=$(($(stat -c %s "$work/out") >> 20))
    round=1
    while [ "$round" -le "$rounds" ]; do
        progress "reading back, round $round of $rounds"
        measured whole "$programs/martlet" payload verify --quiet "$work/full.crau" --key "$work/pub.pem" --target "$work/out"
        measured payload "$programs/martlet" payload verify --quiet "$work/full.crau" --key "$work/pub.pem"
        measured disk dd if="$work/out" of=/dev/null bs=1M iflag=direct
        cat "$work/out" >/dev/null
        measured hash openssl sha256 "$work/out"
        round=$((round + 1))
    done
    slot=$(awk -v a="$(median whole 1)" -v b="$(median payload 1)" 'BEGIN { printf "%.3f", a - b }')
    row verify "re-read and hash a slot" "$slot" s "payload verify --target, less payload verify; $((megabytes)) MiB"
    row verify "peer: the disk alone, dd iflag=direct" "$(median disk 1)" s "$(cost disk)"
    row verify "peer: the hash alone, openssl sha256 from the cache" "$(median hash 1)" s "$(cost hash)"
    slower=$(awk -v a="$(median disk 1)" -v b="$(median hash 1)" 'BEGIN { print (a > b ? a : b) }')
    row verify "beside the slower of both" "$(ratio "$slot" "$slower")" ×
}

begin
for part in $wanted; do
    case $part in
    full) full ;;
    verify) verify ;;
    delta) delta_rows ;;
    esac
done
finish_table
