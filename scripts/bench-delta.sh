# The rows about deltas of scripts/bench-payload.sh, which sources this and has set $pairs and $programs.
#
# DELTA_PAIRS="release:security security:feature previous:security"    which images of scripts/image-pairs.sh
# DELTA_FORMS="ext4 erofs lz4.erofs"                                   in which forms
#
# Peers of an image with packed blocks would be measured at what they cannot do, so that form has none. bsdiff is left out:
# for images of this size it takes ten gigabytes of memory.

delta_rows() {
    for tool in zstd xdelta3 casync; do
        command -v $tool >/dev/null || fail "$tool is missing: run “make bench-payload”, or install it" 69
    done
    for pair in ${DELTA_PAIRS:-release:security security:feature previous:security}; do
        for form in ${DELTA_FORMS:-ext4 erofs lz4.erofs}; do
            old=$pairs/${pair%:*}.$form
            new=$pairs/${pair#*:}.$form
            [ -f "$old" ] && [ -f "$new" ] || scripts/image-pairs.sh
            delta_row "$pair" "$form" "$old" "$new"
        done
    done
}

delta_row() { # PAIR FORM OLD NEW
    words="${1%:*} to ${1#*:}, $2"
    id=$(echo "$1-$2" | tr : -)
    progress "$words"
    measured "delta-$id" "$programs/martlet" payload create --quiet --source "$3" --target "$4" --output "$work/delta.crau"
    packed delta "delta-$id" "$work/delta.crau" "$4" "$words: create a delta"
    size=$(stat -c %s "$work/delta.crau")
    rm -f "$work/out"
    measured "apply-$id" "$programs/martlet" payload apply --quiet --allow-unsigned "$work/delta.crau" --source "$3" \
        --target "$work/out"
    cmp -s "$4" "$work/out" || fail "the delta made other bytes" 70
    row delta "$words: apply it" "$(median "apply-$id" 1)" s "$(cost "apply-$id")"
    rm -f "$work/out" "$work/delta.crau"
    case $2 in
    lz4.erofs) row delta "$words: beside erofs not packed" "$(ratio "$size" "$(cat "$work/size.${1#*:}-${1%:*}")")" × ;;
    *)
        echo "$size" >"$work/size.${1#*:}-${1%:*}"
        delta_peers "$@"
        ;;
    esac
}

delta_peers() { # PAIR FORM OLD NEW
    # xdelta3 sees all of the old image, rounded up to whole MiB.
    window=$((($(stat -c %s "$3") + 1048575) / 1048576 * 1048576))
    measured "zstd-$id" zstd -q -19 --long=31 --patch-from="$3" "$4" -o "$work/peer.zst"
    packed delta "zstd-$id" "$work/peer.zst" "$4" "$words: peer: zstd -19 --long=31 --patch-from"
    measured "xdelta3-$id" xdelta3 -e -9 -B $window -s "$3" "$4" "$work/peer.xdelta"
    packed delta "xdelta3-$id" "$work/peer.xdelta" "$4" "$words: peer: xdelta3 -9 -B"
    # What a machine that has the chunks of the old image would still fetch.
    casync make --compression=zstd --store="$work/store" "$work/old.caibx" "$3" >/dev/null
    touch "$work/mark"
    measured "casync-$id" casync make --compression=zstd --store="$work/store" "$work/new.caibx" "$4"
    find "$work/store" -type f -newer "$work/mark" -exec cat {} + >"$work/peer.chunks"
    cat "$work/new.caibx" >>"$work/peer.chunks"
    packed delta "casync-$id" "$work/peer.chunks" "$4" "$words: peer: casync, new chunks"
    smaller=$(stat -c %s "$work/peer.zst" "$work/peer.xdelta" | sort -n | head -n 1)
    row delta "$words: beside the smaller of zstd and xdelta3" "$(ratio "$size" "$smaller")" ×
    rm -rf "$work/store" "$work"/*.caibx "$work"/peer.*
}
