"""nn.LSTMCell, nn.GRUCell and nn.RNNCell in a loop of the user's own, against a loop in float64."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from lstmviz import open_dump, record
from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import Collector, ModuleCall
from lstmviz.recording.hooks.modules import find_recorded
from support.budget import examples
from support.naive_recurrent import ALLOWED, STATES, States, as_array, check_close, scan

pytestmark = pytest.mark.usefixtures("one_thread")
CELLS: dict[str, Callable[..., nn.RNNCellBase]] = {
    "lstm": nn.LSTMCell,
    "gru": nn.GRUCell,
    "tanh": nn.RNNCell,
    "relu": lambda *a, **k: nn.RNNCell(*a, **k, nonlinearity="relu"),
}


def collector_of(cell: nn.Module, wanted: str = "hcifgorzn") -> Collector:
    (recorded,) = find_recorded(nn.ModuleDict({"cell": cell}))
    assert recorded.kind.layers("cell", cell) == ("cell.l0",)
    return recorded.kind.collect("cell", cell, lambda layer, state: layer == "cell.l0" and state in wanted)


def stepped(cell: nn.Module, xs: list[Tensor], state: Any, wanted: str = "hcifgorzn") -> tuple[dict[str, Tensor], list]:
    """Step a cell as people do; its states as recorded, (steps, batch, n_units), and what it returned."""
    collector, returned = collector_of(cell, wanted), []
    for x in xs:
        args = (x,) if state is None else (x, state)
        state = cell(*args)
        collector.take(ModuleCall("cell", cell, args, {}, state))
        returned.append(state)
    n_sequences = 1 if xs[0].dim() == 1 else len(xs[0])
    assert (collector.n_steps, collector.n_sequences, collector.lengths) == (len(xs), n_sequences, None)
    found = {s.source: s.values for s in collector.finish([len(xs)] * n_sequences)}
    assert not any(v.requires_grad for v in found.values())
    return found, returned


def twin_of(cell: nn.Module, xs: Tensor, state: Any, own_h: Tensor | None = None) -> States:
    """The states of a cell from xs (steps, batch, n_in)."""
    n = xs.shape[1]
    begin = (
        [torch.zeros(n, cell.hidden_size)] if state is None else list(state) if isinstance(state, tuple) else [state]
    )
    h, c = (as_array(begin[k]).reshape(n, -1) for k in (0, -1))
    found = scan(cell, "", as_array(xs), h, c, [len(xs)] * n, None if own_h is None else as_array(own_h))
    return {f"cell.l0.{s}": values for s, values in found.items()}


@pytest.mark.parametrize("dtype", ALLOWED, ids=str)
@pytest.mark.parametrize("is_batched", [True, False])
@pytest.mark.parametrize("kind", CELLS)
def test_every_state_of_a_loop_over_a_cell(kind, is_batched, dtype):
    for bias, has_hx, has_grad in product([False, True], repeat=3):
        torch.manual_seed(0)
        cell, xs = CELLS[kind](3, 4, bias=bias).to(dtype), torch.randn(20, 3 if is_batched else 1, 3).to(dtype)
        shape = (3, 4) if is_batched else (4,)
        start = [torch.randn(shape).to(dtype) for _ in range(2)]
        state = None if not has_hx else tuple(start) if kind == "lstm" else start[0]
        with torch.set_grad_enabled(has_grad):
            found, returned = stepped(cell, list(xs if is_batched else xs[:, 0]), state)
        assert [name[-1] for name in found] == list(STATES[type(cell).__name__.removesuffix("Cell")])
        for letter, own in zip("hc", zip(*returned, strict=True) if kind == "lstm" else [returned], strict=False):
            assert torch.equal(found[f"cell.l0.{letter}"], torch.stack(own).view(20, -1, 4))
        twin = twin_of(cell, xs, state, found["cell.l0.h"] if dtype.itemsize == 2 else None)
        check_close(found, twin, [20] * xs.shape[1], dtype)


@examples(30)
@given(
    kind=st.sampled_from(list(CELLS)),
    n_in=st.integers(1, 9),
    n_units=st.integers(1, 20),
    n_steps=st.integers(1, 60),
    n_sequences=st.integers(1, 5),
    seed=st.integers(0, 2**31),
)
def test_random_shapes(kind, n_in, n_units, n_steps, n_sequences, seed):
    torch.manual_seed(seed)
    cell, xs = CELLS[kind](n_in, n_units).double(), torch.randn(n_steps, n_sequences, n_in).double()
    found, _ = stepped(cell, list(xs), None)
    check_close(found, twin_of(cell, xs, None), [n_steps] * n_sequences, xs.dtype)


@pytest.mark.parametrize("kind", CELLS)
def test_states_absent_at_every_call_are_zeros(kind):
    torch.manual_seed(0)
    cell, xs = CELLS[kind](3, 4), torch.randn(5, 2, 3)
    collector = collector_of(cell)
    for x in xs:
        collector.take(ModuleCall("cell", cell, (), {"input": x}, cell(x)))
    found = {s.source: s.values for s in collector.finish([5, 5])}
    for t in range(5):
        check_close({n: v[t : t + 1] for n, v in found.items()}, twin_of(cell, xs[t : t + 1], None), [1, 1], xs.dtype)


@pytest.mark.parametrize("kind", CELLS)
def test_states_changed_in_place_between_calls_are_those_that_each_call_read(kind):
    torch.manual_seed(0)
    cell, x = CELLS[kind](3, 4), torch.empty(2, 3)
    collector, twins, state = collector_of(cell), [], None
    with torch.no_grad():
        for t in range(6):
            x.normal_()
            read = x[None].clone(), None if state is None else tuple(s.clone() for s in state)
            given = state if state is None or kind == "lstm" else state[0]
            output = cell(x, given)
            collector.take(ModuleCall("cell", cell, (x, given), {}, output))
            state = output if kind == "lstm" else (output,)
            twins.append(twin_of(cell, *read))
            if t % 2:
                state[-1][0] = 0.0  # one sequence begins anew
    found = {s.source: s.values for s in collector.finish([6, 6])}
    for t, twin in enumerate(twins):
        check_close({n: v[t : t + 1] for n, v in found.items()}, twin, [1, 1], torch.float32)


@pytest.mark.parametrize("has_step", [False, True])
def test_weights_that_change_between_calls_are_those_that_each_call_read(has_step):
    torch.manual_seed(0)
    cell, xs = nn.LSTMCell(3, 4), torch.randn(4, 2, 3)
    collector, twins = collector_of(cell), []
    raw = cell.weight_hh.detach().clone()
    if not has_step:
        del cell._parameters["weight_hh"]
    state = (torch.randn(2, 4), torch.randn(2, 4))
    with torch.no_grad():
        for t, x in enumerate(xs):
            if has_step:
                cell.weight_hh.mul_(0.5)
            else:
                cell.weight_hh = raw * (t + 1)  # as a weight-drop wrapper does before each call
            output = cell(x, state)
            collector.take(ModuleCall("cell", cell, (x, state), {}, output))
            twins.append(twin_of(cell, x[None], state))
    found = {s.source: s.values for s in collector.finish([4, 4])}
    for t, twin in enumerate(twins):
        check_close({n: v[t : t + 1] for n, v in found.items()}, twin, [1, 1], torch.float32)


def test_a_parametrized_cell_is_recorded_in_eval_mode_and_refused_in_training():
    torch.manual_seed(0)
    cell, xs = parametrizations.spectral_norm(nn.GRUCell(3, 4), "weight_hh"), torch.randn(20, 2, 3)
    with pytest.raises(RecordingError, match=r"\Acell is in training mode [^\n]*parametrized[^\n]*model\.eval\(\)"):
        find_recorded(nn.ModuleDict({"cell": cell}))
    cell.eval()
    found, _ = stepped(cell, list(xs), None)
    check_close(found, twin_of(cell, xs, None), [20, 20], xs.dtype)


def test_a_cell_that_runs_on_after_training_has_begun_is_refused():
    cell = parametrizations.weight_norm(nn.GRUCell(3, 4), "weight_hh").eval()
    collector = collector_of(cell)
    cell.train()
    with pytest.raises(RecordingError, match="training mode"):
        collector.take(ModuleCall("cell", cell, (torch.ones(2, 3),), {}, torch.ones(2, 4)))


class Halved(nn.GRUCell):
    """Not a GRU any more."""

    def forward(self, input, hx=None):
        return super().forward(input, hx) * 0.5


class Peephole(nn.LSTMCell):
    """Another cell under the same name."""

    def forward(self, input, hx=None):
        h, c = super().forward(input, hx)
        return h * torch.sigmoid(c), c


@pytest.mark.parametrize(("kind", "states"), [(Halved, "h"), (Halved, "hrzn"), (Peephole, "h"), (Peephole, "c")])
def test_a_cell_that_is_another_inside_fails_the_self_check(kind, states):
    name = kind.__bases__[0].__name__
    line = rf"\Acell: the recomputed . of cell\.l0 is off by \S* at step \d+, so [^\n]* nn\.{name} computes; [^\n]*\Z"
    with pytest.raises(RecordingError, match=line):
        stepped(kind(3, 8), list(torch.randn(20, 2, 3)), None, states)


class Bare(nn.LSTMCell):
    """Returns h alone."""

    def forward(self, input, hx=None):
        return super().forward(input, hx)[0]


class Embedded(nn.GRUCell):
    """Takes ids where a cell takes vectors."""

    def forward(self, input, hx=None):
        return super().forward(nn.functional.one_hot(input, 3).float(), hx)


@pytest.mark.parametrize(("kind", "x"), [(Bare, torch.ones(2, 3)), (Embedded, torch.ones(2, dtype=int))])
def test_a_cell_that_is_called_in_another_way(kind, x):
    line = rf"\Acell is a {kind.__name__} whose forward takes or returns something else [^\n]* write_dump [^\n]*\Z"
    with pytest.raises(RecordingError, match=line):
        stepped(kind(3, 8), [x], None)


def test_a_batch_that_grows_between_calls():
    cell = nn.LSTMCell(3, 4)
    collector = collector_of(cell)
    collector.take(ModuleCall("cell", cell, (torch.ones(2, 3),), {}, cell(torch.ones(2, 3))))
    line = r"\Acell ran over 2 sequences and then over 3 inside one run\.batch; [^\n]*\Z"
    with pytest.raises(RecordingError, match=line):
        collector.take(ModuleCall("cell", cell, (torch.ones(3, 3),), {}, cell(torch.ones(3, 3))))


@pytest.mark.parametrize("kind", CELLS)
def test_a_batch_that_shrinks_as_its_sequences_end(kind):
    torch.manual_seed(0)
    cell, xs, lengths = CELLS[kind](3, 4), torch.randn(5, 4, 3), (5, 3, 3, 1)
    collector, state = collector_of(cell), None
    with torch.no_grad():
        for t, x in enumerate(xs):
            n = sum(t < length for length in lengths)
            state = tuple(s[:n] for s in state) if isinstance(state, tuple) else state if state is None else state[:n]
            args = (x[:n], state)
            state = cell(*args)
            collector.take(ModuleCall("cell", cell, args, {}, state))
    assert (collector.n_steps, collector.n_sequences, collector.lengths) == (5, 4, lengths)
    found = {s.source: s.values for s in collector.finish(lengths)}
    check_close(found, twin_of(cell, xs, None), lengths, torch.float32)


def test_the_lengths_of_a_recording_follow_from_calls_that_shrink(tmp_path):
    model, xs, lengths = nn.ModuleDict({"cell": nn.GRUCell(3, 4)}), torch.randn(5, 3, 3), [5, 3, 1]
    with record(model, tmp_path / "a.h5") as run, torch.no_grad():
        for given in (None, lengths):
            h = torch.zeros(3, 4)
            with run.batch(lengths=given):
                for t, x in enumerate(xs):
                    n = sum(t < length for length in lengths)
                    h = model["cell"](x[:n], h[:n])
    sequences = open_dump(tmp_path / "a.h5").sequences
    assert (sequences["stop"] - sequences["start"]).tolist() == lengths * 2


def _in_place(state: Tensor, how: str) -> None:
    if how == "data":
        state.data[..., 0, :] = 0.0
    elif how == "numpy":
        state.numpy()[..., 0, :] = 0.0
    else:
        state[..., 0, :] = 0.0


@pytest.mark.parametrize("how", ["inference", "data", "numpy"])
@pytest.mark.parametrize("make", [nn.GRUCell, nn.LSTMCell, nn.GRU, nn.LSTM])
def test_states_that_are_reset_where_torch_does_not_count_it(make, how):
    torch.manual_seed(0)
    module, xs, state, twins = make(3, 4), torch.randn(30, 2, 3), None, []
    is_cell, is_lstm = isinstance(module, nn.RNNCellBase), "LSTM" in make.__name__
    (recorded,) = find_recorded(nn.ModuleDict({"cell": module}))
    collector = recorded.kind.collect("cell", module, lambda layer, state: True)
    cell = module if is_cell else {nn.GRU: nn.GRUCell, nn.LSTM: nn.LSTMCell}[make](3, 4)
    for name, weight in () if is_cell else module.state_dict().items():
        getattr(cell, name.removesuffix("_l0")).data.copy_(weight)
    with torch.inference_mode() if how == "inference" else torch.no_grad():
        for t in range(30):
            states = () if state is None else state if isinstance(state, tuple) else (state,)
            if t in (5, 9, 10):
                _in_place(states[t % len(states)], how)
            read = tuple(s.reshape(2, 4).clone() for s in states)
            x = xs[t] if is_cell else xs[t : t + 1]
            output = module(x, state)
            collector.take(ModuleCall("cell", module, (x, state), {}, output))
            state = output if is_cell else output[1]
            twins.append(twin_of(cell, xs[t : t + 1], None if not read else read if is_lstm else read[0]))
    found = {s.source: as_array(s.values) for s in collector.finish([30, 30])}
    for t, twin in enumerate(twins):
        assert max(abs(values[t] - twin[name][0]).max() for name, values in found.items()) < 1e-5


@pytest.mark.parametrize("make", [nn.GRUCell, nn.LSTMCell, nn.RNNCell])
def test_a_batch_of_no_sequences_says_so(make):
    with pytest.raises(RecordingError, match=r"\Acell ran over a batch of 0 sequences; [^\n]*\Z"):
        stepped(make(3, 4), [torch.ones(0, 3)], None)


@pytest.mark.parametrize("states", ["h", "hcifgo"])
def test_weights_that_change_where_torch_does_not_count_it_are_named(states):
    torch.manual_seed(0)
    cell = nn.LSTMCell(3, 4)
    collector = collector_of(cell, states)
    with torch.no_grad():
        for t in range(4):
            if t == 2:
                cell.weight_hh.data.mul_(3)
                cell.bias_hh.data.add_(1)
            x = torch.ones(2, 3)
            collector.take(ModuleCall("cell", cell, (x,), {}, cell(x)))
    with pytest.raises(RecordingError, match=r"\Acell: its weights changed during the batch, [^\n]*\Z"):
        list(collector.finish([4, 4]))
