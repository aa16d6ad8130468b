"""The self-check: a module that is another inside, or that returns something else than its states, is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import ModuleCall
from lstmviz.recording.hooks.modules import find_recorded
from lstmviz.recording.recompute.layer_run import GateInputs
from support.naive_recurrent import states_of

pytestmark = pytest.mark.usefixtures("one_thread")
KINDS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class Halved(nn.LSTM):
    """Not an LSTM any more: its output is scaled."""

    def forward(self, input, hx=None):
        out, (h, c) = super().forward(input, hx)
        return out * 0.5, (h * 0.5, c)


class Swapped(nn.LSTM):
    """Returns another cell state than the one it made."""

    def forward(self, input, hx=None):
        out, (h, c) = super().forward(input, hx)
        return out, (h, -c)


class Shown(nn.LSTM):
    """Returns another output than h."""

    def forward(self, input, hx=None):
        out, end = super().forward(input, hx)
        return out * 0.5, end


class HalvedGRU(nn.GRU):
    """Not a GRU any more."""

    def forward(self, input, hx=None):
        out, h = super().forward(input, hx)
        return out * 0.5, h * 0.5


class HalvedRNN(nn.RNN):
    """Not an RNN any more."""

    def forward(self, input, hx=None):
        out, h = super().forward(input, hx)
        return out * 0.5, h * 0.5


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        (Halved, "hc"),
        (Halved, "h"),
        (Swapped, "hc"),
        (Shown, "h"),
        (HalvedGRU, "hrzn"),
        (HalvedGRU, "h"),
        (HalvedRNN, "h"),
    ],
)
@pytest.mark.parametrize("n_steps", [1, 20])
def test_a_module_that_is_another_inside_fails_the_self_check(kind, states, n_steps):
    torch.manual_seed(0)
    name = kind.__bases__[0].__name__
    line = (
        rf"\Arnn: the recomputed . of rnn\.l0 is off by \S* at step \d+, so [^\n]*use a plain nn\.{name}, or [^\n]*\Z"
    )
    with pytest.raises(RecordingError, match=line):
        states_of(kind(3, 8), [(torch.randn(n_steps, 2, 3), None)], [n_steps] * 2, states)


class Embedded(nn.LSTM):
    """Takes ids where an LSTM takes vectors."""

    def forward(self, input, hx=None):
        return super().forward(nn.functional.one_hot(input, 3).float(), hx)


class Bare(nn.GRU):
    """Returns the output alone."""

    def forward(self, input, hx=None):
        return super().forward(input, hx)[0]


@pytest.mark.parametrize(("kind", "given"), [(Embedded, torch.ones(5, 2, dtype=int)), (Bare, torch.randn(5, 2, 3))])
def test_a_module_that_is_called_in_another_way(kind, given):
    line = rf"\Arnn is a {kind.__name__} whose forward takes or returns something else [^\n]* write_dump [^\n]*\Z"
    with pytest.raises(RecordingError, match=line):
        states_of(kind(3, 8), [(given, None)], [5, 5])


@pytest.mark.parametrize("step", [16, 59])
def test_the_self_check_looks_at_every_16th_step_and_the_last(step):
    torch.manual_seed(0)
    lstm, x = nn.LSTM(3, 8), torch.randn(60, 2, 3)
    output = lstm(x)
    with torch.no_grad():
        output[0][step, 0] += 0.01
    (recorded,) = find_recorded(nn.ModuleDict({"rnn": lstm}))
    collector = recorded.kind.collect("rnn", lstm, lambda _, state: state == "c")
    collector.take(ModuleCall("rnn", lstm, (x,), {}, output))
    with pytest.raises(RecordingError, match=rf"recomputed h of rnn\.l0 .* at step {step},"):
        list(collector.finish([60, 60]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_lower_layer_that_is_another_is_noticed_from_h_alone(kind):
    torch.manual_seed(0)
    rnn, x = KINDS[kind](3, 8, 2), torch.randn(20, 2, 3)
    output = rnn(x)
    with torch.no_grad():
        (output[1][0] if kind == "lstm" else output[1])[0] += 0.1
    (recorded,) = find_recorded(nn.ModuleDict({"rnn": rnn}))
    collector = recorded.kind.collect("rnn", rnn, lambda _, state: state == "h")
    collector.take(ModuleCall("rnn", rnn, (x,), {}, output))
    with pytest.raises(RecordingError, match=r"recomputed h of rnn\.l0"):
        list(collector.finish([20, 20]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_steps", [1, 5])
def test_a_batch_of_no_sequences_says_so(kind, n_steps):
    with pytest.raises(RecordingError, match=r"\Arnn ran over a batch of 0 sequences; [^\n]*\Z"):
        states_of(KINDS[kind](3, 8), [(torch.ones(n_steps, 0, 3), None)], [])


def exploding_relu() -> nn.Module:
    rnn = nn.RNN(3, 4, 2, nonlinearity="relu", bidirectional=True)
    for weight in rnn.parameters():
        weight.data.mul_(8)
    return rnn


def identity_relu() -> nn.Module:
    rnn = nn.RNN(3, 64, nonlinearity="relu")
    rnn.weight_hh_l0.data.copy_(1.1 * torch.eye(64))
    return rnn


def large_projection() -> nn.Module:
    rnn = nn.LSTM(3, 8, proj_size=2)
    rnn.weight_hr_l0.data.mul_(1e4)
    return rnn


def large_weights() -> nn.Module:
    rnn = nn.GRU(3, 256)
    for weight in rnn.parameters():
        weight.data.mul_(200)
    return rnn


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("make", [exploding_relu, identity_relu, large_projection, large_weights])
def test_a_plain_module_whose_values_explode_or_saturate_passes(make, dtype):
    torch.manual_seed(0)
    rnn, x = make().to(dtype), torch.randn(200, 2, 3).to(dtype)
    for states in ("h", "hcifgorzn"):
        with torch.no_grad():
            found, _ = states_of(rnn, [(x, None)], [200] * 2, states)
        assert any(name.endswith(".h") for name in found)


def test_another_module_is_noticed_though_one_value_is_infinite():
    torch.manual_seed(0)
    x = torch.randn(20, 2, 3)
    x[3, 0, 0] = torch.inf
    with pytest.raises(RecordingError, match=r"recomputed h of rnn\.l0"):
        states_of(HalvedRNN(3, 8), [(x, None)], [20] * 2, "h")


def test_the_largest_weight_is_not_looked_for_where_states_agree_as_they_are(tmp_path, monkeypatch):
    monkeypatch.delattr(GateInputs, "rounding_scale")
    rnn, path = nn.LSTM(3, 5, 2, batch_first=True), tmp_path / "run.h5"
    with torch.no_grad(), lstmviz.record(rnn, path) as run, run.batch(tokens=torch.zeros(2, 40).long()):
        output = rnn(torch.randn(2, 40, 3))[0]
    np.testing.assert_allclose(lstmviz.open_dump(path).states("lstm.l1.h")[:40], output[0], atol=1e-3)
