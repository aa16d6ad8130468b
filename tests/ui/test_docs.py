"""The documentation that the help leads to: it comes with the program, and every link in it leads somewhere."""

from __future__ import annotations

import re

import pytest

from lstmviz.ui.routes.docs import PAGES
from lstmviz.ui.serve import make_app
from support import browser as browsing
from support.paths import ROOT
from support.workbench import QUERY

LOCAL = {"Host": "127.0.0.1:8050"}


@pytest.fixture(scope="module")
def client(parens):
    return make_app([parens]).server.test_client()


def page(client, name):
    answer = client.get(f"/docs/{name}.html", headers=LOCAL)
    assert answer.status_code == 200
    assert "default-src" in answer.headers["Content-Security-Policy"]
    return answer.text


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(client, name):
    html = page(client, name)
    assert "<script" not in html
    assert "<img" not in html
    for href in re.findall(r'href="([^"]+)"', html):
        if href.startswith(("http", "data:", "../assets/")):
            continue
        target, _, part = href.partition("#")
        there = html if not target else page(client, target.removesuffix(".html"))
        assert not part or f'id="{part}"' in there, href


def test_other_pages_are_refused_in_a_line(client):
    for name in ("releasing", "x"):
        answer = client.get(f"/docs/{name}.html", headers=LOCAL)
        assert answer.status_code == 404
    assert "there is page, matching" in answer.json["error"]


def test_the_wheel_names_each_page():
    named = re.findall(r'"docs/(\w+)\.md" = "lstmviz/_docs/(\w+)\.md"', (ROOT / "pyproject.toml").read_text())
    assert [one for one, _ in named] == [other for _, other in named] == list(PAGES)


def test_the_help_leads_there(chromium, parens_address):
    with browsing.workbench(chromium, parens_address) as bench:
        bench.open(**QUERY)
        bench.page.locator("#lv-plot").focus()
        bench.page.keyboard.press("?")
        links = bench.page.locator("dialog .lv-doc-link")
        hrefs = links.evaluate_all("all => all.map((link) => link.href)")
        assert len(hrefs) == 5 + len(PAGES)
        for href in hrefs:
            answer = bench.page.request.get(href)
            assert answer.status == 200
            part = href.partition("#")[2]
            assert not part or f'id="{part}"' in answer.text()
        with bench.page.context.expect_page() as opened:
            links.nth(1).click()
        opened.value.wait_for_load_state()
        assert opened.value.locator("h1").inner_text()
        assert opened.value.evaluate("() => document.styleSheets.length") == 1
        opened.value.close()
