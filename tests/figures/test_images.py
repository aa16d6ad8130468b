"""Images of figures: valid files, with the title in them, drawn without a word from the network."""

from __future__ import annotations

import re
import struct
import sys
import xml.etree.ElementTree as ElementTree
import zlib

import pytest

from lstmviz import figures
from lstmviz.errors import FigureError, PatternError
from lstmviz.figures import images
from support.hostile import HOSTILE, NAME

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def fig(parens):
    advice = parens.thresholds("rnn.l1.c", 249, 255)
    return figures.thresholds(advice, 0.3, title="Units at each <threshold> & “more” – 単語")


TITLE = "Units at each <threshold> & “more” – 単語"


def texts(svg):
    """Each text of an SVG, as it is drawn."""
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_an_svg_is_well_formed_has_its_title_and_runs_nothing(fig):
    svg = figures.image(fig, "svg")
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert (root.get("width"), root.get("height")) == (str(fig.layout.width), str(fig.layout.height))
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == TITLE
    assert any(TITLE.split(" –")[0] in text for text in texts(svg))
    assert not [e for e in root.iter() if e.tag in (f"{SVG}script", f"{SVG}foreignObject", f"{SVG}image")]


def test_a_png_is_whole_in_print_size_and_has_its_title(fig):
    png = figures.image(fig, "png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + data)
        chunks.setdefault(kind, b"")
        chunks[kind] += data
        at += 12 + size
    assert list(chunks)[-1] == b"IEND"
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    assert (width, height) == (fig.layout.width * 4, fig.layout.height * 4)
    assert chunks[b"iTXt"] == b"Title\0\0\0\0\0" + TITLE.encode()
    assert len(set(zlib.decompress(chunks[b"IDAT"]))) > 20  # something is drawn
    half = figures.image(fig, "png", scale=2)
    assert struct.unpack(">I", half[16:20])[0] == fig.layout.width * 2


def pdf_objects(pdf):
    """The objects of a PDF by number, the last of each, as (head, stream)."""
    found = {}
    for number, body in re.findall(rb"(\d+) 0 obj\n(.*?)endobj", pdf, re.S):
        head, _, rest = body.partition(b"stream\n")
        data = rest.rpartition(b"\nendstream")[0]
        found[int(number)] = head, zlib.decompress(data) if b"FlateDecode" in head else data
    return found


def pdf_text(objects):
    """The text that a PDF shows, by its fonts' own tables of characters."""
    fonts = {}
    for head, _ in objects.values():
        for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", head):
            table = re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)][0])
            fonts[name] = characters(objects[int(table[1])][1].decode()) if table else {}
    shown, font = [], {}
    for _, stream in objects.values():
        if b"BT" in stream:
            for name, glyphs in re.findall(rb"/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)> Tj", stream):
                font = fonts[name] if name else font
                codes = [glyphs[i : i + 4].decode().upper() for i in range(0, len(glyphs), 4)]
                shown.append("".join(font.get(code, "") for code in codes))
    return "".join(shown)


def characters(table):
    found = {}
    for block in re.findall(r"beginbfchar\n(.*?)endbfchar", table, re.S):
        found |= {a.upper(): chr(int(b, 16)) for a, b in re.findall(r"<(\w+)> <(\w{4})>", block)}
    for block in re.findall(r"beginbfrange\n(.*?)endbfrange", table, re.S):
        for low, high, first in re.findall(r"<(\w+)> <(\w+)> <(\w{4})>", block):
            for i in range(int(low, 16), int(high, 16) + 1):
                found[f"{i:04X}"] = chr(int(first, 16) + i - int(low, 16))
    return found


def test_a_pdf_is_of_the_figures_size_and_has_its_title(fig):
    pdf = figures.image(fig, "pdf")
    assert pdf.startswith(b"%PDF-1.")
    assert pdf.endswith(b"%%EOF\n")
    objects = pdf_objects(pdf)
    table = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    assert pdf[table:].startswith(b"xref\n")
    offset, info = int(pdf[table:].split()[3]), int(re.findall(rb"/Info (\d+) 0 R", pdf)[-1])
    assert pdf[offset:].startswith(b"%d 0 obj" % info)
    (title,) = re.findall(rb"/Title <([0-9a-f]+)>", objects[info][0])
    assert bytes.fromhex(title.decode()).decode("utf-16") == TITLE
    (box,) = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert [float(v) * 96 / 72 for v in box] == pytest.approx([fig.layout.width, fig.layout.height], abs=1)
    assert "Units at each <threshold> & “more”".replace(" ", "") in pdf_text(objects).replace(" ", "")


def test_hostile_tokens_stand_in_the_image_as_themselves(hostile):
    found = hostile.select(NAME, 20, 23, 0.1, 0, 0)
    drawn = {
        "units": figures.units(hostile, NAME, 0, 40, found, tracks=["tr<i>ack"]),
        "text": figures.text(hostile, NAME, 3, 0, 40),
        "matches": figures.matches(hostile, found, panels=["tr<i>ack"]),
    }
    svgs = {name: figures.image(fig, "svg") for name, fig in drawn.items()}
    for svg in svgs.values():
        root = ElementTree.fromstring(svg)  # control characters would make it none
        assert not [e for e in root.iter() if e.tag.rpartition("}")[2] in ("a", "script", "image", "foreignObject")]
        assert not [k for e in root.iter() for k in e.attrib if k.lower().startswith("on") or k.endswith("href")]
        assert not [t for t in texts(svg) if len(t) > 300]
    for token in (
        "<b>x</b>",
        "<script>alert(1)</script>",
        "\\u202eabc",
        "a\\u200bb",
        "\\x00\\x1b[31m",
        "$x^2$",
        "&lt;",
    ):
        assert token in texts(svgs["text"]), token
    for token in ("␣␣␣", "∅", "שלום", "日本語", "%{x}"):
        assert token in texts(svgs["text"]), token
        assert token in texts(svgs["units"]), token
    assert HOSTILE[0] in texts(svgs["matches"])


def test_a_browser_that_died_is_replaced(fig):
    figures.image(fig, "svg")
    browser = images._browser._kaleido
    browser.subprocess.kill()
    browser.subprocess.wait()
    assert figures.image(fig, "svg").startswith(b"<svg")
    assert images._browser._kaleido is not browser


def test_what_is_missing_is_said_in_one_line(fig, monkeypatch):
    images.close()
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "kaleido", None)
        with pytest.raises(FigureError, match=r'pip install "lstmviz\[figures\]"'):
            figures.image(fig, "svg")
    with monkeypatch.context() as patched:
        patched.setenv("BROWSER_PATH", "/nowhere/chromium")
        with pytest.raises(FigureError, match="install one"):
            figures.image(fig, "svg")
    with pytest.raises(PatternError, match="format 'gif' is not known; use svg, png, pdf"):
        figures.image(fig, "gif")
    assert figures.image(fig, "svg").startswith(b"<svg")
    images.close()
