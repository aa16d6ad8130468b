"""A text run through the model beside a dump: the states of a recording of it, and what is said where it cannot be."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import threading

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import lstmviz
from lstmviz import errors, samples
from lstmviz.rerun.rerun import model_description, rerun_of
from lstmviz.rerun.text_runner import MAX_CHARACTERS, MAX_TOKENS
from lstmviz.training.corpus import Corpus
from lstmviz.training.model import TextModel, load, save
from lstmviz.training.model_config import ModelDescription, model_beside
from lstmviz.training.record_model import TOP_K, next_targets, record_model
from support import cards

SHIPPED = [
    ("parens", "2x50", "0(11()1(222)11)0(11"),
    ("parens", "1x50-update-040", "0(11()1(222)11)0(11"),
    ("agreement", "1x50", "the keys to the cabinet are old . a song"),
    ("agreement", "1x100", "the keys to the cabinet are old . a song"),
    ("recall", "1x32", "Fyvyzzyxyz?FDyuuvyux"),
    ("sentiment", "forward-1x50", "the sound felt not bright but the music seemed stale ."),
    ("sentiment", "bidirectional-1x32", "the sound felt not bright but the music seemed stale ."),
]
LETTERS = "\N{REPLACEMENT CHARACTER}ab é\n"


pytestmark = pytest.mark.usefixtures("one_thread")  # as a rerun does: the order of a sum depends on it


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Sample and variant -> its dump, with the model beside it."""
    folder = tmp_path_factory.mktemp("samples")

    def build(name, variant):
        path = folder / f"{name}-{variant}.h5"
        return path if path.exists() else cards.built(name, variant, path)

    return build


def made(folder, *, n=300, seed=3, **sizes):
    """A small model of random weights over the letters, left beside a dump of it."""
    torch.manual_seed(seed)
    model = TextModel(ModelDescription(tuple(LETTERS), **{"level": "char", "n_units": 7, "unknown": 0, **sizes}))
    weights, path = folder / "weights.safetensors", folder / "run.h5"
    save(model, weights)
    ids = np.random.default_rng(seed).integers(1, len(LETTERS), n)
    rows = [ids[:100], ids[100:140], ids[140:]]
    answers = [0, 1, 0] if sizes.get("labels") else None
    record_model(weights, Corpus(rows, label_ids=answers), path)
    return path


def recorded(path, tokens, to):
    """What lstmviz.record leaves of the model beside a dump, run over some tokens."""
    model = load(model_beside(path))
    d = model.description
    ids = torch.tensor([[d.vocab.index(token) for token in tokens]])
    lengths = torch.tensor([len(tokens)])
    letters = ("h", "c") if d.cell == "lstm" else ("h",)
    run = lstmviz.record(model, to, vocab=list(d.vocab), states=letters)
    with torch.no_grad(), run, run.batch(tokens=ids):
        logits, _ = model(ids, None, lengths if d.is_bidirectional else None)
        if d.task == "next":
            run.predictions(logits, next_targets(ids), TOP_K)
        else:
            run.predictions(logits, None, 1, labels=d.labels, concerns="step")
    return lstmviz.open_dump(to)


def said(track):
    return [track.labels[i] if i >= 0 else None for i in track[:]]


def assert_same(typed, truth):
    """Sources, units, types, tokens and every recorded track are the same, bit for bit."""
    assert list(typed.sources) == list(truth.sources)
    assert typed.tokens[:] == truth.tokens[:]
    for name, source in truth.sources.items():
        ours, theirs = typed.states(name)[:], truth.states(name)[:]
        assert ours.dtype == theirs.dtype == np.float16
        assert ours.tobytes() == theirs.tobytes(), name
        assert (typed.source(name).view, typed.source(name).n_units) == (source.view, source.n_units)
    for name, track in truth.tracks.items():
        ours, theirs = typed.tracks[name][:], track[:]
        if track.info.kind == "category":
            ours, theirs = said(typed.tracks[name]), said(track)
            assert ours == theirs, name
        else:
            assert np.array_equal(ours, theirs, equal_nan=True), name


