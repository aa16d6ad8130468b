"""``lstmviz train`` on generated text: what is learned, what is left, and that all of it is what the model says."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz.dump.moments import moment_of
from lstmviz.training.model import load
from lstmviz.training.record_model import next_targets, record_model
from support.texts import figures, model_and_dump, reviews, sentences, train

SMALL = ("--layers", 1, "--units", 24)


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "farm.txt"
    path.write_text(sentences(900))
    return path


@pytest.fixture
def documents(tmp_path):
    def write(**more):
        paths = tmp_path / "films.txt", tmp_path / "verdicts.txt"
        for path, content in zip(paths, reviews(200, **more), strict=True):
            path.write_text(content)
        return paths

    return write


def logits_of(model, dump, i):
    """The model run over the tokens of one sequence of its dump: ids and logits, (1, steps) and (1, steps, outputs)."""
    row = dump.sequences.iloc[i]
    known = {token: j for j, token in enumerate(model.description.vocab)}
    ids = torch.tensor([[known[token] for token in dump.tokens[row.start : row.stop]]])
    with torch.no_grad():
        return row, ids, model(ids)[0]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_every_cell_learns_more_than_counts_tell_and_its_dump_is_what_its_model_says(text, tmp_path, cell):
    out = tmp_path / "out"
    answer = train(text, "--cell", cell, "--layers", 2, "--units", 24, "--epochs", 6, "--steps", 5000, "--out", out)
    loss, unigram, bigram = figures(answer, "held-out loss")
    assert loss < unigram
    assert bigram < unigram

    path, dump_path = model_and_dump(out)
    size = "char-2x24" + ("" if cell == "lstm" else f"-{cell}")
    assert dump_path.name == f"farm-{size}.h5"
    assert f"see it: lstmviz serve {dump_path}" in answer.stdout
    model, dump = load(path), lstmviz.open_dump(dump_path)
    states = "hc" if cell == "lstm" else "h"
    assert list(dump.sources) == [f"rnn.l{layer}.{state}" for layer in (0, 1) for state in states]
    assert dump.n_steps == 5000
    for i in (0, len(dump.sequences) - 1):
        row, ids, logits = logits_of(model, dump, i)
        told = dump.tracks["p1"][row.start : row.stop]
        assert told == pytest.approx(logits.softmax(-1).max(-1).values[0].numpy(), abs=1e-4)
        wanted = torch.nn.functional.cross_entropy(logits[0], next_targets(ids)[0], reduction="none")[:-1]
        assert dump.tracks["loss"][row.start : row.stop - 1] == pytest.approx(wanted.numpy(), abs=1e-3)
    assert (out / "curves.html").stat().st_size > 0
    assert len(list((out / "events" / "training").iterdir())) == 1


def test_the_dump_shows_held_out_text_first_then_the_beginning_and_where_each_piece_stands(text, tmp_path):
    out = tmp_path / "out"
    assert train(text, *SMALL, "--epochs", 1, "--steps", 6000, "--out", out).exit_code == 0
    dump = lstmviz.open_dump(model_and_dump(out)[1])
    whole = text.read_text()
    n_held_out = len(whole) // 10
    pieces = ["".join(dump.tokens[row.start : row.stop]) for row in dump.sequences.itertuples()]
    parts = dump.sequences["part"].tolist()
    assert parts == sorted(parts)  # "held out" before "learned from"
    assert "".join(p for p, part in zip(pieces, parts, strict=True) if part == "held out") == whole[-n_held_out:]
    learned = "".join(p for p, part in zip(pieces, parts, strict=True) if part == "learned from")
    assert learned == whole[: 6000 - n_held_out]
    lines = whole.split("\n")
    for piece, line in zip(pieces, dump.sequences["line"], strict=True):
        assert lines[int(line) - 1].endswith(piece.split("\n")[0])
    assert all(len(piece) <= 1000 for piece in pieces)
    assert sum(piece.endswith("\n") for piece in pieces) >= len(pieces) - 1


def test_words_have_an_unknown_and_a_perplexity(tmp_path):
    text = tmp_path / "farm.txt"
    text.write_text(sentences(800) + "the zebra sees a unicorn.\n" + sentences(200, seed=2))
    out = tmp_path / "out"
    answer = train(text, "--level", "word", *SMALL, "--epochs", 12, "--out", out)
    loss, unigram, bigram = figures(answer, "held-out loss")
    assert loss < unigram
    assert bigram < unigram
    path, dump_path = model_and_dump(out)
    vocab = load(path).description.vocab
    assert vocab[0] == "\N{REPLACEMENT CHARACTER}"
    assert "zebra" not in vocab
    assert {"cat", ".", "\n"} <= set(vocab)
    dump = lstmviz.open_dump(dump_path)
    assert dump.first.text(0, 3).count(" ") >= 2
    odd = np.flatnonzero(dump.tokens.ids[:] == 0)
    assert [dump.tokens[int(step)] for step in odd] == ["zebra", "a", "unicorn"]
    assert np.flatnonzero(dump.tokens.is_unknown(slice(None))).tolist() == odd.tolist()
    assert "".join(dump.tokens[:]).count("thezebraseesaunicorn.\n") == 1


@pytest.mark.parametrize("way", [[], ["--bidirectional"]], ids=["forward", "bidirectional"])
def test_labels_make_a_classifier_of_lines(documents, tmp_path, way):
    films, verdicts = documents(labels=("bad/poor", "very [good]"))
    out = tmp_path / "out"
    answer = train(
        films, "--labels", verdicts, "--level", "word", *SMALL, *way, "--epochs", 20, "--steps", 500, "--out", out
    )
    loss, alone = figures(answer, "held-out loss")
    assert loss < alone
    right, always = figures(answer, "labels predicted")
    assert right > 90 > always
    path, dump_path = model_and_dump(out)
    model, dump = load(path), lstmviz.open_dump(dump_path)
    assert model.description.labels == ("bad/poor", "very [good]")
    assert any("reverse" in source for source in dump.sources) == bool(way)
    lines, labels = films.read_text().splitlines(), verdicts.read_text().splitlines()
    assert len(dump.sequences) == 500 // 6
    assert dump.sequences["part"].tolist()[:21] == ["held out"] * 20 + ["learned from"]
    for row in dump.sequences.itertuples():
        assert " ".join(dump.tokens[row.start : row.stop]) == lines[int(row.line) - 1]
        assert row.label == labels[int(row.line) - 1]
    row, _, logits = logits_of(model, dump, 3)
    told = dump.tracks["predicted_very [good]"][row.start : row.stop]
    assert told == pytest.approx(logits.softmax(-1)[0, :, 1].numpy(), abs=1e-4)


def test_three_labels_of_characters(tmp_path):
    text, labels = tmp_path / "text.txt", tmp_path / "labels.txt"
    text.write_text("".join(f"{'abc'[i % 3] * (3 + i % 5)}\n" for i in range(120)))
    labels.write_text("".join(f"{'xyz'[i % 3]}\n" for i in range(120)))
    out = tmp_path / "out"
    answer = train(text, "--labels", labels, *SMALL, "--epochs", 15, "--out", out)
    assert figures(answer, "labels predicted")[0] == 100
    dump = lstmviz.open_dump(model_and_dump(out)[1])
    assert set(dump.tracks["top1"].labels) == {"x", "y", "z"}


def test_the_same_seed_gives_the_same_weights_and_another_one_others(text, tmp_path):
    weights = []
    for i, seed in enumerate((3, 3, 4)):
        assert (
            train(text, *SMALL, "--epochs", 1, "--steps", 50, "--seed", seed, "--out", tmp_path / str(i)).exit_code == 0
        )
        weights.append(load(model_and_dump(tmp_path / str(i))[0]).state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not all(torch.equal(weights[0][name], weights[2][name]) for name in weights[0])


def test_moments_leave_the_training_as_it_is_and_their_models_beside_them(text, tmp_path):
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    short = (*SMALL, "--epochs", 4, "--steps", 3000, "--dropout", 0.2)
    assert train(text, *short, "--out", alone).exit_code == 0
    answer = train(text, *short, "--snapshots", 4, "--out", beside)
    assert answer.exit_code == 0, answer.output
    weights, dump_path = model_and_dump(beside)
    assert weights.read_bytes() == model_and_dump(alone)[0].read_bytes()
    folder = dump_path.with_name(f"{dump_path.stem}-moments")
    assert f"moments: {folder}" in answer.stdout
    dumps = [lstmviz.open_dump(path) for path in sorted(folder.glob("*.h5"))]
    moments = [moment_of(dump.provenance) for dump in dumps]
    assert [path.name for path in sorted(folder.iterdir())] == sorted(
        name for m in moments for name in (m.file_name, m.file_name.replace(".h5", ".safetensors"))
    )
    assert (len(moments) in (3, 4), moments[0].update) == (True, 0)
    assert moments[0].loss > moments[-1].loss
    for dump in dumps:
        assert dump.tokens[:] == lstmviz.open_dump(dump_path).tokens[: dump.n_steps]
        start, stop = dump.sequences[["start", "stop"]].to_numpy()[0]
        typed = dump.rerun(dump.first.text(start, stop))
        np.testing.assert_array_equal(typed.states("rnn.l0.c")[:], dump.states("rnn.l0.c")[start:stop])
    again = train(text, *short, "--snapshots", 4, "--out", beside)
    assert again.exit_code == 1
    assert "already there; give --overwrite" in again.output


def test_a_moment_that_cannot_be_written_is_left_out_and_the_model_is_saved(text, tmp_path, monkeypatch):
    taken = []

    def full_at_first(*given, **more):
        taken.append(given)
        if len(taken) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return record_model(*given, **more)

    monkeypatch.setattr("lstmviz.training.moments.record_model", full_at_first)
    answer = train(text, *SMALL, "--epochs", 1, "--steps", 50, "--snapshots", 2, "--out", tmp_path)
    assert answer.exit_code == 0, answer.output
    assert "-moments; the training goes on ([Errno 28] No space left on device)" in answer.stderr
    weights, dump_path = model_and_dump(tmp_path)
    assert load(weights)
    folder = dump_path.with_name(f"{dump_path.stem}-moments")
    assert [path.suffix for path in sorted(folder.iterdir())] == [".h5", ".safetensors"]


def test_minutes_end_the_training(text, tmp_path):
    began = time.monotonic()
    answer = train(text, *SMALL, "--minutes", 0.03, "--steps", 50, "--out", tmp_path / "out")
    assert time.monotonic() - began < 60
    n_updates = int(answer.stdout.split(" updates")[0].split("\n")[-1].replace(",", ""))
    assert 1 <= n_updates < 100_000
    assert "the best of them after" in answer.stdout


def test_a_text_that_is_soon_known_by_heart_ends_early_with_the_best_weights(tmp_path):
    rng = np.random.default_rng(5)
    text = tmp_path / "noise.txt"
    text.write_text("".join(rng.choice(list("abcdefgh\n"), 1500)))
    answer = train(text, "--layers", 1, "--units", 64, "--epochs", 200, "--steps", 50, "--out", tmp_path / "out")
    assert "ended early" in answer.stdout
    loss, unigram, _ = figures(answer, "held-out loss")
    assert loss < unigram + 0.1  # the best weights, not the last ones, which are far above
    assert unigram == pytest.approx(np.log2(9), abs=0.05)


def test_what_is_there_stays_unless_it_is_to_be_replaced(text, tmp_path):
    out = tmp_path / "out"
    given = (text, *SMALL, "--epochs", 1, "--steps", 50, "--out", out, "--name", "mine")
    assert train(*given).exit_code == 0
    model, dump = model_and_dump(out)
    assert (model.name, dump.name) == ("mine.safetensors", "mine.h5")
    before = lstmviz.open_dump(dump).uuid
    again = train(*given)
    assert again.exit_code == 1
    assert again.stderr == f"lstmviz: {dump} is already there; give --overwrite, or another --name or --out\n"
    assert lstmviz.open_dump(dump).uuid == before
    assert train(*given, "--overwrite").exit_code == 0
    assert lstmviz.open_dump(dump).uuid != before
    assert len(list((out / "events" / "training").iterdir())) == 1


def start(*arguments):
    """``lstmviz train`` in a process of its own, as from a shell: Ctrl-C is not ignored."""
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "lstmviz.cli", "train", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def read_until(stream, words):
    seen = []
    for line in stream:
        seen.append(line)
        if words in line:
            return "".join(seen)
    raise AssertionError("".join(seen))


def test_ctrl_c_keeps_the_best_model_so_far_and_its_dump(text, tmp_path):
    out = tmp_path / "out"
    process = start(text, *SMALL, "--epochs", 100_000, "--steps", 3000, "--out", out)
    read_until(process.stdout, "Ctrl-C keeps the best model so far")
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors == ""
    assert "stopping: the best model so far is kept" in said
    assert "(interrupted)" in said
    path, dump_path = model_and_dump(out)
    model, dump = load(path), lstmviz.open_dump(dump_path)
    assert dump.n_steps == 3000
    assert dump.provenance["complete"] is True
    row, _, logits = logits_of(model, dump, 1)
    assert dump.tracks["p1"][row.start : row.stop] == pytest.approx(
        logits.softmax(-1).max(-1).values[0].numpy(), abs=1e-4
    )


def test_a_second_ctrl_c_ends_at_once_in_one_line(tmp_path):
    text = tmp_path / "long.txt"
    text.write_text(sentences(30_000))
    out = tmp_path / "out"
    process = start(text, "--units", 256, "--steps", 800_000, "--out", out)
    read_until(process.stdout, "Ctrl-C keeps the best model so far")
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    read_until(process.stdout, "stopping")
    while not list(out.glob("*.safetensors")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    said = f"lstmviz: ended at once; the model is {model_path(out)}"
    assert (process.returncode, errors.splitlines()[-1:]) == (130, [said])
    assert "Traceback" not in errors
    load(model_path(out))


def model_path(out):
    (path,) = out.glob("*.safetensors")
    return path
