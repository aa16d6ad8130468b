"""The stdlib sample: what tokenize says of each character, and the way from modules to a model and its dump."""

from __future__ import annotations

import itertools
import zlib

import numpy as np
import pytest

import lstmviz
from lstmviz import samples
from lstmviz.training.model import save
from lstmviz.training.recipe import train
from lstmviz.training.record_model import record_model
from support.cards import Card, labels

CARD = Card("stdlib")
GENERATE = CARD.part("generate")
KIND = {"code": ".", "string": "s", "comment": "c"}

# Each line of Python, below it what tokenize should make of its characters.
SHOWN = r'''
x = 'a b'  # said 'so'
....ssss...ccccccccccc.
y = r"c\"" + ''
.....ssss....s..
if x:  #
.......c.
    z = """q
........sssss
 r"""  # end
ssss...ccccc.
    if y:
..........
        pass
.............
w = 1
......
'''.strip("\n").split("\n")  # fmt: skip


def given():
    text = "".join(line + "\n" for line in SHOWN[0::2])
    return text, "".join(
        line.ljust(len(code) + 1, line[-1]) for code, line in zip(SHOWN[0::2], SHOWN[1::2], strict=True)
    )


def test_strings_and_comments_are_as_marked():
    text, marks = given()
    told = GENERATE.truth(text)
    shown = "".join(KIND[GENERATE.KINDS[kind]] for kind in told.kind)
    borders = list(itertools.accumulate(len(code) + 1 for code in SHOWN[0::2]))
    for start, stop in zip([0, *borders], borders, strict=False):
        assert shown[start:stop] == marks[start:stop], text[start:stop]


def test_indentation_is_the_number_of_blocks_around_the_line():
    text, _ = given()
    told = GENERATE.truth(text)
    lines = np.repeat(np.arange(8), [len(code) + 1 for code in SHOWN[0::2]])
    assert [sorted(set(told.indent[lines == i])) for i in range(8)] == [[0], [0], [0], [1], [1], [1], [2], [0]]


def test_leading_spaces_are_those_before_the_first_sign_of_a_line():
    text, _ = given()
    naive = [not text[text.rfind("\n", 0, i) + 1 : i + 1].strip(" ") and text[i] == " " for i in range(len(text))]
    assert GENERATE.truth(text).is_leading.tolist() == naive


def test_a_string_with_fields_is_one_string_in_every_python():
    text = 'x = f"a{b + 1}c"  # d\n'
    kinds = [GENERATE.KINDS[kind] for kind in GENERATE.truth(text).kind]
    assert [text[i] for i, kind in enumerate(kinds) if kind == "string"] == list('"a{b + 1}c')


def test_docstrings_are_left_out_and_all_else_stays():
    text = '"""Doc."""\nx = "kept"\n\n\ndef f():\n    """Two\n    lines."""\n    return "kept"\n'
    assert GENERATE.without_docstrings(text) == '\nx = "kept"\n\n\ndef f():\n    return "kept"\n'.lstrip("\n")


@pytest.fixture
def folder(tmp_path):
    """Two hundred made modules, some of them held out, one that is no Python and one that is no UTF-8."""
    for i in range(200):
        (tmp_path / f"made{i}.py").write_text(
            f"# {i}\n\ndef f{i}(x):\n    y = 'é{i}'\n    return x + y\n" * 12, "utf-8"
        )
    (tmp_path / "broken.py").write_text("def (")
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    return tmp_path


def test_a_module_in_ten_is_held_out_by_its_name(folder):
    known, held_out = GENERATE.modules(folder), GENERATE.modules(folder, is_held_out=True)
    assert not known.keys() & held_out.keys()
    assert len(known) + len(held_out) == 200
    assert set(held_out) == {f"made{i}" for i in range(200) if zlib.crc32(f"made{i}".encode()) % 10 == 0}
    assert 10 < len(held_out) < 30


def test_unknown_characters_are_one_entry():
    assert GENERATE.ids("a\né~").tolist() == [67, 1, 0, 96]
    assert [GENERATE.VOCAB[i] for i in GENERATE.ids("a\n~")] == ["a", "\n", "~"]


def test_a_short_training_on_made_modules_learns_and_leaves_a_dump_with_its_truth(folder):
    recipe = CARD.part("recipe").recipe("1x128", folder).with_plan(n_updates=30)
    trained = train(recipe)
    losses = [point.loss for point in trained.curves.points]
    assert losses[0] > 4 > 3 > losses[-1]
    assert np.isfinite(trained.curves.held_out[-1][1])
    save(trained.model, folder / "made.safetensors")
    record_model(folder / "made.safetensors", recipe.corpus(), folder / "made.h5", overwrite=True)
    dump = lstmviz.open_dump(folder / "made.h5")
    assert dump.sequences["module"].tolist() == sorted(GENERATE.modules(folder, is_held_out=True))
    text = "".join(dump.tokens[:])
    assert text.startswith("def f")
    assert labels(dump, "where")[text.index("'")] == "string"
    assert labels(dump, "leading")[text.index(" y =")] == "leading"
    assert dump.tracks["indent"][text.index("return")] == 1


def test_it_comes_without_weights_and_its_dump_depends_on_the_python():
    said = samples.sample("stdlib")
    assert not said.is_shipped
    assert not list(said.folder.glob("*.safetensors"))
    assert said.depends_on() == __import__("sys").version
    assert "lstmviz samples train stdlib" in CARD.text
