"""Lessons as files: what is read, what is refused in a line, and whether the steps fit recordings."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from lstmviz.cli import app
from lstmviz.errors import InputError
from lstmviz.lessons import builtin_lessons, check_on, read_lesson
from lstmviz.lessons.lesson import LINK_FIELDS, MAX_BYTES
from lstmviz.system.paths import assets_dir
from support.paths import ROOT

GOOD = """
title: Where is it on?
recording: run
steps:
- say: Brush the first steps.
  link: source=rnn.l1.c&start=249&stop=255
- ask: How many units?
  answer: 4
  hint: Count the chips.
end: Be careful.
"""


def lesson(tmp_path, text):
    path = tmp_path / "own.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_lesson_is_read_as_it_stands(tmp_path):
    read = read_lesson(lesson(tmp_path, GOOD))
    assert (read.name, read.title, read.recordings) == ("own", "Where is it on?", ("run",))
    assert [bool(step.ask) for step in read.steps] == [False, True]
    assert read.steps[1].answer == 4
    assert read.end == "Be careful."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("  answer: 4\n", ""), "step 2: a question needs its answer"),
        (("  answer: 4\n", "  answer: 4\n  choices: [one, two]\n"), "step 2: the answer '4.0' is none of the choices"),
        (("source=", "sauce="), "step 1, link: the link's 'sauce' is no field"),
        (("- say: Brush", "- ask: Why?\n  say: Brush"), "step 1: a step says what to do"),
        (("title:", "titel:"), "title: Field required"),
        (("  hint:", "  until: {weather: 1}\n  hint:"), "step 2, until: until: 'weather' is not known"),
        (("  hint:", "  until: {units: {least: x}}\n  hint:"), "step 2, until: until: units takes a value"),
        (("steps:", "steps: []\nother:"), "steps: "),
        (("recording: run", "recording: *a"), "it has an alias; write it out"),
        (("title: Where is it on?", "title: [Where"), "is not YAML"),
        (("title: Where is it on?", "title: " + "x" * MAX_BYTES), "bytes, which no lesson has"),
    ],
)
def test_a_fault_is_a_line_that_names_its_step(tmp_path, change, words):
    path = lesson(tmp_path, GOOD.replace(*change))
    with pytest.raises(InputError, match=re.escape(words)) as raised:
        read_lesson(path)
    assert all(line.startswith("own.yaml") for line in str(raised.value).splitlines())


def test_what_is_no_lesson_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_lesson(tmp_path / "none.yaml")
    for text in ("", "- a\n- b\n", "3"):
        with pytest.raises(InputError, match="is no lesson"):
            read_lesson(lesson(tmp_path, text))
    deep = lesson(tmp_path, "a: " + "[" * 5_000)
    with pytest.raises(InputError, match="is not YAML"):
        read_lesson(deep)


def test_links_of_lessons_have_the_fields_of_links():
    fields = (assets_dir() / "page" / "lib" / "url-fields.mjs").read_text("utf-8")
    known = set(re.findall(r'(?:plain|list|rows|flag)\("(\w+)"|param: "(\w+)"', fields[fields.index("const FIELDS") :]))
    assert {name for pair in known for name in pair} | {"source"} >= LINK_FIELDS


def test_built_in_lessons_end_with_how_sure_one_may_be():
    names = [each.name for each in builtin_lessons()]
    assert names == ["first", "counting", "learning", "strings", "number", "direction", "key", "bystander"]
    for each in builtin_lessons()[1:]:
        assert each.end.startswith("How sure may you be?")
        assert each.minutes <= 10
        assert all(step.hint for step in each.steps), each.name


def test_a_lesson_is_held_against_recordings(tmp_path, parens):
    path = lesson(tmp_path, GOOD.replace("recording: run", f"recording: {parens.name}"))
    assert check_on(read_lesson(path), [parens]) == []
    wrong = GOOD.replace("recording: run\n", "")
    for link, words in [
        ("source=rnn.l9.c&start=249&stop=255", "step 1: no source"),
        ("source=rnn.l1.c&start=19999&stop=20005", "step 1: the window"),
        ("source=rnn.l1.c&start=0&stop=60", "step 1: its brush selects no unit"),
        ("unit=rnn.l1.c/700", "step 1: "),
    ]:
        given = read_lesson(lesson(tmp_path, wrong.replace("source=rnn.l1.c&start=249&stop=255", link)))
        [fault] = check_on(given, [parens])
        assert fault.startswith(words), fault
    assert check_on(read_lesson(lesson(tmp_path, GOOD)), [parens]) == []  # it is on another recording


def test_the_command_says_what_a_file_is(tmp_path, parens):
    run = CliRunner().invoke
    path = lesson(tmp_path, GOOD.replace("recording: run", f"recording: {parens.name}"))
    done = run(app, ["lesson", "check", str(path), str(parens.path)])
    assert (done.exit_code, done.output.strip()) == (
        0,
        f"own.yaml is a lesson of 2 steps, 1 of them questions, on {parens.name}",
    )
    bad = lesson(tmp_path, GOOD.replace("answer: 4", "answers: 4"))
    done = run(app, ["lesson", "check", str(bad)])
    assert done.exit_code == 1
    listed = run(app, ["lesson", "list"]).output
    assert all(each.title in listed for each in builtin_lessons())
    assert "lesson" in (ROOT / "docs" / "cli.md").read_text("utf-8")


def test_the_lesson_of_the_docs_is_one(tmp_path):
    page = (ROOT / "docs" / "lessons.md").read_text("utf-8")
    block = page.partition("```yaml\n")[2].partition("```")[0]
    assert len(read_lesson(lesson(tmp_path, block)).steps) == 4
