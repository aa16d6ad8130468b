"""Compare the tokens given with those that a module read, or take the tokens from what it read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import eq, ge
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.tokens import TokenGrid
from lstmviz.errors import LayoutError, RecordingError
from lstmviz.recording.batch.pass_inputs import INPUTS, CheckedPass
from lstmviz.recording.batch.placement import (
    Mixed,
    Placement,
    agrees,
    by_content,
    by_place,
    grid_places,
    stays,
)
from lstmviz.recording.batch.valid_steps import ValidSteps
from lstmviz.recording.follow.reading import SourceReading

Ints = NDArray[np.int64]
CHECKED, ALIGNED, READ, NOT_CHECKED = "checked", "aligned", "taken from what was read", "not checked"
AS_OTHERS = "checked, read as other ids"
_ENOUGH = 12  # steps; on fewer, unrelated ids may all differ by the same number by chance
_ANY = -2  # stands for a given token that has no id


class Fit(NamedTuple):
    """What is known of one module's tokens, and where it computed each step; None where that is in its own place."""

    verdict: str
    placement: Placement | None = None

    @property
    def text(self) -> str:
        """The verdict, and how the module's order differs."""
        return self.verdict if self.placement is None else f"{self.verdict}: read {self.placement}"


def note_of(reading: Mapping[str, str]) -> str:
    """Say in words how the tokens of an axis are known, of each module where that differs."""
    by_verdict: dict[str, list[str]] = {}
    for name, verdict in reading.items():
        by_verdict.setdefault(verdict, []).append(name)
    if len(by_verdict) < 2:
        return next(iter(by_verdict), NOT_CHECKED)
    return "; ".join(f"{', '.join(names)} {verdict}" for verdict, names in by_verdict.items())


def least_known(before: str | None, now: str) -> str:
    """Return the verdict over two batches, or passes: not checked where one of them is not, aligned where one is."""

    def doubts(verdict: str) -> tuple[bool, ...]:
        return verdict == NOT_CHECKED, verdict.startswith(ALIGNED), verdict == AS_OTHERS

    return now if before is None else max(before, now, key=doubts)


def fit_tokens(
    name: str,
    sources: Sequence[SourceReading],
    given: CheckedPass,
    vocab: Sequence[str] | None,
    lengths: tuple[int, ...] | None,
) -> Fit:
    """Return how the tokens given for a pass fit those that module ``name`` read.

    ``lengths`` are those of a packed input. Raises RecordingError, with a guess, for tokens that it did not read.
    """
    tokens = given.tokens
    if tokens is None or not sources:
        return Fit(NOT_CHECKED)
    refusal: RecordingError | None = None
    best = Fit(NOT_CHECKED)
    for source in sources:
        ids = _given_ids(tokens, vocab, source, given.valid)
        if ids is None or source.ids.shape[1] != len(ids):
            continue
        try:
            fit = _fit_source(name, source, ids, given.valid, lengths)
        except RecordingError as err:
            refusal = refusal or (None if _is_other(tokens, vocab, ids, source, given.valid) else err)
            continue
        if fit.verdict == CHECKED:
            return fit
        best = fit if best.verdict == NOT_CHECKED else best
    if best.verdict == NOT_CHECKED and refusal is not None:
        raise refusal
    return best


def tokens_read(
    sources: Sequence[SourceReading], given: CheckedPass, n_vocab: int | None, lengths: tuple[int, ...] | None
) -> CheckedPass | None:
    """Return the pass with the tokens that a module read; None where they are not known, or numbers were given."""
    if given.wide_inputs is not None or any(track.group == INPUTS for track in given.tracks):
        return None
    grids = {}
    for source in _candidates(sources, n_vocab):
        grid = _read_grid(source, lengths)
        if grid is not None and given.n_padded in (None, grid.shape[1]) and given.n_sequences in (None, len(grid)):
            grids[source.name] = grid
    if not grids:
        return None
    first, *others = grids.values()
    if not all(np.array_equal(first, grid) for grid in others):
        raise RecordingError(
            f"{' and '.join(grids)} each turn ids into rows, and nothing says which of them are the tokens; give "
            "tokens= to run.batch, or run.tokens"
        )
    return replace(given, tokens=TokenGrid(first, "ids"), n_sequences=len(first), n_padded=first.shape[1])


