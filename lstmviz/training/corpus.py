"""The corpus that a trained model is recorded over: texts as ids, and the tracks of their tokens. No torch."""

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
    or strings (None: no label). ``sequence_tracks``: a name to one value a text. ``label_ids``: for a classifier, the
    right label of each text, by its index in the description's labels. ``as_written``: for each text what stood in the
    place of each unknown token, None where the token is known. Raises InputError where the numbers of texts or of
    tokens differ.
    """

    ids: Sequence[Ids]
    tracks: Mapping[str, Sequence[Sequence[Any] | NDArray[Any]]] = field(default_factory=dict)
    sequence_tracks: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    label_ids: Sequence[int] | None = None
    as_written: Sequence[Sequence[str | None]] | None = None

    def __post_init__(self) -> None:
        by_text: dict[str, Sequence[Any]] = {**self.tracks, **self.sequence_tracks}
        if self.label_ids is not None:
            by_text["label_ids"] = self.label_ids
        by_token = dict(self.tracks)
        if self.as_written is not None:
            by_text["as_written"] = by_token["as_written"] = self.as_written
        for name, rows in by_text.items():
            if len(rows) != len(self.ids):
                raise InputError(f"{name} has {len(rows)} rows and there are {len(self.ids)} texts; give one a text")
        for name, rows in by_token.items():
            odd = next((i for i, row in enumerate(rows) if len(row) != len(self.ids[i])), None)
            if odd is not None:
                raise InputError(
                    f"track {name!r} has {len(rows[odd])} values for text {odd}, which has {len(self.ids[odd])} tokens"
                )

    @property
    def n_steps(self) -> int:
        """Number of tokens of all texts."""
        return sum(map(len, self.ids))


def padded(rows: Sequence[Sequence[Any] | NDArray[Any]], fill: Any = 0) -> NDArray[Any]:
    """Return rows as one array (n_rows, longest), padded at the end with ``fill``; strings and None as objects."""
    most = max(map(len, rows))
    arrays = [np.asarray(row) for row in rows]
    dtype = object if any(a.dtype.kind in "OUS" for a in arrays) else np.result_type(*arrays)
    out = np.full((len(rows), most), None if dtype is object else fill, dtype)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out
