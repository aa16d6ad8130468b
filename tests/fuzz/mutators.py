"""Ways to change a file: its bytes, its text, what it says, and HDF5's metadata under checksums that are right."""

from __future__ import annotations

import copy
import io
import json
import random
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import h5py
import numpy as np
import yaml

SECRET = "secret"  # the folder beside an input, with files that no answer may have anything of
NUMBERS = [
    0,
    1,
    2,
    3,
    7,
    127,
    128,
    255,
    256,
    2**15,
    2**16 - 1,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**64 - 1,
]
PLACES = [
    f"../{SECRET}/secret.h5",
    f"../{SECRET}/secret.txt",
    "/etc/passwd",
    "..",
    ".",
    "/",
    "run.h5",
    "a\0b",
    "\ud800",
]
VALUES: list[Any] = [None, True, 0, -1, 0.5, 1e308, 2**63, -(2**63), 2**200, "", "x", "x" * 5_000, "\u202e\0", [], {}]
VALUES += [["x"] * 500, {"a": {"b": []}}, float("inf"), float("nan"), "[" * 2_000, *PLACES]
MARKS = (b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"FHIB", b"BTHD", b"BTIN", b"BTLF", b"FAHD", b"FADB", b"EAHD", b"EAIB")
MARKS += (b"EADB", b"EASB", b"\x89HDF\r\n\x1a\n\x02", b"\x89HDF\r\n\x1a\n\x03")
MOST_SPAN = 4_096  # bytes under one checksum that are looked for


def changed_bytes(data: bytes, rng: random.Random) -> bytes:
    """Change bytes, numbers or the length of a file."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        at = rng.randrange(max(1, len(out)))
        match rng.randrange(8):
            case 0 | 1:
                out[at : at + 1] = bytes([rng.choice([0, 1, 127, 255, rng.randrange(256)])])
            case 2 | 3:
                width = rng.choice([2, 4, 8])
                out[at : at + width] = (rng.choice(NUMBERS) % 2 ** (8 * width)).to_bytes(width, "little")
            case 4:
                out[at : at + rng.choice([1, 8, 64])] = b""
            case 5:
                out[at:at] = out[max(0, at - rng.choice([1, 8, 64])) : at] * rng.choice([1, 3])
            case 6:
                other = rng.randrange(max(1, len(out)))
                out[at : at + 16] = out[other : other + 16]
            case 7:
                out = out[:at] if rng.random() < 0.3 else out
    return bytes(out)


def changed_value(value: Any, rng: random.Random) -> Any:
    """Change one part of a JSON value: leave it out, give it another type, repeat it, or make it absurd."""
    value = copy.deepcopy(value)
    at = value
    while isinstance(at, dict | list) and at:
        key = rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if isinstance(at[key], dict | list) and at[key] and rng.random() < 0.75:
            at = at[key]
            continue
        match rng.randrange(6):
            case 0:
                del at[key]
            case 1 if isinstance(at, dict):
                at[rng.choice(["x", "__class__", "format", ""])] = at.pop(key)
            case 2 if isinstance(at, list):
                at += [at[key]] * rng.choice([1, 300])
            case _:
                at[key] = rng.choice([*VALUES, [at[key]] * 3, {"a": at[key]}, str(at[key])])
        return value
    return rng.choice(VALUES)


def changed_json(data: bytes, rng: random.Random) -> bytes:
    """Change what a JSON text says, or its text."""
    if rng.random() < 0.25:
        return changed_text(data, rng)
    return json.dumps(_several(json.loads(data), rng)).encode("utf-8", "surrogatepass")


def changed_yaml(data: bytes, rng: random.Random) -> bytes:
    """Change what a YAML text says, or its text."""
    if rng.random() < 0.3:
        return changed_text(data, rng)
    text = yaml.dump(_several(yaml.safe_load(data), rng), allow_unicode=True, sort_keys=False)
    return text.encode("utf-8", "surrogatepass")


def _several(value: Any, rng: random.Random) -> Any:
    for _ in range(rng.choice([1, 1, 2, 3])):
        value = changed_value(value, rng)
    return value


def changed_text(data: bytes, rng: random.Random) -> bytes:
    """Change bytes of a text, or put something into it that means much to a parser."""
    if rng.random() < 0.5:
        return changed_bytes(data, rng)
    pieces = [b"[" * 5_000, b"{" * 5_000, b"&a [*a,*a]", b"!!python/object:os.system", b"9" * 5_000, b"1e999", b"\x00"]
    pieces += [b"\xff\xfe", b"\xef\xbb\xbf", b"- " * 3_000, b"<<: *a", b"NaN", b"? " * 2_000, b"\n" * 20_000, b"'" * 9]
    pieces += [f"&b{i} [*b{i - 1},*b{i - 1}]\n".encode() for i in range(3)]
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(pieces) + data[at + rng.choice([0, 0, 1, 20]) :]


def changed_hdf5(data: bytes, rng: random.Random) -> bytes:
    """Change a file of HDF5: its bytes, its metadata with right checksums, or its groups, data sets and attributes."""
    kind = rng.random()
    if kind < 0.35:
        return changed_bytes(data, rng)
    if kind < 0.65 and (spans := checksummed(data)):
        return changed_metadata(data, spans, rng)
    buffer = io.BytesIO(data)
    try:
        with h5py.File(buffer, "r+") as file:
            for _ in range(rng.choice([1, 1, 2, 3])):
                rng.choice([_odd_attribute, _odd_values, _odd_values, _odd_link])(file, rng)
    except (OSError, RuntimeError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, MemoryError):
        return changed_bytes(data, rng)  # what HDF5 itself does not write
    return buffer.getvalue()


def changed_metadata(data: bytes, spans: list[tuple[int, int]], rng: random.Random) -> bytes:
    """Change what lies under checksums, and set them right."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 2])):
        start, stop = rng.choice(spans)
        for _ in range(rng.choice([1, 1, 2, 4])):
            at = rng.randrange(start + 4, stop)
            width = min(rng.choice([1, 1, 2, 4, 8]), stop - at)
            number = rng.choice([*NUMBERS, out[at] ^ (1 << rng.randrange(8)), rng.randrange(256)])
            out[at : at + width] = (number % 2 ** (8 * width)).to_bytes(width, "little")
        out[stop : stop + 4] = _sum(bytes(out[start:stop]))
    return bytes(out)


