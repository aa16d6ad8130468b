"""Every state of nn.LSTM, nn.GRU and nn.RNN in every way they are called, against a loop of cells in float64."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from support.budget import is_long
from support.naive_recurrent import ALLOWED, as_array, check_close, fused_twin, states_of

MODULES: dict[str, Callable[..., nn.RNNBase]] = {
    "lstm": nn.LSTM,
    "projected": lambda *a, **k: nn.LSTM(*a, **k, proj_size=2),
    "gru": nn.GRU,
    "tanh": nn.RNN,
    "relu": lambda *a, **k: nn.RNN(*a, **k, nonlinearity="relu"),
}
# Half of them, in which any three settings come together in every way, or all.
SETTINGS = [s for s in product((1, 3), *[(False, True)] * 3) if is_long() or ((s[0] == 3) + sum(s[1:])) % 2]
LAYOUTS = ("batch first", "step first", "unbatched", "sorted", "unsorted")
LENGTHS = {"sorted": [7, 4, 4, 1], "unsorted": [4, 1, 7, 4], "unbatched": [7]}

pytestmark = pytest.mark.usefixtures("one_thread")


def random_begin(rnn: nn.RNNBase, n_sequences: int, dtype: torch.dtype) -> tuple[Tensor, ...]:
    n = rnn.num_layers * (1 + rnn.bidirectional)
    sizes = [rnn.proj_size or rnn.hidden_size] + [rnn.hidden_size] * (rnn.mode == "LSTM")
    return tuple(torch.randn(n, n_sequences, size).to(dtype) for size in sizes)


def called_with(rnn: nn.RNNBase, layout: str, x: Tensor, begin: Any, lengths: list[int]) -> tuple[Any, Any]:
    """Bring x (batch, steps, n_in) and the states before it into the layout that the module is called with."""
    hx = begin if begin is None or rnn.mode == "LSTM" else begin[0]
    if layout == "unbatched":
        return x[0], hx if hx is None else tuple(s[:, 0] for s in hx) if rnn.mode == "LSTM" else hx[:, 0]
    if layout in ("sorted", "unsorted"):
        return pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=layout == "sorted"), hx
    return x if layout == "batch first" else x.transpose(0, 1), hx


def own_h(layout: str, output: Any) -> Tensor:
    """The output of a module as (steps, batch, directions x n_units)."""
    if isinstance(output, PackedSequence):
        return pad_packed_sequence(output)[0]
    return output[:, None] if layout == "unbatched" else output.transpose(0, 1) if layout == "batch first" else output


def check_own(rnn: nn.RNNBase, layout: str, found: dict[str, Tensor], output: Any, lengths: list[int]) -> None:
    """Hold h against what the module itself returned, bit for bit: every step of the last layer, the end of each."""
    top, end = own_h(layout, output[0]), output[1][0] if rnn.mode == "LSTM" else output[1]
    names = [name for name in found if name.endswith(".h")]
    own_top = torch.cat([found[name] for name in names[-1 - rnn.bidirectional :]], 2)
    for b, n in enumerate(lengths):
        assert torch.equal(own_top[:n, b], top[:n, b])
        for name, last in zip(names, end, strict=True):
            own = last if layout == "unbatched" else last[b]
            assert torch.equal(found[name][0 if "reverse" in name else n - 1, b], own), name


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
@pytest.mark.parametrize("dtype", ALLOWED, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", MODULES)
def test_every_state_in_every_way_to_call_a_module(kind, layout, dtype):
    lengths = LENGTHS.get(layout, [7, 7, 7])
    for n_layers, is_two, bias, has_hx in SETTINGS:
        torch.manual_seed(0)
        rnn = MODULES[kind](3, 4, n_layers, bias=bias, batch_first=layout == "batch first", bidirectional=is_two)
        rnn, x = rnn.to(dtype), torch.randn(len(lengths), 7, 3).to(dtype)
        given = random_begin(rnn, len(lengths), dtype)
        begin = tuple(s if has_hx else torch.zeros_like(s) for s in given)
        twin = None
        for has_grad in (False, True):
            with torch.set_grad_enabled(has_grad):
                call = called_with(rnn, layout, x, given if has_hx else None, lengths)
                found, (output,) = states_of(rnn, [call], lengths)
            check_own(rnn, layout, found, output, lengths)
            if twin is None or dtype.itemsize == 2:
                arrays = as_array(x.transpose(0, 1)), [as_array(s) for s in begin], lengths
                own = {name: as_array(h) for name, h in found.items()} if dtype.itemsize == 2 else None
                twin = fused_twin(rnn, *arrays, own)
            check_close(found, twin, lengths, dtype)
