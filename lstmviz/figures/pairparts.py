"""The pair of texts in the HTML page: attention between the two as a heat map, drawn as SVG."""

from __future__ import annotations

from html import escape

import numpy as np

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import FigureError
from lstmviz.figures.attention import CELL, DrawnPair, drawn_pair
from lstmviz.figures.pageparts import LETTER, SHADES, shade_index
from lstmviz.figures.text import n_columns, shown_name
from lstmviz.types import Window

GAP = 6  # px between the map and the tokens beside it


def pair_section(dump: DumpReader, name: str, pair: int, window: Window | None) -> str:
    """Return the section of a pair; ``window``, steps of the attending axis, is outlined.

    Of texts that are too long to be drawn it says so.
    """
    try:
        drawn = drawn_pair(dump, name, pair)
    except FigureError as error:
        return f"<section><h2>{escape(shown_name(name))}</h2><p>{escape(str(error))}</p></section>"
    rows = None if window is None else drawn.rows_of(dump, (window.start, window.stop))
    head = f"{shown_name(name)} of pair {drawn.number:,}"
    return f"<section><h2>{escape(head)}</h2><p>{escape(drawn.detail)}</p>{_svg(drawn, head, rows)}</section>"


def _svg(drawn: DrawnPair, label: str, outlined: tuple[int, int] | None) -> str:
    n_rows, n = drawn.weights.shape
    left, below = (_longest(words) + 2 * GAP for words in (drawn.rows, drawn.columns))
    width, height = left + CELL * n + GAP, CELL * n_rows + below
    parts = [_cells(drawn, left), *(_row_word(word, i, left) for i, word in enumerate(drawn.rows))]
    parts += [_column_word(word, k, left, CELL * n_rows) for k, word in enumerate(drawn.columns)]
    if outlined is not None:
        first, end = outlined
        box = f'x="{left}" y="{CELL * first}" width="{CELL * n}" height="{CELL * (end - first)}"'
        parts.append(f"<rect class=outline {box}/>")
    return (
        f'<div class=wide><svg class=pair width="{width}" height="{height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg></div>"
    )


def _longest(words: list[str]) -> int:
    """Return the px of the longest of some words."""
    return int(max(map(n_columns, words), default=1) * LETTER)


def _cells(drawn: DrawnPair, left: int) -> str:
    most = max(float(drawn.weights.max(initial=0)), 1e-9)
    cells = []
    for (t, s), weight in np.ndenumerate(drawn.weights):
        shade = shade_index(float(weight) / most, SHADES)
        title = f"{drawn.rows[t]} to {drawn.columns[s]}: {weight:.3f}"
        cells.append(
            f'<g class="s{shade}"><title>{escape(title)}</title>'
            f'<rect x="{left + CELL * s}" y="{CELL * t}" width="{CELL - 1}" height="{CELL - 1}"/></g>'
        )
    return "".join(cells)


def _row_word(word: str, row: int, left: int) -> str:
    return f'<text x="{left - GAP}" y="{CELL * row + 14}">{escape(word)}</text>'


def _column_word(word: str, column: int, left: int, top: int) -> str:
    x, y = left + CELL * column + 13, top + GAP
    return f'<text transform="translate({x} {y}) rotate(-90)">{escape(word)}</text>'
