"""The plan of a dump: its axes, sources and tracks, declared before any step is written (docs/format.md)."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmviz.checks import check_whole
from lstmviz.errors import MALFORMED, DumpError, InputError
from lstmviz.types import TrackInfo, View

FORMAT = "lstmviz"
FORMAT_VERSION = 1
STATE_DTYPES = ("float16", "float32", "float64")
MAX_NAME = 200  # characters
MAX_WORD = 10_000  # characters of a token or a label that are shown
MAX_JOIN = 100  # characters between two tokens
FEATURES = "features"  # in the provenance: by source, the names of its units
AS_WRITTEN = "as written"  # group of the track of what stood in the text where that is not the token itself
UNIT_SHAPES = "unit_shapes"  # also in the provenance: sizes of a state that is no vector, whose units are indices
MAX_PROVENANCE = 60_000  # bytes; an HDF5 attribute holds 64 KiB
MAX_UNITS_LISTED = 15_000  # of a source that keeps some of a layer's units: as uint32 these fill an attribute

StateDtype = Literal["float16", "float32", "float64"]
"""The types that states are stored in."""
Role = Literal["tokens", "state", "track", "sequence", "attention"]
COLUMNS = ("start", "stop")  # of every axis' table of sequences, beside its tracks of one value a sequence


@dataclass(frozen=True, slots=True)
class ArrayKey:
    """Names one array of an axis: its tokens (name ""), a source's states, a track, or a track by sequence."""

    role: Role
    name: str = ""


@dataclass(frozen=True, slots=True)
class AxisPlan:
    """One time axis: what joins its tokens into text, and its vocabulary (None: ids are shown).

    ``join`` None: it is guessed from the whole vocabulary when the dump is closed. ``pieces`` is the rule by which
    pieces of words spell a text.
    """

    name: str
    join: str | None = " "
    has_tokens: bool = True
    vocab: tuple[str, ...] | None = None
    pieces: str = ""

    def __post_init__(self) -> None:
        check_name("axis", self.name)
        if isinstance(self.join, str) and len(self.join) > MAX_JOIN:
            raise InputError(f"join has {len(self.join):,} characters; at most {MAX_JOIN} stand between two tokens")
        if self.join is not None and not isinstance(self.join, str):
            raise InputError(f"join {self.join!r} is not a string; give the text between two tokens, such as ' '")
        if self.vocab is None:
            return
        if not self.has_tokens:
            raise InputError(f"axis {self.name!r} has a vocabulary but no tokens; give tokens too")
        index = next((i for i, word in enumerate(self.vocab) if not isinstance(word, str)), None)
        if index is not None:
            raise InputError(f"entry {index} of the vocabulary of axis {self.name!r} is not a string; give the token")


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """One source: its axis, number of units, stored dtype and view.

    ``units`` are the units' numbers in the model, where only some were kept (None: all).
    """

    name: str
    axis: str
    n_units: int
    dtype: StateDtype = "float16"
    view: View = "raw"
    units: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        check_name("source", self.name)
        if self.dtype not in STATE_DTYPES:
            raise DumpError(f"dtype {self.dtype!r} is not one that states are stored in; use {', '.join(STATE_DTYPES)}")
        if self.view not in ("raw", "tanh"):
            raise DumpError(f"view {self.view!r} of source {self.name!r} is not known; use 'raw' or 'tanh'")
        if check_whole(f"the number of units of {self.name!r}", self.n_units, DumpError) < 1:
            raise DumpError(f"source {self.name!r} has {self.n_units} units; it needs at least 1")
        if self.units is not None:
            object.__setattr__(self, "units", check_units(f"source {self.name!r}", self.units, self.n_units))


@dataclass(frozen=True, slots=True)
class AttentionPlan:
    """Weights from each step of ``axis`` to the steps of the paired sequence on ``over``, and their stored dtype."""

    name: str
    axis: str
    over: str
    dtype: StateDtype = "float16"

    def __post_init__(self) -> None:
        check_name("attention", self.name)


