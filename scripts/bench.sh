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
yardstick=$built/release/yardstick
image_mib=${IMAGE_MIB:-128}
rounds=${ROUNDS:-3}

fail() {
    echo "bench.sh: $1" >&2
    exit "${2:-64}"
}

json=
wanted=
while [ $# -gt 0 ]; do
    case $1 in
    --json)
        [ $# -ge 2 ] || fail "--json needs a file"
        json=$2
        shift
        ;;
    micro | apply | server) wanted="$wanted $1" ;;
    *) fail "“$1” is not one of: --json FILE, micro, apply, server" ;;
    esac
    shift
done
wanted=${wanted:-micro apply server}
case $image_mib$rounds in *[!0-9]*) fail "IMAGE_MIB and ROUNDS are numbers" ;; esac
for program in martlet martlet-server; do
    [ -x "$programs/$program" ] || fail "there is no $programs/$program: run “make build” first" 69
done

work=$(mktemp -d "${TMPDIR:-/var/tmp}/martlet-bench.XXXXXX")
server=
end() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT TERM

rows=$work/rows # section, name, value, unit, note; between tabs
: >"$rows"
row() { printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "${5:-}" >>"$rows"; }
load_average() { cut -d ' ' -f 1-3 /proc/loadavg; }
progress() { echo "bench.sh: $*" >&2; }

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

# measured NAME COMMAND…: runs it; its seconds, processor seconds and peak KiB become a line of $work/times.NAME
measured() {
    name=$1
    shift
    timeout 300 "$yardstick" run "$work/times.$name" "$@" >"$work/output" 2>&1 || {
        tail -n 5 "$work/output" >&2
        fail "failed: $*" 70
    }
}

# The middle of column $2 of the times of $1.
median() { sort -n -k "$2,$2" "$work/times.$1" | awk -v column="$2" '{ v[NR] = $column } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
mebibytes() { awk -v bytes="$(stat -c %s "$1")" 'BEGIN { printf "%.1f", bytes / 1048576 }'; }

cost() { # NAME: what a run cost beside its time
    awk '{ if (!n++ || $1 < least) least = $1; if ($1 > most) most = $1; if ($3 > peak) peak = $3 }
        END { printf "%.2f to %.2f, peak %d MiB", least, most, peak / 1024 }' "$work/times.$1"
    echo ", CPU $(median "$1" 2) s"
}

packed() { # NAME FILE WORDS
    times=$(cat "$work/times.$1")
    row apply "$3" "$(echo "$times" | cut -f 1)" s \
        "$(mebibytes "$2") of $(mebibytes "$work/image") MiB, CPU $(echo "$times" | cut -f 2) s, peak $(($(echo "$times" | cut -f 3) / 1024)) MiB"
}

# What a person would type: decompress, hash on the way, write past the cache, and let it reach the disk.
write_pipe() {
    direct=oflag=direct
    dd if=/dev/zero of="$work/probe" bs=4096 count=1 $direct 2>/dev/null || direct=
    cat >"$work/pipe" <<EOF
mkfifo "$work/fifo"
openssl sha256 <"$work/fifo" >"$work/digest" &
"\$@" | tee "$work/fifo" | dd of="$work/out" bs=1M iflag=fullblock $direct conv=fsync 2>/dev/null
wait
rm "$work/fifo"
EOF
}

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
    for format in 2 1; do
        measured "create$format" "$programs/martlet" payload create --quiet --format $format --target "$work/image" \
            --key "$work/key.pem" --output "$work/format$format.crau"
        packed "create$format" "$work/format$format.crau" "create a payload, format $format"
    done
    measured zstd-19 zstd -q -19 --long=27 -T0 "$work/image" -o "$work/image.zst"
    packed zstd-19 "$work/image.zst" "peer: zstd -19 --long=27 -T0"
    # The same kind of compression as in each format, so that what remains is the program's own doing.
    xz -q -6 -T0 --block-size=2MiB -kc "$work/image" >"$work/image.xz"
    bzip2 -q -9 -kc "$work/image" >"$work/image.bz2"

    ways="format2 format1 zstd xz bzip2"
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
        format?) words="apply a payload, format ${way#format}" ;;
        *) words="peer: $way -dc | tee >(openssl sha256) | dd" ;;
        esac
        row apply "$words" "$(median $way 1)" s "$(cost $way)"
    done
    compare format2 zstd
    compare format2 xz
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
    "$programs/martlet" payload create --quiet --target "$work/small.img" --output "$work/small.crau" >/dev/null
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

# --- the table

print_table() {
    awk -F '\t' '
        # Counts characters, where awk may count bytes.
        function width(s) { gsub(/µ|×/, "x", s); return length(s) }
        { section[NR] = $1; name[NR] = $2; value[NR] = $3 " " $4; note[NR] = $5
          if (width($2) > names) names = width($2)
          if (width(value[NR]) > values) values = width(value[NR]) }
        END { for (i = 1; i <= NR; i++) {
                if (section[i] != section[i - 1]) printf "%s%s\n", (i > 1 ? "\n" : ""), section[i]
                printf "  %s%*s  %*s%s   %s\n", name[i], names - width(name[i]), "",
                    values - width(value[i]), "", value[i], note[i] } }' "$rows"
}

write_json() {
    awk -F '\t' '
        function text(s) { gsub(/[\\"]/, "\\\\&", s); return "\"" s "\"" }
        BEGIN { print "[" }
        { printf "%s  {\"section\": %s, \"name\": %s, \"value\": %s, \"unit\": %s, \"note\": %s}",
            (NR > 1 ? ",\n" : ""), text($1), text($2), ($3 ~ /^[0-9.]+$/ ? $3 : text($3)), text($4), text($5) }
        END { print "\n]" }' "$rows" >"$json"
}

progress "building"
timeout 1800 swift build --package-path Benchmarks --scratch-path "$built" --configuration release \
    --product yardstick >"$work/build.log" 2>&1 || {
    tail -n 30 "$work/build.log" >&2
    fail "the benchmarks did not build" 70
}
before=$(load_average)
for part in $wanted; do
    case $part in
    micro) micro ;;
    apply) apply ;;
    server) serve ;;
    esac
done
row run processors "$(nproc)" "" "load average $before before, $(load_average) after"
print_table
[ -z "$json" ] || write_json
