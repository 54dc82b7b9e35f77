# RAUC as a peer of scripts/bench-payload.sh, which sources this: a bundle of the whole image, installed by its own service.
#
# The service gets a message bus of its own, a slot that is a file, and a boot loader that does nothing. It mounts the bundle,
# and therefore wants root; without, there is no row.

rauc_works() { [ "$(id -u)" = 0 ] && command -v rauc >/dev/null && command -v dbus-run-session >/dev/null; }

# rauc_bundle IMAGE: makes $work/rauc/image.raucb, as small as zstd makes it.
rauc_bundle() {
    mkdir -p "$work/rauc/content" "$work/rauc/mount"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=bench -keyout "$work/rauc/key.pem" \
        -out "$work/rauc/cert.pem" 2>/dev/null
    cat >"$work/rauc/content/manifest.raucm" <<EOF
[update]
compatible=bench
version=1
[bundle]
format=plain
[image.root]
filename=root.img
EOF
    cat >"$work/rauc/system.conf" <<EOF
[system]
compatible=bench
bootloader=noop
mountprefix=$work/rauc/mount
statusfile=$work/rauc/status
[keyring]
path=$work/rauc/cert.pem
[slot.root.0]
device=$work/rauc/running
bootname=A
[slot.root.1]
device=$work/out
bootname=B
EOF
    ln -f "$1" "$work/rauc/content/root.img" 2>/dev/null || cp "$1" "$work/rauc/content/root.img"
    : >"$work/rauc/running"
    measured rauc rauc --cert="$work/rauc/cert.pem" --key="$work/rauc/key.pem" \
        --mksquashfs-args="-comp zstd -Xcompression-level 19 -b 1M -quiet -no-progress" \
        bundle "$work/rauc/content" "$work/rauc/image.raucb"
    rm -r "$work/rauc/content"
    cat >"$work/rauc/install" <<EOF
export DBUS_STARTER_BUS_TYPE=session
rauc --conf=$work/rauc/system.conf --override-boot-slot=A service &
service=\$!
tries=200
until rauc --conf=$work/rauc/system.conf status; do
    tries=\$((tries - 1))
    [ \$tries -gt 0 ] || exit 69
    sleep 0.05
done
rauc --conf=$work/rauc/system.conf install $work/rauc/image.raucb
status=\$?
kill \$service
exit \$status
EOF
}

# Writes the bundle's image into $work/out, which the service wants to be there and as large as the image.
rauc_install() {
    truncate -s "$(stat -c %s "$image")" "$work/out"
    measured apply-rauc sh -c 'dbus-run-session -- sh "$1" && sync "$2"' sh "$work/rauc/install" "$work/out"
}
