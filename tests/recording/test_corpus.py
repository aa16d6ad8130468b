"""``lstmviz.record_corpus``: texts in, a dump out, in order, the model left as it was."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn

import lstmviz
from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.corpus.documents import Document, batches
from support.budget import examples
from support.models.tagger import BiLSTMTagger
from support.models.word_language_model import WordLanguageModel
from support.paths import TESTS
from support.programs import programs
from support.word_texts import NUMBERS, TEXTS, WORDS, Words, encode


def alone(model: nn.Module, text: str) -> tuple[np.ndarray, torch.Tensor]:
    """The top layer's h, and logits, of one text run by itself."""
    model.eval()
    with torch.no_grad():
        output, _ = model.rnn(model.embed(torch.tensor([encode(text)])).transpose(0, int(not model.rnn.batch_first)))
        return output.reshape(-1, output.shape[-1]).numpy(), model.out(output).reshape(-1, 10)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("returns", ["logits", "tuple", "flat"])
@pytest.mark.parametrize("is_list", [True, False])
def test_every_text_is_a_sequence_in_order_with_its_predictions(tmp_path, batch_first, returns, is_list):
    torch.manual_seed(0)
    model = Words(batch_first, returns).train()
    model.out.eval()
    texts = TEXTS if is_list else iter(TEXTS)
    path = lstmviz.record_corpus(
        model, texts, encode=encode, path=tmp_path / "a.h5", vocab=WORDS, batch_size=3, top_k=2, dtype="float32"
    )
    assert path == tmp_path / "a.h5"
    assert (model.training, model.rnn.training, model.out.training) == (True, True, False)
    dump = lstmviz.open_dump(path)
    assert [dump.first.text(s, t) for s, t in dump.sequences[["start", "stop"]].to_numpy()] == TEXTS
    for text, (start, stop) in zip(TEXTS, dump.sequences[["start", "stop"]].to_numpy(), strict=True):
        states, logits = alone(model, text)
        np.testing.assert_allclose(dump.states("rnn.l1.h")[start:stop], states, atol=1e-6)
        after = [*encode(text)[1:], -100]
        loss = nn.functional.cross_entropy(logits, torch.tensor(after), reduction="none").numpy()
        np.testing.assert_allclose(dump.tracks["loss"][start : stop - 1], loss[:-1], atol=1e-5)
        assert np.isnan(dump.tracks["loss"][stop - 1])
        top1 = dump.tracks["top1"]
        assert [top1.labels[i] for i in top1[start:stop]] == [WORDS[i] for i in logits.argmax(1).tolist()]
    assert dump.tracks["loss"].info.concerns == "next"
    assert "top3" not in dump.tracks


def test_a_model_that_wants_lengths_gets_them(tmp_path):
    torch.manual_seed(0)
    model = BiLSTMTagger(10, 3)
    seen = []

    def forward(model, ids, lengths):
        seen.append((tuple(ids.shape), lengths.tolist()))
        return model(ids, lengths)

    lstmviz.record_corpus(model, TEXTS, encode=encode, path=tmp_path / "a.h5", forward=forward, batch_size=2)
    assert seen == [((2, 9), [9, 5]), ((2, 5), [5, 2]), ((1, 2), [2])]
    with pytest.raises(
        InputError, match=r"BiLSTMTagger is called with \(words, lengths\); say how with forward=lambda"
    ):
        lstmviz.record_corpus(model, TEXTS, encode=encode, path=tmp_path / "b.h5")


def test_a_model_that_reads_backwards_never_sees_padding(tmp_path):
    torch.manual_seed(0)
    model = Words(bidirectional=True)
    texts = ["the cat ran", "a dog ran", "it ran", "the dog", "and the cat ran"]
    lstmviz.record_corpus(model, texts, encode=encode, path=tmp_path / "a.h5", dtype="float32", batch_size=3)
    assert model.sizes == [(1, 4), (2, 3), (2, 2)]
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    for text, (start, stop) in zip(texts, dump.sequences[["start", "stop"]].to_numpy(), strict=True):
        states, _ = alone(model, text)
        found = np.hstack([dump.states(name)[start:stop] for name in ("rnn.l1.h", "rnn.l1.reverse.h")])
        np.testing.assert_allclose(found, states, atol=1e-6)


