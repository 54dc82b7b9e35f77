# What the scripts that measure share; sourced by them. They set `programs` and `built`, and call `choose`, then `begin`.

yardstick=$built/release/yardstick

fail() {
    echo "$(basename "$0"): $1" >&2
    exit "${2:-64}"
}

# choose "WORD WORD…" "$@": what is measured becomes $wanted, all of it where nothing was named, and --json FILE $json.
choose() {
    known=$1
    shift
    json=
    wanted=
    while [ $# -gt 0 ]; do
        case $1 in
        --json)
            [ $# -ge 2 ] || fail "--json needs a file"
            json=$2
            shift
            ;;
        *)
            case " $known " in *" $1 "*) wanted="$wanted $1" ;; *) fail "“$1” is not one of: --json FILE, $known" ;; esac
            ;;
        esac
        shift
    done
    wanted=${wanted:-$known}
}

progress() { echo "$(basename "$0"): $*" >&2; }

# Makes $work, on the disk that is measured, and sees to it that nothing stays.
begin() {
    work=$(mktemp -d "${TMPDIR:-/var/tmp}/martlet-bench.XXXXXX")
    rows=$work/rows # section, name, value, unit, note; between tabs
    : >"$rows"
    server=
    trap end EXIT
    trap 'exit 130' INT TERM
    progress "building"
    timeout 1800 swift build --package-path Benchmarks --scratch-path "$built" --configuration release \
        --product yardstick >"$work/build.log" 2>&1 || {
        tail -n 30 "$work/build.log" >&2
        fail "the benchmarks did not build" 70
    }
    before=$(load_average)
}

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

# Said at once too: a run that is ended early is not lost.
row() {
    printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "${5:-}" >>"$rows"
    progress "$1: $2: $3 $4 ${5:-}"
}
load_average() { cut -d ' ' -f 1-3 /proc/loadavg; }

# measured NAME COMMAND…: runs it; its seconds, processor seconds and peak KiB become a line of $work/times.NAME
measured() {
    name=$1
    shift
    timeout "${STEP_SECONDS:-300}" "$yardstick" run "$work/times.$name" "$@" >"$work/output" 2>&1 || {
        tail -n 5 "$work/output" >&2
        fail "failed: $*" 70
    }
}

# As `measured`, for what may take too long: after $PEER_SECONDS it is ended, and false.
within() {
    name=$1
    shift
    status=0
    timeout "${PEER_SECONDS:-3600}" "$yardstick" run "$work/times.$name" "$@" >"$work/output" 2>&1 || status=$?
    [ $status -ne 0 ] || return 0
    [ $status -eq 124 ] || {
        tail -n 5 "$work/output" >&2
        fail "failed: $*" 70
    }
    rm -f "$work/times.$name"
    return 1
}

# With KEEP=DIR, what took long is kept there with its times, and taken from there by the next run: one that was ended goes
# on where it was. `keep NAME FILE` keeps, `kept NAME FILE` brings back, and is false where there is nothing.
keep() {
    [ -n "${KEEP:-}" ] || return 0
    mkdir -p "$KEEP"
    cp "$2" "$KEEP/$1.new" && mv "$KEEP/$1.new" "$KEEP/$1" && cp "$work/times.$1" "$KEEP/$1.times"
}

kept() {
    [ -n "${KEEP:-}" ] && [ -s "$KEEP/$1.times" ] || return 1
    cp "$KEEP/$1" "$2" && cp "$KEEP/$1.times" "$work/times.$1" && progress "$1: made by an earlier run"
}

# The middle of column $2 of the times of $1.
median() { sort -n -k "$2,$2" "$work/times.$1" | awk -v column="$2" '{ v[NR] = $column } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
mebibytes() { awk -v bytes="$(stat -c %s "$1")" 'BEGIN { printf "%.1f", bytes / 1048576 }'; }

cost() { # NAME: what a run cost beside its time
    awk '{ if (!n++ || $1 < least) least = $1; if ($1 > most) most = $1; if ($3 > peak) peak = $3 }
        END { printf "%.2f to %.2f, peak %.1f MiB", least, most, peak / 1024 }' "$work/times.$1"
    echo ", CPU $(median "$1" 2) s"
}

packed() { # SECTION NAME FILE IMAGE WORDS
    times=$(cat "$work/times.$2")
    row "$1" "$5" "$(echo "$times" | cut -f 1)" s \
        "$(mebibytes "$3") of $(mebibytes "$4") MiB, CPU $(echo "$times" | cut -f 2) s, peak $(($(echo "$times" | cut -f 3) / 1024)) MiB"
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

# The last row, and the table.
finish_table() {
    row run processors "$(nproc)" "" "load average $before before, $(load_average) after"
    print_table
    [ -z "$json" ] || write_json
}
