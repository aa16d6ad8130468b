"""What assembling a recording found; told between processes, and without HDF5."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assembled:
    """What was found in a folder of parts, and if it is all there.

    Steps and batches; bytes that were no whole batch, and whether they are only one that was cut off while it was
    written; and whether the recording was closed in order and every byte of it was read. Then what was left out, whole
    as it is: steps and batches with a token id outside the vocabulary, and the first such id in words.
    """

    n_steps: int
    n_batches: int
    n_lost_bytes: int
    is_torn: bool
    is_complete: bool
    n_odd_steps: int = 0
    n_odd_batches: int = 0
    odd: str = ""