def word_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(NUMBERS, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_padding(length=8, pad_id=0, pad_token="<pad>")
    return tokenizer


@pytest.mark.parametrize("form", ["list", "tensor", "array", "words", "encoding"])
def test_what_encode_may_return(tmp_path, form):
    tokenizer = word_tokenizer()
    forms = {
        "list": encode,
        "tensor": lambda text: torch.tensor(encode(text)),
        "array": lambda text: np.array(encode(text), "int32"),
        "words": str.split,
        "encoding": tokenizer.encode,
    }
    vocab = tokenizer if form == "encoding" else NUMBERS if form == "words" else WORDS
    lstmviz.record_corpus(Words(), TEXTS[:4], encode=forms[form], path=tmp_path / "a.h5", vocab=vocab)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert dump.tokens[:] == " ".join(TEXTS[:4]).split()
    assert set(dump.tracks) == ({"offset_start", "offset_stop"} if form == "encoding" else set())
    if form == "encoding":
        spans = zip(
            dump.tracks["offset_start"][:5].astype(int), dump.tracks["offset_stop"][:5].astype(int), strict=True
        )
        assert [TEXTS[0][a:b] for a, b in spans] == TEXTS[0].split()


def test_tracks_go_with_their_texts(tmp_path):
    lengths = [len(text.split()) for text in TEXTS]
    lstmviz.record_corpus(
        Words(),
        iter(TEXTS),
        encode=encode,
        path=tmp_path / "a.h5",
        batch_size=2,
        tracks={"place": [np.arange(n) for n in lengths], "case": (["x"] * n for n in lengths)},
        sequence_tracks={"source": ["a", "b", "a", None, "c"], "n": lengths},
    )
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert dump.tracks["place"][:].tolist() == [i for n in lengths for i in range(n)]
    assert dump.tracks["case"].labels == ("x",)
    assert dump.sequences["source"].tolist()[:3] == ["a", "b", "a"]
    assert dump.sequences["n"].tolist() == lengths


def test_texts_without_tokens_are_left_out_and_counted(tmp_path, capsys):
    texts = ["", "the cat", "", "it ran home"]
    lstmviz.record_corpus(
        Words(), texts, encode=encode, path=tmp_path / "a.h5", vocab=WORDS, sequence_tracks={"n": [0, 1, 2, 3]}
    )
    assert "2 of 4 texts have no tokens and were left out\n" in capsys.readouterr().err
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert dump.tokens[:] == ["the", "cat", "it", "ran", "home"]
    assert dump.sequences["n"].tolist() == [1, 3]


def test_padding_is_an_id_that_the_model_has(tmp_path):
    model = Words()
    model.embed.padding_idx = 9
    seen = []
    model.embed.register_forward_pre_hook(lambda _, args: seen.append(args[0].tolist()))
    lstmviz.record_corpus(model, ["the cat ran", "a"], encode=encode, path=tmp_path / "a.h5")
    assert seen == [[[1, 2, 7], [4, 9, 9]]]


@examples(60)
@given(lengths=st.lists(st.integers(0, 4), max_size=12), size=st.integers(1, 5), of_one_length=st.booleans())
def test_batches_keep_the_order_and_the_first_is_no_square(lengths, size, of_one_length):
    documents = [Document(np.full(n, i), None, {}, {}) for i, n in enumerate(lengths)]
    found = list(batches(iter(documents), size, of_one_length=of_one_length))
    assert [d for some in found for d in some] == [d for d in documents if len(d.ids)]
    assert all(0 < len(some) <= size for some in found)
    if of_one_length:
        assert all(len({len(d.ids) for d in some}) == 1 for some in found)
    if found and len(found[0]) > 1:
        assert len(found[0]) != max(len(d.ids) for d in found[0])


@given(lengths=st.lists(st.integers(0, 6), min_size=1, max_size=9).filter(any), size=st.integers(1, 4))
@examples(8)
def test_texts_of_like_length_run_together_and_stand_in_their_own_order(lengths, size):
    torch.manual_seed(0)
    model = Words()
    texts = [" ".join(WORDS[1 + (i + k) % 9] for k in range(n)) for i, n in enumerate(lengths)]
    with TemporaryDirectory() as folder:
        options = {"encode": encode, "vocab": WORDS, "dtype": "float32", "batch_size": size}
        own = {"sequence_tracks": {"text": range(len(texts))}, "tracks": {"step": [range(n) for n in lengths]}}
        dump = lstmviz.open_dump(lstmviz.record_corpus(model, texts, path=Path(folder) / "a.h5", **options, **own))
        widths = [steps for _, steps in model.sizes]
        assert widths == sorted(widths, reverse=True)
        kept = [i for i, n in enumerate(lengths) if n]
        assert dump.sequences["text"].tolist() == kept
        for i, (start, stop) in zip(kept, dump.sequences[["start", "stop"]].to_numpy(), strict=True):
            assert dump.first.text(start, stop) == texts[i]
            assert dump.tracks["step"][start:stop].tolist() == list(range(lengths[i]))
            assert np.abs(dump.states("rnn.l1.h")[start:stop] - alone(model, texts[i])[0]).max() < 1e-6


def test_texts_that_come_one_by_one_are_not_kept(tmp_path):
    """At no time are more texts read than a batch and one holds."""
    read, ran = [], []
    model = Words()
    model.register_forward_pre_hook(lambda *_: ran.append(len(read)))

    def texts():
        for text in TEXTS * 4:
            read.append(text)
            yield text

    lstmviz.record_corpus(model, texts(), encode=encode, path=tmp_path / "a.h5", batch_size=2)
    assert ran == [min(2 * (i + 1) + 1, 20) for i in range(10)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"texts": "the cat"}, "texts is one text; give a list"),
        ({"texts": 3}, "texts is a int; give a list or an iterator"),
        ({"encode": word_tokenizer()}, "encode is a Tokenizer, which cannot be called; give its encode"),
        ({"encode": {"a": 1}}, "encode is a dict, which cannot be called; give a function"),
        ({"n_steps": 9}, "n_steps is counted by record_corpus itself"),
        ({"unit": [1]}, "'unit' is not an option of record_corpus or record; the options of record are states, layers"),
        ({"texts": []}, "none of the 0 texts has a token"),
        ({"texts": ["", " "]}, "none of the 2 texts has a token"),
        ({"texts": iter(["", ""])}, "none of the 2 texts has a token"),
        ({"batch_size": 0}, "batch_size is 0; give a whole number of 1 or more"),
        ({"top_k": True - 2}, "top_k is -1"),
        ({"encode": str.split, "vocab": None}, "encode gives strings and there is no vocab to number them"),
        ({"encode": lambda t: [*t.split(), "cow"]}, "token 'cow' of text 0 is not in vocab; let encode put"),
        ({"encode": lambda t: [encode(t)]}, r"encode gave for text 0 has shape \(1, 5\); give its row \[0\]"),
        ({"encode": lambda t: {"ids": encode(t)}}, "text 0 is a dict; give the ids alone"),
        ({"encode": lambda t: {"input_ids": [encode(t)] * 2}}, r"has shape \(2, 5\); give one row of ids"),
        ({"encode": lambda t: [1.5]}, "text 0 is float64; give integer ids"),
        ({"sequence_tracks": {"n": [1]}}, r"sequence_tracks\['n'\] has 1 values and there are 5 texts"),
        ({"sequence_tracks": {"n": iter([1])}}, r"sequence_tracks\['n'\] ended before text 1"),
        ({"sequence_tracks": {"n": "abcde"}}, r"sequence_tracks\['n'\] is a str; give one value for each text"),
        ({"tracks": {"n": [[1]] * 5}}, r"tracks\['n'\] has 1 values for text 0, which is encoded to 5 tokens"),
        ({"tracks": [1]}, "tracks is a list; give a dict"),
    ],
)
def test_what_is_handed_in_is_checked_before_anything_is_written(tmp_path, change, said):
    given = {"texts": TEXTS, "encode": encode, "vocab": WORDS, **change}
    with pytest.raises(InputError, match=said) as caught:
        lstmviz.record_corpus(Words(), given.pop("texts"), path=tmp_path / "a.h5", **given)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("model", "change", "said"),
    [
        (Words(), {"layers": "rmm"}, "layers asks for 'rmm'"),
        (Words(), {"path": 3}, "path is a int; give the path of the dump"),
        (Words(), {"vocab": 3}, "vocab is a int; give a list"),
        (Words(), {"path": "no/such/a.h5"}, "there is no folder"),
        (Words, {}, "a type is not a torch module"),
    ],
)
def test_no_text_is_encoded_for_what_cannot_be_recorded(tmp_path, monkeypatch, model, change, said):
    monkeypatch.chdir(tmp_path)
    asked = []
    given = {"path": "a.h5", "vocab": WORDS, **change}
    with pytest.raises(RecordingError, match=said):
        lstmviz.record_corpus(model, TEXTS, encode=asked.append, **given)
    assert not asked
    assert not list(tmp_path.iterdir())


