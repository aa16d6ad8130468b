"""Lazy arrays of a dump: states, tokens and tracks, read from disk only for the slice that is asked for."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol, overload

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.joining import Joining
from lstmviz.dump.open_files import open_files
from lstmviz.dump.schema import cut_long, pack_strings, unpack_strings
from lstmviz.dump.spelling import Spelling
from lstmviz.errors import DumpError, WindowError, reason_of
from lstmviz.system.asked import look
from lstmviz.types import Source, TrackInfo

StepIndex = int | slice
UnitIndex = int | slice | Sequence[int] | NDArray[Any]
BLOCK_VALUES = 2**20  # values of a track that are read at a time


class StoredRows(Protocol):
    """What a lazy array reads from: whole rows, read by step."""

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        """Read whole rows of the steps (all where None)."""

    @property
    def name(self) -> str:
        """The file and the place in it, for a message."""


@dataclass(frozen=True)
class StoredArray:
    """One data set of a dump; ``find`` returns it from the file that is open now, so that it survives a fork."""

    path: str
    find: Callable[[str], h5py.Dataset]

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        """Read whole rows of the steps (all where None); DumpError where the stored bytes fail their checksum.

        DumpReplaced where the file was written to since it was opened: no answer mixes the old and the new.
        """
        look()
        with open_files.lock:
            dataset = self.find(self.path)
            try:
                values = np.asarray(dataset[() if steps is None else steps])
                self.find(self.path)  # raises where the file was written to meanwhile
                return values
            except OSError as err:
                reason = reason_of(err)
                raise DumpError(f"{self.name} cannot be read ({reason}); the file is damaged, record it again") from err

    @property
    def name(self) -> str:
        """The file and the place in it, for a message."""
        with open_files.lock:
            return f"{self.find(self.path).file.filename}: {self.path!r}"


@dataclass(frozen=True, eq=False)
class ArrayInMemory:
    """An array in memory, read as a stored one is."""

    values: NDArray[Any]
    name: str

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        """Read whole rows of the steps (all where None)."""
        return np.asarray(self.values[() if steps is None else steps])


@dataclass(frozen=True)
class States:
    """The states of one source, read in parts: ``states[a:b]`` or ``states[a:b, units]`` is a NumPy array as recorded.

    Attributes:
        info: What the dump declares about the source.
        stored: Where the values are stored.

    Example:
        >>> states = dump.states("rnn.l1.c")
        >>> states.shape, states[0:3, [7, 45]].shape
        ((20000, 50), (3, 2))
    """

    info: Source
    stored: StoredRows

    @property
    def shape(self) -> tuple[int, int]:
        """(n_steps, n_units)."""
        return self.info.n_steps, self.info.n_units

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored values."""
        return np.dtype(self.info.dtype)

    def __len__(self) -> int:
        return self.info.n_steps

    def __getitem__(self, key: StepIndex | tuple[StepIndex, UnitIndex]) -> NDArray[Any]:
        steps, *rest = key if isinstance(key, tuple) else (key, slice(None))
        if len(rest) != 1:
            raise WindowError(
                f"{self.info.name} is read as [steps] or [steps, units], not with {1 + len(rest)} indices"
            )
        units = rest[0] if isinstance(rest[0], slice) else self._units(rest[0])
        return self.stored.read(_checked_index(steps, self.info.n_steps, f"steps of {self.info.name}"))[..., units]

    def _units(self, given: UnitIndex) -> NDArray[np.intp]:
        """Return the units that an index, a list of indices or a mask stands for."""
        name, n_units = self.info.name, self.info.n_units
        units = np.asarray(given)
        if units.dtype.kind == "b":
            if units.shape != (n_units,):
                raise WindowError(f"a mask of units of {name} has shape {units.shape}; it needs ({n_units},)")
            return np.flatnonzero(units)
        if units.dtype.kind not in "iu" and units.size:
            raise WindowError(
                f"units of {name} are whole numbers, a slice or a mask, not {units.dtype}; such as [0, 3]"
            )
        bad = units[(units < -n_units) | (units >= n_units)]
        if bad.size:
            raise WindowError(f"{name} has no unit {bad.flat[0]}; its units are 0 to {n_units - 1}")
        return units.astype(np.intp)


