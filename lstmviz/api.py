"""The verbs on a dump: select, match, count, search, serve. This is what ``lstmviz.open_dump`` returns."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lstmviz import match as matching
from lstmviz.dump.corpus.manifest import folder_line, is_corpus
from lstmviz.dump.corpus.reader import ShardReader
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ClusterError, DumpError
from lstmviz.lstmvis import is_project, open_project
from lstmviz.maps.compute import compute_map
from lstmviz.maps.in_subprocess import IsCancelled
from lstmviz.maps.projection import Method, Projection
from lstmviz.maps.region import Region, region
from lstmviz.maps.sampling import N_STEPS
from lstmviz.maps.tensorboard import default_source, to_projector
from lstmviz.match.pattern.file import PatternFile, as_pattern, hidden_in
from lstmviz.rerun.typed import TypedReader
from lstmviz.types import Filter, Pattern, ShareProgress, Side, Window, check_threshold, check_whole

if TYPE_CHECKING:
    from lstmviz.ui.notebook import Served

AnyPattern = Pattern | PatternFile | str


class Dump(DumpReader):
    """One recorded dump, read lazily, with the questions that can be asked of it."""

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
        """Return the units of a source that are on through exactly steps [start, stop), as a Pattern.

        Each is also off for ``off_before`` steps before and ``off_after`` steps after; steps outside the sequence
        count as off. ``side="low"`` asks for ``value <= -threshold`` instead of ``value >= threshold``. Raises
        UnknownName, WindowError or PatternError, each a line that says what there is.
        """
        return matching.select(self, source, start, stop, threshold, off_before, off_after, side)

    def match(
        self, pattern: AnyPattern, limit: int = 50, offset: int = 0, order: str = "best", min_shared: int = 1
    ) -> pd.DataFrame:
        """Return the matches of a pattern over the whole corpus, best first, one row a match.

        Columns: start, stop, sequence, n_shared, n_union, length, text. ``pattern`` may also be a PatternFile or its
        JSON text. ``offset`` pages on. The definition and the order are in docs/matching.md; other orders are "step",
        "length", "-length", and "track:NAME" or "-track:NAME" (by the track's value at the match's first step).
        ``min_shared`` leaves out matches that share fewer units. Raises PatternError or UnknownName where the pattern
        or the order does not fit this dump.
        """
        listed = matching.listing(self, as_pattern(pattern), order, "", min_shared)
        return listed.page(limit, offset)

    def groups(self, pattern: AnyPattern, by: str, min_shared: int = 1) -> pd.DataFrame:
        """Return how many matches there are in each group: group, n_matches; in the order of what they are named by.

        ``by`` is "sequence", "length" or "track:NAME": the value at the first step of the match, which is a label, a
        whole number, or a range of about a tenth of the corpus. Raises PatternError or UnknownName, as ``match``.
        """
        groups = matching.groups(self, as_pattern(pattern), by, min_shared)
        names = pd.Series([group.name for group in groups], dtype="str")
        return pd.DataFrame({"group": names, "n_matches": np.array([group.n_matches for group in groups], np.int64)})

    def carry(
        self, pattern: AnyPattern, min_shared: int | None = None, hidden: Collection[Window] = ()
    ) -> pd.DataFrame:
        """Return what the steps of a pattern's matches carry in each track, against the whole corpus.

        One row a track and value. Columns: track, value (a label, a whole number or a range such as "0.1 to 0.2"), low,
        high (the numbers it stands for), n_steps, share (of the steps of the matches), n_corpus, base_rate (of all
        steps). Taken are the matches that share all units, or ``min_shared`` of them or more, but not those in
        ``hidden`` or hidden in the notes of a PatternFile for this dump. Raises what ``match`` raises.
        """
        return matching.carry(self, as_pattern(pattern), min_shared, {*hidden, *hidden_in(pattern, self.uuid)})

    def barcode(
        self,
        pattern: AnyPattern,
        n_bins: int = 600,
        min_shared: int | None = None,
        hidden: Collection[Window] = (),
    ) -> pd.DataFrame:
        """Return where in the corpus a pattern's matches lie: start, stop, n_matches, n_steps; one row a bin of steps.

        ``n_matches`` start in the bin, and ``n_steps`` of its steps lie in one. Which matches are taken is as in
        ``carry``. Raises what ``match`` raises.
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
        """Return how the matches of two patterns lie in each other: how many meet, are the same, share steps.

        ``second`` is the dump of the other pattern where it is not this one; it must hold the same text. Taken are the
        matches that share all units, or ``min_shared`` of them or more. Raises PatternError for dumps of other texts,
        and what ``match`` raises.
        """
        return matching.compare(self, as_pattern(pattern), as_pattern(other), second, min_shared)

    def count(self, pattern: AnyPattern) -> matching.Count:
        """Return the number of matches at each number of shared units, and the histogram of their lengths."""
        return matching.count(self, as_pattern(pattern))

    def search(
        self, text: str, regex: bool = False, over: matching.Over = "characters", axis: str | None = None
    ) -> pd.DataFrame:
        """Return every place where the text stands on an axis (the first one): start, stop, sequence.

        ``over`` is "characters" (any stretch of the text), "words" (whole ones) or "tokens" (whole ones); with
        ``regex`` the text is a regular expression, which has a few seconds. Hits do not overlap and lie inside one
        sequence. Raises PatternError for an empty text or an expression that is none, UnknownName for the axis.
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
        """Return how many units ``select`` would pick for steps [start, stop) at each threshold: threshold, n_units.

        The thresholds are 0.00 to 1.00 by 0.01 in the source's view; for raw values beyond 1 at most 100 round ones
        follow. Raises what ``select`` raises.
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
        """Return why ``select`` with these arguments does or does not pick a unit, in words, and what would change it.

        Raises what ``select`` raises, and PatternError for a unit that the source does not have.
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
        """Return a unit's card: how its values spread, how long it stays on, where it is strongest, and its tracks.

        It is on where ``value >= threshold`` in the source's view, or ``value <= -threshold`` for ``side="low"``.
        ``n_contexts`` of ``around`` steps on either side are given. Raises UnknownName or PatternError.
        """
        unit, threshold = check_whole("unit", unit), check_threshold(threshold)
        n_contexts, around = check_whole("n_contexts", n_contexts), check_whole("around", around)
        return matching.unit_card(self, source, unit, threshold, side, n_contexts, around)

    def rerun(self, text: str) -> TypedText:
        """Run the model that lies beside the dump over a text of one's own; return it as a dump of one sequence.

        The text is cut into the model's characters or words, and read from a zero state. Its states are those that
        ``lstmviz.record`` gives for it, in the precision of this dump; tracks are the predictions, and the loss of each
        next token. What is asked of a dump can be asked of it; a pattern that it selects can be matched against this
        one. Raises ModelError where no model lies beside the dump, or another than was recorded; InputError for a text
        without a token, or of more than 2,000.
        """
        from lstmviz.rerun.rerun import rerun_of

        return TypedText(rerun_of(self).run(text))

    def project(
        self,
        source: str,
        method: Method = "pca",
        n_steps: int = N_STEPS,
        seed: int = 0,
        progress: ShareProgress | None = None,
        cancel: IsCancelled | None = None,
    ) -> Projection:
        """Return a 2-D map of a source's states at ``n_steps`` steps, or of its model's embeddings ("embedding").

        "pca" is exact over the sampled steps. "tsne" and "umap" (``pip install "lstmviz[maps]"``) take about a minute
        for 20,000 steps, in a process of their own, and are kept in the user's cache. ``progress`` is called with the
        share that is done and what is being done; ``cancel`` is asked a few times a second whether to stop. Raises
        UnknownName, PatternError for arguments out of range, ProjectionError where there can be no map, and
        ProjectionCancelled.
        """
        return compute_map(self, source, method, n_steps, seed, progress, cancel)

    def region(
        self, projection: Projection, polygon: Sequence[Sequence[float]], filters: Sequence[Filter] = ()
    ) -> Region:
        """Return what lies inside a polygon on a map, given by its corners (x, y): steps, tokens, what they carry.

        On a map of embeddings these are all steps at which a token of the region stands. ``filters`` leave out steps.
        Raises PatternError or UnknownName.
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
        """Write states at sampled steps, or the model's embeddings, for TensorBoard's Embedding Projector.

        ``path`` is a folder, or a file that ends in .zip. ``source`` is a source, "embedding", or None for the last
        cell state. Returns the path. Raises DumpExists, UnknownName or ProjectionError.
        """
        return to_projector(self, path, source or default_source(self), n_steps, seed, overwrite)

    def serve(self, port: int = 8050, host: str = "127.0.0.1", open_browser: bool = True) -> Served | None:
        """Serve the page on this dump until interrupted; another free port is taken where ``port`` is in use.

        In a notebook the page appears under the cell instead, and a handle is returned at once: its ``stop()`` ends it.
        """
        from lstmviz.ui.notebook import in_notebook, serve_inline

        if in_notebook():
            return serve_inline([self], host, port)
        from lstmviz.ui.serve import serve

        serve([self], host=host, port=port, open_browser=open_browser)
        return None


