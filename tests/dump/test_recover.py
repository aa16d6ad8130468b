"""``lstmviz recover``: whole, cut short or nothing there, whatever a recording left, and again at any time."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import lstmviz
from lstmviz.dump.block import Block
from lstmviz.dump.journal.assemble import assemble
from lstmviz.dump.journal.recover import recover
from lstmviz.dump.journal.writer import BlockWriter, claim, remove_parts, write_plan
from lstmviz.dump.parts import BLOCKS, HEADER, parts_of, release
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import ArrayKey
from lstmviz.errors import DumpError, DumpMissing, RecordingError
from support.commands import run
from support.journal import PLAN, arrays_of, record_blocks


def plan_of(name: str, *, is_complete: bool):
    return replace(PLAN, provenance={"complete": is_complete, "recording": name})


@pytest.fixture
def path(tmp_path):
    """The path of a recording of nine steps in three batches that was not closed."""
    record_blocks(tmp_path / "a.h5.parts", 3)
    write_plan(tmp_path / "a.h5.parts", plan_of("this one", is_complete=False))
    return tmp_path / "a.h5"


def run_recover(*arguments) -> tuple[int, str]:
    """The exit code, and the one line that was said."""
    answer = run("recover", *arguments)
    (line,) = answer.output.splitlines()
    return answer.exit_code, line


def test_what_was_cut_short_is_completed_and_found_complete_again(path):
    code, line = run_recover(path)
    assert (code, line) == (3, f"{path} holds 9 steps in 3 batches; the recording was cut short (complete: false)")
    assert [p.name for p in path.parent.iterdir()] == ["a.h5"]
    assert DumpReader(path).provenance["complete"] is False
    before = path.read_bytes()
    for given in (path, parts_of(path)):
        code, line = run_recover(given)
        assert code == 3
        assert "cut short: there is nothing to recover" in line
    assert path.read_bytes() == before


def test_what_was_closed_and_not_assembled_is_whole(path):
    write_plan(parts_of(path), plan_of("this one", is_complete=True))
    code, line = run_recover(parts_of(path))
    assert (code, line) == (0, f"{path} holds 9 steps in 3 batches, all of the recording")
    assert run_recover(path) == (0, f"{path} is complete: there is nothing to recover")


def test_a_batch_cut_off_while_it_was_written_is_left_out(path):
    with (parts_of(path) / BLOCKS).open("ab") as file:
        file.write(b"LSTMVBK1 and no more")
    code, line = run_recover(path)
    assert code == 3
    assert "9 steps in 3 batches; the recording was cut short (complete: false); the last, partly written batch" in line
    assert not parts_of(path).exists()


def test_what_cannot_be_read_and_was_acknowledged_stays(path):
    blocks = parts_of(path) / BLOCKS
    data = bytearray(blocks.read_bytes())
    data[len(data) // 2] ^= 1
    blocks.write_bytes(data)
    for _ in range(2):
        code, line = run_recover(path)
        assert code == 3
        assert f"bytes after them are damaged, so {parts_of(path)} stays: delete it" in line
        assert blocks.read_bytes() == data
    assert DumpReader(path).n_steps == 3
    path.unlink()
    data[10] ^= 1
    blocks.write_bytes(data)
    code, line = run_recover(path)
    assert code == 4
    assert "no batch in" in line
    assert blocks.exists()


@pytest.mark.parametrize("n_removed", [0, 1, 2, 3])
def test_what_was_assembled_is_only_tidied_however_far_that_went(path, monkeypatch, n_removed):
    assemble(parts_of(path), path, is_complete=True)
    before = path.read_bytes()
    for name in [BLOCKS, HEADER][:n_removed]:
        (parts_of(path) / name).unlink()
    if n_removed == 3:
        parts_of(path).rmdir()
    monkeypatch.setattr("lstmviz.dump.journal.in_subprocess.subprocess", None)
    assert run_recover(path) == (0, f"{path} is complete: there is nothing to recover")
    assert path.read_bytes() == before
    assert not parts_of(path).exists()


def test_parts_are_removed_with_the_header_last(path, monkeypatch):
    removed = []
    monkeypatch.setattr(Path, "unlink", lambda p, missing_ok=False: removed.append(p.name))
    remove_parts(parts_of(path))
    assert removed == [BLOCKS, HEADER]


def test_another_dump_is_only_replaced_when_asked(path):
    lstmviz.write_dump(path, states={"rnn.l0.h": [[0.5], [1]]})
    code, line = run_recover(path)
    assert code == 4
    assert "--overwrite" in line
    assert DumpReader(path).n_steps == 2
    assert run_recover(path, "--overwrite")[0] == 3
    assert DumpReader(path).n_steps == 9


def test_nothing_acknowledged_is_empty_and_frees_the_path(tmp_path):
    path = tmp_path / "a.h5"
    release(claim(parts_of(path)))
    said = f"no batch of the recording to {path} was complete: nothing to recover"
    assert run_recover(path) == (1, said)
    record_blocks(parts_of(path), 0)
    (parts_of(path) / BLOCKS).write_bytes(b"LSTM")
    assert run_recover(path) == (1, said)
    path.write_text("mine")
    release(claim(parts_of(path)))
    assert run_recover(path) == (1, f"{said}; {path} is unchanged")
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


def test_nothing_there_is_said(tmp_path):
    code, line = run_recover(tmp_path / "a.h5")
    assert code == 1
    assert f"no recording to {tmp_path / 'a.h5'}: neither it nor" in line
    with pytest.raises(DumpMissing):
        recover(tmp_path / "a.h5.parts")


def test_a_running_recording_is_not_taken_away(tmp_path):
    path = tmp_path / "a.h5"
    file = claim(parts_of(path))
    assert "a recording still writes to" in run_recover(path)[1]
    context = multiprocessing.get_context("fork")
    with BlockWriter(parts_of(path), PLAN, file) as writer:
        writer.append(Block("text", (3,), arrays_of(3, 0), {"part": ("x",)}))
        child = context.Process(target=time.sleep, args=(60,))  # as a loader's workers: it has the file open too
        child.start()
        code, line = run_recover(path)
        assert code == 4
        assert "a recording still writes to" in line
        with pytest.raises(DumpMissing, match=r"a recording still writes to .*; wait"):
            lstmviz.open_dump(path)
        with pytest.raises(RecordingError, match="a recording still writes to"):
            assemble(parts_of(path), path)
        writer.append(Block("text", (3,), arrays_of(3, 0)))
    try:
        with pytest.raises(DumpMissing, match=f"run `lstmviz recover {path}`"):
            lstmviz.open_dump(path)
        assert run_recover(path)[0] == 0
    finally:
        child.kill()
        child.join()
    assert DumpReader(path).n_steps == 6


def test_a_disk_that_is_full_is_one_line_and_keeps_the_parts(path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with pytest.raises(RecordingError, match=r"No space left on device.*a\.h5\.parts stays unchanged"):
        recover(path, assemble=full)
    assert (parts_of(path) / BLOCKS).exists()


def with_odd_ids(path, *, is_complete, where=1):
    """A recording of three batches, one of them with a token id that the vocabulary has not."""
    parts_of(path).mkdir()
    with BlockWriter(parts_of(path), plan_of("odd", is_complete=is_complete)) as writer:
        for i in range(3):
            arrays = arrays_of(3, i)
            if i == where:
                arrays[ArrayKey("tokens")][1] = 4294967196
            writer.append(Block("text", (2, 1), arrays, {"part": (f"label {i}",)}))


@pytest.mark.parametrize("where", [0, 1, 2])
@pytest.mark.parametrize("is_complete", [True, False])
def test_a_token_that_is_none_costs_its_batch_alone(tmp_path, where, is_complete):
    path = tmp_path / "a.h5"
    with_odd_ids(path, is_complete=is_complete, where=where)
    with pytest.raises(DumpError, match="6 of 9 recorded steps: token id 4294967196 is outside the vocabulary of 3"):
        assemble(parts_of(path), path, expected_steps=9, is_complete=is_complete)
    code, line = run_recover(path)
    assert code == 3
    assert "6 steps in 2 batches, without 3 steps in 1 batch, where token id 4294967196 is outside" in line
    assert f"{parts_of(path)} stays: delete it" in line
    code, line = run_recover(path)
    assert code == 3
    assert "it lacks 3 of the steps, so" in line
    assert (parts_of(path) / BLOCKS).exists()
    dump, kept = DumpReader(path), [i for i in range(3) if i != where]
    assert dump.provenance["complete"] is False
    assert list(dump.sequences["stop"]) == [2, 3, 5, 6]
    for key, read in [(ArrayKey("state", "rnn.l0.h"), dump.states("rnn.l0.h")), (ArrayKey("tokens"), dump.tokens.ids)]:
        np.testing.assert_array_equal(read[:], np.concatenate([arrays_of(3, i)[key] for i in kept]))
    assert [dump.tracks["part"].labels[i] for i in dump.tracks["part"][:]] == [
        f"label {i}" for i in kept for _ in "abc"
    ]


def test_nothing_but_tokens_that_are_none_is_said(tmp_path):
    path = tmp_path / "a.h5"
    parts_of(path).mkdir()
    with BlockWriter(parts_of(path), PLAN) as writer:
        writer.append(Block("text", (3,), {**arrays_of(3), ArrayKey("tokens"): np.array([0, -1, 3])}))
    code, line = run_recover(path)
    assert code == 4
    assert "no batch that can be kept (token id -1 is outside the vocabulary of 3 entries)" in line
    assert (parts_of(path) / BLOCKS).exists()


@pytest.mark.usefixtures("real_children")
def test_too_little_room_and_a_killed_child_are_a_line_each(path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(10**6, 10**6 - 7, 7))
        patch.setattr("lstmviz.dump.journal.in_subprocess.subprocess", None)
        code, line = run_recover(path)
        assert code == 4
        assert "bytes, and the disk has 7 free; make room first" in line
    (parts_of(path) / "assembling-1.h5").write_text("what a killed child leaves")
    monkeypatch.setattr("lstmviz.system.worker.sys.executable", "/bin/sh")
    monkeypatch.setattr("lstmviz.dump.journal.in_subprocess.subprocess.run", partial(killed, subprocess.run))
    code, line = run_recover(path)
    assert code == 4
    assert "the assembling process was ended by SIGSEGV; is the disk full?" in line
    assert sorted(p.name for p in parts_of(path).iterdir()) == [BLOCKS, HEADER]


def killed(run, command, **options):
    return run([command[0], "-c", "kill -SEGV $$"], **options)


def test_what_is_no_recording_is_not_called_empty(tmp_path):
    (tmp_path / "a.txt").write_text("a text")
    code, line = run_recover(tmp_path / "a.txt")
    assert code == 4
    assert "a.txt" in line


@pytest.mark.parametrize("name", [BLOCKS, HEADER])
def test_parts_are_not_read_through_a_link(path, tmp_path, name):
    theirs = tmp_path / "theirs"
    (parts_of(path) / name).rename(theirs)
    (parts_of(path) / name).symlink_to(theirs)
    before = theirs.read_bytes()
    code, _ = run_recover(path)
    assert code == 4
    assert theirs.read_bytes() == before
    assert not path.exists()


def test_a_folder_of_parts_that_is_a_link_is_left_alone(path, tmp_path):
    theirs = tmp_path / "theirs"
    parts_of(path).rename(theirs)
    parts_of(path).symlink_to(theirs)
    code, line = run_recover(path)
    assert code == 4
    assert "is a link, so nothing is read or removed there" in line
    assert sorted(p.name for p in theirs.iterdir()) == [BLOCKS, HEADER]
