"""The pictures of the docs: every one that is shown is written, and is small without looking other than it did."""

from __future__ import annotations

import re
import struct
import sys
import zlib

import numpy as np

from support.paths import ROOT

DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

import palette_png  # noqa: E402


def decoded(png):
    """Rows of (red, green, blue) of a PNG with a palette and no filters."""
    at, parts = 8, {}
    while at < len(png):
        (length,), name = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        data = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + data)
        parts[name] = data
        at += 12 + length
    width, height, depth, kind, *_ = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert (depth, kind) == (8, 3)
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return np.frombuffer(parts[b"PLTE"], np.uint8).reshape(-1, 3)[rows[:, 1:]]


def test_few_colours_stay_what_they_are_and_many_come_near():
    rng = np.random.default_rng(0)
    few = rng.integers(0, 256, (200, 3)).astype(np.uint8)[rng.integers(0, 200, 5000)]
    palette, places = palette_png.quantized(few)
    np.testing.assert_array_equal(palette[places], few)
    ramp = np.stack([np.arange(4096) // 16, np.full(4096, 90), np.arange(4096) % 64], axis=1).astype(np.uint8)
    palette, places = palette_png.quantized(ramp)
    assert len(palette) == palette_png.COLOURS
    away = np.abs(palette[places].astype(int) - ramp).max(axis=1)
    assert away.max() <= 12
    nearest = ((palette[None].astype(int) - ramp[::37, None]) ** 2).sum(axis=2).min(axis=1)
    np.testing.assert_array_equal(((palette[places[::37]].astype(int) - ramp[::37]) ** 2).sum(axis=1), nearest)


def test_a_screenshot_becomes_a_small_picture_of_the_same(chromium):
    context = chromium.new_context(viewport={"width": 120, "height": 60})
    page = context.new_page()
    page.set_content("<body style='margin:0;background:linear-gradient(#c84208 50%, #1a66dc 50%)'>")
    small = decoded(palette_png.palette_png(page.screenshot(), page))
    context.close()
    assert small.shape == (60, 120, 3)
    assert small[5, 7].tolist() == [0xC8, 0x42, 0x08]
    assert small[55, 100].tolist() == [0x1A, 0x66, 0xDC]


def test_every_view_is_written_and_shown():
    views = set(re.findall(r'^    "(\w+)": \w+,$', (DOCS / "make_pictures.py").read_text("utf-8"), re.M)) | {"export"}
    assert len(views) == 14
    names = {f"{view}-{scheme}{size}.png" for view in views for scheme in ("light", "dark") for size in ("", "-narrow")}
    assert {path.name for path in (DOCS / "pictures").iterdir()} == names
    assert set(re.findall(r"pictures/([\w-]+\.png)", (DOCS / "page.md").read_text("utf-8"))) == names
    assert sum((DOCS / "pictures" / name).stat().st_size for name in names) < 6 * 2**20
