"""A figure as SVG, PNG or PDF, drawn by kaleido in a browser that stays open for the next one (0.1 s, not 2)."""

from __future__ import annotations

import asyncio
import atexit
import os
import struct
import threading
import zlib
from collections.abc import Coroutine
from contextlib import suppress
from html import escape, unescape
from typing import Any, Literal, get_args

import plotly.graph_objects as go
import regex

from lstmviz.errors import FigureError, PatternError, reason_of

ImageFormat = Literal["svg", "png", "pdf"]
"""The formats of image files."""
FORMATS: tuple[ImageFormat, ...] = get_args(ImageFormat)
SCALE = 4  # pixels of a PNG for each px of the figure: 384 an inch, where print asks for 300
SECONDS = 60  # for one image, the browser's start included
_NO_KALEIDO = 'images need kaleido, which is not installed: pip install "lstmviz[figures]"'
_NO_BROWSER = (
    "images are drawn by Chrome or Chromium, and none was found: install one (apt install chromium), or set"
    " BROWSER_PATH to it"
)


def image(fig: go.Figure, format: ImageFormat = "svg", scale: float = SCALE) -> bytes:
    """Make an image file of a figure, in the size that it is laid out in (96 px to the inch).

    Needs ``lstmviz[figures]`` and Chrome or Chromium on the machine. The title is also kept as the file's own title.

    Args:
        fig: The figure.
        format: ``"svg"``, ``"png"`` or ``"pdf"``.
        scale: Pixels of a PNG for each px of the figure.

    Returns:
        The bytes of the file.

    Raises:
        PatternError: There is no such format.
        FigureError: kaleido or a browser is missing, or failed.

    Example:
        >>> figures.image(figures.lengths(dump.count(pattern)), "svg")[:4]
        b'<svg'
    """
    if format not in FORMATS:
        raise PatternError(f"format {format!r} is not known; use {', '.join(FORMATS)}")
    size = {"width": fig.layout.width, "height": fig.layout.height}
    drawn = _browser.draw(fig.to_dict(), {"format": format, **size, "scale": scale if format == "png" else 1})
    title = plain_title(fig)
    return {"svg": _titled_svg, "png": _titled_png, "pdf": _titled_pdf}[format](drawn, title)


def plain_title(fig: go.Figure) -> str:
    """Return the title of a figure as plain text, without its detail."""
    bold = " ".join(regex.findall(r"<b>(.*?)</b>", fig.layout.title.text or ""))
    return unescape(bold) or "figure"


class _Browser:
    """One browser and one thread that talks to it; started for the first image, and again where it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._kaleido: Any = None
        self._pid = 0

    def draw(self, fig: dict[str, Any], options: dict[str, Any]) -> bytes:
        """Draw a figure; one is drawn at a time."""
        with self._lock:
            if self._pid != os.getpid():  # a fork has neither the thread nor the browser
                self._loop, self._kaleido, self._pid = None, None, os.getpid()
            for attempt in (1, 2):
                try:
                    return self._run(self._draw(fig, options))
                except FigureError:
                    raise
                except Exception as err:
                    self._kaleido, broken = None, self._kaleido
                    if broken is not None:
                        self._run_quietly(broken.close())
                    if attempt == 2 or broken is None:
                        reason = reason_of(err)
                        raise FigureError(f"the browser failed to draw the figure ({reason}); try again") from err
        raise AssertionError("unreachable")

    async def _draw(self, fig: dict[str, Any], options: dict[str, Any]) -> bytes:
        if self._kaleido is None:
            self._kaleido = await _open_browser()
            atexit.register(self.close)  # after kaleido's own, so that it comes before them
        drawn: bytes = await self._kaleido.calc_fig(fig, opts=options)
        return drawn

    def _run(self, task: Coroutine[Any, Any, bytes]) -> bytes:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="lstmviz-images", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(SECONDS)

    def _run_quietly(self, task: Coroutine[Any, Any, Any]) -> None:
        with suppress(Exception):  # the browser is given up
            self._run(task)

    def close(self) -> None:
        """Close the browser, if this process has one."""
        with self._lock:
            kaleido, self._kaleido = self._kaleido, None
            if kaleido is not None and self._pid == os.getpid():
                self._run_quietly(kaleido.close())


async def _open_browser() -> Any:
    try:
        import kaleido
        from kaleido.errors import ChromeNotFoundError
    except ImportError as err:
        raise FigureError(_NO_KALEIDO) from err
    try:
        browser = kaleido.Kaleido(mathjax=False, timeout=SECONDS)  # nothing is fetched from the network
    except ChromeNotFoundError as err:
        raise FigureError(_NO_BROWSER) from err
    await browser.open()
    return browser


_browser = _Browser()


def close() -> None:
    """Close the browser that draws images; the next image starts another."""
    _browser.close()


def _titled_svg(drawn: bytes, title: str) -> bytes:
    """Add the title to an SVG, for screen readers and browser tabs, and mark it as an image."""
    head, close_, rest = drawn.decode("utf-8").partition(">")
    return f'{head} role="img"{close_}<title>{escape(title)}</title>{rest}'.encode()


def _titled_png(drawn: bytes, title: str) -> bytes:
    """Add the title to a PNG, as international text (PNG 1.2, section 4.2.3.3) after the header."""
    content = b"iTXt" + b"Title\0\0\0\0\0" + title.encode("utf-8", "replace")
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    after_header = 8 + 25
    return drawn[:after_header] + chunk + drawn[after_header:]


def _titled_pdf(drawn: bytes, title: str) -> bytes:
    """Replace the title of a PDF, which is the browser's, by an update at its end (PDF 1.4, section 3.4.5)."""
    trailer = drawn.rpartition(b"trailer")[2]
    info, root, size, start = (
        regex.search(pattern, trailer)
        for pattern in (rb"/Info (\d+) 0 R", rb"/Root (\d+) 0 R", rb"/Size (\d+)", rb"startxref\s+(\d+)")
    )
    if not (info and root and size and start):  # written in another way: its title stays
        return drawn
    number, first, n_objects, before = (m[1].decode() for m in (info, root, size, start))
    text = ("\ufeff" + title).encode("utf-16-be", "replace").hex()
    update = f"{number} 0 obj\n<</Title <{text}> /Producer (lstmviz)>>\nendobj\n"
    at = len(drawn) + 1
    table = f"xref\n{number} 1\n{at:010d} 00000 n \n"
    ending = f"trailer\n<</Size {n_objects} /Root {first} 0 R /Info {number} 0 R /Prev {before}>>\n"
    return drawn + b"\n" + (update + table + ending + f"startxref\n{at + len(update)}\n%%EOF\n").encode("ascii")
