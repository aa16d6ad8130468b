"""Attention of one axis over another, of any width, recorded by ``run.log(..., over=...)`` and read by pairs."""

from __future__ import annotations

import shutil

import h5py
import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.doctor.dumps import dump_findings
from lstmviz.dump.corpus.reader import write_corpus
from lstmviz.dump.journal import assembler
from lstmviz.dump.journal.recover import recover
from lstmviz.dump.verify import verify
from lstmviz.errors import DumpError, InputError, RecordingError, WindowError
from support.models.reverser import LETTERS, Reverser, pairs
from support.recording import one_line
from support.reversed_texts import AXES, TEXTS, record_reversed, true_attention

CLOSE = {"atol": 1e-3}  # of float16


def is_true(attention, texts) -> bool:
    return len(attention) == len(texts) and all(
        np.allclose(attention[i], true_attention(len(text)), **CLOSE) for i, text in enumerate(texts)
    )


@pytest.mark.parametrize("batches", [[TEXTS], [TEXTS[:2], TEXTS[2:]], [[text] for text in TEXTS]])
def test_each_pair_has_the_weights_that_were_logged_however_wide_its_batch(tmp_path, batches):
    dump = lstmviz.open_dump(record_reversed(tmp_path / "a.h5", batches))
    attention = dump.attention["attention"]
    assert (attention.name, attention.axis, attention.over) == ("attention", "target", "source")
    assert is_true(attention, TEXTS)
    assert verify(dump) == []


def test_a_window_of_one_axis_and_what_it_gives_to_the_other(tmp_path):
    attention = lstmviz.open_dump(record_reversed(tmp_path / "a.h5", [TEXTS])).attention["attention"]
    assert np.allclose(attention.given_by(6, 8), true_attention(6)[:2].mean(axis=0), **CLOSE)
    assert attention.given_by(6, 7).argmax() == 5  # the first letter that is written is the last one read
    assert np.allclose(attention.given_to(10, 12), true_attention(6)[:, 4:].sum(axis=1), **CLOSE)
    assert np.array_equal(attention[-1], attention[4])
    for wrong in (lambda: attention.given_by(2, 4), lambda: attention.given_to(18, 19), lambda: attention[5]):
        with one_line(WindowError):
            wrong()


def test_padding_on_the_left_is_cut_off(tmp_path):
    model = Reverser().eval()
    source, target, lengths = pairs(["abcdef", "abc"])
    source[1], target[1] = source[1].roll(3), target[1].roll(3)
    mask = torch.arange(6) >= 6 - lengths[:, None]
    weights = torch.zeros(2, 6, 8)  # wider than the batch: two columns of nothing
    weights[0, :, :6], weights[1, 3:, 3:6] = (torch.tensor(true_attention(n)) for n in (6, 3))
    with (
        lstmviz.record(model, tmp_path / "a.h5", list(LETTERS), axes=AXES) as run,
        torch.no_grad(),
        run.batch(tokens={"source": source, "target": target}, mask={"source": mask, "target": mask}),
    ):
        model(source, target, torch.tensor([6, 6]))
        run.log("attention", weights, axis="target", over="source")
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert dump.axis("source").text(6, 9) == "abc"
    assert is_true(dump.attention["attention"], ["abcdef", "abc"])


def test_batches_in_another_order_and_steps_one_by_one_until_the_shorter_texts_end(tmp_path):
    model = Reverser().eval()
    with lstmviz.record(model, tmp_path / "a.h5", list(LETTERS), axes=AXES) as run, torch.no_grad():
        for numbers in ([2, 4], [0], [1, 3]):
            source, target, lengths = pairs([TEXTS[i] for i in numbers])
            both = {"source": numbers, "target": numbers}
            with run.batch(
                tokens={"source": source, "target": target},
                lengths={"source": lengths, "target": lengths},
                documents=both,
            ):
                _, attention = model(source, target, lengths)
                for step in range(int(lengths.max())):
                    run.log_step("attention", attention[lengths > step, step], axis="target", over="source")
    assert is_true(lstmviz.open_dump(tmp_path / "a.h5").attention["attention"], TEXTS)


