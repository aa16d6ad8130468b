"""The workbench in a browser, driven and read as a person does; what it shows is held against the Python API."""

from __future__ import annotations

import re
from contextlib import contextmanager

import lstmviz
from support import browser as browsing

SOURCE = "rnn.l1.c"
DEPTH_4 = (249, 255)  # "(44444", all of it at depth 4
QUERY = {"source": SOURCE, "at": 220, "span": 60}
BRUSHED = {**QUERY, "start": DEPTH_4[0], "stop": DEPTH_4[1]}
POLLING = 50  # ms: to read the whole page in each frame would keep it from its work


def selected(dump, start, stop, threshold=0.3, before=1, after=0, source=SOURCE):
    return dump.select(source, start, stop, threshold, before, after)


def assert_shows(shown, dump, start, stop, **more):
    """The page shows the units, rows and counts that the API gives for this brush."""
    pattern = selected(dump, start, stop, **more)
    assert (shown["state"]["start"], shown["state"]["stop"]) == (start, stop)
    assert shown["units"] == [u.unit for u in pattern.units]
    assert shown["counts"] == dump.count(pattern).totals.to_numpy().tolist()
    frame = dump.match(pattern, limit=len(shown["rows"]))
    keys = ["start", "stop", "n_shared", "n_union"]
    assert [[r[k] for k in keys] for r in shown["rows"]] == frame[keys].to_numpy().tolist()
    return pattern, frame


def part(bench, name, condition="!p.isPending", arg=None):
    """What a part shows, once a condition on it (``p``) holds and the frame in which that is drawn has passed."""
    bench.page.wait_for_function(
        f"([name, arg]) => {{ const p = lvDebug.inspectCards()[name]; return {condition}; }}",
        arg=[name, arg],
        polling=POLLING,
    )
    bench.page.evaluate("() => new Promise(requestAnimationFrame)")
    return bench.page.evaluate("name => lvDebug.inspectCards()[name]", name)


def summed(bench):
    """Wait until the matches are summed up."""
    bench.ready()
    bench.page.wait_for_function("() => lvDebug.summaryAnswer() !== null && !lvDebug.isSummaryPending()")
    bench.page.evaluate("() => new Promise(requestAnimationFrame)")


def assert_card(answer, dump, source, unit, threshold, side="high"):
    card = dump.unit(source, unit, threshold, side, n_contexts=5)
    assert [answer[k] for k in ("source", "unit", "side", "on_rate")] == [source, unit, side, card.on_rate]
    assert answer["histogram"]["n_steps"] == card.histogram["n_steps"].tolist()
    assert answer["run_lengths"]["n_runs"] == card.run_lengths["n_runs"].tolist()
    assert [c["step"] for c in answer["contexts"]] == [c.step for c in card.contexts]
    assert [t["on_rate"] for t in answer["tracks"]] == [t.on_rate for t in card.tracks]
    told = [(place["name"], value) for place in answer["tokens"] for value in place["value"]]
    assert told == list(zip(card.tokens["track"], card.tokens["value"], strict=True))
    return card


@contextmanager
def page(chromium, tmp_path, name="dump", view=browsing.VIEW, **given):
    """A page on a dump written for it."""
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / f"{name}.h5", **given))
    with browsing.serving([dump]) as address, browsing.workbench(chromium, address, view=view) as bench:
        yield bench, dump


def until(bench, condition, arg=None):
    condition = f"(arg) => {{ const d = lvDebug.inspectPage(); return {condition}; }}"
    bench.page.wait_for_function(condition, arg=arg, polling=POLLING)
    return bench.ready()


def two_frames(bench):
    """Wait until what was changed is painted."""
    bench.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def chip(bench, unit, source, side="high"):
    return bench.page.locator(f'#lv-chips .lv-chip[data-unit="{unit}"][data-source="{source}"][data-side="{side}"]')


def rows_of(frame):
    return frame[["start", "stop", "n_shared", "n_union"]].to_numpy().tolist()


def shown_rows(shown):
    return [[r[k] for k in ("start", "stop", "n_shared", "n_union")] for r in shown["rows"]]


def spans(rows):
    return [[r["start"], r["stop"]] for r in rows]


def spans_of(frame):
    return frame[["start", "stop"]].to_numpy().tolist()


def pick(bench, menu, words):
    """Choose an item of one of the menus over the matches."""
    bench.page.click(f"#lv-match-{menu} .lv-menu-button")
    bench.page.locator(f"#lv-match-{menu} .lv-panel-item", has_text=re.compile(f"^{re.escape(words)}$")).click()
    return bench.ready()


def compared(bench, comparison):
    """The strip tells what the API counts."""
    bench.page.wait_for_function("() => lvDebug.inspectCompare().given && !lvDebug.inspectCompare().isPending")
    told = bench.page.evaluate("lvDebug.inspectCompare().given.answer.both")
    names = ("n_first", "n_second", "n_first_met", "n_second_met", "n_same", "n_both_steps")
    assert {n: told[n] for n in names} == {n: getattr(comparison, n) for n in names}
    words = bench.page.locator(".lv-compare-foot").inner_text()
    assert f"{comparison.n_first_met:,} of A's {comparison.n_first:,} matches overlap one of B's" in words


WITHIN = 180_000  # ms: a process that loads torch is started, perhaps on a machine that does much else


def start(bench, condition="true"):
    """What the start page shows, once it does."""
    condition = f"() => {{ const s = window.lvDebug?.inspectPage().start; return s && ({condition}); }}"
    bench.page.wait_for_function(condition, timeout=WITHIN, polling=POLLING)
    return bench.shown()["start"]
