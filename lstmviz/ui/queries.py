"""From what the page asks to what is looked for: a pattern and its matches, kept so that the next rows come at once."""

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
ENOUGH = 2_000  # matches that are put in another order than the best, where all would take too long to find
KEPT = 16  # patterns whose matches are kept
LISTINGS_KEPT = 8
TEXTS_KEPT = 8  # that were typed last


def pattern_of(dump: DumpReader, asked: Selection) -> PatternFile:
    """Return the pattern that was opened, or that of the brush, on the corpus or a typed text, as a file to keep."""
    if asked.pattern is not None:
        return PatternFile.from_json(asked.pattern)
    hidden, marked = asked.by_hand()
    if asked.typed is None:
        pattern = brushed(dump, asked.brush())
    else:
        pattern = brushed_text(dump, typed_of(dump, asked.typed.text), asked.brush())
    return PatternFile(pattern, Notes(dump=dump.uuid, hidden=hidden, marked=marked))


def typed_of(dump: DumpReader, text: str) -> TypedReader:
    """Return a text run through the model beside a dump; ModelError or InputError where it cannot be."""
    return _typed_of(rerun_of(dump), text)


@lru_cache(maxsize=TEXTS_KEPT)
def _typed_of(model: Rerun, text: str) -> TypedReader:
    return TypedReader(model.run(text))


def is_short(dump: DumpReader, pattern: Pattern) -> bool:
    """Tell whether every match of a pattern is found in about a tenth of a second."""
    return dump.axis(pattern.axis).n_steps * pattern.n_units <= COUNT_ALL


@lru_cache(maxsize=KEPT)
def matches_of(dump: DumpReader, pattern: Pattern) -> AnyMatchSearch:
    """Return the matches of a pattern, looked for no further than has been asked."""
    return found_in(dump, pattern)


def listing_of(dump: DumpReader, pattern: Pattern, asked: Selection) -> tuple[Listing, int]:
    """Return the matches in the order and groups that are asked for, and from how many shared units on they are listed.

    All are, unless the selection wants fewer; but where finding all takes long, an order other than the best is that of
    the matches with most shared units, the first 2,000 and all that share as many.
    """
    found = matches_of(dump, pattern)
    least = asked.shared or 1
    if asked.shared is None and (asked.order != "best" or asked.group) and not is_short(dump, pattern):
        found.look_for(ENOUGH)
        least = _level_with_enough(found)
    return _listing(dump, pattern, asked.order, asked.group, least), least


def _level_with_enough(found: AnyMatchSearch) -> int:
    """Return the most shared units that enough matches have; it does not depend on what was looked for before."""
    n_so_far = 0
    for n_shared, n_matches in found.totals():
        n_so_far += n_matches
        if n_so_far >= ENOUGH:
            return n_shared
    return 1


@lru_cache(maxsize=LISTINGS_KEPT)
def _listing(dump: DumpReader, pattern: Pattern, order: str, group: str, min_shared: int) -> Listing:
    return Listing(dump, matches_of(dump, pattern), order, group, min_shared)
