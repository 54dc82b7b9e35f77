#!/bin/sh
# Measures what people wait for, each beside a peer that runs on the same data in the same run, and prints one table.
#
#   scripts/bench.sh [--json FILE] [micro] [apply] [server]      default: all three
#
# IMAGE_MIB=128      the size of the image that is packed and applied
# ROUNDS=3           how often each way of applying takes its turn
# TMPDIR=/var/tmp    where the image and the slots stand: the disk that is measured; six times the image must fit
#
# The programs are those of `make build`. Nothing leaves this host, and no file stays. See docs/benchmarks.md.
set -eu

cd "$(dirname "$0")/.."
programs=.build/release
built=.build/benchmarks
image_mib=${IMAGE_MIB:-128}
rounds=${ROUNDS:-3}
. scripts/bench-lib.sh

choose "micro apply server" "$@"
case $image_mib$rounds in *[!0-9]*) fail "IMAGE_MIB and ROUNDS are numbers" ;; esac
for program in martlet martlet-server; do
    [ -x "$programs/$program" ] || fail "there is no $programs/$program: run “make build” first" 69
done

# --- micro: functions of the program, by the benchmark library

micro() {
    progress "functions"
    mkdir "$work/micro"
    timeout 900 swift package --package-path Benchmarks --scratch-path "$built" --disable-sandbox \
        --allow-writing-to-directory "$work/micro" \
        benchmark --format jmh --path "$work/micro" --no-progress >"$work/micro.log" 2>&1 || {
        tail -n 30 "$work/micro.log" >&2
        fail "the benchmarks did not run" 70
    }
    "$yardstick" micro "$work/micro/Current_run.jmh.json" >"$work/micro.rows"
    [ -s "$work/micro.rows" ] || fail "the benchmarks measured nothing" 70
    sed "s/^/micro	/" "$work/micro.rows" >>"$rows"
}

# --- apply: a full payload, against the plain tools of a shell

make_image() {
    timeout 120 tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C / -cf - usr/bin usr/lib 2>/dev/null |
        head -c "$((image_mib << 20))" >"$work/image"
    # Whole blocks, as a file system has.
    truncate -s %4096 "$work/image"
}

apply() {
    for tool in zstd xz bzip2 openssl; do
        command -v $tool >/dev/null || fail "$tool is missing: run “make bench”, or install it" 69
    done
    progress "packing ${image_mib} MiB"
    make_image
    write_pipe
    "$programs/martlet" key generate --output "$work/key.pem" --public "$work/pub.pem" >/dev/null
    for format in 2 2xz 1; do
        measured "create$format" "$programs/martlet" payload create --quiet --format "${format%xz}" --target "$work/image" \
            $([ $format != 2xz ] || echo --compression xz) --key "$work/key.pem" --output "$work/format$format.crau"
        packed apply "create$format" "$work/format$format.crau" "$work/image" "create a payload, format $format"
    done
    measured zstd-19 zstd -q -19 --long=27 -T0 "$work/image" -o "$work/image.zst"
    packed apply zstd-19 "$work/image.zst" "$work/image" "peer: zstd -19 --long=27 -T0"
    # The same kind of compression as in each format, so that what remains is the program's own doing.
    xz -q -6 -T0 --block-size=2MiB -kc "$work/image" >"$work/image.xz"
    bzip2 -q -9 -kc "$work/image" >"$work/image.bz2"

    ways="format2 format2xz format1 zstd xz bzip2"
    round=1
    while [ "$round" -le "$rounds" ]; do
        progress "applying, round $round of $rounds"
        for way in $ways; do
            rm -f "$work/out"
            case $way in
            format*) measured $way "$programs/martlet" payload apply --quiet "$work/$way.crau" --target "$work/out" --key "$work/pub.pem" ;;
            zstd) measured $way sh "$work/pipe" zstd -dcq --long=27 "$work/image.zst" ;;
            xz) measured $way sh "$work/pipe" xz -dc "$work/image.xz" ;;
            bzip2) measured $way sh "$work/pipe" bzip2 -dc "$work/image.bz2" ;;
            esac
            cmp -s "$work/image" "$work/out" || fail "$way made other bytes" 70
        done
        round=$((round + 1))
    done
    rm -f "$work/out"

    for way in $ways; do
        case $way in
        format*) words="apply a payload, format ${way#format}" ;;
        *) words="peer: $way -dc | tee >(openssl sha256) | dd" ;;
        esac
        row apply "$words" "$(median $way 1)" s "$(cost $way)"
    done
    compare format2 zstd
    compare format2xz xz
    compare format1 zstd
    compare format1 bzip2
}

compare() { # OURS THEIRS
    row apply "format ${1#format} beside the $2 pipe" "$(ratio "$(median "$1" 1)" "$(median "$2" 1)")" × \
        "CPU $(ratio "$(median "$1" 2)" "$(median "$2" 2)")×"
}

# --- server: check-ins over loopback, beside the cheapest answer of the same server

operate() { timeout 60 "$programs/martlet" --server "http://$address" "$@" --quiet >/dev/null; }

start_server() {
    "$programs/martlet-server" serve --data "$work/server" --listen 127.0.0.1:0 --auth none 2>"$work/server.log" &
    server=$!
    tries=100
    while [ ! -s "$work/server/listen-address" ]; do
        kill -0 "$server" 2>/dev/null && [ $tries -gt 0 ] || {
            cat "$work/server.log" >&2
            fail "the server did not start" 70
        }
        tries=$((tries - 1))
        sleep 0.1
    done
    address=$(cat "$work/server/listen-address")
}

# load NAME FLAGS…: a row, and its rate in $rate
load() {
    name=$1
    shift
    timeout 90 "$yardstick" load --port "${address##*:}" --process "$server" --name "$name" "$@" >"$work/load"
    sed "s/^/server	/" "$work/load" >>"$rows"
    rate=$(cut -f 2 "$work/load")
}

serve() {
    progress "check-ins over loopback"
    start_server
    head -c 1048576 "$programs/martlet" >"$work/small.img"
    "$programs/martlet" payload create --quiet --format 1 --target "$work/small.img" --output "$work/small.crau" >/dev/null
    operate app create --id '{e96281a6-d1af-4bde-9a0a-97b76e56dc57}' --name bench
    operate release create --app bench 2.0.0
    operate payload add --app bench --release 2.0.0 --arch amd64 "$work/small.crau"
    operate channel set --app bench stable 2.0.0
    operate group create --app bench --track stable --channel stable --max-in-progress none all

    load "plain answer: GET /healthz" --story health --machines 60000
    plain=$rate
    load "first sight of a machine" --story current --machines 20000 --reference "$plain"
    load "known machine, nothing to offer" --story current --machines 20000 --rounds 3 --reference "$plain"
    load "whole update: grant, 3 reports, reboot" --story update --machines 4000 --first-machine 100000 \
        --reference "$plain"
    kill "$server"
    wait "$server" || true
    server=
}

begin
for part in $wanted; do
    case $part in
    micro) micro ;;
    apply) apply ;;
    server) serve ;;
    esac
done
finish_table