def _candidates(sources: Sequence[SourceReading], n_vocab: int | None) -> list[SourceReading]:
    """Return the sources whose ids may be the tokens: those of the vocabulary's size, or that have room for it.

    Where there is no vocabulary, those with the most ids.
    """
    if n_vocab is None:
        most = max((s.n_ids for s in sources), default=0)
        return [s for s in sources if s.n_ids == most]
    fitting = [s for s in sources if s.ids.max(initial=-1) < n_vocab]
    exact, wide = ([s for s in fitting if is_it(s.n_ids, n_vocab)] for is_it in (eq, ge))
    return exact or wide or fitting


def _read_grid(source: SourceReading, lengths: tuple[int, ...] | None) -> Ints | None:
    """Return the ids (batch, steps) in the order of the text: of the one lookup, else of the module's own steps."""
    n_steps, n_sequences = source.ids.shape
    ids = source.looked_up
    if ids is not None and ids.ndim == 2:
        for grid in (ids, ids.T):
            places = None if len(grid) != n_sequences else grid_places(source, np.ascontiguousarray(grid), None)
            if places is None:
                continue
            try:
                if not stays(places, grid.shape[1], None):
                    by_place(places, grid.shape, None)
            except Mixed:
                continue
            return np.ascontiguousarray(grid)
    ends = np.full(n_sequences, n_steps) if lengths is None else np.asarray(lengths)
    inside = np.arange(n_steps)[:, None] < ends
    if (source.ids < 0)[inside].any():
        return None
    return np.where(inside, source.ids, 0).T.copy()


def _fit_source(
    name: str, source: SourceReading, ids: Ints, valid: ValidSteps | None, lengths: tuple[int, ...] | None
) -> Fit:
    places = source.given if source.given is not None else grid_places(source, ids, valid)
    read = _in_shape(source.ids, ids.shape)
    if places is not None:
        if stays(places, ids.shape[1], valid):
            unknown = _in_shape(places, ids.shape) < 0
            if unknown.any() and not agrees(np.where(unknown, read, -1), ids, valid):
                raise RecordingError(_other_tokens(name, source, ids, valid))
            if not _are_most(~unknown | (read >= 0), valid):
                return Fit(NOT_CHECKED)
            if agrees(read, ids, valid):
                return Fit(CHECKED)
            if not _is_one_each(ids, read, valid):
                raise RecordingError(_other_tokens(name, source, ids, valid))
            return Fit(AS_OTHERS)
        try:
            return Fit(ALIGNED, by_place(places, ids.shape, valid))
        except Mixed:
            if _is_transposed(places, ids.shape):
                raise LayoutError(
                    f"{name} read {len(ids)} tokens along each row of the tokens given, one a sequence: did you pass "
                    "(steps, batch)? give tokens=ids.T"
                ) from None
            raise RecordingError(
                f"{name} did not read the tokens of each sequence once, one after another; give the ids that it was "
                "run on, as it read them, or leave it out with layers="
            ) from None
    if agrees(read, ids, valid):
        return Fit(CHECKED if _are_most(read >= 0, valid) else NOT_CHECKED)
    ways = _placements(source.ids, ids, valid, lengths)
    if len(ways) == 1:
        return Fit(ALIGNED, ways[0])
    raise RecordingError(_other_tokens(name, source, ids, valid, n_ways=len(ways)))


def _are_most(known: NDArray[np.bool_], valid: ValidSteps | None) -> bool:
    """Tell whether more than half of the valid steps are known."""
    return bool((known if valid is None else known[valid.mask(known.shape[1])]).mean() > 0.5)


def _is_one_each(ids: Ints, read: Ints, valid: ValidSteps | None) -> bool:
    """Tell whether each id given was always read as one id, as where a model has buckets or a smaller vocabulary."""
    mask = (ids >= 0) & (read >= 0)
    pairs = np.stack([ids, read], 2)[mask if valid is None else mask & valid.mask(ids.shape[1])]
    return len(np.unique(pairs, axis=0)) == len(np.unique(pairs[:, 0]))


def _placements(read: Ints, ids: Ints, valid: ValidSteps | None, lengths: tuple[int, ...] | None) -> list[Placement]:
    if valid is None and lengths is not None:
        packed = np.asarray(lengths)
        for starts in (np.zeros_like(packed), ids.shape[1] - packed):
            if (starts >= 0).all() and (ways := by_content(read, ids, ValidSteps(starts, starts + packed))):
                return ways
    return by_content(read, ids, valid)


