"""Arrays given block by block: the first block declares sources and tracks, later ones are checked against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmviz.dump.schema import ArrayKey, SourcePlan, StateDtype
from lstmviz.dump.validate import (
    TrackRows,
    as_array,
    check_ids,
    check_mapping,
    read_lengths,
    read_sequence_track,
    read_states,
    read_track,
)
from lstmviz.errors import DumpError, InputError
from lstmviz.types import TrackInfo

Arrays = dict[ArrayKey, NDArray[Any]]
DESCRIPTIONS = {
    "tokens": "its tokens",
    "state": "source {!r}",
    "track": "track {!r}",
    "sequence": "sequence track {!r}",
}


@dataclass(frozen=True, slots=True, eq=False)
class DumpBlock:
    """Some sequences of a dump, for ``write_dump(blocks=...)``. Fields are as its arguments of the same name.

    Attributes:
        states: Names of sources with arrays (n_steps, n_units).
        tokens: Ids, (n_steps,).
        lengths: Number of steps of each sequence; None for one sequence.
        tracks: Names with (n_steps,) values.
        sequence_tracks: Names with (n_sequences,) values.
        continues: Whether the first sequence continues the last one of the block before. It then also has that
            sequence's value of each of ``sequence_tracks``.

    Example:
        >>> import numpy as np
        >>> blocks = (lstmviz.DumpBlock(states={"rnn.l0.h": np.zeros((n, 2))}, tokens=[0] * n) for n in (3, 4))
        >>> lstmviz.open_dump(lstmviz.write_dump("blocks.h5", blocks=blocks, vocab=["la"])).n_steps
        7
    """

    states: Mapping[str, ArrayLike]
    tokens: ArrayLike | None = None
    lengths: ArrayLike | None = None
    tracks: Mapping[str, ArrayLike] | None = None
    sequence_tracks: Mapping[str, ArrayLike] | None = None
    continues: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class CheckedBlock:
    """A block that fits the dump: the steps of each sequence, its arrays, and if its first sequence continues one."""

    lengths: tuple[int, ...]
    arrays: Arrays
    continues: bool

    @property
    def n_steps(self) -> int:
        """Steps in the block."""
        return sum(self.lengths)

    @property
    def n_bytes(self) -> int:
        """Bytes of its arrays."""
        return sum(array.nbytes for array in self.arrays.values())


@dataclass
class BlockValidator:
    """Checks the blocks of a dump with one axis, in order; the first block declares sources, tracks and types."""

    axis: str
    n_vocab: int | None
    is_many: bool
    sources: tuple[SourcePlan, ...] = ()
    tracks: tuple[TrackInfo, ...] = ()
    dtypes: dict[ArrayKey, np.dtype[Any]] = field(default_factory=dict)
    n_blocks: int = 0
    _labels: dict[str, dict[str | None, int]] = field(default_factory=dict)

    @property
    def has_tokens(self) -> bool:
        """Whether the blocks carry tokens."""
        return ArrayKey("tokens") in self.dtypes

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """The labels of each category track so far, by index."""
        return {name: tuple(label for label in codes if label is not None) for name, codes in self._labels.items()}

    def check(self, block: DumpBlock) -> CheckedBlock:
        """Return a block, checked; InputError, which names the block, where it does not fit the first."""
        try:
            checked = self._check(block)
        except DumpError as err:
            raise type(err)(f"block {self.n_blocks}: {err}" if self.is_many else str(err)) from err
        self.n_blocks += 1
        return checked

    def _check(self, block: DumpBlock) -> CheckedBlock:
        if not isinstance(block, DumpBlock):
            raise InputError(
                f"it is a {type(block).__name__}; give each block as lstmviz.DumpBlock(states={{...}}, ...)"
            )
        for argument in ("states", "tracks", "sequence_tracks"):
            check_mapping(argument, getattr(block, argument))
        arrays: Arrays = {ArrayKey("state", n): read_states(n, values) for n, values in block.states.items()}
        n_steps = self._add_tokens(arrays, block.tokens)
        steps = (n_steps,) if block.lengths is None else read_lengths(block.lengths)
        if sum(steps) != n_steps or not n_steps:
            raise InputError(f"lengths add up to {sum(steps)} and the arrays have {n_steps} steps; each step is in one")
        rows = {
            **{ArrayKey("track", n): read_track(n, v, (n_steps,)) for n, v in (block.tracks or {}).items()},
            **{
                ArrayKey("sequence", n): read_sequence_track(n, v, len(steps))
                for n, v in (block.sequence_tracks or {}).items()
            },
        }
        if not self.n_blocks:
            self._declare(arrays, rows)
        self._check_keys([*arrays, *rows])
        arrays |= {key: self._encode(key.name, row) for key, row in rows.items()}
        if not self.n_blocks:
            self.dtypes = {key: array.dtype for key, array in arrays.items()}
        self._check_types(arrays)
        return CheckedBlock(steps, arrays, block.continues)

    def _add_tokens(self, arrays: Arrays, tokens: ArrayLike | None) -> int:
        """Add the token ids to the arrays, and return the number of steps that all have."""
        if not arrays:
            raise InputError("no states were given; pass states={'rnn.l0.h': array of (n_steps, n_units)}")
        if tokens is not None:
            ids = as_array("tokens", tokens, "(n_steps,)", "give one id a step")
            if ids.ndim != 1:
                raise InputError(f"tokens have shape {ids.shape}; give ids of (n_steps,), one sequence after another")
            arrays[ArrayKey("tokens")] = check_ids(ids, self.n_vocab)
        counts = {key.name or "tokens": len(array) for key, array in arrays.items()}
        short, long = min(counts, key=lambda n: counts[n]), max(counts, key=lambda n: counts[n])
        if counts[short] != counts[long]:
            raise InputError(
                f"{long} has {counts[long]} steps and {short} {counts[short]}; step {counts[short]} is the first that "
                f"{short} lacks"
            )
        return counts[long]

    def _declare(self, arrays: Arrays, rows: Mapping[ArrayKey, TrackRows]) -> None:
        self.sources = tuple(
            SourcePlan(key.name, self.axis, array.shape[1], cast(StateDtype, array.dtype.name))
            for key, array in arrays.items()
            if key.role == "state"
        )
        self.tracks = tuple(
            TrackInfo(
                key.name,
                self.axis,
                "category" if row.is_category else "number",
                per="step" if key.role == "track" else "sequence",
            )
            for key, row in rows.items()
        )
        self._labels = {key.name: {None: -1} for key, row in rows.items() if row.is_category}
        self.dtypes = dict.fromkeys([*arrays, *rows], np.dtype("V"))

    def _check_keys(self, keys: Sequence[ArrayKey]) -> None:
        """Raise InputError unless a block has the arrays of the first, no more and no fewer."""
        odd = next((key for key in (*self.dtypes, *keys) if (key in keys) != (key in self.dtypes)), None)
        if odd is not None:
            name = DESCRIPTIONS[odd.role].format(odd.name)
            problem = f"{name} is not in it, and was in" if odd in self.dtypes else f"{name} is new, and was not in"
            raise InputError(f"{problem} block 0; give every block the same arrays")

    def _encode(self, name: str, rows: TrackRows) -> NDArray[Any]:
        """Return a track's values as stored; new labels follow the known ones, in sorted order."""
        if rows.is_category != (name in self._labels):
            now, first = ("labels", "numbers") if rows.is_category else ("numbers", "labels")
            raise InputError(f"track {name!r} holds {now}, and {first} in block 0; give every block the same")
        if isinstance(rows.values, np.ndarray):
            return rows.values
        codes = self._labels[name]
        for label in sorted({label for label in rows.values if label is not None} - codes.keys()):
            codes[label] = len(codes) - 1
        return np.array([codes[label] for label in rows.values], np.int32)

    def _check_types(self, arrays: Arrays) -> None:
        """Raise InputError where values of a later block would not fit what the first declared."""
        n_units = {source.name: source.n_units for source in self.sources}
        for key, array in arrays.items():
            if key.role == "state" and array.shape[1] != n_units[key.name]:
                raise InputError(
                    f"source {key.name!r} has {array.shape[1]} units, and {n_units[key.name]} in block 0; give every "
                    "block the same"
                )
            if not np.can_cast(array.dtype, self.dtypes[key], "safe"):
                raise InputError(
                    f"{DESCRIPTIONS[key.role].format(key.name)} is {array.dtype}, which {self.dtypes[key]}, its type "
                    "in block 0, cannot hold exactly; give every block the same type"
                )
