"""Compare the order of a model's outputs with that of the tokens: outputs are followed as tokens are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lstmviz.errors import InputError
from lstmviz.recording.batch.placement import Placement
from lstmviz.recording.follow.reading import ModuleReading
from lstmviz.recording.follow.rules import plain

Ints = NDArray[np.int64]


def check_outputs(name: str, rows: Mapping[str, Ints], reading: ModuleReading, placement: Placement | None) -> None:
    """Raise InputError unless each row of outputs (batch, steps) comes from the sequence in whose place it stands.

    ``rows`` are the places of the outputs by source, ``reading`` what a module read, and ``placement`` where the steps
    of the text are in that. Which step of its sequence an output comes from is left to the model.
    """
    for source in reading.sources:
        of_outputs = next((place for key, place in rows.items() if plain(key) == source), None)
        read = reading.places(source)
        read = (
            read.T
            if placement is None
            else np.where(placement.steps < 0, -1, read[placement.steps, placement.sequences[:, None]])
        )
        if of_outputs is None or of_outputs.shape[0] != len(read):
            continue
        known = read[read >= 0]
        if len(np.unique(known)) < len(known):  # one row for several sequences, as of positions
            continue
        sequence_of = np.full(1 + max(known.max(initial=-1), of_outputs.max(initial=-1)), -1)
        sequence_of[known] = np.nonzero(read >= 0)[0]
        sequences = np.where(of_outputs < 0, -1, sequence_of[of_outputs])
        misplaced = np.argwhere((sequences >= 0) & (sequences != np.arange(len(read))[:, None]))
        if not len(misplaced):
            continue
        i, step = misplaced[0].tolist()
        guess = "give them in the order of the tokens"
        if of_outputs.shape == read.shape and np.array_equal(of_outputs.T, read):
            guess = "did you pass (steps, batch, n)? give outputs.transpose(0, 1)"
        raise InputError(
            f"{name}: the outputs for step {step} of sequence {i} come from sequence {sequences[i, step]}; {guess}"
        )
