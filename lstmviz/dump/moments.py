"""A moment of a training: a dump of a probe text whose provenance says after which update it was taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOMENT = "moment"  # in the provenance
MAX_UPDATE = 2**53  # a whole number that JavaScript also holds exactly
MAX_PROBE = 64  # characters


@dataclass(frozen=True, slots=True)
class Moment:
    """After how many updates a dump was recorded, the held-out loss then, and the digest of its probe text.

    ``loss`` is what the training measured, in its own unit; None where it was not given. Dumps in one folder with the
    same ``probe`` are moments of one training.
    """

    update: int
    loss: float | None
    probe: str

    @property
    def words(self) -> str:
        """The moment in words, such as "update 1,500"."""
        return f"update {self.update:,}"

    @property
    def file_name(self) -> str:
        """The name of the moment's dump; names sort as the updates do."""
        return f"update-{self.update:08d}.h5"

    def provenance(self) -> dict[str, Any]:
        """Return what the dump notes of the moment."""
        return {MOMENT: {"update": self.update, "loss": self.loss, "probe": self.probe}}


def weights_beside(path: Path) -> Path:
    """Return where the weights of the model lie that a moment's dump was recorded from, if they were kept."""
    return path.with_suffix(".weights")


def moment_of(provenance: Mapping[str, Any]) -> Moment | None:
    """Return the moment that a dump's provenance names; None where it names none, or one that is damaged."""
    given = provenance.get(MOMENT)
    if not isinstance(given, dict):
        return None
    update, loss, probe = given.get("update"), given.get("loss"), given.get("probe")
    if type(update) is not int or not 0 <= update < MAX_UPDATE or not isinstance(probe, str) or not probe:
        return None
    is_number = isinstance(loss, int | float) and not isinstance(loss, bool) and math.isfinite(loss)
    return Moment(update, float(loss) if is_number and loss is not None else None, probe[:MAX_PROBE])
