"""docs/training.md runs as it is written, and the page opens on what ``lstmviz train`` leaves."""

from __future__ import annotations

import re
import shlex

import pytest

import lstmviz
from support import browser as browsing
from support.paths import ROOT
from support.texts import reviews, sentences, train

PAGE = (ROOT / "docs" / "training.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
SHORT = ("--epochs", 1, "--steps", 2000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which every command of the document was run, once through small texts."""
    place = tmp_path_factory.mktemp("training")
    (place / "book.txt").write_text(sentences(300))
    films, verdicts = reviews(60)
    (place / "reviews.txt").write_text(films)
    (place / "verdicts.txt").write_text(verdicts)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for line in COMMANDS:
            answer = train(*shlex.split(line)[2:], *SHORT)
            assert answer.exit_code == 0, answer.output
    return place


def test_the_commands_leave_what_the_document_says(folder):
    (shown,) = re.findall(r"```\n(book.txt: .*?)```", PAGE, re.S)
    for line in shown.splitlines()[-5:]:
        assert (folder / line.split()[-1]).exists(), line
    names = {path.name for path in folder.iterdir() if path.is_dir()}
    assert names == {"book-char-2x128", "words", "reviews-word-1x32-bidirectional"}
    assert (folder / "words" / "words.h5").exists()


def test_every_option_is_told_of():
    said = train("--help").stdout
    for option in set(re.findall(r"--[a-z]+", said)) - {"--help"}:
        assert f"`{option}" in PAGE, option


def test_the_python_block_runs(folder, monkeypatch):
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    monkeypatch.chdir(folder)
    exec(block, {})


def test_the_page_opens_on_the_dump_and_a_brush_finds_units(folder, chromium):
    dump = lstmviz.open_dump(folder / "book-char-2x128" / "book-char-2x128.h5")
    with browsing.serving([dump]) as address, browsing.workbench(chromium, address) as bench:
        bench.open(source="rnn.l1.c", t=0.05, before=0, at=0, span=40)
        shown = bench.brush(5, 8)
        units = [unit.unit for unit in dump.select("rnn.l1.c", 5, 8, threshold=0.05, off_before=0).units]
        assert shown["units"] == units != []
        assert shown["rows"]
