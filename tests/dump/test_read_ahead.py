"""Windows that are read together: the same tokens and tracks as one by one, in far fewer reads."""

from __future__ import annotations

import threading

import h5py
import numpy as np
import pytest

import lstmviz
from lstmviz.dump import open_files as files
from lstmviz.dump import read_ahead as module
from lstmviz.dump.corpus.reader import write_corpus
from lstmviz.dump.lazy_arrays import StoredArray
from lstmviz.dump.read_ahead import joined_windows, read_ahead, texts_of

N = 3_000


def write(path, seed):
    rng = np.random.default_rng(seed)
    tracks = {"loss": rng.random(N), "part": rng.choice(["a", "b"], N).tolist()}
    return lstmviz.write_dump(
        path,
        states={"rnn.l0.h": rng.random((N, 2)).astype("f2")},
        tokens=rng.integers(0, 3, N),
        vocab=["x", "yy", "zé"],
        lengths=[100] * (N // 100),
        tracks=tracks,
        sequence_tracks={"kind": ["p", "q"] * (N // 200)},
    )


@pytest.fixture(params=["a dump", "a corpus"])
def axis(request, tmp_path):
    write(tmp_path / "a.h5", 0)
    if request.param == "a dump":
        return lstmviz.open_dump(tmp_path / "a.h5").first
    write(tmp_path / "b.h5", 1)
    write_corpus(tmp_path)
    return lstmviz.open_dump(tmp_path).first


@pytest.mark.parametrize(("near", "most"), [(2**14, 2**18), (0, 2**18), (50, 200), (2**14, 1)])
def test_windows_read_together_have_what_each_has(axis, monkeypatch, near, most):
    monkeypatch.setattr(module, "NEAR", near)
    monkeypatch.setattr(module, "MOST", most)
    starts = np.random.default_rng(2).integers(0, axis.n_steps - 40, 60)
    windows = [(a, a + n) for a, n in zip(starts.tolist(), np.arange(60) % 40, strict=True)]
    ahead = read_ahead(axis, windows)
    for start, stop in [*windows, (5, 6), (0, axis.n_steps), (axis.n_steps - 1, axis.n_steps)]:
        assert ahead.tokens[start:stop] == axis.tokens[start:stop]
        assert ahead.text(start, stop) == axis.text(start, stop)
        for name, track in axis.tracks.items():
            assert ahead.tracks[name][start:stop].tolist() == track[start:stop].tolist()
    assert ahead.tokens[7] == axis.tokens[7]


def test_joined_windows_have_what_each_has_one_after_the_other(axis, monkeypatch):
    monkeypatch.setattr(module, "NEAR", 50)
    starts = np.random.default_rng(3).integers(0, axis.n_steps - 40, 30)
    windows = [(a, a + n) for a, n in zip(starts.tolist(), np.arange(30), strict=True)]
    joined = joined_windows(axis, windows)
    assert joined.tokens[:] == [token for window in windows for token in axis.tokens[slice(*window)]]
    for name, track in axis.tracks.items():
        assert joined.tracks[name][:].tolist() == [value for w in windows for value in track[slice(*w)].tolist()]
    assert joined.n_steps == len(joined.tokens) == sum(range(30))
    assert texts_of(axis, windows) == [axis.text(*window) for window in windows]
    assert texts_of(axis, []) == []


@pytest.mark.parametrize("kept", ["vocab", "ids", "nothing"])
def test_texts_of_windows_are_those_of_the_axis(tmp_path, kept):
    given = {
        "vocab": {"tokens": [0, 1, 2, 1] * 5, "vocab": ["x", "yy", "zé"], "join": " "},
        "ids": {"tokens": [0, 1, 2, 1] * 5},
        "nothing": {},
    }[kept]
    axis = lstmviz.open_dump(
        lstmviz.write_dump(tmp_path / "a.h5", states={"rnn.l0.h": np.zeros((20, 1), "f2")}, **given)
    ).first
    windows = [(12, 14), (0, 3), (5, 5), (19, 20), (1, 9)]
    assert texts_of(axis, windows) == [axis.text(*window) for window in windows]


def test_a_token_outside_the_vocabulary_is_named_by_its_step(tmp_path):
    path = write(tmp_path / "a.h5", 0)
    with h5py.File(path, "r+") as file:
        file["axes/text/tokens"][1234] = 3
    axis = lstmviz.open_dump(path).first
    with pytest.raises(lstmviz.LstmvizError, match="token id 3 at step 1234 is outside the vocabulary of 3 entries"):
        texts_of(axis, [(0, 10), (1200, 1300)])


def test_what_lies_near_is_one_read(tmp_path, monkeypatch):
    axis = lstmviz.open_dump(write(tmp_path / "a.h5", 0)).first
    assert axis.tokens.vocab
    reads = []
    read = StoredArray.read
    monkeypatch.setattr(StoredArray, "read", lambda self, steps=None: reads.append(self.path) or read(self, steps))
    windows = [(a, a + 5) for a in range(0, N, 20)]
    ahead = read_ahead(axis, windows)
    assert reads == []
    assert [ahead.text(*window) for window in windows]
    assert len(reads) == 1


def test_files_are_read_by_one_thread_at_a_time_which_may_take_its_turn_twice(monkeypatch):
    monkeypatch.setattr(files, "LOOK_AGAIN", 0.0)
    turn, inside, most = files.Turn(), [0], [0]

    def work():
        for _ in range(200):
            with turn, turn:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == ([0], [1])
