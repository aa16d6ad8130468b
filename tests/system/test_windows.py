"""What is done otherwise on Windows, with fakes of what it has: locks of bytes, and processes that end by a fault."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from types import ModuleType

import pytest

from lstmviz.dump import parts, trial
from lstmviz.errors import DumpError
from lstmviz.system.worker import signal_name


class Msvcrt(ModuleType):
    """Locks of bytes as Windows has them: each of one handle, at its place in the file."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self):
        super().__init__("msvcrt")
        self.held = {}

    def locking(self, handle, how, n_bytes):
        key = os.fstat(handle).st_ino, os.lseek(handle, 0, os.SEEK_CUR), n_bytes
        if how == self.LK_UNLCK:
            if self.held.pop(key, None) != handle:
                raise PermissionError(13, "Permission denied")
        elif key in self.held:
            raise PermissionError(13, "Permission denied")
        else:
            self.held[key] = handle


def loaded(module):
    """A module, loaded anew."""
    there = importlib.util.spec_from_file_location("on_windows", module.__file__)
    module = importlib.util.module_from_spec(there)
    there.loader.exec_module(module)
    return module


@pytest.fixture
def on_windows(monkeypatch):
    """The module of a recording's parts as Windows loads it."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", Msvcrt())
    return loaded(parts)


def test_a_recording_in_progress_is_told_until_it_is_released(on_windows, tmp_path):
    assert not on_windows.is_recording(tmp_path)
    file = (tmp_path / parts.BLOCKS).open("wb+", buffering=0)
    file.write(b"block")
    assert on_windows.lock(file)
    assert file.tell() == 5
    assert on_windows.is_recording(tmp_path)
    with (tmp_path / parts.BLOCKS).open("rb+", buffering=0) as other:
        assert not on_windows.lock(other)
    file.write(b", more")
    on_windows.release(file)
    assert file.closed
    assert (tmp_path / parts.BLOCKS).read_bytes() == b"block, more"
    assert not on_windows.is_recording(tmp_path)


@pytest.mark.parametrize(
    ("code", "name"),
    [(0xC0000005, "access violation"), (0xC00000FD, "stack overflow"), (0xC0000409, "fault 0xc0000409"), (1, None)],
)
def test_a_child_that_a_file_ended_by_a_fault_is_one_that_did_not_survive_it(tmp_path, code, name):
    assert signal_name(code) == name
    if name is not None:
        with pytest.raises(DumpError, match=f"a.h5 ends HDF5's library by {name}"):
            trial.check_end(code, tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("child", "words"),
    [
        ("import time; time.sleep(60)", "a.h5 keeps HDF5 busy for more than 0 seconds"),
        ("import time; b = bytearray(200_000_000); time.sleep(60)", "a.h5 makes HDF5 ask for more than 50 MB"),
    ],
)
def test_a_first_reading_is_ended_by_whoever_waits_for_it(tmp_path, monkeypatch, child, words):
    """Windows has no timer of the processor's time, and no limit of memory that a process can set itself."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        patch.delattr(signal, "SIGPROF")
        module = loaded(trial)
    monkeypatch.setattr(module, "command", lambda *_: [sys.executable, "-c", child])
    monkeypatch.setattr(module, "SECONDS", 60 if "bytearray" in child else 0.3)
    monkeypatch.setattr(module, "MEMORY", 50 * 2**20)
    (tmp_path / "a.h5").touch()
    with pytest.raises(DumpError, match=words):
        module.require(tmp_path / "a.h5", tmp_path / "a.h5")
