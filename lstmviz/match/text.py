"""Search the corpus text: where a piece of text stands, in steps."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from lstmviz.dump.reader import Axis
from lstmviz.errors import PatternError


def search(axis: Axis, query: str) -> pd.DataFrame:
    """Return every place where ``query`` stands in an axis' text: start, stop (steps, half-open), sequence.

    The text of each sequence is its tokens joined as the axis says; a hit covers every token that it touches and never
    crosses a sequence border. Capitals matter only if the query has one. An axis without tokens has no hits. Raises
    PatternError for an empty query.
    """
    if not query:
        raise PatternError("the search text is empty; give at least one character")
    has_capital = query != query.lower()
    pattern = re.compile(re.escape(query), 0 if has_capital else re.IGNORECASE)
    hits = list(_hits(axis, pattern))
    return pd.DataFrame(np.array(hits, np.int64).reshape(-1, 3), columns=["start", "stop", "sequence"])


def _hits(axis: Axis, pattern: re.Pattern[str]) -> Iterator[tuple[int, int, int]]:
    if axis.tokens is None:
        return
    for sequence, (start, stop) in enumerate(zip(axis.starts.tolist(), axis.stops.tolist(), strict=True)):
        tokens = axis.tokens[start:stop]
        text = axis.join.join(tokens)
        if not pattern.search(text):
            continue
        begins = np.cumsum([0] + [len(t) + len(axis.join) for t in tokens[:-1]])
        for hit in pattern.finditer(text):
            first = int(np.searchsorted(begins, hit.start(), side="right")) - 1
            last = int(np.searchsorted(begins, hit.end() - 1, side="right"))
            yield start + first, start + max(last, first + 1), sequence
