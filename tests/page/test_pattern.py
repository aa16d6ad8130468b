"""A pattern as a file: what the page saves, the API and the command line read, and the page opens what they write."""

from __future__ import annotations

from lstmviz.match.pattern.file import Notes, PatternFile
from lstmviz.types import Pattern, PatternUnit
from support.workbench import DEPTH_4, QUERY, SOURCE, rows_of, selected, shown_rows


def opened(bench, path):
    with bench.page.expect_file_chooser() as chooser:
        bench.page.click("#lv-pattern-open")
    chooser.value.set_files(path)
    bench.page.wait_for_function("() => lvDebug.state.pattern !== null")
    return bench.ready()


def test_what_the_page_saves_is_the_pattern_of_the_api(bench, parens, tmp_path):
    bench.open(**QUERY)
    bench.brush(*DEPTH_4)
    with bench.page.expect_download() as download:
        bench.page.click("#lv-pattern-save")
    download.value.save_as(tmp_path / "saved.json")
    file = PatternFile.read(tmp_path / "saved.json")
    assert file.pattern == selected(parens, *DEPTH_4)
    assert file.notes.dump == parens.uuid
    shown = opened(bench, tmp_path / "saved.json")
    assert shown_rows(shown) == rows_of(parens.match(file.pattern))
    assert shown["units"] == [u.unit for u in file.pattern.units]


def test_a_pattern_over_layers_and_sides_is_opened_shaded_and_kept_in_the_address(bench, parens, tmp_path):
    units = (
        PatternUnit(SOURCE, 45, "high", 0.3),
        PatternUnit(SOURCE, 14, "low", -0.35),
        PatternUnit("rnn.l0.h", 6, "high", 0.5),
    )
    pattern = Pattern("text", units, ((SOURCE, 0.3), ("rnn.l0.h", 0.5)), 6, off_before=1)
    PatternFile(pattern, Notes(name="<b>deep</b>")).write(tmp_path / "deep.json")
    bench.open(**QUERY)
    shown = opened(bench, tmp_path / "deep.json")
    expected = rows_of(parens.match(pattern))
    assert shown_rows(shown) == expected
    assert shown["units"] == [14, 45]
    values = parens.states(SOURCE)[220:280].astype("float64")
    cut = parens.sources[SOURCE].cut
    below = parens.states("rnn.l0.h")[220:280].astype("float64")
    on = (values[:, 45] >= cut(0.3)).astype(int) + (values[:, 14] <= cut(-0.35)) + (below[:, 6] >= 0.5)
    assert [c["on"] for c in shown["cells"]] == on.tolist()
    assert "“<b>deep</b>” · 3 units" in bench.page.locator("#lv-pattern-note").inner_text()
    assert bench.page.locator("#lv-threshold").is_disabled()

    bench.reload()
    assert shown_rows(bench.ready()) == expected
    bench.page.click("#lv-pattern-note")
    bench.page.wait_for_function("() => lvDebug.state.pattern === null")
    assert bench.ready()["rows"] == []
    bench.page.go_back()
    bench.page.wait_for_function("() => lvDebug.state.pattern !== null")
    assert shown_rows(bench.ready()) == expected
    shown = bench.brush(*DEPTH_4)
    assert shown["state"]["pattern"] is None
    assert not bench.page.locator("#lv-threshold").is_disabled()


def test_a_pattern_of_another_source_brings_that_source(bench, tmp_path):
    pattern = Pattern("text", (PatternUnit("rnn.l0.h", 6),), (("rnn.l0.h", 0.3),), 6)
    PatternFile(pattern).write(tmp_path / "other.json")
    bench.open(**QUERY)
    opened(bench, tmp_path / "other.json")
    bench.page.wait_for_function("() => lvDebug.state.source === 'rnn.l0.h'")
    assert bench.ready()["units"] == [6]


def test_what_is_no_pattern_or_does_not_fit_is_said(bench, tmp_path):
    bench.open(**QUERY)
    bench.page.click("#lv-pattern-save")
    bench.page.locator("#lv-notice", has_text="no pattern to save").wait_for()
    for name, text, words in (
        ("cut.json", "{", "is no pattern"),
        ("other.json", '{"pattern": 3}', "is no pattern"),
        ("large.json", "x" * 1_100_000, "is larger than a pattern can be"),
    ):
        (tmp_path / name).write_text(text)
        with bench.page.expect_file_chooser() as chooser:
            bench.page.click("#lv-pattern-open")
        chooser.value.set_files(tmp_path / name)
        bench.page.locator("#lv-notice", has_text=f"{name} {words}").wait_for()
    # The server says what does not fit the dump.
    pattern = Pattern("text", (PatternUnit("gru.l9.h", 6),), (("gru.l9.h", 0.3),), 6)
    PatternFile(pattern).write(tmp_path / "foreign.json")
    shown = opened(bench, tmp_path / "foreign.json")
    assert shown["rows"] == []
    assert "no source 'gru.l9.h'" in bench.page.locator("#lv-counts").inner_text()
