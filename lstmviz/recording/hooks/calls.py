"""Records of a module's calls and of its states, and the protocol of what turns the one into the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """One forward call of a module, as its hook receives it; ``name`` is the module's path in the model."""

    name: str
    module: nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    output: Any

    def argument(self, position: int, name: str) -> Any:
        """Return an argument, given by position or by name; None where it is not given."""
        return self.args[position] if len(self.args) > position else self.kwargs.get(name)

    def misfit(self, kind: str) -> str:
        """Return the error message for a call whose input or output are not those of an ``nn.<kind>``."""
        return (
            f"{self.name} is a {type(self.module).__name__} whose forward takes or returns something else than "
            f"nn.{kind} does; use a plain nn.{kind}, or write_dump with states of your own"
        )


@dataclass(frozen=True, slots=True)
class StateArray:
    """One state of one layer at every step, named in full, such as ``rnn.l0.reverse.c``.

    ``values`` has shape (steps, batch, n_units) in any memory layout, the batch in the caller's order; steps after a
    sequence's last one hold anything. ``view`` is how the page draws it.
    """

    source: str
    values: Tensor
    view: Literal["raw", "tanh"]


StateFilter = Callable[[str, str], bool]  # of a layer ("rnn.l0.reverse") and a state ("c"): is it recorded?


class Collector(Protocol):
    """Takes the calls of one module during one batch, and returns their states.

    Calls follow each other in time: step 0 of a call comes after the last step of the call before. All have the same
    sequences; calls of one step may have only the first of them.
    """

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch, 0 before the first call."""

    @property
    def n_steps(self) -> int:
        """Steps so far, over all calls."""

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence of the batch, where the calls define them (packed input); else None."""

    @property
    def can_continue(self) -> bool:
        """Whether more calls may follow although ``lengths`` are known."""

    def take(self, call: ModuleCall) -> None:
        """Take one call, inside the module's forward hook; RecordingError if it cannot be recorded."""

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield the wanted states of all calls, layer by layer; ``lengths`` are the valid steps of each sequence.

        Raises RecordingError where recomputed values disagree with those that the module itself returned.
        """


class CallCounter:
    """Counts the sequences and steps of a batch over its calls.

    All calls have the same sequences, but calls of one step may drop the last of them, as a decoder does that is
    stepped over a batch sorted by length.
    """

    def __init__(self) -> None:
        self.n_sequences = self.n_steps = self.n_running = 0  # n_running: sequences of the last call
        self._ended: tuple[int, ...] = ()  # steps of the sequences that were dropped

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where some ended before others, else None."""
        return (self.n_steps,) * self.n_running + self._ended if self._ended else None

    def fits(self, n_sequences: int, n_steps: int) -> bool:
        """Tell whether a call can follow the calls before it."""
        return not self.n_steps or n_sequences == self.n_running or (n_steps == 1 and n_sequences < self.n_running)

    def add(self, n_sequences: int, n_steps: int) -> None:
        """Count a call that fits."""
        self._ended = (self.n_steps,) * (self.n_running - n_sequences) + self._ended
        self.n_sequences = max(self.n_sequences, n_sequences)
        self.n_running = n_sequences
        self.n_steps += n_steps


def layer_name(name: str, layer: int, *, is_reverse: bool = False) -> str:
    """Return the name of one layer of a module, which precedes ``.h`` in the names of its sources."""
    return f"{name}.l{layer}" + (".reverse" if is_reverse else "")
