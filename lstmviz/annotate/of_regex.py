"""Labels by a regular expression over the text of the sequences, which may span tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.annotate.encode import REST, fill_spans, of_codes
from lstmviz.dump.change_tracks import NewTrack, label_dtype
from lstmviz.dump.reader import Axis
from lstmviz.errors import InputError
from lstmviz.match.text.regex import Expression
from lstmviz.match.text.search import sequence_texts
from lstmviz.match.text.texts import TokenTexts, composed

MAX_TEXTS = 1_000  # different matches, where these are the labels

Ids = NDArray[np.int64]


def regex_track(axis: Axis, expression: str, rest: str | None = REST, *, is_own: bool = False) -> NewTrack:
    r"""Label every step that a match of an expression touches.

    The label is the name of the group that matched, such as ``(?P<open>\()|(?P<close>\))``, or else the text of the
    match; other steps get ``rest`` (None: no value). A match lies inside one sequence. Where matches touch one token,
    the later one counts. The search has a limit of time; with ``is_own``, which says that whoever asks may let this
    process wait, on its first part only. Raises PatternError for an expression that is invalid or takes too long,
    InputError where the axis has no tokens, nothing matches, or matches are too many different texts.
    """
    if axis.tokens is None:
        raise InputError(f"axis {axis.name!r} has no tokens, so no text to look in; give values")
    compiled = Expression(composed(expression))
    labels: dict[str, int] = {} if rest is None else {rest: 0}
    codes: NDArray[Any] = np.full(axis.n_steps, -1 if rest is None else 0, np.int8)
    n_hits = 0
    tokens = axis.tokens.as_written
    for begin, text, borders in sequence_texts(axis, tokens, TokenTexts(tokens, are_apart=False)):
        is_timed = not is_own or begin == 0
        flat_hits = compiled.labelled(text.text, borders, labels, is_timed=is_timed)
        hits = np.array(flat_hits, np.int64).reshape(-1, 3)
        hits = hits[hits[:, 1] > hits[:, 0]]
        if len(labels) > MAX_TEXTS:
            raise InputError(
                f"{expression!r} matches more than {MAX_TEXTS:,} different texts; name what is to be one label as a "
                "group, such as (?P<number>[0-9]+)"
            )
        n_hits += len(hits)
        codes = codes.astype(np.result_type(codes, label_dtype(len(labels))), copy=False)
        first, last = text.steps_at(hits[:, :2])
        fill_spans(codes, begin + first, begin + last, hits[:, 2].astype(codes.dtype))
    if not n_hits:
        raise InputError(f"{expression!r} matches nowhere on axis {axis.name!r}; look for it with dump.search first")
    return of_codes(axis, list(labels), codes, f"regex {expression}")
