"""When did it begin to count? The figures of a pattern, a unit or a label at each moment of a training."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lstmviz.dump.moments import moment_of
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError
from lstmviz.explain.evidence.align import Alignment, Comparable, align_units
from lstmviz.explain.evidence.enrichment import enrichment_of_spans
from lstmviz.explain.evidence.rank import rank_units
from lstmviz.explain.evidence.sources import values_in_view
from lstmviz.match.pattern.file import PatternFile, as_pattern
from lstmviz.match.summary.spans import summary_spans
from lstmviz.rerun.of_dump import runner_of
from lstmviz.types import Filter, Pattern

if TYPE_CHECKING:
    from lstmviz.rerun.live.model import AnyModel

CACHED = 512  # moments x questions
AT_MATCHES = ("share", "base_rate", "lift", "f1")
OF_A_UNIT = ("side", "threshold", "f1", "f1_always")


class Moments:
    """The moments of one training, in order, and what can be asked of all of them.

    ``lstmviz.open_moments`` returns it. Every answer is a data frame with one row for each moment, whose first column
    is ``update``, the number of updates before it.

    Attributes:
        dumps: The dump of each moment.
        updates: The number of updates before each.

    Raises:
        InputError: There is no dump, or the dumps are not all moments of one probe.
    """

    def __init__(self, dumps: Sequence[DumpReader]) -> None:
        pairs = [(moment_of(dump.provenance), dump) for dump in dumps]
        if not pairs:
            raise InputError("no moment is given; give the dumps that lstmviz.Snapshots left in a folder")
        known = [(moment, dump) for moment, dump in pairs if moment is not None]
        if len(known) < len(pairs) or len({moment.probe for moment, _ in known}) > 1:
            stray = next(
                (dump for moment, dump in pairs if moment is None or moment.probe != known[0][0].probe), dumps[0]
            )
            raise InputError(f"{stray.path} is no moment of this training; give the dumps of one folder of Snapshots")
        known.sort(key=lambda pair: pair[0].update)
        self.dumps = tuple(dump for _, dump in known)
        self.updates = tuple(moment.update for moment, _ in known)

    def __len__(self) -> int:
        return len(self.dumps)

    def __iter__(self) -> Iterator[DumpReader]:
        return iter(self.dumps)

    def __repr__(self) -> str:
        return f"<{len(self)} moments, update {self.updates[0]:,} to {self.updates[-1]:,}>"

    def attach(self, model: AnyModel, encode: Any = None) -> None:
        """Have a model of your own run texts at each moment whose weights were kept (``Snapshots(weights=True)``).

        Args:
            model: The torch module that was trained, or a ``lstmviz.LiveModel``. It keeps its own weights.
            encode: As in ``Dump.attach``.

        Raises:
            ModelError: It is not the model of a moment, or the weights of that moment were not kept.
            InputError: An argument is of another kind.
        """
        from lstmviz.rerun.live.attach import attach_live
        from lstmviz.rerun.live.model import as_live

        live = as_live(model, encode)
        for dump in self.dumps:
            attach_live(dump, live)

    def loss(self) -> pd.DataFrame:
        """Return the loss at each moment.

        Returns:
            The columns update, loss (held out, as the training gave it to ``take``; NaN where it gave none), loss_probe
            (the mean loss of the recorded predictions, in nats; NaN where there are none).
        """
        given = [moment_of(dump.provenance) for dump in self.dumps]
        held_out = [math.nan if moment is None or moment.loss is None else moment.loss for moment in given]
        return self._frame({"loss": held_out, "loss_probe": [probe_loss(dump) for dump in self.dumps]})

    def similarity(self, source: str) -> pd.DataFrame:
        """Return how alike the states of a source are to those of the last moment.

        Args:
            source: Name of the source.

        Returns:
            The columns update, cka (linear CKA, 0 to 1), cka_chance (the same with sequences swapped).

        Raises:
            UnknownName: There is no such source.
        """
        aligned = [alignment(dump, source, self.dumps[-1]) for dump in self.dumps]
        return self._frame({"cka": [one.cka for one in aligned], "cka_chance": [one.cka_chance for one in aligned]})

    def pattern(
        self, pattern: Pattern | PatternFile | str, label: Filter | None = None, ablate: bool = False
    ) -> pd.DataFrame:
        """Follow a pattern, its units by their numbers.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.
            label: What its matches may carry.
            ablate: Also hold its units at their mean, which takes a model beside each dump, or ``attach``.

        Returns:
            The columns update, n_matches; with a label share, base_rate, lift and f1, as ``Dump.enrichment`` has them
            (NaN where nothing matches); with ``ablate`` kl, the mean change of the predictions at the matches, in nats.

        Raises:
            UnknownName: A dump lacks a source of the pattern.
            PatternError: The label does not fit.
            ModelError: ``ablate`` is asked for, and there is no model.
        """
        asked = as_pattern(pattern)
        rows = [at_matches(dump, asked, label) for dump in self.dumps]
        if ablate:
            rows = [row | {"kl": effect(dump, asked)} for row, dump in zip(rows, self.dumps, strict=True)]
        return self._frame(pd.DataFrame(rows))

    def unit(self, source: str, unit: int, label: Filter | None = None) -> pd.DataFrame:
        """Follow a unit by its number, and name the unit of the last moment that it is most like.

        Args:
            source: Name of its source.
            unit: Its number.
            label: What it may detect.

        Returns:
            The columns update, r (with the same number at the last moment), partner (the unit of the last moment with
            the greatest correlation), r_partner, is_mutual; with a label side, threshold, f1 and f1_always, as
            ``Dump.rank_units`` has them.

        Raises:
            UnknownName: There is no such source.
            PatternError: There is no such unit, or the label does not fit.
        """
        self.dumps[0].source(source).check_unit(unit)
        rows = [unit_at(dump, source, unit, self.dumps[-1], label) for dump in self.dumps]
        return self._frame(pd.DataFrame(rows))

    def label(self, label: Filter, sources: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the unit that detects a label best at each moment.

        Args:
            label: What is to be detected.
            sources: Sources whose units are ranked; by default every h and c.

        Returns:
            The columns update, source, unit, side, threshold, f1, f1_always, as ``Dump.rank_units`` has them.

        Raises:
            UnknownName: A dump lacks a source or a track.
            PatternError: The label does not fit.
        """
        names = None if sources is None else tuple(sources)
        return self._frame(pd.DataFrame([best_unit(dump, label, names) for dump in self.dumps]))

    def _frame(self, columns: Any) -> pd.DataFrame:
        frame = pd.DataFrame(columns)
        frame.insert(0, "update", self.updates)
        return frame


