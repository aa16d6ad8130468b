"""What passes between the hooks and the code that knows one kind of module: a call, and the states it made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from torch import Tensor, nn


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

    def misfit(self, kind: str) -> str:
        """Return the line that refuses a call whose input and output are not those of an ``nn.<kind>``."""
        return (
            f"{self.name} is a {type(self.module).__name__} whose forward takes or returns something else than "
            f"nn.{kind} does; use a plain nn.{kind}, or write_dump with states of your own"
        )


@dataclass(frozen=True, slots=True)
class StateArray:
    """One state of one layer at every step, named in full, such as ``rnn.l0.reverse.c``.

    ``values`` has shape (steps, batch, n_units) in any memory layout, the batch in the order that the caller gave it;
    steps behind a sequence's last one hold anything. ``view`` is how the page draws it.
    """

    source: str
    values: Tensor
    view: Literal["raw", "tanh"]


StateFilter = Callable[[str, str], bool]  # is this state ("c") of this layer ("rnn.l0.reverse") recorded?


class Collector(Protocol):
    """Takes the calls that one module makes during one batch, and gives their states.

    Calls follow each other in time: all have the same batch, or in calls of one step its first sequences, and step 0 of
    a call comes after the last of the one before.
    """

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch, 0 before the first call."""

    @property
    def n_steps(self) -> int:
        """Steps so far, over all calls."""

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where calls tell them (packed input), in the order of the batch; else None."""

    @property
    def can_continue(self) -> bool:
        """Whether calls may follow although lengths are known."""

    def take(self, call: ModuleCall) -> None:
        """Take one call, inside the module's forward hook; RecordingError if it is none that can be recorded."""

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield the wanted states of all calls, layer by layer; ``lengths`` are the valid steps of each sequence.

        Raises RecordingError where what was recomputed disagrees with what the module itself returned.
        """


class CallCounter:
    """How far the calls of one batch have come.

    All have the same sequences, but calls of one step may lose the last of them, as a decoder does that is stepped
    over a batch sorted by length.
    """

    def __init__(self) -> None:
        self.n_sequences = self.n_steps = self.n_running = 0  # n_running: sequences of the last call
        self._ended: tuple[int, ...] = ()  # steps of the sequences behind those

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where some ended before others, else None."""
        return (self.n_steps,) * self.n_running + self._ended if self._ended else None

    def fits(self, n_sequences: int, n_steps: int) -> bool:
        """Tell whether a call can follow those before it."""
        return not self.n_steps or n_sequences == self.n_running or (n_steps == 1 and n_sequences < self.n_running)

    def add(self, n_sequences: int, n_steps: int) -> None:
        """Count a call in that fits."""
        self._ended = (self.n_steps,) * (self.n_running - n_sequences) + self._ended
        self.n_sequences = max(self.n_sequences, n_sequences)
        self.n_running = n_sequences
        self.n_steps += n_steps


def layer_name(name: str, layer: int, *, is_reverse: bool = False) -> str:
    """Return what stands before ``.h`` in the sources of one layer of a module."""
    return f"{name}.l{layer}" + (".reverse" if is_reverse else "")