@pytest.mark.parametrize(("name", "variant", "text"), SHIPPED, ids=[f"{n}-{v}" for n, v, _ in SHIPPED])
def test_a_samples_typed_states_are_those_of_a_recording(built, tmp_path, name, variant, text):
    path = built(name, variant)
    typed = lstmviz.open_dump(path).rerun(text)
    tokens = list(text) if model_description(lstmviz.open_dump(path)).level == "char" else text.split()
    assert typed.tokens[:] == tokens
    assert_same(typed, recorded(path, tokens, tmp_path / "truth.h5"))
    assert typed.is_known.all()
    assert typed.unknown == []


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("shape", ["one", "two layers", "bidirectional"])
def test_typed_states_are_those_of_a_recording_whatever_the_cell(tmp_path, cell, shape):
    more = {"n_layers": 2} if shape == "two layers" else {}
    if shape == "bidirectional":
        more = {"is_bidirectional": True, "task": "label", "labels": ("no", "yes")}
    path = made(tmp_path, cell=cell, **more)
    for text in ("abé\n ba", "b"):  # one step goes another way through the recorder
        typed = lstmviz.open_dump(path).rerun(text)
        assert_same(typed, recorded(path, list(text), tmp_path / f"{len(text)}.h5"))


@pytest.mark.parametrize("name", ["parens", "sentiment"])
def test_what_the_corpus_begins_with_has_the_corpuss_states_when_typed(built, name):
    dump = lstmviz.open_dump(built(name, samples.variants(name)[0]))
    stop = int(dump.sequences["stop"][0])
    typed = dump.rerun(dump.axis("text").text(0, stop))
    for source in dump.sources:  # a batch of rows is multiplied in another order than one row
        np.testing.assert_allclose(
            typed.states(source)[:].astype(float), dump.states(source)[:stop], atol=5e-3, rtol=5e-3
        )


def test_a_typed_text_answers_like_a_dump_and_its_pattern_is_matched_against_the_corpus(built):
    dump = lstmviz.open_dump(built("parens", "1x50"))
    start = next(i for i in range(dump.n_steps) if dump.tokens[i : i + 3] == ["2", "2", "2"])
    begin = int(dump.sequences["start"][dump.first.sequence_of(start)])
    typed = dump.rerun(dump.first.text(begin, start + 12))
    pattern = typed.select("rnn.l0.h", start - begin, start - begin + 3, 0.3, off_before=0)
    assert pattern.n_units > 0
    assert pattern == dump.select("rnn.l0.h", start, start + 3, 0.3, off_before=0)
    assert len(dump.match(pattern)) == 50
    own = typed.match(pattern, limit=500)
    assert (start - begin) in [m.start for m in own.itertuples() if m.n_shared == pattern.n_units]
    assert typed.search("222")["start"].tolist()[0] <= start - begin
    assert typed.unit("rnn.l0.h", 3).n_steps == typed.n_steps
    assert "unit 3" in str(typed.why_not("rnn.l0.h", 3, 1, 2)) or "Unit 3" in str(typed.why_not("rnn.l0.h", 3, 1, 2))


def test_the_loss_of_each_token_stands_at_the_step_before_it(built):
    path = built("agreement", "1x50")
    typed = lstmviz.open_dump(path).rerun("the keys are old .")
    model = load(model_beside(path))
    ids = torch.tensor([[model.description.vocab.index(t) for t in typed.tokens[:]]])
    with torch.no_grad():
        scores = model(ids)[0].log_softmax(-1)[0]
    losses = [-float(scores[t, ids[0, t + 1]]) for t in range(4)]
    np.testing.assert_allclose(typed.tracks["loss"][:4], losses, rtol=1e-6)
    assert np.isnan(typed.tracks["loss"][4])
    best = scores.argmax(-1).tolist()
    assert [typed.tracks["top1"].labels[i] for i in typed.tracks["top1"][:]] == [
        model.description.vocab[i] for i in best
    ]


