"""Episodes inside the rows of a batch: ``starts=`` cuts them, and is held against the state that was handed over."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.errors import InputError, RecordingError

N_STEPS = 8
X = torch.randn(2, N_STEPS, 3, generator=torch.Generator().manual_seed(0))
STARTS = torch.zeros(2, N_STEPS, dtype=torch.bool)
STARTS[0, 3] = STARTS[1, 2] = STARTS[1, 6] = True
EPISODES = [(0, 0, 3), (0, 3, 8), (1, 0, 2), (1, 2, 6), (1, 6, 8)]  # (row, start, stop)
NAMES = [["a"] * 3 + ["b"] * 5, ["c"] * 2 + ["d"] * 4 + ["e"] * 2]


@pytest.fixture
def cell() -> nn.LSTMCell:
    torch.manual_seed(0)
    return nn.LSTMCell(3, 5).eval()


@pytest.fixture
def lstm() -> nn.LSTM:
    torch.manual_seed(0)
    return nn.LSTM(3, 5, batch_first=True).eval()


def roll(cell, x, resets, state=None):
    """Run a cell over all steps, and give it a state of zeros where an episode begins."""
    state = (torch.zeros(2, 5),) * 2 if state is None else state
    for t in range(x.shape[1]):
        state = cell(x[:, t], tuple(s * ~resets[:, t, None] for s in state))
    return state


def alone(cell, row, start, stop) -> np.ndarray:
    """The states of one episode that is run by itself."""
    h, state = [], None
    with torch.no_grad():
        for t in range(start, stop):
            state = cell(X[row : row + 1, t], state)
            h.append(state[0][0])
    return torch.stack(h).numpy()


def spans(dump) -> list[tuple[int, int]]:
    return list(zip(dump.sequences["start"], dump.sequences["stop"], strict=True))


def test_each_episode_is_a_sequence_from_a_state_of_its_own(tmp_path, cell):
    given = {"starts": STARTS, "ids": NAMES, "sequence_tracks": {"agent": ["left", "right"]}}
    recording = lstmviz.record(cell, tmp_path / "a.h5", dtype="float32")
    with torch.no_grad(), recording as run, run.batch(inputs=X, **given):
        roll(cell, X, STARTS)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert spans(dump) == [(0, 3), (3, 8), (8, 10), (10, 14), (14, 16)]
    assert dump.sequences["id"].tolist() == ["a", "b", "c", "d", "e"]
    assert dump.sequences["agent"].tolist() == ["left", "left", "right", "right", "right"]
    expected = np.concatenate([alone(cell, *episode) for episode in EPISODES])
    assert np.allclose(dump.states("lstmcell.l0.h")[:], expected)
    assert "state" not in dump.provenance


def test_starts_may_be_known_only_afterwards(tmp_path, cell):
    with torch.no_grad(), lstmviz.record(cell, tmp_path / "a.h5") as run, run.batch():
        roll(cell, X, STARTS)
        run.inputs(X)
        run.starts(STARTS.int().tolist())
    assert spans(lstmviz.open_dump(tmp_path / "a.h5")) == [(0, 3), (3, 8), (8, 10), (10, 14), (14, 16)]


def test_episodes_go_on_over_batches(tmp_path, cell):
    with torch.no_grad(), lstmviz.record(cell, tmp_path / "a.h5", dtype="float32") as run:
        state = None
        for k in (0, 4):
            x, starts = X[:, k : k + 4], STARTS[:, k : k + 4].clone()
            starts[1, 0] = starts[1, 0] | (k == 4)  # one more, where a batch begins
            with run.batch(inputs=x, starts=starts, continues=k > 0):
                state = roll(cell, x, starts, state)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert sorted(b - a for a, b in spans(dump)) == [2, 2, 2, 2, 3, 5]
    first = next(i for i, (a, b) in enumerate(spans(dump)) if b - a == 5)
    start, stop = spans(dump)[first]
    assert np.allclose(dump.states("lstmcell.l0.h")[start:stop], alone(cell, 0, 3, 8))
    assert "state" not in dump.provenance


def test_a_fused_module_that_is_called_from_start_to_start(tmp_path, lstm):
    cuts = [0, 2, 3, 6, 8]
    with torch.no_grad(), lstmviz.record(lstm, tmp_path / "a.h5") as run, run.batch(inputs=X, starts=STARTS):
        state = (torch.zeros(1, 2, 5),) * 2
        for a, b in zip(cuts, cuts[1:], strict=False):
            _, state = lstm(X[:, a:b], tuple(s * ~STARTS[None, :, a, None] for s in state))
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert len(dump.sequences) == 5
    assert "state" not in dump.provenance


@pytest.mark.parametrize(
    ("resets", "starts", "line"),
    [
        (STARTS & False, STARTS, "kept its state at step 2 of sequence 1"),
        (STARTS, STARTS & False, "was reset at step 2 of sequence 1"),
        (STARTS.roll(1, 1), STARTS, "was reset at step 3 of sequence 1"),
    ],
)
def test_starts_that_contradict_the_state_are_told(tmp_path, cell, capsys, resets, starts, line):
    with torch.no_grad(), lstmviz.record(cell, tmp_path / "a.h5") as run, run.batch(inputs=X, starts=starts):
        roll(cell, X, resets)
    assert line in lstmviz.open_dump(tmp_path / "a.h5").provenance["state"]
    assert line in capsys.readouterr().err


def test_a_fused_call_over_a_start_is_told(tmp_path, lstm):
    with torch.no_grad(), lstmviz.record(lstm, tmp_path / "a.h5") as run, run.batch(inputs=X, starts=STARTS):
        lstm(X)
    assert "kept its state at step 2 of sequence 1" in lstmviz.open_dump(tmp_path / "a.h5").provenance["state"]


def test_a_start_at_which_the_state_of_the_batch_before_goes_on_is_told(tmp_path, lstm):
    starts = torch.zeros(2, 4, dtype=torch.bool)
    with torch.no_grad(), lstmviz.record(lstm, tmp_path / "a.h5") as run:
        state = None
        for k in (0, 4):
            starts[:, 0] = k > 0
            with run.batch(inputs=X[:, k : k + 4], starts=starts, continues=k > 0):
                _, state = lstm(X[:, k : k + 4], state)
    assert "leave its start out of starts=" in lstmviz.open_dump(tmp_path / "a.h5").provenance["state"]


def test_a_state_that_is_held_or_reset_in_padding_is_no_contradiction(tmp_path, cell):
    lengths = torch.tensor([8, 5])
    with torch.no_grad(), lstmviz.record(cell, tmp_path / "a.h5") as run, run.batch(inputs=X, lengths=lengths):
        state = (torch.zeros(2, 5),) * 2
        for t in range(N_STEPS):
            new = cell(X[:, t], state)
            state = tuple(n * (t < lengths[:, None] - 1) for n in new)
    assert "state" not in lstmviz.open_dump(tmp_path / "a.h5").provenance


def shifted() -> dict:
    names = [row[-1:] + row[:-1] for row in NAMES]
    return {"starts": STARTS, "ids": names}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (shifted(), RecordingError, "'id' changes from 'b' to 'a' at step 1 of sequence 0"),
        ({"starts": STARTS, "documents": [0, 1]}, InputError, "give ids= instead"),
        ({"starts": STARTS[:, :5]}, InputError, r"starts has \(batch, steps\) \(2, 5\)"),
        ({"ids": NAMES}, InputError, "is needed"),
        ({"starts": STARTS, "passes": [lstmviz.Pass(lengths=[1])]}, InputError, "passes="),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, cell, arguments, error, words):
    recording = lstmviz.record(cell, tmp_path / "a.h5")
    with pytest.raises(error, match=words), torch.no_grad(), recording as run, run.batch(inputs=X, **arguments):
        roll(cell, X, STARTS)


def late(path, cell):
    with torch.no_grad(), lstmviz.record(cell, path) as run, run.batch(inputs=X):
        roll(cell, X, STARTS)
        run.starts(STARTS)


def test_starts_that_come_too_late_say_how_to_give_them(tmp_path, cell):
    with pytest.raises(RecordingError, match=r"give starts= to run\.batch"):
        late(tmp_path / "a.h5", cell)
