"""Text search: hits in steps, by tokens that it touches, never across a border; against plain Python."""

from __future__ import annotations

import re
import threading
import time
import unicodedata

import numpy as np
import pytest
import regex as re_unicode
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match.text import literal
from lstmviz.match.text import regex as expression
from lstmviz.system import patient
from support.budget import examples
from support.tokenizers_of import KINDS
from support.tokenizers_of import TEXTS as TEXTS_OF_PIECES


def dump_of(tokens, tmp_path, lengths, join, overwrite=False):
    vocab = sorted(set(tokens))
    ids = [vocab.index(t) for t in tokens]
    states = {"rnn.l0.h": np.zeros((len(tokens), 1))}
    path = lstmviz.write_dump(
        tmp_path / "t.h5", states=states, tokens=ids, vocab=vocab, lengths=lengths, join=join, overwrite=overwrite
    )
    return lstmviz.open_dump(path)


@pytest.mark.parametrize(
    ("join", "tokens", "lengths", "query", "hits"),
    [
        ("", list("(()())"), None, "()", [(1, 3, 0), (3, 5, 0)]),
        ("", list("abab"), [2, 2], "ba", []),
        ("", list("abab"), [2, 2], "ab", [(0, 2, 0), (2, 4, 1)]),
        (" ", ["the", "cat", "sat"], None, "cat sat", [(1, 3, 0)]),
        (" ", ["the", "cat", "sat"], None, "e c", [(0, 2, 0)]),
        (" ", ["The", "cat"], None, "the", [(0, 1, 0)]),
        (" ", ["the", "cat"], None, "The", []),
        (" ", ["a.c", "abc"], None, "a.c", [(0, 1, 0)]),
        (" ", ["x", "", "y"], None, "x  y", [(0, 3, 0)]),
        (" ", ["a", "b"], None, " ", [(0, 1, 0)]),
        (" ", ["naïve", "İx", "y"], None, "y", [(2, 3, 0)]),
    ],
)
def test_hits(tmp_path, join, tokens, lengths, query, hits):
    found = dump_of(tokens, tmp_path, lengths, join).search(query)
    assert list(found.itertuples(index=False, name=None)) == hits


def naive(tokens, lengths, join, query, regex, over):
    """Hits by the text of search's docstring, one character, word and token at a time."""
    flags = re.IGNORECASE if not regex and query == query.lower() else 0
    pattern = re.compile(query if regex else re.escape(query), flags)
    parts = [pattern] if regex else [re.compile(re.escape(w), flags) for w in query.split()]
    hits, start = [], 0
    for sequence, length in enumerate(lengths):
        mine = tokens[start : start + length]
        owners = [i for i, token in enumerate(mine) for _ in token + join]  # of each character
        text = join.join(mine)
        if over == "characters":
            spans = [m.span() for m in pattern.finditer(text) if m.group()]
        elif over == "words":
            words = list(re.finditer(r"\S+", text))
            found = runs_of(parts, [m.group() for m in words])
            spans = [(words[a].start(), words[b - 1].end()) for a, b in found]
        else:
            owners = range(len(mine))
            spans = runs_of(parts, mine, pattern)
        hits += [(start + owners[a], start + owners[b - 1] + 1, sequence) for a, b in spans]
        start += length
    return hits


def runs_of(parts, items, whole=None):
    found, at = [], 0
    while at < len(items):
        n = 1 if whole and whole.fullmatch(items[at]) else len(parts)
        fits = n == 1 and whole and whole.fullmatch(items[at])
        if not fits and parts and at + n <= len(items):
            fits = all(p.fullmatch(x) for p, x in zip(parts, items[at:], strict=False))
        if fits:
            found.append((at, at + n))
        at += n if fits else 1
    return found