def test_a_token_that_the_model_has_no_entry_for_is_not_read_and_marked(built):
    dump = lstmviz.open_dump(built("agreement", "1x50"))
    typed = dump.rerun("the zebras keys Are old .")
    plain = dump.rerun("the keys old .")
    assert typed.tokens[:] == ["the", "zebras", "keys", "Are", "old", "."]
    assert typed.is_known.tolist() == [True, False, True, False, True, True]
    assert typed.unknown == ["zebras", "Are"]
    read = np.flatnonzero(typed.is_known)
    for source in dump.sources:
        assert typed.states(source)[:][read].tobytes() == plain.states(source)[:].tobytes()
        assert np.isnan(typed.states(source)[:][~typed.is_known]).all()
        assert typed.source(source).n_nan == 2 * typed.source(source).n_units
    # the next of "the" and of "keys" in the text is one of which the model cannot tell how likely it was
    assert np.isnan(typed.tracks["loss"][:]).tolist() == [True, True, True, True, False, True]
    assert (typed.tracks["top1"][:] < 0).tolist() == [False, True, False, True, False, False]
    assert typed.select("rnn.l0.h", 1, 2, 0.1, off_before=0).n_units == 0  # NaN is neither on nor off


def test_a_model_with_an_unknown_token_reads_that_and_marks_it_all_the_same(tmp_path):
    dump = lstmviz.open_dump(made(tmp_path))
    typed, plain = dump.rerun("aXb\N{REPLACEMENT CHARACTER}"), dump.rerun("aYbZ")
    assert typed.tokens[:] == ["a", "X", "b", "\N{REPLACEMENT CHARACTER}"]
    assert typed.is_known.tolist() == [True, False, True, False]
    for source in dump.sources:
        assert typed.states(source)[:].tobytes() == plain.states(source)[:].tobytes()
        assert np.isfinite(typed.states(source)[:]).all()
    assert np.isfinite(typed.tracks["loss"][:3]).all()


def test_a_text_of_nothing_known_is_all_marks(built):
    typed = lstmviz.open_dump(built("parens", "1x50")).rerun("xyz")
    assert typed.unknown == ["x", "y", "z"]
    assert all(np.isnan(typed.states(s)[:]).all() and typed.states(s).shape == (3, 50) for s in typed.sources)
    assert np.isnan(typed.tracks["loss"][:]).all()


HOSTILE = ["\0\0", "\ud800a", "<script>alert(1)</script>", "é" * 50, "\u202eabc", "a\r\nb\rc", "😀" * 9, "../../etc"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_text(tmp_path, text):
    typed = lstmviz.open_dump(made(tmp_path)).rerun(text)
    assert typed.n_steps == len(text.replace("\r\n", "\n"))
    assert typed.tokens[:2] == [c if c != "\ud800" else "\\ud800" for c in text.replace("\r\n", "\n")[:2]]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "the text has no token; type at least one"),
        ("a" * (MAX_TOKENS + 1), "the text has 2,001 tokens; at most 2,000 can be typed"),
        ("a" * (MAX_CHARACTERS + 1), "the text has 40,001 characters; at most 40,000 can be typed"),
        (7, "the text is a int; give a string"),
    ],
)
def test_a_text_that_cannot_be_run_gets_one_line(tmp_path, text, line):
    dump = lstmviz.open_dump(made(tmp_path))
    with pytest.raises(errors.InputError, match=line) as caught:
        dump.rerun(text)
    assert "\n" not in str(caught.value)
    assert dump.rerun("a" * MAX_TOKENS).n_steps == MAX_TOKENS


def test_a_dump_without_a_model_says_what_is_missing(tmp_path):
    path = made(tmp_path)
    model_beside(path).unlink()
    with pytest.raises(errors.ModelError, match=r"no model lies beside run\.h5 \(run\.safetensors is not there\)"):
        lstmviz.open_dump(path).rerun("ab")


