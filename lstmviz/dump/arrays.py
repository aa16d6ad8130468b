"""Lazy arrays of a dump: states, tokens and tracks, read from disk only for the slice that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, overload

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.schema import unpack_strings
from lstmviz.errors import DumpError
from lstmviz.types import Source, TrackInfo

Steps = int | slice
Units = int | slice | Sequence[int] | NDArray[Any]


class Stored(Protocol):
    """What lies behind a lazy array: whole rows, read by step."""

    def read(self, steps: Steps | None = None) -> NDArray[Any]:
        """Read whole rows of the steps (all where None)."""

    @property
    def name(self) -> str:
        """The file and the place in it, for a message."""


@dataclass(frozen=True)
class StoredArray:
    """One data set of a dump; ``find`` gives it from the file as it is open now, so that it survives a fork."""

    path: str
    find: Callable[[str], h5py.Dataset]

    def read(self, steps: Steps | None = None) -> NDArray[Any]:
        """Read whole rows of the steps (all where None); DumpError where the stored bytes fail their checksum."""
        dataset = self.find(self.path)
        try:
            return np.asarray(dataset[() if steps is None else steps])
        except OSError as err:
            reason = " ".join(str(err).split())[:160]
            raise DumpError(f"{self.name} cannot be read ({reason}); the file is damaged, record it again") from err

    @property
    def name(self) -> str:
        """The file and the place in it, for a message."""
        return f"{self.find(self.path).file.filename}: {self.path!r}"


@dataclass(frozen=True)
class States:
    """The states of one source: ``states[a:b]`` or ``states[a:b, units]`` is a NumPy array as recorded."""

    info: Source
    stored: Stored

    @property
    def shape(self) -> tuple[int, int]:
        """(n_steps, n_units)."""
        return self.info.n_steps, self.info.n_units

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values as stored."""
        return np.dtype(self.info.dtype)

    def __len__(self) -> int:
        return self.info.n_steps

    def __getitem__(self, key: Steps | tuple[Steps, Units]) -> NDArray[Any]:
        steps, units = key if isinstance(key, tuple) else (key, slice(None))
        rows = self.stored.read(_checked(steps, self.info.n_steps, f"steps of {self.info.name}"))
        if isinstance(units, slice):
            return rows[..., units]
        wanted = np.asarray(units, dtype=np.intp)
        bad = wanted[(wanted < -self.info.n_units) | (wanted >= self.info.n_units)]
        if bad.size:
            raise IndexError(f"{self.info.name} has no unit {bad.flat[0]}; its units are 0 to {self.info.n_units - 1}")
        return rows[..., wanted]


@dataclass(frozen=True)
class Tokens:
    """The tokens of one axis: ``tokens[a:b]`` is a list of strings, ``tokens.ids[a:b]`` their ids."""

    n_steps: int
    join: str
    ids: IdArray
    vocab_data: tuple[Stored, Stored] | None

    @cached_property
    def vocab(self) -> tuple[str, ...] | None:
        """The vocabulary by id, or None where ids are shown themselves."""
        if self.vocab_data is None:
            return None
        data, offsets = self.vocab_data
        return unpack_strings(data.read(), offsets.read(), offsets.name)

    def __len__(self) -> int:
        return self.n_steps

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    def __getitem__(self, key: Steps) -> str | list[str]:
        ids = self.ids[key]
        words = [self._word(int(i)) for i in np.atleast_1d(ids)]
        return words if isinstance(key, slice) else words[0]

    def text(self, start: int, stop: int) -> str:
        """Return the text of steps [start, stop), joined as the axis says."""
        return self.join.join(self[start:stop])

    def _word(self, token_id: int) -> str:
        if self.vocab is None:
            return str(token_id)
        if token_id >= len(self.vocab):
            raise DumpError(
                f"token id {token_id} is outside the vocabulary of {len(self.vocab)} entries; write the dump anew"
            )
        return self.vocab[token_id]


@dataclass(frozen=True)
class IdArray:
    """Token ids of one axis: ``ids[a:b]`` is a NumPy array of unsigned integers."""

    n_steps: int
    stored: Stored

    def __len__(self) -> int:
        return self.n_steps

    def __getitem__(self, key: Steps) -> NDArray[Any]:
        return self.stored.read(_checked(key, self.n_steps, "tokens"))


@dataclass(frozen=True)
class Track:
    """One track: ``track[a:b]`` is a NumPy array of numbers, or of indices into ``labels``."""

    info: TrackInfo
    n_steps: int
    stored: Stored

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of a category track; empty for numbers."""
        return self.info.labels

    def __len__(self) -> int:
        return self.n_steps

    def __getitem__(self, key: Steps) -> NDArray[Any]:
        return self.stored.read(_checked(key, self.n_steps, f"track {self.info.name}"))


def _checked(key: Steps, n_steps: int, what: str) -> Steps:
    if isinstance(key, slice):
        start, stop, step = key.indices(n_steps)
        if step != 1:
            raise IndexError(f"{what} are read as [start:stop]; take every {step}th of the result")
        return slice(start, max(start, stop))
    index = int(key)
    if not -n_steps <= index < n_steps:
        raise IndexError(f"step {index} is outside {what}: there are {n_steps} steps")
    return index % n_steps
