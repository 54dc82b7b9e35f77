#!/bin/sh
# Builds the fuzzers and runs each for some seconds; fails when one finds something.
#
#   scripts/fuzz.sh [SECONDS] [FUZZER...]        default: 60 seconds, every fuzzer of Fuzzing/Package.swift
#
# SANITIZE=fuzzer leaves the address sanitizer out: about twice as fast. What a run learns is kept in
# .build/fuzzing/corpus and used by the next; an input that breaks something is kept in .build/fuzzing/findings.
set -eu

cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
case $seconds in
'' | *[!0-9]*)
    echo "fuzz.sh: “$seconds” is not a number of seconds" >&2
    exit 64
    ;;
esac

known=$(tr -d '\n' <Fuzzing/Package.swift | grep -o 'fuzzer( *"[A-Za-z0-9]*"' | cut -d '"' -f 2)
wanted=${*:-$known}
for name in $wanted; do
    echo "$known" | grep -qx "$name" || {
        echo "fuzz.sh: there is no fuzzer $name; there are" $known >&2
        exit 64
    }
done

# gold cannot link libFuzzer with a program that has its own main; lld, which comes with Swift, can.
built=.build/fuzzing
swift build --package-path Fuzzing --scratch-path "$built" --configuration release \
    -Xswiftc "-sanitize=${SANITIZE:-fuzzer,address}" -Xswiftc -use-ld=lld

status=0
for name in $wanted; do
    corpus=$built/corpus/$name
    findings=$built/findings/$name
    mkdir -p "$corpus" "$findings"
    dictionary=Fuzzing/Dictionaries/$name.dict
    set -- "$corpus"
    [ ! -d "Fuzzing/Corpus/$name" ] || set -- "$@" "Fuzzing/Corpus/$name"
    [ ! -f "$dictionary" ] || set -- "$@" "-dict=$dictionary"
    echo "$name: $seconds seconds"
    # Swift's own backtraces would swallow the signal that tells libFuzzer to keep the input. Swift never returns some
    # memory of its runtime, and looking for leaks after each input is ten times slower.
    if ! SWIFT_BACKTRACE=enable=no "$built/release/$name" "$@" -max_total_time="$seconds" -max_len=131072 \
        -timeout=10 -rss_limit_mb=2048 -detect_leaks=0 -artifact_prefix="$findings/" -print_final_stats=1 \
        >"$built/$name.log" 2>&1; then
        echo "$name: found something; see $built/$name.log and $findings" >&2
        tail -n 30 "$built/$name.log" >&2
        status=1
    fi
    sed -n 's/^stat::number_of_executed_units: */  inputs tried: /p' "$built/$name.log"
done
exit $status
