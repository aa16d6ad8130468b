"""The documentation site: its build is strict, every public name is on it, and it asks for nothing outside."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

import lstmviz
from support.budget import some_of

ROOT = Path(lstmviz.__file__).parent.parent
BUILD = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "-c", ROOT / "docs"]
MODULES = ("lstmviz", "lstmviz.annotate", "lstmviz.match", "lstmviz.figures", "lstmviz.samples")
ASKS = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*\b(?:src|srcset|data)\s*=\s*["']?\s*(?:https?:)?//"""
    r"""|<link\b[^>]*\bhref\s*=\s*["']?\s*(?:https?:)?//|@import|url\(\s*["']?\s*(?:https?:)?//""",
    re.I,
)


def build(source, target):
    return subprocess.run([*BUILD, "-d", target / "doctrees", source, target / "site"], capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def test_a_fault_ends_the_build(tmp_path):
    (tmp_path / "README.md").write_text(
        "# A page\n\n[lost](docs/nowhere.md) [lost too](#nothing)\n\n{py:class}`Nothing`\n"
    )
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "alone.md").write_text("# A page that no contents list\n")
    done = build(tmp_path, tmp_path)
    assert done.returncode != 0
    for fault in ("'docs/nowhere.md'", "'nothing'", "not found: Nothing", "alone.md: WARNING: document isn't included"):
        assert fault in done.stderr, fault


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_has_an_entry(site, name):
    listed = zlib.decompress((site / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()
    entries = {line.split()[0] for line in listed.splitlines()}
    module = importlib.import_module(name)
    lost = [n for n in module.__all__ if not entries & {f"{name}.{n}", full_name(getattr(module, n))}]
    assert lost == (["annotate", "figures"] if module is lstmviz else [])  # a module, which has a page


def full_name(thing):
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"


def test_every_error_and_record_has_an_entry(site):
    from lstmviz import errors, types

    for module in (errors, types):
        page = (site / "docs" / "api" / f"{module.__name__.removeprefix('lstmviz.')}.html").read_text("utf-8")
        for name, value in vars(module).items():
            if isinstance(value, type) and value.__module__ == module.__name__ and not name.startswith("_"):
                assert f'id="{module.__name__}.{name}"' in page, name


def test_the_reference_of_commands_is_that_of_the_program():
    script = ROOT / "docs" / "make_cli.py"
    printed = subprocess.run([sys.executable, script, "-"], capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == printed, "run: make reference"


def test_no_file_names_another_host(site):
    for file in site.rglob("*"):
        if file.suffix in {".html", ".css"}:
            assert not (asks := ASKS.search(file.read_text("utf-8"))), f"{file.name}: {asks[0]}"


def test_in_a_browser_no_page_asks_for_anything_outside(site, chromium):
    context = chromium.new_context()
    page, asked, lines = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: lines.append(message.text))
    for file in some_of([site / "index.html", *sorted(site.rglob("*.html"))]):
        page.goto(file.as_uri())
        if file == site / "index.html":
            page.wait_for_url((site / "README.html").as_uri())  # it leads on at once
    assert {url.split(":")[0] for url in asked} == {"file"}
    assert not lines
    context.close()


def test_the_search_finds_a_function(site, chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.goto((site / "README.html").as_uri())
    page.get_by_placeholder("Search").fill("record_corpus")
    page.get_by_placeholder("Search").press("Enter")
    page.get_by_text("Search finished").wait_for()  # that line moves the results down
    page.locator("#search-results a", has_text="lstmviz.record_corpus").first.click()
    page.locator("dt[id='lstmviz.record_corpus']").wait_for()
    context.close()
