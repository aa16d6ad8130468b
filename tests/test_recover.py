"""``lstmviz recover``: whole, cut short or nothing there, whatever a recording left, and again at any time."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lstmviz
from lstmviz.cli import app
from lstmviz.dump.assemble import assemble
from lstmviz.dump.parts import BLOCKS, HEADER, Block, BlockWriter, claim, parts_of, release, remove_parts, write_plan
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.recover import recover
from lstmviz.errors import DumpMissing, RecordingError
from test_parts import PLAN, arrays_of, record_blocks

runner = CliRunner()


def plan_of(name: str, *, is_complete: bool):
    return replace(PLAN, provenance={"complete": is_complete, "recording": name})


@pytest.fixture
def path(tmp_path):
    """The path of a recording of nine steps in three batches that was not closed."""
    record_blocks(tmp_path / "a.h5.parts", 3)
    write_plan(tmp_path / "a.h5.parts", plan_of("this one", is_complete=False))
    return tmp_path / "a.h5"


def run(*arguments) -> tuple[int, str]:
    """The exit code, and the one line that was said."""
    answer = runner.invoke(app, ["recover", *(str(a) for a in arguments)])
    (line,) = answer.output.splitlines()
    return answer.exit_code, line


def test_what_was_cut_short_is_completed_and_found_complete_again(path):
    code, line = run(path)
    assert (code, line) == (3, f"{path} holds 9 steps in 3 batches; the recording was cut short (complete: false)")
    assert [p.name for p in path.parent.iterdir()] == ["a.h5"]
    assert DumpReader(path).provenance["complete"] is False
    before = path.read_bytes()
    for given in (path, parts_of(path)):
        code, line = run(given)
        assert code == 3
        assert "cut short: there is nothing to recover" in line
    assert path.read_bytes() == before


def test_what_was_closed_and_not_assembled_is_whole(path):
    write_plan(parts_of(path), plan_of("this one", is_complete=True))
    code, line = run(parts_of(path))
    assert (code, line) == (0, f"{path} holds 9 steps in 3 batches, all of the recording")
    assert run(path) == (0, f"{path} is whole: there is nothing to recover")


def test_a_batch_cut_off_while_it_was_written_is_left_out(path):
    with (parts_of(path) / BLOCKS).open("ab") as file:
        file.write(b"LSTMVBK1 and no more")
    code, line = run(path)
    assert code == 3
    assert "9 steps in 3 batches; the recording was cut short (complete: false), in the midst of a batch" in line
    assert not parts_of(path).exists()


def test_what_cannot_be_read_and_was_acknowledged_stays(path):
    blocks = parts_of(path) / BLOCKS
    data = bytearray(blocks.read_bytes())
    data[len(data) // 2] ^= 1
    blocks.write_bytes(data)
    for _ in range(2):
        code, line = run(path)
        assert code == 3
        assert f"bytes behind them are damaged, so {parts_of(path)} stays: delete it" in line
        assert blocks.read_bytes() == data
    assert DumpReader(path).n_steps == 3
    path.unlink()
    data[10] ^= 1
    blocks.write_bytes(data)
    code, line = run(path)
    assert code == 1
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
    monkeypatch.setattr("lstmviz.dump.child.subprocess", None)
    assert run(path) == (0, f"{path} is whole: there is nothing to recover")
    assert path.read_bytes() == before
    assert not parts_of(path).exists()


def test_parts_are_removed_with_the_header_last(path, monkeypatch):
    removed = []
    monkeypatch.setattr(Path, "unlink", lambda p, missing_ok=False: removed.append(p.name))
    remove_parts(parts_of(path))
    assert removed == [BLOCKS, f"{HEADER}.tmp", HEADER]


def test_another_dump_is_only_replaced_when_asked(path):
    lstmviz.write_dump(path, states={"rnn.l0.h": [[0.5], [1]]})
    code, line = run(path)
    assert code == 1
    assert "--overwrite" in line
    assert DumpReader(path).n_steps == 2
    assert run(path, "--overwrite")[0] == 3
    assert DumpReader(path).n_steps == 9


def test_nothing_acknowledged_is_empty_and_frees_the_path(tmp_path):
    path = tmp_path / "a.h5"
    release(claim(parts_of(path)))
    said = f"no batch of the recording to {path} was complete: nothing to recover"
    assert run(path) == (1, said)
    record_blocks(parts_of(path), 0)
    (parts_of(path) / BLOCKS).write_bytes(b"LSTM")
    assert run(path) == (1, said)
    path.write_text("mine")
    release(claim(parts_of(path)))
    assert run(path) == (1, f"{said}; {path} is what it was before")
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


def test_nothing_there_is_said(tmp_path):
    code, line = run(tmp_path / "a.h5")
    assert code == 1
    assert f"no recording to {tmp_path / 'a.h5'}: neither it nor" in line
    with pytest.raises(DumpMissing):
        recover(tmp_path / "a.h5.parts")


def test_a_running_recording_is_not_taken_away(tmp_path):
    path = tmp_path / "a.h5"
    file = claim(parts_of(path))
    assert "is being recorded to now" in run(path)[1]
    context = multiprocessing.get_context("fork")
    with BlockWriter(parts_of(path), PLAN, file) as writer:
        writer.append(Block("text", (3,), arrays_of(3, 0), {"part": ("x",)}))
        child = context.Process(target=time.sleep, args=(60,))  # as a loader's workers: it has the file open too
        child.start()
        code, line = run(path)
        assert code == 1
        assert "is being recorded to now" in line
        with pytest.raises(DumpMissing, match="is being recorded to now; wait"):
            lstmviz.open_dump(path)
        with pytest.raises(RecordingError, match="is being recorded to now"):
            assemble(parts_of(path), path)
        writer.append(Block("text", (3,), arrays_of(3, 0)))
    try:
        with pytest.raises(DumpMissing, match=f"run `lstmviz recover {path}`"):
            lstmviz.open_dump(path)
        assert run(path)[0] == 0
    finally:
        child.kill()
        child.join()
    assert DumpReader(path).n_steps == 6


def test_a_disk_that_is_full_is_one_line_and_keeps_the_parts(path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with pytest.raises(RecordingError, match=r"No space left on device.*a\.h5\.parts stays as it is"):
        recover(path, assemble=full)
    assert (parts_of(path) / BLOCKS).exists()
