"""Headless Chromium on a live server of ours; a console error, a page error or a request that leaves fails the test.

Whatever a page asks of another machine goes to a proxy that only takes notes: to be told of each request of a page, of
which there are hundreds, took a tenth of the tests' time.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlencode

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import BaseWSGIServer, make_server

from lstmviz.ui.serve import make_app
from support.budget import is_long

logging.getLogger("werkzeug").setLevel(logging.ERROR)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHORT_LIVED = "--js-flags=--no-opt --no-maglev"  # no page of a test lives long enough for what these two compilers take
VIEW = {"width": 1440, "height": 900}


class Notes(StreamRequestHandler):
    """Notes what somebody asks a proxy for, and refuses it."""

    def handle(self):
        self.server.asked.append(self.rfile.readline(1000).decode("latin-1").strip())
        self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


@contextmanager
def outside():
    """A proxy in place of all other machines; gives its port, and a list of what was asked of them."""
    with ThreadingTCPServer(("127.0.0.1", 0), Notes) as proxy:
        proxy.daemon_threads, proxy.asked = True, []
        threading.Thread(target=proxy.serve_forever).start()
        try:
            yield proxy.server_address[1], proxy.asked
        finally:
            proxy.shutdown()


@dataclass
class Kept:
    """What stays open while a browser does, to be used again: most of what a page costs is to load its scripts.

    A page is blank and its storage empty before it is given again, and one that a test failed on is not kept.
    """

    left: list[str]  # what was asked of other machines
    pages: dict[str, list[Page]] = field(default_factory=lambda: defaultdict(list))  # by how their contexts were opened
    servers: list[BaseWSGIServer] = field(default_factory=list)

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()


_kept: list[Kept] = []  # of the browsers that are open
_open: list[Workbench] = []  # those that a test uses now


def open_pages():
    """Say of each page that a test uses now what somebody who looks for the cause of a failure wants to know."""
    return [bench.described() for bench in _open]


@contextmanager
def chromium(*flags):
    """A headless Chromium with more flags, as Debian packages it: the small build without windows, if installed."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with outside() as (port, left), sync_playwright() as playwright:
        args = [*FLAGS, *flags, f"--proxy-server=127.0.0.1:{port}"]  # which is not asked for what this machine serves
        browser = playwright.chromium.launch(executable_path=path, args=args)
        _kept.append(Kept(left))
        try:
            yield browser
        finally:
            _kept.pop().close()
            browser.close()


@contextmanager
def serving(dumps, **more):
    """Serve dumps on a free loopback port, in a thread; gives the address."""
    app = make_app(dumps, **more).server
    if _kept and _kept[-1].servers:
        server = _kept[-1].servers.pop()
        server.app = app
    else:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        if _kept:
            server.app = gone
            _kept[-1].servers.append(server)
        else:
            server.shutdown()
            server.server_close()


def gone(environ, start_response):
    """Answer what is still asked of an app that has ended."""
    start_response("503 Service Unavailable", [])
    return [b""]


class Workbench:
    """One browser page on the app, and what went wrong in it."""

    def __init__(self, page, address):
        self.address = address
        self.troubles = []
        self.page = page
        self._listeners = {"console": self._console, "pageerror": self._error}
        for event, listener in self._listeners.items():
            page.on(event, listener)

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def _error(self, error):
        self.troubles.append(f"page error: {error}")

    def open(self, **query):
        self.page.goto(f"{self.address}/?{urlencode(query)}" if query else self.address)
        self.settle()

    def reload(self):
        """Load the page again, until it can be asked what it shows."""
        self.page.reload()
        self.page.wait_for_function("() => window.lvDebug")

    def look_again(self):
        """Load the page again, in the long form: what an address holds, tests/js/url.test.mjs tells in every run."""
        if is_long():
            self.reload()
        self.settle()

    def settle(self):
        """Wait until states, units and matches are shown."""
        self.page.wait_for_function("() => window.lvDebug?.isPageReady()", timeout=30_000)

    def ready(self):
        """Wait until states, units and matches are shown, and give what is shown: a quarter of a megabyte."""
        self.settle()
        return self.shown()

    def described(self):
        """What somebody who looks for the cause of a failure wants to know of the page."""
        told = "[...document.querySelectorAll('[role=alert], [role=status]')].map((e) => e.innerText).filter(Boolean)"
        try:
            waits = self.page.evaluate(f"() => JSON.stringify([window.lvDebug?.pageReadiness(), {told}])")
        except PlaywrightError as error:
            waits = str(error)
        return f"The page at {self.page.url} had trouble {self.troubles}, was ready as follows, and told: {waits}"

    def shown(self):
        # As one text: Playwright checks every number of a nested value by itself, which takes far longer.
        return json.loads(self.page.evaluate("() => JSON.stringify(lvDebug.inspectPage())"))

    def cell(self, step):
        return self.page.evaluate("step => lvDebug.inspectPage().cells.find((cell) => cell.step === step)", step)

    def drag(self, start, stop, steps=3):
        """Press at one (x, y) place, move to another, let go."""
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*stop, steps=steps)
        mouse.up()
        return self.ready()

    def brush(self, start, stop):
        """Drag over the tokens of steps [start, stop)."""
        first, last = self.cell(start), self.cell(stop - 1)
        return self.drag(
            (first["left"] + 3, first["middle"]),
            (last["right"] - 3, last["middle"]),
        )

    def more(self):
        """Scroll down the rows of matches until further ones have come."""
        n_rows = self.page.evaluate("() => lvDebug.matchRows().length")
        self.page.locator("[data-testid=more]").scroll_into_view_if_needed()
        self.page.wait_for_function("n => lvDebug.matchRows().length > n", arg=n_rows)
        return self.ready()

    def leave(self):
        """Make the page as if it were new: nothing listens to it, nothing is stored."""
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); window.name = ''; }")
        self.page.goto("about:blank")
        self.page.context.clear_cookies()
        self.page.context.set_offline(False)
        self.page.mouse.move(0, 0)


@contextmanager
def workbench(browser, address, view=VIEW, script="", color_scheme="light", **context):
    """A page that must have had no trouble when it closes; ``script`` runs in it before those of the page.

    One of another size or in other colours is no other context: each new one loads all scripts anew.
    """
    left = _kept[-1].left
    if not _open:
        left.clear()
    idle = _kept[-1].pages[repr((script, context))]
    if idle:
        page = idle.pop()
    else:
        opened = browser.new_context(**context)
        opened.grant_permissions(["clipboard-read", "clipboard-write"])
        opened.add_init_script(script)
        page = opened.new_page()
    page.set_viewport_size(view)
    page.emulate_media(color_scheme=color_scheme, reduced_motion="null")
    bench = Workbench(page, address)
    _open.append(bench)
    try:
        yield bench
        bench.leave()
        idle.append(page)
    finally:
        _open.remove(bench)
        if page not in idle:
            page.context.close()
    troubles = [*bench.troubles, *(f"left the machine: {line}" for line in left)]
    assert not troubles, troubles
