"""What a batch may be given as: strings, characters, encodings, masks, packed input, numbers, ragged lists."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

import lstmviz
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError, RecordingError
from support.recording import Model, one_line, valid_rows

WORDS = [["the", "cat", "sat"], ["the", "dog"]]


def lstm_of(n_in: int = 1, n_units: int = 2) -> nn.LSTM:
    torch.manual_seed(0)
    return nn.LSTM(n_in, n_units, batch_first=True)


def write(path, batches, **options):
    """Record an LSTM over zeros for each batch's arguments, run over (batch, steps) of ``shape``."""
    lstm = lstm_of()
    with lstmviz.record(lstm, path, **options) as run:
        for shape, given in batches:
            with run.batch(**given):
                lstm(torch.zeros(*shape, 1))
    return DumpReader(path)


def test_words_make_a_vocabulary_in_the_order_in_which_they_come(tmp_path):
    more = [["a", "cat"], ["the", ""]]
    dump = write(tmp_path / "a.h5", [((2, 3), {"tokens": WORDS}), ((2, 2), {"tokens": more})])
    assert dump.tokens[:] == ["the", "cat", "sat", "the", "dog", "a", "cat", "the", ""]
    assert dump.tokens.vocab == ("the", "cat", "sat", "dog", "a", "")
    assert dump.tokens.text(0, 3) == "the cat sat"
    assert dump.sequences["stop"].tolist() == [3, 5, 7, 9]


def test_words_that_a_vocabulary_lacks_are_added_to_it(tmp_path):
    given = [((2, 3), {"tokens": WORDS}), ((1, 2), {"tokens": torch.tensor([[1, 0]])})]
    dump = write(tmp_path / "a.h5", given, vocab={"the": 0, "cat": 1})
    assert dump.tokens[:] == ["the", "cat", "sat", "the", "dog", "cat", "the"]
    assert dump.tokens.vocab == ("the", "cat", "sat", "dog")


@pytest.mark.parametrize(
    "tokens", [["abé", "b\x00"], "abé", [["a", "b", "é"], ["b", "\x00"]], np.array([["a", "b", "é"]])]
)
def test_characters(tmp_path, tokens):
    rows = len(tokens) if isinstance(tokens, list) else 1
    dump = write(tmp_path / "a.h5", [((rows, 3), {"tokens": tokens})])
    assert dump.tokens[:] == list("abéb\x00" if rows == 2 else "abé")
    assert dump.tokens.text(0, 3) == "abé"


def test_strings_and_ids_are_not_mixed_without_a_vocabulary(tmp_path):
    lstm = lstm_of()
    with lstmviz.record(lstm, tmp_path / "a.h5") as run:
        with run.batch(["ab"]):
            lstm(torch.zeros(1, 2, 1))
        with one_line(RecordingError, "tokens were strings in the first batch and are ids now"):
            run.batch([[1, 2]])
        with one_line(RecordingError, "tokens are in the first batch and not this one"):
            run.batch(lengths=[2])
        with one_line(RecordingError, "tokens are in the first batch and not this one"), run.batch():
            lstm(torch.zeros(1, 2, 1))
        with one_line(RecordingError, "1 sequence x 2 steps", "character by character"), run.batch(["the", "cat"]):
            lstm(torch.zeros(1, 2, 1))
    assert run.n_steps == 2


@pytest.fixture
def tokenizer() -> Tokenizer:
    words = {"[PAD]": 0, "the": 1, "cat": 2, "sat": 3, "on": 7}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[PAD]"))
    tokenizer.pre_tokenizer = Whitespace()
    return tokenizer


@pytest.mark.parametrize("direction", ["right", "left", None])
@pytest.mark.parametrize("has_vocab", [True, False])
def test_encodings_of_a_tokenizer(tmp_path, tokenizer, direction, has_vocab):
    if direction is not None:
        tokenizer.enable_padding(direction=direction, pad_id=0, pad_token="[PAD]")
    texts = ["the  cat sat", "on"]
    encodings = tokenizer.encode_batch(texts)
    dump = write(tmp_path / "a.h5", [((2, 3), {"tokens": encodings})], vocab=tokenizer if has_vocab else None)
    assert dump.tokens[:] == ["the", "cat", "sat", "on"]
    starts, stops = (dump.tracks[name][:].tolist() for name in ("offset_start", "offset_stop"))
    assert [texts[i][a:b] for i, a, b in zip([0, 0, 0, 1], starts, stops, strict=True)] == dump.tokens[:]
    assert dump.sequences["stop"].tolist() == [3, 4]
    if has_vocab:
        assert dump.tokens.vocab == ("[PAD]", "the", "cat", "sat", "[unused 4]", "[unused 5]", "[unused 6]", "on")


