"""What a trained model is recorded over: texts of ids, and what is true of each of their tokens. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.errors import InputError

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Corpus:
    """Texts, one sequence each, and their tracks.

    ``ids``: for each text its token ids, (n_steps,). ``tracks``: a name to one row a text, one value a token: numbers,
    or strings (None: no label). ``sequence_tracks``: a name to one value a text. ``answers``: for a model that gives
    labels the right one of each text, by its place in the description's labels. Raises InputError where the numbers of
    texts or of tokens differ.
    """

    ids: Sequence[Ids]
    tracks: Mapping[str, Sequence[Sequence[Any] | NDArray[Any]]] = field(default_factory=dict)
    sequence_tracks: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    answers: Sequence[int] | None = None

    def __post_init__(self) -> None:
        by_text: dict[str, Sequence[Any]] = {**self.tracks, **self.sequence_tracks}
        if self.answers is not None:
            by_text["answers"] = self.answers
        for name, rows in by_text.items():
            if len(rows) != len(self.ids):
                raise InputError(f"{name} has {len(rows)} rows and there are {len(self.ids)} texts; give one a text")
        for name, rows in self.tracks.items():
            odd = next((i for i, row in enumerate(rows) if len(row) != len(self.ids[i])), None)
            if odd is not None:
                raise InputError(
                    f"track {name!r} has {len(rows[odd])} values for text {odd}, which has {len(self.ids[odd])} tokens"
                )

    @property
    def n_steps(self) -> int:
        """Tokens of all texts."""
        return sum(map(len, self.ids))


def padded(rows: Sequence[Sequence[Any] | NDArray[Any]], fill: Any = 0) -> NDArray[Any]:
    """Return rows as one array (n_rows, most), filled up behind; strings and None as objects."""
    most = max(map(len, rows))
    arrays = [np.asarray(row) for row in rows]
    dtype = object if any(a.dtype.kind in "OUS" for a in arrays) else np.result_type(*arrays)
    out = np.full((len(rows), most), None if dtype is object else fill, dtype)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out
