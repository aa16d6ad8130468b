"""The samples on the start page: built on a press, opened once they are there; a model at moments of its training."""

from __future__ import annotations

import dataclasses
import sys

import pytest

import lstmviz
from lstmviz.samples import gallery as offering
from lstmviz.samples.gallery import Gallery
from lstmviz.ui.extras import Extras
from support import browser as browsing
from support.budget import some_of
from support.workbench import WITHIN, start

LEARNS = "parens-1x50, as it learns"
SOURCE = "rnn.l0.h"


def some_moments(entry):
    """The entry with every third of its moments and the last one; each is another dump to be built."""
    return dataclasses.replace(
        entry, variants=tuple(some_of(entry.variants, 3)), members=tuple(some_of(entry.members, 3))
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server with an empty cache: the gallery and its address."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        gallery = Gallery()
        gallery.entries = tuple(some_moments(entry) for entry in gallery.entries)
        with browsing.serving([], extras=Extras(gallery=gallery)) as address:
            yield gallery, address
        gallery.stop()


@pytest.fixture
def bench(chromium, served):
    with browsing.workbench(chromium, served[1]) as page:
        yield page


def opened(bench):
    """What is shown once the sample that was pressed is built and open."""
    bench.page.wait_for_function("() => window.lvDebug?.isPageReady()", timeout=WITHIN)
    return bench.shown()


def card(bench, name):
    return bench.page.locator(".lv-start-item", has=bench.page.locator(f".lv-start-name:text-is('{name}')"))


def button(bench, name):
    return card(bench, name).locator("button:not(.lv-start-lesson)")


def state(name):
    return f"s.offers.find((one) => one.name === '{name}').state"


def test_each_sample_is_a_card_that_says_what_it_is_and_what_to_ask(bench, served):
    bench.page.goto(bench.address)
    shown = start(bench)
    assert shown["names"] == [offer.name for offer in served[0].entries]
    assert shown["said"] == f"{len(shown['names'])} samples"
    for offer in served[0].entries:
        words = card(bench, offer.name).inner_text()
        assert all(part in words for part in (offer.about[1:], offer.question, offer.model))
        assert (offer.command in words) if offer.command else ("Build" in words)
    bench.page.keyboard.type("string")  # of the question of stdlib
    assert start(bench, "s.names.length === 1")["names"] == ["stdlib-1x128"]


def test_a_press_builds_it_for_every_browser_and_opens_it_where_it_was_pressed(bench, chromium, served, monkeypatch):
    """One that fails says why, and is tried again by keyboard."""
    fails = 'print(\'{"error": "no room on the <b>disk</b>"}\')'
    with browsing.workbench(chromium, bench.address) as other:
        for page in (bench, other):
            page.page.goto(bench.address)
            start(page)
        with monkeypatch.context() as patched:
            patched.setattr(offering, "_command", lambda offer: [sys.executable, "-c", fails])
            button(bench, "recall-1x32").click()
            for page in (bench, other):
                start(page, f"{state('recall-1x32')} === 'failed'")
        assert "no room on the <b>disk</b>" in card(bench, "recall-1x32").inner_text()
        assert button(bench, "recall-1x32").inner_text() == "Try again"
        assert bench.page.evaluate("() => document.activeElement.textContent") == "Try again"
        bench.page.keyboard.press("Enter")
        start(other, f"!['offered', 'failed'].includes({state('recall-1x32')})")
        shown = opened(bench)
        start(other, f"{state('recall-1x32')} === 'kept' && s.drawn === 1")  # it stays where it is
        (dump,) = (dump for dump in served[0].dumps() if dump.name == "recall-1x32")
        assert shown["state"]["dump"] == dump.uuid
        assert "key" in shown["tracks"]
        card(other, "recall-1x32").get_by_role("link").click()
        assert other.ready()["state"]["dump"] == dump.uuid


@pytest.mark.long
def test_a_model_at_moments_of_its_training_shows_the_same_steps_at_each(bench, served):
    bench.page.goto(bench.address)
    start(bench)
    button(bench, LEARNS).click()
    first = opened(bench)
    series = next(offer for offer in served[0].entries if offer.name == LEARNS)
    dumps = served[0].status(series).dumps
    assert first["state"]["dump"] == dumps[0].uuid
    bench.open(dump=dumps[0].uuid, source=SOURCE, at=220, span=60, start=249, stop=255, t=0.4, side="low")
    moments = bench.page.locator(".lv-series-moment")
    assert moments.all_text_contents() == list(series.members)
    units = []
    for k, dump in enumerate(dumps):
        bench.page.wait_for_function("uuid => lvDebug.state?.dump === uuid", arg=dump.uuid)
        shown = bench.ready()
        assert [(m.get_attribute("aria-pressed")) for m in moments.all()].index("true") == k
        assert (shown["state"]["start"], shown["state"]["stop"], shown["state"]["at"]) == (249, 255, 220)
        expected = lstmviz.open_dump(dump.path).select(SOURCE, 249, 255, threshold=0.4, side="low").units
        assert shown["units"] == [unit.unit for unit in expected]
        units.append(shown["units"])
        bench.page.keyboard.press("]")
    assert 44 in units[-1]  # the card's detector of depth 4
    assert 44 not in units[0]
    assert bench.ready()["state"]["dump"] == dumps[-1].uuid  # there is none after it
    assert bench.page.get_by_role("button", name="The next checkpoint").is_disabled()
    bench.page.keyboard.press("[")
    bench.page.wait_for_function("uuid => lvDebug.state?.dump === uuid", arg=dumps[-2].uuid)
    moments.nth(1).click()
    bench.page.wait_for_function("uuid => lvDebug.state?.dump === uuid", arg=dumps[1].uuid)
    bench.page.go_back()
    bench.page.wait_for_function("uuid => lvDebug.state?.dump === uuid", arg=dumps[-2].uuid)
    bench.settle()
    other = served[0].status(next(offer for offer in served[0].entries if offer.name == "recall-1x32"))
    if other.dumps:
        bench.open(dump=other.dumps[0].uuid)
        assert bench.shown()["state"]["dump"] == other.dumps[0].uuid
        assert moments.count() == 0


def test_a_link_to_a_sample_that_is_not_built_says_so(chromium, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with (
        browsing.serving([], extras=Extras(gallery=Gallery())) as address,
        browsing.workbench(chromium, address) as bench,
    ):
        bench.page.goto(f"{address}/?dump={'0' * 32}")
        start(bench)
        bench.page.locator("#lv-notice", has_text="not served here").wait_for()