class TypedText(TypedReader, Dump):
    """A text that was run through the model beside a dump, as ``Dump.rerun`` returns it: a dump of one sequence.

    ``text`` is the text, ``is_known`` tells for each token whether the model has an entry for it, ``unknown`` lists
    those that it has none for. These it reads as its unknown token; a model without one does not read them at all, and
    their states are NaN.
    """


class Corpus(ShardReader, Dump):
    """A folder of dumps that its ``corpus.json`` makes one corpus: asked as a Dump is, steps counted over all shards.

    The shards are asked side by side, by threads of this machine or the workers of a dask scheduler; the answers are
    exactly those of one dump that holds them all. The layout is in docs/corpora.md.
    """

    def count(self, pattern: AnyPattern) -> matching.Count:
        """Return the number of matches at each number of shared units, and the histogram of their lengths."""
        return matching.found_in(self, as_pattern(pattern)).count()

    def search(
        self, text: str, regex: bool = False, over: matching.Over = "characters", axis: str | None = None
    ) -> pd.DataFrame:
        """Return every place where the text stands, over all shards, as ``Dump.search`` does."""
        return matching.search_shards(self, (self.first if axis is None else self.axis(axis)).name, text, regex, over)


def open_dump(path: str | os.PathLike[str], scheduler: str | None = None) -> Dump:
    """Open a dump, the folder of a corpus (``corpus.json`` lists its shards) or of an LSTMVis project, for reading.

    Only what is declared is read, values come when they are asked for. ``scheduler`` is the address of a dask
    scheduler whose workers match and search a corpus; None uses this machine. A project is converted once, into the
    user's cache. Raises DumpMissing where there is no file, ProjectError where a project cannot be read, NewerFormat
    where a newer lstmviz wrote it, DumpError where it is not a dump, is damaged, holds what could read other files, or
    is a folder of separate dumps; ClusterError for a scheduler without shards to share out.
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
