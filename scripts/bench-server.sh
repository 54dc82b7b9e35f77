#!/bin/sh
# Measures the server as a fleet sees it: load from another process over loopback, each figure beside its reference from
# the same run. Prints one table.
#
#   scripts/bench-server.sh [--json FILE] [load] [million] [crash]      default: all three
#
# IDS=100000          machines in “load”
# MILLION=1000000     machines in “million”
# TMPDIR=/var/tmp     where the server's data stands: the disk that is measured
#
# The programs are those of `make build`. Nothing leaves this host, and no file stays. See docs/benchmarks.md.
set -eu

cd "$(dirname "$0")/.."
programs=.build/release
built=.build/benchmarks
ids=${IDS:-100000}
million=${MILLION:-1000000}
. scripts/bench-lib.sh

choose "load million crash" "$@"
case $ids$million in *[!0-9]*) fail "IDS and MILLION are numbers" ;; esac
for program in martlet martlet-server; do
    [ -x "$programs/$program" ] || fail "there is no $programs/$program: run “make build” first" 69
done
command -v sqlite3 >/dev/null || fail "sqlite3 is missing: run “make bench-server”, or install it" 69

operate() { timeout 60 "$programs/martlet" --server "http://$address" "$@" --quiet >/dev/null; }

# start NAME: a server on the data of that name; in $server, $address and $port, and in $ready the ms until it answered
start() {
    data=$work/data-$1
    rm -f "$data/listen-address"
    begun=$(date +%s%N)
    "$programs/martlet-server" serve --data "$data" --listen 127.0.0.1:0 --auth none --admit 4000000/hour \
        2>"$work/server.log" &
    server=$!
    tries=3000
    while [ ! -s "$data/listen-address" ]; do
        kill -0 "$server" 2>/dev/null && [ $tries -gt 0 ] || {
            cat "$work/server.log" >&2
            fail "the server did not start" 70
        }
        tries=$((tries - 1))
        sleep 0.01
    done
    address=$(cat "$data/listen-address")
    port=${address##*:}
    timeout 60 "$yardstick" load --port "$port" --process "$server" --story health --path /readyz --machines 1 >/dev/null
    ready=$((($(date +%s%N) - begun) / 1000000))
}

stop() {
    kill "$server"
    wait "$server" || true
    server=
}

publish() {
    head -c 1048576 "$programs/martlet" >"$work/small.img"
    "$programs/martlet" payload create --quiet --format 1 --target "$work/small.img" --output "$work/small.crau" >/dev/null
    operate app create --id '{e96281a6-d1af-4bde-9a0a-97b76e56dc57}' --name bench
    operate release create --app bench 2.0.0
    operate payload add --app bench --release 2.0.0 --arch amd64 "$work/small.crau"
    operate channel set --app bench stable 2.0.0
    operate group create --app bench --track stable --channel stable --max-in-progress none all
}

# run SECTION NAME FLAGS…: a row; its rate in $rate, and what one answer cost the server in $cost
run() {
    section=$1
    name=$2
    shift 2
    timeout 3600 "$yardstick" load --port "$port" --process "$server" --name "$name" --seconds-max 3000 "$@" \
        >"$work/load" || fail "the load broke off" 70
    sed "s/^/$section	/" "$work/load" >>"$rows"
    rate=$(cut -f 2 "$work/load")
    cost=$(sed 's/.*CPU \([0-9.]*\) µs each.*/\1/' "$work/load")
}

disk() { # SECTION
    "$yardstick" sync "$work/sync" 500 | sed "s/^/$1	/" >>"$rows"
}

resident() { awk '/^VmRSS:/ { print int($2 / 1024) }' "/proc/$server/status"; }

load() {
    progress "check-ins of $ids machines"
    disk load
    start load
    publish
    run load "reference: a constant answer" --story health --machines 100000
    plain=$rate
    run load "first sight of a machine" --story current --machines "$ids" --reference "$plain"
    run load "known machine, nothing to offer" --story current --machines "$ids" --rounds 2 --reference "$plain"
    run load "grants and events: a whole update" --story update --machines $((ids / 5)) --first-machine 5000000 \
        --reference "$plain"
    run load "reference again: a constant answer" --story health --machines 100000
    stop
}

million() {
    progress "a server with one thousand machines"
    start thousand
    publish
    run million "1000 machines: first sight" --story current --machines 1000
    run million "1000 machines: a check-in" --story current --machines 1000 --rounds 100
    few=$rate
    few_cost=$cost
    stop
    progress "a server with $million machines: registering them takes minutes"
    start million
    publish
    run million "$million machines: first sight" --story current --machines "$million"
    row million "$million machines: resident after that" "$(resident)" MiB
    stop
    progress "starting again with $million machines"
    start million
    row million "$million machines: ready after a start" "$ready" ms
    # Numbers that lie far apart in the store.
    run million "$million machines: a check-in" --story current --machines $((million < 100000 ? million : 100000)) \
        --first-machine $((million / 2))
    row million "beside the server with 1000: the cost" "$(ratio "$cost" "$few_cost")" × \
        "CPU; $(ratio "$rate" "$few")× as many a second"
    group=/api/v1/applications/bench/groups/all
    run million "reference: a constant answer, one connection" --story health --machines 200 --connections 1
    run million "group with counts and versions" --story health --path $group --machines 200 --connections 1
    run million "holds of the group" --story health --path $group/holds --machines 200 --connections 1
    row million "$million machines: resident after all that" "$(resident)" MiB
    stop
}

# Kills the server while machines update, starts it again, and compares what they were told with what it knows.
crash() {
    start crash
    publish
    round=1
    while [ $round -le 3 ]; do
        progress "kill -9 under load, round $round of 3"
        rm -f "$work/told"
        "$yardstick" load --port "$port" --process "$server" --story update --machines 200000 \
            --first-machine $((round * 1000000)) --record "$work/told" >/dev/null 2>"$work/load.err" &
        machines=$!
        sleep 2.$round
        kill -9 "$server"
        wait "$server" 2>/dev/null || true
        wait $machines || fail "the machines broke off: $(cat "$work/load.err")" 70
        start crash
        lost=$(lost_query | sqlite3 "$work/data-crash/fleet.sqlite")
        told=$(wc -l <"$work/told")
        answers=$(awk '{ n += $2 + 1 } END { print n + 0 }' "$work/told")
        row crash "kill -9, round $round: acknowledged and lost" "$lost" machines \
            "of $told, with $answers answers; ready $ready ms after"
        [ "$lost" = 0 ] || failed=1
        [ "$told" -gt 0 ] || fail "nobody was told anything before the server was killed" 70
        round=$((round + 1))
    done
    granted=$(sqlite3 "$work/data-crash/fleet.sqlite" "SELECT sum(granted) FROM rollout")
    events=$(sqlite3 "$work/data-crash/fleet.sqlite" "SELECT count(*) FROM event WHERE kind = 'offered'")
    row crash "grants counted, and grants on record" "$granted" "" "$events on record"
    [ "$granted" = "$events" ] || failed=1
    stop
}

# A machine was told a step: its record must be there and at that step, or beyond.
lost_query() {
    echo "CREATE TEMP TABLE told (id TEXT PRIMARY KEY, step INTEGER);"
    echo ".mode tabs"
    echo ".import $work/told told"
    echo "SELECT count(*) FROM told LEFT JOIN machine ON machine.id = told.id WHERE told.step > CASE machine.stage"
    echo "WHEN 'offered' THEN 0 WHEN 'downloading' THEN 1 WHEN 'downloaded' THEN 2 WHEN 'installed' THEN 3"
    echo "WHEN 'complete' THEN 4 ELSE -1 END;"
}

begin
failed=
for part in $wanted; do $part; done
finish_table
[ -z "$failed" ] || fail "something acknowledged was lost: see the table" 70
