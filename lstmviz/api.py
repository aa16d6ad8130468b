"""The verbs on a dump: select, match, count, search, serve. This is what ``lstmviz.open_dump`` returns."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from lstmviz import match as matching
from lstmviz.checks import check_threshold, check_whole
from lstmviz.dump.corpus.manifest import folder_line, is_corpus
from lstmviz.dump.corpus.reader import ShardReader
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ClusterError, DumpError, ModelError
from lstmviz.explain.evidence.align import Alignment, Comparable, align_units
from lstmviz.explain.evidence.correlation import correlated_units
from lstmviz.explain.evidence.detector import Detector, detector
from lstmviz.explain.evidence.enrichment import enrichment
from lstmviz.explain.evidence.probe import Probe, probe
from lstmviz.explain.evidence.rank import rank_units
from lstmviz.lstmvis import is_project, open_project
from lstmviz.maps.compute import compute_map
from lstmviz.maps.in_subprocess import IsCancelled
from lstmviz.maps.projection import Method, Projection
from lstmviz.maps.region import Region, region
from lstmviz.maps.sampling import N_STEPS
from lstmviz.maps.tensorboard import default_source, to_projector
from lstmviz.match.pattern.file import PatternFile, as_pattern, hidden_in
from lstmviz.rerun.interventions import Intervention, held_values
from lstmviz.rerun.runner import Runner
from lstmviz.rerun.typed import TypedReader
from lstmviz.types import Filter, Pattern, ShareProgress, Side, Window

if TYPE_CHECKING:
    from lstmviz.explain.causes.effect import Effect
    from lstmviz.explain.causes.influence import Influence
    from lstmviz.explain.causes.patch import Patched
    from lstmviz.ui.notebook import Served

AnyPattern = Pattern | PatternFile | str
"""A pattern, a pattern file, or the text of a pattern file."""


class Dump(DumpReader):
    """A recorded dump, read lazily, with the questions that can be asked of it.

    ``lstmviz.open_dump`` returns it. Without the name of an axis, its attributes and methods refer to the first axis.

    Attributes:
        path: The file.
        uuid: The identity of the dump, 32 hexadecimal digits; every recording gets a new one.
        provenance: Where the dump comes from: the model, the versions, the date, and whether the recording is complete.
        axes: The time axes by name.

    Example:
        >>> dump
        <Dump parens.h5: 20000 steps, rnn.l0.h, rnn.l0.c, rnn.l1.h, rnn.l1.c>
        >>> dump.states("rnn.l1.c")[249:255, 45].round(2)  # steps, unit
        array([0.95, 0.98, 0.98, 0.98, 0.98, 0.98], dtype=float16)
    """

    def select(
        self,
        source: str,
        start: int,
        stop: int,
        threshold: float = 0.3,
        off_before: int = 1,
        off_after: int = 0,
        side: Side = "high",
    ) -> Pattern:
        """Select the units of a source that are on through exactly a window.

        A unit is selected if it is on at every step of the window, off at each of the ``off_before`` steps before it,
        and off at each of the ``off_after`` steps after it. Steps outside the sequence count as off.

        Args:
            source: The source to look at, such as ``"rnn.l0.c"``.
            start: First step of the window.
            stop: Step after the last one of the window.
            threshold: A unit is on where ``value >= threshold``, in the view of the source.
            off_before: Number of steps before the window at which a unit must be off.
            off_after: Number of steps after the window at which a unit must be off.
            side: ``"high"``, or ``"low"`` for units that are on where ``value <= -threshold``.

        Returns:
            The pattern of the selected units.

        Raises:
            UnknownName: The dump has no such source.
            WindowError: The window is empty, outside the axis, or crosses a sequence border.
            PatternError: The threshold or a constraint is out of range.

        Example:
            >>> pattern = dump.select("rnn.l1.c", start=249, stop=255)
            >>> [unit.unit for unit in pattern.units]
            [15, 18, 45, 49]
        """
        return matching.select(self, source, start, stop, threshold, off_before, off_after, side)

    def match(
        self, pattern: AnyPattern, limit: int = 50, offset: int = 0, order: str = "best", min_shared: int = 1
    ) -> pd.DataFrame:
        """Find the matches of a pattern over the whole corpus, best first.

        What counts as a match, and how matches are ranked, is defined in docs/matching.md.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.
            limit: Number of rows to return.
            offset: Number of rows to skip.
            order: ``"best"``, ``"step"``, ``"length"``, ``"-length"``, or ``"track:NAME"`` or ``"-track:NAME"``, which
                order by the track's value at the first step of a match.
            min_shared: Leave out matches that share fewer units of the pattern.

        Returns:
            One row for each match: start and stop (steps), sequence, n_shared and n_union (units), length (steps),
            text.

        Raises:
            UnknownName: The dump lacks a source or track of the pattern or the order.
            PatternError: The pattern, the order or a number is invalid.

        Example:
            >>> dump.match(pattern, limit=2)
               start  stop  sequence  n_shared  n_union  length    text
            0    249   255         1         4       24       6  (44444
            1    881   887         4         4       24       6  (44444
        """
        listed = matching.listing(self, as_pattern(pattern), order, "", min_shared)
        return listed.page(limit, offset)

    def groups(self, pattern: AnyPattern, by: str, min_shared: int = 1) -> pd.DataFrame:
        """Count the matches of a pattern in groups.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.
            by: ``"sequence"``, ``"length"``, or ``"track:NAME"`` for the track's value at the first step of a match: a
                label, a whole number, or a range of about a tenth of the corpus.
            min_shared: Leave out matches that share fewer units of the pattern.

        Returns:
            One row for each group, in the order of its value: group (text), n_matches.

        Raises:
            UnknownName: The dump lacks a source or track.
            PatternError: The pattern or ``by`` is invalid.

        Example:
            >>> dump.groups(pattern, "track:depth", min_shared=4)
              group  n_matches
            0     4        689
        """
        groups = matching.groups(self, as_pattern(pattern), by, min_shared)
        names = pd.Series([group.name for group in groups], dtype="str")
        return pd.DataFrame({"group": names, "n_matches": np.array([group.n_matches for group in groups], np.int64)})

    def carry(
        self, pattern: AnyPattern, min_shared: int | None = None, hidden: Collection[Window] = ()
    ) -> pd.DataFrame:
        """Compare what the matched steps carry in each track with the whole corpus.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.
            min_shared: Use the matches that share at least this many units; None for those that share all.
            hidden: Matches to leave out, as windows; those hidden in the notes of a pattern file for this dump are left
                out too.

        Returns:
            One row for each track and value: track, value (a label, a whole number, or a range such as ``"0.1 to
            0.2"``), low and high (the numbers it stands for), n_steps, share (of the matched steps), n_corpus,
            base_rate (of all steps).

        Raises:
            UnknownName: The dump lacks a source or track of the pattern.
            PatternError: The pattern or ``min_shared`` is invalid.

        Example:
            >>> carried = dump.carry(pattern)
            >>> carried[carried.track == "depth"][["value", "share", "base_rate"]].round(2)
              value  share  base_rate
            0     0    0.0       0.19
            1     1    0.0       0.23
            2     2    0.0       0.21
            3     3    0.0       0.21
            4     4    1.0       0.16
        """
        return matching.carry(self, as_pattern(pattern), min_shared, {*hidden, *hidden_in(pattern, self.uuid)})

    def enrichment(
        self,
        pattern: AnyPattern,
        track: str | Filter,
        min_shared: int | None = None,
        hidden: Collection[Window] = (),
        seed: int = 0,
    ) -> pd.DataFrame:
        """Tell whether the matched steps carry each value of a track more often than by chance.

        Chance is imitated by swapping sequences of like length. docs/explain.md defines every figure.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.
            track: Name of a track, or a Filter for the steps that it allows.
            min_shared: Use the matches that share at least this many units; None for those that share all.
            hidden: Matches to leave out, as windows; those hidden in the notes of a pattern file for this dump are left
                out too.
            seed: For the swaps that are drawn where few sequences matter.

        Returns:
            One row for each value of the track (as in ``carry``), or one row, ``"yes"``, for a Filter. Steps without a
            value are left out of every share. Columns: value, n_steps (matched steps that carry it), n_matches (matches
            with such a step), n_sequences (with a match), n_unknown (matched steps without a value), share (of the
            matched steps), share_low and share_high (its 95 % interval), base_rate (of all steps), lift (share -
            base_rate), lift_low and lift_high, recall, f1, f1_always (F1 of always saying yes), p, q (adjusted for the
            number of rows), by (how chance was imitated: ``"swaps"``, ``"draws"`` or ``"shifts"``), note (what to keep
            in mind).

        Raises:
            UnknownName: The dump lacks a source, track or label.
            PatternError: The pattern, the filter or a number is invalid, or the filter allows no step or every step.

        Example:
            >>> evidence = dump.enrichment(pattern, "depth")
            >>> evidence[["value", "share", "share_low", "base_rate", "by"]].round(2)
              value  share  share_low  base_rate     by
            0     0    0.0       0.00       0.19  swaps
            1     1    0.0       0.00       0.23  swaps
            2     2    0.0       0.00       0.21  swaps
            3     3    0.0       0.00       0.21  swaps
            4     4    1.0       0.96       0.16  swaps
        """
        taken = {*hidden, *hidden_in(pattern, self.uuid)}
        return enrichment(self, as_pattern(pattern), track, min_shared, taken, check_whole("seed", seed))

    def rank_units(
        self,
        hypothesis: Filter | str,
        sources: Sequence[str] | None = None,
        given_token: bool = False,
        seed: int = 0,
        untrained: bool = False,
    ) -> pd.DataFrame:
        """Rank units by how well one threshold on one side detects the steps that a filter allows.

        Threshold and side are chosen on half of the sequences; F1, precision and recall are those on the other half.
        docs/explain.md defines every figure.

        Args:
            hypothesis: A Filter on a track or on the tokens; or the name of a track of numbers, to rank units by
                Pearson's r with it.
            sources: Sources whose units are ranked; by default every h and c of the axis.
            given_token: Also compute the AUC within the steps of each token.
            seed: For the swaps that are drawn where few sequences matter.
            untrained: Also rank the units of an untrained network of the same shape, and add its best unit as one more
                row, whose source begins with ``"untrained "``. It takes the model beside the dump.

        Returns:
            One row for each unit, the best first: source, unit, side, threshold, f1, precision, recall, f1_always (F1
            of always saying yes), auc (the chance that a yes lies further to the unit's side than a no, over all
            sequences), auc_low and auc_high (its 95 % interval), auc_given_token (NaN unless asked for), p, q, by (how
            chance was imitated: ``"swaps"``, ``"draws"`` or ``"shifts"``). For a track's name: source, unit, r, p, q,
            by.

        Raises:
            UnknownName: The dump lacks a source, track or label.
            PatternError: The filter does not fit the dump, or allows no step or every step.
            ModelError: ``untrained`` is asked for, and the model beside the dump cannot be run over the corpus.

        Example:
            >>> ranked = dump.rank_units(lstmviz.Filter("depth", low=3, high=3))
            >>> ranked[["source", "unit", "side", "threshold", "f1", "auc"]].head(3).round(3)
                 source  unit  side  threshold     f1    auc
            0  rnn.l1.h    25  high       0.51  1.000  1.000
            1  rnn.l1.h    18   low      -0.04  0.996  1.000
            2  rnn.l0.h    42   low      -0.70  0.919  0.975
        """
        seed = check_whole("seed", seed)

        def ranked(dump: DumpReader) -> pd.DataFrame:
            if isinstance(hypothesis, str):
                return correlated_units(dump, hypothesis, sources, seed)
            return rank_units(dump, hypothesis, sources, given_token, seed)

        frame = ranked(self)
        if not untrained:
            return frame
        best = ranked(_untrained_of(self, sources)).head(1)
        return pd.concat([frame, best.assign(source="untrained " + best["source"])], ignore_index=True)

    def detector(
        self,
        hypothesis: Filter,
        sources: Sequence[str] | None = None,
        most: int = 4,
        n_swaps: int = 0,
        seed: int = 0,
        untrained: bool = False,
    ) -> Detector:
        """Find the smallest pattern that detects the steps that a filter allows.

        The search goes over conjunctions of units, each with a side and a threshold. It chooses by F1 on half of the
        sequences, and adds units until F1 on the other half gains less than .005.

        Args:
            hypothesis: A Filter on a track or on the tokens.
            sources: Sources whose units are used; by default every h and c of the axis.
            most: Greatest number of units, 1 to 16.
            n_swaps: Number of swapped tracks on which the same search is run, to see what chance gives.
            seed: For the swapped tracks.
            untrained: Whether to search in an untrained network of the same shape too (``f1_untrained``). It takes the
                model beside the dump.

        Returns:
            The pattern, which ``match`` takes, with a table of F1 by number of units.

        Raises:
            UnknownName: The dump lacks a source, track or label.
            PatternError: The filter does not fit the dump, allows no step or every step, or a number is out of range.
            ModelError: ``untrained`` is asked for, and the model beside the dump cannot be run over the corpus.

        Example:
            >>> found = dump.detector(lstmviz.Filter("depth", low=3, high=3))
            >>> found.pattern.units
            (PatternUnit(source='rnn.l1.h', unit=25, side='high', threshold=0.51),)
            >>> found.f1
            1.0
        """
        n_swaps, seed = check_whole("n_swaps", n_swaps), check_whole("seed", seed)
        most = check_whole("most", most)
        found = detector(self, hypothesis, sources, most, n_swaps, seed)
        if not untrained:
            return found
        return replace(found, f1_untrained=detector(_untrained_of(self, sources), hypothesis, sources, most).f1)

    def probe(self, track: str | Filter, sources: Sequence[str] | None = None, most: int = 8, seed: int = 0) -> Probe:
        """Tell how well the first few units, added one by one, predict a track's value by least squares.

        The probe is fitted on half of the sequences, and its accuracy is that on the other half.

        Args:
            track: Name of a track, or a Filter for yes and no.
            sources: Sources whose units are used; by default every h and c of the axis.
            most: Greatest number of units, 1 to 64.
            seed: For the control labels and the swapped track.

        Returns:
            The accuracy by number of units, beside that of control labels, of a swapped track, of the token in sight,
            and of the most frequent value.

        Raises:
            UnknownName: The dump lacks a source, track or label.
            PatternError: The track or filter does not fit the dump, or ``most`` is out of range.

        Example:
            >>> dump.probe("depth", most=4).steps[["n_units", "source", "unit", "accuracy", "swapped"]].round(3)
               n_units    source  unit  accuracy  swapped
            0        1  rnn.l1.c    37     0.443    0.265
            1        2  rnn.l1.h    25     0.662    0.305
            2        3  rnn.l1.h    44     0.852    0.302
            3        4  rnn.l1.c    26     1.000    0.315
        """
        return probe(self, track, sources, check_whole("most", most), check_whole("seed", seed))

    def ablate(
        self,
        pattern: AnyPattern,
        to: str | float = "mean",
        at: Literal["matches", "all"] | Window = "matches",
        n_others: int = 49,
        min_shared: int | None = None,
        hidden: Collection[Window] = (),
        text: str | None = None,
        seed: int = 0,
        progress: ShareProgress | None = None,
        cancel: IsCancelled | None = None,
    ) -> Effect:
        """Ablate the units of a pattern in the model beside the dump, and tell what becomes of its predictions.

        The units are held at another value while the model reads the corpus again; so are other sets of as many units
        of the same sources, to compare with. docs/explain.md defines every figure.

        Args:
            pattern: A pattern, a pattern file, or its JSON text; its units of h and c are ablated, a c before h is made
                of it.
            to: What units are held at: ``"mean"`` (over the corpus), ``"zero"``, ``"other"`` (the value of another
                sequence at the same step), or a number.
            at: Where: ``"matches"`` (the matched steps), ``"all"`` (every step), or a window of steps, which then count
                as the matched ones. With ``"all"`` every step of a text counts as one.
            n_others: Number of other sets; for one unit at most all other units.
            min_shared: Use the matches that share at least this many units; None for those that share all.
            hidden: Matches to leave out, as windows; those hidden in the notes of a pattern file for this dump are left
                out too.
            text: A text to ask instead of the corpus, as for ``rerun``; steps then count in it.
            seed: For the other sets, and for ``"other"``.
            progress: Called with the share that is done and what is being done.
            cancel: Called before each run of the model; once it returns True, the computation ends.

        Returns:
            The effect: at the matched steps, after them, elsewhere, and by the token in sight.

        Raises:
            ModelError: No model lies beside the dump, a different one than was recorded, or it read steps that were not
                recorded.
            UnknownName: The dump lacks a source of the pattern.
            PatternError: No step is matched, or an argument is out of range.
            InputError: The text has no token, or more than 2,000.
            Cancelled: ``cancel`` returned True.

        Example:
            >>> effect = dump.ablate(pattern, n_others=9)
            >>> effect.places[["place", "n_steps", "kl", "p"]].round(3)
                   place  n_steps     kl    p
            0       here     2644  0.451  0.1
            1      after     3328  0.000  0.7
            2  elsewhere    14028  0.000  0.8
        """
        from lstmviz.explain.causes.ablate import AblationQuestion, ablate, ablate_text

        chosen, runner = as_pattern(pattern), self._model()
        taken = {*hidden, *hidden_in(pattern, self.uuid)} if text is None else set(hidden)
        question = AblationQuestion(to, at, n_others, min_shared, frozenset(taken), seed)
        if text is not None:
            return ablate_text(self, runner, chosen, question, text)
        return ablate(self, runner, chosen, question, progress, cancel)

    def barcode(
        self,
        pattern: AnyPattern,
        n_bins: int = 600,
        min_shared: int | None = None,
        hidden: Collection[Window] = (),
    ) -> pd.DataFrame:
        """Count where in the corpus the matches of a pattern lie.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.
            n_bins: Most bins to cut the axis into; all but the last have the same width.
            min_shared: Use the matches that share at least this many units; None for those that share all.
            hidden: Matches to leave out, as in ``carry``.

        Returns:
            One row for each bin: start and stop (steps), n_matches that start in it, n_steps of it that lie in a match.

        Raises:
            UnknownName: The dump lacks a source or track of the pattern.
            PatternError: The pattern or a number is invalid.

        Example:
            >>> dump.barcode(pattern, n_bins=4)
               start   stop  n_matches  n_steps
            0      0   5000        185      698
            1   5000  10000        145      564
            2  10000  15000        179      671
            3  15000  20000        180      711
        """
        taken = {*hidden, *hidden_in(pattern, self.uuid)}
        return matching.barcode(self, as_pattern(pattern), n_bins, min_shared, taken)

    def compare(
        self,
        pattern: AnyPattern,
        other: AnyPattern,
        second: DumpReader | None = None,
        min_shared: int | None = None,
    ) -> matching.Comparison:
        """Compare the matches of two patterns: how many overlap, how many are the same.

        Args:
            pattern: The first pattern, a pattern file, or its JSON text.
            other: The second pattern.
            second: The dump of the second pattern if it is not this one; it must hold the same text.
            min_shared: Use the matches that share at least this many units; None for those that share all.

        Returns:
            The counts of both patterns, and of what they have in common.

        Raises:
            PatternError: The dumps do not hold the same text, or a pattern is invalid.
            UnknownName: A dump lacks a source or track of its pattern.

        Example:
            >>> other = dump.select("rnn.l1.h", 249, 255)
            >>> both = dump.compare(pattern, other)
            >>> both.n_first, both.n_first_met
            (689, 517)
        """
        return matching.compare(self, as_pattern(pattern), as_pattern(other), second, min_shared)

    def count(self, pattern: AnyPattern) -> matching.Count:
        """Count all matches of a pattern.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.

        Returns:
            The number of matches for each number of shared units, and the histogram of their lengths.

        Raises:
            UnknownName: The dump lacks a source or track of the pattern.
            PatternError: The pattern is invalid.

        Example:
            >>> dump.count(pattern).totals
               n_shared  n_matches
            0         4        689
            1         3        151
            2         1       2526
        """
        return matching.count(self, as_pattern(pattern))

    def search(
        self, text: str, regex: bool = False, over: matching.Over = "characters", axis: str | None = None
    ) -> pd.DataFrame:
        """Find every place where a text occurs.

        Args:
            text: What to look for.
            regex: Whether ``text`` is a regular expression. It is stopped after a few seconds.
            over: ``"characters"`` (any stretch of the text), ``"words"`` (whole words) or ``"tokens"`` (whole tokens).
            axis: Name of the axis to search; None for the first.

        Returns:
            One row for each hit: start, stop (steps), sequence. Hits do not overlap and lie inside one sequence.

        Raises:
            UnknownName: The dump has no such axis.
            PatternError: The text is empty, or the expression is invalid or takes too long.

        Example:
            >>> dump.search("(44444").head(2)
               start  stop  sequence
            0     30    36         0
            1     42    48         0
        """
        return matching.search(self.first if axis is None else self.axis(axis), text, regex, over)

    def thresholds(
        self,
        source: str,
        start: int,
        stop: int,
        off_before: int = 1,
        off_after: int = 0,
        side: Side = "high",
    ) -> pd.DataFrame:
        """Count the units that ``select`` would select for a window at each threshold.

        Args:
            source: The source to look at, such as ``"rnn.l0.c"``.
            start: First step of the window.
            stop: Step after the last one of the window.
            off_before: As in ``select``.
            off_after: As in ``select``.
            side: As in ``select``.

        Returns:
            One row for each threshold from 0.00 to 1.00 in steps of 0.01, in the view of the source: threshold,
            n_units. For raw values beyond 1, at most 100 round thresholds follow.

        Raises:
            UnknownName: The dump has no such source.
            WindowError: The window is empty, outside the axis, or crosses a sequence border.
            PatternError: A constraint is out of range.

        Example:
            >>> dump.thresholds("rnn.l1.c", 249, 255).iloc[[10, 30, 50, 70]]
                threshold  n_units
            10        0.1        4
            30        0.3        4
            50        0.5        4
            70        0.7        6
        """
        return matching.thresholds(self, source, start, stop, off_before, off_after, side)

    def why_not(
        self,
        source: str,
        unit: int,
        start: int,
        stop: int,
        threshold: float = 0.3,
        off_before: int = 1,
        off_after: int = 0,
        side: Side = "high",
    ) -> matching.WhyNot:
        """Say why ``select`` does or does not select a unit, and which thresholds would.

        Args:
            source: The source to look at.
            unit: Number of the unit.
            start: First step of the window.
            stop: Step after the last one of the window.
            threshold: As in ``select``.
            off_before: As in ``select``.
            off_after: As in ``select``.
            side: As in ``select``.

        Returns:
            The reason, in numbers and in words.

        Raises:
            UnknownName: The dump has no such source.
            WindowError: The window is empty, outside the axis, or crosses a sequence border.
            PatternError: The source has no such unit, or a number is out of range.

        Example:
            >>> print(dump.why_not("rnn.l1.c", 0, 249, 255))
            unit 0 is −0.72 at step 249, below 0.30; thresholds above −0.7501 and up to −0.7167 select it
        """
        return matching.why_not(self, source, unit, start, stop, threshold, off_before, off_after, side)

    def unit(
        self,
        source: str,
        unit: int,
        threshold: float = 0.3,
        side: Side = "high",
        n_contexts: int = 10,
        around: int = 12,
    ) -> matching.UnitCard:
        """Describe what one unit does over the whole corpus.

        Args:
            source: The source of the unit.
            unit: Number of the unit.
            threshold: The unit is on where ``value >= threshold``, in the view of the source.
            side: ``"high"``, or ``"low"`` for on where ``value <= -threshold``.
            n_contexts: Number of strongest contexts to return.
            around: Number of steps on either side of a context.

        Returns:
            The unit's card: how its values spread, how long it stays on, where it is strongest, and its relation to
            each track.

        Raises:
            UnknownName: The dump has no such source.
            PatternError: The source has no such unit, or a number is out of range.

        Example:
            >>> card = dump.unit("rnn.l1.c", 45)
            >>> round(card.on_rate, 3)
            0.161
        """
        unit, threshold = check_whole("unit", unit), check_threshold(threshold)
        n_contexts, around = check_whole("n_contexts", n_contexts), check_whole("around", around)
        return matching.unit_card(self, source, unit, threshold, side, n_contexts, around)

    def rerun(self, text: str, interventions: Sequence[Intervention] = ()) -> TypedText:
        """Run the model that lies beside the dump over a text, and return its states as a dump of one sequence.

        The text is split into the model's characters or words and read from a zero state. The states are those that
        ``lstmviz.record`` would record, in the precision of this dump. Predictions and the loss of each next token are
        tracks. A pattern that is selected in the result can be matched against this dump.

        Args:
            text: At most 2,000 tokens.
            interventions: Units that are held at a value while the text is read, as ``lstmviz.intervene`` holds them.

        Returns:
            A dump of one sequence, which answers the same questions as this one.

        Raises:
            ModelError: No model lies beside the dump, or a different model than was recorded.
            InputError: The text has no token, or more than 2,000.
            UnknownName: The dump has no source that an intervention names.
            PatternError: A source has no unit that an intervention names.

        Example:
            >>> typed = dump.rerun("0(1(22(3)2)1)0")
            >>> typed.n_steps
            14
            >>> dump.rerun("0(1x").unknown
            ['x']
        """
        return TypedText(self._model().run(text, held_values(self, interventions)))

    def patch(self, text: str, donor: str, units: Pattern | Mapping[str, Sequence[int]], window: Window) -> Patched:
        """Put units of one text's run into another's, and tell which way the predictions go.

        In a window of steps, units of the model beside the dump take the values that they have at the same steps of the
        donor. If the predictions then follow the donor, these units carry what the texts differ in.

        Args:
            text: The text whose predictions are asked for.
            donor: The text that gives the values.
            units: A pattern, or unit numbers by source, such as ``{"rnn.l0.c": [23]}``.
            window: Steps at which the donor's values are put in; both texts must have them.

        Returns:
            The predictions and the loss of both texts and of the patched one.

        Raises:
            ModelError: No model lies beside the dump, or a different model than was recorded.
            UnknownName: The dump has no such source.
            PatternError: A source has no such unit, or it is a gate.
            InputError: A text has no token, more than 2,000, or one that the model does not read.
            WindowError: A text has no such step.

        Example:
            >>> patched = dump.patch("0(11)0", "0((2)0", {"rnn.l0.c": [0, 1, 2]}, lstmviz.Window(2, 4))
            >>> patched.steps["is_patched"].tolist()
            [False, False, True, True, False, False]
        """
        from lstmviz.explain.causes.patch import patch

        return patch(self, self._model(), text, donor, units, window)

    def influence(
        self,
        text: str,
        source: str,
        units: Sequence[int] | None = None,
        n_draws: int = 16,
        seed: int = 0,
    ) -> Influence:
        """Tell what each token of a text changes in the units of a source, and in the loss, at every later step.

        Each token is replaced by tokens drawn as often as the corpus has them, while the model beside the dump reads
        the text again. What counts is the mean absolute change.

        Args:
            text: The text, as for ``rerun``.
            source: The source whose units are looked at.
            units: Units to look at; None for all.
            n_draws: Number of tokens that each token is replaced by; 0 to put the mean embedding in its place, which is
                faster and almost as good.
            seed: For the tokens that are drawn.

        Returns:
            The influence of every token on every later step.

        Raises:
            ModelError: No model lies beside the dump, or a different model than was recorded.
            UnknownName: The dump has no such source.
            PatternError: The source has no such unit, or a number is out of range.
            InputError: The text has no token, or is too long for so many units.

        Example:
            >>> influence = dump.influence("0(1(22(3)", "rnn.l1.c")
            >>> influence.at(8, units=[45]).columns.tolist()
            ['step', 'token', 'states', 'loss']
        """
        from lstmviz.explain.causes.influence import influence

        return influence(self, self._model(), text, source, units, n_draws, seed)

    def align_units(self, source: str, second: DumpReader, other: str | None = None, seed: int = 0) -> Alignment:
        """Find each unit's partner in another recording of the same text, by correlation over all steps.

        Args:
            source: The source whose units are asked about.
            second: A dump of the same text, such as that of another model, or of another moment of its training.
            other: Source of the second dump; None for the one of the same name.
            seed: For the swapped sequences, and the untrained network.

        Returns:
            The partners, what swapped sequences give, and CKA with both its floors.

        Raises:
            UnknownName: A dump lacks its source.
            PatternError: The dumps do not hold the same text.

        Example:
            >>> alignment = dump.align_units("rnn.l1.h", dump)
            >>> alignment.units["partner"].tolist()[:3], round(alignment.cka, 3)
            ([0, 1, 2], 1.0)
        """
        pair = Comparable(self, source, second, other or source)
        try:
            floor = _untrained_of(second, [pair.other], check_whole("seed", seed))
        except ModelError:
            floor = None
        return align_units(pair, floor, seed)

    def _model(self) -> Runner:
        """Return the model that runs texts of this dump: the one that lies beside it."""
        from lstmviz.rerun.rerun import rerun_of

        return rerun_of(self)

    def project(
        self,
        source: str,
        method: Method = "pca",
        n_steps: int = N_STEPS,
        seed: int = 0,
        progress: ShareProgress | None = None,
        cancel: IsCancelled | None = None,
    ) -> Projection:
        """Compute a map: the states of a source at many steps as points on a plane.

        ``"pca"`` is exact over the sampled steps. ``"tsne"`` and ``"umap"`` (``pip install "lstmviz[maps]"``) take
        about a minute for 20,000 steps. They run in a separate process, and their maps are kept in the user's cache.

        Args:
            source: The source, or ``"embedding"`` for the model's embeddings.
            method: ``"pca"``, ``"tsne"`` or ``"umap"``.
            n_steps: Most steps to sample.
            seed: Seed of the sample and of the method.
            progress: Called with the share that is done and what is being done.
            cancel: Called a few times a second; once it returns True, the computation ends.

        Returns:
            The map.

        Raises:
            UnknownName: The dump has no such source.
            PatternError: An argument is out of range.
            ProjectionError: There can be no map: too few states, or a package is missing.
            ProjectionCancelled: ``cancel`` returned True.

        Example:
            >>> mapped = dump.project("rnn.l1.c", n_steps=1000)
            >>> mapped.points.shape
            (1000, 2)
        """
        return compute_map(self, source, method, n_steps, seed, progress, cancel)

    def region(
        self, projection: Projection, polygon: Sequence[Sequence[float]], filters: Sequence[Filter] = ()
    ) -> Region:
        """Return the steps of a map that lie inside a polygon.

        Args:
            projection: The map.
            polygon: The corners, each as (x, y).
            filters: Conditions on tracks that leave out steps.

        Returns:
            The region. On a map of embeddings it holds all steps with a token of the region.

        Raises:
            UnknownName: The dump has no such track.
            PatternError: The polygon or a filter is invalid.

        Example:
            >>> mapped = dump.project("rnn.l1.c", n_steps=1000)
            >>> low, high = mapped.points.min(axis=0) - 1, mapped.points.max(axis=0) + 1
            >>> whole = dump.region(mapped, [low, (high[0], low[1]), high, (low[0], high[1])])
            >>> len(whole.steps)
            1000
        """
        return region(self, projection, polygon, filters)

    def to_projector(
        self,
        path: str | os.PathLike[str],
        source: str | None = None,
        n_steps: int = N_STEPS,
        seed: int = 0,
        overwrite: bool = False,
    ) -> Path:
        """Write states, or the model's embeddings, for TensorBoard's Embedding Projector.

        Args:
            path: A folder, or a file that ends in ``.zip``.
            source: A source, ``"embedding"``, or None for the last cell state.
            n_steps: Most steps to sample.
            seed: Seed of the sample.
            overwrite: Whether to replace what is there.

        Returns:
            The path.

        Raises:
            DumpExists: Something is at the path.
            UnknownName: The dump has no such source.
            ProjectionError: There is nothing to write.

        Example:
            >>> folder = dump.to_projector("projector", "rnn.l1.c", n_steps=100)
            >>> sorted(file.name for file in folder.iterdir())
            ['metadata.tsv', 'projector_config.pbtxt', 'tensors.tsv']
        """
        return to_projector(self, path, source or default_source(self), n_steps, seed, overwrite)

    def serve(self, port: int = 8050, host: str = "127.0.0.1", open_browser: bool = True) -> Served | None:
        """Serve the page on this dump until interrupted.

        In a notebook the page appears under the cell instead, and the call returns at once.

        Args:
            port: Port to listen on; the next free one if it is in use.
            host: Address to listen on.
            open_browser: Whether to open the page in a browser.

        Returns:
            In a notebook, a handle whose ``stop()`` ends the page; otherwise None.

        Raises:
            ServeError: The page cannot be served, for example because no port is free.
        """
        from lstmviz.ui.notebook import in_notebook, serve_inline

        if in_notebook():
            return serve_inline([self], host, port)
        from lstmviz.ui.serve import serve

        serve([self], host=host, port=port, open_browser=open_browser)
        return None


def _untrained_of(dump: DumpReader, sources: Sequence[str] | None, seed: int = 0) -> DumpReader:
    """Return the states of an untrained network of the shape of the model beside a dump; ModelError if there is none.

    torch is loaded only here.
    """
    from lstmviz.explain.causes.untrained import untrained
    from lstmviz.rerun.rerun import rerun_of

    return untrained(dump, rerun_of(dump), sources, seed)


class TypedText(TypedReader, Dump):
    """A text that was run through the model beside a dump: a dump of one sequence, as ``Dump.rerun`` returns it.

    Tokens that the model does not know are read as its unknown token. A model without an unknown token does not read
    them at all, and their states are NaN.

    Example:
        >>> typed = dump.rerun("0(1(22(3)2)1)0")
        >>> span = typed.select("rnn.l1.c", start=4, stop=6)
        >>> dump.match(span, limit=1)[["start", "stop"]]
           start  stop
        0   1916  1919
    """


class Corpus(ShardReader, Dump):
    """Several dumps in a folder as one corpus, used like a ``Dump``; steps count over all shards.

    The shards are searched in parallel, by threads of this machine or the workers of a dask scheduler. The answers are
    exactly those of a single dump that holds all shards. docs/corpora.md describes the folder.

    Example:
        >>> import numpy as np
        >>> from pathlib import Path
        >>> Path("shards").mkdir()
        >>> for part in ("a.h5", "b.h5"):
        ...     _ = lstmviz.write_dump(f"shards/{part}", states={"rnn.l0.h": np.eye(4)}, tokens=[0, 1, 0, 1])
        >>> corpus = lstmviz.open_dump(lstmviz.write_corpus("shards"))
        >>> corpus.n_steps
        8
    """

    def count(self, pattern: AnyPattern) -> matching.Count:
        """Count all matches of a pattern, over all shards, as ``Dump.count`` does.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.

        Returns:
            The number of matches for each number of shared units, and the histogram of their lengths.
        """
        return matching.found_in(self, as_pattern(pattern)).count()

    def search(
        self, text: str, regex: bool = False, over: matching.Over = "characters", axis: str | None = None
    ) -> pd.DataFrame:
        """Find every place where a text occurs, over all shards, as ``Dump.search`` does.

        Args:
            text: What to look for.
            regex: As in ``Dump.search``.
            over: As in ``Dump.search``.
            axis: As in ``Dump.search``.

        Returns:
            One row for each hit: start, stop (steps), sequence.
        """
        return matching.search_shards(self, (self.first if axis is None else self.axis(axis)).name, text, regex, over)


def open_dump(path: str | os.PathLike[str], scheduler: str | None = None) -> Dump:
    """Open a dump, the folder of a corpus, or the folder of an LSTMVis project, for reading.

    Values are read when they are needed. A project is converted once, into the user's cache.

    Args:
        path: A file, a folder with a ``corpus.json``, or a folder with an ``lstm.yml``.
        scheduler: Address of a dask scheduler whose workers match and search a corpus; None for this machine.

    Returns:
        The dump; for a folder with a ``corpus.json``, a ``Corpus``.

    Raises:
        DumpMissing: There is no file at the path.
        DumpError: The file is not a dump, is damaged or unsafe, or the folder holds separate dumps.
        NewerFormat: A newer version of lstmviz wrote the dump.
        ProjectError: The LSTMVis project cannot be read.
        ClusterError: The scheduler cannot be reached, or there are no shards to share out.

    Example:
        >>> dump = lstmviz.open_dump("parens.h5")
        >>> dump.first.text(249, 255)
        '(44444'
    """
    where = Path(path)
    if is_corpus(where):
        return Corpus(where, scheduler)
    if scheduler is not None:
        raise ClusterError(f"{where} is no corpus of shards that a scheduler could share out; leave scheduler out")
    if is_project(where):
        return Dump(open_project(where).path)
    if where.is_dir():
        raise DumpError(folder_line(where))
    return Dump(where)
