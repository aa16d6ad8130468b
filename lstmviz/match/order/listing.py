"""The matches of a pattern in any order and in groups, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.checks import check_page, check_whole
from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match.corpus.shards import AnyMatchSearch, found_in
from lstmviz.match.engine.activity import Steps
from lstmviz.match.engine.find import match_frame
from lstmviz.match.engine.ordering import order_of
from lstmviz.match.order.bins import bins_of, values_at
from lstmviz.types import Pattern

ORDERS = ("best", "step", "length", "-length")
GROUPS = ("sequence", "length")
TRACK = "track:"
NO_VALUE = "no value"


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a listing.

    Attributes:
        name: What its matches have in common.
        n_matches: Number of matches.
        first: The row of the listing at which it begins.

    Example:
        >>> match.groups(dump, pattern, "track:depth")[0]
        Group(name='1', n_matches=1167, first=0)
    """

    name: str
    n_matches: int
    first: int


class Listing:
    """The matches of a pattern, in an order and in groups; threads may share it.

    Orders are ``"best"`` (as ``find``), ``"step"``, ``"length"``, ``"-length"``, ``"track:NAME"`` and
    ``"-track:NAME"``, the track's value at the first step of a match. A label counts by its place in the track's list;
    matches without a value come last. Ties go to more shared units, then to the earlier match. Groups are ``""``
    (none), ``"sequence"``, ``"length"`` and ``"track:NAME"``; they come in the order of their values, and matches keep
    their order in each.

    Args:
        dump: The dump or corpus.
        found: The search for the pattern's matches, as ``found_in`` returns it.
        order: The order.
        group: The groups.
        min_shared: Leave out matches that share fewer units of the pattern.
        is_whole: Whether to find all matches at once even in the order ``"best"``; for callers that read all of them.
        max_shared: Leave out matches that share more units of the pattern; None for no such limit.

    Raises:
        UnknownName: The dump lacks a source or track.
        PatternError: The pattern, the order, the group or a number is invalid.

    Example:
        >>> rows = match.Listing(dump, match.found_in(dump, pattern), order="-length", group="sequence")
        >>> rows.n_matches, rows.groups[1]
        (3366, Group(name='1', n_matches=32, first=31))
    """

    def __init__(
        self,
        dump: DumpReader,
        found: AnyMatchSearch,
        order: str = "best",
        group: str = "",
        min_shared: int = 1,
        is_whole: bool = False,
        max_shared: int | None = None,
    ) -> None:
        self._dump, self._matches, self._min_shared = dump, found, check_whole("min_shared", min_shared)
        self._max_shared = None if max_shared is None else check_whole("max_shared", max_shared)
        self._axis = dump.axis(found.pattern.axis)
        _check_key(self._axis, "order", order, ORDERS)
        if group:
            _check_key(self._axis, "group", group, GROUPS)
        self._lock = Lock()
        self._is_ranked = order == "best" and not group and not is_whole and max_shared is None
        self.groups: tuple[Group, ...] = ()
        if not self._is_ranked:
            self._arrange(order, group)

    @property
    def n_matches(self) -> int | None:
        """Number of matches in the listing; None if it is best first and not all of them have been found yet."""
        if not self._is_ranked:
            return len(self._spans)
        if self._matches.lowest > max(1, self._min_shared):
            return None
        return sum(n for shared, n in self._matches.totals() if shared >= self._min_shared)

    def page(self, limit: int, offset: int = 0, has_text: bool = True) -> pd.DataFrame:
        """Return some rows.

        Args:
            limit: Number of rows to return.
            offset: Number of rows to skip.
            has_text: Whether to read the text of each row.

        Returns:
            The rows, with the columns of ``find``.
        """
        limit, offset = check_page(limit, offset)
        if self._is_ranked:
            return self._matches.page(limit, offset, self._min_shared, has_text)
        with self._lock:
            self._rank(offset, min(offset + limit, len(self._spans)))
            spans = self._spans.take(self._places[offset : offset + limit])
        return match_frame(self._axis, spans, self._matches.unions(spans.start, spans.stop), has_text)

    def group_at(self, row: int) -> int | None:
        """Find the group of a row.

        Args:
            row: The row, from 0.

        Returns:
            The index in ``groups``; None without groups.
        """
        return int(np.searchsorted(self._firsts, row, side="right")) - 1 if self.groups else None

    def _arrange(self, order: str, group: str) -> None:
        """Sort the matches; for "best" only into classes of equal group and n_shared, which are ranked when read."""
        spans = self._matches.spans(self._min_shared)
        if self._max_shared is not None:
            spans = spans.take(spans.n_shared <= self._max_shared)
        self._spans = spans
        self._places = np.arange(len(spans))
        if order != "step":
            self._sort(-spans.n_shared)
        if order not in ("step", "best"):
            self._sort(self._order_key(order))
        classes = -spans.n_shared
        if group:
            names, index = self._grouped(group)
            self._sort(index)
            sizes = np.bincount(index, minlength=len(names))
            self._firsts = np.cumsum(sizes) - sizes
            parts = zip(names, sizes.tolist(), self._firsts.tolist(), strict=True)
            self.groups = tuple(Group(*part) for part in parts)
            classes = classes + index * (self._matches.pattern.n_units + 1)
        change = np.flatnonzero(np.diff(classes[self._places])) + 1
        self._classes = np.concatenate([[0], change, [len(spans)]])
        self._is_ranked_class = np.full(len(change) + 1, order != "best")

    def _rank(self, first: int, stop: int) -> None:
        """Rank the classes that some rows belong to, as ``find`` does."""
        begin = int(np.searchsorted(self._classes, first, side="right")) - 1
        end = int(np.searchsorted(self._classes, stop, side="left"))
        for i in range(begin, end):
            if self._is_ranked_class[i]:
                continue
            places = self._places[self._classes[i] : self._classes[i + 1]]
            spans = self._spans.take(places)
            distance = np.abs(spans.stop - spans.start - self._matches.pattern.length)
            union = self._matches.unions(spans.start, spans.stop)
            places[:] = places[np.lexsort((spans.stop, spans.start, distance, union))]
            self._is_ranked_class[i] = True

    def _sort(self, key: NDArray[Any]) -> None:
        """Sort stably by a key of the matches; those whose key is NaN come last."""
        self._places = self._places[order_of(key[self._places])]

    def _order_key(self, order: str) -> NDArray[Any]:
        sign = -1 if order.startswith("-") else 1
        if order.endswith("length"):
            return sign * (self._spans.stop - self._spans.start)
        track = self._axis.tracks[order.partition(TRACK)[2]]
        values = values_at(track, self._spans.start)
        if values.dtype.kind == "f":
            return np.asarray(sign * values)
        has_value = _is_label(track, values)
        ranks = np.unique(values[has_value], return_inverse=True)[1]
        key = np.full(len(values), len(values), np.int64)
        key[has_value] = sign * ranks
        return key

    def _grouped(self, group: str) -> tuple[list[str], Steps]:
        """Return the names of the groups, and the index of each match's group."""
        start = self._spans.start
        if group == "sequence":
            key: Steps = np.searchsorted(self._axis.stops, start, side="right")
        elif group == "length":
            key = self._spans.stop - start
        else:
            name = group.removeprefix(TRACK)
            bins = bins_of(self._dump, self._axis.name, name)
            key = bins.place(values_at(self._axis.tracks[name], start))
            used, index = np.unique(key, return_inverse=True)
            return [(*bins.names, NO_VALUE)[i] for i in used.tolist()], index
        values, index = np.unique(key, return_inverse=True)
        return [str(value) for value in values.tolist()], index


