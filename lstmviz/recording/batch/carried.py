"""Compare ``continues=`` and ``starts=`` with the state that a module received, inside and between batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.recording.batch.placement import Placement
from lstmviz.recording.batch.valid_steps import ValidSteps
from lstmviz.recording.hooks.carry import ANEW, OTHER, REORDERED, ZERO, Breaks, StateCarry, way_of


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """The h that a module began and ended a batch with, (batch, n_units), and which sequences continue others.

    ``problem_inside`` says what is wrong with how it was passed on inside the batch; ``has_starts``, that ``starts=``
    was given.
    """

    begin: Tensor
    end: Tensor
    continues: NDArray[np.bool_]
    problem_inside: str | None = None
    has_starts: bool = False

    def problem(self, name: str, before: Carried | None) -> str | None:
        """Say in one line where the state contradicts what is recorded as one sequence; None where it does not."""
        if self.problem_inside is not None or before is None:
            return self.problem_inside
        n = min(len(self.begin), len(before.end))
        begin, end = self.begin[:n], before.end[:n].to(self.begin.device)
        flags = torch.from_numpy(self.continues[:n].copy()).to(begin.device)
        if bool(flags.any()) and (way := way_of(begin[flags], end[flags])):
            how = {ANEW: "from zero", REORDERED: "with those of other rows"}.get(way, "elsewhere")
            remedy = "or mark it in starts=" if self.has_starts else "or leave continues= out"
            return f"{name} began {how} in a batch that continues the one before; pass its state on, {remedy}"
        is_same = ~flags & begin.any(-1)
        if bool(is_same.any()) and not way_of(begin[is_same], end[is_same]):
            remedy = "leave its start out of starts=" if self.has_starts else "give continues=True"
            return f"{name} began with the state that the batch before ended with; {remedy} if the texts go on"
        return None


def carried_of(
    name: str,
    carry: StateCarry,
    placement: Placement | None,
    valid: ValidSteps,
    begins: NDArray[np.bool_] | None,
    continues: NDArray[np.bool_],
) -> Carried | None:
    """Return how a module's state was passed on in a batch; ``begins`` (batch, steps) are the starts of episodes."""
    if carry.begin is None or carry.end is None:
        return None
    order = slice(None) if placement is None else torch.from_numpy(placement.sequences).to(carry.begin.device)
    breaks = _in_text(carry.breaks, placement, valid)
    problem = _problem_of_breaks(name, breaks, begins)
    if problem is None and begins is not None:
        problem = _problem_of_starts(name, breaks, begins, valid)
    return Carried(carry.begin[order], carry.end[order], continues, problem, begins is not None)


def _in_text(breaks: Breaks, placement: Placement | None, valid: ValidSteps) -> Breaks:
    """Return breaks by the step and sequence of the text, without those in padding and at the first step."""
    step, row, how = breaks.T
    if placement is not None:
        n_rows = 1 + max(int(row.max(initial=-1)), int(placement.sequences.max()))
        sequence = np.full(n_rows, -1, np.int64)
        sequence[placement.sequences] = np.arange(len(placement.sequences))
        first = placement.steps.argmax(1)
        shift = np.take_along_axis(placement.steps, first[:, None], 1)[:, 0] - first
        row = sequence[row]
        step = step - shift[row]
    inside = (row >= 0) & (row < valid.n_sequences)
    inside[inside] = (step > valid.starts[row])[inside] & (step < valid.stops[row])[inside]
    in_text: Breaks = np.stack([step, row, how], 1)[inside]
    return in_text


def _problem_of_breaks(name: str, breaks: Breaks, begins: NDArray[np.bool_] | None) -> str | None:
    """Describe the first step at which a state was not passed on although an episode goes on."""
    unmarked = breaks[breaks[:, 2] != ZERO]
    unmarked = unmarked if begins is None else unmarked[~begins[unmarked[:, 1], unmarked[:, 0]]]
    if not len(unmarked):
        return None
    step, row, _ = unmarked[unmarked[:, 0].argmin()].tolist()
    ways = set(unmarked[unmarked[:, 0] == step, 2].tolist())
    way = ways.pop() if len(ways) == 1 else OTHER
    if begins is not None and way != REORDERED:
        how = "was reset" if way == ANEW else "did not start with the state of the step before"
        return f"{name} {how} at step {step} of sequence {row}, where starts= marks no episode; mark it there"
    if way == ANEW:
        return (
            f"{name} was reset at step {step} of a batch: open one run.batch for each text, or mark where episodes "
            "begin with starts="
        )
    if way == REORDERED:
        return (
            f"{name} has its sequences in another order from step {step} of a batch on, as beam search does: a "
            "sequence of the dump is then a row of the batch, not one text"
        )
    return f"{name} did not start step {step} of a batch with the state of the step before"


def _problem_of_starts(name: str, breaks: Breaks, begins: NDArray[np.bool_], valid: ValidSteps) -> str | None:
    """Describe the first episode that began with the state that the one before ended with."""
    is_carried = begins & (np.arange(begins.shape[1]) > valid.starts[:, None])
    is_carried[breaks[:, 1], breaks[:, 0]] = False
    places = np.argwhere(is_carried)
    if not len(places):
        return None
    row, step = places[places[:, 1].argmin()].tolist()
    return (
        f"{name} kept its state at step {step} of sequence {row}, where starts= marks an episode; give it a new state "
        "there, or do not mark it"
    )
