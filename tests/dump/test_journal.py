"""Blocks of a recording in progress: whole or not there, whatever happens to the file or the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmviz.dump.block import Block
from lstmviz.dump.journal import writer as parts
from lstmviz.dump.journal.format import Acknowledged
from lstmviz.dump.journal.reader import BlockReader
from lstmviz.dump.journal.writer import BlockWriter, read_plan, write_plan
from lstmviz.dump.parts import BLOCKS
from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan
from lstmviz.errors import DumpError, DumpMissing, RecordingError, StorageError
from support.budget import examples
from support.journal import PLAN, arrays_of, read_blocks, record_blocks
from support.paths import TESTS


def same(block: Block, seed: int, n_steps: int = 3) -> bool:
    expected = arrays_of(n_steps, seed)
    return block.arrays.keys() == expected.keys() and all(
        np.array_equal(block.arrays[k], expected[k]) for k in expected
    )


def read(folder: Path) -> tuple[list[Block], tuple[int, bool]]:
    """The blocks of a folder, how many bytes behind them are no whole batch, and if those are one cut off."""
    reader = BlockReader(folder)
    n_batches = sum(1 for _ in reader.batches())
    assert n_batches <= len(list(read_blocks(folder)))
    return list(read_blocks(folder)), (reader.n_lost_bytes, reader.is_torn)


def test_blocks_and_plan_come_back_as_written(tmp_path):
    record_blocks(tmp_path / "p", 3)
    assert read_plan(tmp_path / "p") == PLAN
    blocks = list(read_blocks(tmp_path / "p"))
    assert [(b.axis, b.lengths, b.labels) for b in blocks] == [
        ("text", (2, 1), {"part": (f"label {i}",)}) for i in range(3)
    ]
    assert all(same(b, i) for i, b in enumerate(blocks))


@examples(60)
@given(
    dtype=st.sampled_from(["float16", "float32", "float64", "int8", "uint32", ">f4", ">i8", "bool"]),
    n_steps=st.integers(0, 5),
    is_transposed=st.booleans(),
)
def test_any_array_comes_back(tmp_path_factory, dtype, n_steps, is_transposed):
    folder = tmp_path_factory.mktemp("any")
    shape = (3, n_steps) if is_transposed else (n_steps, 3)
    array = np.arange(3 * n_steps).reshape(shape).astype(dtype)
    array = array.T if is_transposed else array
    with BlockWriter(folder, PLAN) as writer:
        writer.append(Block("text", (n_steps,), {ArrayKey("track", "x"): array}))
    (block,) = read_blocks(folder)
    assert np.array_equal(block.arrays[ArrayKey("track", "x")], array)
    assert block.arrays[ArrayKey("track", "x")].dtype == np.dtype(dtype).newbyteorder("=")


def test_a_tail_torn_at_any_byte_costs_only_the_last_block(tmp_path):
    record_blocks(tmp_path / "p", 3)
    file = tmp_path / "p" / BLOCKS
    whole = file.read_bytes()
    n_last = len(whole) // 3
    for n_bytes in range(len(whole) - n_last, len(whole)):
        file.write_bytes(whole[:n_bytes])
        blocks, (n_lost, is_torn) = read(tmp_path / "p")
        assert [same(b, i) for i, b in enumerate(blocks)] == [True, True]
        assert (n_lost, is_torn) == (n_bytes - 2 * n_last, n_bytes > 2 * n_last)


def test_a_flipped_byte_anywhere_ends_the_blocks_before_it(tmp_path):
    record_blocks(tmp_path / "p", 3)
    file = tmp_path / "p" / BLOCKS
    whole = bytearray(file.read_bytes())
    n_block = len(whole) // 3
    for place in range(n_block, 2 * n_block):
        whole[place] ^= 0x10
        file.write_bytes(whole)
        blocks, (_, is_torn) = read(tmp_path / "p")
        assert [same(b, i) for i, b in enumerate(blocks)] == [True], place
        assert not is_torn, place  # a whole block stands behind
        whole[place] ^= 0x10


@given(junk=st.binary(max_size=200))
def test_junk_is_no_block(tmp_path_factory, junk):
    folder = tmp_path_factory.mktemp("junk")
    (folder / BLOCKS).write_bytes(junk)
    assert list(read_blocks(folder)) == []
    (folder / BLOCKS).write_bytes(b"LSTMVBK1" + junk)
    assert list(read_blocks(folder)) == []


def test_no_header_is_no_recording(tmp_path):
    with pytest.raises(DumpMissing, match="no recording in"):
        read_plan(tmp_path)
    assert list(read_blocks(tmp_path)) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"axes": 3, "sources": [], "tracks": [], "provenance": {}}'])
def test_a_header_that_is_none_is_refused(tmp_path, text):
    (tmp_path / parts.HEADER).write_text(text)
    with pytest.raises(DumpError, match="header"):
        read_plan(tmp_path)


def test_a_lone_surrogate_in_the_vocabulary_survives(tmp_path):
    plan = DumpPlan((AxisPlan("text", "", True, ("\ud800", "b")),), PLAN.sources)
    write_plan(tmp_path, plan)
    assert read_plan(tmp_path) == plan


class FullDisk:
    """Stands in for writev: takes so many bytes, a few at a time, then the disk is full until there is room again."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.writev = os.writev

    def __call__(self, handle: int, pieces) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        n_bytes = min(self.room, len(pieces[0]), 50)
        self.room -= n_bytes
        return self.writev(handle, [pieces[0][:n_bytes]])


