"""One unit's values read past HDF5: the same bits where they lie plain in the file, else None."""

from __future__ import annotations

import dataclasses

import h5py
import numpy as np
import pytest

import lstmviz
from lstmviz.dump import fast_column as module
from lstmviz.dump.fast_column import direct_values
from lstmviz.match.index import store as index
from lstmviz.match.index import unit_values as columns


def fast_column(states, unit):
    direct = direct_values(states)
    return None if direct is None else direct.column(unit)


@pytest.fixture(params=["float16", "float32", "float64"])
def dump(request, tmp_path):
    values = np.random.default_rng(1).normal(0, 2, (3001, 37)).astype(request.param)
    values[::7, 5], values[5, 5], values[6, 5] = np.nan, np.inf, -0.0
    path = lstmviz.write_dump(tmp_path / "run.h5", states={"rnn.l0.h": values})
    return lstmviz.open_dump(path)


def chunked(dump, **how):
    """The states in a data set of small chunks, stored in another way."""
    states = dump.states("rnn.l0.h")
    path = dump.path.with_name(f"other-{len(list(dump.path.parent.iterdir()))}.h5")
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=states[:], **{"chunks": (64, 37), "fletcher32": True} | how)
    file = h5py.File(path, "r")
    stored = dataclasses.replace(states.stored, path="x", find=lambda path: file[path])
    return dataclasses.replace(states, stored=stored)


def test_it_is_what_hdf5_reads_in_any_chunks(dump):
    wanted = dump.states("rnn.l0.h")[:, 5]
    for states in (
        dump.states("rnn.l0.h"),
        chunked(dump),
        chunked(dump, chunks=(1, 37)),
        chunked(dump, fletcher32=False),
    ):
        found = fast_column(states, 5)
        assert found.dtype == wanted.dtype
        assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("few", [0, 3, 10_000])
def test_values_at_some_steps_are_those_of_hdf5_however_many_lie_in_a_chunk(dump, monkeypatch, few):
    monkeypatch.setattr(module, "FEW", few)
    rng, wanted = np.random.default_rng(2), dump.states("rnn.l0.h")[:, 5]
    for states in (dump.states("rnn.l0.h"), chunked(dump), chunked(dump, chunks=(1, 37))):
        for n in (0, 1, 50, 3001):
            steps = np.sort(rng.choice(3001, n, replace=False))
            assert direct_values(states).at(steps, 5).tobytes() == wanted[steps].tobytes()


@pytest.mark.parametrize("how", [{"compression": "gzip"}, {"shuffle": True}, {"chunks": (64, 10)}])
def test_what_does_not_lie_plain_is_left_to_hdf5(dump, how):
    assert fast_column(chunked(dump, **how), 5) is None


def test_a_file_that_was_cut_meanwhile_is_left_to_hdf5(dump, monkeypatch):
    monkeypatch.setattr(module.os, "preadv", lambda *given: 8)
    monkeypatch.setattr(module.os, "pread", lambda *given: b"")
    assert fast_column(dump.states("rnn.l0.h"), 5) is None
    for n in (1, 500):
        assert direct_values(dump.states("rnn.l0.h")).at(np.arange(n), 5) is None


def test_a_card_reads_so_once_the_index_has_checked_the_file(dump, monkeypatch):
    before = dump.unit("rnn.l0.h", 5)
    read = []
    monkeypatch.setattr(columns, "direct_values", lambda *given: read.append(given) or direct_values(*given))
    monkeypatch.setattr(index, "SMALL", 0)
    dump = lstmviz.open_dump(dump.path)
    dump.unit("rnn.l0.h", 5)
    assert read == []  # nobody has checked these bytes
    index.build_index(dump, "rnn.l0.h")
    after = dump.unit("rnn.l0.h", 5)
    assert len(read) == 1
    for name in ("histogram", "quantiles", "on_rates", "run_lengths"):
        assert getattr(after, name).equals(getattr(before, name)), name
    assert [c.step for c in after.contexts] == [c.step for c in before.contexts]