WORDS = ["a", "b", "A", "ab", "aa", "a.", "(", "7"]
ODD = ["", " ", "a b", "\n", " a"]
TEXTS = ["a", "b", "ab", "A", "a b", "a a", "aa", "b  a", "a.", ".", " ", "", "(", "a b a", "Ab", "7", "b(", "\n"]
EXPRESSIONS = ["a", "a.", "a+", "[ab]+", "a*", "^a", "b$", r"\ba\b", "a b", "A|b", "(?i)A", r"\s", r".+", "x?"]


@examples(400)
@given(st.data())
def test_hits_equal_those_of_plain_python(tmp_path, monkeypatch, data):
    monkeypatch.setattr("lstmviz.match.text.search.BATCH_STEPS", data.draw(st.integers(1, 8)))
    entries = WORDS + ODD * data.draw(st.integers(0, 1))
    lengths = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    n_steps = sum(lengths)
    tokens = data.draw(st.lists(st.sampled_from(entries), min_size=n_steps, max_size=n_steps))
    join = data.draw(st.sampled_from(["", " ", "--"]))
    over = data.draw(st.sampled_from(["characters", "words", "tokens"]))
    dump = dump_of(tokens, tmp_path, lengths, join, overwrite=True)
    for _ in range(3):
        regex = data.draw(st.booleans())
        query = data.draw(st.sampled_from(EXPRESSIONS if regex else TEXTS))
        if query and (regex or over != "words" or query.split()):
            found = dump.search(query, regex, over)
            expected = naive(tokens, lengths, join, query, regex, over)
            assert list(found.itertuples(index=False, name=None)) == expected, (query, regex)


@pytest.mark.parametrize("over", ["characters", "words", "tokens"])
def test_ids_without_a_vocabulary_are_searched_as_they_are_shown(tmp_path, over):
    ids = [7, 70, 7, 4_000_000_000]
    path = lstmviz.write_dump(tmp_path / "t.h5", states={"h": np.zeros((4, 1))}, tokens=ids)
    dump = lstmviz.open_dump(path)
    assert dump.search("70 7", over=over).start.tolist() == [1]
    assert dump.search("7", over=over).start.tolist() == ([0, 1, 2] if over == "characters" else [0, 2])
    assert dump.search("40*", regex=True, over=over).start.tolist() == [3]


def test_another_axis_and_one_without_tokens(tmp_path):
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "n.h5", states={"h": np.zeros((4, 1))}, axis="sound"))
    assert dump.search("x", axis="sound").empty
    assert list(dump.search("x", True, "tokens")) == ["start", "stop", "sequence"]
    with pytest.raises(UnknownName, match="no axis 'text'"):
        dump.search("x", axis="text")


@pytest.mark.parametrize(
    ("query", "more", "words"),
    [
        ("", {}, "empty"),
        (5, {}, "the search text is 5, not a string"),
        (None, {"regex": True}, "the search text is None"),
        ("  ", {"over": "words"}, "no word"),
        ("a", {"over": "lines"}, "'lines'"),
        ("(", {"regex": True}, "not a regular expression"),
        ("a{3,1}", {"regex": True}, "not a regular expression"),
        (r"\L<x>", {"regex": True}, "not a regular expression"),
        ("*" * 501, {"regex": True}, "at most 500 characters"),
        ("(?:a{1000}){1000}", {"regex": True}, "shorter repeats"),
        ("x{4000000000}", {"regex": True}, "shorter repeats"),
        ("(" * 400 + ")" * 400, {"regex": True}, "too large"),
        ("(" * 250 + ")" * 250 + "\n(", {"regex": True}, "too large"),
    ],
)
def test_what_cannot_be_searched_is_said_in_one_line(tmp_path, query, more, words):
    with pytest.raises(PatternError) as caught:
        dump_of(["a"], tmp_path, None, " ").search(query, **more)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("over", ["characters", "words", "tokens"])
