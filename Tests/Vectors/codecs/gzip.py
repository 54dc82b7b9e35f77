#!/usr/bin/env python3
"""Digests of what gzip makes of contents that both sides make: gzip.py > gzip.list

Each line: the kind of content, its size in bytes, the level, the SHA-256 of `gzip -n -LEVEL`. Made with gzip 1.12.
"""
import hashlib
import subprocess
import tempfile


def numbers():
    state = 1
    while True:
        state = (state * 1664525 + 1013904223) % 2**32
        yield state >> 24


def noise(size):
    source = numbers()
    return bytes(next(source) for _ in range(size))


def text(size):
    """Words of two to nine letters out of 256, so that there is something to repeat."""
    source = numbers()
    words = [bytes(97 + next(source) % 26 for _ in range(2 + next(source) % 8)) for _ in range(256)]
    content = b""
    while len(content) < size:
        content += words[next(source)] + b" "
    return content[:size]


def mixed(size):
    """Text and noise in turns, of 5000 bytes each."""
    letters, rest = text(size), noise(size)
    return bytes((letters if place // 5000 % 2 == 0 else rest)[place] for place in range(size))


def far(size):
    """The same noise again and again, just within reach."""
    return (noise(32400) * (size // 32400 + 1))[:size]


def edge(size):
    """The same noise again and again, as far back as gzip goes."""
    return (noise(32506) * (size // 32506 + 1))[:size]


def beyond(size):
    """The same, a byte too far."""
    return (noise(32507) * (size // 32507 + 1))[:size]


def bits(size):
    """Two letters: the same three bytes stand in thousands of places, of which gzip looks at some."""
    return bytes(97 + (byte >> 7) for byte in noise(size))


def runs(size):
    """One letter again and again, and now and then another one: so do the same eight bytes."""
    return b"".join(b"a" * (16 + (byte >> 3)) + b"b" for byte in noise(size // 16 + 1))[:size]


KINDS = {
    "noise": noise, "text": text, "mixed": mixed, "far": far, "zeros": bytes, "bits": bits, "runs": runs, "edge": edge,
    "beyond": beyond,
}
EDGES = [0, 1, 2, 3, 4, 259, 4096, 32767, 32768, 65000, 65274, 65276, 65400, 65535, 65536, 65537, 98043, 131072, 200000]

for kind, make in KINDS.items():
    for size in EDGES + ([1000000] if kind in ("text", "zeros") else []):
        # A file, for a pipe gives what it has: gzip looks at less at a time then.
        with tempfile.TemporaryFile() as file:
            file.write(make(size))
            for level in (4, 6, 9) if size < 200000 else (5, 7, 8, 9):
                file.seek(0)
                packed = subprocess.run(["gzip", "-nc", f"-{level}"], stdin=file, stdout=subprocess.PIPE, check=True)
                print(kind, size, level, hashlib.sha256(packed.stdout).hexdigest())
