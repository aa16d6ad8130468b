"""HDF5 of another tool: which arrays look like states, tokens and tracks, what is wrong with them, how to write them.

Only what lies in the file itself is looked at: no link is followed, no array is read that ``safe`` would not read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from lstmviz.dump.doctor.finding import Count, Finding, counted, some
from lstmviz.dump.doctor.states import UnitScan, summary
from lstmviz.dump.safe import find_dataset, open_foreign
from lstmviz.dump.verify import Progress
from lstmviz.errors import DumpError

MAX_OBJECTS = 2_000  # groups and arrays that are looked at
MAX_DEPTH = 16  # groups in groups
MAX_LISTED = 6  # arrays of one kind that are spoken of
MAX_BYTES = 2**28  # of one array that are read
BLOCK_BYTES = 2**23
MAX_UNITS = 100_000  # of an array that looks like states
TEXT_LIKE = re.compile(r"word|token|tok\b|ids?\b|text|char|sentence|input", re.I)
WEIGHT_LIKE = re.compile(r"kernel|weight|bias|gamma|beta|optimizer", re.I)


@dataclass(frozen=True)
class Array:
    """One array of a file, of which nothing was read."""

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def is_weights(self) -> bool:
        """Whether its name is that of a model's weights."""
        return WEIGHT_LIKE.search(self.path) is not None

    @property
    def is_floats(self) -> bool:
        """Whether it holds floats of a type that states are stored in."""
        return self.dtype.kind == "f" and self.dtype.itemsize <= 8

    @property
    def n_steps(self) -> int:
        """Steps, where the last dimension is units (floats) or every value a step."""
        return int(np.prod(self.shape[:-1] if self.is_floats and len(self.shape) > 1 else self.shape, dtype=np.int64))


@dataclass
class Survey:
    """The arrays of a file that can be read safely, and what was left alone."""

    arrays: list[Array] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    is_cut: bool = False


def foreign_findings(path: Path, progress: Progress | None = None) -> Iterator[Finding]:
    """Say what an HDF5 file that is no dump holds, and how to make a dump of it."""
    yield Finding("problem", "", "it is HDF5, but no lstmviz dump", "write one from what it holds, as said below")
    with open_foreign(path, path) as file:
        found = survey(file, path)
        yield from _left_alone(found)
        states = [a for a in found.arrays if _looks_like_states(a)]
        weights = [a for a in found.arrays if a.is_weights]
        if weights:
            yield Finding(
                "note",
                "",
                f"by their names these are a model's weights: {some([a.path for a in weights])}",
                "states come from running the model: see lstmviz.record, or write_dump with what your framework gives",
            )
        if not states:
            listed = some([f"{a.path} {a.shape} {a.dtype}" for a in found.arrays]) or "no array of numbers"
            yield Finding(
                "problem",
                "",
                f"no array looks like states, floats of (n_steps, n_units); it has {listed}",
                "pass such arrays to lstmviz.write_dump",
            )
            return
        n_steps = Counter(a.n_steps for a in states).most_common(1)[0][0]
        yield from _of_states(file, path, states, n_steps, progress)
        yield from _suggested(file, path, found.arrays, [a for a in states if a.n_steps == n_steps])