@lru_cache(maxsize=CACHED)
def probe_loss(dump: DumpReader) -> float:
    """Return the mean of a dump's track of losses; NaN where it has none."""
    track = dump.tracks.get("loss")
    if track is None or track.info.kind != "number":
        return math.nan
    total, n = 0.0, 0
    for values in track.blocks():
        known = values[np.isfinite(values)]
        total, n = total + float(known.sum(dtype=np.float64)), n + known.size
    return total / n if n else math.nan


@lru_cache(maxsize=CACHED)
def alignment(dump: DumpReader, source: str, last: DumpReader) -> Alignment:
    """Return the units of a source beside those of the last moment."""
    return align_units(Comparable(dump, source, last, source))


@lru_cache(maxsize=CACHED)
def at_matches(dump: DumpReader, pattern: Pattern, label: Filter | None) -> dict[str, Any]:
    """Return how many matches share all units of a pattern, and how well they carry a label."""
    spans = summary_spans(dump, pattern)
    figures: dict[str, Any] = {"n_matches": len(spans.start)}
    if label is not None:
        row = enrichment_of_spans(dump, pattern.axis, spans, label).iloc[0]
        figures |= {name: float(row[name]) for name in AT_MATCHES}
    return figures


@lru_cache(maxsize=CACHED)
def effect(dump: DumpReader, pattern: Pattern) -> float:
    """Return how much the predictions change at the matches when the units are held at their mean; NaN without one."""
    from lstmviz.explain.causes.ablate import AblationQuestion, ablate

    runner = runner_of(dump)
    if not len(summary_spans(dump, pattern).start):
        return math.nan
    return float(ablate(dump, runner, pattern, AblationQuestion(n_others=0)).places["kl"].iloc[0])


def unit_at(dump: DumpReader, source: str, unit: int, last: DumpReader, label: Filter | None) -> dict[str, Any]:
    """Return how a unit relates to those of the last moment, and how well it detects a label."""
    row = alignment(dump, source, last).units.iloc[unit]
    figures: dict[str, Any] = {
        "r": correlation(dump, source, unit, last),
        "partner": int(row["partner"]),
        "r_partner": float(row["r"]),
        "is_mutual": bool(row["is_mutual"]),
    }
    if label is not None:
        ranked = ranking(dump, label, (source,))
        figures |= {name: ranked.loc[ranked["unit"] == unit, name].iloc[0] for name in OF_A_UNIT}
    return figures


def best_unit(dump: DumpReader, label: Filter, sources: tuple[str, ...] | None) -> dict[str, Any]:
    """Return the unit that detects a label best."""
    row = ranking(dump, label, sources).iloc[0]
    return {name: row[name] for name in ("source", "unit", *OF_A_UNIT)}


@lru_cache(maxsize=CACHED // 8)
def ranking(dump: DumpReader, label: Filter, sources: tuple[str, ...] | None) -> pd.DataFrame:
    """Return every unit by how well it detects a label."""
    return rank_units(dump, label, sources)


def correlation(dump: DumpReader, source: str, unit: int, last: DumpReader) -> float:
    """Return the correlation of a unit with that of the same number at the last moment; NaN where one is constant."""
    n_steps = dump.source(source).n_steps
    here, there = (values_in_view(one, source, 0, n_steps)[:, unit] for one in (dump, last))
    known = np.isfinite(here) & np.isfinite(there)
    if not known.any() or np.ptp(here[known]) == 0 or np.ptp(there[known]) == 0:
        return math.nan
    return float(np.corrcoef(here[known], there[known])[0, 1])
