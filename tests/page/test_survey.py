"""All units at a glance: where to start, the table, its orders, its heat map, and what a press does."""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz
from support import browser as browsing

SOURCE = "rnn.l0.c"
N_KINDS, N_OF_KIND = 10, 50  # units


def survey(bench, condition="true"):
    """What the view shows, once it does."""
    bench.page.wait_for_function(f"() => {{ const s = lvDebug.inspectSurvey(); return s.table && ({condition}); }}")
    return bench.page.evaluate("() => lvDebug.inspectSurvey()")


def opened(bench, **query):
    bench.open(**query)
    survey(bench)
    bench.page.click(".lv-survey-fold")
    return survey(bench, "s.rows.length > 5")


def test_the_units_to_start_with_are_named_and_the_table_is_that_of_python_in_any_order(words, agreement):
    units = agreement.units(SOURCE)
    words.open(source=SOURCE)
    shown = survey(words)
    named = units[units["why"] != ""]
    assert shown["start"] == [f"{unit} {why}" for unit, why in named["why"].items()]
    assert not shown["isOpen"]
    words.page.click(".lv-survey-named >> nth=0")
    assert words.ready()["state"]["held"] == {"source": SOURCE, "unit": int(named.index[0])}
    # The table is that of Python in any order.
    words.page.click(".lv-survey-fold")
    shown = survey(words, "s.rows.length > 5")
    table = shown["table"]["units"]
    for name in ("on_rate", "saturation", "f1", "half_life", "low"):
        wanted = [None if v != v or abs(v) == np.inf else round(v, 4) for v in units[name]]
        assert table[name] == pytest.approx(wanted)
    assert table["label"] == units["label"].tolist()
    assert table["tokens"] == [list(tokens) for tokens in units["tokens"]]
    assert shown["order"] == units.sort_values("order")["unit"].tolist()
    words.page.click("[data-act=sort-f1]")
    shown = survey(words, f"s.order[0] === {units['f1'].idxmax()}")
    assert shown["order"] == units.sort_values("f1", ascending=False, kind="stable")["unit"].tolist()
    survey(words, "s.rows[0]?.includes('1.00 (1.)')")
    words.page.click("[data-act=sort-f1]")
    assert survey(words, f"s.order.at(-1) !== {shown['order'][-1]}")["order"][-1] != shown["order"][-1]
    heat_map = words.page.locator(".lv-survey-map")  # clicked once it stands still
    heat_map.click(position={"x": 5, "y": 10})  # the name of the first column
    column = next(k for k, (track, _) in enumerate(shown["table"]["columns"]) if track)
    heat = [row[column] for row in shown["table"]["heat"]]
    shown = survey(words, f"s.order[0] === {int(np.argmax(heat))}")
    assert [heat[unit] for unit in shown["order"]] == sorted(heat, reverse=True)
    heat_map.click(position={"x": 5, "y": 54 + 1})  # and the first unit of the map
    words.page.wait_for_function(f"() => lvDebug.state.held?.unit === {shown['order'][0]}")
    words.page.locator(".lv-survey-tools select").select_option("tokens")
    survey(words, f"s.order[0] !== {shown['order'][0]}")


def test_a_press_shows_the_card_and_several_make_a_pattern(words, agreement):
    units = agreement.units(SOURCE)
    shown = opened(words, source=SOURCE)
    first, second = shown["order"][:2]
    words.page.locator(".lv-survey-list .lv-list-row").nth(0).click()
    words.page.wait_for_function(f"() => lvDebug.state.held?.unit === {first}")
    words.page.locator(".lv-survey-list .lv-list-row").nth(1).click(modifiers=["Control"])
    assert survey(words, "s.chosen.length === 1")["chosen"] == [second]
    words.page.click("[data-act=several]")
    words.page.locator(".lv-survey-list .lv-list-row").nth(0).focus()
    words.page.keyboard.press("Enter")
    survey(words, "s.chosen.length === 2")
    words.page.click("[data-act=make]")
    state = words.ready()["state"]
    assert state["start"] is None
    assert [(p["unit"], p["side"], p["threshold"]) for p in state["pinned"]] == [
        (unit, units["side"][unit], pytest.approx(units["threshold"][unit])) for unit in (second, first)
    ]
    assert survey(words)["chosen"] == []
    words.page.keyboard.press("Control+z")
    assert words.ready()["state"]["pinned"] == []


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """Hundreds of units, of a few kinds that go together."""
    rng = np.random.default_rng(0)
    kinds = rng.normal(size=(3000, N_KINDS)).astype(np.float32)
    noise = rng.normal(0, 0.6, (3000, N_KINDS * N_OF_KIND))
    values = np.tanh(np.repeat(kinds, N_OF_KIND, axis=1) + noise).astype("float16")
    path = lstmviz.write_dump(
        tmp_path_factory.mktemp("wide") / "wide.h5",
        states={"a.l0.h": values, "a.l1.h": values[:, :4]},
        tokens=[["<b>&", "x", "y"][k] for k in rng.integers(0, 3, 3000)],
        lengths=[30] * 100,
    )
    return lstmviz.open_dump(path)


def test_hundreds_of_units_are_scrolled_with_the_rows_in_view_alone(chromium, wide, monkeypatch):
    monkeypatch.setattr("lstmviz.ui.routes.survey.is_small", lambda source: source.n_units < 100)
    with browsing.serving([wide]) as address, browsing.workbench(chromium, address) as bench:
        bench.open(source="a.l0.h")
        bench.page.wait_for_function("() => lvDebug.inspectSurvey().isOffered")
        assert "Look at all units" in bench.page.inner_text(".lv-survey-head")
        bench.page.click(".lv-survey-fold")
        shown = survey(bench, "s.rows.length > 5")
        assert len(shown["rows"]) < 60
        assert len(shown["table"]["units"]["on_rate"]) == N_KINDS * N_OF_KIND
        groups = np.array(shown["table"]["units"]["group"])
        for kind in range(N_KINDS):
            (group,) = set(groups[N_OF_KIND * kind : N_OF_KIND * (kind + 1)])
            assert group > 0
        in_order = groups[shown["order"]]
        assert (np.diff(in_order) != 0).sum() == N_KINDS - 1  # one sees ten blocks
        bench.page.evaluate("() => { document.querySelector('.lv-survey-list').scrollTop = 8000; }")
        bench.page.wait_for_function(
            "unit => lvDebug.inspectSurvey().rows.some((row) => row.startsWith(String(unit)))", arg=shown["order"][340]
        )
        assert "<b>&" in bench.page.inner_text(".lv-survey-list")  # as text
        bench.open(source="a.l1.h")
        survey(bench, "s.table.n_units === 4")


def test_unit_0_has_a_row_that_answers_as_any_other(words):
    shown = opened(words, source=SOURCE)
    words.page.locator(".lv-survey-list").evaluate(
        "(list, at) => (list.scrollTop = at * list.querySelector('.lv-list-row').offsetHeight)", shown["order"].index(0)
    )
    row = words.page.locator(f".lv-survey-list [data-index='{shown['order'].index(0)}']")
    row.click()
    words.page.wait_for_function("() => lvDebug.state.held?.unit === 0")
    assert row.inner_text().split()[0] == "0"
