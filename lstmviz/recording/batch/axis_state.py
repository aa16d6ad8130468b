"""What a recording keeps of one time axis from batch to batch: its documents, its vocabulary, what was declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.schema import AxisPlan
from lstmviz.dump.values import as_array
from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.batch.axes import AxisSpec
from lstmviz.recording.batch.carried import Carried
from lstmviz.recording.batch.fit_tokens import least_known
from lstmviz.recording.batch.pass_inputs import CheckedPass, Pass, PassTrack, check_pass
from lstmviz.recording.batch.score_range import ScoreRange

Ints = NDArray[np.int64]
TOKENS = ""  # the encoder's name for the tokens of an axis; a track always has a name


@dataclass(frozen=True, slots=True, eq=False)
class RowPlaces:
    """Where the sequences of a batch begin: i at step ``positions[i]`` of document ``documents[i]``.

    If more episodes begin in the same row, they are the documents from ``later[i]`` on.
    """

    documents: Ints
    positions: Ints
    later: Ints


class LabelEncoder:
    """Numbers labels in the order of their first appearance, over all batches; one numbering for each name."""

    def __init__(self) -> None:
        self._codes: dict[str, dict[str, int]] = {}

    def encode(self, name: str, labels: Sequence[str | None]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return the codes of labels (-1 for None) and the labels that are new; they stay new until ``commit``."""
        known = self._codes.get(name, {})
        new: dict[str, int] = {}
        codes = np.empty(len(labels), np.int32)
        for i, label in enumerate(labels):
            if label is None:
                codes[i] = -1
            elif label in known:
                codes[i] = known[label]
            else:
                codes[i] = new.setdefault(label, len(known) + len(new))
        return codes, tuple(new)

    def commit(self, name: str, new: Sequence[str]) -> None:
        """Remember labels that ``encode`` returned as new, now that their batch is acknowledged."""
        known = self._codes.setdefault(name, {})
        for label in new:
            known[label] = len(known)

    def seed(self, name: str, labels: Sequence[str]) -> None:
        """Begin a numbering with labels that are known; of equal ones the first counts."""
        known = self._codes.setdefault(name, {})
        for code, label in enumerate(labels):
            known.setdefault(label, code)


