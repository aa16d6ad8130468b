"""Tokens and names as labels: visible, cut to a width, and never markup."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import regex

from lstmviz.visible import LONGEST, visible_text

_WIDE = regex.compile(r"\p{Emoji_Presentation}")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}  # $..$ would be TeX where a notebook has MathJax


def n_columns(text: str) -> int:
    """Return how many cells of a monospaced face a text takes: 2 for East Asian wide letters and emoji, 0 for marks."""
    return sum(_width(char) for char in text)


def cut(text: str, columns: int) -> str:
    """Return the longest beginning of a text that fits into so many cells, ending in ``…`` where something was cut."""
    if n_columns(text) <= columns:
        return text
    kept, room = "", columns - 1
    for char in text:
        room -= _width(char)
        if room < 0:
            break
        kept += char
    return kept + "…" if columns > 0 else ""


def escaped(text: str) -> str:
    """Return a text as Plotly shows it unchanged: its labels take tags, entities and TeX for what they mean."""
    return "".join(_ENTITIES.get(char, char) for char in text)


def label(token: str | None, columns: int = LONGEST) -> str:
    """Return a token, a name or another foreign text as a Plotly label, cut to so many cells."""
    return escaped(cut(visible_text(token), columns))


def named(name: str, columns: int = 60) -> str:
    """Return a source, a track or a dump's name as a sentence of ours has it: visible, cut, not yet escaped."""
    return cut(visible_text(name), columns)


def wrapped(text: str, columns: int) -> list[str]:
    """Return a sentence of ours, names in it included, as lines of at most so many cells, broken at spaces."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if n_columns(longer) <= columns or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [cut(line, columns) for line in lines]


def listed(units: Sequence[int | str], most: int = 12) -> str:
    """Return units in words: the first few by number, and how many more there are."""
    some = ", ".join(map(str, units[:most]))
    return some + (f" and {len(units) - most:,} more" if len(units) > most else "")


def typical(tokens: Iterable[str]) -> int:
    """Return how many cells three quarters of some shown tokens fit into; 1 where there are none."""
    widths = sorted(map(n_columns, tokens))
    return max(1, widths[int(len(widths) * 0.75)]) if widths else 1


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" or _WIDE.match(char) else 1