def survey(file: h5py.File, path: Path) -> Survey:
    """Look at the arrays of a file through the checks of ``safe``, reading none."""
    found = Survey()
    groups: list[tuple[str, h5py.Group, int]] = [("", file, 0)]
    n_seen, seen = 0, {h5py.h5o.get_info(file.id).addr}
    while groups and not found.is_cut:
        prefix, group, depth = groups.pop(0)
        for name in group:
            n_seen += 1
            if n_seen > MAX_OBJECTS or depth > MAX_DEPTH:
                found.is_cut = True
                break
            place = f"{prefix}{name}"
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                found.links.append(place)
                continue
            item = _opened(group, name, place, found)
            if isinstance(item, h5py.Group):
                address = h5py.h5o.get_info(item.id).addr
                if address not in seen:
                    seen.add(address)
                    groups.append((f"{place}/", item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                _add(found, file, place, path)
    return found


def _opened(group: h5py.Group, name: str, place: str, found: Survey) -> object:
    try:
        return group[name]
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as err:
        found.refused.append(f"{place}: {' '.join(str(err).split())[:80]}")
        return None


def _add(found: Survey, file: h5py.File, place: str, path: Path) -> None:
    try:
        dataset = find_dataset(file, place, path)
        found.arrays.append(Array(place, dataset.shape, dataset.dtype))
    except (DumpError, ValueError) as err:
        found.refused.append(f"{place}: {str(err).removeprefix(f'{path} ')}")


def _left_alone(found: Survey) -> Iterator[Finding]:
    if found.links:
        yield Finding(
            "note",
            "",
            f"{counted(len(found.links), 'link')} not followed: {some(found.links)}",
            "copy what they lead to",
        )
    for said in found.refused[:MAX_LISTED]:
        yield Finding("note", "left alone", said)
    more = len(found.refused) - MAX_LISTED
    if more > 0 or found.is_cut:
        yield Finding("note", "", f"{counted(more, 'more array') if more > 0 else 'more'} were not looked at")


def _looks_like_states(array: Array) -> bool:
    is_large = len(array.shape) in (2, 3) and 1 < array.shape[-1] <= MAX_UNITS and array.n_steps > 1
    return is_large and array.is_floats and not array.is_weights


def _of_states(
    file: h5py.File, path: Path, states: list[Array], n_steps: int, progress: Progress | None
) -> Iterator[Finding]:
    n_all = sum(min(int(np.prod(a.shape)), MAX_BYTES // a.dtype.itemsize) for a in states[:MAX_LISTED])
    n_read = 0

    def count(n: int) -> None:
        nonlocal n_read
        n_read += n
        if progress is not None:
            progress(min(n_read, n_all), n_all)

    for array in states[:MAX_LISTED]:
        place, scan = f"array {array.path}", UnitScan(array.shape[-1])
        try:
            _read(find_dataset(file, array.path, path), scan, count)
        except (DumpError, OSError) as err:
            yield Finding("problem", place, f"it cannot be read ({' '.join(str(err).split())[:160]})", "copy it anew")
            continue
        part = "" if scan.n_steps == array.n_steps else f" (of {array.n_steps:,}; the first were read)"
        shape = "" if len(array.shape) == 2 else f" as {array.shape}: (batch, steps, units) or (steps, batch, units)"
        said = summary(scan, array.shape[-1], array.dtype.name, "raw").replace(", view raw", "")
        yield Finding("ok", place, f"it looks like states{shape}: {said}{part}")
        yield from scan.findings(place, array.dtype.name, "raw")
        if array.n_steps != n_steps:
            yield Finding(
                "note",
                place,
                f"it has {counted(array.n_steps, 'step')} and others {n_steps:,}; step {min(array.n_steps, n_steps):,} "
                "is the first where they disagree",
                "sources of one time axis have the same steps: write it as a dump of its own, or cut the longer one",
            )
    if len(states) > MAX_LISTED:
        yield Finding("note", "", f"{len(states) - MAX_LISTED:,} more arrays look like states; they were not read")


def _read(dataset: h5py.Dataset, scan: UnitScan, count: Count) -> None:
    """Go through an array, as far as ``MAX_BYTES``, in blocks of whole steps."""
    n_units, n_inner = dataset.shape[-1], dataset.shape[1] if dataset.ndim == 3 else 1
    n_left, stride = (size // (n_units * dataset.dtype.itemsize) for size in (MAX_BYTES, BLOCK_BYTES))
    outer = max(1, stride // n_inner)
    inner = max(1, min(stride, n_inner))
    for a in range(0, len(dataset), outer):
        for b in range(0, n_inner, inner):
            if scan.n_steps >= n_left:
                return
            block = (slice(a, a + outer), slice(b, b + inner))
            values = np.asarray(dataset[block[: dataset.ndim - 1]]).reshape(-1, n_units)
            scan.add(scan.n_steps, values)
            count(values.size)


def _suggested(file: h5py.File, path: Path, arrays: list[Array], states: list[Array]) -> Iterator[Finding]:
    """Say which arrays go with the states as tokens and tracks, and give the line that writes a dump of them."""
    first = states[0]
    numbers = [a for a in arrays if a not in states and not a.is_weights and a.dtype.kind in "iuf"]
    flat = [a for a in numbers if a.shape in ((first.n_steps,), first.shape[:-1])]
    ids = [a for a in flat if a.dtype.kind in "iu" and _may_be_ids(file, path, a)]
    tokens = next((a for a in ids if TEXT_LIKE.search(a.path)), ids[0] if ids else None)
    for array in numbers:
        is_text = array.dtype.kind in "iu" and TEXT_LIKE.search(array.path) and len(array.shape) < 3
        if tokens is None and is_text and array not in flat:
            yield Finding(
                "problem",
                f"array {array.path}",
                f"its name is that of tokens, and it has {counted(array.n_steps, 'value')} for {first.n_steps:,} steps "
                f"of states: step {min(array.n_steps, first.n_steps):,} is the first where they disagree",
                "give each step of the states the token that was read at it",
            )
    if tokens is not None:
        yield Finding("ok", f"array {tokens.path}", f"it looks like tokens: {counted(tokens.n_steps, 'whole number')}")
    else:
        yield Finding("note", "", "no array looks like tokens", "pass their ids as tokens=, and the words as vocab=")
    tracks = [a for a in flat if a is not tokens][:MAX_LISTED]
    yield Finding("note", "", "this writes a dump of it", _line(path, states[:MAX_LISTED], tokens, tracks))


def _may_be_ids(file: h5py.File, path: Path, array: Array) -> bool:
    """Tell whether the first values of an array of integers are 0 or more."""
    try:
        first = find_dataset(file, array.path, path)[: BLOCK_BYTES // array.dtype.itemsize // max(1, array.shape[-1])]
    except (DumpError, OSError):
        return False
    return bool((first >= 0).all())


def _line(path: Path, states: list[Array], tokens: Array | None, tracks: list[Array]) -> str:
    """Return a line of Python that writes the arrays as a dump."""
    is_batch = len(states[0].shape) == 3

    def rows(array: Array, width: str = "") -> str:
        return f"f[{array.path!r}][:]" + (f".reshape({width}-1)" if len(array.shape) > 1 and not width else "")

    def named(arrays: list[Array]) -> str:
        return ", ".join(f"{a.path.replace('/', '.')!r}: {units(a)}" for a in arrays)

    def units(array: Array) -> str:
        if array in states:
            return f"f[{array.path!r}][:]" + (f".reshape(-1, {array.shape[-1]})" if len(array.shape) == 3 else "")
        return rows(array)

    given = [f"states={{{named(states)}}}"]
    if tokens is not None:
        given.append(f"tokens={rows(tokens)}, vocab=None")
    if is_batch:
        n_sequences, n_steps = states[0].shape[:2]
        given.append(f"lengths=[{n_steps}] * {n_sequences}")
    if tracks:
        given.append(f"tracks={{{named(tracks)}}}")
    target = path.with_name(f"{path.stem}.lstmviz.h5")
    return (
        f"import h5py, lstmviz; f = h5py.File({str(path)!r}); lstmviz.write_dump({str(target)!r}, {', '.join(given)})"
    )