@dataclass(eq=False)
class AxisState:
    """One axis over all batches; what the first batch declares holds for all others."""

    spec: AxisSpec
    every: int = 1
    is_alone: bool = True  # no other axis, so that the names of tracks that lstmviz adds need no prefix
    encoder: LabelEncoder = field(default_factory=LabelEncoder)
    places: RowPlaces | None = None  # where the last batch ended
    n_documents: int = 0
    plan: AxisPlan | None = None
    is_thinned: bool = False
    is_text: bool = False  # tokens are given as strings
    types: Mapping[str, str] = field(default_factory=dict)  # of the tracks that run.batch was given
    carried: dict[str, Carried] = field(default_factory=dict)  # of the last batch, by module
    problems: dict[str, str] = field(default_factory=dict)  # of passing states on, the first of each module
    reading: dict[str, str] = field(default_factory=dict)  # how the tokens of each module are known
    scores: dict[str | None, ScoreRange] = field(default_factory=dict)  # of each head, by its name
    unit_shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)  # of what is logged, by source

    def __post_init__(self) -> None:
        if self.spec.vocab is not None:
            self.encoder.seed(TOKENS, self.spec.vocab)

    @property
    def prefix(self) -> str:
        """What stands before the names of tracks that lstmviz adds, such as "position"."""
        return "" if self.is_alone else f"{self.spec.name}."

    def check(self, given: Pass) -> CheckedPass:
        """Check what is given for one pass, against the batches before too."""
        checked = check_pass(given, self.spec.vocab, self.spec.features, self.prefix)
        added = {f"{self.prefix}document", f"{self.prefix}position"}
        taken = next((track.name for track in checked.tracks if track.name in added), None)
        if taken and (self.every > 1 or checked.where is not None):
            raise InputError(f"track {taken!r} is made by every= and where= themselves; choose another name")
        if not given.is_empty:
            self.check_same(checked)
        return checked

    def places_of(
        self,
        n_sequences: int,
        continues: Any,
        documents: Any = None,
        *,
        begins: NDArray[np.bool_] | None = None,
        n_later: Ints | None = None,
    ) -> RowPlaces:
        """Return where the sequences of a batch stand: after the batch before where it ``continues``, else at a start.

        ``documents`` are the numbers of the documents that begin, or None where they are those that come next. Rows of
        ``begins`` (n_sequences,) do not continue, and ``n_later`` (n_sequences,) more documents begin inside each.
        """
        does_continue = np.asarray(continues.tolist() if hasattr(continues, "tolist") else continues)
        if does_continue.dtype.kind != "b" or does_continue.shape not in ((), (n_sequences,)):
            raise InputError(
                f"continues is {does_continue.dtype} of shape {does_continue.shape}; give True, False, or one of them "
                f"for each of the {n_sequences} sequences"
            )
        if documents is not None and does_continue.any():
            raise InputError(
                "documents and continues are both given; a row that continues keeps its document, so give documents "
                "only where rows begin"
            )
        if documents is not None and n_later is not None and n_later.any():
            raise InputError("documents number the rows, and starts cuts rows into episodes; give ids= instead")
        flags = np.broadcast_to(does_continue, (n_sequences,)) & (self.places is not None)
        flags = flags if begins is None else flags & ~begins
        n_new = ~flags + (0 if n_later is None else n_later)
        first = self.n_documents + np.cumsum(n_new) - n_new
        later = first + ~flags
        if self.places is None or not does_continue.any():
            numbers = first if documents is None else _read_documents(documents, n_sequences)
            return RowPlaces(numbers, np.zeros(n_sequences, np.int64), later)
        n_before = len(self.places.documents)
        if n_before < n_sequences:
            raise RecordingError(
                f"this batch has {n_sequences} sequences and continues one of {n_before}; a stream keeps its columns, "
                "or loses the last ones, so leave continues out where other sequences begin"
            )
        documents, positions = (a[:n_sequences] for a in (self.places.documents, self.places.positions))
        return RowPlaces(np.where(flags, documents, first), np.where(flags, positions, np.int64(0)), later)

    def declare(self, passes: Sequence[CheckedPass], words: Sequence[str] | None) -> AxisPlan:
        """Return the plan of the axis after the first batch; ``words`` are its tokens where they are strings."""
        has_tokens = passes[0].tokens is not None
        vocab = self.spec.vocab if words is None else self.spec.vocab or ()
        join = self.spec.join if has_tokens or self.spec.join is not None else " "
        return AxisPlan(self.spec.name, join, has_tokens, vocab if has_tokens else None, self.spec.pieces)

    def commit(self, plan: AxisPlan, passes: Sequence[CheckedPass], after: RowPlaces) -> None:
        """Remember what a batch added, now that it is acknowledged."""
        if self.plan is None:
            self.plan = plan
            self.is_text = passes[0].tokens is not None and passes[0].tokens.kind != "ids"
            self.is_thinned = is_thinned(self.every, passes)
            self.types = types_of(passes[0].tracks)
        self.places = after
        self.n_documents = max(self.n_documents, int(after.documents.max(initial=-1)) + 1)

    def commit_reading(self, reading: Mapping[str, str]) -> None:
        """Remember how the tokens of each module are known, over all batches."""
        for name, verdict in reading.items():
            self.reading[name] = least_known(self.reading.get(name), verdict)

    def commit_carried(self, carried: Mapping[str, Carried]) -> list[str]:
        """Remember the states that a batch ended with; return what is newly wrong with how they were passed on."""
        new = []
        for name, now in carried.items():
            problem = now.problem(name, self.carried.get(name))
            self.carried[name] = now
            if problem is not None and name not in self.problems:
                self.problems[name] = problem
                new.append(problem)
        return new

    def check_same(self, checked: CheckedPass) -> None:
        """Raise RecordingError where a batch is given other things than the first."""
        if self.plan is None:
            return
        of = "" if self.is_alone else f" of axis {self.spec.name!r}"
        if (checked.tokens is not None) != self.plan.has_tokens:
            place = "the first batch and not this one" if self.plan.has_tokens else "this batch and not the first"
            raise RecordingError(f"tokens{of} are in {place}; give them in every batch, or in none")
        if checked.tokens is not None and self.spec.vocab is None and (checked.tokens.kind != "ids") != self.is_text:
            was, now = ("strings", "ids") if self.is_text else ("ids", "strings")
            raise RecordingError(f"tokens{of} were {was} in the first batch and are {now} now; give one kind")
        if checked.where is not None and not self.is_thinned:
            raise RecordingError(
                "where is in this batch and not the first; give it in the first too (True for every step keeps all)"
            )
        check_types(types_of(checked.tracks), self.types)


def _read_documents(given: Any, n_sequences: int) -> Ints:
    numbers = as_array("documents", given, "(batch,)", "give one whole number for each sequence")
    if numbers.dtype.kind not in "iu" or numbers.shape != (n_sequences,) or (numbers < 0).any():
        raise InputError(
            f"documents are {numbers.dtype} of shape {numbers.shape}; give a whole number of 0 or more for each of the "
            f"{n_sequences} sequences"
        )
    if len(np.unique(numbers)) < n_sequences:
        raise InputError("documents has a number twice; give each sequence its own")
    return numbers.astype(np.int64)


def is_thinned(every: int, passes: Sequence[CheckedPass]) -> bool:
    """Tell whether steps may be left out, so that the dump notes where each sequence stood in its document."""
    return every > 1 or any(checked.where is not None for checked in passes)


def check_types(
    given: Mapping[str, str],
    first: Mapping[str, str],
    before: str = "the first batch",
    now: str = "this batch",
    everywhere: str = "every batch",
) -> None:
    """Raise RecordingError unless a batch (or a pass) has the tracks of the first, of the same types."""
    if given.keys() != first.keys():
        missing = min(given.keys() ^ first.keys())
        place = f"{before} and not this one" if missing in first else f"{now} and not the first"
        raise RecordingError(f"track {missing!r} is in {place}; give the same tracks in {everywhere}")
    for name, kind in given.items():
        if kind != first[name]:
            are_floats = kind.startswith("float") and first[name] != "text"
            remedy = f"give floats from {before} on" if are_floats else "give one type"
            raise RecordingError(f"track {name!r} was {first[name]} in {before} and is {kind} now; {remedy}")


def types_of(tracks: Sequence[PassTrack]) -> dict[str, str]:
    """Return the type of each track's values, by name."""
    return {track.name: track.type for track in tracks}
