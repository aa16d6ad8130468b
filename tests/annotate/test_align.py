"""Labels from files, put onto tokens by text: words, characters, pieces and unknown words, and what did not fit."""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz
from lstmviz import annotate


def opened(path, tokens, vocab=None, **more):
    vocab = sorted(set(tokens)) if vocab is None else vocab
    states = {"rnn.l0.h": np.zeros((len(tokens), 1), "float16")}
    ids = [vocab.index(token) for token in tokens]
    return lstmviz.open_dump(lstmviz.write_dump(path, states=states, tokens=ids, vocab=vocab, **more))


def of(aligned):
    return [None if value != value else value for value in aligned.values.tolist()]


CONLLU = """# text = Don't run to them.
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\tVBP\tMood=Ind|Number=Sing\t3\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_
3\trun\trun\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=Yes
4\tto\tto\tADP\tIN\t_\t5\tcase\t_\t_
5\tthem\tthey\tPRON\tPRP\tNumber=Plur\t3\tobl\t_\t_
5.1\tempty\t_\tX\t_\t_\t_\t_\t_\t_
6\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_

# text = Nowhere
1\tNowhere\tnowhere\tADV\tRB\t_\t0\troot\t_\t_

"""


@pytest.fixture
def conllu(tmp_path):
    (tmp_path / "a.conllu").write_text(CONLLU)
    return tmp_path / "a.conllu"


def test_conllu_onto_words(tmp_path, conllu):
    axis = opened(tmp_path / "w.h5", ["don't", "run", "to", "them", ".", "so"]).first
    aligned = annotate.read_conllu(axis, conllu)
    assert of(aligned) == ["AUX+PART", "VERB", "ADP", "PRON", "PUNCT", None]
    assert (aligned.n_words, aligned.n_aligned, aligned.n_steps, aligned.n_lost) == (6, 5, 5, 1)
    assert str(aligned) == "5 of 6 words (83.3%) stand on 5 steps; not found in the text:\n  line 12: Nowhere"
    assert of(annotate.read_conllu(axis, conllu, "Number"))[0] == "Sing"
    assert of(annotate.read_conllu(axis, conllu, "deprel"))[3] == "obl"
    with pytest.raises(lstmviz.InputError, match="has no value of 'Gender'"):
        annotate.read_conllu(axis, conllu, "Gender")


def test_onto_characters_and_pieces(tmp_path, conllu):
    axis = opened(tmp_path / "c.h5", list("So: Don't run to them.")).first
    assert of(annotate.read_conllu(axis, conllu))[4:10] == ["AUX+PART"] * 5 + [None]
    vocab = ["ru", "##n", "to", "the", "##m", "."]
    pieces = opened(tmp_path / "p.h5", vocab, vocab).first
    aligned = annotate.align(pieces, [(["Run", "to", "them", "."], ["B-V", "O", "B-P", None])])
    assert of(aligned) == ["B-V", "I-V", "O", "B-P", "I-P", None]


def test_a_token_of_several_words_has_the_first_ones_label(tmp_path):
    axis = opened(tmp_path / "m.h5", ["gonna", "win"]).first
    assert of(annotate.align(axis, [(["gon", "na", "win"], ["V", "P", "V"])])) == ["V", "V"]


def test_unknown_words_stand_for_any(tmp_path):
    axis = opened(tmp_path / "u.h5", ["the", "<unk>", "barks", "the", "cat"]).first
    aligned = annotate.align(axis, [(["The", "terrier", "barks"], ["D", "N", "V"]), (["the", "cat"], ["D", "N"])])
    assert of(aligned) == ["D", "N", "V", "D", "N"]


def test_sentences_are_found_in_order_and_else_from_the_start(tmp_path):
    axis = opened(tmp_path / "o.h5", ["a", "b", "a", "b", "c"]).first
    aligned = annotate.align(axis, [(["a", "b"], ["1", "1"]), (["a", "b"], ["2", "2"]), (["a"], ["3"])])
    assert of(aligned) == ["3", "1", "2", "2", None]


