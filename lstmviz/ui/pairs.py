"""Pairs of sequences for the page: both texts with the attention between them, and the other text of a match's row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.attention import Attention
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.match.summary.pairs import other_text, partner_of, partners
from lstmviz.types import Window
from lstmviz.ui.tokens import unknown_places

MOST_STEPS = 300  # of each text in one answer
ROW_TOKENS = 48  # of the other text in the row of a match
FINE = 1_000  # parts of the greatest weight, in which weights are sent


def partners_json(dump: DumpReader, axis: Axis) -> list[dict[str, Any]]:
    """Return the axes that are paired with one, each with the names of the attention between the two."""
    by_axis = partners(dump, axis.name)
    return [{"axis": dump.axes[name].index, "attention": attention} for name, attention in by_axis.items()]


def pair_answer(dump: DumpReader, axis: Axis, step: int, other: Axis, name: str | None) -> dict[str, Any]:
    """Return the pair at a step of an axis: of each text the steps about what is looked at, and the weights between.

    ``weights`` has a row for each step that is sent of the axis that attends, in thousandths of ``most``, the greatest
    weight of the pair; ``attends`` tells whether that is the axis of ``step``. Raises UnknownName where the two axes
    are no pair, or have no such attention.
    """
    known = partner_of(dump, axis.name, other.name)
    sequence = axis.sequence_of(step)
    attention = dump.attention[name] if name in known else None
    here = _stretch(axis, sequence, step)
    attends = attention is not None and attention.axis == axis.name
    text = other_text(dump, axis, step, step + 1, other.name, None if attention is None else name)
    there = _stretch(other, sequence, text.start + (0 if text.weights is None else int(np.argmax(text.weights))))
    weights, most = ([], 0.0) if attention is None else _weights(attention, sequence, here, there, attends)
    return {
        "sequence": sequence,
        "n_sequences": len(axis.starts),
        "before": int(axis.starts[sequence - 1]) if sequence else None,
        "after": int(axis.starts[sequence + 1]) if sequence + 1 < len(axis.starts) else None,
        "here": here,
        "there": there,
        "attends": attends,
        "most": most,
        "weights": weights,
    }


@dataclass(frozen=True, slots=True)
class Partner:
    """The axis that texts are paired with, and the attention between the two; None where there is none."""

    axis: str
    attention: str | None


def partner_named(dump: DumpReader, axis: Axis, named: str) -> Partner | None:
    """Return the partner that is named by an attention or by an axis, else the first; None where an axis has none."""
    by_axis = partners(dump, axis.name)
    for other, attention in by_axis.items():
        if named == other or named in attention:
            return Partner(other, named if named in attention else next(iter(attention), None))
    return next((Partner(other, next(iter(attention), None)) for other, attention in by_axis.items()), None)


@dataclass(frozen=True, slots=True)
class ShownPair:
    """The pair that the page shows: its partner, its number, and the steps that are brushed of it.

    ``window`` has steps of the axis that attends; None where none of these are brushed. ``n_steps`` is the length of
    the longer text.
    """

    partner: Partner
    number: int
    window: tuple[int, int] | None
    n_steps: int

    @property
    def name(self) -> str:
        """The name that stands for the partner in ``dump.match``."""
        return self.partner.attention or self.partner.axis


def shown_pair(
    dump: DumpReader, axis: Axis, named: str, step: int, brush: Window | None, other_brush: Window | None
) -> ShownPair | None:
    """Return the pair at a step of an axis; None where the axis has no partner.

    ``brush`` is the page's own, ``other_brush`` that on the other text, which is looked at rather.
    """
    partner = partner_named(dump, axis, named)
    if partner is None:
        return None
    sequence, other = axis.sequence_of(step), dump.axes[partner.axis]
    n_steps = max(int(one.stops[sequence] - one.starts[sequence]) for one in (axis, other))
    brushed, of = (brush, axis) if other_brush is None else (other_brush, other)
    window = None
    if brushed is not None and partner.attention is not None and dump.attention[partner.attention].axis == of.name:
        first, end = max(brushed.start, int(of.starts[sequence])), min(brushed.stop, int(of.stops[sequence]))
        window = (first, end) if first < end else None
    return ShownPair(partner, sequence, window, n_steps)


def row_pair(dump: DumpReader, axis: Axis, start: int, stop: int, partner: Partner) -> dict[str, Any]:
    """Return the other text at a match: some tokens about those that are attended to most, with their weights.

    ``weights`` are hundredths of the greatest one; None where no attention was recorded.
    """
    text = other_text(dump, axis, start, stop, partner.axis, partner.attention)
    second = dump.axes[partner.axis]
    n = text.stop - text.start
    peak = 0 if text.weights is None else int(np.argmax(text.weights))
    first = max(0, min(peak - ROW_TOKENS // 2, n - ROW_TOKENS))
    last = min(n, first + ROW_TOKENS)
    shares = None
    if text.weights is not None:
        shares = np.round(100 * text.weights / max(float(text.weights.max()), 1e-9)).clip(0, 100)
    return {
        "first": text.start + first,
        "is_cut": [first > 0, last < n],
        "tokens": _tokens(second, text.start + first, text.start + last),
        "unknown": unknown_places(second, text.start + first, text.start + last),
        "weights": None if shares is None else shares[first:last].astype(int).tolist(),
    }


def _stretch(axis: Axis, sequence: int, middle: int) -> dict[str, Any]:
    """Return the tokens of a sequence, of a long one those about a step."""
    start, stop = int(axis.starts[sequence]), int(axis.stops[sequence])
    first = max(start, min(middle - MOST_STEPS // 2, stop - MOST_STEPS))
    last = min(stop, first + MOST_STEPS)
    tokens, unknown = _tokens(axis, first, last), unknown_places(axis, first, last)
    return {"axis": axis.index, "start": start, "stop": stop, "first": first, "tokens": tokens, "unknown": unknown}


def _tokens(axis: Axis, start: int, stop: int) -> list[str]:
    """Return tokens; the numbers of the steps where there are none."""
    return [str(step) for step in range(start, stop)] if axis.tokens is None else axis.tokens[start:stop]


def _weights(
    attention: Attention, sequence: int, here: dict[str, Any], there: dict[str, Any], attends: bool
) -> tuple[list[list[int]], float]:
    rows, columns = (here, there) if attends else (there, here)
    values: NDArray[np.float32] = np.nan_to_num(attention[sequence], posinf=0, neginf=0)
    most = float(np.abs(values).max(initial=0))
    part = values[_shown(rows), _shown(columns)]
    return np.round(part * (FINE / max(most, 1e-9))).astype(int).tolist(), most


def _shown(text: dict[str, Any]) -> slice:
    first = text["first"] - text["start"]
    return slice(first, first + len(text["tokens"]))
