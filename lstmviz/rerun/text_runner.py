"""A text run through a model and recorded into memory: what every model that runs texts for a dump has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.block import Block
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import ArrayKey, DumpPlan
from lstmviz.errors import InputError, ModelError
from lstmviz.rerun.blocks import at_read_steps, successor_is_read, with_states, with_unread
from lstmviz.rerun.interventions import HeldValues
from lstmviz.rerun.runner import Ids, ReadText
from lstmviz.rerun.typed import TypedRun

if TYPE_CHECKING:
    from torch import Tensor, nn

    from lstmviz.recording import Recording
    from lstmviz.rerun.stepwise.cells import Setter
    from lstmviz.rerun.stepwise.watch import Watch

MAX_TOKENS = 2_000  # of a typed text; longer ones are recorded as a corpus
MAX_CHARACTERS = 40_000  # of a typed text
TOLERANCE = 0.02  # between the model's states and the dump's, relative to 1 + magnitude; float16 rounds to 0.001
NO_TARGET = -100  # for a token whose successor was not read, which therefore has no loss


class TextRunner(ABC):
    """Runs texts for one dump, in its precision and with its sources; threads may share it.

    ``vocab`` are the tokens by id, ``outputs`` what predictions choose from, ``has_unknown`` whether tokens that are
    not in the vocabulary are read as one that stands for them, and ``is_followed`` whether a recording has to see which
    tokens the module reads.
    """

    vocab: Sequence[str]
    outputs: Sequence[str]
    predicts_next: bool
    has_unknown: bool
    is_followed = True

    def __init__(self, dump: DumpReader, sources: Collection[str]) -> None:
        self._options = _record_options(dump, sources)
        self._source_names = list(sources)

    @property
    @abstractmethod
    def module(self) -> nn.Module:
        """The torch module."""

    @abstractmethod
    def alone(self) -> AbstractContextManager[None]:
        """Keep other threads off the module, without gradients, while the block lasts."""

    @abstractmethod
    def watching(
        self,
        held: Mapping[str, Setter],
        keep: Collection[str] | Mapping[str, Tensor | None] = (),
        is_alike: bool = False,
    ) -> AbstractContextManager[Watch]:
        """Hold states by source, and keep others, while the block lasts."""

    @abstractmethod
    def logits(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits (n_rows, n_steps, n_outputs) of ids (n_rows, n_steps), inside ``alone``."""

    @abstractmethod
    def read(self, text: str) -> ReadText:
        """Return a text as the model reads it; InputError where it cannot be."""

    @abstractmethod
    def record_row(self, recording: Recording, row: Tensor, targets: Tensor, predicted: Tensor | None) -> None:
        """Run the model over ids (1, n_steps) as one batch of a recording, with its predictions.

        ``targets`` are the tokens that follow. ``predicted`` are logits to record in place of the model's own.
        """

    def run(self, text: str, held: Sequence[HeldValues] = ()) -> TypedRun:
        """Return the recording of a text in the dump's precision, starting from a zero state, with some units held.

        Raises InputError for a text that has no token, or more than 2,000.
        """
        read = self.read(text)
        ids = read.ids if len(read.ids) else np.zeros(1, np.int64)
        held = [one for one in (at_read_steps(one, read.is_read) for one in held) if one is not None]
        plan, block = self.record_ids(ids, successor_is_read(read.is_read), held)
        if not read.is_read.all():
            block = with_unread(block, read.is_read)
        return TypedRun(text, read.tokens, tuple(read.is_known.tolist()), self.has_unknown, plan, block)

    def record_ids(
        self, ids: Ids, has_target: NDArray[np.bool_] | None = None, held: Sequence[HeldValues] = ()
    ) -> tuple[DumpPlan, Block]:
        """Record token ids; ``has_target`` tells where the next token counts for the loss (None: everywhere)."""
        import torch

        from lstmviz.training.record_model import next_targets

        row = torch.from_numpy(ids)[None]
        targets = next_targets(row)
        if has_target is not None:
            targets[0, torch.from_numpy(~has_target)] = NO_TARGET
        with self.alone():
            states, logits = self.held_row(row, held)
            return self.in_memory(lambda recording: self.record_row(recording, row, targets, logits), states)

    def in_memory(self, run: Any, states: dict[str, NDArray[Any]]) -> tuple[DumpPlan, Block]:
        """Record what ``run(recording)`` runs, inside ``alone``, with other states in the place of some."""
        from lstmviz.recording import record_in_memory

        plan, block = record_in_memory(
            self.module, run, self.recorded_vocab(), is_followed=self.is_followed, **self._options
        )
        sources = {source.name: source for source in plan.sources}
        plan = replace(plan, sources=tuple(sources[name] for name in self._source_names))
        return plan, with_states(plan, block, states)

    def recorded_vocab(self) -> list[str] | None:
        """Return the vocabulary that a text is recorded with."""
        return list(self.vocab)

    def held_row(self, row: Tensor, held: Sequence[HeldValues]) -> tuple[dict[str, NDArray[Any]], Tensor | None]:
        """Return the states of one text by source, (n_steps, n_units), and its logits; nothing where nothing is held.

        The recorder checks a module against its own arithmetic, so it cannot watch one whose units are held.
        """
        if not held:
            return {}, None
        import torch

        from lstmviz.rerun.stepwise.setters import HeldUnits, in_turn

        setters = in_turn((one.source, HeldUnits(one.units, one.values, one.window)) for one in held)
        with self.watching(setters, self._source_names) as watch:
            logits = self.logits(row, torch.tensor([row.shape[1]]))
        return {name: values[:, 0].numpy() for name, values in watch.kept.items()}, logits


