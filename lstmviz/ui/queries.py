"""From a selection to its pattern and matches, which are cached so that the next rows come at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError
from lstmviz.match import brushed, found_in
from lstmviz.match.corpus.shards import AnyMatchSearch
from lstmviz.match.engine.find import is_short
from lstmviz.match.index.ahead import pattern_ahead
from lstmviz.match.order.listing import Listing
from lstmviz.match.pattern.file import Notes, PatternFile
from lstmviz.rerun.alone import patience
from lstmviz.rerun.interventions import HeldValues
from lstmviz.rerun.of_dump import runner_of
from lstmviz.rerun.runner import Runner
from lstmviz.rerun.typed import TypedReader, brushed_text
from lstmviz.types import Pattern
from lstmviz.ui.selection import Selection

if TYPE_CHECKING:
    from lstmviz.explain.causes.influence import Influence

ENOUGH = 2_000  # matches that are sorted by another order than the best, where finding all takes too long
CACHED = 16  # patterns whose matches are cached
CACHED_LISTINGS = 8
PATIENCE = 10.0  # seconds that a question waits for a model that runs for somebody else
MOST_REPLACED = 500  # tokens of a text, each of which is replaced in turn; takes a fifth of a second
CACHED_TEXTS = 12  # that were typed last


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


def typed_of(dump: DumpReader, text: str, held: Sequence[HeldValues] = (), seconds: float = PATIENCE) -> TypedReader:
    """Return a text run through the model of a dump, with some units held.

    ModelError or InputError where it cannot be, ModelBusy where the model runs for somebody else longer than some
    seconds.
    """
    with patience(seconds):
        return _typed_of(runner_of(dump), text, tuple(held))


@lru_cache(maxsize=CACHED_TEXTS)
def _typed_of(model: Runner, text: str, held: tuple[HeldValues, ...]) -> TypedReader:
    return TypedReader(model.run(text, held))


def influence_of(dump: DumpReader, text: str, source: str, units: tuple[int, ...]) -> Influence:
    """Return what each token changes in some units (none: all), the mean embedding in its place.

    ModelError, InputError, UnknownName or PatternError where it cannot be.
    """
    runner = runner_of(dump)
    n_tokens = len(runner.read(text).tokens)
    if n_tokens > MOST_REPLACED:
        raise InputError(f"the text has {n_tokens:,} tokens; influence is shown for at most {MOST_REPLACED:,}")
    with patience(PATIENCE):
        return _influence_of(dump, runner, text, source, units)


@lru_cache(maxsize=CACHED_TEXTS)
def _influence_of(dump: DumpReader, runner: Runner, text: str, source: str, units: tuple[int, ...]) -> Influence:
    from lstmviz.explain.causes.influence import influence

    return influence(dump, runner, text, source, units or None, n_draws=0)


def matches_of(dump: DumpReader, pattern: Pattern) -> AnyMatchSearch:
    """Return the matches of a pattern; they are searched only as far as needed."""
    is_filtered = any(condition.track for condition in pattern.filters)
    return _search(dump, pattern, dump.tracks_revision if is_filtered else "")


@lru_cache(maxsize=CACHED)
def _search(dump: DumpReader, pattern: Pattern, revision: str) -> AnyMatchSearch:
    """Search for a pattern; ``revision`` is that of the tracks that it names. No answer waits for a whole index."""
    pattern_ahead(dump, pattern)
    return found_in(dump, pattern)


def listing_of(dump: DumpReader, pattern: Pattern, selection: Selection) -> tuple[Listing, int]:
    """Return the matches in the selection's order and groups, and the fewest shared units of those that are listed.

    All are listed, unless the selection has a minimum. But where finding all takes long, an order other than the best
    lists only the matches with the most shared units: at least 2,000, and all that share as many.
    """
    search = matches_of(dump, pattern)
    least = selection.min_shared
    if selection.shared is None and (selection.order != "best" or selection.group) and not is_short(dump, pattern):
        search.look_for(ENOUGH)
        least = level_with_enough(search)
    bounds = least, selection.max_shared
    return _listing(dump, pattern, selection.order, selection.group, *bounds, dump.tracks_revision), least


def level_with_enough(search: AnyMatchSearch) -> int:
    """Return the most shared units that enough matches have; it does not depend on how far was searched before."""
    n_so_far = 0
    for n_shared, n_matches in search.totals():
        n_so_far += n_matches
        if n_so_far >= ENOUGH:
            return n_shared
    return 1


@lru_cache(maxsize=CACHED_LISTINGS)
def _listing(
    dump: DumpReader, pattern: Pattern, order: str, group: str, min_shared: int, max_shared: int | None, revision: str
) -> Listing:
    """List matches by the tracks of a revision."""
    return Listing(dump, matches_of(dump, pattern), order, group, min_shared, max_shared=max_shared)