@dataclass(frozen=True)
class Tokens:
    """The tokens of one axis: ``tokens[a:b]`` is a list of strings, ``tokens.ids[a:b]`` their ids.

    Attributes:
        n_steps: Number of steps.
        join: What to write between two tokens of a text.
        ids: The ids, read in parts.
        vocab_data: Where the vocabulary is stored; None if the ids themselves are shown.
        pieces: The rule by which pieces of words spell a text, such as ``"bytes"``; empty for whole tokens.
        written: The track of what stood in the text where that is not the token itself, such as in the place of the
            unknown one; None if there is none.

    Example:
        >>> dump.tokens[249:252], dump.tokens.ids[249:252].tolist()
        (['(', '4', '4'], [0, 6, 6])
    """

    n_steps: int
    join: str
    ids: IdArray
    vocab_data: tuple[StoredRows, StoredRows] | None
    pieces: str = ""
    written: Track | None = None

    @property
    def vocab(self) -> tuple[str, ...] | None:
        """The vocabulary by id, as it is shown; None if the ids themselves are shown."""
        return None if self.spelling is None else self.spelling.shown

    @cached_property
    def spelling(self) -> Spelling | None:
        """What each token is shown as, and what it adds to the text; None if the ids themselves are shown."""
        if self.vocab_data is None:
            return None
        data, offsets = self.vocab_data
        words = cut_long(unpack_strings(data.read(), offsets.read(), offsets.name))
        return Spelling(Joining(self.join, self.pieces), words)

    @property
    def as_written(self) -> Tokens:
        """The tokens with what stood in the text in their place, under ids beyond the vocabulary."""
        return self if self.written is None or not self.written.labels else self._as_written

    @cached_property
    def _as_written(self) -> Tokens:
        assert self.written is not None and self.spelling is not None  # noqa: S101, PT018  whoever asks has both
        words = (*self.spelling.words, *self.written.labels)
        table = tuple(ArrayInMemory(array, "words as written") for array in pack_strings(words))
        stored = _IdsAsWritten(self.ids.stored, self.written.stored, len(self.spelling.words))
        return Tokens(
            self.n_steps, self.join, IdArray(self.n_steps, stored, len(words)), (table[0], table[1]), self.pieces
        )

    def is_unknown(self, steps: slice) -> NDArray[np.bool_]:
        """Tell where the model read its unknown token in the place of a word that is shown.

        Args:
            steps: Which steps.

        Returns:
            One value for each of them.
        """
        if self.written is None or self.spelling is None or self.as_written is self:
            return np.zeros(len(range(*steps.indices(self.n_steps))), np.bool_)
        is_written, unknown = np.asarray(self.written[steps] >= 0), self.spelling.unknown
        return is_written & np.isin(self.ids[steps], unknown) if unknown else is_written

    def __len__(self) -> int:
        return self.n_steps

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    def __getitem__(self, key: StepIndex) -> str | list[str]:
        if self.as_written is not self:
            return self.as_written[key]
        vocab = self.vocab
        ids = np.atleast_1d(self.ids.within(key, None if vocab is None else len(vocab))).tolist()
        words = list(map(str, ids)) if vocab is None else [vocab[i] for i in ids]
        return words if isinstance(key, slice) else words[0]

    def text(self, start: int, stop: int) -> str:
        """Return the text of steps [start, stop).

        Args:
            start: First step.
            stop: Step after the last one.

        Returns:
            The tokens, joined.
        """
        return self.texts([start, stop])[0]

    def texts(self, bounds: Sequence[int]) -> list[str]:
        """Return the texts of some windows, each of which begins where the one before it ends; they are read together.

        Args:
            bounds: The first step of each window, and the step after the last one.

        Returns:
            The joined tokens of each window.
        """
        if self.as_written is not self:
            return self.as_written.texts(bounds)
        steps = slice(bounds[0], bounds[-1])
        windows = [slice(start - steps.start, stop - steps.start) for start, stop in pairwise(bounds)]
        if self.spelling is None:
            words = self[steps]
            return [self.join.join(words[window]) for window in windows]
        ids = self.ids.within(steps, len(self.spelling.shown)).tolist()
        return [self.spelling.text(ids[window]) for window in windows]


@dataclass(frozen=True, eq=False)
class _IdsAsWritten:
    """Token ids, and beyond the ``n_vocab`` of the vocabulary those of what stood in the text."""

    ids: StoredRows
    written: StoredRows
    n_vocab: int

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        written = self.written.read(steps).astype(np.int64)
        return np.where(written >= 0, self.n_vocab + written, self.ids.read(steps))

    @property
    def name(self) -> str:
        return self.ids.name


