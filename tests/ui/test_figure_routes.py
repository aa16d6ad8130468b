"""What the page gives to take away: the routes answer with what the API draws, and say in a line what they cannot."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from html import unescape

import pytest

from lstmviz import PatternFile
from lstmviz.figures import images
from lstmviz.ui.place import Place
from lstmviz.ui.serve import make_app

LOCAL = {"Host": "127.0.0.1:8050"}


@pytest.fixture(scope="module", autouse=True)
def _no_browser_is_left():
    yield
    images.close()


@pytest.fixture
def selection(parens):
    brush = {"dump": parens.uuid, "source": "rnn.l1.c", "start": 249, "stop": 255, "threshold": 0.3}
    return {**brush, "at": 220, "span": 60, "tracks": ["depth"], "rows": 20}


def post(client, parens, route, body, **query):
    return client.post(f"/d/{parens.uuid}/{route}", json=body, query_string=query, headers=LOCAL)


def texts(svg):
    return ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


WORDS = {
    "units": "pattern of 4 units: 15, 18, 45, 49",
    "matches": "689 matches with all 4 units on",
    "unit": "Unit 15 of rnn.l1.c",
    "text": "steps 200 to 399",
    "thresholds": "4 units at the chosen threshold",
    "lengths": "689 matches with 4 units on",
    "carry": "2,644 steps of matches",
    "barcode": "689 matches; a bar is 34 steps",
    "map": "all 20,000 steps",
}


@pytest.mark.parametrize("view", WORDS)
def test_each_view_is_a_figure(client, parens, selection, view):
    answer = post(client, parens, "export/figure.svg", selection, view=view, unit=15)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "image/svg+xml"
    assert f'filename="parens-{view}.svg"' in answer.headers["Content-Disposition"]
    assert any(WORDS[view] in text for text in texts(answer.data)), texts(answer.data)[-3:]


LASSO = {"lasso": [[-99, -99], [0, -99], [0, 99], [-99, 99]]}


def test_a_region_that_is_listed_is_what_is_drawn_and_copied(client, parens, selection):
    asked = {**selection, **LASSO}
    region = parens.region(parens.project("rnn.l1.c"), LASSO["lasso"])
    drawn = texts(post(client, parens, "export/figure.svg", asked, view="carry").data)
    assert any(f"{len(region.steps):,} steps of the region" in text for text in drawn)
    assert any("What the region carries" in text for text in drawn)
    assert "dump.region(" in post(client, parens, "copy/python", asked).text
    outlined = post(client, parens, "export/figure.svg", asked, view="map").data
    assert len(outlined) > len(post(client, parens, "export/figure.svg", selection, view="map").data)


@pytest.mark.parametrize("view", ["matches", "lengths", "thresholds", "barcode"])
def test_a_region_has_nothing_of_a_pattern(client, parens, selection, view):
    answer = post(client, parens, "export/figure.svg", {**selection, **LASSO}, view=view)
    assert answer.status_code == 400
    assert answer.json["error"].startswith("a region of the map is listed, which has no ")


@pytest.mark.parametrize(("form", "begins"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_png_and_pdf(client, parens, selection, form, begins):
    answer = post(client, parens, f"export/figure.{form}", selection, view="lengths", theme="dark")
    assert answer.data.startswith(begins)
    assert answer.headers["Cache-Control"] == "no-store"


def test_hidden_rows_and_the_order_are_those_of_the_page(client, parens, selection):
    hidden = {**selection, "order": "step", "hidden": [[249, 255]], "rows": 5, "shared": 4}
    answer = post(client, parens, "export/figure.svg", hidden, view="matches")
    frame = parens.match(parens.select("rnn.l1.c", 249, 255), limit=5, order="step", min_shared=4)
    steps = [f"{s:,}" for s in frame.start if s != 249]
    assert len([s for s in steps if s in texts(answer.data)]) == len(steps)


@pytest.mark.parametrize("colour", ["shared", "track:depth", "unit:rnn.l1.c:15", ""])
def test_rows_take_the_colour_of_the_page(client, parens, selection, colour):
    answer = post(client, parens, "export/figure.svg", {**selection, "colour": colour, "rows": 5}, view="matches")
    assert answer.status_code == 200, answer.text


def test_the_page_and_the_copies(client, parens, selection):
    page = post(client, parens, "export/view.html", selection)
    assert page.mimetype == "text/html"
    assert 'filename="parens-view.html"' in page.headers["Content-Disposition"]
    assert "689 with all 4 units on" in page.text
    assert '"format": "lstmviz-pattern"' in unescape(page.text)

    code = post(client, parens, "copy/python", selection)
    assert code.mimetype == "text/plain"
    ran = {}
    exec(code.text, ran)
    assert ran["matches"].equals(parens.match(parens.select("rnn.l1.c", 249, 255), 10_000))
    command = post(client, parens, "copy/command", selection).text
    assert command.startswith(f"lstmviz match {parens.path} --source rnn.l1.c --start 249 --stop 255 ")


def test_an_opened_pattern_takes_the_place_of_the_brush(client, parens, selection):
    text = PatternFile(parens.select("rnn.l0.h", 249, 255)).to_json()
    opened = {**selection, "pattern": text, "start": None, "stop": None}
    answer = post(client, parens, "export/figure.svg", opened, view="units")
    assert any("of rnn.l0.h" in t for t in texts(answer.data))
    assert "PatternUnit(" in post(client, parens, "copy/python", opened).text


def test_visitors_from_elsewhere_learn_no_path(parens, selection):
    for place in (Place(token="t"), Place(("room",))):
        client = make_app([parens], place).server.test_client()
        route = f"/d/{parens.uuid}/copy/python"
        client.get("/?token=t", headers=LOCAL)  # a cookie
        answer = client.post(route, json=selection, headers=LOCAL)
        assert "open_dump('parens.h5')" in answer.text
        assert str(parens.path.parent) not in answer.text


@pytest.mark.parametrize(
    ("route", "query", "change", "words"),
    [
        ("export/figure.svg", {"view": "thresholds"}, {"start": None, "stop": None}, "no steps are brushed"),
        ("export/figure.svg", {"view": "maps"}, {}, "figures are units, matches"),
        ("export/figure.gif", {}, {}, "as svg, png, pdf"),
        ("export/figure.svg", {"view": "unit"}, {}, "unit is missing"),
        ("export/figure.svg", {"view": "unit", "unit": 50}, {}, "its units are 0 to 49"),
        ("export/figure.svg", {"theme": "blue"}, {}, "theme 'blue' is not known"),
        ("export/figure.svg", {}, {"span": "wide"}, "the view's 'span' is 'wide'"),
        ("export/figure.svg", {}, {"source": "rnn.l9.c"}, "no source 'rnn.l9.c'"),
        ("export/figure.svg", {"view": "matches"}, {"colour": "track:x"}, "no track 'x'"),
        ("export/view.html", {}, {"span": 5000}, "at most 500"),
        ("copy/perl", {}, {}, "there is python, command"),
        ("copy/command", {}, LASSO, "no command can express a region of the map"),
        ("export/figure.svg", {"view": "map"}, {"mapMethod": "tsne"}, "has not been computed here"),
        ("export/figure.svg", {"view": "map"}, {"mapColour": "colour"}, "no track 'colour'"),
    ],
)
def test_what_cannot_be_given_is_said_in_a_line(client, parens, selection, route, query, change, words):
    answer = post(client, parens, route, {**selection, **change}, **query)
    assert 400 <= answer.status_code < 500
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]


def test_another_site_cannot_post_a_form(client, parens, selection):
    for route in ("export/figure.svg", "export/view.html", "copy/python"):
        answer = client.post(
            f"/d/{parens.uuid}/{route}", data=json.dumps(selection), content_type="text/plain", headers=LOCAL
        )
        assert answer.status_code == 415


def test_without_kaleido_the_page_is_told_what_to_install(client, parens, selection, monkeypatch):
    import sys

    images.close()
    monkeypatch.setitem(sys.modules, "kaleido", None)
    answer = post(client, parens, "export/figure.svg", selection)
    assert answer.status_code == 400
    assert 'pip install "lstmviz[figures]"' in answer.json["error"]
