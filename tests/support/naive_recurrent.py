"""Slow twin of the recorder: any recurrent module as a loop over layers, directions and steps, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstmviz.recording.hooks.calls import ModuleCall
from lstmviz.recording.hooks.modules import find_recorded

Array = np.ndarray[Any, np.dtype[np.float64]]
States = dict[str, Array]
STATES = {"LSTM": "hcifgo", "GRU": "hrzn", "RNN": "h"}


def as_array(tensor: Tensor) -> Array:
    return tensor.detach().double().cpu().numpy()


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def lstm_step(w: dict[str, Array], x: Array, h: Array, c: Array) -> States:
    i, f, g, o = np.split(x @ w["weight_ih"].T + w["bias_ih"] + h @ w["weight_hh"].T + w["bias_hh"], 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c + i * g
    h = o * np.tanh(c)
    return {"h": h @ w["weight_hr"].T if "weight_hr" in w else h, "c": c, "i": i, "f": f, "g": g, "o": o}


def gru_step(w: dict[str, Array], x: Array, h: Array, c: Array) -> States:
    xr, xz, xn = np.split(x @ w["weight_ih"].T + w["bias_ih"], 3, axis=1)
    hr, hz, hn = np.split(h @ w["weight_hh"].T + w["bias_hh"], 3, axis=1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return {"h": (1 - z) * n + z * h, "r": r, "z": z, "n": n}


def rnn_step(act: Callable[[Array], Array]) -> Callable[..., States]:
    def step(w: dict[str, Array], x: Array, h: Array, c: Array) -> States:
        return {"h": act(x @ w["weight_ih"].T + w["bias_ih"] + h @ w["weight_hh"].T + w["bias_hh"])}

    return step


def step_of(module: nn.Module) -> Callable[..., States]:
    if isinstance(module, (nn.LSTM, nn.LSTMCell)):
        return lstm_step
    if isinstance(module, (nn.GRU, nn.GRUCell)):
        return gru_step
    return rnn_step(np.tanh if module.nonlinearity == "tanh" else lambda x: np.maximum(x, 0))


def weights_of(module: nn.Module, suffix: str) -> dict[str, Array]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
    found = {n: getattr(module, n + suffix, None) for n in names}
    weights = {n: as_array(w) for n, w in found.items() if w is not None}
    zeros = np.zeros(len(weights["weight_ih"]))
    return {"bias_ih": zeros, "bias_hh": zeros} | weights


def scan(
    module: nn.Module, suffix: str, x: Array, h: Array, c: Array, lengths: Sequence[int], own_h: Array | None = None
) -> States:
    """Every state of one layer in one direction, (steps, batch, n_units), from x of (steps, batch, n_in).

    Each sequence runs over its own steps only. With ``own_h`` a step begins from the h that the module really made,
    which is rounded where the module is in half precision.
    """
    step, weights = step_of(module), weights_of(module, suffix)
    found: list[States] = []
    n_steps = len(x)
    for t in range(n_steps - 1, -1, -1) if "reverse" in suffix else range(n_steps):
        runs = (t < np.asarray(lengths))[:, None]
        found.append(step(weights, x[t], h, c))
        h = np.where(runs, found[-1]["h"] if own_h is None else own_h[t], h)
        c = np.where(runs, found[-1].get("c", c), c)
    order = found[::-1] if "reverse" in suffix else found
    return {state: np.stack([f[state] for f in order]) for state in found[0]}


def fused_twin(
    module: nn.RNNBase, x: Array, begin: Sequence[Array], lengths: Sequence[int], own: Mapping[str, Array] | None = None
) -> States:
    """Every state of a fused module: x (steps, batch, n_in), begin h (and c) of (layers, batch, n_units)."""
    n_directions = 1 + module.bidirectional
    found: States = {}
    for layer in range(module.num_layers):
        hs = []
        for d in range(n_directions):
            k = layer * n_directions + d
            name = f"rnn.l{layer}" + ".reverse" * d
            own_h = None if own is None else own[f"{name}.h"]
            states = scan(module, f"_l{layer}" + "_reverse" * d, x, begin[0][k], begin[-1][k], lengths, own_h)
            found |= {f"{name}.{state}": values for state, values in states.items()}
            hs.append(states["h"] if own_h is None else own_h)
        x = np.concatenate(hs, 2)
    return found


def stack_of(lstm: nn.LSTM) -> list[nn.LSTM]:
    """One fused single-layer LSTM for each layer, step-major, with the same weights."""
    layers = []
    for index in range(lstm.num_layers):
        n_in = lstm.input_size if index == 0 else lstm.hidden_size
        single = nn.LSTM(n_in, lstm.hidden_size, bias=lstm.bias).to(lstm.weight_hh_l0.dtype).eval()
        with torch.no_grad():
            for name, weight in single.named_parameters():
                weight.copy_(getattr(lstm, name.replace("_l0", f"_l{index}")))
        layers.append(single)
    return layers


def h_by_stack(lstm: nn.LSTM, x: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> list[Tensor]:
    """The h of every layer, each (batch, steps, n_units), from single-layer fused LSTMs one on the other.

    Runs in the grad mode of the caller: torch takes another kernel under no_grad.
    """
    found = []
    x = x.transpose(0, 1)
    for layer, single in enumerate(stack_of(lstm)):
        start = None if hx is None else (hx[0][layer : layer + 1].contiguous(), hx[1][layer : layer + 1].contiguous())
        x = single(x, start)[0]
        found.append(x.detach().transpose(0, 1))
    return found


def states_of(
    module: nn.Module, calls: Sequence[tuple[Any, Any]], lengths: Sequence[int], wanted: str | None = None
) -> tuple[dict[str, Tensor], list[Any]]:
    """Run a module on (input, hx) pairs; its states as recorded, (steps, batch, n_units), and its own outputs."""
    (recorded,) = find_recorded(nn.ModuleDict({"rnn": module}))
    collector = recorded.kind.collect("rnn", module, lambda _, state: wanted is None or state in wanted)
    outputs = []
    for given, hx in calls:
        outputs.append(module(given, hx))
        collector.take(ModuleCall("rnn", module, (given,), {"hx": hx}, outputs[-1]))
    found = list(collector.finish(lengths))
    values = [s.values for s in found]
    assert not any(v.requires_grad for v in values)
    assert {v.shape[:2] for v in values} <= {(collector.n_steps, collector.n_sequences)}
    assert all(s.view == ("tanh" if s.source.endswith(".c") else "raw") for s in found)
    if any(isinstance(given, PackedSequence) for given, _ in calls):
        assert collector.lengths == tuple(lengths)
    return {s.source: s.values for s in found}, outputs


def check_close(found: dict[str, Tensor], twin: States, lengths: Sequence[int], dtype: torch.dtype) -> None:
    """Hold every state at every valid step of each sequence against the twin.

    h is the module's own; in half precision it carries what the module rounded on the way, several times a step.
    """
    assert list(found) == list(twin)
    for source, expected in twin.items():
        ours = as_array(found[source])
        assert ours.shape == expected.shape, source
        allowed = ALLOWED[dtype] * (4 if source.endswith(".h") and dtype.itemsize == 2 else 1)
        for sequence, n in enumerate(lengths):
            worst = np.abs(ours[:n, sequence] - expected[:n, sequence]).max()
            assert worst <= allowed, f"{source} of sequence {sequence} is off by {worst:.2g}"


ALLOWED = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 1e-3, torch.bfloat16: 1e-2}