@lru_cache(maxsize=4)
def checksummed(data: bytes) -> list[tuple[int, int]]:
    """Return where HDF5's metadata with a checksum starts and stops; the checksum follows each."""
    spans = []
    for mark in MARKS:
        at = data.find(mark)
        while at >= 0:
            stop = min(len(data) - 4, at + MOST_SPAN)
            ends = (end for end in range(at + 9, stop) if data[end : end + 4] == _sum(data[at:end]))
            if (end := next(ends, None)) is not None:
                spans.append((at, end))
            at = data.find(mark, at + 1)
    return sorted(spans)


def _sum(data: bytes) -> bytes:
    return struct.pack("<I", lookup3(data))


def lookup3(data: bytes) -> int:
    """Return HDF5's checksum of metadata: lookup3 by Bob Jenkins."""
    mask = 0xFFFFFFFF

    def rot(x: int, k: int) -> int:
        return ((x << k) | (x >> (32 - k))) & mask

    a = b = c = (0xDEADBEEF + len(data)) & mask
    i = 0
    while len(data) - i > 12:
        x, y, z = struct.unpack_from("<III", data, i)
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        a = ((a - c) & mask) ^ rot(c, 4)
        c = (c + b) & mask
        b = ((b - a) & mask) ^ rot(a, 6)
        a = (a + c) & mask
        c = ((c - b) & mask) ^ rot(b, 8)
        b = (b + a) & mask
        a = ((a - c) & mask) ^ rot(c, 16)
        c = (c + b) & mask
        b = ((b - a) & mask) ^ rot(a, 19)
        a = (a + c) & mask
        c = ((c - b) & mask) ^ rot(b, 4)
        b = (b + a) & mask
        i += 12
    x, y, z = struct.unpack("<III", data[i:].ljust(12, b"\0"))
    a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
    c = ((c ^ b) - rot(b, 14)) & mask
    a = ((a ^ c) - rot(c, 11)) & mask
    b = ((b ^ a) - rot(a, 25)) & mask
    c = ((c ^ b) - rot(b, 16)) & mask
    a = ((a ^ c) - rot(c, 4)) & mask
    b = ((b ^ a) - rot(a, 14)) & mask
    return ((c ^ b) - rot(b, 24)) & mask