def test_one_encoding_is_a_batch_of_one(tmp_path, tokenizer):
    dump = write(tmp_path / "a.h5", [((1, 2), {"tokens": tokenizer.encode("on the")})], vocab=tokenizer)
    assert dump.tokens[:] == ["on", "the"]


def test_what_a_tokenizer_of_another_library_gives_holds_encodings(tmp_path, tokenizer):
    class Given(dict):  # a mapping, as in the transformers library
        encodings = tokenizer.encode_batch(["on the", "cat"])

    dump = write(tmp_path / "a.h5", [((2, 2), {"tokens": Given(input_ids=[])})], vocab=tokenizer)
    assert dump.tokens[:] == ["on", "the", "cat"]


def test_a_token_may_be_named_as_the_axis_is(tmp_path):
    dump = write(tmp_path / "a.h5", [((1, 2), {"tokens": [[0, 0]]})], vocab={"text": 0})
    assert dump.tokens[:] == ["text", "text"]


@pytest.mark.parametrize("kind", ["list", "tensors", "arrays"])
def test_ragged_rows_say_their_lengths(tmp_path, kind):
    model, rows = Model().eval(), [[1, 2, 3], [4], [5, 6]]
    made = {"list": lambda r: r, "tensors": torch.tensor, "arrays": np.array}[kind]
    ids = pad_sequence([torch.tensor(r) for r in rows], batch_first=True)
    tracks = {"twice": [made([2 * i for i in r]) for r in rows], "name": [[f"t{i}" for i in r] for r in rows]}
    with lstmviz.record(model, tmp_path / "a.h5", dtype="float32") as run:
        with run.batch([made(r) for r in rows], tracks=tracks):
            model(ids)
        with one_line(InputError, "track 'twice'", "2 values for the 1 steps of sequence 0"):
            run.batch([[1], [2, 3]], tracks={"twice": [[1, 2], [3]], "name": [["a"], ["b", "c"]]})
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.tokens[:] == list("123456")
    assert dump.sequences["stop"].tolist() == [3, 4, 6]
    assert dump.tracks["twice"][:].tolist() == [2, 4, 6, 8, 10, 12]
    assert dump.tracks["name"].labels == ("t1", "t2", "t3", "t4", "t5", "t6")
    assert np.array_equal(dump.states("rnn.l1.h")[:], valid_rows(model.rnn(model.embed(ids))[0], [3, 1, 2]))


def test_a_mask_marks_padding_on_either_side(tmp_path):
    model = Model().eval()
    ids = torch.tensor([[0, 0, 1, 2], [3, 4, 5, 0], [0, 6, 7, 0]])
    mask = ids > 0
    with (
        lstmviz.record(model, tmp_path / "a.h5", dtype="float32") as run,
        run.batch(ids, mask=mask.int(), tracks={"d": ids}),
    ):
        model(ids)
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.tokens[:] == list("1234567")
    assert dump.tracks["d"][:].tolist() == [1, 2, 3, 4, 5, 6, 7]
    own = model.rnn(model.embed(ids))[0].detach().numpy()
    assert np.array_equal(dump.states("rnn.l1.h")[:], own[mask.numpy()])


@pytest.mark.parametrize("says", ["nothing", "lengths", "mask", "ragged"])
def test_a_packed_input_says_its_lengths(tmp_path, says):
    lstm, lengths = lstm_of(), [2, 4, 1]
    x = torch.randn(3, 5, 1)
    ids = torch.arange(1, 16).view(3, 5)
    given = {
        "nothing": {"tokens": ids},
        "lengths": {"tokens": ids, "lengths": lengths},
        "mask": {"tokens": ids, "mask": torch.arange(5) < torch.tensor(lengths)[:, None]},
        "ragged": {"tokens": [row[:n].tolist() for row, n in zip(ids, lengths, strict=True)]},
    }[says]
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    with lstmviz.record(lstm, tmp_path / "a.h5", dtype="float32") as run:
        with run.batch(**given):
            own = pad_packed_sequence(lstm(packed)[0], batch_first=True)[0]
            run.log("twice", 2 * own)  # as long as the longest sequence, not as the padded tokens
        with one_line(RecordingError, "2 steps of sequence 0", "the batch says 3", "leave lengths out"):  # noqa: SIM117
            with run.batch(ids, lengths=[3, 4, 1]):
                lstm(packed)
        with one_line(RecordingError, "1 steps", "order in which they are packed"), run.batch(ids, lengths=[2, 4, 1]):
            lstm(pack_padded_sequence(x, [1, 2, 4], batch_first=True, enforce_sorted=False))
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.tokens[:] == [str(i) for row, n in zip(ids.tolist(), lengths, strict=True) for i in row[:n]]
    assert np.array_equal(dump.states("lstm.l0.h")[:], valid_rows(own, lengths))
    assert np.array_equal(dump.states("twice")[:], valid_rows(2 * own, lengths))


