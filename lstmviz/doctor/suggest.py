"""Guess which arrays of another tool's file are tokens, words and tracks, and suggest the code that writes a dump."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import h5py

from lstmviz.doctor.finding import Finding, quantity
from lstmviz.doctor.survey import Array, FileSurvey
from lstmviz.dump.safe import find_dataset
from lstmviz.errors import DumpError

MAX_LISTED = 6  # arrays of one kind that are named
BLOCK_BYTES = 2**23
TEXT_LIKE = re.compile(r"word|token|tok\b|ids?\b|text|char|sentence|input", re.I)


def suggest_dump(file: h5py.File, path: Path, survey: FileSurvey, states: list[Array]) -> Iterator[Finding]:
    """Yield which arrays go with the states as tokens and tracks, and the line of code that writes a dump of them."""
    first = states[0]
    numbers = [a for a in survey.arrays if a not in states and not a.is_weights and a.dtype.kind in "iuf"]
    flat = [a for a in numbers if a.shape in ((first.n_steps,), first.shape[:-1])]
    ids = [a for a in flat if a.dtype.kind in "iu" and _highest(file, path, a) is not None]
    tokens = next((a for a in ids if TEXT_LIKE.search(a.path)), ids[0] if ids else None)
    for array in numbers:
        is_text = array.dtype.kind in "iu" and TEXT_LIKE.search(array.path) and len(array.shape) < 3
        if tokens is None and is_text and array not in flat:
            yield Finding(
                "problem",
                f"array {array.path}",
                f"its name is that of tokens, and it has {quantity(array.n_steps, 'value')} for {first.n_steps:,} "
                f"steps of states: step {min(array.n_steps, first.n_steps):,} is the first where they disagree",
                "give each step of the states the token that was read at it",
            )
    if tokens is not None:
        yield Finding("ok", f"array {tokens.path}", f"it looks like tokens: {quantity(tokens.n_steps, 'whole number')}")
    else:
        yield Finding("note", "", "no array looks like tokens", "pass their ids as tokens=, and the words as vocab=")
    tracks = [a for a in flat if a is not tokens][:MAX_LISTED]
    highest = None if tokens is None else _highest(file, path, tokens)
    yield from (_string_finding(strings, first.n_steps, highest) for strings in survey.strings[:MAX_LISTED])
    vocab = next((a for a in survey.strings if highest is not None and highest < a.n_steps != first.n_steps), None)
    advice = "this writes a dump of it"
    if tokens is not None and vocab is None:
        advice += "; put the token of each id, a list, in place of None"
    yield Finding("note", "", advice, _code_line(path, states[:MAX_LISTED], tokens, vocab, tracks))


def _string_finding(strings: Array, n_steps: int, highest: int | None) -> Finding:
    """Say whether a list of strings looks like the vocabulary or the token at each step."""
    place, texts = f"array {strings.path}", _text(strings)
    n_strings = quantity(strings.n_steps, "string")
    if strings.n_steps == n_steps:
        numbered = f"vocab, tokens = numpy.unique({texts}, return_inverse=True)"
        return Finding(
            "note", place, f"{n_strings}, one a step: it looks like the tokens themselves", f"pass {numbered}"
        )
    if highest is not None and highest >= strings.n_steps:
        problem = f"{n_strings}, and token ids go up to {highest:,}: as a vocabulary it lacks some"
        return Finding("problem", place, problem, "give the vocabulary that the ids are of")
    return Finding("ok", place, f"it looks like the vocabulary: {n_strings}", f"pass vocab={texts}.tolist()")


def _text(strings: Array) -> str:
    return f"f[{strings.path!r}].asstr('utf-8', 'replace')[:]"


def _highest(file: h5py.File, path: Path, array: Array) -> int | None:
    """Return the highest of the first values of an array of integers, or None where they cannot be ids."""
    try:
        first = find_dataset(file, array.path, path)[: BLOCK_BYTES // array.dtype.itemsize // max(1, array.shape[-1])]
    except (DumpError, OSError):
        return None
    return int(first.max()) if first.size and (first >= 0).all() else None


def _code_line(path: Path, states: list[Array], tokens: Array | None, vocab: Array | None, tracks: list[Array]) -> str:
    """Return a line of Python that writes the arrays as a dump."""
    is_batch = len(states[0].shape) == 3

    def rows(array: Array) -> str:
        return f"f[{array.path!r}][:]" + (".reshape(-1)" if len(array.shape) > 1 else "")

    def named(arrays: list[Array]) -> str:
        return ", ".join(f"{a.path.replace('/', '.')!r}: {units(a)}" for a in arrays)

    def units(array: Array) -> str:
        if array in states:
            return f"f[{array.path!r}][:]" + (f".reshape(-1, {array.shape[-1]})" if len(array.shape) == 3 else "")
        return rows(array)

    arguments = [f"states={{{named(states)}}}"]
    if tokens is not None:
        words = "None" if vocab is None else f"{_text(vocab)}.tolist()"
        arguments.append(f"tokens={rows(tokens)}, vocab={words}")
    if is_batch:
        n_sequences, n_steps = states[0].shape[:2]
        arguments.append(f"lengths=[{n_steps}] * {n_sequences}")
    if tracks:
        arguments.append(f"tracks={{{named(tracks)}}}")
    target = path.with_name(f"{path.stem}.lstmviz.h5")
    call = f"lstmviz.write_dump({str(target)!r}, {', '.join(arguments)})"
    return f"import h5py, lstmviz; f = h5py.File({str(path)!r}); {call}"
