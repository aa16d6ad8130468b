"""Where a recording goes: one writer a path, and a disk that takes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lstmviz.dump.block import Block
from lstmviz.dump.parts import parts_of
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import DumpExists, RecordingError, StorageError
from lstmviz.recording.sink import Sink
from support.journal import PLAN, arrays_of


def test_a_folder_that_another_recording_made_meanwhile_is_left_alone(tmp_path, monkeypatch):
    mine, other = Sink(tmp_path / "a.h5", overwrite=False), Sink(tmp_path / "a.h5", overwrite=False)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(StorageError, match=r"recording stopped: .* nothing was recorded") as caught:
            mine.open()
    assert "\n" not in str(caught.value)
    other.open()
    assert mine.finish(is_complete=True) is None
    assert parts_of(tmp_path / "a.h5").exists()
    with pytest.raises(DumpExists, match="a recording still writes to"):
        mine.open()
    assert other.finish(is_complete=True) is None
    assert not list(tmp_path.iterdir())


def test_a_place_where_nothing_may_be_written_is_no_full_disk(tmp_path, monkeypatch):
    sink = Sink(tmp_path / "a.h5", overwrite=False)
    monkeypatch.setattr(Path, "mkdir", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(RecordingError, match="record to another path") as caught:
        sink.open()
    assert not isinstance(caught.value, StorageError)


def test_a_flush_that_fails_says_what_is_kept_and_the_dump_is_made(tmp_path, monkeypatch):
    sink = Sink(tmp_path / "a.h5", overwrite=False)
    sink.open()
    sink.start(PLAN)
    sink.append([Block("text", (3,), arrays_of(3), {"part": ("x",)})])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        with pytest.raises(StorageError, match=r"3 steps in 1 batch are kept in .*parts; at the end they become"):
            sink.flush()
    assert (sink.n_steps, sink.n_batches) == (3, 1)
    assert sink.finish(is_complete=False) is None
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


def test_a_batch_that_was_interrupted_is_taken_back(tmp_path, monkeypatch):
    sink = Sink(tmp_path / "a.h5", overwrite=False)
    sink.open()
    sink.start(PLAN)
    written = os.writev

    def interrupted(*given):
        written(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sink.append([Block("text", (3,), arrays_of(3), {"part": ("x",)})])
    assert (sink.n_steps, sink.n_batches) == (0, 0)  # it was cut back: the caller was not told that it is kept
    sink.append([Block("text", (3,), arrays_of(3), {"part": ("x",)})])
    assert (sink.n_steps, sink.n_batches) == (3, 1)
    assert sink.finish(is_complete=True) is None
    assert DumpReader(tmp_path / "a.h5").tracks["part"].labels == ("x",)
