"""What lstmviz needs of a model to run it: to read a text as ids, to hold and keep its states, and to give outputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmviz.rerun.interventions import HeldValues
from lstmviz.rerun.typed import TypedRun

if TYPE_CHECKING:
    from torch import Tensor, nn

    from lstmviz.rerun.stepwise.cells import Setter
    from lstmviz.rerun.stepwise.watch import Watch

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ReadText:
    """A text as a model reads it: its tokens as typed, (n_steps,), and the ids of those that it reads.

    ``is_known`` tells which tokens are in the vocabulary, ``is_read`` which are read; ``ids`` has one id for each of
    the latter.
    """

    text: str
    tokens: tuple[str, ...]
    ids: Ids
    is_known: Mask
    is_read: Mask


class Network(Protocol):
    """A network that can be run over batches of ids, and watched meanwhile."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep other threads off the module, without gradients, while the block lasts."""

    def watching(
        self,
        held: Mapping[str, Setter],
        keep: Collection[str] | Mapping[str, Tensor | None] = (),
        is_alike: bool = False,
    ) -> AbstractContextManager[Watch]:
        """Hold states by source, and keep others, while the block lasts; ModelError or InputError where that fails."""

    def logits(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits (n_rows, n_steps, n_outputs) of ids (n_rows, n_steps), inside ``alone``."""


class Runner(Network, Protocol):
    """A model that can be run over texts: the one beside a dump, or one in the user's own process.

    ``vocab`` are the tokens by id, ``outputs`` the tokens or labels that its predictions choose from, in order (empty
    where it predicts nothing). ``predicts_next`` tells whether that is the next token.
    """

    vocab: Sequence[str]
    outputs: Sequence[str]
    predicts_next: bool

    @property
    def module(self) -> nn.Module:
        """The torch module; its recurrent modules are found by name."""

    def __hash__(self) -> int:
        """Return the same for equal runners, so that results can be cached by runner."""

    def read(self, text: str) -> ReadText:
        """Return a text as the model reads it; InputError where it cannot be."""

    def run(self, text: str, held: Sequence[HeldValues] = ()) -> TypedRun:
        """Return the recording of a text, with some units held; InputError where it cannot be run."""

    def embeddings(self) -> Tensor:
        """Return the vector of each token of the vocabulary, (n_vocab, n_embedding); ModelError where it has none."""

    def embedded_as(self, cells: tuple[Tensor, Tensor], vector: Tensor) -> AbstractContextManager[None]:
        """Put a vector in the place of the embedding of some (rows, steps) of a batch, while the block lasts."""

    def fresh(self, seed: int) -> Network:
        """Return an untrained network of the same shape; ModelError where none can be made."""
