"""From a selection to its pattern and matches, which are cached so that the next rows come at once."""

from __future__ import annotations

from functools import lru_cache

from lstmviz.dump.reader import DumpReader
from lstmviz.match import brushed, found_in
from lstmviz.match.corpus.shards import AnyMatchSearch
from lstmviz.match.order.listing import Listing
from lstmviz.match.pattern.file import Notes, PatternFile
from lstmviz.rerun.rerun import Rerun, rerun_of
from lstmviz.rerun.typed import TypedReader, brushed_text
from lstmviz.types import Pattern
from lstmviz.ui.selection import Selection

COUNT_ALL = 2**22  # steps x pattern units; up to here the summary counts every match, in a tenth of a second
ENOUGH = 2_000  # matches that are sorted by another order than the best, where finding all takes too long
CACHED = 16  # patterns whose matches are cached
CACHED_LISTINGS = 8
CACHED_TEXTS = 8  # that were typed last


def pattern_of(dump: DumpReader, selection: Selection) -> PatternFile:
    """Return as a pattern file the opened pattern, or that of the brush on the corpus or a typed text."""
    if selection.pattern is not None:
        return PatternFile.from_json(selection.pattern)
    hidden, marked = selection.by_hand()
    if selection.typed is None:
        pattern = brushed(dump, selection.brush())
    else:
        pattern = brushed_text(dump, typed_of(dump, selection.typed.text), selection.brush())
    return PatternFile(pattern, Notes(dump=dump.uuid, hidden=hidden, marked=marked))


def typed_of(dump: DumpReader, text: str) -> TypedReader:
    """Return a text run through the model beside a dump; ModelError or InputError where it cannot be."""
    return _typed_of(rerun_of(dump), text)


@lru_cache(maxsize=CACHED_TEXTS)
def _typed_of(model: Rerun, text: str) -> TypedReader:
    return TypedReader(model.run(text))


def is_short(dump: DumpReader, pattern: Pattern) -> bool:
    """Tell whether every match of a pattern is found in about a tenth of a second."""
    return dump.axis(pattern.axis).n_steps * pattern.n_units <= COUNT_ALL


@lru_cache(maxsize=CACHED)
def matches_of(dump: DumpReader, pattern: Pattern) -> AnyMatchSearch:
    """Return the matches of a pattern; they are searched only as far as needed."""
    return found_in(dump, pattern)


def listing_of(dump: DumpReader, pattern: Pattern, selection: Selection) -> tuple[Listing, int]:
    """Return the matches in the selection's order and groups, and the fewest shared units of those that are listed.

    All are listed, unless the selection has a minimum. But where finding all takes long, an order other than the best
    lists only the matches with the most shared units: at least 2,000, and all that share as many.
    """
    search = matches_of(dump, pattern)
    least = selection.shared or 1
    if selection.shared is None and (selection.order != "best" or selection.group) and not is_short(dump, pattern):
        search.look_for(ENOUGH)
        least = _level_with_enough(search)
    return _listing(dump, pattern, selection.order, selection.group, least), least


def _level_with_enough(search: AnyMatchSearch) -> int:
    """Return the most shared units that enough matches have; it does not depend on how far was searched before."""
    n_so_far = 0
    for n_shared, n_matches in search.totals():
        n_so_far += n_matches
        if n_so_far >= ENOUGH:
            return n_shared
    return 1


@lru_cache(maxsize=CACHED_LISTINGS)
def _listing(dump: DumpReader, pattern: Pattern, order: str, group: str, min_shared: int) -> Listing:
    return Listing(dump, matches_of(dump, pattern), order, group, min_shared)
