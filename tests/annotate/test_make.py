"""Tracks of expressions and functions: each beside a slow twin, over words, characters and pieces of words."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.dump.verify import verify
from support.budget import examples
from support.commands import run


def written(path, tokens, lengths=None, vocab=None, **more):
    vocab = sorted(set(tokens)) if vocab is None else vocab
    states = {"rnn.l0.h": np.zeros((len(tokens), 1), "float16")}
    ids = [vocab.index(token) for token in tokens]
    path = lstmviz.write_dump(path, states=states, tokens=ids, vocab=vocab, lengths=lengths, overwrite=True, **more)
    return lstmviz.open_dump(path)


def labels(dump, name):
    track = dump.tracks[name]
    return [track.labels[code] if code >= 0 else None for code in track[:].tolist()]


def naive(dump, expression, rest="other"):
    """Every step from the first that a match touches to the last, one character at a time."""
    axis, out = dump.first, [rest] * dump.n_steps
    for start, stop in zip(axis.starts.tolist(), axis.stops.tolist(), strict=True):
        tokens = axis.tokens[start:stop]
        owner = [i for i, t in enumerate(tokens) for _ in t + axis.join * (i + 1 < len(tokens))]
        for hit in re.finditer(expression, axis.join.join(tokens)):
            named = next((n for n, g in hit.groupdict().items() if g is not None), hit[0])
            touched = owner[hit.start() : hit.end()]
            for i in range(touched[0], touched[-1] + 1):  # a token without text between them too
                out[start + i] = named
    return out


EXPRESSIONS = [
    "a",
    "ab?",
    r"(?P<first>\ba)|(?P<rest>b+)",
    "b a",
    r"(?P<x>a)(b|c)",
    "^c",
    "a$",
    r"\w",
    "é",
    "(?P<in>c(?P<deep>a))",
]


@given(
    words=st.one_of(
        st.lists(st.sampled_from(known), min_size=4, max_size=30)
        for known in (
            ["a", "b", "ab", "ca", "c", "é", "日"],
            ["a", "b", "ca", "ab" * 9, ""],
            ["a", "b", "ca" * 20],
            ["a", "b", "c", "é", " "],
            ["a", "b", "c", "日"],
        )
    ),
    cut=st.integers(1, 3),
    join=st.sampled_from([" ", ""]),
    expression=st.sampled_from(EXPRESSIONS),
)
@examples(300)
def test_a_regex_track_labels_what_its_slow_twin_labels(tmp_path_factory, words, cut, join, expression):
    path = tmp_path_factory.mktemp("twin") / "twin.h5"
    dump = written(path, words, lengths=[cut, len(words) - cut], join=join)
    expected = naive(dump, expression)
    if set(expected) == {"other"}:
        with pytest.raises(lstmviz.InputError, match="matches nowhere"):
            dump.add_track("t", regex=expression, overwrite=True)
    else:
        dump.add_track("t", regex=expression, overwrite=True)
        assert labels(dump, "t") == expected


def test_more_letters_than_a_byte_tells_apart_are_each_themselves(tmp_path):
    letters = [chr(ord("Ā") + i) for i in range(300)]
    dump = written(tmp_path / "run.h5", letters + letters[:3], lengths=[302, 1], join="")
    dump.add_track("two", regex=f"{letters[0]}{letters[1]}|{letters[2]}")
    assert [i for i, label in enumerate(labels(dump, "two")) if label != "other"] == [0, 1, 2, 300, 301, 302]


def test_more_labels_than_a_byte_holds_are_each_themselves(tmp_path):
    words = [f"w{i}" for i in range(200)]
    n = 2**18  # steps that are searched at a time
    dump = written(tmp_path / "run.h5", [*words[:100], *["-"] * n, *words], lengths=[100, n, 200])
    dump.add_track("words", regex=r"w\d+", rest=None)
    assert labels(dump, "words") == [*words[:100], *[None] * n, *words]


def test_a_match_spans_tokens_but_no_border_and_composed_letters_are_one(tmp_path):
    dump = written(tmp_path / "run.h5", list("cafe\u0301 cafe caf"), lengths=[6, 8], join="")
    dump.add_track("coffee", regex="(?P<drink>café)")
    assert [i for i, label in enumerate(labels(dump, "coffee")) if label == "drink"] == [0, 1, 2, 3, 4]
    dump.add_track("alone", regex="caf(?!e)", rest=None)
    assert labels(dump, "alone")[-3:] == ["caf"] * 3
    assert labels(dump, "alone")[6:9] == [None] * 3


@pytest.mark.parametrize(
    ("expression", "error", "words"),
    [
        ("(", lstmviz.PatternError, "is not a regular expression"),
        ("zzz", lstmviz.InputError, "'zzz' matches nowhere on axis 'text'"),
        ("(a|aa)+$", lstmviz.PatternError, "takes too long"),
    ],
)
def test_an_expression_that_does_not_do_is_refused_in_a_line(tmp_path, monkeypatch, expression, error, words):
    monkeypatch.setattr("lstmviz.match.text.regex.SECONDS", 0.2)
    dump = written(tmp_path / "run.h5", ["a" * 40 + "!", "b"])
    with pytest.raises(error, match=words):
        dump.add_track("t", regex=expression)


def test_too_many_different_matches_are_refused(tmp_path):
    dump = written(tmp_path / "run.h5", [f"w{i}" for i in range(1200)])
    with pytest.raises(
        lstmviz.InputError, match="matches more than 1,000 different texts; name what is to be one label"
    ):
        dump.add_track("t", regex=r"w\d+")
    dump.add_track("t", regex=r"(?P<word>w\d+)")
    assert dump.tracks["t"].labels == ("word",)


def test_pieces_of_words_are_labelled_by_the_text_they_spell(tmp_path):
    vocab = ["the", "un", "##believ", "##able", "story"]
    dump = written(tmp_path / "run.h5", ["the", "un", "##believ", "##able", "story"], vocab=vocab)
    assert dump.first.text(0, 5) == "the unbelievable story"
    dump.add_track("long", regex=r"(?P<long>\w{8,})")
    assert labels(dump, "long") == ["other", "long", "long", "long", "other"]


def test_of_token_takes_a_function_or_a_mapping_and_looks_at_each_token_once(tmp_path):
    dump = written(tmp_path / "run.h5", ["a", "b", "a", "c"])
    seen = []
    dump.add_track("vowel", of_token=lambda token: seen.append(token) or ("vowel" if token in "aeiou" else None))
    assert labels(dump, "vowel") == ["vowel", None, "vowel", None]
    assert sorted(seen) == ["a", "b", "c"]
    dump.add_track("rank", of_token={"a": 1.5, "b": 2})
    assert dump.tracks["rank"][:3].tolist() == [1.5, 2.0, 1.5]
    assert np.isnan(dump.tracks["rank"][3])
    with pytest.raises(lstmviz.InputError, match="of_token gives no value anywhere; a function is called with a token"):
        dump.add_track("x", of_token=lambda token: None)
    with pytest.raises(lstmviz.InputError, match=r"of_sequence gives no value .* list of a sequence's tokens"):
        dump.add_track("x", of_sequence=lambda tokens: "yes" if tokens == "a" else None)
    with pytest.raises(lstmviz.InputError, match="of_token has none of the tokens"):
        dump.add_track("x", of_token={"z": 1})
    with pytest.raises(lstmviz.InputError, match=r"of_token of 'a' failed \(ZeroDivisionError: division by zero\)"):
        dump.add_track("x", of_token=lambda token: 1 / 0)


def test_of_sequence_gives_one_value_or_one_a_token(tmp_path):
    dump = written(tmp_path / "run.h5", ["a", "b", "a", "c"], lengths=[1, 3])
    dump.add_track("length", of_sequence=len)
    assert dump.tracks["length"].info.per == "sequence"
    assert dump.sequences["length"].tolist() == [1, 3]
    dump.add_track("upper", of_sequence=lambda tokens: [token.upper() for token in tokens])
    assert labels(dump, "upper") == ["A", "B", "A", "C"]
    dump.add_track("topic", of_sequence={1: "long"})
    assert labels(dump, "topic") == [None, "long", "long", "long"]
    with pytest.raises(lstmviz.InputError, match="sequences are numbered 0 to 1"):
        dump.add_track("x", of_sequence={2: "a"})
    with pytest.raises(lstmviz.InputError, match="give all alike"):
        dump.add_track("x", of_sequence=lambda tokens: tokens if len(tokens) > 1 else "a")


def test_frames_of_spans_and_categories_are_values_too(tmp_path):
    dump = written(tmp_path / "run.h5", ["a", "b", "a", "c"])
    dump.add_track("hits", dump.search("a"))
    assert labels(dump, "hits") == ["yes", "other", "yes", "other"]
    dump.add_track("named", pd.DataFrame({"start": [0, 2], "stop": [2, 3], "label": ["x", None]}), rest=None)
    assert labels(dump, "named") == ["x", "x", None, None]
    dump.add_track("kinds", pd.Categorical(["p", "q", None, "p"]))
    assert labels(dump, "kinds") == ["p", "q", None, "p"]
    with pytest.raises(lstmviz.InputError, match=r"row 0 of track 'x' is \[2, 9\)"):
        dump.add_track("x", pd.DataFrame({"start": [2], "stop": [9]}))
    with pytest.raises(lstmviz.InputError, match="regex and ready are given"):
        dump.add_track("x", regex="a", ready="number")


def test_an_added_track_is_seen_by_match_filters_carry_cards_groups_and_regions(parens):
    dump = lstmviz.open_dump(parens.path)
    dump.add_track("fours", regex=r"(?P<four>\(4+)")
    try:
        pattern = dump.select("rnn.l1.c", 249, 255)
        carried = dump.carry(pattern).query("track == 'fours'")
        assert carried["value"].tolist() == ["four", "other"] or carried["value"].tolist() == ["other", "four"]
        assert "fours" in [track.name for track in dump.unit("rnn.l1.c", 45).tracks]
        from dataclasses import replace

        inside = replace(pattern, filters=(lstmviz.Filter("fours", labels=("four",)),))
        assert 0 < len(dump.match(inside, limit=5000)) < len(dump.match(pattern, limit=5000))
        assert dump.groups(pattern, "track:fours", min_shared=4)["group"].tolist()
        assert (dump.enrichment(pattern, "fours")["n_steps"] > 0).any()
        dump.add_track("fours", regex=r"(?P<two>\(2+)", overwrite=True)
        again = dump.carry(pattern).query("track == 'fours'")
        assert "two" in again["value"].tolist()
        with pytest.raises(lstmviz.UnknownName, match="has no label 'four'"):
            dump.match(inside)
    finally:
        dump.remove_track("fours")


def test_a_corpus_takes_tracks_over_all_its_shards(shards):
    one, corpus = shards
    values = np.arange(60) // 7
    for dump in (one, corpus):
        dump.add_track("week", values)
        dump.add_track("topic", list("abcdef"))
        dump.add_track("li", regex="(?P<li>Li lu)")
    assert corpus.tracks["week"][13:47].tolist() == values[13:47].tolist()
    pattern = corpus.select("rnn.l0.h", 3, 5, off_before=0)
    from dataclasses import replace

    for wanted in (
        lstmviz.Filter("week", low=1, high=7),
        lstmviz.Filter("topic", labels=("a", "b", "d", "e")),
        lstmviz.Filter("li", labels=("li", "other")),
        lstmviz.Filter("li", labels=("li",)),
    ):
        asked = replace(pattern, filters=(wanted,))
        pd.testing.assert_frame_equal(corpus.match(asked), one.match(asked))
        assert len(one.match(asked)) or wanted.labels == ("li",)
    carried = [dump.carry(pattern).query("track != 'part'").reset_index(drop=True) for dump in (corpus, one)]
    pd.testing.assert_frame_equal(*carried)
    corpus.add_track("week", values + 2, overwrite=True)
    asked = replace(pattern, filters=(lstmviz.Filter("week", low=2, high=2),))
    assert set(corpus.match(asked)["start"]) <= set(range(7))
    assert not list(corpus.path.glob("*.h5.tracks"))
    assert verify(corpus) == []
    assert run("doctor", corpus.path).exit_code == 0


@pytest.fixture
def shards(tmp_path):
    from support.shards import three_shards

    return three_shards(tmp_path)
