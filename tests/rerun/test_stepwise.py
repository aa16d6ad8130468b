"""Modules run step by step: what they are when nothing is held, and a loop over cells when something is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import lstmviz
from lstmviz import errors
from lstmviz.rerun.stepwise import fused_layer
from lstmviz.rerun.stepwise.modules import sources_of, stepwise
from lstmviz.rerun.stepwise.setters import HeldCells
from support.budget import examples
from support.models.weight_drop import DroppedModel
from support.naive_stepwise import naive_run

N_IN, N_UNITS, N_STEPS, N_ROWS = 3, 5, 6, 4
LENGTHS = [4, 6, 1, 3]
KINDS = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "rnn": nn.RNN,
    "relu": lambda *a, **k: nn.RNN(*a, **k, nonlinearity="relu"),
}

pytestmark = pytest.mark.usefixtures("one_thread")


def made(kind, n_layers=1, is_bidirectional=False, seed=0, **more):
    torch.manual_seed(seed)
    rnn = KINDS[kind](N_IN, N_UNITS, n_layers, bidirectional=is_bidirectional, **more)
    return nn.ModuleDict({"rnn": rnn}).eval()


def texts(seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(N_STEPS, N_ROWS, N_IN)).astype("float32"))


def all_close(one, other):
    """Tensors, or tuples of them, within 1e-5."""
    pairs = zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]
    return all(torch.allclose(a, b, atol=1e-5, rtol=0) for a, b in pairs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("is_bidirectional", [False, True])
@pytest.mark.parametrize("layout", ["steps first", "batch first", "packed", "unbatched", "begun"])
@pytest.mark.parametrize("runs", ["step by step", "fused"])
def test_with_nothing_held_it_is_the_module(kind, n_layers, is_bidirectional, layout, runs):
    model = made(kind, n_layers, is_bidirectional, batch_first=layout == "batch first")
    rnn, x, hx = model["rnn"], texts(), None
    if layout == "batch first":
        x = x.transpose(0, 1)
    if layout == "packed":
        x = pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
    if layout == "unbatched":
        x = x[:, 0]
    if layout == "begun":
        hx = torch.randn(n_layers * (1 + is_bidirectional), N_ROWS, N_UNITS)
        hx = (hx, hx / 2) if kind == "lstm" else hx
    with torch.no_grad():
        expected = rnn(x, hx)
        states = [name for name in sources_of(model) if name.endswith((".h", ".c"))]
        nothing = dict.fromkeys(states, lambda t, state: None) if runs == "step by step" else {}
        with stepwise(model, nothing, states if runs == "fused" else list(sources_of(model))) as watch:
            ours = rnn(x, hx)
        again = rnn(x, hx)
    if layout == "packed":
        for field in ("batch_sizes", "sorted_indices", "unsorted_indices"):
            assert torch.equal(getattr(ours[0], field), getattr(expected[0], field))
        ours, expected, again = ((o[0].data, o[1]) for o in (ours, expected, again))
        ours, expected, again = tuple(ours), tuple(expected), tuple(again)
    assert all_close(ours[0], expected[0])
    assert all_close(ours[1], expected[1])
    assert torch.equal(again[0], expected[0])
    assert set(watch.kept) == set(states if runs == "fused" else sources_of(model))
    top = torch.cat([watch.kept[f"rnn.l{n_layers - 1}{d}.h"] for d in ("", ".reverse")[: 1 + is_bidirectional]], 2)
    if layout == "steps first":
        assert torch.equal(top, ours[0])


@st.composite
def interventions(draw):
    """A kind of module, its shape, and some cells that are held, by (source, step, row, unit)."""
    kind, n_layers, is_bidirectional = draw(st.sampled_from(list(KINDS))), draw(st.integers(1, 2)), draw(st.booleans())
    states = "hc" if kind == "lstm" else "h"
    sources = [
        f"rnn.l{k}{d}.{s}" for k in range(n_layers) for d in ("", ".reverse")[: 1 + is_bidirectional] for s in states
    ]
    place = st.tuples(
        st.sampled_from(sources),
        st.integers(0, N_STEPS - 1),
        st.integers(0, N_ROWS - 1),
        st.integers(0, N_UNITS - 1),
    )
    held = draw(st.dictionaries(place, st.floats(-2, 2, width=32), max_size=12))
    return kind, n_layers, is_bidirectional, held, draw(st.booleans()), draw(st.integers(0, 99))


@given(interventions())
@examples(150)
def test_held_cells_are_those_of_a_loop_over_cells(case):
    kind, n_layers, is_bidirectional, held, is_packed, seed = case
    model, x = made(kind, n_layers, is_bidirectional, seed), texts(seed)
    n_valid = LENGTHS if is_packed else [N_STEPS] * N_ROWS
    setters = {}
    for source in {place[0] for place in held}:
        mine = {place[1:]: value for place, value in held.items() if place[0] == source}
        step, row, unit = np.array(list(mine), np.int64).T
        setters[source] = HeldCells(step, row, unit, np.array(list(mine.values()), np.float32))
    with torch.no_grad(), stepwise(model, setters, list(sources_of(model))) as watch:
        given_x = pack_padded_sequence(x, n_valid, enforce_sorted=False) if is_packed else x
        output, _ = model["rnn"](given_x)
        output = pad_packed_sequence(output, total_length=N_STEPS)[0] if is_packed else output
    expected, states = naive_run(model["rnn"], x, n_valid, held)
    valid = torch.arange(N_STEPS)[:, None] < torch.tensor(n_valid)
    assert torch.allclose(output[valid], expected[valid], atol=1e-5, rtol=0)
    for source, values in watch.kept.items():
        if source.endswith(".h") or (kind == "lstm" and source.endswith(".c")):
            assert torch.allclose(values[valid], states[source][valid], atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_h_at_0_is_a_cut_of_its_outgoing_weights(kind):
    model, x, head = made(kind, 2), texts(), nn.Linear(N_UNITS, 7)
    rnn = model["rnn"]
    with torch.no_grad():
        with lstmviz.intervene(model, {"rnn.l0.h": {1: 0.0, 4: 0.0}, "rnn.l1.h": {2: 0.0}}):
            ours = head(rnn(x)[0])
        rnn.weight_hh_l0[:, [1, 4]] = 0
        rnn.weight_ih_l1[:, [1, 4]] = 0
        rnn.weight_hh_l1[:, 2] = 0
        head.weight[:, 2] = 0
        cut = head(rnn(x)[0])
    assert torch.allclose(ours, cut, atol=1e-5, rtol=0)


def test_c_at_0_is_h_at_0_to_the_last_bit():
    model, x = made("lstm", 2), texts()
    outputs = []
    for state in "ch":
        with torch.no_grad(), lstmviz.intervene(model, {f"rnn.l0.{state}": {3: 0.0}, f"rnn.l1.{state}": {0: 0.0}}):
            outputs.append(model["rnn"](x)[0])
    assert torch.equal(*outputs)


def test_what_is_taken_off_leaves_the_model_as_it_was():
    model, x = made("lstm", 2, True), texts()
    before, names = model["rnn"](x), set(model["rnn"].__dict__)
    with lstmviz.intervene(model, {"rnn.l0.c": {0: 5.0}}):
        assert not torch.equal(model["rnn"](x)[0], before[0])
    with pytest.raises(ZeroDivisionError), lstmviz.intervene(model, {"rnn.l0.c": {0: 5.0}}):
        1 / 0  # noqa: B018
    after = model["rnn"](x)
    assert torch.equal(after[0], before[0])
    assert all(torch.equal(a, b) for a, b in zip(after[1], before[1], strict=True))
    assert set(model["rnn"].__dict__) == names


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("units", [None, [4, 1]])
def test_states_of_a_fused_layer_are_those_of_its_steps(kind, units):
    model, x, hx = made(kind, 2, True), texts(), torch.randn(4, N_ROWS, N_UNITS)
    hx = (hx, hx / 2) if kind == "lstm" else hx
    states = [name for name in sources_of(model) if name.endswith((".h", ".c"))]
    nothing = dict.fromkeys(states, lambda t, state: None)
    with torch.no_grad():
        with stepwise(model, nothing, states) as by_step:
            model["rnn"](x, hx)
        with stepwise(model, {}, dict.fromkeys(states, units and torch.tensor(units))) as fused:
            model["rnn"](x, hx)
    for name in states:
        expected = by_step.kept[name] if units is None else by_step.kept[name][..., units]
        torch.testing.assert_close(fused.kept[name], expected, atol=1e-5, rtol=0)


def test_a_window_holds_at_its_steps_alone():
    model, x = made("lstm"), texts()
    with torch.no_grad():
        plain, _ = model["rnn"](x)
        with lstmviz.intervene(model, {"rnn.l0.h": {2: 0.25}}, lstmviz.Window(2, 4)):
            held, _ = model["rnn"](x)
    assert all_close(held[:2], plain[:2])
    assert (held[2:4, :, 2] == 0.25).all()
    assert not torch.isclose(held[4:, :, 2], torch.tensor(0.25)).any()
    assert not torch.allclose(held[4:], plain[4:], atol=1e-3)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
def test_a_projected_lstm_and_a_loop_over_a_cell():
    torch.manual_seed(0)
    model = nn.ModuleDict({"rnn": nn.LSTM(N_IN, N_UNITS, 2, proj_size=2), "cell": nn.LSTMCell(N_IN, N_UNITS)})
    x = texts()
    assert sources_of(model)["rnn.l0.h"] == 2
    assert sources_of(model)["rnn.l0.c"] == sources_of(model)["cell.l0.c"] == N_UNITS
    with torch.no_grad():
        plain, cell_plain = model["rnn"](x)[0], model["cell"](x[0])
        with stepwise(model, {}, ["rnn.l1.h", "cell.l0.h"]):
            assert all_close(model["rnn"](x)[0], plain)
            assert all_close(model["cell"](x[0]), cell_plain)
            assert all_close(model["cell"](x[0, 0]), tuple(s[0] for s in cell_plain))
        with lstmviz.intervene(model, {"cell.l0.c": {1: 0.0}}):
            h, c = model["cell"](x[0], cell_plain)
        assert (h[:, 1] == 0).all()
        assert (c[:, 1] == 0).all()


def test_gradients_flow_past_what_is_held():
    model, x = made("lstm", 2), texts().requires_grad_()
    with lstmviz.intervene(model, {"rnn.l0.c": {0: 0.5}, "rnn.l1.h": {1: 0.0}}):
        model["rnn"](x)[0].sum().backward()
    assert torch.isfinite(x.grad).all()
    assert x.grad.abs().sum() > 0


def test_dropout_between_layers_is_that_of_training():
    model, x = made("lstm", 2, dropout=1.0), texts()
    model.train()
    with torch.no_grad():
        with stepwise(model, {}, ["rnn.l1.h"]):
            dropped, _ = model["rnn"](x)
        assert all_close(dropped, model["rnn"](x)[0])
        assert not all_close(dropped, model.eval()["rnn"](x)[0])


@pytest.mark.parametrize(
    ("units", "error", "words"),
    [
        ({"rnn.l3.c": {0: 0.0}}, errors.UnknownName, "no source 'rnn.l3.c' in this model; it has rnn.l0.h, rnn.l0.c"),
        ({"rnn.l0.c": {9: 0.0}}, errors.PatternError, "rnn.l0.c has no unit 9; its units are 0 to 4"),
        ({"rnn.l0.f": {0: 0.0}}, errors.PatternError, "rnn.l0.f is a gate"),
        ({"rnn.l0.c": {}}, errors.PatternError, "give each with its value"),
        ({"rnn.l0.c": {0: "low"}}, errors.PatternError, "the value of unit 0 'low' is not a number"),
        ({"rnn.l0.c": {0: float("nan")}}, errors.PatternError, "not a finite number"),
    ],
)
def test_what_cannot_be_held_is_said_in_one_line(units, error, words):
    with pytest.raises(error) as caught, lstmviz.intervene(made("lstm"), units):
        pass
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_forward_of_its_own_is_refused_and_so_is_a_block_in_a_block():
    class Own(nn.LSTM):
        def forward(self, x):
            return super().forward(2 * x)

    model = nn.ModuleDict({"rnn": Own(N_IN, N_UNITS)})
    with pytest.raises(errors.InputError, match="overrides forward"), lstmviz.intervene(model, {"rnn.l0.c": {0: 0}}):
        pass
    model = made("lstm")
    with lstmviz.intervene(model, {"rnn.l0.c": {0: 0}}):  # noqa: SIM117
        with pytest.raises(errors.InputError, match="held already"), lstmviz.intervene(model, {"rnn.l0.c": {1: 0}}):
            pass
    with pytest.raises(errors.InputError, match="a str is not a torch module"), lstmviz.intervene("net", {}):
        pass


def test_weights_that_a_wrapper_puts_in_at_each_call_are_used():
    torch.manual_seed(0)
    model, ids = DroppedModel(11).eval(), torch.arange(8).reshape(2, 4)
    with torch.no_grad():
        plain = model(ids)
        with stepwise(model, {}, ["rnn.module.l1.h"]):
            assert all_close(model(ids), plain)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize(("n_layers", "is_bidirectional"), [(1, False), (2, False), (2, True)])
def test_rows_that_are_alike_at_first_give_what_they_give_alone(kind, n_layers, is_bidirectional, monkeypatch):
    monkeypatch.setattr(fused_layer, "LEAST_ROWS", 3)
    torch.manual_seed(4)
    model = nn.ModuleDict({"rnn": getattr(nn, kind)(3, 5, n_layers, bidirectional=is_bidirectional)}).double()
    x = torch.randn(9, 1, 3, dtype=torch.double).repeat(1, 20, 1)
    places = [0, 0, 1, 1, 2, 3, 3, 3, 4, 5, 5, 6, 7, 7, 8, 8, 8]  # two rows stay as the first one is
    x[places, torch.arange(1, 18)] = torch.randn(17, 3, dtype=torch.double)
    names = [f"rnn.l{k}.{letter}" for k in range(n_layers) for letter in ("hc" if kind == "LSTM" else "h")]
    begin = torch.randn(n_layers * (1 + is_bidirectional), 20, 5, dtype=torch.double)
    for hx in (None, begin, begin[:, :1].repeat(1, 20, 1)):
        given = (hx, hx) if kind == "LSTM" and hx is not None else hx
        with torch.no_grad(), stepwise(model, {}, names) as alone:
            output, end = model["rnn"](x, given)
        with torch.no_grad(), stepwise(model, {}, names, is_alike=True) as alike:
            other, other_end = model["rnn"](x, given)
        torch.testing.assert_close(other, output, atol=1e-12, rtol=0)
        torch.testing.assert_close(other_end, end, atol=1e-12, rtol=0)
        for name in names:
            torch.testing.assert_close(alike.kept[name], alone.kept[name], atol=1e-12, rtol=0)