def test_bio(tmp_path):
    file = tmp_path / "ner.txt"
    file.write_text(
        "-DOCSTART- -X- O O\n\nMary NNP I-NP B-PER\nSue NNP I-NP I-PER\nruns VBZ I-VP O\n\nBob NNP I-NP B-PER\n"
    )
    axis = opened(tmp_path / "b.h5", list("Mary Sue runs. Bob")).first
    aligned = annotate.read_bio(axis, file)
    assert of(aligned)[:8] == ["B-PER", "I-PER", "I-PER", "I-PER", None, "I-PER", "I-PER", "I-PER"]
    assert of(aligned)[-3:] == ["B-PER", "I-PER", "I-PER"]
    file.write_text("Mary\n")
    with pytest.raises(lstmviz.InputError, match="line 1: a line is a word and its label"):
        annotate.read_bio(axis, file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("start,stop,label\n0,2,x\n", ["x", "x", "other", "other"]),
        ("step,value\n1,3\n", ["other", "3", "other", "other"]),
        ("sequence,topic\n1,news\n", [None, "news", "news", "news"]),
        ("word,tag\na,X\nb,Y\n", ["X", "Y", None, None]),
        ("mine\np\nq\n\np\n", ["p", "q", "p"]),
        ('mine\np\nq\n""\np\n', ["p", "q", None, "p"]),
    ],
)
def test_csv(tmp_path, text, expected):
    dump = opened(tmp_path / "run.h5", ["a", "b", "c", "a"], lengths=[1, 3])
    (tmp_path / "f.csv").write_text(text)
    values = annotate.read_csv(dump.first, tmp_path / "f.csv")
    if len(expected) != 4:
        with pytest.raises(lstmviz.InputError, match="has 3 values; give one for each of the 4 steps"):
            dump.add_track("t", values)
        return
    dump.add_track("t", values)
    track = dump.tracks["t"]
    assert [track.labels[code] if code >= 0 else None for code in track[:].tolist()] == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("start,stop\n0,2\n", "say which one is the label"),
        ("a,b\n1,2\n", "say which one is the label"),
        ("sequence,x\n7,a\n", "line 2: no sequence 7; they are numbered 0 to 1"),
    ],
)
def test_a_csv_that_does_not_say_is_refused(tmp_path, text, words):
    dump = opened(tmp_path / "run.h5", ["a", "b", "c", "a"], lengths=[1, 3])
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(lstmviz.InputError, match=words):
        annotate.read_csv(dump.first, tmp_path / "f.csv")


def test_a_file_of_another_kind_is_refused(tmp_path):
    axis = opened(tmp_path / "run.h5", ["a"]).first
    (tmp_path / "f").write_bytes(b"\xff\xfe\x00")
    for read in (annotate.read_conllu, annotate.read_bio, annotate.read_csv):
        with pytest.raises(lstmviz.InputError, match="cannot be read as"):
            read(axis, tmp_path / "f")
        with pytest.raises(lstmviz.InputError, match="cannot be read as"):
            read(axis, tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("csv", "," * 5_000, "has 5,001 columns; at most 1,000 can be read"),
        ("csv", "\nlabel\n" + "x," * 5_000, "has 5,001 columns"),
        ("conllu", "\t".join(["0", *"abcdefghi"]), "line 1: '0' is not the number of a word"),
        ("conllu", "\t".join(["1" * 5_000, *"abcdefghi"]), "is not the number of a word"),
    ],
)
def test_a_hostile_file_is_one_line(tmp_path, name, text, line):
    dump, path = opened(tmp_path / "a.h5", list("ab")), tmp_path / f"labels.{name}"
    path.write_text(text)
    with pytest.raises(lstmviz.InputError, match=line) as caught:
        getattr(annotate, f"read_{name}")(dump.first, path)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", ['label,note\nx,"' + "," * 5_000 + '"\ny,', "label,note\r" + "x,\r" * 1_000 + "y,"])
def test_commas_in_quotes_and_in_later_lines_are_no_columns(tmp_path, text):
    dump, path = opened(tmp_path / "a.h5", list("ab")), tmp_path / "labels.csv"
    path.write_text(text, newline="")
    assert annotate.read_csv(dump.first, path, "label")[-1] == "y"


@pytest.mark.parametrize(("name", "text"), [("csv", "word,label\n,x\na,y\n"), ("bio", "\tx\n\na\ty\n")])
def test_a_word_without_letters_is_not_found(tmp_path, name, text):
    dump, path = opened(tmp_path / "a.h5", list("ab")), tmp_path / f"labels.{name}"
    path.write_text(text)
    aligned = getattr(annotate, f"read_{name}")(dump.first, path)
    assert (of(aligned), aligned.n_aligned, aligned.n_lost) == (["y", None], 1, 1)
