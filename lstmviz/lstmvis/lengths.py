"""Find the number of steps of a project, allowing for the differences that LSTMVis's own tools cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lstmviz.lstmvis.faults import Faults

TAIL = 0.1  # of the words may have no states: LSTMVis's preprocessing drops a last batch that is not full


@dataclass(frozen=True)
class StepArray:
    """An array by step: its file, its path in it, and its rows."""

    file: str
    path: str
    n_rows: int


@dataclass(frozen=True)
class ProjectLength:
    """How many steps are read; an array by step may have that many rows, or one for each word."""

    n_steps: int
    n_words: int
    is_requested: bool

    def fits(self, n_rows: int) -> bool:
        """Tell whether an array of so many rows has one for each step."""
        return n_rows in (self.n_steps, self.n_words) or (self.is_requested and n_rows >= self.n_steps)


def common_length(
    words: StepArray | None, states: Sequence[StepArray], requested: int | None, faults: Faults, notes: list[str]
) -> ProjectLength:
    """Find the common number of steps; each array that does not fit becomes a fault with the first step it lacks."""
    arrays = [*([words] if words else []), *states]
    if requested is not None:
        for array in arrays:
            if array.n_rows < requested:
                faults.add(
                    array.file, f"{array.path!r} has {array.n_rows} steps and {requested} are asked for; ask for fewer"
                )
        return ProjectLength(requested, words.n_rows if words else requested, True)
    if not states:
        return ProjectLength(words.n_rows if words else 1, words.n_rows if words else 1, False)
    first = states[0]
    for other in states[1:]:
        if other.n_rows != first.n_rows:
            _add_difference(other, first, f"{first.path!r} in {first.file}", faults)
    if words is None or words.n_rows == first.n_rows:
        return ProjectLength(first.n_rows, first.n_rows, False)
    tail = words.n_rows - first.n_rows
    if not 0 < tail <= TAIL * words.n_rows:
        _add_difference(words, first, f"the states ({first.path!r} in {first.file})", faults)
    else:
        notes.append(
            f"{words.file}: the last {tail} of {words.n_rows} words have no state, as LSTMVis's own tools leave them;"
            f" they are left out"
        )
    return ProjectLength(first.n_rows, words.n_rows, False)


def _add_difference(one: StepArray, other: StepArray, other_name: str, faults: Faults) -> None:
    n = min(one.n_rows, other.n_rows)
    faults.add(
        one.file,
        f"{one.path!r} has {one.n_rows} steps and {other_name} {other.n_rows}; step {n} is the first where they "
        f"disagree. Make them agree, or import with --steps {n}",
    )
