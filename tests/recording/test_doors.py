"""Every door takes the same: values in any container that people have them in, through record and write_dump alike."""

from __future__ import annotations

import enum
from collections import deque
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.errors import InputError

WORDS = ["<pad>", "the", "cat", "sat"]
ROWS = [["the", "cat", "sat"], ["cat", "sat"]]
IDS = [[1, 2, 3], [2, 3]]
LENGTHS = [3, 2]


class Tag(enum.Enum):
    NOUN = "noun"
    VERB = 2


class Mixed(str, enum.Enum):  # noqa: UP042  as people have it
    NOUN = "noun"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 3


@pytest.fixture
def doors(tmp_path):
    """Return a function that gives values to ``record`` and to ``write_dump``, and returns both dumps."""

    def give(tokens, **given):
        rnn = nn.LSTM(2, 2, batch_first=True).eval()
        run = lstmviz.record(rnn, tmp_path / "recorded.h5", vocab=given.pop("vocab", WORDS), overwrite=True)
        run.tells_size = False
        steps = given.pop("steps", 3)
        with run, torch.no_grad(), run.batch(tokens=tokens, **given):
            rnn(torch.zeros(2, steps, 2))
        states = {"rnn.l0.h": np.zeros((2, steps, 2))}
        lengths = given.pop("lengths", LENGTHS)
        given.pop("mask", None)
        lstmviz.write_dump(
            tmp_path / "w.h5", states=states, tokens=tokens, vocab=WORDS, lengths=lengths, overwrite=True, **given
        )
        return [lstmviz.open_dump(tmp_path / name) for name in ("recorded.h5", "w.h5")]

    return give


def objects(rows):
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


