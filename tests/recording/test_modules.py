"""Which modules of a model are recorded, by what names, and which are refused."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.modules import find_recorded


class Custom(nn.RNNBase):
    """A recurrent module of the user's own, on torch's base."""


def compiled_in_place(module: nn.Module) -> nn.Module:
    module.compile()
    return module


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (
            lambda: nn.LSTM(2, 3, 2, dropout=0.5),
            r"it is in training mode with dropout=0\.5 between .* model\.eval\(\) before recording",
        ),
        (
            lambda: nn.GRU(2, 3, 2, dropout=0.5),
            r"it is in training mode with dropout=0\.5 between .* model\.eval\(\) before recording",
        ),
        (lambda: torch.jit.script(nn.GRU(2, 3)), "it is a TorchScript GRU, .* record the eager model, .*_weights.*"),
        (
            lambda: torch.jit.trace(nn.LSTM(2, 3), torch.ones(1, 1, 2)),
            "it is a TorchScript LSTM, .* eager .*_weights.*",
        ),
        (lambda: torch.jit.script(nn.LSTMCell(2, 3)), "it is a TorchScript LSTMCell, .* eager .*_weights.*"),
        (
            lambda: torch.compile(nn.RNN(2, 3)),
            r"it went through torch\.compile, .* record the model that it was made from",
        ),
        (lambda: compiled_in_place(nn.RNN(2, 3)), r"it went through torch\.compile, .* that it was made from"),
        (lambda: nn.DataParallel(nn.GRU(2, 3)), r"it is a DataParallel, .* record and run its \.module instead"),
        (lambda: torch.ao.nn.quantized.dynamic.GRUCell(2, 3), "it is a quantised GRUCell, .* record the float model"),
        (lambda: torch.ao.nn.quantizable.LSTM(2, 3), "it is a quantised LSTM, .* record the float model"),
        (
            lambda: Custom("LSTM", 2, 3),
            r"it is a Custom, which is not one of LSTM, .* RNNCell; if it is a cell, say .* cells=.* run\.log",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::torch.jit.TracerWarning")
def test_what_cannot_be_hooked_is_refused_by_name_with_a_way_out(make, line):
    with pytest.raises(RecordingError, match=rf"\A{line}\Z"):
        find_recorded(nn.ModuleDict({"it": make()}))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_model_that_is_itself_torchscript_goes_by_the_name_of_its_class():
    with pytest.raises(RecordingError, match=r"\Alstm is a TorchScript LSTM, "):
        find_recorded(torch.jit.script(nn.LSTM(2, 3)))


@pytest.mark.parametrize(
    ("module", "states"),
    [(nn.RNN(2, 3), "'h'"), (nn.GRU(2, 3), "'h', 'gates', 'r', 'z', 'n'")],
    ids=["RNN", "GRU"],
)
def test_states_that_a_model_does_not_have(tmp_path, module, states):
    with pytest.raises(RecordingError, match=rf"\Astates asks for 'c'; pick from {states}\Z"):
        lstmviz.record(module, tmp_path / "run.h5", states="c")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_not_recorded_may_be_compiled_scripted_and_parallel():
    parts = [torch.compile(nn.Linear(2, 2)), torch.jit.script(nn.Linear(2, 2)), nn.DataParallel(nn.Linear(2, 2))]
    model = nn.ModuleDict({"rnn": nn.GRU(2, 3), "rest": nn.ModuleList(parts)})
    assert [r.name for r in find_recorded(model)] == ["rnn"]
    assert find_recorded(nn.Linear(2, 2)) == ()


def test_a_model_that_is_no_module():
    with pytest.raises(RecordingError, match=re.escape("a type is not a torch module; pass the nn.Module")):
        find_recorded(nn.LSTM)


def test_modules_are_found_in_order_with_their_layers_and_states():
    model = nn.ModuleDict(
        {
            "enc": nn.LSTM(2, 3, 2, bidirectional=True, dropout=0.5).eval(),
            "dec": nn.Sequential(nn.GRU(2, 3), nn.Tanh(), nn.RNNCell(2, 3)),
        }
    )
    found = {r.name: (r.kind.layers(r.name, r.module), "".join(r.kind.states)) for r in find_recorded(model)}
    assert found == {
        "enc": (("enc.l0", "enc.l0.reverse", "enc.l1", "enc.l1.reverse"), "hcifgo"),
        "dec.0": (("dec.0.l0",), "hrzn"),
        "dec.2": (("dec.2.l0",), "h"),
    }
    assert list(found) == ["enc", "dec.0", "dec.2"]
    assert [r.name for r in find_recorded(nn.LSTMCell(2, 3))] == ["lstmcell"]


class TaggerLSTM(nn.LSTM):
    """An LSTM under another name."""


def test_a_subclass_is_recorded_as_what_it_is():
    (recorded,) = find_recorded(TaggerLSTM(2, 3))
    assert (recorded.name, "".join(recorded.kind.states)) == ("taggerlstm", "hcifgo")
