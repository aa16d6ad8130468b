"""The methods of a dump: select, match, count, search, serve. ``lstmviz.open_dump`` returns this object."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from lstmviz import match as matching
from lstmviz.annotate.encode import REST
from lstmviz.annotate.make import make_track
from lstmviz.annotate.of_functions import OfSequence, OfToken
from lstmviz.checks import check_path, check_threshold, check_whole
from lstmviz.dump import change_tracks
from lstmviz.dump.corpus.glance import glance
from lstmviz.dump.corpus.manifest import dumps_in, folder_line, is_corpus
from lstmviz.dump.corpus.reader import ShardReader
from lstmviz.dump.moments import moment_of
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ClusterError, DumpError, DumpMissing, InputError, ModelError
from lstmviz.explain.evidence.align import Alignment, Comparable, align_units
from lstmviz.explain.evidence.correlation import correlated_units
from lstmviz.explain.evidence.detector import Detector, detector
from lstmviz.explain.evidence.enrichment import enrichment
from lstmviz.explain.evidence.enrichment_row import chosen_by, with_caution
from lstmviz.explain.evidence.labels import step_answers
from lstmviz.explain.evidence.probe import Probe, probe
from lstmviz.explain.evidence.rank import rank_labelled, rank_units
from lstmviz.explain.evidence.unit_store import survey_of
from lstmviz.explain.moments import Moments
from lstmviz.lstmvis import is_project, open_project
from lstmviz.maps.compute import compute_map
from lstmviz.maps.in_subprocess import IsCancelled
from lstmviz.maps.projection import Method, Projection
from lstmviz.maps.region import Region, region
from lstmviz.maps.sampling import N_STEPS
from lstmviz.maps.tensorboard import default_source, to_projector
from lstmviz.maps.trajectories import trajectories
from lstmviz.match.pattern.file import PatternFile, as_pattern, hidden_in, notes_of
from lstmviz.match.summary.pairs import with_pair
from lstmviz.rerun.interventions import Intervention, held_values
from lstmviz.rerun.live.model import AnyModel
from lstmviz.rerun.of_dump import runner_of
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
        attention: Weights from each step of one axis to those of the paired sequence of another, by name.

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
        self,
        pattern: AnyPattern,
        limit: int = 50,
        offset: int = 0,
        order: str = "best",
        min_shared: int = 1,
        pair: str | None = None,
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
            pair: Name of another axis, whose paired text stands beside each match: what an encoder read, for the
                matches of a decoder. Where several attentions were recorded between the two, the name of one.

        Returns:
            One row for each match: start and stop (steps), sequence, n_shared and n_union (units), length (steps),
            text. With ``pair`` also pair, the text of the paired sequence, and where attention between the two axes
            was recorded, attended: the fewest tokens of it that hold half of the weight.

        Raises:
            UnknownName: The dump lacks a source or track of the pattern or the order, or the axis has no such pair.
            PatternError: The pattern, the order or a number is invalid.

        Example:
            >>> dump.match(pattern, limit=2)
               start  stop  sequence  n_shared  n_union  length    text
            0    249   255         1         4       24       6  (44444
            1    881   887         4         4       24       6  (44444
        """
        asked = as_pattern(pattern)
        listed = matching.listing(self, asked, order, "", min_shared).page(limit, offset)
        return listed if pair is None else with_pair(self, self.axis(asked.axis), listed, pair)

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
        self,
        pattern: AnyPattern,
        min_shared: int | None = None,
        hidden: Collection[Window] = (),
        tokens: int = 0,
    ) -> pd.DataFrame:
        """Compare what the matched steps carry in each track with the whole corpus.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.
            min_shared: Use the matches that share at least this many units; None for those that share all.
            hidden: Matches to leave out, as windows; those hidden in the notes of a pattern file for this dump are left
                out too.
            tokens: Also compare the tokens at, before and after the matches: so many of each, those that say most
                first.

        Returns:
            One row for each track and value: track, value (a label, a whole number, or a range such as ``"0.1 to
            0.2"``), low and high (the numbers it stands for), n_steps, share (of the matched steps), n_corpus,
            base_rate (of all steps). Rows of tokens have the track ``"token here"``, ``"token before"`` or ``"token
            after"``; before and after are counted inside the match's sequence.

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
            >>> before = dump.carry(pattern, tokens=2).query("track == 'token before'")
            >>> before[["value", "share", "base_rate"]].round(2).to_numpy().tolist()
            [['3', 0.75, 0.13], [')', 0.25, 0.17]]
        """
        return matching.carry(self, as_pattern(pattern), min_shared, {*hidden, *hidden_in(pattern, self.uuid)}, tokens)

    def enrichment(
        self,
        pattern: AnyPattern,
        track: str | Filter,
        min_shared: int | None = None,
        hidden: Collection[Window] = (),
        seed: int = 0,
    ) -> pd.DataFrame:
        """Test whether the matched steps carry each value of a track, or each token, more often than by chance.

        The null is that of sequences of like length swapped. docs/explain.md defines every figure.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.
            track: Name of a track; ``"token here"``, ``"token before"`` or ``"token after"`` for the tokens of the
                matched steps, or of the steps right before or after a match; or a Filter for the steps that it allows.
            min_shared: Use the matches that share at least this many units; None for those that share all.
            hidden: Matches to leave out, as windows; those hidden in the notes of a pattern file for this dump are left
                out too.
            seed: For the swaps that are drawn where few sequences matter.

        Returns:
            One row for each value of the track (as in ``carry``), or one row, ``"yes"``, for a Filter. Of tokens, one
            row for each that the text has, ordered as in ``carry``, those that stand nowhere there last. Steps without
            a value are left out of every share. Columns: value, n_steps (matched steps that carry it), n_matches
            (matches with such a step), n_sequences (with a match), n_unknown (matched steps without a value), share (of
            the matched steps), share_low and share_high (its 95 % interval), base_rate (of all steps), lift (share -
            base_rate), lift_low and lift_high, recall, f1, f1_always (F1 of always saying yes), p, q (adjusted for the
            number of rows), by (the null that stands for chance: ``"swaps"``, ``"draws"`` or ``"shifts"``), note (what
            to keep in mind, such as that a detector chose the units of a pattern file by these labels).

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
            >>> tokens = dump.enrichment(pattern, "token here")
            >>> tokens[["value", "share", "base_rate", "by"]].head(3).round(2)
              value  share  base_rate     by
            0     4   0.74       0.12  swaps
            1     (   0.26       0.18  swaps
            2     )   0.00       0.17  swaps
        """
        left_out = {*hidden, *hidden_in(pattern, self.uuid)}
        frame = enrichment(self, as_pattern(pattern), track, min_shared, left_out, check_whole("seed", seed))
        return with_caution(frame) if notes_of(pattern).chosen_by == chosen_by(track) else frame

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
            of always saying yes), auc (the probability that a yes lies further to the unit's side than a no, over all
            sequences), auc_low and auc_high (its 95 % interval), auc_given_token (NaN unless asked for), p, q, by (the
            null that stands for chance: ``"swaps"``, ``"draws"`` or ``"shifts"``). For a track's name: source, unit, r,
            p, q, by.

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

    def rank_region(
        self, region: Region, sources: Sequence[str] | None = None, given_token: bool = False, seed: int = 0
    ) -> pd.DataFrame:
        """Rank units by how well one threshold on one side sets a region of a map apart.

        A step of the region is a yes, any other step that is on the map a no. The figures are those of ``rank_units``.

        Args:
            region: The region, from ``dump.region``.
            sources: Sources whose units are ranked; by default every h and c of the axis.
            given_token: Also compute the AUC within the steps of each token.
            seed: For the swaps that are drawn where few sequences matter.

        Returns:
            One row for each unit, the best first, with the columns of ``rank_units``.

        Raises:
            UnknownName: The dump lacks a source.
            PatternError: The region holds no step, or every step.

        Example:
            >>> mapped = dump.project("rnn.l1.c")
            >>> (left, low), (right, high) = mapped.points.min(axis=0), mapped.points.max(axis=0)
            >>> middle = (left + right) / 2
            >>> half = dump.region(mapped, [(left, low), (middle, low), (middle, high), (left, high)])
            >>> dump.rank_region(half)[["source", "unit", "side"]].head(2)
                 source  unit  side
            0  rnn.l0.h    18  high
            1  rnn.l0.h    42  high
        """
        labels = step_answers(region.axis, region.steps, region.among)
        return rank_labelled(self, labels, sources, given_token, check_whole("seed", seed))

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
        trained = detector(self, hypothesis, sources, most, n_swaps, seed)
        if not untrained:
            return trained
        return replace(trained, f1_untrained=detector(_untrained_of(self, sources), hypothesis, sources, most).f1)

    def probe(self, track: str | Filter, sources: Sequence[str] | None = None, most: int = 8, seed: int = 0) -> Probe:
        """Measure how well the first few units, added one by one, predict a track's value by least squares.

        The probe is fitted on half of the sequences, and its accuracy is that on the other half.

        Args:
            track: Name of a track, or a Filter for yes and no.
            sources: Sources whose units are used; by default every h and c of the axis.
            most: Greatest number of units, 1 to 64.
            seed: For the control labels and the swapped track.

        Returns:
            The accuracy by number of units, beside that of control labels, of a swapped track, of the step's token,
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
        """Ablate the units of a pattern in the model beside the dump, and measure how its predictions change.

        The units are held at another value while the model reads the corpus again; so are other sets of as many units
        of the same sources, to compare with. docs/explain.md defines every figure.

        Args:
            pattern: A pattern, a pattern file, or its JSON text; its units of h and c are ablated, a c before h is
                computed from it.
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
            The effect: at the matched steps, after them, elsewhere, and by the step's token.

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
            2  elsewhere    14028  0.000  1.0
        """
        from lstmviz.explain.causes.ablate import AblationQuestion, ablate, ablate_text

        chosen, runner = as_pattern(pattern), self._model()
        left_out = {*hidden, *hidden_in(pattern, self.uuid)} if text is None else set(hidden)
        question = AblationQuestion(to, at, n_others, min_shared, frozenset(left_out), seed)
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
        left_out = {*hidden, *hidden_in(pattern, self.uuid)}
        return matching.barcode(self, as_pattern(pattern), n_bins, min_shared, left_out)

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

    def unmet(
        self,
        pattern: AnyPattern,
        other: AnyPattern,
        second: DumpReader | None = None,
        min_shared: int | None = None,
    ) -> pd.DataFrame:
        """Find the matches of a pattern that have no step in common with a match of another one.

        Args:
            pattern: A pattern, a pattern file, or its JSON text.
            other: The other pattern.
            second: The dump of the other pattern if it is not this one; it must hold the same text.
            min_shared: Use the matches that share at least this many units; None for those that share all.

        Returns:
            A row for each, in the order of the text: start, stop, length, sequence.

        Raises:
            PatternError: The dumps do not hold the same text, or a pattern is invalid.
            UnknownName: A dump lacks a source or track of its pattern.

        Example:
            >>> len(dump.unmet(pattern, dump.select("rnn.l1.h", 249, 255)))
            172
        """
        return matching.unmet(self, as_pattern(pattern), as_pattern(other), second, min_shared)

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

    def add_track(
        self,
        name: str,
        values: Any = None,
        *,
        regex: str | None = None,
        of_token: OfToken | None = None,
        of_sequence: OfSequence | None = None,
        ready: str | None = None,
        axis: str | None = None,
        rest: str | None = REST,
        overwrite: bool = False,
    ) -> None:
        r"""Add a track of your own: labels or numbers beside the recorded ones, at once for whoever has the dump open.

        The dump itself stays as it was recorded; the track lies beside it, in ``PATH.tracks/`` (docs/format.md). Give
        one of ``values``, ``regex``, ``of_token``, ``of_sequence`` and ``ready``.

        Args:
            name: Name of the track.
            values: Labels or numbers (None or NaN: no value), one for each step or one for each sequence; a list of
                them for each sequence; a frame with start, stop and label, as ``search`` and ``match`` give it
                (without labels: ``"yes"``); or what ``lstmviz.annotate`` returns.
            regex: A regular expression over the text of the sequences, which may span tokens: every step that a match
                touches is labelled with the name of the group that matched, or else the text of the match.
            of_token: A function from a token to its label or number, or a mapping.
            of_sequence: A function from the list of a sequence's tokens to its label or number, or to one for each
                token; or a mapping from the number of a sequence.
            ready: Name of a ready-made track of ``lstmviz.annotate``, such as ``"bracket depth"``.
            axis: Name of the axis.
            rest: Label of the steps that ``regex`` or a frame says nothing of; None for no value.
            overwrite: Whether to replace an added track of this name.

        Raises:
            InputError: The name or the values cannot be stored, or do not fit the axis.
            DumpExists: The dump has a track of this name.
            DumpError: Nothing can be written beside the dump.
            PatternError: The expression is invalid or takes too long.
            UnknownName: There is no such axis or ready-made track.

        Example:
            >>> dump.add_track("bracket", regex=r"(?P<open>\()|(?P<close>\))")
            >>> dump.add_track("even", of_token=lambda token: token in "024")
            >>> dump.add_track("four", dump.search("(44444"))
            >>> dump.tracks["bracket"].labels, dump.tracks["even"][249:252].tolist()
            (('other', 'open', 'close'), [0, 1, 1])
            >>> carried = dump.carry(pattern)
            >>> carried[carried.track == "four"][["value", "share"]].round(2).to_numpy().tolist()
            [['other', 0.63], ['yes', 0.37]]
        """
        where = self.first if axis is None else self.axis(axis)
        given: dict[str, Any] = {"regex": regex, "of_token": of_token, "of_sequence": of_sequence, "ready": ready}
        change_tracks.add_track(self, name, make_track(where, name, values, **given, rest=rest), overwrite)

    def rename_track(self, name: str, new_name: str) -> None:
        """Give an added track another name.

        Args:
            name: Name of a track that was added.
            new_name: Its new name.

        Raises:
            UnknownName: No track of that name was added.
            InputError: The new name cannot be stored.
            DumpExists: The dump has a track of the new name.
            DumpError: Nothing can be written beside the dump.

        Example:
            >>> dump.add_track("marks", ready="punctuation")
            >>> dump.rename_track("marks", "is a mark")
            >>> "is a mark" in dump.tracks
            True
        """
        change_tracks.rename_track(self, name, new_name)

    def remove_track(self, name: str) -> None:
        """Remove an added track; ``undo_tracks`` brings it back.

        Args:
            name: Name of a track that was added.

        Raises:
            UnknownName: No track of that name was added.
            DumpError: Nothing can be written beside the dump.

        Example:
            >>> dump.add_track("odd", of_token=lambda token: token in "13")
            >>> dump.remove_track("odd")
            >>> "odd" in dump.tracks
            False
        """
        change_tracks.remove_track(self, name)

    def undo_tracks(self) -> str:
        """Undo the last change of the added tracks, whoever made it; the last 20 can be undone, one after another.

        Returns:
            What was undone, in words.

        Raises:
            DumpError: There is nothing to undo, or nothing can be written beside the dump.

        Example:
            >>> dump.add_track("two", of_token=lambda token: token == "2")
            >>> dump.undo_tracks()
            "added 'two'"
        """
        return change_tracks.undo_tracks(self)

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
            each track. A notebook shows it as a figure.

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
        from lstmviz.ui.in_notebook import show_cards

        show_cards()
        return matching.unit_card(self, source, unit, threshold, side, n_contexts, around)

    def units(
        self, source: str, progress: ShareProgress | None = None, cancel: IsCancelled | None = None
    ) -> pd.DataFrame:
        """Look at all units of a source at once.

        Sources of more than 134 million values are looked at on 64 even stretches of steps. docs/explain.md defines the
        figures.

        Args:
            source: Name of the source.
            progress: Called with the share that is done and what is being done.
            cancel: Called now and then; once it returns True, the computation ends.

        Returns:
            One row for each unit: unit, on_rate (share of the steps with a value of .3 or more, in the view),
            on_rate_low (of -.3 or less), low and high (the least and the greatest value), mean, sd, saturation (share
            of the steps with a size of .95 or more), half_life (steps after which its correlation with itself is down
            to a half; infinite where it never is, NaN for a constant unit), track and label (the label that it detects
            best; "" and a token where there are no tracks of few values), side, threshold, f1 (on the half of the
            sequences that label, side and threshold were not chosen on), f1_always, rank (of its F1 among all units,
            for that label), tokens (the frequent ones at which it is highest), places (the steps at which it lies
            furthest from its mean), order (its place in an order of likeness), group (of units that go on and off
            together, from 1; 0 for a unit that stands alone), why (a reason to begin with this unit, for three of
            them).

        Raises:
            UnknownName: The dump has no such source.
            Cancelled: ``cancel`` returned True.

        Example:
            >>> units = dump.units("rnn.l1.c")
            >>> for row in units[units["why"] != ""].itertuples():
            ...     print(row.unit, row.why)
            1 detects depth 4: F1 1.00, always yes 0.26
            4 holds its value long: half of it or more is left after 7 steps
            7 goes low at the token 0: 2.4 standard deviations from its mean
            >>> units[["unit", "on_rate", "half_life", "track", "label", "f1"]].head(2).round(2)
               unit  on_rate  half_life  track label    f1
            0     0     0.63       4.55  depth     3  0.92
            1     1     0.79       1.97  depth     4  1.00
        """
        return survey_of(self, source, progress, cancel).units.copy()

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
        """Put units of one text's run into another's, and see which way the predictions go.

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
        """Measure what each token of a text changes in the units of a source, and in the loss, at every later step.

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
            second: A dump of the same text, such as that of another model, or of another checkpoint of its training.
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

    def attach(self, model: AnyModel, encode: Any = None) -> None:
        """Have a model in this process run the texts of this dump: ``rerun``, ``ablate``, and typing on the page.

        It takes the place of a model beside the dump. The states of the corpus's first sequence are held against the
        recorded ones, now and whenever the weights have changed.

        Args:
            model: A ``LiveModel``, or the torch module that was recorded.
            encode: For a module, what turns a text into ids, as for ``LiveModel``.

        Raises:
            ModelError: The model is not the one that was recorded, or it failed.
            InputError: An argument is of another kind.

        Example:
            >>> import torch
            >>> net = torch.nn.Sequential(torch.nn.Embedding(2, 3), torch.nn.GRU(3, 4, batch_first=True))
            >>> path = lstmviz.record_corpus(net, ["abba", "ba"], encode=list, vocab=["a", "b"], path="attached.h5")
            >>> letters = lstmviz.open_dump(path)
            >>> letters.attach(net)
            >>> letters.rerun("abab").n_steps
            4
        """
        from lstmviz.rerun.live.attach import attach_live

        attach_live(self, model, encode)

    def _model(self) -> Runner:
        """Return the model that runs texts of this dump: the one that was attached, or lies beside it."""
        return runner_of(self)

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

    def trajectories(self, source: str, by: str | None = None, n_components: int = 2) -> pd.DataFrame:
        """Return the mean path of the states through the sequences of each condition, and the spread around it.

        Time counts the steps since a sequence began, as in the trials of a task. The axes are the principal components
        of all these states, in the view.

        Args:
            source: Name of the source.
            by: The track that names the condition of a sequence, by its value at the first step; None for one path.
            n_components: Number of principal components, at most 10.

        Returns:
            One row for each condition and time: condition, time (steps), n (sequences), pc1 ... (the mean), sd1 ...
            (the standard deviation over sequences; 0 where there is one). ``attrs`` has source, by, and explained, each
            component's share of the variance. Sequences without a condition are left out.

        Raises:
            UnknownName: There is no such source, or no such track beside it.
            PatternError: n_components is out of range.
            ProjectionError: No step has a condition and only finite states.

        Example:
            >>> paths = dump.trajectories("rnn.l1.c")
            >>> paths.columns.tolist()
            ['condition', 'time', 'n', 'pc1', 'pc2', 'sd1', 'sd2']
            >>> paths["condition"].unique().tolist()
            ['all']
        """
        return trajectories(self, source, by, n_components)

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

    def serve(
        self,
        port: int = 8050,
        host: str = "127.0.0.1",
        open_browser: bool = True,
        model: AnyModel | None = None,
        encode: Any = None,
    ) -> Served | None:
        """Serve the page on this dump until interrupted.

        In a notebook the page appears under the cell instead, and the call returns at once.

        Args:
            port: Port to listen on; the next free one if it is in use.
            host: Address to listen on.
            open_browser: Whether to open the page in a browser.
            model: A model that runs the texts that are typed on the page, as for ``attach``. While it does, do not
                train it.
            encode: For a module, what turns a text into ids, as for ``LiveModel``.

        Returns:
            In a notebook, a handle whose ``stop()`` ends the page; otherwise None.

        Raises:
            ServeError: The page cannot be served, for example because no port is free.
            ModelError: The model is not the one that was recorded.
            InputError: The model or ``encode`` is of another kind.
        """
        from lstmviz.ui.in_notebook import in_notebook
        from lstmviz.ui.notebook import serve_inline

        if model is not None:
            self.attach(model, encode)
        elif encode is not None:
            raise InputError("encode is given without a model; give model= too")
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

    return untrained(dump, runner_of(dump), sources, seed)


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
    check_path(path, DumpError)
    where = Path(path)
    if is_corpus(where):
        return Corpus(where, scheduler)
    if scheduler is not None:
        raise ClusterError(
            f"{where} is not a corpus of shards, so a scheduler has nothing to share out; leave scheduler out"
        )
    if is_project(where):
        return Dump(open_project(where).path)
    if where.is_dir():
        raise DumpError(folder_line(where))
    return Dump(where)


def open_moments(folder: str | os.PathLike[str]) -> Moments:
    """Open the moments of a training that ``Snapshots`` or ``lstmviz train --snapshots`` left in a folder.

    Args:
        folder: The folder.

    Returns:
        The moments, in order.

    Raises:
        DumpMissing: There is no moment in the folder.
        InputError: The moments in it are of several probes.

    Example:
        >>> import torch
        >>> net = torch.nn.Sequential(torch.nn.Embedding(2, 3), torch.nn.LSTM(3, 4, batch_first=True))
        >>> snapshots = lstmviz.Snapshots(net, "training", texts=["abba", "ba"], encode=list, vocab=["a", "b"])
        >>> paths = [snapshots.take(update, loss=1 / (1 + update)) for update in (0, 3)]
        >>> training = lstmviz.open_moments("training")
        >>> training.loss()
           update  loss  loss_probe
        0       0  1.00         NaN
        1       3  0.25         NaN
        >>> training.similarity("1.l0.h")["cka"].round(3).tolist()
        [1.0, 1.0]
    """
    where = Path(folder)
    paths = dumps_in(where) if where.is_dir() else []
    dumps = [Dump(path) for path in paths if moment_of(glance(path).provenance) is not None]
    if not dumps:
        raise DumpMissing(f"no moment of a training is in {where}; lstmviz.Snapshots takes some")
    return Moments(dumps)