FORMS = {
    "lists": lambda rows: rows,
    "tuples": lambda rows: tuple(map(tuple, rows)),
    "a column": lambda rows: pd.DataFrame({"x": rows}, index=[7, 3])["x"],
    "objects": objects,
    "objects of arrays": lambda rows: objects([np.array(row) for row in rows]),
    "a deque": lambda rows: deque(rows),
    "values of a dict": lambda rows: dict(enumerate(rows)).values(),
    "columns": lambda rows: [pd.Series(row) for row in rows],
    "indexes": lambda rows: [pd.Index(row) for row in rows],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rows", [ROWS, IDS], ids=["words", "ids"])
def test_tokens_in_any_container(doors, form, rows):
    for dump in doors(FORMS[form](rows)):
        assert dump.tokens[:] == ["the", "cat", "sat", "cat", "sat"]
        assert dump.sequences["stop"].tolist() == [3, 5]


@pytest.mark.parametrize(
    "ids",
    [
        torch.tensor([[1, 2, 3], [2, 3, 0]]),
        np.array([[1, 2, 3], [2, 3, 0]], np.uint8),
        np.array([[1.0, 2.0, 3.0], [2.0, 3.0, np.nan]]),
        pd.DataFrame([[1, 2, 3], [2, 3, None]]),
        pd.DataFrame([[1, 2, 3], [2, 3, None]], dtype="Int64"),
        [[1, 2, 3], [2, 3, None]],
        np.ma.masked_array([[1, 2, 3], [2, 3, 9]], [[0, 0, 0], [0, 0, 1]]),
        [[Level.LOW, 2, Level.HIGH], [2, Level.HIGH, 0]],
        [["the", "cat", "sat"], ["cat", "sat", None]],
        [[b"the", b"cat", b"sat"], [b"cat", b"sat", b""]],
        np.array([["the", "cat", "sat"], ["cat", "sat", "<pad>"]]),
    ],
    ids=lambda ids: type(ids).__name__,
)
def test_a_padded_batch_of_tokens(doors, ids):
    for dump in doors(ids, lengths=pd.Series([3.0, 2.0])):
        assert dump.tokens[:] == ["the", "cat", "sat", "cat", "sat"]


TRACKS = {
    "None": ([[1, None, 3], [4, 5]], [1, np.nan, 3, 4, 5]),
    "NA": ([pd.Series([1, None, 3], dtype="Int64"), pd.Series([4, 5], dtype="Int64")], [1, np.nan, 3, 4, 5]),
    "NumPy's": ([[np.int64(1), None, np.float32(3)], [4, 5]], [1, np.nan, 3, 4, 5]),
    "decimals": ([[Decimal(1), None, Decimal(3)], [4, 5]], [1, np.nan, 3, 4, 5]),
    "flags": ([[True, None, False], [True, True]], [1, np.nan, 0, 1, 1]),
    "masked": ([np.ma.masked_equal([1, 2, 3], 2), np.array([4, 5])], [1, np.nan, 3, 4, 5]),
    "whole": ([[1, 2, 3], [4, 5]], [1, 2, 3, 4, 5]),
    "levels": ([[Level.LOW, Level.HIGH, Level.LOW], [Level.LOW, Level.HIGH]], [1, 3, 1, 1, 3]),
    "text": ([["noun", None, "verb"], ["noun", float("nan")]], ["noun", None, "verb", "noun", None]),
    "pandas' text": (
        pd.Series([pd.array(["noun", pd.NA, "verb"]), ["noun", pd.NaT]]),
        ["noun", None, "verb", "noun", None],
    ),
    "bytes": ([[b"noun", None, b"verb"], ["noun", None]], ["noun", None, "verb", "noun", None]),
    "enum": ([[Tag.NOUN, None, Tag.VERB], [Mixed.NOUN, None]], ["noun", None, "VERB", "noun", None]),
    "categorical": ([pd.Categorical(["noun", None, "verb"]), ["noun", None]], ["noun", None, "verb", "noun", None]),
}


@pytest.mark.parametrize("name", TRACKS)
def test_tracks_of_numbers_and_of_labels(doors, name):
    given, expected = TRACKS[name]
    for dump in doors(IDS, tracks={"wind m/s": given}):
        track = dump.tracks["wind m/s"]
        if track.info.kind == "number":
            np.testing.assert_array_equal(track[:].astype(float), np.array(expected, float))
        else:
            assert [None if i < 0 else track.labels[i] for i in track[:]] == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.Series([1899, None]), [1899, np.nan]),
        (pd.array([1899, None], "Int64"), [1899, np.nan]),
        (pd.Series(["Woolf", None]), ["Woolf", None]),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
        ([Tag.NOUN, None], ["noun", None]),
    ],
)
def test_one_value_a_sequence(doors, values, expected):
    for dump in doors(IDS, sequence_tracks={"a/b": values}):
        found = dump.sequences["a/b"].tolist()
        assert [None if x is None or x != x else x for x in found] == [
            None if x is None or x != x else x for x in expected
        ]


@pytest.mark.parametrize(
    "mask",
    [
        [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]],
        torch.tensor([[1.0, 1, 1], [1, 1, 0]]),
        pd.DataFrame([[True] * 3, [True, True, False]]),
    ],
)
def test_a_mask_of_ones_and_zeros(doors, mask):
    dump, _ = doors(np.array([[1, 2, 3], [2, 3, 0]]), mask=mask)
    assert dump.tokens[:] == ["the", "cat", "sat", "cat", "sat"]


@pytest.mark.parametrize("given", [{"lengths": [3, 0]}, {"mask": [[1, 1, 1], [0, 0, 0]]}])
def test_a_row_without_a_step_is_left_out(doors, given):
    given = {**given, "sequence_tracks": {"name": ["a", "b"]}, "tracks": {"n": [[1, 2, 3], [0, 0, 0]]}}
    lengths = given.pop("lengths", None)
    both = (
        doors([[1, 2, 3], [0, 0, 0]], **given, lengths=[3, 0])
        if lengths
        else doors([[1, 2, 3], [0, 0, 0]], **given)[:1]
    )
    for dump in both:
        assert dump.tokens[:] == ["the", "cat", "sat"]
        assert dump.sequences["name"].tolist() == ["a"]
        assert dump.tracks["n"][:].tolist() == [1, 2, 3]


