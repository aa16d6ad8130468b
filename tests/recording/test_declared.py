"""Cells of the user's own, described by ``cells=`` in place of a hook."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.errors import InputError, RecordingError
from support.recording import one_line

IDS = torch.tensor([[1, 2, 3, 4, 5], [3, 3, 1, 2, 0]])


class Both(NamedTuple):
    h: torch.Tensor
    c: torch.Tensor


class Cell(nn.Module):
    """A peephole cell that also hands out its gates; ``shape`` is how it returns them."""

    def __init__(self, shape="tuple") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.mix, self.shape = nn.Linear(4 + 6, 18), shape

    def forward(self, x, state):
        h, c = state
        i, f, g = self.mix(torch.cat([x, h + 0.1 * c], dim=1)).chunk(3, dim=1)
        i, f = i.sigmoid(), f.sigmoid()
        c = f * c + i * g.tanh()
        h = c.tanh()
        return {
            "tuple": (h, c),
            "nested": (h, (h, c), {"i": i, "f": f}),
            "dict": {"state": Both(h, c), "gates": [i, f]},
            "tensor": h,
        }[self.shape]


class Model(nn.Module):
    """A loop over a cell; ``swapped`` calls it with the state by name and before its input."""

    def __init__(self, cell, drops=False) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.embed, self.cell, self.drops = nn.Embedding(6, 4), cell, drops

    def forward(self, ids):
        state, trace = (torch.zeros(len(ids), 6),) * 2, []
        for t in range(ids.shape[1]):
            n = len(ids) - (self.drops and t > 2)
            out = self.cell(self.embed(ids[:n, t]), tuple(s[:n] for s in state))
            if self.cell.shape == "dict":
                state = out["state"]
            elif self.cell.shape == "nested":
                state = out[1]
            else:
                state = out if isinstance(out, tuple) else (out, state[1][:n])
            trace.append(state)
        return trace


OUTPUTS = {
    "tuple": lstmviz.CellOutputs(h=0, c=1),
    "nested": lstmviz.CellOutputs(h=(1, 0), c=(1, 1), i=(2, "i"), f=(2, "f")),
    "dict": lstmviz.CellOutputs(h=("state", "h"), c=("state", "c"), keep=("gates", 1)),
    "tensor": lstmviz.CellOutputs(h=()),
}


def recorded(path, model, **options):
    with torch.no_grad(), lstmviz.record(model, path, dtype="float32", **options) as run, run.batch(tokens=IDS):
        trace = model(IDS)
    return lstmviz.open_dump(path), trace


@pytest.mark.parametrize("shape", OUTPUTS)
@pytest.mark.parametrize("key", [Cell, "cell", "ce*"])
def test_states_are_where_they_are_said_to_be(tmp_path, shape, key):
    outputs = OUTPUTS[shape]
    dump, trace = recorded(tmp_path / "a.h5", Model(Cell(shape)), cells={key: outputs})
    assert list(dump.sources) == [f"cell.l0.{state}" for state in outputs.places]
    h = torch.stack([h for h, _ in trace], dim=1).flatten(0, 1)
    assert np.array_equal(dump.states("cell.l0.h")[:], h)
    if "c" in outputs.places:
        c = torch.stack([c for _, c in trace], dim=1).flatten(0, 1)
        assert np.array_equal(dump.states("cell.l0.c")[:], c)
        assert dump.sources["cell.l0.c"].view == "tanh"
    if "keep" in outputs.places:
        gate = dump.states("cell.l0.keep")[:]
        assert gate.shape == (10, 6)
        assert ((gate > 0) & (gate < 1)).all()
    assert dump.provenance["tokens"] == "checked"
    assert "not_run" not in dump.provenance


def test_tokens_that_the_cell_did_not_read_are_refused(tmp_path):
    model = Model(Cell())
    recording = lstmviz.record(model, tmp_path / "a.h5", cells={Cell: OUTPUTS["tuple"]})
    with (
        one_line(RecordingError, "cell read other tokens"),
        torch.no_grad(),
        recording as run,
        run.batch(tokens=IDS.roll(1, 1)),
    ):
        model(IDS)


class StateFirst(nn.Module):
    """A cell whose state comes first, so that its first argument holds the token before."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.cell = nn.Embedding(6, 4), Reversed()

    def forward(self, ids):
        h = torch.zeros(len(ids), 4)
        for t in range(ids.shape[1]):
            h = self.cell(h, self.embed(ids[:, t]))


class Reversed(nn.Module):
    def forward(self, h, x):
        return 0.5 * h + x.tanh()


def test_a_cell_whose_state_comes_first(tmp_path):
    dump, _ = recorded(tmp_path / "a.h5", StateFirst(), cells={Reversed: lstmviz.CellOutputs(h=())})
    assert dump.provenance["tokens"] == "checked"
    assert dump.tokens[:] == [str(i) for i in IDS.flatten().tolist()]


def test_sequences_that_end_are_dropped(tmp_path):
    model = Model(Cell(), drops=True)
    with torch.no_grad(), lstmviz.record(model, tmp_path / "a.h5", cells={Cell: OUTPUTS["tuple"]}) as run, run.batch():
        model(IDS)
    assert lstmviz.open_dump(tmp_path / "a.h5").sequences["stop"].tolist() == [5, 8]


def test_it_stands_beside_modules_of_torch_and_options(tmp_path):
    model = Model(Cell("nested"))
    model.rnn = nn.GRU(4, 3, batch_first=True)
    recording = lstmviz.record(model, tmp_path / "a.h5", cells={Cell: OUTPUTS["nested"]}, units=[0, 2])
    with torch.no_grad(), recording as run, run.batch(tokens=IDS):
        model(IDS)
        model.rnn(model.embed(IDS))
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert list(dump.sources) == ["cell.l0.h", "cell.l0.c", "cell.l0.i", "cell.l0.f", "rnn.l0.h"]
    assert dump.sources["cell.l0.f"].units == (0, 2)


@pytest.mark.parametrize(
    ("shape", "outputs", "words"),
    [
        ("tuple", {"h": 2}, "cell returns a tuple of 2, and cells says h=2, where there is nothing"),
        ("nested", {"h": (2, "o")}, "cells says h=(2, 'o'), where there is nothing"),
        ("nested", {"h": 1}, "where there is a tuple of 2"),
        ("tensor", {"h": 0}, "cell returns a tensor (2, 6), and cells says h=0"),
    ],
)
def test_a_place_where_there_is_no_state_is_told(tmp_path, shape, outputs, words):
    model = Model(Cell(shape))
    with one_line(RecordingError, words), torch.no_grad():
        recorded(tmp_path / "a.h5", model, cells={Cell: lstmviz.CellOutputs(**outputs)})


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({nn.Bilinear: OUTPUTS["tuple"]}, "cells names Bilinear, and no module of the model is one; there is Model"),
        ({"encoder.cell": OUTPUTS["tuple"]}, "cells names encoder.cell"),
        ({Cell: (0, 1)}, "give cells={MyCell: lstmviz.CellOutputs"),
        ([Cell], "cells is no mapping"),
    ],
)
def test_a_description_that_fits_nothing_is_refused(tmp_path, cells, words):
    with one_line(RecordingError, words):
        lstmviz.record(Model(Cell()), tmp_path / "a.h5", cells=cells)


@pytest.mark.parametrize(("places", "words"), [({}, "names no state"), ({"h": 0.5}, "h=0.5"), ({"h": True}, "h=True")])
def test_a_place_is_an_index_or_a_key(places, words):
    with one_line(InputError, words):
        lstmviz.CellOutputs(**places)
