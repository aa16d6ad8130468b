"""The states of one LSTM call, against slow twins and the module's own output."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lstmviz.errors import RecordingError
from lstmviz.recording.call import ModuleCall
from lstmviz.recording.lstm import lstm_states
from twin_lstm import cells_by_loop, h_by_stack


def every(layer: str, state: str) -> bool:
    """Ask for every state."""
    return True


def call_of(lstm: nn.LSTM, x: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> ModuleCall:
    """Run an LSTM on x of (batch, steps, n_in), in its own layout."""
    x = x if lstm.batch_first else x.transpose(0, 1)
    return ModuleCall("rnn", lstm, (x,), {"hx": hx}, lstm(x, hx))


def check_exact(lstm: nn.LSTM, x: Tensor, lengths: list[int], hx: tuple[Tensor, Tensor] | None = None) -> None:
    call = call_of(lstm, x, hx)
    found = {s.source: s.values.transpose(0, 1) for s in lstm_states(call, every, lengths)}
    assert not any(v.requires_grad for v in found.values())
    assert list(found) == [f"rnn.l{k}.{s}" for k in range(lstm.num_layers) for s in ("h", "c")]
    own = call.output[0].detach()
    assert torch.equal(found[f"rnn.l{lstm.num_layers - 1}.h"], own if lstm.batch_first else own.transpose(0, 1))
    last = call.output[1][0].detach()
    stacked = h_by_stack(lstm, x, hx)
    _, cells = cells_by_loop(lstm, x, hx)
    for layer in range(lstm.num_layers):
        assert torch.equal(found[f"rnn.l{layer}.h"], stacked[layer])
        assert torch.equal(found[f"rnn.l{layer}.h"][:, -1], last[layer])
        torch.testing.assert_close(found[f"rnn.l{layer}.c"], cells[layer], rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("n_units", [1, 7, 50, 128])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("has_hx", [True, False])
@pytest.mark.parametrize("has_grad", [True, False])
def test_states_equal_the_module_and_a_loop_of_cells(n_layers, n_units, batch_first, bias, has_hx, has_grad):
    torch.manual_seed(n_units + n_layers)
    lstm = nn.LSTM(5, n_units, n_layers, bias=bias, batch_first=batch_first).eval()
    hx = (torch.randn(n_layers, 3, n_units), torch.randn(n_layers, 3, n_units)) if has_hx else None
    with torch.set_grad_enabled(has_grad):
        check_exact(lstm, torch.randn(3, 35, 5), [35, 17, 1], hx)


@settings(max_examples=30, deadline=None)
@given(
    n_in=st.integers(1, 9),
    n_units=st.integers(1, 20),
    n_layers=st.integers(1, 3),
    batch_first=st.booleans(),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    scale=st.sampled_from([0.1, 1.0, 4.0]),
    seed=st.integers(0, 2**31),
)
def test_states_on_random_shapes(n_in, n_units, n_layers, batch_first, lengths, scale, seed):
    torch.manual_seed(seed)
    lstm = nn.LSTM(n_in, n_units, n_layers, batch_first=batch_first)
    check_exact(lstm, scale * torch.randn(len(lengths), max(lengths), n_in), lengths)


def test_many_chunks_of_steps_are_one_scan():
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 128, batch_first=True)
    check_exact(lstm, torch.randn(1, 4000, 3), [4000])


def test_float64_model_keeps_float64():
    lstm = nn.LSTM(3, 6, 2, batch_first=True).double()
    x = torch.randn(2, 20, 3, dtype=torch.float64)
    values = [s.values for s in lstm_states(call_of(lstm, x), every, [20, 20])]
    assert {v.dtype for v in values} == {torch.float64}
    _, cells = cells_by_loop(lstm, x)
    torch.testing.assert_close(values[-1].transpose(0, 1), cells[-1], rtol=0, atol=1e-13)


@pytest.mark.parametrize(("dtype", "allowed"), [(torch.float16, 1e-3), (torch.bfloat16, 1e-2)])
def test_half_precision_model_has_its_cell_state_in_float32(dtype, allowed):
    torch.manual_seed(1)
    lstm = nn.LSTM(3, 6, batch_first=True).to(dtype)
    x = torch.randn(2, 20, 3).to(dtype)
    with torch.no_grad():
        h, c = (s.values for s in lstm_states(call_of(lstm, x), every, [20, 20]))
    assert (h.dtype, c.dtype) == (dtype, torch.float32)
    _, cells = cells_by_loop(lstm.double(), x.double())
    torch.testing.assert_close(c.transpose(0, 1).double(), cells[0], rtol=0, atol=allowed)


def test_a_counter_that_runs_into_the_thousands_passes_the_self_check():
    torch.manual_seed(0)
    lstm = nn.LSTM(4, 16, batch_first=True)
    with torch.no_grad():
        lstm.bias_ih_l0[16:32] += 12.0
        lstm.bias_ih_l0[:16] += 8.0
        lstm.bias_ih_l0[32:48] += 8.0
    *_, c = lstm_states(call_of(lstm, torch.randn(2, 3000, 4)), every, [3000, 3000])
    assert c.values.abs().max() > 1000


def test_nan_weights_are_recorded_not_refused():
    lstm = nn.LSTM(3, 4, batch_first=True)
    with torch.no_grad():
        lstm.weight_ih_l0[1] = float("nan")
    h, c = lstm_states(call_of(lstm, torch.randn(2, 5, 3)), every, [5, 5])
    assert h.values.isnan().any()
    assert c.values.isnan().any()


def test_weights_replaced_at_run_time_are_the_ones_used():
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 4, 2, batch_first=True)
    raw = lstm.weight_hh_l0.detach()
    del lstm._parameters["weight_hh_l0"]
    lstm.weight_hh_l0 = raw * 0.5  # as a weight-drop wrapper does before each call
    x = torch.randn(2, 5, 3)
    *_, c = lstm_states(call_of(lstm, x), every, [5, 5])
    _, cells = cells_by_loop(lstm, x)
    torch.testing.assert_close(c.values.transpose(0, 1), cells[1], rtol=0, atol=1e-5)


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


@pytest.mark.parametrize("kind", [Halved, Swapped])
def test_a_module_that_is_no_lstm_inside_fails_the_self_check(kind):
    torch.manual_seed(0)
    lstm = kind(3, 8, batch_first=True)
    with pytest.raises(
        RecordingError, match=r"^rnn: the recomputed . of layer 0 is off by .* at step \d+, so"
    ) as caught:
        list(lstm_states(call_of(lstm, torch.randn(2, 20, 3)), every, [20, 20]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("step", "lengths"), [(16, [60, 60]), (29, [30, 60])])
def test_the_self_check_looks_at_every_16th_step_and_each_last_one(step, lengths):
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 8, batch_first=True)
    call = call_of(lstm, torch.randn(2, 60, 3))
    with torch.no_grad():
        call.output[0][0, step] += 0.01
    with pytest.raises(RecordingError, match=f"recomputed h of layer 0 .* at step {step},"):
        list(lstm_states(call, lambda _, s: s == "c", lengths))


def test_a_lower_layer_that_is_no_lstm_is_noticed_without_c():
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 8, 2, batch_first=True)
    call = call_of(lstm, torch.randn(2, 20, 3))
    with torch.no_grad():
        call.output[1][0][0] += 0.1
    with pytest.raises(RecordingError, match="recomputed h of layer 0"):
        list(lstm_states(call, lambda _, s: s == "h", [20, 20]))
