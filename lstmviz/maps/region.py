"""What a region of a map holds: its steps, their tokens, and their tracks compared with the whole corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.maps.embeddings import steps_with, token_counts
from lstmviz.maps.projection import Projection
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.engine.filters import allowed_steps
from lstmviz.match.summary.carry import carry_of_spans
from lstmviz.types import Filter


@dataclass(frozen=True, eq=False)
class Region:
    """The steps inside a polygon on a map, in rising order.

    Attributes:
        dump: The dump.
        axis: The time axis.
        steps: The steps. On a map of embeddings, all steps with a token of the region.
        n_points: Number of points inside the polygon.
        among: The steps that have a point on the map and that the filters allow, in rising order; on a map of
            embeddings, all steps that they allow.

    Example:
        >>> mapped = dump.project("rnn.l1.c")
        >>> (left, low), (right, high) = mapped.points.min(axis=0), mapped.points.max(axis=0)
        >>> region = dump.region(mapped, [(0, low), (right, low), (right, high), (0, high)])
        >>> region.n_points == len(region.steps)
        True
    """

    dump: DumpReader
    axis: Axis
    steps: NDArray[np.int64]
    n_points: int
    among: NDArray[np.int64]

    @property
    def spans(self) -> Candidates:
        """The steps as spans of one step each."""
        return Candidates(self.steps, self.steps + 1, np.zeros_like(self.steps))

    def carry(self) -> pd.DataFrame:
        """Compare what the steps carry in each track with the whole corpus.

        Returns:
            The columns of ``Dump.carry``. On a map of sampled steps, shares are of these.
        """
        return carry_of_spans(self.dump, self.axis.name, self.spans)

    def tokens(self) -> pd.DataFrame:
        """Count the tokens at the steps.

        Returns:
            One row for each token, the most frequent first: token, n_steps, share; empty if the axis has no tokens.
        """
        ids = np.zeros(0, np.int64) if self.axis.tokens is None else _ids_at(self.axis, self.steps)
        different, counts = np.unique(ids, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        names = _names(self.axis, different[order])
        share = counts[order] / max(1, len(self.steps))
        return pd.DataFrame({"token": pd.Series(names, dtype="str"), "n_steps": counts[order], "share": share})


def region(
    dump: DumpReader, projection: Projection, polygon: Sequence[Sequence[float]], filters: Sequence[Filter] = ()
) -> Region:
    """Return what lies inside a polygon on a map, given by its corners (x, y).

    Raises PatternError for an invalid polygon and for filters that do not fit the dump.
    """
    ids = projection.inside(polygon)
    axis = dump.axis_of(projection.source) if projection.is_of_steps else dump.first
    steps = ids if projection.is_of_steps else steps_with(dump, ids)
    every = projection.ids if projection.is_of_steps else np.arange(axis.n_steps)
    allowed = allowed_steps(dump, axis, filters)
    if allowed is not None:
        steps, every = steps[allowed[steps]], every[allowed[every]]
    return Region(dump, axis, steps, len(ids), every)


def frequencies(dump: DumpReader, projection: Projection) -> NDArray[np.float32]:
    """Return how often the token of each point of a map of embeddings occurs in the corpus."""
    return token_counts(dump)[projection.ids].astype(np.float32)


def tokens_at(axis: Axis, steps: NDArray[np.int64]) -> list[str]:
    """Return the tokens at steps in rising order; empty text if the axis has no tokens."""
    return [""] * len(steps) if axis.tokens is None else _names(axis, _ids_at(axis, steps))


def _names(axis: Axis, ids: NDArray[np.int64]) -> list[str]:
    vocab = None if axis.tokens is None else axis.tokens.vocab
    return [str(i) if vocab is None else vocab[i] for i in ids.tolist()]


def _ids_at(axis: Axis, steps: NDArray[np.int64], block: int = 2**20) -> NDArray[np.int64]:
    parts = [np.zeros(0, np.int64)]
    for first in range(0, axis.n_steps if axis.tokens is not None else 0, block):
        here = steps[slice(*np.searchsorted(steps, [first, first + block]).tolist())]
        if len(here) and axis.tokens is not None:
            begin, end = int(here[0]), int(here[-1]) + 1
            parts.append(axis.tokens.ids[begin:end][here - begin].astype(np.int64))
    return np.concatenate(parts)