class Odd(nn.Module):
    """One module in each layout."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.LSTM(2, 2, batch_first=True), nn.LSTM(2, 2)

    def forward(self, ids):
        return ids


def test_a_model_of_both_layouts_needs_a_word(tmp_path):
    with pytest.raises(InputError, match="first is batch_first and second is not; say how the model is run"):
        lstmviz.record_corpus(Odd(), TEXTS, encode=encode, path=tmp_path / "a.h5")


@pytest.mark.parametrize("batch_first", [True, False])
def test_a_layout_that_is_not_the_modules_is_found_out(tmp_path, batch_first):
    class Turned(Words):
        def forward(self, ids):
            return self.rnn(self.embed(ids.t()))[0]

    texts, remedy = ["the cat ran"] * 3, r"model\(ids.T\)" if batch_first else r"model\(ids\)"
    with pytest.raises(RecordingError, match=rf"Turned does not take ids of .*: {remedy}"):
        lstmviz.record_corpus(Turned(batch_first), texts, encode=encode, path=tmp_path / "a.h5")


def test_a_language_model_with_a_state_is_run_by_forward(tmp_path):
    torch.manual_seed(0)
    model = WordLanguageModel(10, 6, 6, 2)

    def forward(model, ids, lengths):
        logits, _ = model(ids.t(), model.init_hidden(len(ids)))
        return logits.view(ids.shape[1], ids.shape[0], -1).transpose(0, 1)

    path = lstmviz.record_corpus(
        model, TEXTS, encode=encode, path=tmp_path / "a.h5", vocab=WORDS, forward=forward, top_k=1
    )
    assert lstmviz.open_dump(path).n_steps == sum(len(text.split()) for text in TEXTS)


def test_a_model_that_fails_keeps_what_was_recorded_and_its_modes(tmp_path, capsys):
    model = Words()
    texts = [*TEXTS[:2], "the unicorn"]
    with pytest.raises(KeyError, match="unicorn"):
        lstmviz.record_corpus(model, iter(texts), encode=encode, path=tmp_path / "a.h5", batch_size=1)
    assert model.training
    assert "recording stopped: 5 steps" in capsys.readouterr().err


def test_a_disk_that_is_full_ends_the_call(tmp_path, monkeypatch):
    from lstmviz.errors import StorageError
    from lstmviz.recording.sink import Sink

    model = Words()
    real = Sink.append

    def full(self, *args, **kwargs):
        if self.n_batches == 1:
            raise StorageError("the disk is full")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Sink, "append", full)
    with pytest.raises(RecordingError):
        lstmviz.record_corpus(model, TEXTS, encode=encode, path=tmp_path / "a.h5", batch_size=1)
    assert len(model.sizes) == 2
    assert lstmviz.open_dump(tmp_path / "a.h5").n_steps == 9  # the longest text runs first


def test_the_progress_bar_is_on_standard_error_of_a_terminal_only(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from support.word_texts import *; import lstmviz; "
        "lstmviz.record_corpus(Words(), TEXTS, encode=encode, path=sys.argv[2])"
    )
    with programs() as made:
        said_by_shown = {n == 1: made.run(code, TESTS, tmp_path / f"{n}.h5", TTY_COMPATIBLE=str(n)) for n in (0, 1)}
    for shown, said in said_by_shown.items():
        assert (said.returncode, said.stdout) == (0, "")
        plain = " ".join(re.sub(r"\x1b\[[\d;?]*\w", "", said.stderr).split())
        assert "recording 23 steps x 4 sources" in plain
        assert (re.search("recording \\S+ 5/5 texts", plain) is not None) is shown
