"""Tokens and names as labels: visible, cut to a width, and never markup."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import regex

from lstmviz.visible import LONGEST, visible_text

_WIDE = regex.compile(r"\p{Emoji_Presentation}")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}  # $..$ would be TeX where a notebook has MathJax


def n_columns(text: str) -> int:
    """Return the width of a text in cells of a monospaced face: East Asian wide letters and emoji 2, marks 0."""
    return sum(_width(char) for char in text)


def cut(text: str, columns: int) -> str:
    """Return as much of a text as fits into ``columns`` cells, ending in ``…`` where it is cut."""
    if n_columns(text) <= columns:
        return text
    fitting, room = "", columns - 1
    for char in text:
        room -= _width(char)
        if room < 0:
            break
        fitting += char
    return fitting + "…" if columns > 0 else ""


def escape_label(text: str) -> str:
    """Return a text that Plotly shows as it is: in its labels tags, entities and TeX would have a meaning."""
    return "".join(_ENTITIES.get(char, char) for char in text)


def label(token: str | None, columns: int = LONGEST) -> str:
    """Return a token, a name or any other text of a dump as a Plotly label, cut to ``columns`` cells."""
    return escape_label(cut(visible_text(token), columns))


def word_label(token: str | None, is_unknown: bool, columns: int = LONGEST) -> str:
    """Return a token as a Plotly label; one that the model does not know is underlined."""
    return f"<u>{label(token, columns)}</u>" if is_unknown else label(token, columns)


def shown_name(name: str, columns: int = 60) -> str:
    """Return the name of a source, a track or a dump for use in a sentence: visible, cut, not yet escaped."""
    return cut(visible_text(name), columns)


def wrap(text: str, columns: int) -> list[str]:
    """Return a sentence as lines of at most ``columns`` cells, broken at spaces."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if n_columns(longer) <= columns or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [cut(line, columns) for line in lines]


def units_in_words(units: Sequence[int | str], most: int = 12) -> str:
    """Return units in words: the first few by number, and how many more there are."""
    first = ", ".join(map(str, units[:most]))
    return first + (f" and {len(units) - most:,} more" if len(units) > most else "")


def typical_width(tokens: Iterable[str]) -> int:
    """Return the width in cells that three quarters of some tokens fit into; 1 where there are none."""
    widths = sorted(map(n_columns, tokens))
    return max(1, widths[int(len(widths) * 0.75)]) if widths else 1


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" or _WIDE.match(char) else 1
