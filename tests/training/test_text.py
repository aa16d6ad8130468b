"""Text and label files: every bad one is one line; how text is cut, numbered, divided; what counts alone cost."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from lstmviz.dump.joining import UNKNOWN
from lstmviz.errors import TextError
from lstmviz.training import language_model as running
from lstmviz.training import text
from lstmviz.training.baseline import bigram, unigram
from lstmviz.training.classifier import MAX_DOCUMENT
from lstmviz.training.fit import FitPlan
from lstmviz.training.language_model import draw_line
from lstmviz.training.model import TextModel
from lstmviz.training.model_config import ModelDescription
from lstmviz.training.text_task import Options
from support.texts import reviews, sentences, train

LINES, LABELS = reviews(40)


def refused(answer, *words):
    """The one line with which a command ended."""
    assert answer.exit_code == 1, answer.output
    assert answer.stdout == ""
    (line,) = answer.stderr.splitlines()
    assert line.startswith("lstmviz: ")
    for word in words:
        assert word in line
    return line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; give a text to learn from"),
        (b" \n\t\n", "is empty; give a text to learn from"),
        (b"\xef\xbb\xbf", "is empty; give a text to learn from"),
        (b"abc\0def" * 400, "is binary (a zero byte at 3)"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is binary"),
        ("Grün\n".encode("latin-1") * 400, "is not UTF-8 (line 1, byte 0xfc); save it as UTF-8"),
        (("good\n" * 300).encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"the cat\n" * 10, "has 80 characters; at least 1,000 are needed"),
        (b"one line only", "has 13 characters; at least 1,000 are needed"),
        ("".join(map(chr, range(0x4E00, 0x5200))).encode(), "no character of the text occurs 3 times"),
    ],
    ids=["empty", "blank", "mark", "binary", "png", "latin-1", "utf-16", "short", "one-line", "all-different"],
)
def test_a_bad_text_is_one_line(tmp_path, content, words):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    line = refused(train(path, "--out", tmp_path / "out"), words)
    assert str(path) in line or "no character" in line
    assert not (tmp_path / "out").exists()


def test_what_is_no_file_is_one_line(tmp_path):
    refused(train(tmp_path / "none.txt"), "none.txt cannot be read (No such file or directory); give a text file")
    refused(train(tmp_path), "is a folder; give a text file")
    refused(train("/dev/zero"), "is not a plain file; give a text file")


def test_an_unreadable_file_is_one_line(tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    path.write_text(sentences(100))

    def denied(*given, **more):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(path), "open", denied)  # whoever is root may read all
    refused(train(path), "text.txt cannot be read (Permission denied); give a text file")


def test_a_text_too_large_is_not_read(tmp_path):
    path = tmp_path / "text.txt"
    with path.open("wb") as file:
        file.truncate(text.MAX_BYTES + 1)
    refused(train(path), "has 32 MiB; give a part of it, 32 MiB at most")


@pytest.mark.parametrize(
    ("lines", "labels", "words"),
    [
        (LINES, LABELS[:-5], "has 39 labels and the text 40 lines; give one label a line"),
        (LINES, "good\n" * 40, "gives every line the label 'good'; at least two different ones are needed"),
        (LINES, "".join(f"{i}\n" for i in range(40)), "has 40 different labels for 40 lines; labels must recur"),
        (LINES, "good\n\n" * 20, "labels.txt: line 2 is empty"),
        (LINES, "", "labels.txt is empty"),
        (LINES, "good", "labels.txt has one line only"),
        ("one line only", LABELS, "text.txt has one line only; give one document a line"),
        ("a b\nc\nc d\n", "x\n\ny\n", "labels.txt: line 2 is empty, and line 2 of the text is not; give it a label"),
        ("a b\nc d\n", "x\ny\n", "there are 2 labelled lines; at least 20 are needed"),
    ],
)
def test_bad_labels_are_one_line(tmp_path, lines, labels, words):
    (tmp_path / "text.txt").write_text(lines)
    (tmp_path / "labels.txt").write_text(labels)
    refused(train(tmp_path / "text.txt", "--labels", tmp_path / "labels.txt"), words)


def test_a_model_that_reads_both_ways_needs_labels(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(sentences(100))
    refused(train(path, "--bidirectional"), "--bidirectional needs --labels: a model that reads both ways")


def test_minutes_are_a_number_of_them(tmp_path):
    refused(train(tmp_path / "text.txt", "--minutes", "inf"), "--minutes is inf; give a number of minutes, such as 5")
    assert train(tmp_path / "text.txt", "--minutes", "nan").exit_code == 2


def test_where_nothing_can_be_written_nothing_is_trained(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(sentences(100))
    (tmp_path / "taken").write_text("")
    refused(train(path, "--out", tmp_path / "taken"), "taken cannot be written to")
    refused(train(path, "--name", "../mine"), "'../mine' is not a file name; give one without a folder")


@pytest.mark.parametrize("name", ["a.h5", "a.safetensors", "curves.html"])
def test_a_folder_in_the_place_of_a_file_is_told_before_anything_is_trained(tmp_path, name):
    path = tmp_path / "text.txt"
    path.write_text(sentences(100))
    (tmp_path / "out" / name).mkdir(parents=True)
    given = (path, "--out", tmp_path / "out", "--name", "a", "--overwrite")
    refused(train(*given), f"{tmp_path / 'out' / name} is a folder; remove it, or give another --name or --out")


@pytest.mark.parametrize("put", [Path.touch, lambda path: path.symlink_to("theirs"), os.mkfifo])
@pytest.mark.parametrize(("name", "words"), [("a.h5.parts", "is of an unfinished recording"), ("events", "no folder")])
def test_a_link_or_pipe_in_the_place_of_a_folder_is_told_before_anything_is_trained(tmp_path, name, words, put):
    path = tmp_path / "text.txt"
    path.write_text(sentences(100))
    (tmp_path / "out" / "theirs").mkdir(parents=True)
    put(tmp_path / "out" / name)
    refused(train(path, "--out", tmp_path / "out", "--name", "a"), words)
    assert not list((tmp_path / "out" / "theirs").iterdir())


@pytest.mark.parametrize(
    "option", ["--level=line", "--cell=mgu", "--layers=0", "--units=0", "--epochs=0", "--dropout=1", f"--seed={2**64}"]
)
def test_an_option_that_is_none_names_what_there_is(tmp_path, option):
    answer = train(tmp_path / "text.txt", option)
    assert answer.exit_code == 2
    assert option.split("=")[0] in answer.stderr


def test_line_ends_of_every_system_are_one_sign_and_a_byte_order_mark_is_none(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    assert text.read_text(path) == "one\ntwo\nthree\n"


def test_only_line_ends_part_documents(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("a\x0bb\u2028c\nd\x1ce\n\n")
    assert text.read_lines(path) == ["a\x0bb\u2028c", "d\x1ce"]


def test_words_numbers_signs_and_line_ends_are_tokens():
    given = "Don't go—well-known 3 times, 2026!\nÉcole naïve"
    wanted = ["Don't", "go", "—", "well-known", "3", "times", ",", "2026", "!", "\n", "École", "naïve"]
    assert text.cut(given, "word") == wanted
    assert text.cut("añ\n", "char") == ["a", "ñ", "\n"]
    assert max(map(len, text.cut("x" * 1000 + "7" * 1000, "word"))) == 64


def test_the_vocabulary_is_by_frequency_and_the_rare_are_unknown():
    encoder = text.make_encoder(["b", "a", "b", "c", "a", "b", UNKNOWN, UNKNOWN], "word")
    assert encoder.vocab == (UNKNOWN, "b", "a")
    assert encoder.ids(["a", "c", "b", UNKNOWN]).tolist() == [2, 0, 1, 0]
    assert text.make_encoder("aabbb", "char").vocab == (UNKNOWN, "b")
    with pytest.raises(TextError, match="no word of the text occurs 2 times"):
        text.make_encoder(["a", "b"], "word")
    with pytest.raises(TextError, match="the model does not know 'z'"):
        text.Encoder(("a",), "word", None).ids(["a", "z"])


def test_the_vocabulary_is_bounded_by_the_most_frequent(monkeypatch):
    monkeypatch.setattr(text, "MAX_WORDS", 3)
    assert text.make_encoder(["x", "x", "y", "y", "y", "z", "z", "z", "z"], "word").vocab == (UNKNOWN, "z", "y")


def test_the_held_out_part_lends_the_vocabulary_nothing(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("ab\n" * 600 + "q" * 30)
    read = running.read(path, "char")
    assert len(read.held_out) == 183
    assert "q" not in read.encoder.vocab
    assert read.held_out[-30:].tolist() == [0] * 30


def test_pieces_end_with_a_paragraph_or_a_line_and_are_all_of_the_text():
    ends = np.zeros(100, bool)
    ends[[12, 13, 17, 36]] = True
    cut = running.pieces(ends, 20)
    assert [(piece.start, piece.stop) for piece in cut] == [(0, 14), (14, 34), (34, 54), (54, 74), (74, 94), (94, 100)]
    ends[33] = True
    assert running.pieces(ends, 20)[1] == slice(14, 34)
    assert running.pieces(ends[:0], 20) == []


def test_counts_cost_what_their_formulas_say():
    train_ids, held_out = np.array([0, 1, 0, 1, 0, 2]), np.array([0, 1, 2])
    p = np.array([3 + 1, 2 + 1, 1 + 1]) / (6 + 3)
    assert unigram(train_ids, held_out, 3) == pytest.approx(-np.log(p[held_out]).mean())
    # After 0: 1 twice, 2 once, two kinds. After 1: 0 twice, one kind; 2 was never seen there.
    first = (2 + 2 * p[1]) / (3 + 2)
    second = (0 + 1 * p[2]) / (2 + 1)
    assert bigram(train_ids, held_out, 3) == pytest.approx(-(math.log(first) + math.log(second)) / 2)
    # After 2 nothing was ever seen: its following is only as frequent as it is.
    assert bigram(train_ids, np.array([2, 0]), 3) == pytest.approx(-math.log(p[0]))


def test_bigrams_are_chances(tmp_path):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 5, 400)
    for before in range(6):
        total = sum(math.exp(-bigram(ids, np.array([before, following]), 6)) for following in range(6))
        assert total == pytest.approx(1.0)


def test_how_long_a_training_is():
    plan = Options().plan(10, 400, 4000)
    assert (plan.n_updates, plan.check_every, plan.seconds) == (400, 10, None)
    assert Options().plan(1000, 400, 4000).n_updates == 4000
    assert Options(n_epochs=3).plan(1000, 400, 4000).n_updates == 3000
    both = Options(n_epochs=3, minutes=2).plan(1000, 400, 4000)
    assert (both.n_updates, both.seconds) == (3000, 120)
    assert Options(minutes=2).plan(10, 400, 4000).n_updates > 100_000
    assert Options(n_units=512).plan(10, 1, 2).learning_rate == pytest.approx(
        Options().plan(10, 1, 2).learning_rate / 2
    )


def test_the_clock_and_the_updates_say_how_much_of_a_fit_is_over():
    plan = FitPlan(100, seconds=10)
    assert plan.share_over(30, 1) == 0.3
    assert plan.share_over(30, 5) == 0.5
    assert plan.share_over(30, 50) == 1
    assert FitPlan(100).share_over(100, 1e9) == 1
    assert FitPlan(100).share_over(10, 1e9) == 0.1


def test_a_sampled_line_is_one_line_of_the_vocabulary_and_the_same_for_a_seed():
    torch.manual_seed(0)
    model = TextModel(ModelDescription((UNKNOWN, "a", "b", "\n"), level="char", n_units=4, unknown=0)).eval()
    line = draw_line(model, 1)
    assert set(line) <= {"a", "b", " "}
    assert 1 <= len(line) <= 100
    assert draw_line(model, 1) == line
    assert draw_line(model, 2) != line


def test_long_documents_are_read_to_a_limit(tmp_path):
    (tmp_path / "text.txt").write_text("".join(f"{'ab'[i % 2] * 600}\n" for i in range(20)))
    (tmp_path / "labels.txt").write_text("".join(f"{i % 2}\n" for i in range(20)))
    given = (tmp_path / "text.txt", "--labels", tmp_path / "labels.txt", "--units", 4, "--layers", 1, "--epochs", 1)
    answer = train(*given, "--out", tmp_path / "out")
    assert answer.exit_code == 0, answer.output
    assert f"of 20 longer lines the first {MAX_DOCUMENT} characters are read" in answer.stdout
