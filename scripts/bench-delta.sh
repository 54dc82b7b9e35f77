# The rows about deltas of scripts/bench-payload.sh, which sources this and has set $pairs and $programs.
#
# DELTA_PAIRS="release:security security:feature previous:security"    which images of scripts/image-pairs.sh
# DELTA_FORMS="ext4 erofs lz4.erofs"                                   in which forms
# DELTA_PEERS="zstd xdelta3 casync zchunk"                             beside which peers; may be empty; also: bsdiff
#
# zstd takes six to ten minutes of one processor for each pair and form, by far the most of a run. bsdiff takes seventeen
# times the old image's size of memory, ten gigabytes here, and far more time.
#
# Peers of an image with packed blocks would be measured at what they cannot do, so that form has none.

delta_rows() {
    peers=${DELTA_PEERS-zstd xdelta3 casync zchunk}
    for tool in $peers; do
        case $tool in
        zstd | xdelta3 | casync | bsdiff) ;;
        zchunk) tool=zck_delta_size ;;
        *) fail "DELTA_PEERS: “$tool” is not one of zstd, xdelta3, casync, zchunk, bsdiff" ;;
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
    kept "delta-$id" "$work/delta.crau" || {
        measured "delta-$id" "$programs/martlet" payload create --quiet --source "$3" --target "$4" \
            --output "$work/delta.crau"
        keep "delta-$id" "$work/delta.crau"
    }
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
            delta_peer zstd "zstd -19 --long=31 --patch-from" "$4" \
                zstd -q -19 --long=31 --patch-from="$3" "$4" -o "$work/peer.zstd"
            [ ! -f "$work/peer.zstd" ] || row delta "$words: create beside that zstd, on one processor" \
                "$(ratio "$(median "delta-$id" 1)" "$(median "zstd-$id" 1)")" × \
                "CPU $(ratio "$(median "delta-$id" 2)" "$(median "zstd-$id" 2)")×"
            ;;
        xdelta3)
            # xdelta3 sees all of the old image, rounded up to whole MiB.
            window=$((($(stat -c %s "$3") + 1048575) / 1048576 * 1048576))
            delta_peer xdelta3 "xdelta3 -9 -B" "$4" xdelta3 -e -9 -B $window -s "$3" "$4" "$work/peer.xdelta3"
            ;;
        bsdiff)
            needed=$(($(stat -c %s "$3") * 17 / 1024))
            if [ "$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)" -gt $needed ]; then
                delta_peer bsdiff bsdiff "$4" bsdiff "$3" "$4" "$work/peer.bsdiff"
            else
                row delta "$words: peer: bsdiff" - "" "not run: it takes $((needed / 1024)) MiB of memory"
            fi
            ;;
        casync) delta_casync "$@" ;;
        zchunk) delta_zchunk "$@" ;;
        esac
    done
    if [ -f "$work/peer.zstd" ] && [ -f "$work/peer.xdelta3" ]; then
        smaller=$(stat -c %s "$work/peer.zstd" "$work/peer.xdelta3" | sort -n | head -n 1)
        row delta "$words: beside the smaller of zstd and xdelta3" "$(ratio "$size" "$smaller")" ×
    fi
    rm -f "$work"/peer.*
}

delta_peer() { # PEER WORDS NEW COMMAND… that writes $work/peer.PEER
    peer=$1
    peer_words=$2
    peer_image=$3
    shift 3
    if ! kept "$peer-$id" "$work/peer.$peer"; then
        if ! within "$peer-$id" "$@"; then
            rm -f "$work/peer.$peer"
            row delta "$words: peer: $peer_words" - "" "ended after ${PEER_SECONDS:-3600} s"
            return 0
        fi
        keep "$peer-$id" "$work/peer.$peer"
    fi
    packed delta "$peer-$id" "$work/peer.$peer" "$peer_image" "$words: peer: $peer_words"
}

# What a machine that has the chunks of the old image would still fetch.
delta_casync() { # PAIR FORM OLD NEW
    if ! kept "casync-$id" "$work/peer.casync"; then
        casync make --compression=zstd --store="$work/chunks" "$work/old.caibx" "$3" >/dev/null
        touch "$work/mark"
        measured "casync-$id" casync make --compression=zstd --store="$work/chunks" "$work/new.caibx" "$4"
        find "$work/chunks" -type f -newer "$work/mark" -exec cat {} + >"$work/peer.casync"
        cat "$work/new.caibx" >>"$work/peer.casync"
        rm -rf "$work/chunks" "$work"/*.caibx
        keep "casync-$id" "$work/peer.casync"
    fi
    packed delta "casync-$id" "$work/peer.casync" "$4" "$words: peer: casync, new chunks"
}

# The same, as zchunk's own tool reckons it. Its time is that of packing the whole new image.
delta_zchunk() { # PAIR FORM OLD NEW
    if ! kept "zchunk-$id" "$work/peer.zchunk"; then
        (cd "$work" && zck -o old.zck "$(realpath "$3")" >/dev/null)
        measured "zchunk-$id" sh -c 'cd "$1" && zck -o new.zck "$2"' sh "$work" "$(realpath "$4")"
        zck_delta_size "$work/old.zck" "$work/new.zck" >"$work/peer.zchunk"
        rm -f "$work/old.zck" "$work/new.zck"
        keep "zchunk-$id" "$work/peer.zchunk"
    fi
    row delta "$words: peer: zchunk, new chunks" "$(median "zchunk-$id" 1)" s \
        "$(awk '/^Would download/ { printf "%.1f", $3 / 1048576 }' "$work/peer.zchunk") of $(mebibytes "$4") MiB"
}