def test_attention_to_the_text_itself_grows_from_step_to_step(tmp_path):
    model = nn.GRU(3, 4, batch_first=True)
    with lstmviz.record(model, tmp_path / "a.h5", axis="text") as run, torch.no_grad(), run.batch(lengths=[4, 2]):
        model(torch.zeros(2, 4, 3))
        for step in range(4):
            run.log_step("self", torch.full((2, step + 1), 1 / (step + 1)), over="text")
    attention = lstmviz.open_dump(tmp_path / "a.h5").attention["self"]
    assert np.allclose(attention[0], np.tril(np.ones((4, 4))) / np.arange(1, 5)[:, None], **CLOSE)
    assert np.allclose(attention[1], [[1, 0], [0.5, 0.5]], **CLOSE)


def test_a_recording_that_was_killed_keeps_it_and_small_windows_change_nothing(tmp_path, monkeypatch):
    whole = record_reversed(tmp_path / "a.h5", [TEXTS, TEXTS[::-1]])
    monkeypatch.setattr("lstmviz.recording.sink.assemble_in_subprocess", lambda *a, **k: (_ for _ in ()).throw(OSError))
    record_reversed(tmp_path / "b.h5", [TEXTS, TEXTS[::-1]])
    assert not (tmp_path / "b.h5").exists()
    monkeypatch.setattr(assembler, "WINDOW_BYTES", 200)
    recover(tmp_path / "b.h5")
    dumps = [lstmviz.open_dump(path).attention["attention"] for path in (whole, tmp_path / "b.h5")]
    assert all(np.array_equal(dumps[0][i], dumps[1][i]) for i in range(2 * len(TEXTS)))


def test_shards_of_a_corpus_are_paired_within_each(tmp_path):
    shards = [record_reversed(tmp_path / f"part-{i}.h5", [texts]) for i, texts in enumerate((TEXTS[:2], TEXTS[2:]))]
    attention = lstmviz.open_dump(write_corpus(tmp_path, shards)).attention["attention"]
    assert is_true(attention, TEXTS)
    assert np.allclose(attention.given_by(6, 8), true_attention(6)[:2].mean(axis=0), **CLOSE)


@pytest.mark.parametrize(
    ("log", "kind", "parts"),
    [
        ({"axis": "target", "over": "sorce"}, InputError, ["'sorce'", "source, target"]),
        ({"values": torch.ones(1, 3, 3, 2), "over": "source"}, InputError, ["(1, 3, 3, 2)", "each head"]),
        ({"values": torch.ones(1, 3, 2), "over": "source"}, RecordingError, ["2 weights a step", "3 steps"]),
    ],
)
def test_what_cannot_be_logged(tmp_path, log, kind, parts):
    model = Reverser().eval()
    source, target, lengths = pairs(["abc"])
    options = {"values": torch.ones(1, 3, 3), "axis": "target", **log}
    recording = lstmviz.record(model, tmp_path / "a.h5", list(LETTERS), axes=AXES)
    with one_line(RecordingError, "no batch was recorded"), recording as run, torch.no_grad():  # noqa: SIM117
        with one_line(kind, *parts), run.batch(tokens={"source": source, "target": target}):
            model(source, target, lengths)
            run.log("attention", **options)


