"""How many steps a project has: what its arrays say, and which differences LSTMVis's own tools leave behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lstmviz.lstmvis.files import Faults

TAIL = 0.1  # of the words: LSTMVis's preprocessing drops the last batch that is not full, so states may end that early


@dataclass(frozen=True)
class Counted:
    """An array by step: its file, its path in it, and its rows."""

    file: str
    path: str
    n_rows: int


@dataclass(frozen=True)
class Length:
    """The steps that are read, and what an array by step may have: as many, or as many as there are words."""

    n_steps: int
    n_words: int
    is_asked: bool

    def fits(self, n_rows: int) -> bool:
        """Tell whether an array of so many rows goes by step."""
        return n_rows in (self.n_steps, self.n_words) or (self.is_asked and n_rows >= self.n_steps)


def common_length(
    words: Counted | None, states: Sequence[Counted], asked: int | None, faults: Faults, notes: list[str]
) -> Length:
    """Agree on the number of steps; each array that does not fit becomes a fault with the first step it lacks."""
    arrays = [*([words] if words else []), *states]
    if asked is not None:
        for array in arrays:
            if array.n_rows < asked:
                faults.add(
                    array.file, f"{array.path!r} has {array.n_rows} steps and {asked} are asked for; ask for fewer"
                )
        return Length(asked, words.n_rows if words else asked, True)
    if not states:
        return Length(words.n_rows if words else 1, words.n_rows if words else 1, False)
    first = states[0]
    for other in states[1:]:
        if other.n_rows != first.n_rows:
            _disagree(other, first, f"{first.path!r} in {first.file}", faults)
    if words is None or words.n_rows == first.n_rows:
        return Length(first.n_rows, first.n_rows, False)
    tail = words.n_rows - first.n_rows
    if not 0 < tail <= TAIL * words.n_rows:
        _disagree(words, first, f"the states ({first.path!r} in {first.file})", faults)
    else:
        notes.append(
            f"{words.file}: the last {tail} of {words.n_rows} words have no state, as LSTMVis's own tools leave them;"
            f" they are left out"
        )
    return Length(first.n_rows, words.n_rows, False)


def _disagree(one: Counted, other: Counted, called: str, faults: Faults) -> None:
    n = min(one.n_rows, other.n_rows)
    faults.add(
        one.file,
        f"{one.path!r} has {one.n_rows} steps and {called} {other.n_rows}; step {n} is the first where they disagree."
        f" Make them agree, or import with --steps {n}",
    )
