"""Tokens as labels: shown as themselves with everything invisible spelled out, cut to a width, and never markup.

The page does the same in assets/tokens.js; tests/cases/tokens.json holds both to the same cases.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import regex

LONGEST = 300  # characters of a token that are ever shown
MISSING = "∅"  # what an empty token is shown as
_NAMED = {"\n": "⏎", "\t": "⇥", "\r": "␍"}
# Controls, format characters (zero width, direction), separators but the plain space, lone surrogates, fillers, and
# the code points that are no character (no XML, and so no SVG, may hold some of them).
_INVISIBLE = regex.compile(
    r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0\p{Noncharacter_Code_Point}]"
)
_PICTURE = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]")
_MARK = regex.compile(r"\p{M}")
_WIDE = regex.compile(r"\p{Emoji_Presentation}")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}  # $..$ would be TeX where a notebook has MathJax


def shown(token: str | None) -> str:
    """Return a token as it is shown: invisible characters as escapes, spaces as ``␣``, nothing as ``∅``.

    None, where there is no token, is shown as nothing. At most 300 characters are kept, then ``…`` follows.
    """
    if token is None:
        return ""
    if not token:
        return MISSING
    chars = token[:LONGEST]
    if not chars.strip(" "):
        text = "␣" * len(chars)
    else:
        text = "".join(c if _is_visible(chars, i) else _escape(c) for i, c in enumerate(chars))
        if _MARK.match(text):
            text = "◌" + text  # a combining mark would otherwise sit on its neighbour
    return text + "…" if len(token) > LONGEST else text


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
    return escaped(cut(shown(token), columns))


def named(name: str, columns: int = 60) -> str:
    """Return a source, a track or a dump's name as a sentence of ours has it: visible, cut, not yet escaped."""
    return cut(shown(name), columns)


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


def _is_visible(chars: str, i: int) -> bool:
    if not _INVISIBLE.match(chars[i]):
        return True
    # A zero-width joiner inside an emoji is part of one picture and stays.
    inside = chars[i] == "\u200d" and 0 < i < len(chars) - 1
    return inside and bool(_PICTURE.match(chars[i - 1]) and _PICTURE.match(chars[i + 1]))


def _escape(char: str) -> str:
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\u{{{code:x}}}"


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" or _WIDE.match(char) else 1
