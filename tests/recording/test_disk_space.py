"""The size is told first, and a disk that is full stops the recording and not the program."""

from __future__ import annotations

import errno
import os
from collections import namedtuple
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.dump.journal import writer as parts
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import RecordingError, StorageError
from lstmviz.recording import disk_space as size
from lstmviz.recording import sink
from lstmviz.recording.disk_space import amount
from support.recording import IDS, Model, one_line

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def free(monkeypatch):
    """Set how many bytes the disk has left."""
    return lambda n: monkeypatch.setattr(size.shutil, "disk_usage", lambda _: Usage(0, 0, n))


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [
        (0, "0.00 kB"),
        (999, "1.00 kB"),
        (123_456, "123 kB"),
        (999_600, "1.00 MB"),
        (12_340_000, "12.3 MB"),
        (5e9, "5.00 GB"),
        (4321e9, "4,321 GB"),
    ],
)
def test_amounts(n_bytes, said):
    assert amount(n_bytes) == said


def test_one_line_says_the_size_before_the_first_write(tmp_path, capsys, free):
    free(3_000_000)
    model = Model(n_units=100).eval()
    with lstmviz.record(model, tmp_path / "a.h5", n_steps=1000) as run:
        assert not capsys.readouterr().err
        for _ in range(3):
            with run.batch(IDS):
                model(IDS)
    (line,) = capsys.readouterr().err.splitlines()
    # 4 sources x 100 units x 2 bytes + 4 bytes a token
    assert line == (
        f"recording 1,000 steps x 4 sources (400 units, float16): 804 kB in {tmp_path / 'a.h5'}.parts, then as much in "
        "a.h5; 3.00 MB free"
    )


@pytest.mark.parametrize(
    ("options", "given", "expected"),
    [
        ({}, {}, "804 kB per 1,000 steps"),
        ({"dtype": "float32"}, {}, "1.60 MB per 1,000 steps"),
        ({"units": slice(0, 10), "states": "h"}, {}, "44.0 kB per 1,000 steps"),
        ({"every": 4, "states": "h", "layers": "rnn.l0"}, {}, "55.0 kB per 1,000 steps"),
        ({}, {"tracks": {"a": IDS}}, "812 kB per 1,000 steps"),
    ],
)
def test_the_size_without_the_number_of_steps(tmp_path, capsys, options, given, expected):
    model = Model(n_units=100).eval()
    with lstmviz.record(model, tmp_path / "a.h5", **options) as run, run.batch(IDS, **given):
        model(IDS)
    assert f": about {expected} in " in capsys.readouterr().err


def test_a_disk_that_has_less_is_refused_unless_forced(tmp_path, capsys, free):
    free(1_607_999)  # twice 804 kB would just not fit
    model = Model(n_units=100).eval()
    with (
        one_line(RecordingError, "a.h5 will take 804 kB", "1.61 MB", "the disk has 1.61 MB", "force=True"),
        lstmviz.record(model, tmp_path / "a.h5", n_steps={"text": 1000}) as run,
        run.batch(IDS),
    ):
        model(IDS)
    assert not list(tmp_path.iterdir())
    capsys.readouterr()
    with lstmviz.record(model, tmp_path / "a.h5", n_steps=1000, force=True) as run, run.batch(IDS):
        model(IDS)
    assert "recording 1,000 steps" in capsys.readouterr().err
    free(1_608_000)
    with lstmviz.record(model, tmp_path / "b.h5", n_steps=1000) as run, run.batch(IDS):
        model(IDS)


def test_a_full_disk_stops_the_recording_and_the_model_goes_on(tmp_path, capsys, monkeypatch):
    model, path, outputs = Model().eval(), tmp_path / "a.h5", []
    real = os.writev
    n_writes = 0

    def full(handle, pieces):
        nonlocal n_writes
        n_writes += 1
        if n_writes > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, pieces)

    monkeypatch.setattr(parts.os, "writev", full)
    with lstmviz.record(model, path) as run:
        for _ in range(5):
            with run.batch(IDS):
                outputs.append(model(IDS))
                run.log("twice", IDS * 2)
                run.predictions(outputs[-1])
        run.flush()
    _, line = capsys.readouterr().err.splitlines()
    assert run.stopped == line
    assert line.startswith("recording stopped: ")
    assert "No space left" in line
    assert "16 steps in 2 batches are kept" in line
    assert n_writes == 3
    assert len(outputs) == 5
    assert not model.rnn._forward_hooks
    dump = DumpReader(path)
    assert (dump.n_steps, dump.provenance["complete"]) == (16, False)


def test_a_disk_that_is_still_full_at_the_end_is_said_again(tmp_path, capsys, monkeypatch):
    model, path = Model().eval(), tmp_path / "a.h5"
    with lstmviz.record(model, path) as run:
        with run.batch(IDS):
            model(IDS)
        monkeypatch.setattr(parts.os, "writev", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
        monkeypatch.setattr(sink, "assemble_in_subprocess", Mock(side_effect=StorageError("no room")))
        with run.batch(IDS):
            model(IDS)
        assert "at the end they become" in (run.stopped or "")
    _, first, last = capsys.readouterr().err.splitlines()
    assert "8 steps in 1 batch are kept" in first
    assert f"{path} could not be assembled (no room); all 8 steps in 1 batch are kept in {path}.parts" in last
    assert run.stopped == last


def test_after_an_interrupt_at_the_first_write_the_header_still_holds(tmp_path, monkeypatch):
    lstm, real = nn.LSTM(1, 2, batch_first=True), os.writev

    def interrupted(*_):
        monkeypatch.setattr(parts.os, "writev", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(parts.os, "writev", interrupted)
    with lstmviz.record(lstm, tmp_path / "a.h5") as run:
        with pytest.raises(KeyboardInterrupt), run.batch(["ab"], tracks={"d": [["x", "y"]]}):
            lstm(torch.zeros(1, 2, 1))
        with one_line(RecordingError, "tokens were on axis 'text' in the first batch"):  # noqa: SIM117
            with run.batch(tracks={"d": [["x", "y"]]}):
                lstm(torch.zeros(1, 2, 1))
        with run.batch(["bc"], tracks={"d": [["z", "y"]]}):
            lstm(torch.zeros(1, 2, 1))
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.tokens[:] == ["b", "c"]
    assert dump.tracks["d"].labels == ("z", "y")


def test_a_disk_that_is_full_at_once_leaves_nothing(tmp_path, capsys, monkeypatch):
    lstm = nn.LSTM(1, 2, batch_first=True)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(parts.os, "writev", full)
    with lstmviz.record(lstm, tmp_path / "a.h5") as run:
        for _ in range(2):
            with run.batch(np.zeros((1, 3), int), continues=True):
                lstm(torch.zeros(1, 3, 1))
    _, line = capsys.readouterr().err.splitlines()
    assert run.stopped == line
    assert "nothing was recorded" in line
    assert not list(tmp_path.iterdir())
