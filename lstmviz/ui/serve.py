"""Build the page's app and serve it: to this machine, or to others with a token."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import waitress
from dash import Dash
from flask import Flask

from lstmviz.dump.corpus.glance import Glance
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ServeError
from lstmviz.opening import glances
from lstmviz.samples.gallery import Gallery
from lstmviz.system.paths import assets_dir
from lstmviz.ui import guard
from lstmviz.ui.callbacks import register
from lstmviz.ui.layout import build_layout
from lstmviz.ui.modules import Modules, module_routes
from lstmviz.ui.routes import routes
from lstmviz.ui.routes.samples import sample_routes
from lstmviz.ui.start_page import dump_cards, gallery_json
from lstmviz.ui.table import DumpTable

# The page before Dash fills it; with its language, for screen readers.
INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>{%metas%}<title>{%title%}</title>{%favicon%}<!--modules-->{%css%}</head>
  <body>{%app_entry%}<div hidden>{%config%}{%scripts%}{%renderer%}</div><!--preloads--></body>
</html>"""
PORTS_TRIED = 20
ASSET_AGE = 31_536_000  # seconds; an asset's address has the time of its last change
NAMES_SHOWN = 8  # in the line that says the address
THREADS = 8


class Page(Dash):
    """Dash with the page's modules in its head. They are read at each visit, so changes take effect at once."""

    modules: Modules
    table: DumpTable

    def interpolate_index(self, *args: Any, **parts: Any) -> Any:
        """Return the page as it is first sent."""
        self.modules.load()
        page = super().interpolate_index(*args, **parts)  # type: ignore[no-untyped-call]
        prefix = self.config.requests_pathname_prefix
        page = page.replace("<!--modules-->", self.modules.head(prefix, [each.uuid for each in self.table.glances()]))
        return page.replace("<!--preloads-->", self.modules.preloads(prefix))


def make_app(
    dumps: Sequence[DumpReader | Glance],
    hosts: Iterable[str] = (),
    token: str | None = None,
    under: str = "/",
    gallery: Gallery | None = None,
) -> Dash:
    """Return the Dash app over some dumps; ``app.server`` is the Flask server for gunicorn and tests.

    ``hosts`` are names of this server besides loopback; with a ``token`` only visitors who have it are let in.
    ``under`` is the path under which a browser sees the app, if a proxy strips that path. ``gallery``: samples that the
    start page offers too. Raises ServeError where there is no dump.
    """
    hosts = tuple(hosts)
    table = DumpTable(dumps, token is None and not hosts, None if gallery is None else gallery.dumps)
    app = Page(
        "lstmviz",
        title="lstmviz",
        update_title=None,  # type: ignore[arg-type]  # as Dash documents it
        assets_folder=str(assets_dir()),
        assets_path_ignore=["^page$"],  # its modules come by their own route
        index_string=INDEX,
        compress=True,
        serve_locally=True,
        health_endpoint="health",
        enable_mcp=False,
        routes_pathname_prefix="/",
        requests_pathname_prefix=under,
    )
    app.modules, app.table = Modules(assets_dir() / "page"), table
    app.server.config["SEND_FILE_MAX_AGE_DEFAULT"] = ASSET_AGE
    guard.install(app.server, hosts, token)
    app.server.register_blueprint(module_routes(app.modules))
    app.server.register_blueprint(routes(table))
    if gallery is not None:
        app.server.register_blueprint(sample_routes(table, gallery))
    # Built at each visit: more samples may be there.
    app.layout = lambda: build_layout(dump_cards(table), gallery_json(gallery))
    register(app)
    return app


def serve(
    dumps: Sequence[DumpReader | Glance],
    host: str = "127.0.0.1",
    port: int = 8050,
    open_browser: bool = True,
    say: Callable[[str], None] = print,
    gallery: Gallery | None = None,
) -> None:
    """Serve the page until interrupted, and say its address; if ``port`` is in use, the next free one is taken.

    On a ``host`` that others reach, the printed link has a token; without it nothing is shown.
    """
    is_private = guard.is_loopback(host)
    token = None if is_private else secrets.token_urlsafe(12)
    hosts = [] if is_private else [host, *own_names()]
    app = make_app(dumps, hosts, token, gallery=gallery)
    listener = listen(host, port)
    bound = listener.getsockname()[1]
    if bound != port:
        say(f"port {port} is in use; taking {bound}")
    address = f"http://{shown_host(host)}:{bound}/" + ("" if token is None else f"?token={token}")
    names = ", ".join(d.name for d in dumps[:NAMES_SHOWN]) or "the samples"
    more = f" and {len(dumps) - NAMES_SHOWN:,} more" if len(dumps) > NAMES_SHOWN else ""
    say(f"lstmviz shows {names}{more} at {address}   (Ctrl-C stops)")
    if open_browser and has_browser():
        webbrowser.open(address)
    server = waitress.create_server(app.server, sockets=[listener], threads=THREADS, ident="lstmviz")
    try:
        server.run()
    finally:
        server.close()


def server_from_environment(environ: Mapping[str, str] = os.environ) -> Flask:
    """Return the Flask server for gunicorn: dumps from LSTMVIZ_DUMPS (paths, separated as in PATH).

    LSTMVIZ_HOSTS: names of this server besides loopback, separated by commas. LSTMVIZ_TOKEN: a token that every visitor
    needs. Raises ServeError where no dump is named.
    """
    paths = [p for p in environ.get("LSTMVIZ_DUMPS", "").split(os.pathsep) if p]
    if not paths:
        raise ServeError(f"LSTMVIZ_DUMPS names no dump; set it to paths separated by {os.pathsep!r}")
    hosts = [h.strip() for h in environ.get("LSTMVIZ_HOSTS", "").split(",") if h.strip()]
    server: Flask = make_app(_listed(paths), hosts, environ.get("LSTMVIZ_TOKEN") or None).server
    return server


def _listed(paths: Iterable[str]) -> list[Glance]:
    return [dump for path in paths for dump in glances(Path(path), say=_note)]


def _note(line: str) -> None:
    print(f"note: {line}", file=sys.stderr)


def has_browser() -> bool:
    """Tell whether there is a browser to open, and on Linux a screen to show it on."""
    if os.name == "posix" and os.uname().sysname == "Linux" and not os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}:
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def listen(host: str, port: int) -> socket.socket:
    """Bind the port, or the next free one, and return the socket, so that nobody can take the port in between."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in [*range(port, min(port + PORTS_TRIED, 65_536)), 0]:
        listener = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(128)
        except OSError as err:
            listener.close()
            if err.errno == errno.EADDRINUSE and candidate:
                continue
            reason = err.strerror or str(err)
            raise ServeError(f"cannot listen on {host}:{candidate} ({reason}); give another --host or --port") from err
        return listener
    raise ServeError(f"no port from {port} on is free; give another --port")


def own_names() -> list[str]:
    """Return the names by which others reach this machine."""
    return [name for name in (socket.gethostname(), _room_address()) if name]


def shown_host(host: str) -> str:
    """Return the host to type in a browser: this machine's address if the server listens on all of them."""
    if host in ("0.0.0.0", "::"):  # noqa: S104  the user wants other machines to reach it
        host = _room_address() or socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _room_address() -> str | None:
    """Return this machine's address in its network: the one that a datagram would be sent from. None is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
            address: str = probe.getsockname()[0]
        except OSError:
            return None
    return address
