"""Python's own ``tokenize`` over the text of each sequence."""

from __future__ import annotations

import io
import keyword
import tokenize

import numpy as np
import pandas as pd

from lstmviz.annotate.encode import categorical, fill_spans
from lstmviz.annotate.texts import Part, parts
from lstmviz.dump.reader import Axis

KINDS = ("name", "keyword", "number", "string", "comment", "operator", "indent", "newline")
_SOFT = {"match", "case", "type", "_"}  # keywords in some places only
_KIND_OF = {
    tokenize.NUMBER: "number",
    tokenize.STRING: "string",
    tokenize.COMMENT: "comment",
    tokenize.OP: "operator",
    tokenize.NEWLINE: "newline",
    tokenize.NL: "newline",
    tokenize.INDENT: "indent",
    **{
        getattr(tokenize, name): "string"
        for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
        if hasattr(tokenize, name)
    },
}
Span = tuple[int, int, int]


def python_tokens(axis: Axis) -> pd.Categorical:
    """Tell what Python's ``tokenize`` makes of each token's first character that is no space.

    A sequence that does not begin like a program, or ends in the middle of one, is read as far as it can be, and then
    from the next line on.

    Args:
        axis: The axis.

    Returns:
        ``"name"``, ``"keyword"``, ``"number"``, ``"string"``, ``"comment"``, ``"operator"``, ``"indent"`` or
        ``"newline"`` for each step; missing where tokenize says nothing.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> lstmviz.annotate.python_tokens(dump.first)[249:252].tolist()
        ['operator', 'number', 'number']
    """
    codes = np.concatenate([_codes(part) for part in parts(axis)])
    return categorical(codes, list(KINDS))


def _codes(part: Part) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    by_character = np.full(len(part.text) + 1, -1, np.int8)
    edges = np.append(part.begins[part.firsts], len(part.text)).tolist()
    spans = [
        (start + a, start + b, kind)
        for start, stop in zip(edges, edges[1:], strict=False)
        for a, b, kind in _spans(part.text[start:stop])
    ]
    if spans:
        rows = np.array(spans, np.int64)
        fill_spans(by_character, rows[:, 0], rows[:, 1], rows[:, 2].astype(np.int8))
    at = np.where(part.is_blank, part.begins, part.leading) if part.text else part.begins
    return np.where(part.ends > part.begins, by_character[np.minimum(at, len(part.text))], -1).astype(np.int8)


def _spans(text: str) -> list[Span]:
    """Return (start, stop, kind) of each token of a program, in characters."""
    lines = text.splitlines(keepends=True)
    starts = np.append(0, np.cumsum([len(line) for line in lines])).tolist()
    spans: list[Span] = []
    line = 0
    while line < len(lines):
        line = _read_on(lines, starts, line, spans)
    return spans


def _read_on(lines: list[str], starts: list[int], first: int, spans: list[Span]) -> int:
    """Read on from a line; return the line after the last that was read, at least the next."""
    last = first
    try:
        for token in tokenize.generate_tokens(io.StringIO("".join(lines[first:])).readline):
            (row, column), (end_row, end_column) = token.start, token.end
            kind = _KIND_OF.get(token.type)
            if token.type == tokenize.NAME:
                is_keyword = keyword.iskeyword(token.string) and token.string not in _SOFT
                kind = "keyword" if is_keyword else "name"
            if kind is not None and token.string:
                here, there = first + row - 1, min(first + end_row - 1, len(lines))
                start, stop = starts[min(here, len(lines))] + column, starts[there] + end_column
                if stop > start:
                    spans.append((start, min(stop, starts[-1]), KINDS.index(kind)))
                last = max(last, there)
    except (tokenize.TokenError, SyntaxError):
        return max(first, last) + 1
    return len(lines)