@pytest.mark.parametrize("room", [0, 1, 60, 150, 300])
@pytest.mark.parametrize("is_cut", [True, False])
def test_a_full_disk_leaves_whole_batches_and_the_next_one_is_taken(tmp_path, monkeypatch, room, is_cut):
    writer = BlockWriter(tmp_path, PLAN)
    writer.append(Block("text", (3,), arrays_of(3, 0)))
    whole = writer.written
    disk = FullDisk(room)
    monkeypatch.setattr(os, "writev", disk)
    with monkeypatch.context() as patch:
        if not is_cut:  # the file cannot be cut back either, until the next batch
            patch.setattr(BlockWriter, "_cut_back", lambda _: None)
        with pytest.raises(StorageError, match="No space left on device") as caught:
            writer.append(Block("text", (3,), arrays_of(3, 1)), Block("text", (3,), arrays_of(3, 2)))
    assert "\n" not in str(caught.value)
    assert writer.written == whole == Acknowledged((tmp_path / BLOCKS).stat().st_size - (0 if is_cut else room), 3, 1)
    blocks, lost = read(tmp_path)
    assert [same(b, 0) for b in blocks] == [True]
    assert lost == ((0, False) if is_cut else (room, room > 0))
    disk.room = 10**9
    writer.append(Block("text", (3,), arrays_of(3, 1)), Block("text", (3,), arrays_of(3, 2)))
    writer.close()
    assert [same(b, i) for i, b in enumerate(read_blocks(tmp_path))] == [True, True, True]


def test_a_batch_is_there_whole_or_not_at_all(tmp_path):
    pair = (Block("text", (3,), arrays_of(3, 1)), Block("text", (3,), arrays_of(3, 2)))
    with BlockWriter(tmp_path, PLAN) as writer:
        writer.append(Block("text", (3,), arrays_of(3, 0)))
        n_first = writer.written.n_bytes
        writer.append(*pair)
        assert (writer.written.n_steps, writer.written.n_batches) == (9, 2)
    whole = (tmp_path / BLOCKS).read_bytes()
    for n_bytes in range(n_first, len(whole)):
        (tmp_path / BLOCKS).write_bytes(whole[:n_bytes])
        blocks, lost = read(tmp_path)
        assert [same(b, 0) for b in blocks] == [True]
        assert lost == (n_bytes - n_first, n_bytes > n_first)


def test_places_and_new_tokens_come_back(tmp_path):
    block = Block("text", (2, 1), arrays_of(3), places=[(4, 0), (2, 7)], vocab=("new", "\ud800"))
    with BlockWriter(tmp_path, PLAN) as writer:
        writer.append(block)
    (found,) = read_blocks(tmp_path)
    assert np.array_equal(found.places, block.places)
    assert (found.lengths, found.vocab) == (block.lengths, block.vocab)
    assert same(found, 0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lengths": (4,)}, r"tokens has shape \(3,\).*1 pieces with 4 steps asks for 4 rows"),
        ({"places": [(0, 0)]}, r"places have shape \(1, 2\).*2 pieces"),
        ({"arrays": {ArrayKey("sequence", "who"): np.zeros(3)}}, r"who has shape \(3,\).*asks for 2 rows"),
    ],
)
def test_a_block_whose_arrays_do_not_fit_is_none(given, words):
    with pytest.raises(RecordingError, match=words):
        Block(**{"axis": "text", "lengths": (2, 1), "arrays": arrays_of(3), **given})


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.journal import PLAN, arrays_of
from lstmviz.dump.block import Block
from lstmviz.dump.journal.writer import BlockWriter
writer = BlockWriter(Path(sys.argv[1]), PLAN)
for i in range(10_000):
    writer.append(Block("text", (3,), arrays_of(3, i % 50), {"part": (str(i),)}))
    print(i, flush=True)
"""


@pytest.mark.parametrize("n_acknowledged", [1, 2, 7, 30])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path, n_acknowledged):
    command = [sys.executable, "-c", CHILD, str(tmp_path), str(TESTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for _ in range(n_acknowledged):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        said = [int(line) for line in child.stdout]
    n_blocks = (said[-1] + 1) if said else n_acknowledged
    blocks = list(read_blocks(tmp_path))
    assert len(blocks) >= n_blocks
    assert all(same(b, i % 50) for i, b in enumerate(blocks))