def test_an_empty_list_is_a_row_without_a_step(doors):
    for dump in doors([["the", "cat", "sat"], []], lengths=[3, 0]):
        assert dump.tokens[:] == ["the", "cat", "sat"]


def test_an_empty_row_that_was_packed_as_one_step_is_left_out(tmp_path):
    rnn, ids = nn.LSTM(2, 2, batch_first=True).eval(), [[1, 2, 3], [0, 0, 0]]
    run = lstmviz.record(rnn, tmp_path / "a.h5", vocab=WORDS)
    run.tells_size = False
    with run, torch.no_grad(), run.batch(tokens=ids, lengths=[3, 0]):
        rnn(nn.utils.rnn.pack_padded_sequence(torch.zeros(2, 3, 2), [3, 1], batch_first=True))
    assert lstmviz.open_dump(tmp_path / "a.h5").tokens[:] == ["the", "cat", "sat"]


VOCABS = {
    "from 1": {"the": 1, "cat": 2, "sat": 3},
    "by id": {1: "the", 2: "cat", 3: "sat"},
    "through JSON": {"0": "<pad>", "1": "the", "2": "cat", "3": "sat"},
    "a BOM": ["\ufeff<pad>", "the", "cat", "sat"],
    "bytes": np.array(WORDS, "S"),
    "a gap": ["<pad>", "the", "cat", "sat", None, "mat"],
    "a column": pd.Series(WORDS, index=[4, 5, 6, 7]),
    "Keras's": type("Tokenizer", (), {"word_index": {"the": 1, "cat": 2, "sat": 3}})(),
    "a layer's": type("Layer", (), {"get_vocabulary": lambda self: WORDS})(),
    "torchtext's": type("Vocab", (), {"get_itos": lambda self: WORDS})(),
}


@pytest.mark.parametrize("form", VOCABS)
def test_a_vocabulary_in_any_form(doors, tmp_path, form):
    dump, _ = doors(IDS, vocab=VOCABS[form])
    assert dump.tokens[:] == ["the", "cat", "sat", "cat", "sat"]
    assert dump.tokens.vocab[0] == "<pad>"
    path = lstmviz.write_dump(tmp_path / "v.h5", states={"h": np.zeros((3, 1))}, tokens=[1, 2, 0], vocab=VOCABS[form])
    assert lstmviz.open_dump(path).tokens[:] == ["the", "cat", "<pad>"]


def test_names_with_a_slash_go_every_way(doors, tmp_path):
    for dump in doors(IDS, tracks={"pos/fine": [["a"] * 3, ["b"] * 2], "50%2F": [[1] * 3, [2] * 2]}):
        assert list(dump.tracks) == ["pos/fine", "50%2F"]
        assert (
            dump.match(dump.select("lstm.l0.h" if "lstm.l0.h" in dump.sources else "rnn.l0.h", 0, 1, -2.0, 0)).size >= 0
        )
    states = {"encoder/lstm.l0.h": np.linspace(-1, 1, 10)[:, None]}
    for i in range(2):
        lstmviz.write_dump(tmp_path / f"part-{i}.h5", states=states, tracks={"a/b": range(10)}, axis="x/y")
    (tmp_path / "recorded.h5").unlink()
    (tmp_path / "w.h5").unlink()
    corpus = lstmviz.open_dump(lstmviz.write_corpus(tmp_path))
    assert (list(corpus.sources), list(corpus.axes), corpus.n_steps) == (["encoder/lstm.l0.h"], ["x/y"], 20)
    assert len(corpus.match(corpus.select("encoder/lstm.l0.h", 8, 10, 0.5, 0))) == 2


