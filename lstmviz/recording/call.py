"""What passes between the hooks and the code that knows one kind of module: a call, and the states it made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

# Largest disagreement of the self-check, relative to 1 + the largest |c| that the unit reached: some ten times what
# rounding was seen to cause over 20,000 steps, and far below what wrong weights, gates or inputs cause.
_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 8e-2}
_TOLERANCE_TF32 = 1e-2  # cuDNN multiplies float32 with 10 bits of fraction unless told otherwise


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """One forward call of a module, as its hook saw it; ``name`` is its path in the model."""

    name: str
    module: nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    output: Any

    def argument(self, place: int, name: str) -> Any:
        """Return an argument given by place or by name, or None."""
        return self.args[place] if len(self.args) > place else self.kwargs.get(name)


@dataclass(frozen=True, slots=True)
class StateArray:
    """One state of one layer at every step, named in full, such as ``rnn.l0.reverse.c``.

    ``values`` has shape (steps, batch, n_units) in any memory layout, the batch in the order that the caller gave it;
    steps behind a sequence's last one hold anything. ``view`` is how the page draws it.
    """

    source: str
    values: Tensor
    view: Literal["raw", "tanh"]


Wanted = Callable[[str, str], bool]  # is this state ("c") of this layer ("rnn.l0.reverse") recorded?


class Collector(Protocol):
    """Takes the calls that one module makes during one batch, and gives their states.

    Calls follow each other in time: all have the same batch, and step 0 of a call comes after the last of the one
    before.
    """

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch, 0 before the first call."""

    @property
    def n_steps(self) -> int:
        """Steps so far, over all calls."""

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where the input was packed, in the order of the batch; else None."""

    def take(self, call: ModuleCall) -> None:
        """Take one call, inside the module's forward hook; RecordingError if it is none that can be recorded."""

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield the wanted states of all calls, layer by layer; ``lengths`` are the valid steps of each sequence.

        Raises RecordingError where what was recomputed disagrees with what the module itself returned.
        """


def layer_name(name: str, layer: int, *, is_reverse: bool = False) -> str:
    """Return what stands before ``.h`` in the sources of one layer of a module."""
    return f"{name}.l{layer}" + (".reverse" if is_reverse else "")


def tolerance(like: Tensor) -> float:
    """Return how far a recomputed state may be from the module's own, by its dtype (see ``disagreement``)."""
    if like.is_cuda and like.dtype == torch.float32 and torch.backends.cudnn.allow_tf32:
        return _TOLERANCE_TF32
    return _TOLERANCE.get(like.dtype, _TOLERANCE[torch.float32])


def disagreement(ours: Tensor, theirs: Tensor, reach: Tensor | float = 0.0) -> Tensor:
    """Return ``|ours - theirs| / (1 + reach)``; 0 where both are the same NaN or infinity, infinite where only one is.

    ``reach`` is the largest magnitude on the way to the value: a sum that went up to 1000 and back to 0 carries the
    rounding of 1000.
    """
    theirs = theirs.to(ours.dtype)
    gap = (ours - theirs).abs_().div_(1.0 + reach)
    same = (ours == theirs) | (ours.isnan() & theirs.isnan())
    return gap.masked_fill_(same, 0.0).nan_to_num_(nan=float("inf"), posinf=float("inf"))