def listing(dump: DumpReader, pattern: Pattern, order: str = "best", group: str = "", min_shared: int = 1) -> Listing:
    """List the matches of a pattern over a dump or a corpus, in an order and in groups.

    Args:
        dump: The dump or corpus.
        pattern: The pattern.
        order: As in ``Listing``.
        group: As in ``Listing``.
        min_shared: Leave out matches that share fewer units of the pattern.

    Returns:
        The listing, from which pages of rows are read.

    Raises:
        UnknownName: The dump lacks a source or track.
        PatternError: The pattern, the order, the group or a number is invalid.

    Example:
        >>> match.listing(dump, pattern, order="-length").page(1)[["start", "stop", "n_shared", "length"]]
           start   stop  n_shared  length
        0  17665  17690         4      25
    """
    return Listing(dump, found_in(dump, pattern), order, group, min_shared)


def groups(dump: DumpReader, pattern: Pattern, by: str, min_shared: int = 1) -> tuple[Group, ...]:
    """Count the matches of a pattern in groups.

    Args:
        dump: The dump or corpus.
        pattern: The pattern.
        by: ``"sequence"``, ``"length"`` or ``"track:NAME"``.
        min_shared: Leave out matches that share fewer units of the pattern.

    Returns:
        The groups, in the order of their values.

    Raises:
        UnknownName: The dump lacks a source or track.
        PatternError: The pattern or ``by`` is invalid.

    Example:
        >>> [(group.name, group.n_matches) for group in match.groups(dump, pattern, "track:depth", min_shared=3)]
        [('4', 840)]
    """
    _check_key(dump.axis(pattern.axis), "group", by, GROUPS)
    return listing(dump, pattern, "step", by, min_shared).groups


def _is_label(track: Track, values: Steps) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if track.info.kind == "number":
        return np.ones(len(values), np.bool_)
    return (values >= 0) & (values < len(track.labels))


def _check_key(axis: Axis, kind: str, key: str, known: tuple[str, ...]) -> None:
    """Raise PatternError for an unknown order or grouping, UnknownName for one by a track that is not on the axis."""
    if key in known:
        return
    prefix, is_track, name = key.partition(TRACK)
    if not is_track or prefix not in (("", "-") if kind == "order" else ("",)):
        raise PatternError(f"{kind} {key[:80]!r} is not known; use {', '.join(known)} or {TRACK}NAME")
    if name not in axis.tracks:
        tracks = ", ".join(axis.tracks) or "none"
        raise UnknownName(f"{kind} {key[:80]!r}: no track {name[:80]!r} on axis {axis.name!r}; it has {tracks}")
