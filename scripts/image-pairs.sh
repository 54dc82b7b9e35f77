#!/bin/sh
# Builds the image pairs that delta payloads are measured on, from Debian's packages.
#
#   scripts/image-pairs.sh [--directory DIR]        default: ~/.cache/martlet/pairs
#
# Four root file systems, each in three forms: ROOT.ext4, ROOT.erofs (not compressed) and ROOT.lz4.erofs (lz4hc):
#
#   previous   Debian 11, the main suite alone
#   release    Debian 12, the main suite alone
#   security   the same packages with bookworm-security and bookworm-updates
#   feature    the same with what bookworm-backports has newer, but for the kernel, whose modules it packs in another way
#
# The pairs are release → security, security → feature, and previous → security. What stands in the directory is kept;
# remove a file to make it again. ROOT.packages tells what went in: the archive moves, so compare only figures that were
# taken from the same files. MIRROR and SECURITY_MIRROR may name a snapshot. The kernel and its initramfs are left out, as
# they live beside the root file system; the modules stay. Needs root, mmdebstrap, e2fsprogs, erofs-utils.
set -eu

directory=${XDG_CACHE_HOME:-$HOME/.cache}/martlet/pairs
if [ "${1:-}" = --directory ] && [ $# -eq 2 ]; then
    directory=$2
elif [ $# -gt 0 ]; then
    echo "image-pairs.sh: usage: image-pairs.sh [--directory DIR]" >&2
    exit 64
fi
mirror=${MIRROR:-http://deb.debian.org/debian}
security_mirror=${SECURITY_MIRROR:-http://deb.debian.org/debian-security}
for tool in mmdebstrap mke2fs debugfs mkfs.erofs; do
    command -v $tool >/dev/null || {
        echo "image-pairs.sh: $tool is missing; apt-get install mmdebstrap e2fsprogs erofs-utils" >&2
        exit 69
    }
done
[ "$(id -u)" -eq 0 ] || {
    echo "image-pairs.sh: must run as root" >&2
    exit 77
}

# One moment for everything, so that the same packages give the same images.
SOURCE_DATE_EPOCH=1767225600
E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
export SOURCE_DATE_EPOCH E2FSPROGS_FAKE_TIME
identity=6d617274-6c65-4074-8070-616972730000
packages=systemd,systemd-sysv,udev,dbus,linux-image-cloud-amd64,kmod,openssh-server,ca-certificates,curl,iproute2
packages=$packages,nftables,e2fsprogs,cryptsetup-bin,dmsetup,kexec-tools,procps,containerd,runc,python3,openssl,gnupg
packages=$packages,less,vim-tiny,chrony,rsync

tree() { # ROOT SUITE SOURCE…: the root file system as ROOT.tar
    root=$1
    suite=$2
    shift 2
    [ -s "$directory/$root.tar" ] && return
    echo "image-pairs.sh: $root: installing" >&2
    timeout 1800 mmdebstrap --quiet --mode=root --format=tar --variant=minbase --include="$packages" \
        --customize-hook='rm -rf "$1"/boot/* "$1"/vmlinuz* "$1"/initrd* "$1"/etc/machine-id "$1"/etc/ssh/ssh_host_*' \
        --customize-hook='rm -rf "$1"/var/log/* "$1"/var/cache/* "$1"/var/lib/apt/lists/* "$1"/etc/hostname' \
        --customize-hook='rm -f "$1"/etc/resolv.conf' \
        --customize-hook='chroot "$1" dpkg-query -W >'"$directory/$root.packages" \
        --setup-hook="$prepare" "$suite" "$directory/$root.tar.new" "$@" >&2
    mv "$directory/$root.tar.new" "$directory/$root.tar"
}

# Every inode's times, which mke2fs takes from where the files stand, and reads them in that file system's order: memory,
# where it is that of their making.
make_ext4() { # TREE IMAGE
    count=$(find "$1" | wc -l)
    size=$((($(du -sm "$1" | cut -f 1) * 9 / 8 / 64 + 1) * 64))
    rm -f "$2.new"
    mke2fs -q -t ext4 -O ^has_journal,^metadata_csum_seed -L root -U $identity -E hash_seed=$identity,lazy_itable_init=0 -m 0 \
        -N $((count * 5 / 4)) -d "$1" "$2.new" "${size}M"
    inodes=$(dumpe2fs -h "$2.new" 2>/dev/null | awk '/^Inode count/ { total = $3 } /^Free inodes/ { print total - $3 }')
    awk -v last="$inodes" -v time="@$SOURCE_DATE_EPOCH" 'BEGIN {
        for (i = 11; i <= last; i++) {
            print "set_inode_field <" i "> ctime " time
            print "set_inode_field <" i "> atime " time
            print "set_inode_field <" i "> ctime_extra 0"
            print "set_inode_field <" i "> atime_extra 0"
        }
    }' >"$2.commands"
    debugfs -w -f "$2.commands" "$2.new" >/dev/null 2>&1
    rm "$2.commands"
    mv "$2.new" "$2"
}

make_erofs() { # TREE IMAGE OPTION…
    from=$1
    image=$2
    shift 2
    mkfs.erofs -T $SOURCE_DATE_EPOCH -U $identity "$@" "$image.new" "$from" >/dev/null 2>&1
    mv "$image.new" "$image"
}

images() { # ROOT, inside a mount namespace of its own
    mount -t tmpfs -o size=4g,mode=755 tmpfs /mnt
    tar -C /mnt --numeric-owner --same-permissions --xattrs -xf "$directory/$1.tar"
    [ -s "$directory/$1.ext4" ] || make_ext4 /mnt "$directory/$1.ext4"
    [ -s "$directory/$1.erofs" ] || make_erofs /mnt "$directory/$1.erofs"
    [ -s "$directory/$1.lz4.erofs" ] || make_erofs /mnt "$directory/$1.lz4.erofs" -zlz4hc,9
}

if [ "${MARTLET_PAIRS_STEP:-}" ]; then
    images "$MARTLET_PAIRS_STEP"
    exit 0
fi

mkdir -p "$directory"
bookworm="deb $mirror bookworm main"
updates="deb $mirror bookworm-updates main"
fixes="deb $security_mirror bookworm-security main"
prepare=true
tree release bookworm "$bookworm"
tree security bookworm "$bookworm" "$updates" "$fixes"
tree previous bullseye "deb $mirror bullseye main"
prepare='mkdir -p "$1"/etc/apt/preferences.d && printf "Package: *\nPin: release n=bookworm-backports\nPin-Priority: 500\n\nPackage: linux-*\nPin: release n=bookworm-backports\nPin-Priority: -1\n" >"$1"/etc/apt/preferences.d/newer'
tree feature bookworm "$bookworm" "$updates" "$fixes" "deb $mirror bookworm-backports main"
for root in previous release security feature; do
    MARTLET_PAIRS_STEP=$root XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache} \
        unshare --mount --propagation private "$0" --directory "$directory"
    ls -s --block-size=M "$directory/$root.ext4" "$directory/$root.erofs" "$directory/$root.lz4.erofs" >&2
done
