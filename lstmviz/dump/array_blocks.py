"""Arrays given block by block: the first block declares sources and tracks, later ones are checked against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmviz.dump.layout import Layout, listed, read_layout
from lstmviz.dump.schema import ArrayKey, SourcePlan, StateDtype
from lstmviz.dump.validate import TrackRows, check_ids, check_mapping, read_sequence_track, read_track
from lstmviz.dump.vocabulary import ids_of
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
        states: Names of sources with arrays (n_steps, n_units), or a padded batch, (batch, steps, n_units).
        tokens: Ids or strings, (n_steps,).
        lengths: Number of steps of each sequence; None for one sequence.
        tracks: Names with (n_steps,) values.
        sequence_tracks: Names with (n_sequences,) values.
        continues: Whether the first sequence continues the last one of the block before. It then also has that
            sequence's value of each of ``sequence_tracks``.
        mask: True for text and False for padding, (batch, steps).

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
    mask: ArrayLike | None = None


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
    vocab: tuple[str, ...] | None
    is_many: bool
    sources: tuple[SourcePlan, ...] = ()
    tracks: tuple[TrackInfo, ...] = ()
    dtypes: dict[ArrayKey, np.dtype[Any]] = field(default_factory=dict)
    n_blocks: int = 0
    n_empty: int = 0  # sequences without a step, which are left out
    _labels: dict[str, dict[str | None, int]] = field(default_factory=dict)
    _is_text: bool = False  # tokens come as strings
    _new_words: dict[str, int] = field(default_factory=dict)  # that are not in the vocabulary, with their ids

    @property
    def has_tokens(self) -> bool:
        """Whether the blocks carry tokens."""
        return ArrayKey("tokens") in self.dtypes

    @property
    def words(self) -> tuple[str, ...] | None:
        """The vocabulary so far, with the tokens that came as strings and were not in it; None if ids are shown."""
        return (*(self.vocab or ()), *self._new_words) if self._is_text else self.vocab

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
        if not block.states:
            raise InputError("no states were given; pass states={'rnn.l0.h': array of (n_steps, n_units)}")
        states, layout = read_layout(block.states, block.lengths, block.mask)
        arrays: Arrays = {ArrayKey("state", name): values for name, values in states.items()}
        lengths = self._add_tokens(arrays, block.tokens, layout) or layout.lengths
        n_steps = _common_length(arrays)
        lengths = (n_steps,) if lengths is None else lengths
        if sum(lengths) != n_steps or not n_steps:
            raise InputError(
                f"lengths add up to {sum(lengths)} and the arrays have {n_steps} steps; each step is in one sequence"
            )
        rows = self._track_rows(block, replace(layout, lengths=lengths), n_steps)
        if not self.n_blocks:
            self._declare(arrays, rows)
        self._check_keys([*arrays, *rows])
        arrays |= {key: self._encode(key.name, row) for key, row in rows.items()}
        if not self.n_blocks:
            self.dtypes = {key: array.dtype for key, array in arrays.items()}
        self._check_types(arrays)
        return self._without_empty(lengths, arrays, block.continues)

    def _track_rows(self, block: DumpBlock, layout: Layout, n_steps: int) -> dict[ArrayKey, TrackRows]:
        """Return the tracks of a block: one value a step, or one a sequence."""
        rows = {}
        for name, values in (block.tracks or {}).items():
            rows[ArrayKey("track", name)] = read_track(name, layout.flat(f"track {name!r}", values), (n_steps,))
        for name, values in (block.sequence_tracks or {}).items():
            rows[ArrayKey("sequence", name)] = read_sequence_track(name, values, len(layout.lengths or (n_steps,)))
        return rows

    def _without_empty(self, lengths: Sequence[int], arrays: Arrays, continues: bool) -> CheckedBlock:
        """Return a block without the sequences that have no step, and without their values."""
        has_steps = np.asarray(lengths) > 0
        if has_steps.all():
            return CheckedBlock(tuple(lengths), arrays, continues)
        self.n_empty += int((~has_steps).sum())
        kept = {key: array[has_steps] if key.role == "sequence" else array for key, array in arrays.items()}
        return CheckedBlock(tuple(n for n in lengths if n), kept, continues and bool(has_steps[0]))

    def _add_tokens(self, arrays: Arrays, given: ArrayLike | None, layout: Layout) -> tuple[int, ...] | None:
        """Add the token ids to the arrays; return the lengths of the sequences where the tokens say them."""
        if given is None:
            return None
        tokens, lengths = layout.tokens(given, self.vocab is not None)
        if tokens.dtype == object:
            arrays[ArrayKey("tokens")] = self._numbered(tokens.tolist())
        else:
            if self._is_text:
                raise InputError("tokens are ids, and strings in block 0; give every block the same")
            arrays[ArrayKey("tokens")] = check_ids(tokens, None if self.vocab is None else len(self.vocab))
        if lengths is not None and layout.lengths not in (None, lengths):
            raise InputError(
                f"lengths are {listed(layout.lengths)} and the rows of tokens have {listed(lengths)}; give one of them"
            )
        return lengths

    def _numbered(self, words: Sequence[str]) -> NDArray[np.uint32]:
        """Return the ids of tokens that come as strings; new ones take the next ids."""
        if self.n_blocks and not self._is_text:
            raise InputError("tokens are strings, and ids in block 0; give every block the same")
        self._is_text = True
        known, n_known = ids_of(self.vocab or ()), len(self.vocab or ())
        new = self._new_words
        return np.array([known[w] if w in known else new.setdefault(w, n_known + len(new)) for w in words], np.uint32)

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
        mismatched = next((key for key in (*self.dtypes, *keys) if (key in keys) != (key in self.dtypes)), None)
        if mismatched is not None:
            name = DESCRIPTIONS[mismatched.role].format(mismatched.name)
            problem = (
                f"{name} is not in it, and was in" if mismatched in self.dtypes else f"{name} is new, and was not in"
            )
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


def _remedy(arrays: Arrays) -> str:
    """Say what to do about arrays of different lengths: states may have been given as (n_units, n_steps)."""
    others = {len(array) for key, array in arrays.items() if key.role != "state"}
    for key, array in arrays.items():
        if key.role == "state" and {array.shape[1]} == others:
            return f"did you pass (n_units, n_steps)? give the states of {key.name!r} transposed"
    return "give each one row a step"


def _common_length(arrays: Arrays) -> int:
    """Return the number of steps that all arrays have; InputError where they differ."""
    counts = {key.name or "tokens": len(array) for key, array in arrays.items()}
    fewest, most = min(counts, key=lambda n: counts[n]), max(counts, key=lambda n: counts[n])
    if counts[fewest] != counts[most]:
        raise InputError(
            f"{most} has {counts[most]} steps and {fewest} {counts[fewest]}; step {counts[fewest]} is the first that "
            f"{fewest} lacks; {_remedy(arrays)}"
        )
    return counts[most]
