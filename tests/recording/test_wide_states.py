"""States that are no vector: matrices are logged as they are, and their units are named by their indices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.errors import InputError, RecordingError


class Selective(nn.Module):
    """A selective state space, as in Mamba: a state (batch, d_inner, n) that decays as the input says."""

    def __init__(self, n_vocab: int, d_inner: int = 6, n: int = 4) -> None:
        super().__init__()
        self.embed, self.step = nn.Embedding(n_vocab, d_inner), nn.Linear(d_inner, d_inner)
        self.write, self.read = nn.Linear(d_inner, n), nn.Linear(d_inner, n)
        self.decay, self.out = nn.Parameter(torch.rand(d_inner, n)), nn.Linear(d_inner, n_vocab)

    def forward(self, ids, seen=None):
        x = self.embed(ids)
        state, outputs = torch.zeros(len(ids), *self.decay.shape), []
        for now in x.unbind(dim=1):
            dt = nn.functional.softplus(self.step(now))[..., None]
            state = torch.exp(-dt * self.decay) * state + dt * self.write(now)[:, None] * now[..., None]
            outputs.append((state * self.read(now)[:, None]).sum(-1))
            if seen is not None:
                seen(state)
        return self.out(torch.stack(outputs, dim=1))


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Selective(5).eval()


IDS = torch.tensor([[0, 1, 2, 3], [4, 3, 2, 1]])


def test_a_matrix_is_logged_step_by_step_and_its_units_have_their_indices(tmp_path, model):
    kept = []

    def see(state):
        kept.append(state)
        run.log_step("ssm.l0.h", state)

    recording = lstmviz.record(model, tmp_path / "a.h5", list("abcde"), dtype="float32")
    with torch.no_grad(), recording as run, run.batch(tokens=IDS):
        model(IDS, see)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    source = dump.source("ssm.l0.h")
    assert source.n_units == 24
    assert (source.names[0], source.names[5], source.names[23]) == ("0,0", "1,1", "5,3")
    wanted = torch.stack(kept, dim=1).flatten(2)  # (batch, steps, units)
    np.testing.assert_array_equal(dump.states("ssm.l0.h")[:], wanted.flatten(0, 1).numpy())
    assert dump.states("ssm.l0.h")[2, 4 * 3 + 1] == kept[2][0, 3, 1].item()


def test_a_whole_array_may_be_wide_and_some_units_keep_their_names(tmp_path):
    values = torch.arange(2 * 3 * 2 * 4, dtype=torch.float32).reshape(2, 3, 2, 4)
    with lstmviz.record(nn.Identity(), tmp_path / "b.h5", units=[1, 6], dtype="float32") as run, run.batch():
        run.log("memory", values)
    dump = lstmviz.open_dump(tmp_path / "b.h5")
    assert dump.source("memory").names == ("0,1", "1,2")
    np.testing.assert_array_equal(dump.states("memory")[0], values[0, 0].flatten()[[1, 6]].numpy())


def log(path, *shapes):
    with lstmviz.record(nn.Identity(), path) as run:
        for shape in shapes:
            with run.batch():
                run.log("memory", torch.zeros(shape))


def test_one_shape_is_logged_under_one_name(tmp_path):
    with pytest.raises(RecordingError, match=r"logged with units of shape \(2, 4\) and then \(4, 2\); log one shape"):
        log(tmp_path / "c.h5", (1, 3, 2, 4), (1, 3, 4, 2))


def test_an_array_without_steps_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"was logged with shape \(2,\); give \(batch, steps, n\)"):
        log(tmp_path / "d.h5", (2,))


@pytest.mark.parametrize("shape", ["x", [4], [3, 4], [2, 0], [-2, -4], [2.0, 4], [10**12, 10**12]])
def test_a_shape_that_does_not_fit_names_nothing(tmp_path, shape):
    path = lstmviz.write_dump(
        tmp_path / "e.h5", states={"m": np.zeros((3, 8), "float32")}, provenance={"unit_shapes": {"m": shape}}
    )
    assert lstmviz.open_dump(path).source("m").names is None
