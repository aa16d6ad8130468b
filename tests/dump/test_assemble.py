"""Blocks become a dump: pieces of documents in any order, as whole sequences in document order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmviz.dump.block import Block
from lstmviz.dump.journal import assembler as copying
from lstmviz.dump.journal.assemble import assemble, main
from lstmviz.dump.journal.format import AssemblyReport
from lstmviz.dump.journal.in_subprocess import assemble_in_subprocess
from lstmviz.dump.journal.writer import BlockWriter, write_plan
from lstmviz.dump.parts import BLOCKS, HEADER, parts_of
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan, SourcePlan
from lstmviz.errors import DumpError, DumpExists, RecordingError
from lstmviz.types import TrackInfo
from support.budget import examples
from support.journal import PLAN, arrays_of, record_blocks


def test_assembled_blocks_are_a_dump(tmp_path):
    record_blocks(tmp_path / "a.h5.parts", 3)
    assert parts_of(tmp_path / "a.h5") == tmp_path / "a.h5.parts"
    found = assemble(tmp_path / "a.h5.parts", tmp_path / "a.h5", expected_steps=9)
    assert found == AssemblyReport(9, 3, 0, False, True)
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.provenance["complete"] is True
    assert list(dump.sequences["stop"]) == [2, 3, 5, 6, 8, 9]
    assert dump.tracks["part"].labels == ("label 0", "label 1", "label 2")
    assert dump.tokens.vocab == PLAN.axes[0].vocab
    for key in ("rnn.l0.h", "rnn.l0.c"):
        expected = np.concatenate([arrays_of(3, i)[ArrayKey("state", key)] for i in range(3)])
        assert np.array_equal(dump.states(key)[:], expected)
        assert dump.states(key).dtype == expected.dtype
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.h5", "a.h5.parts"]
    assert sorted(p.name for p in (tmp_path / "a.h5.parts").iterdir()) == [BLOCKS, HEADER]


PAIR = DumpPlan(
    axes=(AxisPlan("text", "", True), AxisPlan("out", " ", False)),
    sources=(SourcePlan("rnn.l0.h", "text", 3, "float32"), SourcePlan("dec.l0.h", "out", 2)),
    tracks=(
        TrackInfo("at", "text", "number"),
        TrackInfo("who", "text", "category", tuple(f"d{i}" for i in range(41)), per="sequence"),
        TrackInfo("from", "text", "number", per="sequence"),
    ),
    provenance={"complete": True},
)


@st.composite
def recordings(draw):
    """Pieces of documents on two axes, shuffled over batches: (axis, document, position, length) each."""
    batches: list[list[list[tuple[str, int, int, int]]]] = []
    for axis in ("text", "out"):
        pieces = []
        for document in draw(st.lists(st.integers(0, 40), max_size=5, unique=True)):
            position = 0
            for gap, length in draw(
                st.lists(st.tuples(st.sampled_from([0, 0, 0, 1, 5]), st.integers(1, 9)), max_size=6)
            ):
                pieces.append((axis, document, position + gap, length))
                position += gap + length
        pieces = draw(st.permutations(pieces)) if draw(st.booleans()) else pieces
        while pieces:
            n = draw(st.integers(1, len(pieces)))
            batches.append([pieces[:n]])
            pieces = pieces[n:]
    return draw(st.permutations(batches)) if draw(st.booleans()) else batches


def values_of(axis: str, document: int, position: int, length: int) -> dict[ArrayKey, np.ndarray]:
    """What a piece holds: every value says which step of which document it is."""
    at = 100.0 * document + np.arange(position, position + length)
    if axis == "out":
        return {ArrayKey("state", "dec.l0.h"): (at[:, None] + [0, 0.5]).astype("float16")}
    return {
        ArrayKey("tokens"): at.astype("uint32"),
        ArrayKey("state", "rnn.l0.h"): (at[:, None] + [0, 0.25, 0.5]).astype("float32"),
        ArrayKey("track", "at"): at.astype("int64"),
        ArrayKey("sequence", "who"): np.array([document], "int32"),
        ArrayKey("sequence", "from"): np.array([position], "int32"),
    }


def block_of(pieces: list[tuple[str, int, int, int]]) -> Block:
    values = [values_of(*p) for p in pieces]
    arrays = {key: np.concatenate([v[key] for v in values]) for key in values[0]}
    places = np.array([p[1:3] for p in pieces])
    return Block(pieces[0][0], tuple(p[3] for p in pieces), arrays, places=places)


def naive(pieces: list[tuple[str, int, int, int]]) -> list[tuple[str, int, int, int]]:
    """Sequences in their order: a piece goes on where the one before it ended, or begins the next sequence."""
    sequences: list[list[int]] = []
    for axis, document, position, length in sorted(pieces):
        last = sequences[-1] if sequences else None
        if last and (last[0], last[1], last[2] + last[3]) == (axis, document, position):
            last[3] += length
        else:
            sequences.append([axis, document, position, length])
    return [tuple(s) for s in sequences]


@examples(80)
@given(batches=recordings(), window=st.sampled_from([1, 2, 7, 2**18]))
def test_pieces_in_any_order_become_whole_sequences_in_document_order(tmp_path_factory, batches, window):
    folder = tmp_path_factory.mktemp("pieces")
    pieces = [p for batch in batches for block in batch for p in block]
    if {p[0] for p in pieces} != {"text", "out"}:
        return
    (folder / "p").mkdir()
    with BlockWriter(folder / "p", PAIR) as writer:
        for batch in batches:
            writer.append(*(block_of(b) for b in batch))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "WINDOW_STEPS", window)
        found = assemble(folder / "p", folder / "a.h5")
    assert (found.n_steps, found.n_batches, found.is_complete) == (sum(p[3] for p in pieces), len(batches), True)
    dump = DumpReader(folder / "a.h5")
    for axis in ("text", "out"):
        expected = naive([p for p in pieces if p[0] == axis])
        values = [values_of(*s) for s in expected]
        assert dump.axis(axis).sequences["stop"].tolist() == np.cumsum([s[3] for s in expected]).tolist()
        if axis == "text":
            assert np.array_equal(
                dump.axis(axis).tokens.ids[:], np.concatenate([v[ArrayKey("tokens")] for v in values])
            )
            assert dump.axis(axis).sequences["from"].tolist() == [s[2] for s in expected]
            assert dump.axis(axis).sequences["who"].tolist() == [f"d{s[1]}" for s in expected]
        for name in dump.axis(axis).sources:
            assert np.array_equal(dump.states(name)[:], np.concatenate([v[ArrayKey("state", name)] for v in values]))
        for name in ("at",) if axis == "text" else ():
            found_track = dump.axis(axis).tracks[name][:]
            assert np.array_equal(found_track, np.concatenate([v[ArrayKey("track", name)] for v in values]))


def plain(n_steps: int, first: int) -> dict[ArrayKey, np.ndarray]:
    return {ArrayKey("track", "x"): np.arange(first, first + n_steps)}


X = DumpPlan((AxisPlan("text", "", False),), (), (TrackInfo("x", "text", "number"),), {"complete": True})


def test_documents_without_a_place_come_last_in_the_order_recorded(tmp_path):
    with BlockWriter(tmp_path, X) as writer:
        writer.append(Block("text", (2, 0, 1), plain(3, 0)))
        writer.append(Block("text", (2,), plain(2, 10), places=[(5, 0)]))
        writer.append(Block("text", (1, 1), plain(2, 20)))
    assemble(tmp_path, tmp_path / "a.h5")
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.tracks["x"][:].tolist() == [10, 11, 0, 1, 2, 20, 21]
    assert dump.sequences["stop"].tolist() == [2, 4, 5, 6, 7]


def test_columns_of_a_stream_become_one_sequence_each(tmp_path):
    with BlockWriter(tmp_path, X) as writer:
        for step in range(50):
            writer.append(
                Block(
                    "text",
                    (1, 1, 1),
                    {ArrayKey("track", "x"): np.array([0, 100, 200]) + step},
                    places=[(0, step), (1, step), (2, step)],
                )
            )
    assemble(tmp_path, tmp_path / "a.h5")
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.sequences["stop"].tolist() == [50, 100, 150]
    assert dump.tracks["x"][:].tolist() == [100 * c + s for c in range(3) for s in range(50)]


def test_what_is_in_order_is_written_while_it_is_read(tmp_path, monkeypatch):
    record_blocks(tmp_path / "p", 30)
    monkeypatch.setattr(copying.Assembler, "in_document_order", None)
    assert assemble(tmp_path / "p", tmp_path / "a.h5").n_steps == 90


def test_tokens_and_labels_that_are_met_late_grow_their_tables(tmp_path):
    plan = DumpPlan(
        (AxisPlan("text", " ", True, ("a",)), AxisPlan("out", " ", True, None)),
        (),
        (TrackInfo("part", "text", "category", ("x",)),),
    )
    with BlockWriter(tmp_path, plan) as writer:
        for i in range(3):
            tokens = {ArrayKey("tokens"): np.array([i], "uint32")}
            text = Block(
                "text",
                (1,),
                {**tokens, ArrayKey("track", "part"): np.array([i])},
                {"part": (f"l{i}",)},
                None,
                (f"w{i}",),
            )
            writer.append(text, Block("out", (1,), tokens, vocab=(f"v{i}",)))
    assemble(tmp_path, tmp_path / "a.h5")
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.tokens.vocab == ("a", "w0", "w1", "w2")
    assert dump.axis("out").tokens[:] == ["v0", "v1", "v2"]
    assert dump.tracks["part"].labels == ("x", "l0", "l1", "l2")


def test_a_track_may_change_its_type_between_batches(tmp_path):
    with BlockWriter(tmp_path, X) as writer:
        for dtype in ("float64", "int8", "float32"):
            writer.append(Block("text", (2,), {ArrayKey("track", "x"): np.array([1, 2], dtype)}))
    assemble(tmp_path, tmp_path / "a.h5")
    assert DumpReader(tmp_path / "a.h5").tracks["x"][:].tolist() == [1, 2] * 3


def test_a_block_without_an_array_that_is_declared_is_refused(tmp_path):
    with BlockWriter(tmp_path, PLAN) as writer:
        arrays = arrays_of(3)
        del arrays[ArrayKey("track", "depth")]
        writer.append(Block("text", (3,), arrays))
    with pytest.raises(DumpError, match=r"lacks 'depth'.*it has 'tokens', 'rnn.l0.h'"):
        assemble(tmp_path, tmp_path / "a.h5")


def test_a_torn_recording_is_assembled_and_called_incomplete(tmp_path):
    record_blocks(tmp_path / "p", 3)
    with (tmp_path / "p" / BLOCKS).open("ab") as file:
        file.write(b"LSTMVBK1 and no more")
    found = assemble(tmp_path / "p", tmp_path / "a.h5")
    assert (found.n_steps, found.n_lost_bytes, found.is_complete) == (9, 20, False)
    assert DumpReader(tmp_path / "a.h5").provenance["complete"] is False


def test_missing_steps_are_not_passed_over(tmp_path):
    record_blocks(tmp_path / "p", 3)
    data = bytearray((tmp_path / "p" / BLOCKS).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "p" / BLOCKS).write_bytes(data)
    with pytest.raises(DumpError, match="3 of 9 recorded steps: batch 1 is damaged"):
        assemble(tmp_path / "p", tmp_path / "a.h5", expected_steps=9)
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


def test_what_is_there_is_only_replaced_when_asked(tmp_path):
    record_blocks(tmp_path / "p", 1)
    (tmp_path / "a.h5").write_text("mine")
    with pytest.raises(DumpExists, match="overwrite=True"):
        assemble(tmp_path / "p", tmp_path / "a.h5")
    assert (tmp_path / "a.h5").read_text() == "mine"
    assemble(tmp_path / "p", tmp_path / "a.h5", overwrite=True)
    assert DumpReader(tmp_path / "a.h5").n_steps == 3


def test_a_file_that_appears_while_the_dump_is_written_is_not_replaced(tmp_path, monkeypatch):
    record_blocks(tmp_path / "p", 1)
    monkeypatch.setattr("lstmviz.dump.journal.assemble._check_dump", lambda *_: (tmp_path / "a.h5").write_text("mine"))
    with pytest.raises(DumpExists):
        assemble(tmp_path / "p", tmp_path / "a.h5")
    assert (tmp_path / "a.h5").read_text() == "mine"


def test_nothing_to_assemble_is_one_line(tmp_path, capsys):
    record_blocks(tmp_path / "p", 0)
    assert main([str(tmp_path / "p"), str(tmp_path / "a.h5"), "--steps", "0"]) == 1
    said = capsys.readouterr().err
    assert "holds no complete batch" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "a.h5").exists()


@pytest.mark.usefixtures("real_children")
def test_a_child_says_what_it_found_and_closes_the_header(tmp_path):
    record_blocks(tmp_path / "p", 2)
    write_plan(tmp_path / "p", replace(PLAN, provenance={"complete": False}))
    (tmp_path / "p" / "assembling-1.h5").write_text("left by one that was killed")
    found = assemble_in_subprocess(tmp_path / "p", tmp_path / "--a.h5", is_complete=True)
    assert found == AssemblyReport(6, 2, 0, False, True)
    assert DumpReader(tmp_path / "--a.h5").provenance["complete"] is True
    assert json.loads((tmp_path / "p" / HEADER).read_text())["provenance"] == {"complete": True}
    assert sorted(p.name for p in (tmp_path / "p").iterdir()) == [BLOCKS, HEADER]
    with pytest.raises(RecordingError, match="is already there"):
        assemble_in_subprocess(tmp_path / "p", tmp_path / "--a.h5")
    with pytest.raises(RecordingError, match="no recording in"):
        assemble_in_subprocess(tmp_path / "none", Path("b.h5"))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_a_short_recording_takes_little_room(tmp_path, order):
    plan = DumpPlan(PLAN.axes[:1], tuple(SourcePlan(f"rnn.l{i}.h", "text", 50) for i in range(23)))
    tokens = {ArrayKey("tokens"): np.zeros(18, "uint32")}
    arrays = {ArrayKey("state", s.name): np.ones((18, 50), "float16") for s in plan.sources}
    (tmp_path / "p").mkdir()
    with BlockWriter(tmp_path / "p", plan) as writer:
        for document in order:
            writer.append(Block("text", (18,), {**tokens, **arrays}, places=[(document, 0)]))
    assemble(tmp_path / "p", tmp_path / "a.h5")
    assert (tmp_path / "a.h5").stat().st_size < 2**19
    assert DumpReader(tmp_path / "a.h5").n_steps == 54


def test_a_batch_that_is_left_out_still_numbers_later_tokens_and_ends_its_document(tmp_path):
    plan = DumpPlan((AxisPlan("text", " ", True, ()),), (SourcePlan("h", "text", 1),), PLAN.tracks[1:])
    (tmp_path / "p").mkdir()
    with BlockWriter(tmp_path / "p", plan) as writer:
        for i, (ids, word) in enumerate([([0, 0], "a"), ([1, 9], "b"), ([1, 2], "c")]):
            arrays = {ArrayKey("tokens"): np.array(ids, "uint32"), ArrayKey("track", "part"): np.array([i, i])}
            arrays[ArrayKey("state", "h")] = np.zeros((2, 1), "float16")
            writer.append(Block("text", (2,), arrays, {"part": (word,)}, [(0, 2 * i)], (word,)))
    found = assemble(tmp_path / "p", tmp_path / "a.h5")
    assert (found.n_steps, found.n_odd_steps, found.n_odd_batches, found.is_complete) == (4, 2, 1, False)
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.tokens[:] == ["a", "a", "b", "c"]
    assert [dump.tracks["part"].labels[i] for i in dump.tracks["part"][:]] == ["a", "a", "c", "c"]
    assert list(dump.sequences["stop"]) == [2, 4]
