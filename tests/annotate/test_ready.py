"""Ready-made tracks, read off small texts whose truth a person sees."""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz
from lstmviz import annotate
from lstmviz.annotate.ready import READY


def opened(path, texts, join=""):
    """A dump of some texts: of their characters, or of words with a space between."""
    rows = [list(text) if join == "" else text.split(" ") for text in texts]
    tokens = [token for row in rows for token in row]
    vocab = sorted(set(tokens))
    return lstmviz.open_dump(
        lstmviz.write_dump(
            path,
            states={"rnn.l0.h": np.zeros((len(tokens), 1), "float16")},
            tokens=[vocab.index(token) for token in tokens],
            vocab=vocab,
            lengths=[len(row) for row in rows],
            join=join,
        )
    )


def of(values):
    return [None if value != value else value for value in np.asarray(values).tolist()]


def test_words(tmp_path):
    axis = opened(tmp_path / "w.h5", ["The NASA men ( 3 ) won . It is 3.5 !", "He said no"], " ").first
    assert of(annotate.capital(axis))[:4] == ["first", "all", "no", "no"]
    assert [i for i, value in enumerate(of(annotate.number(axis))) if value == "yes"] == [4, 10]
    assert [i for i, value in enumerate(of(annotate.punctuation(axis))) if value == "yes"] == [3, 5, 7, 11]
    assert of(annotate.place_in_sentence(axis)) == [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 0, 1, 2]
    assert of(annotate.sentence_length(axis)) == [8] * 8 + [4] * 4 + [3] * 3
    assert of(annotate.place_in_sequence(axis)) == [*range(12), 0, 1, 2]
    assert of(annotate.place_in_word(axis)) == [0] * 15
    assert of(annotate.bracket_depth(axis))[2:7] == [0, 1, 1, 0, 0]
    assert of(annotate.kind_of_character(axis))[3:6] == ["punctuation", "digit", "punctuation"]


def test_characters(tmp_path):
    axis = opened(tmp_path / "c.h5", ['I am "so" old.\n\nOK? (a[b])', ")x(", 'a "b']).first
    text = axis.text(0, axis.n_steps)
    places = of(annotate.place_in_word(axis))
    assert [places[i] for i in range(5)] == [0, None, 0, 1, None]
    sentence = of(annotate.place_in_sentence(axis))
    assert sentence[text.index("O")] == 0
    assert sentence[text.index("(")] == 0
    inside = [text[i] for i, value in enumerate(of(annotate.inside_quotes(axis))) if value == "yes"]
    assert "".join(inside) == '"so"b'
    depth = of(annotate.bracket_depth(axis))
    begin = text.index("(")
    assert depth[begin : begin + 6] == [1, 1, 2, 2, 1, 0]
    assert depth[begin + 6 : begin + 9] == [0, 0, 1]
    since = of(annotate.distance_since(axis, "("))
    assert since[begin - 1 : begin + 2] == [None, 0, 1]
    assert since[begin + 6 : begin + 9] == [None, None, 0]


def test_the_rank_of_words_counts_without_capitals_and_marks(tmp_path):
    axis = opened(tmp_path / "r.h5", ["the cat, The dog. the", "cat"]).first
    ranks = of(annotate.word_frequency_rank(axis))
    text = axis.text(0, axis.n_steps)
    assert {ranks[text.index(c)] for c in "tT"} == {1}
    assert ranks[text.index("cat")] == ranks[-1] == 2
    assert ranks[text.index("dog")] == 3
    assert ranks[3] is None


CODE = "def f(x):\n    # no\n\treturn x + 1.5 if x else 'a b'\n"


def test_code(tmp_path):
    axis = opened(tmp_path / "p.h5", [CODE, "y = '''open\nz", "  odd indent\nx = 1"]).first
    text = axis.text(0, axis.n_steps)
    kinds = of(annotate.python_tokens(axis))
    at = {word: kinds[text.index(word)] for word in ("def", "f(", "(", "# no", "y =")}
    assert at == {"def": "keyword", "f(": "name", "(": "operator", "# no": "comment", "y =": "name"}
    assert kinds[text.index("x = 1")] == "name"
    assert kinds[-1] == "number"
    indents = of(annotate.indentation(axis))
    assert [indents[text.index(word)] for word in ("def", "# no", "return")] == [0, 4, 8]


def test_part_of_speech(tmp_path):
    words = opened(tmp_path / "s.h5", ["The old dog barked at Paris . It did n't see 3 cats"], " ").first
    letters = opened(tmp_path / "l.h5", ["The old dog barked at Paris. It didn't see 3 cats"]).first
    expected = ["determiner", "adjective", "noun", "verb", "preposition", "name", "punctuation"]
    expected += ["pronoun", "verb", "adverb", "verb", "number", "noun"]
    assert of(annotate.part_of_speech(words)) == expected
    by_letter = of(annotate.part_of_speech(letters))
    assert by_letter[:4] == ["determiner"] * 3 + [None]
    assert by_letter[-4:] == ["noun"] * 4


def test_every_ready_made_track_is_stored_by_name(tmp_path):
    dump = opened(tmp_path / "a.h5", ['The dog (3) said "no".\n  x', "One more."])
    for name, ready in READY.items():
        dump.add_track(name, ready=f"{name}: d" if ready.takes else name)
        assert len(dump.tracks[name][:]) == dump.n_steps
        assert ready.words
    assert set(READY) <= set(dump.tracks)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("nope", "no ready-made track 'nope'; there are kind of character, capital"),
        ("distance since", "'distance since' takes a token, after a colon"),
        ("number: 3", "'number' takes nothing after a colon"),
    ],
)
def test_a_name_that_is_none_is_refused(tmp_path, asked, words):
    dump = opened(tmp_path / "a.h5", ["abc"])
    with pytest.raises(lstmviz.UnknownName, match=words):
        dump.add_track("x", ready=asked)


def test_an_axis_of_numbers_has_places_only(tmp_path):
    path = lstmviz.write_dump(tmp_path / "n.h5", states={"rnn.l0.h": np.zeros((4, 1), "float16")}, lengths=[1, 3])
    dump = lstmviz.open_dump(path)
    dump.add_track("place", ready="place in sequence")
    assert dump.tracks["place"][:].tolist() == [0, 0, 1, 2]
    for name in set(READY) - {"place in sequence", "distance since"}:
        with pytest.raises(lstmviz.InputError, match="has no tokens"):
            dump.add_track(name, ready=name)
