"""Some sequences of one axis in memory: what a recording appends, and what a dump in memory holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmviz.dump.schema import ArrayKey
from lstmviz.errors import InputError


@dataclass(frozen=True, slots=True)
class Block:
    """Pieces of sequences of one axis: their lengths, every array, and the labels and tokens that are new.

    An array has one row a step, in order of the pieces, or one a piece if its role is "sequence". ``places`` is None
    where each piece is a whole document, or (n_pieces, 2) whole numbers: piece i is ``lengths[i]`` steps of document
    ``places[i][0]``, from that document's step ``places[i][1]`` on. ``vocab`` are new tokens, which take the next ids
    of the axis, and ``labels`` the new labels of each category track, which take its next numbers.
    """

    axis: str
    lengths: tuple[int, ...]
    arrays: Mapping[ArrayKey, NDArray[Any]]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: ArrayLike | None = None
    vocab: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key, array in self.arrays.items():
            n_rows = len(self.lengths) if key.role == "sequence" else self.n_steps
            if array.ndim < 1 or len(array) != n_rows:
                raise InputError(
                    f"{key.name or key.role} has shape {array.shape}, and a block of {len(self.lengths)} pieces with "
                    f"{self.n_steps} steps asks for {n_rows} rows"
                )
        if self.places is not None and np.shape(self.places) != (len(self.lengths), 2):
            raise InputError(
                f"places have shape {np.shape(self.places)}; give (document, position) for each of "
                f"{len(self.lengths)} pieces"
            )

    @property
    def n_steps(self) -> int:
        """Steps in the block."""
        return sum(self.lengths)
