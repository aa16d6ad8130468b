"""What modules and logs tell of their lengths, calls of one step under autocast, and what a batch leaves behind."""

from __future__ import annotations

import gc
import weakref
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import lstmviz
from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.batch.axis_batch import AxisBatch

LENGTHS = [5, 3, 2]


class LeakyCell(nn.Module):
    """A cell that lstmviz does not know, logged in a loop that leaves sequences out as they end."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(3 + 4, 4)

    def forward(self, x, lengths, log):
        h = torch.zeros(len(x), 4)
        for t in range(max(lengths)):
            n = sum(t < length for length in lengths)
            h = 0.5 * h[:n] + self.mix(torch.cat([x[:n, t], h[:n]], 1)).tanh()
            log(h)


class TwoPacked(nn.Module):
    """Two modules that read packed inputs of lengths of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.LSTM(3, 4, batch_first=True), nn.GRU(3, 4, batch_first=True)

    def forward(self, x, of_a, of_b):
        for module, lengths in ((self.a, of_a), (self.b, of_b)):
            packed = x if lengths is None else pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            module(packed)


@pytest.mark.parametrize("told", [{}, {"lengths": LENGTHS}, {"tokens": torch.zeros(3, 5, dtype=torch.long)}])
def test_steps_that_are_logged_of_fewer_and_fewer_sequences(tmp_path, told):
    torch.manual_seed(0)
    cell, x, logged = LeakyCell().eval(), torch.randn(3, 5, 3), []
    with lstmviz.record(cell, tmp_path / "run.h5", dtype="float32") as run, torch.no_grad(), run.batch(**told):

        def log(h):
            logged.append(h.clone())
            run.log_step("cell.l0.h", h)

        cell(x, LENGTHS, log)
    dump = lstmviz.open_dump(tmp_path / "run.h5")
    assert dump.sequences["stop"].tolist() == [5, 8, 10]
    expected = [logged[t][i].numpy() for i, n in enumerate(LENGTHS) for t in range(n)]
    assert np.array_equal(dump.states("cell.l0.h")[:], expected)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ([(2, 4), (3, 4)], "(2, 4) and then (3, 4)"),
        ([(2, 4), (2, 5)], "(4,) and then (5,)"),
        ([(3, 4), (2, 4), (3, 4)], "(2, 4) and then (3, 4)"),
        ([(3, 2, 4), (2, 2, 4)], "(3, 4) and then (2, 4)"),  # two steps at once
    ],
)
def test_a_log_that_grows_or_changes_its_size(tmp_path, sizes, said):
    with pytest.raises(RecordingError, match=r"log one (size|shape)") as refused:
        log_zeros(tmp_path / "run.h5", sizes)
    assert said in str(refused.value)


def test_a_log_of_other_lengths_than_the_batch(tmp_path):
    with pytest.raises(RecordingError, match=r"x was logged for 1 steps of sequence 1, and the batch says 2"):
        log_zeros(tmp_path / "run.h5", [(2, 3), (1, 3)], lengths=[2, 2])


def log_zeros(path, sizes, **told):
    with lstmviz.record(nn.Linear(2, 2), path) as run, run.batch(**told):
        for size in sizes:
            (run.log_step if len(size) == 2 else run.log)("x", torch.zeros(size))


@pytest.mark.parametrize(
    ("of_a", "of_b", "given", "said"),
    [
        ([5, 3], [3, 5], {}, "b ran over 3 steps of sequence 0, and others on its time axis over 5"),
        ([3, 2], [5, 5], {}, "b ran over 5 steps of sequence 0, and others on its time axis over 3"),
        (None, [5, 3], {"tokens": torch.zeros(2, 5, dtype=torch.long)}, "b ran over 3 steps of sequence 1"),
        ([5, 3], [5, 2], {"lengths": [5, 3]}, "b ran over 2 steps of sequence 1, and the batch says 3"),
    ],
)
def test_modules_of_unlike_lengths_on_one_axis_are_refused(tmp_path, of_a, of_b, given, said):
    model = TwoPacked().eval()
    with (
        pytest.raises(RecordingError) as refused,
        lstmviz.record(model, tmp_path / "run.h5") as run,
        torch.no_grad(),
        run.batch(**given),
    ):
        model(torch.randn(2, 5, 3), of_a, of_b)
    assert said in str(refused.value)


def test_modules_of_unlike_lengths_on_axes_of_their_own(tmp_path):
    model = TwoPacked().eval()
    with lstmviz.record(model, tmp_path / "run.h5", axes={"one": "a", "two": "b"}) as run, torch.no_grad(), run.batch():
        model(torch.randn(2, 5, 3), [5, 3], [3, 4])
    dump = lstmviz.open_dump(tmp_path / "run.h5")
    assert [dump.axis(name).sequences["stop"].tolist() for name in ("one", "two")] == [[5, 8], [3, 7]]


