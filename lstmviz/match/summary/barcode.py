"""Where the matches of a pattern lie in the corpus: a barcode of bins of equal width."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import pandas as pd

from lstmviz.checks import check_whole
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.summary.spans import covered_steps, summary_spans
from lstmviz.types import Pattern, Window

N_BINS = 600
MAX_BINS = 100_000
BLOCK_STEPS = 2**20


def barcode(
    dump: DumpReader,
    pattern: Pattern,
    n_bins: int = N_BINS,
    min_shared: int | None = None,
    hidden: Collection[Window] = (),
) -> pd.DataFrame:
    """Count where in the corpus the matches of a pattern lie.

    Args:
        dump: The dump or corpus.
        pattern: The pattern.
        n_bins: Most bins to cut the axis into; all but the last have the same width.
        min_shared: Use the matches that share at least this many units; None for those that share all.
        hidden: Matches to leave out.

    Returns:
        One row for each bin: start and stop (steps), n_matches that start in it, n_steps of it that lie in a match.

    Raises:
        UnknownName: The dump lacks a source or track of the pattern.
        PatternError: The pattern or a number is invalid.

    Example:
        >>> match.barcode(dump, pattern, n_bins=2)
           start   stop  n_matches  n_steps
        0      0  10000        330     1262
        1  10000  20000        359     1382
    """
    spans = summary_spans(dump, pattern, min_shared, hidden)
    return barcode_of_spans(dump.axis(pattern.axis).n_steps, spans, n_bins)


def barcode_of_spans(n_steps: int, spans: Candidates, n_bins: int = N_BINS) -> pd.DataFrame:
    """Return the table of ``barcode`` for some spans on an axis of ``n_steps`` steps."""
    if not 1 <= check_whole("n_bins", n_bins) <= MAX_BINS:
        raise PatternError(f"n_bins={n_bins} is not a number of bins; give 1 to {MAX_BINS:,}")
    width = math.ceil(n_steps / n_bins)
    start = np.arange(0, n_steps, width)
    counts = np.zeros(len(start), np.int64)
    block_steps = max(1, BLOCK_STEPS // width) * width
    for first in range(0, n_steps, block_steps):
        is_covered = covered_steps(spans, first, min(first + block_steps, n_steps))
        n_covered = np.add.reduceat(is_covered, np.arange(0, len(is_covered), width), dtype=np.int64)
        counts[first // width : first // width + len(n_covered)] = n_covered
    return pd.DataFrame(
        {
            "start": start,
            "stop": np.minimum(start + width, n_steps),
            "n_matches": np.bincount(spans.start // width, minlength=len(start)),
            "n_steps": counts,
        }
    )
