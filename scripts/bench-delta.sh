# The rows about deltas of scripts/bench-payload.sh, which sources this and has set $pairs and $programs.
#
# DELTA_PAIRS="release:security security:feature previous:security"    which images of scripts/image-pairs.sh
# DELTA_FORMS="ext4 erofs lz4.erofs"                                   in which forms
# DELTA_PEERS="zstd xdelta3 casync"                                    beside which peers; may be empty
#
# zstd takes six to ten minutes of one processor for each pair and form, by far the most of a run.
#
# Peers of an image with packed blocks would be measured at what they cannot do, so that form has none. bsdiff is left out:
# for images of this size it takes ten gigabytes of memory.

delta_rows() {
    peers=${DELTA_PEERS-zstd xdelta3 casync}
    for tool in $peers; do
        case $tool in
        zstd | xdelta3 | casync) ;;
        *) fail "DELTA_PEERS: “$tool” is not one of zstd, xdelta3, casync" ;;
        esac
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
    delta_apply "$@"
    rm -f "$work/out" "$work/delta.crau"
    echo "$size" >"$work/size.$id"
    plain=$work/size.$(echo "$1" | tr : -)-erofs
    case $2 in
    lz4.erofs) [ ! -f "$plain" ] || row delta "$words: beside erofs not packed" "$(ratio "$size" "$(cat "$plain")")" × ;;
    *) delta_peers "$@" ;;
    esac
}

# In turns with the full payload, where the part “full” or “verify” of this run has made one of the same image.
delta_apply() { # PAIR FORM OLD NEW
    round=1
    while [ "$round" -le "$rounds" ]; do
        rm -f "$work/out"
        sync
        measured "apply-$id" "$programs/martlet" payload apply --quiet --allow-unsigned "$work/delta.crau" --source "$3" \
            --target "$work/out"
        cmp -s "$4" "$work/out" || fail "the delta made other bytes" 70
        if [ "$4" = "$image" ] && [ -f "$work/full.crau" ]; then
            rm -f "$work/out"
            sync
            measured "full-$id" "$programs/martlet" payload apply --quiet "$work/full.crau" --target "$work/out" \
                --key "$work/pub.pem"
        fi
        round=$((round + 1))
    done
    row delta "$words: apply it" "$(median "apply-$id" 1)" s "$(cost "apply-$id")"
    [ ! -f "$work/times.full-$id" ] || row delta "$words: apply beside the full payload" \
        "$(ratio "$(median "apply-$id" 1)" "$(median "full-$id" 1)")" × "$(cost "full-$id")"
}

delta_peers() { # PAIR FORM OLD NEW
    for peer in $peers; do
        case $peer in
        zstd)
            measured "zstd-$id" zstd -q -19 --long=31 --patch-from="$3" "$4" -o "$work/peer.zst"
            packed delta "zstd-$id" "$work/peer.zst" "$4" "$words: peer: zstd -19 --long=31 --patch-from"
            row delta "$words: create beside that zstd, on one processor" \
                "$(ratio "$(median "delta-$id" 1)" "$(median "zstd-$id" 1)")" × \
                "CPU $(ratio "$(median "delta-$id" 2)" "$(median "zstd-$id" 2)")×"
            ;;
        xdelta3)
            # xdelta3 sees all of the old image, rounded up to whole MiB.
            window=$((($(stat -c %s "$3") + 1048575) / 1048576 * 1048576))
            measured "xdelta3-$id" xdelta3 -e -9 -B $window -s "$3" "$4" "$work/peer.xdelta"
            packed delta "xdelta3-$id" "$work/peer.xdelta" "$4" "$words: peer: xdelta3 -9 -B"
            ;;
        casync) delta_casync "$@" ;;
        esac
    done
    if [ -f "$work/peer.zst" ] && [ -f "$work/peer.xdelta" ]; then
        smaller=$(stat -c %s "$work/peer.zst" "$work/peer.xdelta" | sort -n | head -n 1)
        row delta "$words: beside the smaller of zstd and xdelta3" "$(ratio "$size" "$smaller")" ×
    fi
    rm -f "$work"/peer.*
}

# What a machine that has the chunks of the old image would still fetch.
delta_casync() { # PAIR FORM OLD NEW
    casync make --compression=zstd --store="$work/chunks" "$work/old.caibx" "$3" >/dev/null
    touch "$work/mark"
    measured "casync-$id" casync make --compression=zstd --store="$work/chunks" "$work/new.caibx" "$4"
    find "$work/chunks" -type f -newer "$work/mark" -exec cat {} + >"$work/peer.chunks"
    cat "$work/new.caibx" >>"$work/peer.chunks"
    packed delta "casync-$id" "$work/peer.chunks" "$4" "$words: peer: casync, new chunks"
    rm -rf "$work/chunks" "$work"/*.caibx
}