def test_documents_that_come_in_another_order(tmp_path):
    rnn, batches = nn.GRU(3, 4, batch_first=True).eval(), {(3, 0): [2, 4], (2, 5): [3, 1], (1,): [2]}
    with lstmviz.record(rnn, tmp_path / "run.h5") as run, torch.no_grad():
        for numbers, lengths in batches.items():
            told = {"documents": torch.tensor(numbers), "sequence_tracks": {"number": list(numbers)}}
            with run.batch(lengths=lengths, **told):
                rnn(torch.randn(len(lengths), max(lengths), 3))
    sequences = lstmviz.open_dump(tmp_path / "run.h5").sequences
    assert sequences["number"].tolist() == [0, 1, 2, 3, 5]
    assert sequences["stop"].tolist() == [4, 6, 9, 11, 12]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"documents": [1, 1]}, "documents has a number twice"),
        ({"documents": [1]}, "give a whole number of 0 or more for each of the 2 sequences"),
        ({"documents": [0.5, 1]}, "documents are float64"),
        ({"documents": [-1, 1]}, "a whole number of 0 or more"),
        ({"documents": [0, 1], "continues": [True, False]}, "documents and continues are both given"),
    ],
)
def test_documents_that_are_none(tmp_path, given, said):
    run = lstmviz.record(nn.GRU(3, 4), tmp_path / "run.h5")
    with pytest.raises(InputError) as refused, run:
        run.batch(tokens=[[1, 2], [3, 4]], **given)
    assert said in str(refused.value)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_gates_of_calls_of_one_step_under_autocast(tmp_path, kind):
    """What goes into a product is rounded as autocast rounds it, in a fused call, single steps and a cell alike."""
    torch.manual_seed(0)
    fused, cell = getattr(nn, kind)(8, 16).eval(), getattr(nn, f"{kind}Cell")(8, 16).eval()
    with torch.no_grad():
        for name, weight in cell.named_parameters():
            weight.copy_(getattr(fused, f"{name}_l0"))
    x, found = 3 * torch.randn(6, 4, 8), {}

    def record(name, module, run_it):
        options = {"states": ("h", "gates"), "dtype": "float32"}
        with lstmviz.record(module, tmp_path / name, **options) as run, run.batch():
            run_it()
        dump = lstmviz.open_dump(tmp_path / name)
        found[name] = {source.rsplit(".", 1)[1]: dump.states(source)[:] for source in dump.sources}

    def step_by_step():
        state = None
        for step in x:
            state = fused(step[None], state)[1]

    own, before = [], [torch.zeros(4, 16)]

    def loop():
        state = None
        for step in x:
            state = cell(step, state)
            own.append(state[0] if kind == "LSTM" else state)
            before.append(own[-1])

    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        record("fused", fused, lambda: fused(x))
        record("steps", fused, step_by_step)
        record("cell", cell, loop)
    for state, values in found["fused"].items():
        assert np.array_equal(found["steps"][state], values), state
    assert np.array_equal(found["cell"]["h"], torch.stack(own).transpose(0, 1).reshape(-1, 16).float().numpy())

    def rounded(values):
        return values.bfloat16().double()

    weights = {name: rounded(weight.detach()) for name, weight in cell.named_parameters()}
    both = torch.stack([rounded(s) for s in x]) @ weights["weight_ih"].T + weights["bias_ih"]
    both += torch.stack([rounded(h) for h in before[:-1]]) @ weights["weight_hh"].T + weights["bias_hh"]
    first = both[..., :16].sigmoid().transpose(0, 1).reshape(-1, 16).numpy()
    assert np.abs(found["cell"]["i" if kind == "LSTM" else "r"] - first).max() < 1e-6


@pytest.mark.parametrize("fails", [False, True])
def test_a_batch_leaves_nothing_to_the_garbage_collector(tmp_path, monkeypatch, fails):
    made = []
    begin = AxisBatch.__init__

    def seen(self, *args):
        begin(self, *args)
        made.append(weakref.ref(self))

    monkeypatch.setattr(AxisBatch, "__init__", seen)
    model, ids = nn.LSTM(3, 4, batch_first=True).eval(), torch.zeros(2, 5, dtype=torch.long)
    with lstmviz.record(model, tmp_path / "run.h5") as run, torch.no_grad():
        with run.batch(tokens=ids):
            model(torch.randn(2, 5, 3))
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                with suppress(RecordingError), run.batch(tokens=ids), suppress(RecordingError):
                    model(torch.randn(2, 7 if fails else 5, 3))
            assert [ref() for ref in made] == [None] * 4
        finally:
            gc.enable()
    assert lstmviz.open_dump(tmp_path / "run.h5").n_steps == (10 if fails else 40)
