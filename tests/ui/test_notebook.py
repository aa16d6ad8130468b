"""dump.serve() in a notebook: a frame under the cell whose page answers, and a handle; elsewhere as ever."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
import types
import urllib.error
import urllib.request
from contextlib import contextmanager

import nbformat
import pytest
from nbclient import NotebookClient
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

import lstmviz
from lstmviz.ui import notebook
from lstmviz.ui.in_notebook import in_notebook
from lstmviz.ui.notebook import _started
from support import browser as browsing

CELLS = """
import lstmviz
dump = lstmviz.open_dump({path!r})
page = dump.serve(port=0)
---
import urllib.request
print(urllib.request.urlopen(page.address).status)
print(urllib.request.urlopen(f"{{page.address}}d/{{dump.uuid}}/about.json").status)
page
---
page.stop()
page.stop()
print(page)
try:
    urllib.request.urlopen(page.address)
except OSError:
    print("gone")
---
lstmviz.figures.thresholds(dump.thresholds("rnn.l1.c", 249, 255), 0.3)
---
dump.unit("rnn.l1.c", 45)
"""


@pytest.fixture(scope="module")
def ran(parens):
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(c) for c in CELLS.format(path=str(parens.path)).split("---\n")]
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    return book


def printed(cell):
    return "".join(o.get("text", "") for o in cell.outputs if o.output_type == "stream")


def test_a_frame_stands_under_the_cell_and_nothing_else(ran):
    (shown,) = ran.cells[0].outputs
    assert shown.output_type == "display_data"
    (address,) = re.findall(r'src="(http://127\.0\.0\.1:\d+/[\w-]{16}/)"', shown.data["text/html"])
    assert "<iframe" in shown.data["text/html"]
    assert address in ran.cells[1].outputs[-1].data["text/plain"]


def test_its_page_answered_until_it_was_stopped(ran):
    assert printed(ran.cells[1]).split() == ["200", "200"]
    assert printed(ran.cells[2]) == "<lstmviz page stopped>\ngone\n"


def test_a_figure_shows_itself(ran):
    (shown,) = ran.cells[3].outputs
    assert "application/vnd.plotly.v1+json" in shown.data


def test_a_units_card_is_shown_as_its_figure(ran, parens):
    (shown,) = ran.cells[4].outputs
    figure = shown.data["application/vnd.plotly.v1+json"]
    assert figure["layout"]["title"]["text"].startswith("<b>Unit 45 of rnn.l1.c</b>")
    assert shown.data["text/plain"].startswith("UnitCard(")


@pytest.fixture
def served(parens):
    page = _started([parens], "127.0.0.1", 0)
    yield page
    page.stop()


@contextmanager
def holder(html):
    """A server of another origin whose one page is this."""
    server = make_server("127.0.0.1", 0, Response(html, mimetype="text/html"), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_page_works_in_a_frame_of_another_site(served, chromium):
    """As in a notebook at localhost: cookies of 127.0.0.1 are a stranger's there."""
    query = "source=rnn.l1.c&start=249&stop=255&at=220"
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.on(
        "request",
        lambda request: "127.0.0.1" in request.url or "localhost" in request.url or troubles.append(request.url),
    )
    with holder(
        f'<link rel=icon href="data:,"><iframe src="{served.address}?{query}" width="1400" height="860">'
    ) as address:
        page.goto(address)
        inner = page.frames[-1]
        assert inner.url.startswith(served.address)
        inner.wait_for_function("() => window.lvDebug?.isPageReady()", timeout=30_000)
        assert "689" in inner.locator("body").inner_text()
    assert troubles == []
    context.close()