def test_an_expression_that_would_take_years_is_stopped(tmp_path, monkeypatch, over):
    monkeypatch.setattr(expression, "SECONDS", 0.2)
    dump = dump_of(["a" * 40 + "!", "b c"], tmp_path, None, " ")  # "b c": words are not tokens
    with pytest.raises(PatternError, match="takes too long; make it simpler"):
        dump.search("(a|aa|a?a)+$" if over == "characters" else "(a|aa|a?a)+", True, over)


def test_a_search_that_takes_longer_than_most_gives_way_and_finds_the_same(monkeypatch):
    threads = set()

    def patiently(search):
        result = patient.patiently(lambda: (search(), threads.add(threading.current_thread().name)))
        return result[0]

    monkeypatch.setattr(expression, "patiently", patiently)
    texts = ["ab" * 20_000 + "!", "xyz", "a1b22"]
    found = {}
    for soon in (5.0, 1e-6):
        monkeypatch.setattr(expression, "SOON", soon)
        tried = expression.Expression(r"(?P<word>[a-z]+)|(?P<number>\d+)")
        codes: dict[str, int] = {}
        labelled = [tried.labelled(text, [(0, len(text))], codes) for text in texts]
        found[soon] = [*labelled, codes, *(list(tried.spans(text)) for text in texts), *map(tried.fullmatch, texts)]
        assert threads == (set() if soon == 5.0 else {"patient"})
    assert found[5.0] == found[1e-6]
    assert found[5.0][2] == [0, 1, 0, 1, 2, 1, 2, 3, 0, 3, 5, 1]