@pytest.mark.parametrize("harm", ["garbage", "empty", "no description", "folder", "pipe"])
def test_a_file_that_is_no_model_is_one_line(tmp_path, harm):
    path = made(tmp_path)
    beside = model_beside(path)
    if harm == "no description":
        save_file(load_file(beside), beside)
    elif harm == "pipe":  # whoever opens it waits until somebody writes
        beside.unlink()
        os.mkfifo(beside)
    else:
        beside.unlink()
        beside.mkdir() if harm == "folder" else beside.write_bytes(b"" if harm == "empty" else b"\x80\x04garbage" * 99)
    with pytest.raises(errors.ModelError, match=r"cannot be read|is not a model written by lstmviz") as caught:
        lstmviz.open_dump(path).rerun("ab")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("other", "line"),
    [
        ({"seed": 4}, r"is not the model that run\.h5 was recorded from: its rnn\.l0\.h differs at step \d+"),
        ({"n_units": 8}, r"does not give rnn\.l0\.h of 7 units, which run\.h5 holds, but rnn\.l0\.h of 8"),
        ({"cell": "gru"}, r"does not give rnn\.l0\.c of 7 units"),
        ({"n_layers": 2}, r"has [\d,]+ parameters and run\.h5 was recorded from a model of [\d,]+"),
    ],
    ids=["weights", "units", "cell", "layers"],
)
def test_another_model_is_not_taken_for_the_one_that_was_recorded(tmp_path, other, line):
    path = made(tmp_path)
    there = tmp_path / "other"
    there.mkdir()
    shutil.copyfile(model_beside(made(there, **other)), model_beside(path))
    with pytest.raises(errors.ModelError, match=line):
        lstmviz.open_dump(path).rerun("ab")


def test_a_model_of_another_vocabulary_is_not_taken(built, tmp_path):
    path = made(tmp_path)
    shutil.copyfile(model_beside(built("parens", "1x50")), model_beside(path))
    with pytest.raises(errors.ModelError, match=r"knows \d+ tokens and they are not the 6 of run\.h5"):
        lstmviz.open_dump(path).rerun("ab")


def test_a_model_that_is_trained_anew_is_noticed(tmp_path):
    path = made(tmp_path)
    dump = lstmviz.open_dump(path)
    before = rerun_of(dump)
    assert rerun_of(dump) is before
    again = load_file(model_beside(path))
    description = before.description.to_json()
    save_file({name: w + 1 for name, w in again.items()}, model_beside(path), metadata={"lstmviz": description})
    with pytest.raises(errors.ModelError, match="is not the model"):
        dump.rerun("ab")


def test_a_description_of_hostile_sizes_is_refused_before_memory_is_taken(tmp_path):
    path = made(tmp_path)
    weights = load_file(model_beside(path))
    with_lies = json.loads(load(model_beside(path)).description.to_json()) | {"n_layers": 16, "n_embedding": 4096}
    save_file(weights, model_beside(path), metadata={"lstmviz": json.dumps(with_lies)})
    with pytest.raises(errors.ModelError, match="weight '"):
        lstmviz.open_dump(path).rerun("ab")


