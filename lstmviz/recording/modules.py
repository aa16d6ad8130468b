"""Which modules of a model are recorded, and what is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import jit, nn

from lstmviz.errors import RecordingError
from lstmviz.recording import lstm
from lstmviz.recording.call import Collector, Wanted

_RECURRENT = ("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of module is recorded.

    ``states`` are all that it can give, ``check(name, module)`` raises RecordingError for a module that cannot be
    recorded, ``layers(name, module)`` names its layers (``rnn.l0``, ``rnn.l0.reverse``) and
    ``collect(name, module, wanted)`` makes what takes its calls of one batch.
    """

    states: Sequence[str]
    check: Callable[[str, nn.Module], None]
    layers: Callable[[str, nn.Module], tuple[str, ...]]
    collect: Callable[[str, nn.Module, Wanted], Collector]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A module of the model that is recorded; ``name`` stands before ``.l0.h`` in its sources."""

    name: str
    module: nn.Module
    kind: Kind


_KINDS: dict[type[nn.Module], Kind] = {
    nn.LSTM: Kind(lstm.STATES, lstm.check_lstm, lstm.lstm_layers, lstm.LstmCollector),
}


def find_recorded(model: nn.Module) -> tuple[Recorded, ...]:
    """Return every module to record, in the model's order.

    Raises RecordingError naming the first recurrent module that cannot be recorded, or that there is none at all.
    """
    if not isinstance(model, nn.Module):
        raise RecordingError(f"a {type(model).__name__} is not a torch module; pass the nn.Module that is run")
    if type(model).__name__ == "OptimizedModule":
        raise RecordingError(
            "the model went through torch.compile, which skips hooks; record the model it was made from"
        )
    found = []
    for path, module in model.named_modules():
        name = path or type(module).__name__.lower()
        kind = next((k for cls, k in _KINDS.items() if isinstance(module, cls)), None)
        if kind is None:
            _refuse_other(name, module)
            continue
        kind.check(name, module)
        found.append(Recorded(name, module, kind))
    if not found:
        raise RecordingError(
            f"{type(model).__name__} has no nn.LSTM; only nn.LSTM can be recorded so far, or use write_dump with arrays"
        )
    return tuple(found)


def _refuse_other(name: str, module: nn.Module) -> None:
    if isinstance(module, jit.ScriptModule):
        if module.original_name in _RECURRENT:
            raise RecordingError(
                f"{name} is a TorchScript {module.original_name}, which cannot be hooked; record the eager model"
            )
        return
    if ".quantized" in type(module).__module__ and type(module).__name__ in _RECURRENT:
        raise RecordingError(
            f"{name} is a quantised {type(module).__name__}, which cannot be hooked; record the float model"
        )
    if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
        kind = next((c.__name__ for c in type(module).__mro__ if c.__name__ in _RECURRENT), type(module).__name__)
        raise RecordingError(
            f"{name} is an nn.{kind}; only nn.LSTM can be recorded so far, or use write_dump with states of your own"
        )