@pytest.mark.parametrize(
    ("batch", "options", "parts"),
    [
        ({"documents": {"source": [1, 0], "target": [0, 1]}}, {}, ["documents="]),
        ({}, {"every": 2}, ["whole sequences", "every="]),
        ({"where": {"source": [[1, 1, 0], [1, 1, 1]]}}, {}, ["whole sequences", "'source'"]),
    ],
)
def test_sequences_that_are_no_pairs(tmp_path, batch, options, parts):
    model = Reverser().eval()
    source, target, lengths = pairs(["abc", "fed"])
    recording = lstmviz.record(model, tmp_path / "a.h5", list(LETTERS), axes=AXES, **options)
    with one_line(RecordingError, "no batch was recorded"), recording as run, torch.no_grad():  # noqa: SIM117
        with one_line(RecordingError, *parts), run.batch(tokens={"source": source, "target": target}, **batch):
            run.log("attention", model(source, target, lengths)[1], axis="target", over="source")


def test_every_batch_runs_both_texts_and_logs_it(tmp_path):
    model = Reverser().eval()
    source, target, lengths = pairs(["abc"])
    both = {"source": source, "target": target}
    with lstmviz.record(model, tmp_path / "a.h5", list(LETTERS), axes=AXES) as run, torch.no_grad():
        with run.batch(tokens=both):
            run.log("attention", model(source, target, lengths)[1], axis="target", over="source")
        with one_line(RecordingError, "'attention'", "log it in each"), run.batch(tokens=both):
            model(source, target, lengths)
        with one_line(RecordingError, "nothing ran on axis 'target'"), run.batch(tokens={"source": source}):
            model.encoder(model.embed(source))
    assert is_true(lstmviz.open_dump(tmp_path / "a.h5").attention["attention"], ["abc"])


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda weights: weights.attrs.__setitem__("over", np.bytes_("other")), ["unknown axis 'other'"]),
        (lambda weights: weights.attrs.__delitem__("over"), ["lacks the attribute 'over'"]),
        (lambda weights: weights.resize(40, axis=0), ["has 40 weights", "74 pairs of steps"]),
    ],
)
def test_a_file_that_declares_it_wrongly_is_refused_in_one_line(tmp_path, change, parts):
    changed_is_refused(tmp_path, change, parts)


@pytest.mark.usefixtures("real_children")
def test_one_that_declares_no_end_of_weights_is_refused_in_one_line(tmp_path):
    changed_is_refused(tmp_path, lambda weights: weights.resize(10**15, axis=0), ["refused as a decompression bomb"])


def changed_is_refused(tmp_path, change, parts):
    path = record_reversed(tmp_path / "a.h5", [TEXTS])
    with h5py.File(path, "r+") as file:
        change(file["attention/attention"])
    with one_line(DumpError, *parts):
        lstmviz.open_dump(path)


def test_a_flipped_bit_is_reported(tmp_path):
    path = record_reversed(tmp_path / "a.h5", [TEXTS])
    with h5py.File(path, "r") as file:
        place = file["attention/attention"].id.get_chunk_info(0).byte_offset
    damaged = shutil.copy(path, tmp_path / "b.h5")
    with damaged.open("r+b") as file:
        file.seek(place + 3)
        byte = file.read(1)
        file.seek(place + 3)
        file.write(bytes([byte[0] ^ 1]))
    assert any("attention" in fault for fault in verify(lstmviz.open_dump(damaged)))
    told = [str(finding) for finding in dump_findings(path)]
    assert "attention attention: 5 pairs of target over source; the weights of a step make up 1" in told
    (problem,) = [finding for finding in dump_findings(damaged) if finding.mark == "problem"]
    assert problem.place == "attention attention"


def test_scores_before_their_softmax_are_noted(tmp_path):
    model = Reverser().eval()
    source, target, lengths = pairs(["abc"])
    recording = lstmviz.record(model, tmp_path / "a.h5", list(LETTERS), axes=AXES)
    with torch.no_grad(), recording as run, run.batch(tokens={"source": source, "target": target}):
        model(source, target, lengths)
        run.log("scores", torch.full((1, 3, 3), 2.0), axis="target", over="source")
    (note,) = [finding for finding in dump_findings(tmp_path / "a.h5") if finding.place == "attention scores"]
    assert note.mark == "note"
    assert "make up 6;" in str(note)
