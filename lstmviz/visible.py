"""Tokens, labels and names as text that can be seen: every invisible character is spelled out.

The page does the same in assets/page/lib/tokens.mjs; tests/cases/tokens.json holds both to the same cases.
"""

from __future__ import annotations

import regex

LONGEST = 300  # characters of a token that are shown
EMPTY = "∅"  # stands for an empty token
_NAMED = {"\n": "⏎", "\t": "⇥", "\r": "␍"}
# Control and format characters (zero width, direction), separators other than the plain space, lone surrogates,
# fillers, and noncharacters (some of which XML, and so SVG, must not contain).
_INVISIBLE = regex.compile(
    r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0\p{Noncharacter_Code_Point}]"
)
_PICTURE = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]")
_MARK = regex.compile(r"\p{M}")


def visible_text(token: str | None) -> str:
    """Return a token with invisible characters as escapes; ``␣`` for tokens of spaces, ``∅`` for an empty one.

    None stands for no token and gives "". After 300 characters the text ends in ``…``.
    """
    if token is None:
        return ""
    if not token:
        return EMPTY
    chars = token[:LONGEST]
    if not chars.strip(" "):
        text = "␣" * len(chars)
    else:
        text = "".join(c if _is_visible(chars, i) else _escape(c) for i, c in enumerate(chars))
        if _MARK.match(text):
            text = "◌" + text  # else the combining mark joins what stands before the token
    return text + "…" if len(token) > LONGEST else text


def _is_visible(chars: str, i: int) -> bool:
    if not _INVISIBLE.match(chars[i]):
        return True
    # A zero-width joiner inside an emoji belongs to one picture and stays.
    is_inside = chars[i] == "\u200d" and 0 < i < len(chars) - 1
    return is_inside and bool(_PICTURE.match(chars[i - 1]) and _PICTURE.match(chars[i + 1]))


def _escape(char: str) -> str:
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\u{{{code:x}}}"