def _places(file: h5py.File) -> list[str]:
    places: list[str] = []
    file.visit(places.append)
    return places


def _odd_attribute(file: h5py.File, rng: random.Random) -> None:
    item = file[rng.choice(["/", *_places(file)])]
    name = rng.choice([*item.attrs, "x"])
    odd: list[Any] = [
        np.bytes_(b"x"),
        np.bytes_(b"\xff\0"),
        np.bytes_(b"a" * 60_000),
        "variable",
        -1,
        2**62,
        2.5,
        np.nan,
    ]
    odd += [np.zeros(3, "i8"), np.zeros(0), h5py.Empty("f"), np.zeros(2, [("a", "i4")]), b"lstmviz", b"tanh", b"text"]
    if name in item.attrs and rng.random() < 0.2:
        del item.attrs[name]
        return
    item.attrs[name] = rng.choice(odd)


def _odd_values(file: h5py.File, rng: random.Random) -> None:
    place = rng.choice([p for p in _places(file) if isinstance(file[p], h5py.Dataset)])
    old, attributes = file[place], dict(file[place].attrs)
    values, shape = old[()], old.shape
    del file[place]
    match rng.randrange(9):
        case 0:
            file[place] = np.asarray(values).astype(rng.choice(["i1", "u8", "f8", "S3", "f2", "i8"]), copy=True)
        case 1:
            file[place] = np.asarray(values)[: rng.choice([0, 1, len(values) // 2 if shape else 1])]
        case 2:
            file[place] = np.full(shape, rng.choice([0, 1, 255, 127]), "u1").astype(old.dtype)
        case 3:
            file.create_dataset(place, shape, old.dtype, chunks=True, maxshape=(None,) * len(shape))
        case 4:
            most = rng.choice([2**20, 2**31, 2**40, 2**62])
            file.create_dataset(place, (most, *shape[1:]), old.dtype, chunks=(64, *shape[1:]), compression="gzip")
        case 5:
            external = [(rng.choice(PLACES[:3]), 0, 2**10)]
            file.create_dataset(place, shape, old.dtype, external=external)
        case 6:
            layout = h5py.VirtualLayout(shape, old.dtype)
            layout[...] = h5py.VirtualSource(PLACES[0], "states", shape=shape)
            file.create_virtual_dataset(place, layout)
        case 7:
            file[place] = np.repeat(np.asarray(values), rng.choice([2, 20]), axis=0) if shape else values
        case 8:
            flat = np.array(values, copy=True).reshape(-1)
            if flat.dtype.kind in "iu" and len(flat):
                flat[rng.randrange(len(flat))] = rng.choice([0, 1, np.iinfo(flat.dtype).max, np.iinfo(flat.dtype).min])
            file.create_dataset(place, data=flat.reshape(shape), fletcher32=True, shuffle=bool(shape), chunks=True)
    for name, value in attributes.items():
        file[place].attrs[name] = value


def _odd_link(file: h5py.File, rng: random.Random) -> None:
    place = rng.choice(_places(file))
    kept: Callable[[], Any] = rng.choice(
        [
            lambda: h5py.SoftLink(rng.choice(["/", f"/{place}", "/no"])),
            lambda: h5py.ExternalLink(PLACES[0], rng.choice(["/", "states", f"/{place}"])),
            lambda: file[rng.choice(_places(file))],
            lambda: np.dtype([("a", "i4")]),
        ]
    )
    made = kept()
    if rng.random() < 0.6:
        del file[place]
    else:
        place += rng.choice(["2", "\u202e", " "])
    if rng.random() < 0.8:
        file[place] = made