@pytest.mark.parametrize("features", [None, ["speed", "heat"]])
def test_numbers_without_tokens(tmp_path, features):
    lstm, x = lstm_of(2), torch.randn(2, 4, 2)
    with (
        lstmviz.record(lstm, tmp_path / "a.h5", features=features, dtype="float32") as run,
        run.batch(inputs=x, lengths=[4, 3]),
    ):
        own = lstm(x)[0]
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.axis("text").tokens is None
    names = features or ["input 0", "input 1"]
    assert [(t.info.name, t.info.group) for t in dump.tracks.values()] == [(n, "inputs") for n in names]
    assert np.array_equal(np.stack([dump.tracks[n][:] for n in names], 1), valid_rows(x, [4, 3]))
    assert np.array_equal(dump.states("lstm.l0.h")[:], valid_rows(own, [4, 3]))


def test_ragged_numbers_and_too_few_names(tmp_path):
    lstm, rows = lstm_of(2), [torch.randn(3, 2), torch.randn(1, 2)]
    with lstmviz.record(lstm, tmp_path / "a.h5", features=["a", "b"], dtype="float32") as run:
        with run.batch(inputs=rows):
            lstm(pad_sequence(rows, batch_first=True))
        with one_line(InputError, "3 numbers a step", "features names 2"):
            run.batch(inputs=torch.zeros(1, 1, 3))
    dump = DumpReader(tmp_path / "a.h5")
    assert np.array_equal(dump.tracks["b"][:], torch.cat(rows)[:, 1].numpy())
    assert dump.sequences["stop"].tolist() == [3, 4]


def test_nothing_but_lengths_and_nothing_at_all(tmp_path):
    lstm, x = lstm_of(), torch.randn(2, 4, 1)
    with lstmviz.record(lstm, tmp_path / "a.h5", dtype="float32") as run:
        with run.batch(lengths=[1, 3]):
            own = lstm(x)[0]
        with run.batch():
            lstm(x)
        with one_line(RecordingError, "run.batch was given (2, ?)", "a token and no state"), run.batch(lengths=[5, 1]):
            lstm(x)
    dump = DumpReader(tmp_path / "a.h5")
    assert np.array_equal(dump.states("lstm.l0.h")[:4], valid_rows(own, [1, 3]))
    assert np.array_equal(dump.states("lstm.l0.h")[4:], valid_rows(own, [4, 4]))
    assert dump.sequences["stop"].tolist() == [1, 4, 8, 12]


def test_one_value_a_sequence(tmp_path):
    whole = {"label": ["good", None], "score": np.array([0.5, 2.0])}
    given = {"tokens": WORDS, "sequence_tracks": whole, "where": [[True, False, True], [True, True, True]]}
    dump = write(tmp_path / "a.h5", [((2, 3), given)])
    assert dump.sequences["label"].tolist() == ["good", "good", None]
    assert dump.sequences["score"].tolist() == [0.5, 0.5, 2.0]
    assert dump.sequences["position"].tolist() == [0, 2, 0]
    assert dump.tracks["score"][:].tolist() == [0.5, 0.5, 2.0, 2.0]


def test_what_is_given_is_what_it_was_when_it_was_checked(tmp_path):
    """Arrays that the caller writes over inside the batch do not change the dump."""
    ids, kept, track = torch.tensor([[3, 1, 4]]), torch.tensor([[True, False, True]]), np.array([[1.0, 2, 3]])
    sequence, offsets, goes_on = np.array([5]), torch.zeros(1, 3, 2), torch.tensor([False])
    given = {"tokens": ids, "where": kept, "tracks": {"t": track}, "sequence_tracks": {"s": sequence}}
    lstm = lstm_of()
    with lstmviz.record(lstm, tmp_path / "a.h5", vocab=list("abcde")) as run:
        with run.batch(**given, inputs=offsets, continues=goes_on):
            lstm(torch.zeros(1, 3, 1))
            for values in (ids, kept, track, sequence, offsets, goes_on):
                values[...] = 1 if values is goes_on else -100
        assert run.stopped is None
    dump = DumpReader(tmp_path / "a.h5")
    assert dump.tokens[:] == ["d", "e"]
    assert dump.tracks["t"][:].tolist() == [1, 3]
    assert dump.tracks["s"][:].tolist() == [5, 5]
    assert dump.tracks["input 0"][:].tolist() == [0, 0]