@dataclass(frozen=True, slots=True)
class DumpPlan:
    """All that a dump declares before its first step; a recording in progress keeps it as JSON beside its blocks."""

    axes: tuple[AxisPlan, ...]
    sources: tuple[SourcePlan, ...]
    tracks: tuple[TrackInfo, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    attention: tuple[AttentionPlan, ...] = ()

    def __post_init__(self) -> None:
        places = [(s.name, s.axis) for s in self.sources] + [(t.name, t.axis) for t in self.tracks]
        places += [(a.name, axis) for a in self.attention for axis in (a.axis, a.over)]
        for kind, names in (
            ("axis", [a.name for a in self.axes]),
            ("source", [s.name for s in self.sources]),
            ("track", [t.name for t in self.tracks]),
            ("attention", [a.name for a in self.attention]),
        ):
            if (duplicate := first_duplicate(names)) is not None:
                raise DumpError(f"{kind} {duplicate!r} is declared twice; give each its own name")
        for name, axis in places:
            if axis not in [a.name for a in self.axes]:
                known = ", ".join(a.name for a in self.axes)
                raise DumpError(f"{name!r} lies on axis {axis!r}, which is not declared; there is {known}")
        for track in self.tracks:
            check_track(track)
        if not isinstance(self.provenance, Mapping):
            raise InputError(f"provenance is a {type(self.provenance).__name__}; give a dict of what to note")

    def keys(self, axis: str) -> tuple[ArrayKey, ...]:
        """Every array of an axis that has a row for each step or sequence, in the order of the plan."""
        tokens = [ArrayKey("tokens") for a in self.axes if a.name == axis and a.has_tokens]
        states = [ArrayKey("state", s.name) for s in self.sources if s.axis == axis]
        tracks = [ArrayKey("track" if t.per == "step" else "sequence", t.name) for t in self.tracks if t.axis == axis]
        return (*tokens, *states, *tracks)

    def to_json(self) -> str:
        """Write the plan as JSON text."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> DumpPlan:
        """Read a plan from JSON text; DumpError if it is not one."""
        try:
            raw = json.loads(text)
            return cls(
                axes=tuple(AxisPlan(**{**a, "vocab": _tuple(a["vocab"])}) for a in raw["axes"]),
                sources=tuple(SourcePlan(**{**s, "units": _tuple(s.get("units"))}) for s in raw["sources"]),
                tracks=tuple(TrackInfo(**{**t, "labels": tuple(t["labels"])}) for t in raw["tracks"]),
                provenance=raw["provenance"],
                attention=tuple(AttentionPlan(**a) for a in raw.get("attention", ())),
            )
        except MALFORMED as err:
            raise DumpError(f"the recording's header cannot be read: {err}") from err


def _tuple(entries: list[Any] | None) -> tuple[Any, ...] | None:
    return None if entries is None else tuple(entries)


def first_duplicate(names: Iterable[str]) -> str | None:
    """Return the first name that occurs a second time, or None."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def check_name(kind: str, name: str) -> None:
    """Raise InputError unless a name can be stored: no control characters, 1 to 200 long."""
    if not isinstance(name, str):
        raise InputError(f"{kind} name {name!r} is not a string; give text")
    bad = not name or len(name) > MAX_NAME or name in (".", "..")
    if bad or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        allowed = f"1 to {MAX_NAME} characters, no control characters"
        raise InputError(f"{kind} name {name[:MAX_NAME]!r} cannot be stored; use {allowed}")


def stored_name(name: str) -> str:
    """Return a name as HDF5 can hold it, in which ``/`` would begin a group: it is written as ``%2F``."""
    return name.replace("%2F", "%252F").replace("/", "%2F")


def given_name(stored: str) -> str:
    """Undo ``stored_name``."""
    return stored.replace("%2F", "/").replace("%252F", "%2F")


def place_of(group: str, name: str, array: str = "") -> str:
    """Return where the file of a dump holds something, such as ``tracks/wind m%2Fs/values``."""
    return "/".join(filter(None, (group, stored_name(name), array)))


def check_track(track: TrackInfo) -> None:
    """Raise InputError unless a track's name, and its group's, can be stored."""
    check_name("track", track.name)
    if track.group != "":
        check_name("group", track.group)
    if track.per == "sequence" and track.name in COLUMNS:
        raise InputError(
            f"a track of one value a sequence cannot be named {track.name!r}, a column that axis.sequences has; choose "
            "another name"
        )


def check_units(source: str, units: Sequence[int], n_units: int) -> tuple[int, ...]:
    """Return the model's numbers of a source's units as ints; InputError unless each unit has a different one."""
    numbers = tuple(check_whole(f"a unit's number of {source}", unit, InputError) for unit in units)
    why = "is negative" if min(numbers, default=0) < 0 else "is too large" if max(numbers, default=0) >= 2**31 else ""
    if why or len(set(numbers)) < len(numbers):
        raise InputError(f"a unit's number of {source} {why or 'occurs twice'}; units count from 0")
    if len(numbers) != n_units or n_units > MAX_UNITS_LISTED:
        at_most = f", at most {MAX_UNITS_LISTED:,}" if n_units > MAX_UNITS_LISTED else ""
        raise InputError(
            f"{source} has {n_units:,} units and {len(numbers):,} numbers of units; give one each{at_most}"
        )
    return numbers


def pack_strings(strings: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    r"""Turn strings into their joined UTF-8 bytes and (n + 1,) offsets between them.

    A lone surrogate, which UTF-8 cannot encode, becomes its escape, such as ``\ud800``.
    """
    encoded = [s.encode("utf-8", errors="backslashreplace") for s in strings]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(e) for e in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


def cut_long(words: Iterable[str]) -> tuple[str, ...]:
    """Return words as they are shown: of one of more than ``MAX_WORD`` characters, its beginning.

    A token stands at any number of steps, so that a long one would make a text of any size.
    """
    return tuple(word if len(word) <= MAX_WORD else word[:MAX_WORD] + "..." for word in words)


def unpack_strings(data: NDArray[np.uint8], offsets: NDArray[np.int64], where: str) -> tuple[str, ...]:
    """Undo ``pack_strings``; bytes that are not UTF-8 become U+FFFD. DumpError where the offsets do not fit."""
    return tuple(entry.decode("utf-8", errors="replace") for entry in split_bytes(data, offsets, where))


def split_bytes(data: NDArray[np.uint8], offsets: NDArray[np.int64], where: str) -> Iterator[bytes]:
    """Return the bytes of each entry of a string table; DumpError where the offsets do not fit."""
    check_offsets(offsets, len(data), where)
    whole, ends = data.tobytes(), offsets.tolist()
    return (whole[a:b] for a, b in zip(ends, ends[1:], strict=False))


def check_offsets(offsets: NDArray[np.int64], n_bytes: int, where: str) -> None:
    """Raise DumpError unless offsets go from 0 to the number of bytes and never back."""
    is_table = offsets.ndim == 1 and len(offsets) >= 1 and offsets[0] == 0 and offsets[-1] == n_bytes
    if not is_table or (offsets[1:] < offsets[:-1]).any():
        raise DumpError(f"{where}: the offsets of a string table do not fit its bytes; see docs/format.md")
