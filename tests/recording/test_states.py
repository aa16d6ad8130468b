"""What is recorded of one batch: random shapes, long runs, odd weights and values, several calls."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, weight_norm
from torch.nn.utils.rnn import pack_padded_sequence

from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import ModuleCall
from lstmviz.recording.hooks.modules import find_recorded
from lstmviz.recording.recompute.lstm import scan_in_blocks
from support.budget import examples
from support.naive_recurrent import as_array, check_close, fused_twin, states_of

KINDS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}

pytestmark = pytest.mark.usefixtures("one_thread")


def zeros(rnn: nn.RNNBase, n: int) -> list[Tensor]:
    n_layers = rnn.num_layers * (1 + rnn.bidirectional)
    h = torch.zeros(n_layers, n, rnn.proj_size or rnn.hidden_size)
    return [h, torch.zeros(n_layers, n, rnn.hidden_size)] if rnn.mode == "LSTM" else [h]


def check_against_twin(rnn: nn.RNNBase, found: dict[str, Tensor], x: Tensor, lengths: list[int]) -> None:
    """Hold states of step-major x, recorded without states before it, against the twin."""
    begin = [as_array(s.to(x.dtype)) for s in zeros(rnn, len(lengths))]
    check_close(found, fused_twin(rnn, as_array(x), begin, lengths), lengths, x.dtype)


@examples(60)
@given(
    kind=st.sampled_from(list(KINDS)),
    n_in=st.integers(1, 9),
    n_units=st.integers(1, 20),
    n_layers=st.integers(1, 3),
    is_two=st.booleans(),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    is_packed=st.booleans(),
    scale=st.sampled_from([0.1, 1.0, 4.0]),
    seed=st.integers(0, 2**31),
)
def test_random_shapes_and_lengths(kind, n_in, n_units, n_layers, is_two, lengths, is_packed, scale, seed):
    torch.manual_seed(seed)
    rnn = KINDS[kind](n_in, n_units, n_layers, bidirectional=is_two).double()
    x = scale * torch.randn(max(lengths), len(lengths), n_in).double()
    given = pack_padded_sequence(x, lengths, enforce_sorted=False) if is_packed else x
    found, _ = states_of(rnn, [(given, None)], lengths)
    check_against_twin(rnn, found, x, lengths if is_packed else [len(x)] * len(lengths))


@pytest.mark.parametrize("kind", [*KINDS, "both ways"])
def test_many_chunks_of_steps_are_one_scan(kind, monkeypatch):
    monkeypatch.setattr("lstmviz.recording.recompute.step_layout._CHUNK_BYTES", 20_000)
    torch.manual_seed(0)
    lengths = [300, 199, 1, 64]
    rnn = nn.LSTM(3, 16, bidirectional=True) if kind == "both ways" else KINDS[kind](3, 16)
    x = torch.randn(300, 4, 3)
    for call, valid in ((x, [300] * 4), (pack_padded_sequence(x, lengths, enforce_sorted=False), lengths)):
        found, _ = states_of(rnn, [(call, None)], valid)
        check_against_twin(rnn, found, x, valid)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_states_are_in_float32_at_least_but_h_as_it_was_made(dtype):
    rnn = nn.LSTM(3, 6, 2).to(dtype)
    found, _ = states_of(rnn, [(torch.randn(20, 2, 3).to(dtype), None)], [20, 20])
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    assert {name: v.dtype for name, v in found.items()} == {n: dtype if n.endswith(".h") else wide for n in found}


@pytest.mark.parametrize(("kind", "states"), [("lstm", s) for s in ("h", "c", "f", "o", "ci", "go")] + [("gru", "z")])
def test_only_what_is_asked_for(kind, states):
    torch.manual_seed(0)
    rnn, x = KINDS[kind](3, 4, 2, bidirectional=True), torch.randn(9, 2, 3)
    everything, _ = states_of(rnn, [(x, None)], [9, 9])
    found, _ = states_of(rnn, [(x, None)], [9, 9], states)
    assert list(found) == [name for name in everything if name[-1] in states]
    assert all(torch.equal(values, everything[name]) for name, values in found.items())


def test_layers_above_the_last_one_asked_for_are_not_computed():
    rnn = nn.GRU(3, 4, 3)
    (recorded,) = find_recorded(nn.ModuleDict({"rnn": rnn}))
    assert recorded.kind.layers("rnn", rnn) == ("rnn.l0", "rnn.l1", "rnn.l2")
    collector = recorded.kind.collect("rnn", rnn, lambda layer, state: layer == "rnn.l1" and state == "z")
    x = torch.randn(5, 2, 3)
    collector.take(ModuleCall("rnn", rnn, (x,), {}, rnn(x)))
    assert [s.source for s in collector.finish([5, 5])] == ["rnn.l1.z"]
    assert (collector.n_sequences, collector.n_steps, collector.lengths) == (2, 5, None)


@pytest.mark.parametrize("pieces", [[1] * 9, [4, 1, 1, 3], [1, 8], [5, 4]])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_two", [False, True])
def test_calls_follow_each_other_in_time(kind, pieces, is_two):
    torch.manual_seed(0)
    rnn, x, hx = KINDS[kind](3, 4, 2, bidirectional=is_two), torch.randn(9, 2, 3), None
    begin, twins, calls = [as_array(s) for s in zeros(rnn, 2)], [], []
    (recorded,) = find_recorded(nn.ModuleDict({"rnn": rnn}))
    collector = recorded.kind.collect("rnn", rnn, lambda *_: True)
    with torch.no_grad():
        for start, stop in pairwise([0, *torch.tensor(pieces).cumsum(0).tolist()]):
            piece = x[start:stop]
            output = rnn(piece, hx)
            collector.take(ModuleCall("rnn", rnn, (piece, hx), {}, output))
            twins.append(fused_twin(rnn, as_array(piece), begin, [stop - start] * 2))
            hx = output[1]
            begin = [as_array(s) for s in (hx if kind == "lstm" else [hx])]
            calls.append(output[0].clone())
            output[0].mul_(0)  # as a model does that masks in place
    found = {s.source: s.values for s in collector.finish([9, 9])}
    top = [found[n] for n in found if n.startswith("rnn.l1") and n.endswith(".h")]
    assert torch.equal(torch.cat(top, 2), torch.cat(calls))
    ends = torch.tensor(pieces).cumsum(0).tolist()
    for start, stop, twin in zip([0, *ends], ends, twins, strict=False):
        part = {name: values[start:stop] for name, values in found.items()}
        check_close(part, twin, [stop - start] * 2, torch.float32)


def test_calls_that_cannot_follow_each_other():
    lstm = nn.LSTM(3, 4)
    x = torch.randn(4, 2, 3)
    packed = pack_padded_sequence(x, [4, 2])
    for calls, line in (
        ([x, x[:, :1]], r"rnn ran over 2 sequences and then over 1 inside one run\.batch"),
        ([x[:1, :1], x[:1]], r"rnn ran over 1 sequences and then over 2 inside one run\.batch"),
        ([packed, packed], r"rnn ran twice on packed input inside one run\.batch"),
    ):
        with pytest.raises(RecordingError, match=rf"\A{line}[^\n]*\Z"):
            states_of(lstm, [(call, None) for call in calls], [8, 8])


def test_a_counter_that_runs_into_the_thousands_passes_the_self_check():
    torch.manual_seed(0)
    lstm = nn.LSTM(4, 16)
    with torch.no_grad():
        lstm.bias_ih_l0[16:32] += 12.0
        lstm.bias_ih_l0[:16] += 8.0
        lstm.bias_ih_l0[32:48] += 8.0
    found, _ = states_of(lstm, [(torch.randn(3000, 2, 4), None)], [3000, 3000])
    assert found["rnn.l0.c"].abs().max() > 1000


@pytest.mark.parametrize("scale", [1e2, 1e4, 1e6])
@pytest.mark.parametrize("kind", [*KINDS, "relu"])
def test_raw_measurements_as_input_pass_the_self_check(kind, scale):
    torch.manual_seed(0)
    rnn = nn.RNN(4, 64, 2, nonlinearity="relu") if kind == "relu" else KINDS[kind](4, 64, 2)
    states_of(rnn, [(scale * torch.randn(200, 8, 4), None)], [200] * 8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_steps", [1, 5])
def test_nan_weights_are_recorded_not_refused(kind, n_steps):
    rnn = KINDS[kind](3, 4)
    with torch.no_grad():
        rnn.weight_ih_l0[1] = float("nan")
    found, _ = states_of(rnn, [(torch.randn(n_steps, 2, 3), None)], [n_steps] * 2)
    assert all(v.isnan().any() for name, v in found.items() if name[-1] in "hc")


def test_padding_that_makes_no_number_is_not_looked_at():
    x = torch.randn(9, 2, 3).half()
    x[4:, 1] = 6e4
    for kind in KINDS.values():
        states_of(kind(3, 4).half(), [(x, None)], [9, 4])


@pytest.mark.parametrize("has_hx", [False, True])
@pytest.mark.parametrize("n_steps", [1, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_under_autocast_is_recorded_as_it_ran(kind, n_steps, has_hx):
    torch.manual_seed(0)
    rnn, x = KINDS[kind](3, 4, 2, bidirectional=True), torch.randn(n_steps, 2, 3)
    hx = None if not has_hx else (torch.ones(4, 2, 4),) * 2 if kind == "lstm" else torch.ones(4, 2, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, (output,) = states_of(rnn, [(x, hx)], [n_steps] * 2)
    assert torch.equal(torch.cat([found["rnn.l1.h"], found["rnn.l1.reverse.h"]], 2), output[0])
    begin = [as_array(torch.full_like(s, has_hx)) for s in zeros(rnn, 2)]
    twin = fused_twin(rnn.bfloat16(), as_array(x.bfloat16()), begin, [n_steps] * 2)
    assert list(found) == list(twin)
    assert all(abs(as_array(values) - twin[name]).max() < 2e-2 for name, values in found.items())


def replaced(rnn: nn.RNNBase) -> None:
    """As a weight-drop wrapper does before each call."""
    raw = rnn.weight_hh_l0.detach()
    del rnn._parameters["weight_hh_l0"]
    rnn.weight_hh_l0 = raw * 0.5


WRAPPERS = {
    "replaced": replaced,
    "weight norm": lambda rnn: weight_norm(rnn, "weight_hh_l0"),
    "parametrized": lambda rnn: parametrizations.weight_norm(rnn, "weight_hh_l0"),
    "pruned": lambda rnn: prune.l1_unstructured(rnn, "weight_hh_l0", 0.5),
}


@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated:FutureWarning")
@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_steps", [1, 5])
def test_weights_replaced_at_run_time_are_the_ones_used(kind, wrapper, n_steps):
    torch.manual_seed(0)
    rnn = KINDS[kind](3, 4, 2)
    WRAPPERS[wrapper](rnn)
    x = torch.randn(n_steps, 2, 3)
    found, _ = states_of(rnn, [(x, None)], [n_steps] * 2)
    check_against_twin(rnn, found, x, [n_steps] * 2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_steps", [1, 5])
def test_weights_trained_inside_the_batch_are_those_of_the_call(kind, n_steps):
    torch.manual_seed(0)
    rnn, x = KINDS[kind](3, 4, 2), torch.randn(n_steps, 2, 3)
    expected, _ = states_of(rnn, [(x, None)], [n_steps] * 2)
    (recorded,) = find_recorded(nn.ModuleDict({"rnn": rnn}))
    collector = recorded.kind.collect("rnn", rnn, lambda *_: True)
    output = rnn(x)
    collector.take(ModuleCall("rnn", rnn, (x,), {}, output))
    output[0].sum().backward()
    torch.optim.SGD(rnn.parameters(), lr=1.0).step()
    for state in collector.finish([n_steps] * 2):
        assert torch.equal(state.values, expected[state.source])


@pytest.mark.parametrize("n_steps", [64, 65, 100, 1000])
def test_many_short_steps_scanned_in_blocks_are_those_of_a_loop(n_steps):
    torch.manual_seed(0)
    forget, written = torch.rand(n_steps, 2, 3), torch.randn(n_steps, 2, 3)
    before = torch.randn(2, 3)
    cell, loop = before.double(), []
    for f, new in zip(forget.double(), written.double(), strict=True):
        cell = f * cell + new
        loop.append(cell)
    expected = torch.stack(loop)
    assert (scan_in_blocks(before, forget, written) - expected).abs().max() < 1e-6
    exact = scan_in_blocks(before.double(), forget.double(), written.double())
    assert (exact - expected).abs().max() < 1e-14
