"""Headless Chromium on a live server of ours; a console error, a page error or a request that leaves fails the test."""

from __future__ import annotations

import logging
import shutil
import threading
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from lstmviz.ui.serve import make_app

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
VIEW = {"width": 1440, "height": 900}


@contextmanager
def chromium():
    """A headless Chromium, as Debian packages it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serving(dumps, **more):
    """Serve dumps on a free loopback port, in a thread; gives the address."""
    server = make_server("127.0.0.1", 0, make_app(dumps, **more).server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


class Workbench:
    """One browser page on the app, and what went wrong in it."""

    def __init__(self, browser, address, view=VIEW, **context):
        self.address = address
        self.troubles = []
        self.context = browser.new_context(viewport=view, **context)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"page error: {error}"))
        self.page.on("request", self._request)

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def _request(self, request):
        if request.url.startswith(("data:", "blob:")):
            return
        if urlsplit(request.url).hostname != "127.0.0.1":
            self.troubles.append(f"left the machine: {request.url}")

    def open(self, **query):
        self.page.goto(f"{self.address}/?{urlencode(query)}" if query else self.address)
        return self.ready()

    def ready(self):
        """Wait until states, units and matches are shown, and give what is shown."""
        self.page.wait_for_function("() => window.lvDebug?.inspectPage().isReady", timeout=30_000)
        return self.shown()

    def shown(self):
        return self.page.evaluate("() => lvDebug.inspectPage()")

    def cell(self, step):
        return next(c for c in self.shown()["cells"] if c["step"] == step)

    def drag(self, start, stop, steps=8):
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
        n_rows = len(self.shown()["rows"])
        self.page.locator("[data-testid=more]").scroll_into_view_if_needed()
        self.page.wait_for_function("n => lvDebug.inspectPage().rows.length > n", arg=n_rows)
        return self.ready()

    def close(self):
        self.context.close()
        assert not self.troubles, self.troubles


@contextmanager
def workbench(browser, address, **more):
    """A page that must have had no trouble when it closes."""
    bench = Workbench(browser, address, **more)
    yield bench
    bench.close()
