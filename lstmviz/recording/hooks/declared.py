"""Record cells of the user's own, of which ``record(cells=...)`` says where their states are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor, jit, nn

from lstmviz.errors import RecordingError
from lstmviz.recording.follow.follower import TokenFollower
from lstmviz.recording.hooks.calls import ModuleCall, StateArray, layer_name
from lstmviz.recording.hooks.cell_outputs import CellOutputs
from lstmviz.recording.hooks.logged import LoggedSource

_MISSING = object()


def check_declared(name: str, module: nn.Module) -> None:
    """Raise RecordingError for a cell whose calls cannot be seen."""
    if isinstance(module, jit.ScriptModule):
        raise RecordingError(f"{name} is TorchScript, which cannot be hooked; record the eager model")


def declared_layers(name: str, module: nn.Module) -> tuple[str, ...]:
    """Return the name of a cell's one layer."""
    return (layer_name(name, 0),)


class DeclaredCollector:
    """The states of one cell of the user's own during one batch (see ``lstmviz.recording.hooks.calls.Collector``)."""

    can_continue = True

    def __init__(self, name: str, outputs: CellOutputs) -> None:
        self._name = name
        self._outputs = outputs
        layer = layer_name(name, 0)
        self._states = {s: LoggedSource(f"{layer}.{s}", "tanh" if s == "c" else "raw") for s in outputs.places}
        self._first = next(iter(self._states.values()))
        self._input: int | str | None = None
        self._n_calls = 0

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch."""
        return self._first.n_sequences

    @property
    def n_steps(self) -> int:
        """Steps so far."""
        return self._first.n_steps

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where later calls had fewer sequences."""
        return self._first.lengths

    def take(self, call: ModuleCall) -> None:
        """Take one call, which is one step."""
        values = {state: self._state(state, path, call.output) for state, path in self._outputs.places.items()}
        sizes = {state: len(value) for state, value in values.items()}
        n = next(iter(sizes.values()))
        if set(sizes.values()) != {n}:
            listed = ", ".join(f"{size} of {state}" for state, size in sizes.items())
            raise RecordingError(f"{self._name} returned states of {listed} sequences; say in cells= where its own are")
        if not self._first.follows(n):
            raise RecordingError(
                f"{self._name} ran over {self.n_sequences} sequences and then over {n} inside one run.batch; open one "
                "run.batch for each"
            )
        for state, value in values.items():
            self._states[state].add(value[None])
        self._n_calls += 1

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield every state."""
        for state in self._states.values():
            yield from state.finish(lengths)

    def input_of(self, call: ModuleCall, follower: TokenFollower) -> Tensor | None:
        """Return the argument that holds what the cell reads: the first of its first call whose tokens are known."""
        arguments: dict[int | str, Any] = dict(enumerate(call.args))
        arguments.update(call.kwargs)
        if self._n_calls == 1:
            self._input = next((k for k, v in arguments.items() if isinstance(v, Tensor) and follower.rows_of(v)), None)
        value = None if self._input is None else arguments.get(self._input)
        return value if isinstance(value, Tensor) else None

    def _state(self, state: str, path: tuple[int | str, ...], output: Any) -> Tensor:
        value = output
        for part in path:
            value = _inside(value, part)
        if not isinstance(value, Tensor) or value.dim() not in (1, 2) or 0 in value.shape:
            kind = "nothing" if value is _MISSING else _in_words(value)
            raise RecordingError(
                f"{self._name} returns {_in_words(output)}, and cells says {state}={_place(path)}, where there is "
                f"{kind}; say where a tensor (batch, n_units) is{', or () for all of it' * isinstance(output, Tensor)}"
            )
        return value if value.dim() == 2 else value[None]


def _inside(value: Any, part: int | str) -> Any:
    if isinstance(value, Tensor):  # an index would take a sequence of the batch out of it
        return _MISSING
    try:
        return value[part]
    except (LookupError, TypeError, ValueError):
        return getattr(value, part, _MISSING) if isinstance(part, str) else _MISSING


def _place(path: tuple[int | str, ...]) -> str:
    return repr(path[0] if len(path) == 1 else path)


def _in_words(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor {tuple(value.shape)}"
    if isinstance(value, Mapping):
        return f"a mapping of {', '.join(map(repr, value))}"
    size = f" of {len(value)}" if isinstance(value, (tuple, list)) else ""
    return f"a {type(value).__name__}{size}"
