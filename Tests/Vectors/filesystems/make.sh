#!/bin/sh
# Makes the images of this folder again, with mke2fs, mkfs.erofs, veritysetup, python3, gzip and xz. They are two releases of
# a small tree, each as ext4, as plain erofs and as erofs with lz4hc blocks; `old.list` and `new.list` tell each file's SHA-256.
# `old.gzip` and `new.gzip` are trees of files that gzip packed.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$work" <<'PYTHON'
import hashlib, os, random, subprocess, sys, zlib

def text(seed, count):
    chance = random.Random(seed)
    words = "slot boot image payload martlet kernel group channel wave".split()
    return "".join(f"{chance.choice(words)} {chance.randrange(1000)}\n" for _ in range(count)).encode()

def program(seed, count):
    chance = random.Random(seed)
    pieces = [bytes(chance.randrange(256) for _ in range(24)) for _ in range(60)]
    return b"".join(chance.choice(pieces) for _ in range(count))

def moved(data, shift):
    # Addresses that moved: here and there a byte counts up, and a few bytes are new.
    made = bytearray(data[:5000] + b"changed" + data[5000:])
    for place in range(0, len(made), 997):
        made[place] = (made[place] + shift) % 256
    return bytes(made)

def packed(data, *options):
    place = os.path.join(sys.argv[1], "content")
    open(place, "wb").write(data)
    os.utime(place, (1700000000, 1700000000))
    return subprocess.run(["gzip", "-c", *options, place], stdout=subprocess.PIPE, check=True).stdout

def write(root, files):
    lines = []
    for path, data in sorted(files.items()):
        place = os.path.join(sys.argv[1], root, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        open(place, "wb").write(data)
        lines.append(f"{hashlib.sha256(data).hexdigest()} {path}\n")
    open(root + ".list", "w").writelines(lines)

old = {f"share/doc/{n}.txt": text(n, 40 + 9 * n) for n in range(30)}
old |= {"bin/program": program(1, 12000), "lib/1.2.3/library.so": program(2, 9000), "etc/settings": text(99, 20),
        "share/large.txt": text(100, 14000), "share/noise": random.Random(5).randbytes(12288),
        "share/zeros": bytes(50000)}
new = dict(old)
new |= {"bin/program": moved(old["bin/program"], 3), "share/doc/7.txt": text(7, 103) + b"one more line\n",
        "share/new.txt": text(200, 900), "share/large.txt": b"first\n" + old["share/large.txt"]}
new["lib/1.2.4/library.so"] = moved(new.pop("lib/1.2.3/library.so"), 5)
new["share/elsewhere"] = new.pop("share/noise")
del new["share/doc/3.txt"]
write("old", old)
write("new", new)

# Most share a block with what stands beside them in erofs; the last ones nobody makes again, but they are right.
sizes = [3, 40, 90, 150, 300, 700, 1500, 4000]
old = {f"doc/{n}.gz": packed(text(300 + n, size), "-9n") for n, size in enumerate(sizes)}
old |= {"doc/named.gz": packed(text(400, 500)), "doc/gone.gz": packed(text(401, 200), "-9n"), "doc/plain.txt": text(402, 300)}
new = {f"doc/{n}.gz": packed(b"changed\n" + text(300 + n, size), "-9n") for n, size in enumerate(sizes)}
new |= {"doc/named.gz": packed(text(400, 500)[:9000] + b"changed" + text(400, 500)[9000:]),
        "doc/5.gz": old["doc/5.gz"], "doc/empty.gz": packed(b"", "-9n"), "doc/fresh.gz": packed(text(403, 200), "-9n"),
        "doc/plain.txt": text(402, 310)}
other = packed(text(404, 400), "-9n")
new |= {"doc/fast.gz": other[:10] + zlib.compress(text(404, 400), 1)[2:-4] + other[-8:], "doc/cut.gz": other[:-9],
        "doc/twice.gz": other + other}
write("old.gzip", old)
write("new.gzip", new)
PYTHON
export SOURCE_DATE_EPOCH=1700000000 E2FSPROGS_FAKE_TIME=1700000000
identity=6d617274-6c65-4074-8070-616972730001
find "$work" -exec touch -h -d @1700000000 {} +
for root in old new old.gzip new.gzip; do
    mke2fs -q -t ext4 -b 4096 -O ^has_journal -U $identity -E hash_seed=$identity,lazy_itable_init=0 -m 0 -N 128 \
        -d "$work/$root" "$work/$root.ext4" 2M
    mkfs.erofs -T 1700000000 -U $identity "$work/$root.erofs" "$work/$root" >/dev/null 2>&1
    mkfs.erofs -T 1700000000 -U $identity -zlz4hc,9 "$work/$root.lz4.erofs" "$work/$root" >/dev/null 2>&1
    for form in ext4 erofs lz4.erofs; do xz -9e -c "$work/$root.$form" >"$root.$form.xz"; done
done
# The hash trees of the plain erofs images.
for root in old new; do
    veritysetup format --salt=$(printf %s "salt of $root" | od -An -tx1 | tr -d ' \n') --uuid=$identity "$work/$root.erofs" "$work/$root.verity" >/dev/null
    xz -9e -c "$work/$root.verity" >"$root.verity.xz"
done
# The longer form of the list of blocks, which the first kernels with erofs read.
mkfs.erofs -T 1700000000 -U $identity -zlz4hc,9 -E legacy-compress "$work/legacy" "$work/old" >/dev/null 2>&1
xz -9e -c "$work/legacy" >old.legacy.erofs.xz