def _given_ids(
    tokens: TokenGrid, vocab: Sequence[str] | None, source: SourceReading, valid: ValidSteps | None
) -> Ints | None:
    """Return the tokens given as ids, (batch, steps): strings by the vocabulary, else as the source has numbered them.

    None where strings have no numbers.
    """
    if tokens.kind == "ids":
        return tokens.as_ids()
    words = tokens.values
    if vocab is not None:
        number: dict[str, int] = {}
        for i, word in enumerate(vocab):
            number.setdefault(word, i)
        ids = np.array([[number.get(word, _ANY) for word in row] for row in words.tolist()], np.int64)
        if valid is not None:
            ids = np.where(valid.mask(ids.shape[1]), ids, _ANY)
        if source.given is not None or (ids >= 0).any():
            return ids
    looked_up = source.looked_up
    if looked_up is None or looked_up.size != words.size or looked_up.ndim > 2:
        read = _in_shape(source.ids, words.shape)
        return _numbered(words, read, valid)
    grid = looked_up.T if looked_up.shape == words.shape[::-1] != words.shape else looked_up.reshape(words.shape)
    return _numbered(words, grid, valid)


def _numbered(words: NDArray[np.object_], read: Ints, valid: ValidSteps | None) -> Ints | None:
    """Number words as they were read; None where one word was read as two ids."""
    number: dict[str, int] = {}
    ids = np.full(words.shape, _ANY, np.int64)
    mask = np.ones(words.shape, np.bool_) if valid is None else valid.mask(words.shape[1])
    for at in zip(*np.nonzero(mask & (read >= 0)), strict=True):
        ids[at] = number.setdefault(words[at], int(read[at]))
        if ids[at] != read[at]:
            return None
    return ids if number else None


def _is_other(
    tokens: TokenGrid, vocab: Sequence[str] | None, ids: Ints, source: SourceReading, valid: ValidSteps | None
) -> bool:
    """Tell whether ids are of another kind than those read: none that the source has, or all shifted by one number."""
    mask = np.ones(ids.shape, np.bool_) if valid is None else valid.mask(ids.shape[1])
    read = _in_shape(source.ids, ids.shape)
    if (tokens.kind != "ids" and vocab is None) or ids[mask].max(initial=0) >= source.n_ids:
        return True
    both = mask & (read >= 0)
    offsets = np.unique((read - ids)[both])
    return (
        len(offsets) == 1
        and both.sum() >= _ENOUGH
        and len(np.unique(ids[both])) > 2
        and not _is_shifted(read, ids, both)
    )


def _is_shifted(read: Ints, ids: Ints, both: NDArray[np.bool_]) -> bool:
    pairs = both[:, 1:] & both[:, :-1]
    return bool(pairs.any() and (read[:, 1:] == ids[:, :-1])[pairs].all())


def _other_tokens(name: str, source: SourceReading, ids: Ints, valid: ValidSteps | None, n_ways: int = 0) -> str:
    """Say where a module read another token than was given, and guess why."""
    read = _in_shape(source.ids, ids.shape)
    mask = np.ones(ids.shape, np.bool_) if valid is None else valid.mask(ids.shape[1])
    both = mask & (read >= 0) & (ids >= 0)
    differing = np.argwhere(both & (read != ids))
    line = f"{name} read other tokens than were given"
    if len(differing):
        i, step = differing[0].tolist()
        line += f": step {step} of sequence {i} is id {ids[i, step]}, and {source.name} was given {read[i, step]}"
    ahead = both[:, 1:] & both[:, :-1]
    if ids.shape[0] == ids.shape[1] and ids.shape == source.ids.shape and agrees(source.ids, ids, valid):
        return f"{line}: did you pass (steps, batch)? give tokens=ids.T"
    if ahead.any() and (read[:, 1:] == ids[:, :-1])[ahead].all():
        return f"{line}: those are one step ahead, as targets are; give the ids that the model reads"
    if ahead.any() and (read[:, :-1] == ids[:, 1:])[ahead].all():
        return f"{line}: those are one step behind; give the ids that the model reads"
    if n_ways > 1:
        return f"{line}: it reads them in another order, which fits in {n_ways} ways; give them as it reads them"
    return f"{line}; give the ids that the model reads, or nothing: run.batch() takes them from there"


def _is_transposed(places: Ints, shape: tuple[int, int]) -> bool:
    steps, batch = np.indices(places.shape)
    return bool((places == steps * shape[1] + batch)[places >= 0].all())


def _in_shape(values: Ints, shape: tuple[int, ...]) -> Ints:
    """Return values (steps, batch) as (batch, steps) of a given shape, -1 where there are none."""
    result = np.full(shape, -1, np.int64)
    n = min(shape[1], len(values))
    result[:, :n] = values.T[:, :n]
    return result
