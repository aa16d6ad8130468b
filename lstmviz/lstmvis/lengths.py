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
    n_states: int
    is_requested: bool

    def fits(self, n_rows: int) -> bool:
        """Tell whether an array of ``n_rows`` rows has one for each step."""
        return n_rows in (self.n_steps, self.n_words, self.n_states) or (self.is_requested and n_rows >= self.n_steps)


def is_transposed(shape: tuple[int, ...], n_words: int) -> bool:
    """Tell whether states of a shape look like (n_units, n_steps) for a text of ``n_words`` words."""
    n_rows, n_columns = shape
    return n_rows < (1 - TAIL) * n_words and abs(n_columns - n_words) <= TAIL * n_words


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
        return ProjectLength(requested, words.n_rows if words else requested, requested, True)
    if not states:
        n_words = words.n_rows if words else 1
        return ProjectLength(n_words, n_words, n_words, False)
    first = states[0]
    for other in states[1:]:
        if other.n_rows != first.n_rows:
            _add_difference(other, first, f"{first.path!r} in {first.file}", faults)
    if words is None or words.n_rows == first.n_rows:
        return ProjectLength(first.n_rows, first.n_rows, first.n_rows, False)
    n_steps = min(words.n_rows, first.n_rows)
    tail = words.n_rows - first.n_rows
    if tail < 0:
        notes.append(f"{first.file}: the last {-tail} of {first.n_rows} states have no word; they are left out")
    elif tail <= TAIL * words.n_rows:
        notes.append(
            f"{words.file}: the last {tail} of {words.n_rows} words have no state, as LSTMVis's own tools leave them;"
            f" they are left out"
        )
    else:
        notes.append(f"{words.file}: the last {tail} of {words.n_rows} words have no state; they are left out")
    return ProjectLength(n_steps, words.n_rows, first.n_rows, False)


def _add_difference(one: StepArray, other: StepArray, other_name: str, faults: Faults) -> None:
    n = min(one.n_rows, other.n_rows)
    faults.add(
        one.file,
        f"{one.path!r} has {one.n_rows} steps and {other_name} {other.n_rows}; step {n} is the first where they "
        f"disagree. Make them agree, or import with --steps {n}",
    )
