"""A training as it is watched: moments come into an open page, and a recording grows in it."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz.dump.reader import DumpReader
from lstmviz.ui import growing
from lstmviz.ui.arrivals import opened
from lstmviz.ui.describe import about
from lstmviz.ui.extras import Extras
from support import browser as browsing
from support.budget import is_long
from support.learning import SOURCE, WORDS, Learner, encode, moments, texts
from support.typed_text import BOX, settled
from support.workbench import start

OUTPUT = "memory.l0.h"


@pytest.fixture
def training(tmp_path):
    """A model, and its moments after 0 and 10 updates."""
    model = Learner()
    snapshots = moments(model, tmp_path / "farm")
    snapshots.take(0, loss=2.5)
    model.learn(10)
    snapshots.take(10, loss=1.5)
    return model, snapshots


def test_a_folder_of_moments_opens_as_one_card_and_each_new_moment_appears(chromium, training):
    model, snapshots = training
    dumps, arrivals = opened([snapshots.folder])
    with (
        browsing.serving(dumps, extras=Extras(arrivals=arrivals)) as address,
        browsing.workbench(chromium, address) as bench,
    ):
        bench.page.goto(address)
        shown = start(bench, "s.names.length === 1")
        assert shown["names"] == ["farm"]
        assert bench.page.inner_text(".lv-start-head h2") == "Recordings"
        bench.page.click(".lv-start-card")
        bench.settle()
        labels = bench.page.locator(".lv-series-moment")
        assert labels.all_text_contents() == ["update 0", "update 10"]
        bench.page.click("text=update 10")
        bench.page.wait_for_function("() => document.querySelectorAll('.lv-series-moment')[1].ariaPressed === 'true'")
        chart(bench)
        before = bench.brush(14, 16)
        assert (before["state"]["start"], before["state"]["stop"]) == (14, 16)
        model.learn(10)
        taken = lstmviz.open_dump(snapshots.take(20, loss=1.0))
        bench.page.wait_for_function("() => document.querySelectorAll('.lv-series-moment').length === 3")
        shown = bench.ready()
        assert shown["state"] == before["state"]  # what is shown stays
        bench.page.keyboard.press("]")  # the next moment
        bench.page.wait_for_function("uuid => lvDebug.state.dump === uuid", arg=taken.uuid)
        shown = bench.ready()
        assert shown["state"]["dump"] == taken.uuid
        assert (shown["state"]["start"], shown["state"]["stop"]) == (14, 16)
        assert {"loss", "top1"} & set(shown["tracks"])
        bench.page.click("#lv-home")
        assert "3 moments" in bench.page.inner_text(".lv-start-about")


def test_the_moments_are_drawn_on_one_axis(chromium, tmp_path):
    model = Learner()
    snapshots = moments(model, tmp_path / "farm")
    for scale in (0.02, 20):
        with torch.no_grad():
            for weight in model.memory.parameters():
                weight.normal_(0, scale)
        snapshots.take(int(scale * 100))
    dumps, arrivals = opened([snapshots.folder])
    sources = [about(DumpReader(dump.path))["sources"] for dump in dumps]
    low, high = (one["high"] for each in sources for one in each if one["name"] == OUTPUT)
    assert low < high
    with (
        browsing.serving(dumps, extras=Extras(arrivals=arrivals)) as address,
        browsing.workbench(chromium, address) as bench,
    ):
        for dump in dumps if is_long() else dumps[:1]:
            bench.open(dump=dump.uuid, source=OUTPUT)
            drawn = bench.page.evaluate("() => [lvDebug.model.source.low, lvDebug.model.source.high]")
            assert drawn == [-high, high]


@pytest.mark.long
def test_texts_are_typed_into_each_moment_of_ones_own_model_and_its_units_held(chromium, tmp_path):
    model = Learner()
    snapshots = moments(model, tmp_path / "farm", 20, weights=True)
    for update in (0, 60):
        snapshots.take(update)
        model.learn(60)
    dumps, arrivals = opened([snapshots.folder])
    live = lstmviz.LiveModel(model, encode)
    with browsing.serving(dumps, extras=Extras(arrivals=arrivals, live=live)) as address:
        training = lstmviz.open_moments(snapshots.folder)
        training.attach(model, encode)
        with browsing.workbench(chromium, address) as bench:
            for dump in training:
                bench.open(dump=dump.uuid, source=SOURCE, t="0.2", before=0)
                bench.page.click(".lv-typed-fold")
                bench.page.locator(BOX).fill("the dog runs .")  # at once: this encode knows no half word
                shown = settled(bench, "the dog runs .")
                wanted = dump.rerun("the dog runs .").states(SOURCE)[:].astype(float)
                np.testing.assert_array_equal(np.array(shown["states"][SOURCE]), wanted)
            bench.brush(14, 16)
            bench.page.click("text=Ablate at each")
            rows = chart(bench, "c.rows.every((row) => row.kl != null)")["rows"]
            pattern = training.dumps[1].select(SOURCE, 14, 16, 0.2, off_before=0)
            kl = training.pattern(pattern, ablate=True)["kl"]
            assert [row["kl"] for row in rows] == pytest.approx(kl.tolist())


def test_a_recording_grows_in_an_open_page_and_says_so_until_it_is_closed(chromium, tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "PAUSE", 0)
    monkeypatch.setattr(growing, "PATIENCE", 0)
    model, path, rows = Learner(), tmp_path / "run.h5", texts(30)

    def record(run, some):
        for row in some:
            ids = torch.tensor([encode(row)])
            with run.batch(tokens=ids), torch.no_grad():
                model(ids)

    with ExitStack() as recording:
        run = recording.enter_context(lstmviz.record(model, path, WORDS))
        record(run, rows[:10])
        dumps, arrivals = opened([path])
        with (
            browsing.serving(dumps, extras=Extras(arrivals=arrivals)) as address,
            browsing.workbench(chromium, address) as bench,
        ):
            bench.open()
            shown = bench.shown()
            assert bench.page.locator("#lv-cut-short").inner_text().strip() == "being recorded"
            first = shown["state"]["dump"]
            assert bench.page.evaluate("() => lvDebug.model.axis.n_steps") == 120
            bench.brush(13, 15)
            record(run, rows[10:])
            bench.page.wait_for_function("() => lvDebug.model.axis.n_steps === 360")
            shown = bench.ready()
            assert shown["state"]["dump"] != first
            assert (shown["state"]["source"], shown["state"]["start"], shown["state"]["stop"]) == (SOURCE, 13, 15)
            old = arrivals.kept()[-2].uuid  # as if it had taken long to open: it is not listed any more
            said = bench.page.evaluate(
                """async dump => {
                    await lvDebug.showDump(dump, { ...lvDebug.state, dump }, "restore", []);
                    return document.getElementById("lv-cut-short").innerText;
                }""",
                old,
            )
            assert said.strip() == "being recorded"
            bench.page.wait_for_function("() => lvDebug.model.axis.n_steps === 360")
            recording.close()
            dump = lstmviz.open_dump(path)
            bench.page.wait_for_function("uuid => lvDebug.state.dump === uuid", arg=dump.uuid)
            assert bench.ready()["state"]["start"] == 13
            assert not bench.page.locator("#lv-cut-short").is_visible()


def chart(bench, condition="true"):
    """What the chart over the moments shows, once it is answered."""
    check = f"() => {{ const c = lvDebug.inspectMomentsChart(); return c.rows && !c.isPending && ({condition}); }}"
    bench.page.wait_for_function(check)
    return bench.page.evaluate("() => lvDebug.inspectMomentsChart()")


def test_the_chart_over_the_moments_shows_when_it_began_to_count(chromium, training):
    model, snapshots = training
    model.learn(100)
    snapshots.take(110, loss=0.5)
    followed = lstmviz.open_moments(snapshots.folder)
    last = followed.dumps[-1]
    dumps, arrivals = opened([snapshots.folder])
    with (
        browsing.serving(dumps, extras=Extras(arrivals=arrivals)) as address,
        browsing.workbench(chromium, address) as bench,
    ):
        bench.open(dump=last.uuid, source=SOURCE, t="0.2", before=0)
        shown = chart(bench)
        assert [row["loss"] for row in shown["rows"]] == [2.5, 1.5, 0.5]
        similar = followed.similarity(SOURCE)["cka"]
        assert [row["cka"] for row in shown["rows"]] == pytest.approx(similar.tolist())
        assert sorted(shown["names"]) == ["held-out loss 0.50", "states like the last 1.00"]
        bench.brush(14, 16)
        pattern = last.select(SOURCE, 14, 16, 0.2, off_before=0)
        assert pattern.units
        shown = chart(bench, "c.rows[0].at_matches")
        assert [r["at_matches"]["n_matches"] for r in shown["rows"]] == followed.pattern(pattern)["n_matches"].tolist()
        unit = pattern.units[0].unit
        bench.page.evaluate("([source, unit]) => lvDebug.holdUnit(source, unit)", [SOURCE, unit])
        shown = chart(bench, "c.rows[0].unit")
        frame = followed.unit(SOURCE, unit)
        assert [row["unit"]["partner"] for row in shown["rows"]] == frame["partner"].tolist()
        assert f"unit {unit} like itself at the last 1.00" in shown["names"]
        bench.page.locator(".lv-series-chart select").select_option(label="kind verb")
        shown = chart(bench, "c.rows[0].best")
        verb = lstmviz.Filter("kind", ("verb",))
        f1 = followed.pattern(pattern, verb)["f1"]
        assert [row["at_matches"]["f1"] for row in shown["rows"]] == pytest.approx(f1.tolist())
        assert [r["best"]["unit"] for r in shown["rows"]] == followed.label(verb, [SOURCE])["unit"].tolist()
        box = bench.page.locator(".lv-series-chart svg").bounding_box()
        bench.page.mouse.move(box["x"] + 12, box["y"] + 30)
        assert "update 0" in bench.page.inner_text(".lv-tip")
        bench.page.mouse.click(box["x"] + 12, box["y"] + 30)
        bench.page.wait_for_function("uuid => lvDebug.state.dump === uuid", arg=followed.dumps[0].uuid)
        model.learn(10)
        snapshots.take(130)
        shown = chart(bench, "c.rows.length === 4")
        assert shown["rows"][3]["is_held_out"] is False
        bench.page.click("text=Through the training")
        bench.page.locator(".lv-series-chart svg").wait_for(state="detached")