def checked_text(text: Any) -> str:
    """Return a text with line feeds as line ends; InputError for what is no text, or too long a one."""
    if not isinstance(text, str):
        raise InputError(f"the text is a {type(text).__name__}; give a string")
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"the text has {len(text):,} characters; at most {MAX_CHARACTERS:,} can be typed")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_length(n_tokens: int) -> None:
    """Raise InputError for a text without a token, or with too many."""
    if not n_tokens:
        raise InputError("the text has no token; type at least one")
    if n_tokens > MAX_TOKENS:
        raise InputError(f"the text has {n_tokens:,} tokens; at most {MAX_TOKENS:,} can be typed, and more is recorded")


def check_states(dump: DumpReader, block: Block, name: str, remedy: str) -> None:
    """Raise ModelError if the states of a block are not those of the first steps of the corpus."""
    for source in (key.name for key in block.arrays if key.role == "state"):
        ours = block.arrays[ArrayKey("state", source)].astype(np.float64)
        theirs = dump.states(source)[: len(ours)].astype(np.float64)
        with np.errstate(invalid="ignore"):
            gap = np.abs(ours - theirs) / (1 + np.abs(theirs))
        differs = ~((gap < TOLERANCE) | (np.isnan(ours) & np.isnan(theirs))).all(axis=1)
        if differs.any():
            raise ModelError(
                f"{name} is not the model that {dump.path.name} was recorded from: its {source} differs at step "
                f"{int(differs.argmax())}; {remedy}"
            )


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit torch to one thread: products this small gain nothing from more, and lose much on a busy machine."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _record_options(dump: DumpReader, names: Collection[str]) -> dict[str, Any]:
    """Return the options of ``record`` that give some of the dump's sources."""
    sources = [dump.source(name) for name in names]
    parts = [source.name.rpartition(".") for source in sources]
    units = {source.name: list(source.units) for source in sources if source.units is not None}
    return {
        "states": list(dict.fromkeys(state for _, _, state in parts)),
        "layers": list(dict.fromkeys(layer for layer, _, _ in parts)),
        "dtype": sources[0].dtype,
        "axis": dump.first.name,
        "join": dump.first.join,
        **({"units": units} if units else {}),
    }
