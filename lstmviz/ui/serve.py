"""Build the page's app and serve it: to this machine, or to others with a token."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from ssl import SSLContext
from typing import Any

from dash import Dash
from flask import Flask, request

from lstmviz.classroom import Room
from lstmviz.dump.corpus.glance import Glance
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ServeError
from lstmviz.system.memory import few_arenas
from lstmviz.system.paths import assets_dir
from lstmviz.ui import guard, limits
from lstmviz.ui.arrivals import opened
from lstmviz.ui.budget import Budgeted
from lstmviz.ui.callbacks import register
from lstmviz.ui.class_access import ClassAccess
from lstmviz.ui.dash_routes import tame
from lstmviz.ui.extras import Extras
from lstmviz.ui.front import front
from lstmviz.ui.layout import build_layout
from lstmviz.ui.live import Attaching, live_by_name
from lstmviz.ui.modules import Modules, module_routes
from lstmviz.ui.packed import pack
from lstmviz.ui.place import Place, private_link
from lstmviz.ui.prefix import Prefixed
from lstmviz.ui.present import Present, present_routes
from lstmviz.ui.routes import routes
from lstmviz.ui.routes.classroom import class_routes
from lstmviz.ui.routes.docs import doc_routes
from lstmviz.ui.routes.lessons import lesson_routes
from lstmviz.ui.routes.samples import sample_routes
from lstmviz.ui.shared_answers import SharedAnswers
from lstmviz.ui.start_page import dump_cards, offers_json
from lstmviz.ui.table import DumpTable

# The page before Dash fills it; with its language, for screen readers.
INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>{%metas%}<title>{%title%}</title>{%favicon%}<!--modules-->{%css%}</head>
  <body>{%app_entry%}<div hidden>{%config%}{%scripts%}{%renderer%}</div><!--preloads--></body>
</html>"""
PORTS_TRIED = 20
ASSET_AGE = 31_536_000  # seconds; an asset's address has the time of its last change
CLASS_THREADS = 128  # most of which wait for an answer that another one makes
CLASS_OF_ONE = 800  # connections of one address: a whole class may be behind one
SWITCH = 0.001  # seconds after which another thread has its turn: one that works long keeps a short one less waiting
NAMES_SHOWN = 8  # in the line that says the address


class Page(Dash):
    """Dash with the page's modules in its head. They are read at each visit, so changes take effect at once."""

    modules: Modules
    table: DumpTable
    access: guard.Access

    def interpolate_index(self, *args: Any, **parts: Any) -> Any:
        """Return the page as it is first sent."""
        self.modules.load()
        page = super().interpolate_index(*args, **parts)  # type: ignore[no-untyped-call]
        prefix = self.config.requests_pathname_prefix
        served = [each.uuid for each in self.table.glances()]
        first = self.modules.first_answers(prefix, served, request.args.get("dump"))
        page = page.replace("<!--modules-->", first + self.modules.head(prefix, served))
        return page.replace("<!--preloads-->", self.modules.preloads(prefix))


def make_app(
    dumps: Sequence[DumpReader | Glance],
    place: Place | None = None,
    extras: Extras | None = None,
    room: Room | None = None,
    room_host: str | None = None,
    present: Present | None = None,
) -> Page:
    """Return the Dash app over some dumps; ``app.server`` is the Flask server for gunicorn and tests.

    ``place`` says where the page is seen, and by whom: with a token, only visitors who have it are let in. ``extras``
    is what it shows besides the dumps. ``room`` is a class, whose students join without the token; ``room_host`` is
    this machine's address and port as they reach it. ``present`` is told what the page shows. Raises ServeError where
    there is no dump, ModelError where ``extras.live`` fits none.
    """
    place, extras = place or Place(), extras or Extras()
    access = guard.Access(place.hosts, place.token) if room is None else _class_access(room, place)
    prepare = None if extras.live is None else Attaching(extras.live)
    more = None if extras.gallery is None else extras.gallery.dumps
    is_private = place.token is None and not place.hosts
    may_label = is_private if extras.allow_labels is None else extras.allow_labels
    table = DumpTable(dumps, is_private, more, prepare, extras.arrivals, may_label)
    if prepare is not None:
        prepare.check(table)

    def make(prefix: str) -> Page:
        page = _make_page(table, access, prefix, place.frames, extras, present)
        if room is not None and isinstance(access, ClassAccess):
            page.server.register_blueprint(class_routes(room, access, room_host))
            page.server.wsgi_app = SharedAnswers(page.server.wsgi_app, access, table)
        return page

    app = make(place.prefix)
    if place.prefix != "/" or place.trusts_proxy:
        named = (lambda prefix: make(prefix).server.wsgi_app) if place.trusts_proxy else None
        app.server.wsgi_app = Prefixed(app.server.wsgi_app, place.prefix, named)
    return app


def _class_access(room: Room, place: Place) -> ClassAccess:
    if place.token is None:
        raise ServeError("a class needs a token, which tells the teacher from the students")
    return ClassAccess(place.hosts, place.token, room, place.prefix)


