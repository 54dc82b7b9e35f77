#!/bin/sh
# Shows Secure Boot with keys of our own in QEMU: a signed system boots, one whose kernel image is not signed is refused.
#
# Usage: scripts/secure-boot.sh [FOLDER]     (default: a folder in /var/tmp that is removed at the end)
# Needs root, “make build”, the packages of “scripts/install-packages.sh image” and “boot”, sbsigntool, openssl, and virt-fw-vars
# (pip install virt-firmware). 30 to 75 seconds on two processors without KVM, as busy as they are, once the packages of the
# system have been fetched.
set -eu
cd "$(dirname "$0")/.."

martlet=.build/release/martlet
work=${1:-}
if [ -z "$work" ]; then
    work=$(mktemp -d /var/tmp/martlet-secure-boot.XXXXXX)
    trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$work"
firmware=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd
for tool in sbsign openssl virt-fw-vars qemu-system-x86_64 mcopy; do
    command -v $tool >/dev/null || { echo "secure-boot.sh: $tool is missing" >&2; exit 69; }
done

echo "Making keys and enrolling them"
for name in PK KEK db; do
    openssl req -new -x509 -newkey rsa:2048 -nodes -sha256 -days 3650 -subj "/CN=Martlet trial $name/" \
        -keyout "$work/$name.key" -out "$work/$name.crt" 2>/dev/null
done
owner=$(cat /proc/sys/kernel/random/uuid)
virt-fw-vars --input /usr/share/OVMF/OVMF_VARS_4M.fd --output "$work/enrolled.fd" --secure-boot \
    --set-pk "$owner" "$work/PK.crt" --add-kek "$owner" "$work/KEK.crt" --add-db "$owner" "$work/db.crt" >/dev/null 2>&1

echo "Building a signed system"
"$martlet" image build --version 1.0.0 --output "$work/os" --quiet \
    --secure-boot-key "$work/db.key" --secure-boot-certificate "$work/db.crt" >/dev/null
cp --sparse=always "$work/os/disk.img" "$work/signed.img"
cp --sparse=always "$work/os/disk.img" "$work/unsigned.img"
# It warns of gaps between sections, which are meant.
sbattach --remove "$work/os/uki.efi" 2>/dev/null || { echo "The signature cannot be removed." >&2; exit 70; }
mcopy -o -i "$work/unsigned.img@@1M" "$work/os/uki.efi" ::EFI/Linux/martlet-1-a.efi

# boot NAME PATTERN SECONDS: whether the pattern shows on the console in time. One processor: with two, translated, a boot was
# seen to stop for ever where the kernel takes over from the firmware.
boot() {
    cp "$work/enrolled.fd" "$work/$1.fd"
    rm -f "$work/$1.log"
    qemu-system-x86_64 -machine q35,smm=on -accel tcg,thread=multi -cpu Nehalem -smp 1 -m 1024 -nodefaults \
        -no-user-config -display none -no-reboot -serial "file:$work/$1.log" \
        -global driver=cfi.pflash01,property=secure,value=on -global ICH9-LPC.disable_s3=1 \
        -drive "if=pflash,format=raw,unit=0,readonly=on,file=$firmware" \
        -drive "if=pflash,format=raw,unit=1,file=$work/$1.fd" \
        -drive "file=$work/$1.img,if=none,id=d,format=raw,cache=unsafe" -device virtio-blk-pci,drive=d 2>"$work/$1.err" &
    emulator=$!
    result=1
    left=$3
    while [ "$left" -gt 0 ] && kill -0 $emulator 2>/dev/null; do
        if grep -aq "$2" "$work/$1.log" 2>/dev/null; then
            result=0
            break
        fi
        left=$((left - 1))
        sleep 1
    done
    kill $emulator 2>/dev/null || true
    wait $emulator 2>/dev/null || true
    return $result
}

boot signed "Welcome to" 240 || { tail -n 5 "$work/signed.err" "$work/signed.log"; echo "The signed system did not boot." >&2; exit 70; }
echo "signed: boots"
boot unsigned "Access Denied" 120 || { tail -n 5 "$work/unsigned.err" "$work/unsigned.log"; echo "The unsigned one was not refused." >&2; exit 70; }
echo "unsigned: refused (Access Denied)"