def test_the_kernel_has_the_pages_present_pattern(served, parens, chromium):
    assert served.selection is None
    with browsing.workbench(chromium, served.address.rstrip("/")) as bench:
        bench.open(source="rnn.l1.c", start=249, stop=255, at=220, span=60)
        expected = parens.select("rnn.l1.c", 249, 255)
        assert told(served, lambda file: file is not None).pattern == expected
        bench.brush(256, 260)
        file = told(served, lambda file: file.pattern != expected)
        assert file.pattern == parens.select("rnn.l1.c", 256, 260)
        assert file.pattern.n_units
        frame = parens.match(file, limit=len(bench.shown()["rows"]))
        assert frame["start"].tolist() == [row["start"] for row in bench.shown()["rows"]]
        row = bench.shown()["rows"][0]
        bench.page.evaluate("span => lvDebug.changeByHand({ hidden: [span] })", [row["start"], row["stop"]])
        assert told(served, lambda file: file.notes.hidden).notes.hidden == (lstmviz.Window(row["start"], row["stop"]),)
        bench.page.keyboard.press("Escape")
        assert told(served, lambda file: file is None) is None


def told(served, condition):
    """What the page shows, once a condition on it holds."""
    deadline = time.monotonic() + 20
    while not condition(served.selection):
        assert time.monotonic() < deadline, served.selection
        time.sleep(0.05)
    return served.selection


def test_without_the_token_nothing_is_told(parens, served):
    base = served.address.split("/", 3)
    for path in ("", "d/" + parens.uuid + "/about.json", "wrong/", "_dash-layout"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://{base[2]}/{path}")
        assert refused.value.code == 404
        assert parens.name not in refused.value.read().decode()
        refused.value.close()
    strange = urllib.request.Request(served.address, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(strange)
    assert refused.value.code == 403
    refused.value.close()


def test_two_pages_of_one_notebook_take_two_ports(parens, served):
    port = int(served.address.split(":")[2].split("/")[0])
    other = _started([parens], "127.0.0.1", port)
    assert other.address.split("/")[2] != served.address.split("/")[2]
    other.stop()


def test_plain_python_and_a_terminal_ipython_serve_as_ever(parens, monkeypatch):
    assert not in_notebook()
    code = "import IPython, lstmviz.ui.in_notebook as n; print(n.in_notebook())"
    done = subprocess.run([sys.executable, "-m", "IPython", "-c", code], capture_output=True, text=True)
    assert "False" in done.stdout
    calls = []
    monkeypatch.setattr("lstmviz.ui.serve.serve", lambda dumps, **how: calls.append((dumps, how)))
    assert parens.serve(port=1234) is None
    assert calls == [([parens], {"host": "127.0.0.1", "port": 1234, "open_browser": True})]
    assert notebook.HEIGHT > 700


def test_on_colab_the_frame_goes_through_its_own_proxy(parens, monkeypatch):
    """Colab's module shows a port of the kernel under a name of its own, in a frame of the notebook's site."""
    shown = []
    output = types.ModuleType("google.colab.output")
    output.serve_kernel_port_as_iframe = lambda port, **more: shown.append((port, more))
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.setitem(sys.modules, "google.colab.output", output)
    served = notebook.serve_inline([parens], port=0)
    try:
        [(port, more)] = shown
        assert more == {"path": f"/{served.address.split('/')[3]}/", "width": "100%", "height": "860"}
        name = f"{port}-m-s-1a2b.us-east1-0.prod.colab.dev"

        def ask(path, host=name, **headers):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host, **headers})
            request.data = b"{}" if "Origin" in headers else None
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.status, answer.headers, answer.read()
            except urllib.error.HTTPError as err:
                return err.code, err.headers, err.read()

        status, headers, page = ask(more["path"])
        assert status == 200
        assert f"{more['path']}page/".encode() in page  # what it loads goes through the proxy, too
        frames = headers["Content-Security-Policy"].partition("frame-ancestors ")[2]
        assert {"https://colab.research.google.com", "https://*.colab.dev"} <= set(frames.split())
        asked = f"{more['path']}d/{parens.uuid}/matches"
        for origin in (f"https://{name}", f"https://{port}-x.googleusercontent.com"):
            for host in (name, f"localhost:{port}"):  # the proxy may keep the name, or not
                assert ask(asked, host, Origin=origin, **{"Content-Type": "application/json"})[0] != 403
        assert ask(asked, Origin="https://evil.example", **{"Content-Type": "application/json"})[0] == 403
        assert ask(more["path"], "evil-colab.dev.example")[0] == 403
        assert ask("/")[0] == 404  # without the token in the path
    finally:
        served.stop()