@pytest.mark.parametrize(
    ("lie", "line"),
    [
        ({"n_units": 7.0}, "n_units is 7.0; give a whole number"),
        ({"n_layers": True}, "n_layers is True; give a whole number"),
        ({"n_embedding": "4"}, "n_embedding is '4'; give a whole number"),
        ({"n_units": 10**400}, "n_units is 1000"),
        ({"unknown": 0.5}, "unknown is 0.5; give a whole number"),
        ({"is_bidirectional": "no"}, "is_bidirectional is 'no'; give true or false"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_a_description_of_hostile_kinds_is_one_line(tmp_path, lie, line):
    path = made(tmp_path)
    weights = load_file(model_beside(path))
    with_lies = json.loads(load(model_beside(path)).description.to_json()) | lie
    save_file(weights, model_beside(path), metadata={"lstmviz": json.dumps(with_lies)})
    with pytest.raises(errors.ModelError, match=re.escape(line)) as caught:
        lstmviz.open_dump(path).rerun("ab")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("more", [{}, {"n_layers": 3}, {"is_bidirectional": True, "task": "label", "labels": ("x",)}])
def test_the_number_of_weights_is_that_of_the_module(cell, more):
    description = ModelDescription(tuple(LETTERS), cell=cell, n_units=7, n_embedding=5, **more)
    assert description.n_weights == sum(weight.numel() for weight in TextModel(description).parameters())


def test_a_model_whose_file_is_cut_goes_on(tmp_path):
    path = tmp_path / "large.safetensors"
    model = TextModel(ModelDescription(tuple(LETTERS), n_units=100))
    save_file(model.state_dict(), path, metadata={"lstmviz": model.description.to_json()})  # float32, as they are used
    loaded = load(path)
    os.truncate(path, 4096)
    torch.testing.assert_close(loaded.state_dict(), model.state_dict(), rtol=0, atol=0)
    with pytest.raises(errors.ModelError, match=r"large\.safetensors cannot be read as a model"):
        load(path)


def test_a_file_that_is_larger_than_the_model_is_not_read(tmp_path):
    path = made(tmp_path)
    os.truncate(model_beside(path), 2**40)
    with pytest.raises(errors.ModelError, match=r"run\.safetensors has 1,099,511,627,776 bytes, more than its model"):
        lstmviz.open_dump(path).rerun("ab")


@pytest.mark.parametrize(
    ("n_bytes", "header", "line"),
    [
        (2**63, b"", "begins with 9,223,372,036,854,775,808 bytes of description"),
        (None, b"[" * 100_000, "cannot be read as a model"),
        (None, b"[]", "cannot be read as a model"),
        (None, b'{"__metadata__": 1}', "cannot be read as a model"),
        (None, json.dumps(dict.fromkeys(map(str, range(1_001)))).encode(), "has 1,001 tensors"),
    ],
    ids=["length", "depth", "list", "metadata", "tensors"],
)
def test_a_hostile_header_is_one_line(tmp_path, n_bytes, header, line):
    path = made(tmp_path)
    model_beside(path).write_bytes((n_bytes or len(header)).to_bytes(8, "little") + header)
    with pytest.raises(errors.ModelError, match=line) as caught:
        lstmviz.open_dump(path).rerun("ab")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_those_of_another_model(tmp_path, value):
    path = made(tmp_path)
    description = load(model_beside(path)).description.to_json()
    weights = {name: torch.full_like(w, value) for name, w in load_file(model_beside(path)).items()}
    save_file(weights, model_beside(path), metadata={"lstmviz": description})
    with pytest.raises(errors.ModelError, match=r"is not the model that run\.h5 was recorded from: .* at step 0"):
        lstmviz.open_dump(path).rerun("ab")


def test_units_that_were_left_out_of_the_recording_are_left_out_of_the_text(tmp_path):
    path = made(tmp_path)
    model = load(model_beside(path))
    few = tmp_path / "few.h5"
    shutil.copyfile(model_beside(path), model_beside(few))
    ids = torch.tensor([[1, 2, 3, 1, 2]])
    with (
        torch.no_grad(),
        lstmviz.record(model, few, vocab=list(LETTERS), units=[1, 4], states=("c", "gates"), dtype="float32") as run,
        run.batch(tokens=ids),
    ):
        model(ids)
    dump = lstmviz.open_dump(few)
    typed = dump.rerun("ab ab")
    assert list(typed.sources) == list(dump.sources)
    for source in dump.sources:
        assert typed.source(source).units == (1, 4)
        assert typed.states(source)[:].dtype == np.float32
        np.testing.assert_array_equal(typed.states(source)[:], dump.states(source)[:])


def test_threads_share_a_model(tmp_path):
    dump = lstmviz.open_dump(made(tmp_path, n_layers=2))
    texts = ["ab ba", "b", "é\né", "aaaaaaaab", "  a"] * 4
    alone = {text: dump.rerun(text).states("rnn.l1.h")[:].tobytes() for text in set(texts)}
    found = {}

    def run(i, text):
        found[i] = dump.rerun(text).states("rnn.l1.h")[:].tobytes()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(texts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(texts))] == [alone[text] for text in texts]


def test_rerunning_writes_nothing_beside_the_dump(tmp_path):
    path = made(tmp_path)
    before = sorted(p.name for p in tmp_path.iterdir())
    with h5py.File(path, "r"):
        lstmviz.open_dump(path).rerun("ab ab").match(lstmviz.open_dump(path).rerun("ab").select("rnn.l0.h", 0, 1, 0.0))
    assert sorted(p.name for p in tmp_path.iterdir()) == before