def test_states_of_a_batch_and_of_a_list(tmp_path):
    rng = np.random.default_rng(0)
    states, ids = rng.normal(size=(3, 4, 2)), np.arange(12).reshape(3, 4) % 4
    lengths, inside = [4, 2, 3], np.arange(4) < np.array([[4], [2], [3]])
    path = tmp_path / "a.h5"

    def written(**given):
        return lstmviz.open_dump(lstmviz.write_dump(path, vocab=WORDS, overwrite=True, **given))

    for dump in (
        written(states={"h": states}, tokens=ids, lengths=lengths, tracks={"n": ids}),
        written(states={"h": states}, tokens=ids, mask=inside, tracks={"n": ids}),
        written(states={"h": states}, tokens=ids, mask=inside.astype(float), tracks={"n": ids}),
        written(
            states={"h": [row[:n] for row, n in zip(states, lengths, strict=True)]},
            tokens=[row[:n] for row, n in zip(ids, lengths, strict=True)],
            tracks={"n": [row[:n] for row, n in zip(ids, lengths, strict=True)]},
        ),
        written(states={"h": states[inside]}, tokens=ids[inside], lengths=lengths, tracks={"n": ids[inside]}),
    ):
        np.testing.assert_array_equal(dump.states("h")[:], states[inside])
        assert dump.tokens.ids[:].tolist() == dump.tracks["n"][:].tolist() == ids[inside].tolist()
        assert (dump.sequences["stop"] - dump.sequences["start"]).tolist() == lengths
    left = np.arange(4) >= 4 - np.array([[4], [2], [3]])  # as Keras pads
    dump = written(states={"h": states}, tokens=ids, mask=left)
    np.testing.assert_array_equal(dump.states("h")[:], states[left])
    assert dump.tokens.ids[:].tolist() == ids[left].tolist()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lengths": [5, 2, 3]}, "lengths[0] is 5 and the states have 4 steps"),
        ({"lengths": [4, 2]}, "one whole number of steps for each of the 3 sequences"),
        ({"lengths": [4, 4, 4], "mask": np.ones((3, 4))}, "both lengths and mask"),
        ({"mask": np.ones((4, 3))}, "mask has shape (4, 3) and the states (3, 4)"),
        ({"tokens": np.zeros((4, 3), int)}, "tokens have shape (4, 3) and the states (3, 4)"),
        ({"tracks": {"n": np.zeros((4, 3))}}, "track 'n' has shape (4, 3) and the states (3, 4)"),
        ({"tracks": {"n": [[1], [2, 3], [4]]}}, "track 'n' has rows of 1, 2, 1 values and 4, 4, 4 are needed"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(tmp_path, given, words):
    with pytest.raises(InputError) as caught:
        lstmviz.write_dump(tmp_path / "a.h5", states={"h": np.zeros((3, 4, 2))}, **given)
    assert words in str(caught.value)


def test_tokens_as_strings_make_the_vocabulary(tmp_path):
    states = {"h": np.zeros((5, 1))}
    for tokens, expected, join in (
        (["the", "cat", "sat", "the", "cat"], ["the", "cat", "sat", "the", "cat"], " "),
        (pd.Series(["the", "cat", "sat", "the", "cat"]), ["the", "cat", "sat", "the", "cat"], " "),
        ("hello", list("hello"), ""),
        (["hel", "lo"], list("hello"), ""),
    ):
        dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "a.h5", states=states, tokens=tokens, overwrite=True))
        assert dump.tokens[:] == expected
        assert dump.first.join == join
    assert dump.sequences["stop"].tolist() == [3, 5]
    blocks = [lstmviz.DumpBlock(states={"h": np.zeros((2, 1))}, tokens=words) for words in (["a", "b"], ["b", "c"])]
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "b.h5", blocks=blocks, vocab=["b"]))
    assert dump.tokens[:] == ["a", "b", "b", "c"]
    assert dump.tokens.vocab == ("b", "a", "c")


def corpus_of(texts, path, **options):
    model = nn.Sequential(nn.Embedding(4, 2), nn.LSTM(2, 2, batch_first=True))
    lstmviz.record_corpus(model, texts, encode=str.split, path=path, vocab=WORDS, overwrite=True, **options)
    return lstmviz.open_dump(path)