def test_the_limit_is_for_all_texts_together_and_grows_with_them(monkeypatch):
    monkeypatch.setattr(expression, "SECONDS", 0.0)
    monkeypatch.setattr(expression, "SECONDS_PER_CHARACTER", 1.0)
    clock = iter([0.0, 3.0, 3.0, 9.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    found = expression.Expression("a")
    assert list(found.spans("abcda")) == [(0, 1), (4, 5)]  # 3 of 5 seconds
    with pytest.raises(PatternError, match="too long"):
        found.fullmatch("abc")  # 6 of the 5 that are left


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_is_found_whatever_pieces_it_was_read_in(tmp_path, kind):
    tokenizer = KINDS[kind]()
    encoded = [e for e in map(tokenizer.encode, TEXTS_OF_PIECES) if "<unk>" not in e.tokens]
    ids, lengths = [i for e in encoded for i in e.ids], [len(e.ids) for e in encoded]
    states = {"rnn.l0.h": np.zeros((len(ids), 1))}
    path = lstmviz.write_dump(tmp_path / "p.h5", states=states, tokens=ids, vocab=tokenizer, lengths=lengths)
    dump, starts = lstmviz.open_dump(path), np.cumsum([0, *lengths])
    for sequence, e in enumerate(encoded):
        text = TEXTS_OF_PIECES[[tokenizer.encode(t).ids for t in TEXTS_OF_PIECES].index(e.ids)]
        for word in re.finditer(r"\S+", text):
            touching = [i for i, (a, b) in enumerate(e.offsets) if a < word.end() and b > word.start()]
            expected = (starts[sequence] + min(touching), starts[sequence] + max(touching) + 1, sequence)
            for over in ("characters", "words"):
                assert expected in [*dump.search(word[0], over=over).itertuples(index=False, name=None)]


LETTERS = ["e", "\u0301", "é", "n", "ñ", "\u0303", " ", "가", "\u1100", "\u1161", "\u11a8", "ä", "E", "\u0323"]


@examples(300)
@given(st.lists(st.sampled_from(LETTERS), min_size=1, max_size=9), st.data())
def test_composed_and_decomposed_letters_are_the_same(tmp_path, letters, data):
    """Truth: the hits in the composed text; all tokens of a letter that was composed have a part in it."""
    dump = dump_of(letters, tmp_path, None, "", overwrite=True)
    text, owners, token_of = "", [], [i for i, token in enumerate(letters) for _ in token]
    for letter in re_unicode.finditer(r"\X", "".join(letters)):
        form, tokens = unicodedata.normalize("NFC", letter[0]), token_of[slice(*letter.span())]
        text += form
        owners += [[token] for token in tokens] if form == letter[0] else [tokens] * len(form)
    start = data.draw(st.integers(0, len(text) - 1))
    query = text[start : data.draw(st.integers(start + 1, len(text)))]
    form = data.draw(st.sampled_from(["NFC", "NFD"]))
    if unicodedata.category(query[0])[0] == "M" or "\u1160" <= query[0] <= "\u11ff":
        return  # a mark alone is searched as it is
    found = dump.search(unicodedata.normalize(form, query)).to_numpy().tolist()
    hits = [m.span() for m in re.finditer(re.escape(query), text, re.IGNORECASE if query == query.lower() else 0)]
    assert [[a, b] for a, b, _ in found] == [[min(owners[a]), max(owners[b - 1]) + 1] for a, b in hits]


def test_an_accent_is_not_left_out(tmp_path):
    dump = dump_of(list("cafe\u0301 noir"), tmp_path, None, "")
    assert dump.search("cafe").empty
    assert dump.search(r"caf[é]", regex=True).to_numpy().tolist() == [[0, 5, 0]]


def test_a_long_text_over_runs_of_one_letter_takes_no_longer_than_another(tmp_path):
    n = 300_000
    path = lstmviz.write_dump(
        tmp_path / "dna.h5", states={"h": np.zeros((n, 1), "f2")}, tokens=np.zeros(n, int), vocab=["a", "b"], join=""
    )
    dump = lstmviz.open_dump(path)
    with pytest.raises(PatternError, match="has 100,001 characters; give at most 10,000"):
        dump.search("a" * 100_000 + "b")
    assert len(dump.search("a" * 5_000)) == n // 5_000
    assert dump.search("a" * 9_999 + "b").empty  # takes hours if each place is compared with all of it
    assert dump.search("A" * 5_000).empty


@examples(200)
@given(
    st.text("aAbſsKkςσ \n", max_size=60),
    st.text("aAbſsKkςσ \n", min_size=1, max_size=4).filter(str.strip),
    st.booleans(),
    st.booleans(),
)
def test_long_texts_are_found_where_short_ones_would_be(text, query, is_exact, are_words):
    short, long = (literal.Literal(query, is_exact=is_exact, are_words=are_words) for _ in range(2))
    long._short = None
    assert list(long.spans(text)) == list(short.spans(text))
    assert long.is_in(text) == short.is_in(text)
    assert are_words or long.fullmatch(text) == short.fullmatch(text)


def test_a_long_search_text_finds_what_a_short_one_does(tmp_path):
    words = [f"word{i}" for i in range(300)]
    path = lstmviz.write_dump(tmp_path / "a.h5", states={"h": np.zeros((300, 1))}, tokens=words)
    dump = lstmviz.open_dump(path)
    for over in ("characters", "words", "tokens"):
        for case in (str.lower, str.upper):
            long = case(" ".join(words[20:80]))
            found = dump.search(long, over=over)
            assert found[["start", "stop"]].to_numpy().tolist() == ([[20, 80]] if case is str.lower else [])
        mixed = " ".join(words[20:80]).replace("word20", "Word20")
        assert dump.search(mixed, over=over).empty


def test_a_token_of_a_megabyte_is_shown_and_searched_by_its_beginning(tmp_path):
    n = 20_000
    vocab = ["start" + "x" * 2**20 + "end", "b"]
    path = lstmviz.write_dump(
        tmp_path / "a.h5",
        states={"h": np.zeros((n, 1), "f2")},
        tokens=np.zeros(n, int),
        vocab=vocab,
        sequence_tracks={"label": ["y" * 2**20]},
    )
    dump = lstmviz.open_dump(path)
    assert dump.tokens[0] == vocab[0][:10_000] + "..."
    assert len(dump.tracks["label"].labels[0]) == 10_003
    assert len(dump.search("startx")) == n
    assert dump.search("xend").empty
