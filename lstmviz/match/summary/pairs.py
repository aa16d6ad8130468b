"""Pairs of sequences: what the other text says at a window, and which of its steps have to do with the window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.attention import Attention
from lstmviz.dump.read_ahead import texts_of
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import UnknownName

SHARE = 0.5  # of the weight, which the steps that are attended to most hold together
GAP = " … "  # between tokens that do not follow each other


@dataclass(frozen=True, eq=False)
class OtherText:
    """The paired sequence of a window: steps [start, stop) of the other axis.

    ``weights`` say how much each of its steps has to do with the window, (stop - start,); None without attention.
    """

    start: int
    stop: int
    weights: NDArray[np.float32] | None

    @property
    def is_attended(self) -> NDArray[np.bool_]:
        """Tell which steps are attended to most, (stop - start,): the fewest that hold half of the weight."""
        if self.weights is None:
            return np.zeros(self.stop - self.start, np.bool_)
        return most_of(self.weights)


def most_of(weights: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which weights are the fewest that hold half of all; none where there is no weight."""
    order = np.argsort(-weights, kind="stable")
    before = np.cumsum(weights[order]) - weights[order]
    total = float(weights.sum())
    kept = np.zeros(len(weights), np.bool_)
    kept[order] = (before < SHARE * total - 1e-6) & (weights[order] > 0)
    return kept


def partners(dump: DumpReader, axis: str) -> dict[str, list[str]]:
    """Return the axes that are paired with one, by name, each with the names of the attention between the two.

    An axis with as many sequences is paired; an axis is paired with itself where attention over itself was recorded.
    Axes with attention come first.
    """
    n = len(dump.axes[axis].starts)
    names_by_axis: dict[str, list[str]] = {}
    for name, attention in dump.attention.items():
        if axis in (attention.axis, attention.over):
            names_by_axis.setdefault(attention.over if axis == attention.axis else attention.axis, []).append(name)
    for other in dump.axes.values():
        if other.name != axis and len(other.starts) == n:
            names_by_axis.setdefault(other.name, [])
    return names_by_axis


def partner_of(dump: DumpReader, axis: str, other: str) -> list[str]:
    """Return the names of the attention between two axes; UnknownName where they are no pair."""
    known = partners(dump, axis)
    if other not in known:
        has = f"it is paired with {', '.join(known)}" if known else "no other axis has as many sequences"
        raise UnknownName(f"axis {axis!r} has no pair {other!r} in {dump.path.name}; {has}")
    return known[other]


def partner_called(dump: DumpReader, axis: str, name: str) -> tuple[str, str | None]:
    """Return the axis paired with one, and the attention between them, by either's name, or UnknownName."""
    for other, attention in partners(dump, axis).items():
        if name != other and name in attention:
            return other, name
    return name, next(iter(partner_of(dump, axis, name)), None)


def other_text(dump: DumpReader, axis: Axis, start: int, stop: int, other: str, name: str | None) -> OtherText:
    """Return the paired sequence of steps [start, stop), with the weights of the attention ``name`` (None: none)."""
    second, sequence = dump.axes[other], axis.sequence_of(start)
    weights = None
    if name is not None:
        weights = weights_of(dump.attention[name], axis.name, start, stop)
    return OtherText(int(second.starts[sequence]), int(second.stops[sequence]), weights)


def weights_of(attention: Attention, axis: str, start: int, stop: int) -> NDArray[np.float32]:
    """Return how much each step of the other text has to do with a window: what it is given, or what it gives."""
    return attention.given_by(start, stop) if axis == attention.axis else attention.given_to(start, stop)


def with_pair(dump: DumpReader, axis: Axis, rows: pd.DataFrame, pair: str) -> pd.DataFrame:
    """Add the text of the paired sequence to matches, and the tokens of it that are attended to, where that is known.

    ``pair`` is the name of the other axis, or of attention between the two; UnknownName where there is no such pair.
    """
    other, name = partner_called(dump, axis.name, pair)
    spans = zip(rows["start"].tolist(), rows["stop"].tolist(), strict=True)
    texts = [other_text(dump, axis, start, stop, other, name) for start, stop in spans]
    second = dump.axes[other]
    added = {"pair": pd.Series(texts_of(second, [(text.start, text.stop) for text in texts]), dtype="str")}
    if name is not None:
        added["attended"] = pd.Series([_attended(second, text) for text in texts], dtype="str")
    return rows.assign(**added)


def _attended(axis: Axis, text: OtherText) -> str:
    """Return the tokens that are attended to most, in the order of the text."""
    steps = np.flatnonzero(text.is_attended) + text.start
    runs = np.split(steps, np.flatnonzero(np.diff(steps) > 1) + 1) if len(steps) else []
    return GAP.join(axis.text(int(run[0]), int(run[-1]) + 1).strip() for run in runs)
