"""A typed text that was run through a model: a small dump in memory with the interface of one on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lstmviz.dump.block import Block
from lstmviz.dump.memory import MemoryReader
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import DumpPlan
from lstmviz.match.engine.filters import check_filters
from lstmviz.match.pattern.brush import Brush, brushed
from lstmviz.types import Pattern


@dataclass(frozen=True, eq=False)
class TypedRun:
    """A text that was run through a model: its tokens as typed, (n_steps,), and the recording of them.

    ``is_known`` tells for each token whether it is in the model's vocabulary. One that is not is read as the model's
    unknown token or, if ``has_unknown`` is False, not read at all: its states are NaN.
    """

    text: str
    tokens: tuple[str, ...]
    is_known: tuple[bool, ...]
    has_unknown: bool
    plan: DumpPlan
    block: Block


class TypedReader(MemoryReader):
    """A typed text as a dump of one sequence: the sources of the corpus's dump, predictions as tracks."""

    def __init__(self, run: TypedRun) -> None:
        super().__init__(run.plan, run.block, run.tokens, "the typed text")
        self.typed_run = run

    @property
    def text(self) -> str:
        """The text as it was typed."""
        return self.typed_run.text

    @property
    def is_known(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether each token is in the model's vocabulary, (n_steps,)."""
        return np.array(self.typed_run.is_known, np.bool_)

    @property
    def unknown(self) -> Sequence[str]:
        """The tokens that are not in the model's vocabulary, each once, in order."""
        pairs = zip(self.typed_run.tokens, self.typed_run.is_known, strict=True)
        return list(dict.fromkeys(token for token, is_known in pairs if not is_known))


def brushed_text(corpus: DumpReader, typed: TypedReader, brush: Brush) -> Pattern:
    """Return the pattern of a brush on a typed text, to be matched against the corpus.

    The window counts steps of the text, filters are over tracks of the corpus. Raises what ``brushed`` raises.
    """
    pattern = brushed(typed, replace(brush, filters=()))
    check_filters(corpus, corpus.axis(pattern.axis), brush.filters)
    return replace(pattern, filters=brush.filters)