@dataclass(frozen=True)
class IdArray:
    """Token ids of one axis: ``ids[a:b]`` is a NumPy array of integers.

    Each must be in the vocabulary, where its size is known; DumpError names the step of the first one that is not.
    """

    n_steps: int
    stored: StoredRows
    n_vocab: int | None = None

    def __len__(self) -> int:
        return self.n_steps

    def __getitem__(self, key: StepIndex) -> NDArray[Any]:
        return self.within(key, self.n_vocab)

    def within(self, key: StepIndex, n_vocab: int | None) -> NDArray[Any]:
        """Read ids that must be in a vocabulary of ``n_vocab`` entries (None: of any size)."""
        steps = _checked_index(key, self.n_steps, "tokens")
        ids = self.stored.read(steps)
        is_signed = ids.dtype.kind != "u"
        if np.size(ids) and ((is_signed and ids.min() < 0) or (n_vocab is not None and ids.max() >= n_vocab)):
            bad = np.flatnonzero(ids < 0 if n_vocab is None else (ids < 0) | (ids >= n_vocab))
            step = int(bad[0]) + (steps.start if isinstance(steps, slice) else steps)
            problem = "negative" if n_vocab is None else f"outside the vocabulary of {n_vocab} entries"
            raise DumpError(
                f"{self.stored.name}: token id {ids.flat[bad[0]]} at step {step} is {problem}; write the dump again"
            )
        return ids


@dataclass(frozen=True)
class Track:
    """One track: ``track[a:b]`` is a NumPy array of numbers, or of indices into ``labels``, one for each step.

    This holds even if one value is stored for each sequence (``info.per``).

    Attributes:
        info: What the dump declares about the track.
        n_steps: Number of steps.
        stored: Where the values are stored.

    Example:
        >>> dump.tracks["depth"][249:252].tolist()
        [4, 4, 4]
    """

    info: TrackInfo
    n_steps: int
    stored: StoredRows

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of a category; empty for numbers."""
        return self.info.labels

    def __len__(self) -> int:
        return self.n_steps

    def __getitem__(self, key: StepIndex) -> NDArray[Any]:
        return self.stored.read(_checked_index(key, self.n_steps, f"track {self.info.name}"))

    @property
    def n_stored(self) -> int:
        """Number of stored values, one for each step or one for each sequence."""
        return len(self.stored.starts) if isinstance(self.stored, PerSequenceArray) else self.n_steps

    def read_stored(self, places: slice) -> NDArray[Any]:
        """Read stored values, one for each step or one for each sequence.

        Args:
            places: Which of them.

        Returns:
            The values.
        """
        return (self.stored.values if isinstance(self.stored, PerSequenceArray) else self.stored).read(places)

    def blocks(self, n_values: int = BLOCK_VALUES) -> Iterator[NDArray[Any]]:
        """Yield the stored values in blocks.

        Args:
            n_values: Number of values in a block.

        Returns:
            An iterator of arrays.
        """
        return (self.read_stored(slice(a, a + n_values)) for a in range(0, self.n_stored, n_values))


@dataclass(frozen=True, eq=False)
class PerSequenceArray:
    """One stored value a sequence, read as one value a step; only the sequences that a slice touches are read."""

    values: StoredRows
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        """Read the values of the steps (all where None), as ``StoredArray.read``."""
        if isinstance(steps, slice) or steps is None:
            start, stop, _ = slice(None).indices(len(self)) if steps is None else steps.indices(len(self))
            first, last = np.searchsorted(self.stops, [start, max(start, stop - 1)], side="right").tolist()
            here = slice(first, last + 1 if stop > start else first)
            n_steps = np.minimum(self.stops[here], stop) - np.maximum(self.starts[here], start)
            return np.repeat(self.values.read(here), n_steps)
        return self.values.read(int(np.searchsorted(self.stops, steps, side="right")))

    def __len__(self) -> int:
        return int(self.stops[-1])

    @property
    def name(self) -> str:
        """The file and the place in it, for a message."""
        return self.values.name


def _checked_index(key: StepIndex, n_steps: int, name: str) -> StepIndex:
    """Return an index or a slice with its bounds in 0 to n_steps; WindowError where it is neither."""
    try:
        if isinstance(key, slice):
            start, stop, step = key.indices(n_steps)
            if step != 1:
                raise WindowError(f"{name} are read as [start:stop]; take every {step}th of the result")
            return slice(start, max(start, stop))
        index = operator.index(key)
    except TypeError as err:
        raise WindowError(f"{name} are read by a whole number or [start:stop], not by {str(key)[:80]}") from err
    if not -n_steps <= index < n_steps:
        raise WindowError(f"step {index} is outside {name}: there are {n_steps} steps")
    return index % n_steps