def test_missing_texts_of_a_corpus_are_left_out_and_counted(tmp_path, capsys):
    texts = pd.Series(["the cat", None, float("nan"), "", "sat"], dtype=object)
    dump = corpus_of(texts, tmp_path / "a.h5", sequence_tracks={"n": pd.Series(range(5))})
    assert dump.sequences["n"].tolist() == [0, 4]
    assert "3 of 5 texts have no tokens" in capsys.readouterr().err


def test_a_text_that_cannot_be_encoded_is_named(tmp_path):
    with pytest.raises(TypeError) as caught:
        corpus_of(["the cat", 7], tmp_path / "a.h5")
    (note,) = caught.value.__notes__
    assert note == "lstmviz: encode failed for text 1, 7"
    with pytest.raises(InputError, match="give its column"):
        corpus_of(pd.DataFrame({"text": ["the cat"]}), tmp_path / "a.h5")


def test_lists_that_became_text_in_a_csv_file_are_refused(doors):
    with pytest.raises(InputError, match=r"tokens\[0\] is the text .*ast.literal_eval"):
        doors(["['the', 'cat', 'sat']", "['cat']"])


def test_missing_words_are_padding_and_nothing_else(doors):
    frame = pd.DataFrame([ROWS[0], [*ROWS[1], None]])  # its last word is missing
    for values in (frame, frame.astype(object).where(frame.notna(), np.nan).to_numpy(), frame.fillna(pd.NA)):
        assert all(dump.tokens[:] == ["the", "cat", "sat", "cat", "sat"] for dump in doors(values, lengths=LENGTHS))
    with pytest.raises(InputError, match="hold None at step 2 of sequence 1; leave padding out with lengths="):
        doors(frame)


@pytest.mark.parametrize("padding", [[[0, 0, 0], [0, 0, 1]], [[0, 0, 1], [0, 1, 1]]], ids=["one full", "none"])
def test_a_mask_of_padding_is_told_from_one_of_text(doors, padding):
    ids = np.where(padding, 0, [[1, 2, 3], [2, 3, 1]])
    for tokens in (ids, [[WORDS[i] for i in row] for row in ids]):
        with pytest.raises(InputError, match=r"mask keeps .* alone .* True for text and False for padding: give ~mask"):
            doors(tokens, mask=np.array(padding, bool))


def test_a_vocabulary_of_another_library_by_its_list(tmp_path):
    class Vocab:
        itos = WORDS

    path = lstmviz.write_dump(tmp_path / "a.h5", states={"h": np.zeros((2, 3))}, tokens=[1, 2], vocab=Vocab())
    assert lstmviz.open_dump(path).tokens[:] == ["the", "cat"]


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"states": np.zeros((3, 4))}, "states is a ndarray; give a dict"),
        ({"states": {"h": np.zeros((3, 2, 4))}, "lengths": [3, 2]}, r"did you pass \(steps, batch, n_units\)"),
        ({"states": {"h": np.zeros((4, 3))}, "tokens": [1, 2, 3]}, r"did you pass \(n_units, n_steps\)"),
        ({"states": {"h": np.zeros((4, 8))}, "tokens": [1, 2, 3]}, "tokens lacks; give each one row a step"),
    ],
)
def test_states_in_another_layout(tmp_path, given, parts):
    with pytest.raises(InputError, match=parts):
        lstmviz.write_dump(tmp_path / "a.h5", vocab=WORDS, **given)


@pytest.mark.parametrize("path", [5, None, ["a.h5"]])
def test_what_is_no_path_is_said_by_every_door(path):
    rnn = nn.LSTM(2, 2)
    for door in (
        lambda: lstmviz.open_dump(path),
        lambda: lstmviz.write_dump(path, states={"h": np.zeros((2, 2))}),
        lambda: lstmviz.record(rnn, path),
    ):
        with pytest.raises(lstmviz.LstmvizError, match=r"path is .*; give the path of .* dump, such as 'run.h5'"):
            door()
