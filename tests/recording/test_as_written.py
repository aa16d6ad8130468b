"""Words that a vocabulary lacks: the text has them as they were written, and the ids stay those of the model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz.dump.read_ahead import joined_windows, read_ahead, texts_of
from lstmviz.dump.verify import verify
from lstmviz.errors import InputError
from lstmviz.match.engine.filters import allowed_steps
from lstmviz.types import Filter

VOCAB = ["<unk>", "the", "cat", "saw", "a", "dog"]
ROWS = ["the cat saw zugzwang", "a wombat saw the dog", "quokka saw quokka"]
WORDS = [row.split() for row in ROWS]
IDS = [[VOCAB.index(word) if word in VOCAB else 0 for word in row] for row in WORDS]
WRITTEN = [[None if word in VOCAB else word for word in row] for row in WORDS]
FLAT = [word for row in WORDS for word in row]


def model():
    return nn.Sequential(nn.Embedding(len(VOCAB), 3), nn.LSTM(3, 4, batch_first=True))


def padded():
    return torch.tensor([row + [1] * (5 - len(row)) for row in IDS])


def recorded(path, rows=range(3), **given):
    """Record some of the rows, each in a batch of its own."""
    net = model()
    with lstmviz.record(net, path, VOCAB) as run:
        for i in rows:
            with run.batch(**{name: [values[i]] for name, values in given.items()}):
                net(torch.tensor([IDS[i]]))
    return lstmviz.open_dump(path)


def by_ids(path):
    return recorded(path, tokens=IDS, as_written=WRITTEN)


def by_words(path):
    return recorded(path, tokens=WORDS)


def by_texts(path):
    def encode(text):
        return [VOCAB.index(word) if word in VOCAB else 0 for word in text.split()]

    return lstmviz.open_dump(lstmviz.record_corpus(model(), ROWS, encode=encode, vocab=VOCAB, path=path))


def by_encoded_words(path):
    return lstmviz.open_dump(lstmviz.record_corpus(model(), ROWS, encode=str.split, vocab=VOCAB, path=path))


@pytest.mark.parametrize("record", [by_ids, by_words, by_texts, by_encoded_words])
def test_the_text_is_as_it_was_written_and_the_ids_are_those_that_the_model_read(tmp_path, record):
    dump = record(tmp_path / "a.h5")
    tokens = dump.tokens
    assert tokens[:] == FLAT
    assert [tokens[i] for i in range(len(FLAT))] == FLAT
    assert [dump.first.text(a, b) for a, b in dump.sequences[["start", "stop"]].to_numpy()] == ROWS
    assert texts_of(dump.first, [(4, 9), (0, 4)]) == [ROWS[1], ROWS[0]]
    assert tokens.ids[:].tolist() == [i for row in IDS for i in row]
    assert tokens.vocab == tuple(VOCAB)
    assert tokens.is_unknown(slice(2, 9)).tolist() == [word not in VOCAB for word in FLAT[2:9]]
    assert list(dump.tracks) == []  # what was written is the text, not a track
    assert verify(dump) == []


def test_a_search_and_a_filter_find_what_was_written_and_the_unknown_token_too(tmp_path):
    dump = by_ids(tmp_path / "a.h5")
    for query, over in [("wombat", "characters"), ("quokka", "words"), ("zugzwang", "tokens")]:
        assert dump.search(query, over=over)["start"].tolist() == [i for i, w in enumerate(FLAT) if w == query]
    assert dump.search("a wombat saw").iloc[0].tolist() == [4, 7, 1]
    assert dump.search("w.*t", regex=True, over="words")["start"].tolist() == [5]
    for over in ("characters", "words", "tokens"):
        places = dump.search("<unk>", over=over)[["start", "stop"]].to_numpy().tolist()
        assert places == [[i, i + 1] for i, word in enumerate(FLAT) if word not in VOCAB]

    def allowed(*labels):
        return set(np.flatnonzero(allowed_steps(dump, dump.first, (Filter.tokens(labels),))).tolist())

    assert allowed("quokka") == {9, 11}
    assert allowed("<unk>") == {i for i, word in enumerate(FLAT) if word not in VOCAB}


def test_reading_ahead_reads_the_same(tmp_path):
    dump = by_ids(tmp_path / "a.h5")
    ahead = read_ahead(dump.first, [(0, 4), (5, 9), (9, 12)]).tokens
    for start, stop in [(0, 4), (5, 9), (9, 12)]:
        assert ahead[start:stop] == FLAT[start:stop]
        assert ahead.is_unknown(slice(start, stop)).tolist() == [word not in VOCAB for word in FLAT[start:stop]]
    joined, words = joined_windows(dump.first, [(5, 9), (0, 4), (9, 12)]).tokens, [*FLAT[5:9], *FLAT[:4], *FLAT[9:12]]
    assert joined[:] == words
    assert joined.is_unknown(slice(None)).tolist() == [word not in VOCAB for word in words]


def test_shards_of_a_corpus_have_each_its_own_words(tmp_path):
    for i in range(3):
        recorded(tmp_path / f"{i}.h5", [i], tokens=IDS, as_written=WRITTEN).close()
    corpus = lstmviz.open_dump(lstmviz.write_corpus(tmp_path))
    assert corpus.tokens[:] == FLAT
    assert corpus.search("quokka")["start"].tolist() == [9, 11]
    assert verify(corpus) == []


def test_labels_made_of_the_text_are_of_what_was_written(tmp_path):
    dump = by_ids(tmp_path / "a.h5")
    dump.add_track("long", of_token=lambda word: "long" if len(word) > 5 else "short")
    track = dump.tracks["long"]
    assert [track.labels[i] for i in track[:]] == ["long" if len(word) > 5 else "short" for word in FLAT]


def test_of_whole_rows_as_written_only_the_words_that_the_model_does_not_know_are_marked(tmp_path):
    rows = [[word.capitalize() for word in row.split()] for row in ROWS]
    dump = recorded(tmp_path / "a.h5", tokens=IDS, as_written=rows)
    assert dump.tokens[:] == [word.capitalize() for word in FLAT]
    assert dump.tokens.is_unknown(slice(None)).tolist() == [word not in VOCAB for word in FLAT]


def test_where_no_token_is_named_as_the_unknown_one_all_that_was_written_is_marked(tmp_path):
    words = ["~", *VOCAB[1:]]
    with (
        lstmviz.record(model(), tmp_path / "a.h5", words) as run,
        run.batch(tokens=[[0, 1]], as_written=[["zoo", None]]),
    ):
        run.log("h", np.zeros((1, 2, 3), np.float32))
    assert lstmviz.open_dump(tmp_path / "a.h5").tokens.is_unknown(slice(None)).tolist() == [True, False]


def test_a_dump_without_them_is_as_it_was(tmp_path):
    dump = recorded(tmp_path / "a.h5", tokens=IDS)
    assert dump.tokens[:] == [word if word in VOCAB else "<unk>" for word in FLAT]
    assert not dump.tokens.is_unknown(slice(None)).any()


def test_words_of_a_text_that_was_cut_otherwise_are_not_guessed(tmp_path):
    def encode(text):  # reads a word less than there is
        return [VOCAB.index(word) if word in VOCAB else 0 for word in text.split()[1:]]

    dump = lstmviz.open_dump(lstmviz.record_corpus(model(), ROWS, encode=encode, vocab=VOCAB, path=tmp_path / "a.h5"))
    assert "<unk>" in dump.tokens[:]
    assert not dump.tokens.is_unknown(slice(None)).any()


def test_what_was_written_needs_tokens_and_is_text(tmp_path):
    net = model()
    with lstmviz.record(net, tmp_path / "a.h5", VOCAB) as run:
        with pytest.raises(InputError, match="in place of tokens; give tokens too"):
            run.batch(lengths=[2], tracks={"x": [[1, 2]]}, as_written=[["a", None]])
        with pytest.raises(InputError, match="strings, and None where the token itself stood there"):
            run.batch(tokens=[[0, 1]], as_written=np.ones((1, 2)))
        with run.batch(tokens=[[0, 1]], as_written=[["wombat", None]]):
            net(torch.tensor([[0, 1]]))
