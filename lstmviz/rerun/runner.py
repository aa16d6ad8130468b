"""What lstmviz needs of a model to run it: the module, its embedding, its outputs, and a text as ids."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmviz.rerun.interventions import HeldValues
from lstmviz.rerun.typed import TypedRun

if TYPE_CHECKING:
    from torch import Tensor, nn

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


class Runner(Protocol):
    """A model that can be run over texts: the one beside a dump, or any other that fits it.

    ``vocab`` are the tokens by id, ``outputs`` the tokens or labels that its predictions choose from, in order.
    ``predicts_next`` tells whether that is the next token.
    """

    vocab: Sequence[str]
    outputs: Sequence[str]
    predicts_next: bool

    @property
    def module(self) -> nn.Module:
        """The torch module; its recurrent modules are found by name."""

    @property
    def embedding(self) -> nn.Module:
        """The module whose output stands for the tokens, (n_rows, n_steps, n_embedding)."""

    def read(self, text: str) -> ReadText:
        """Return a text as the model reads it; InputError where it cannot be."""

    def run(self, text: str, held: Sequence[HeldValues] = ()) -> TypedRun:
        """Return the recording of a text, with some units held; InputError where it cannot be run."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep other threads off the module, without gradients, while the block lasts."""

    def logits(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits (n_rows, n_steps, n_outputs) of ids (n_rows, n_steps), inside ``alone``."""