def _make_page(
    table: DumpTable,
    access: guard.Access,
    under: str,
    frames: Sequence[str],
    extras: Extras,
    present: Present | None,
) -> Page:
    app = Page(
        "lstmviz",
        title="lstmviz",
        update_title=None,  # type: ignore[arg-type]  # as Dash documents it
        assets_folder=str(assets_dir()),
        assets_path_ignore=["^page$", "^join$"],  # what is in them comes by routes of its own
        index_string=INDEX,
        compress=True,
        serve_locally=True,
        health_endpoint="health",
        enable_mcp=False,
        routes_pathname_prefix="/",
        requests_pathname_prefix=under,
    )
    app.modules, app.table, app.access = Modules(assets_dir() / "page"), table, access
    app.server.config["SEND_FILE_MAX_AGE_DEFAULT"] = ASSET_AGE
    app.server.extensions["lstmviz"] = access  # for a front that refuses before it reads
    app.server.wsgi_app = Budgeted(app.server.wsgi_app)
    # Built at each visit: more samples and moments may be there.
    app.layout = lambda: build_layout(
        offers=offers_json(table, extras.gallery),
        dumps=dump_cards(table),
        strays=extras.strays,
        watches=table.arrivals.is_watching,
        opens=None if extras.pattern is None else extras.pattern.to_json(),
        role=access.present_role(),
        tells=present is not None,
    )
    register(app)
    guard.install(app.server, access, app.csp_hashes(), under, frames)
    limits.install(app.server)
    tame(app.server)
    pack(app.server)
    topics = (
        module_routes(app.modules),
        routes(table),
        sample_routes(table, extras.gallery),
        lesson_routes(extras.lessons),
        doc_routes(),
    )
    for blueprint in topics:
        app.server.register_blueprint(blueprint)
    if present is not None:
        app.server.register_blueprint(present_routes(present, table))
    return app


def serve(
    dumps: Sequence[DumpReader | Glance],
    host: str = "127.0.0.1",
    port: int = 8050,
    open_browser: bool = True,
    say: Callable[[str], None] = print,
    extras: Extras | None = None,
    place: Place | None = None,
    room: Room | None = None,
    tls: SSLContext | None = None,
) -> None:
    """Serve the page until interrupted, and say its address; if ``port`` is in use, the next free one is taken.

    On a ``host`` that others reach, the printed link has a token; without it nothing is shown. ``place`` says where
    else the page is seen, ``extras`` what it shows besides the dumps; with ``tls`` (``tls_context``) it is an https
    address. ``room`` is a class, which joins by another link.
    """
    place, extras = place or Place(), extras or Extras()
    is_private = guard.is_loopback(host)
    token = place.token or (None if is_private and room is None else secrets.token_urlsafe(24))
    hosts = (*(() if is_private else (host, *own_names())), *place.hosts)
    listener = listen(host, port)
    bound = listener.getsockname()[1]
    here = f"{shown_host(host)}:{bound}"
    app = make_app(dumps, replace(place, hosts=hosts, token=token), extras, room, room_host=here)
    if bound != port:
        say(f"port {port} is in use; taking {bound}")
    scheme = "http" if tls is None else "https"
    address = f"{scheme}://{here}{place.prefix}" + ("" if token is None else f"?token={token}")
    shown = app.table.glances()
    names = ", ".join(d.name for d in shown[:NAMES_SHOWN]) if dumps or extras.arrivals else "the samples"
    more = f" and {len(shown) - NAMES_SHOWN:,} more" if len(shown) > NAMES_SHOWN else ""
    say(f"lstmviz shows {names}{more} at {address}   (Ctrl-C stops)")
    if room is not None:
        say(f"the class joins at {scheme}://{here}{place.prefix}join/{room.code}   (code {room.code})")
    limits_of = {} if room is None else {"threads": CLASS_THREADS, "most_of_one": CLASS_OF_ONE}
    few_arenas()
    sys.setswitchinterval(SWITCH)
    server = front(app.server, listener, app.access.refusal, tls, **limits_of)
    with ExitStack() as stack:
        stack.callback(server.close)
        if open_browser and has_browser():
            webbrowser.open(address if token is None else stack.enter_context(private_link(address)))
        server.run()


def server_from_environment(environ: Mapping[str, str] = os.environ) -> Flask:
    """Return the Flask server for gunicorn: dumps from LSTMVIZ_DUMPS (paths, separated as in PATH).

    LSTMVIZ_MODEL: the model that runs typed texts, as ``package.module:name``. LSTMVIZ_ALLOW_LABELS=1: visitors may
    add tracks beside the dumps. ``Place`` names the other variables. Raises ServeError where no dump is named,
    ModelError for a model that cannot be imported or fits none.
    """
    paths = [p for p in environ.get("LSTMVIZ_DUMPS", "").split(os.pathsep) if p]
    if not paths:
        raise ServeError(f"LSTMVIZ_DUMPS names no dump; set it to paths separated by {os.pathsep!r}")
    few_arenas()
    sys.setswitchinterval(SWITCH)
    place = Place.from_environment(environ)
    live = live_by_name(environ.get("LSTMVIZ_MODEL") or None)
    strays: list[str] = []
    dumps, arrivals = opened(map(Path, paths), say=_note, on_stray=strays.append)
    may_label = environ.get("LSTMVIZ_ALLOW_LABELS") == "1"  # a proxy may make any server look like a loopback one
    extras = Extras(live=live, strays=strays, arrivals=arrivals, allow_labels=may_label)
    server: Flask = make_app(dumps, place, extras).server
    return server


def _note(line: str) -> None:
    print(f"note: {line}", file=sys.stderr)


def has_browser() -> bool:
    """Tell whether there is a browser to open, and on Linux a screen to show it on."""
    if sys.platform == "linux" and not os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}:
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
