"""The moments of one training among the dumps that are served: those of one folder that read the same probe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lstmviz.dump.corpus.glance import Glance
from lstmviz.dump.moments import Moment, moment_of


@dataclass(frozen=True, slots=True)
class Series:
    """The moments of one training, in order, and the dump of each."""

    name: str
    model: str
    moments: tuple[Moment, ...]
    dumps: tuple[Glance, ...]

    @property
    def members(self) -> tuple[str, ...]:
        """What each is, in words."""
        return tuple(moment.words for moment in self.moments)


def series_among(dumps: Iterable[Glance]) -> list[Series]:
    """Return the trainings that some dumps are moments of, each named by its folder."""
    trainings: dict[tuple[Path, str], dict[int, tuple[Moment, Glance]]] = {}
    for dump in dumps:
        moment = moment_of(dump.provenance)
        if moment is not None:
            trainings.setdefault((dump.path.parent, moment.probe), {})[moment.update] = moment, dump
    series = []
    for (folder, _), members in trainings.items():
        moments, listed = zip(*(members[update] for update in sorted(members)), strict=True)
        series.append(Series(folder.absolute().name, str(listed[-1].provenance.get("model") or ""), moments, listed))
    return series
