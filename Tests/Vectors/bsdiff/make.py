#!/usr/bin/env python3
"""Makes the patches of this folder with bsdiff (Debian package bsdiff 4.3), and the digests of what they make."""
import hashlib
import subprocess
import tempfile

WORDS = b"slot boot image payload martlet kernel group channel wave".split()


def numbers(seed):
    """The same sequence as `Sequence64` in the tests."""
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield seed >> 33


def text(count):
    source, words = numbers(7), bytearray()
    while len(words) < count:
        words += WORDS[next(source) % len(WORDS)] + b"%d " % (next(source) % 1000)
    return bytes(words[:count])


def edited(old):
    source, new = numbers(3), bytearray(old)
    for _ in range(200):
        new[next(source) % len(new)] = next(source) % 256
    noise = bytes(next(source) % 256 for _ in range(500))
    return bytes(new[:30000] + noise + new[60000:100000] + new[30000:60000] + b"tail")


def make(name, old, new):
    with tempfile.TemporaryDirectory() as folder:
        for file, content in (("old", old), ("new", new)):
            with open(f"{folder}/{file}", "wb") as handle:
                handle.write(content)
        subprocess.run(["bsdiff", f"{folder}/old", f"{folder}/new", f"{name}.patch"], check=True)
    with open(f"{name}.sha256", "w") as handle:
        handle.write(hashlib.sha256(new).hexdigest() + "\n")


small, large = text(120000), text(400000)
make("edited", small, edited(small))
make("same", small, small)
make("large", large, bytes((byte + 1) % 256 for byte in large[1000:380000]) + large[:300000])
