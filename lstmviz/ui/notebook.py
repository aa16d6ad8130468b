"""The page inside a notebook: a server on a thread of the kernel, in a frame under the cell."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from lstmviz.dump.reader import DumpReader
from lstmviz.match.pattern.file import PatternFile
from lstmviz.ui import guard
from lstmviz.ui.place import Place
from lstmviz.ui.present import Present
from lstmviz.ui.serve import listen, make_app, own_names, shown_host

HEIGHT = 860  # px of the frame
COLAB = "google.colab"  # the module that is there in a notebook of Colab, whose kernel is on another machine
COLAB_HOSTS = (".colab.dev", ".googleusercontent.com")  # by which its proxy calls a port of the kernel
COLAB_FRAMES = ("https://colab.research.google.com", "https://*.googleusercontent.com", "https://*.colab.dev")


class Served:
    """A page that is served from a notebook until ``stop`` is called or the kernel ends.

    Attributes:
        address: The address of the page, with a token that nobody else knows.
    """

    def __init__(self, address: str, server: BaseWSGIServer, thread: threading.Thread, present: Present) -> None:
        self.address = address
        self._server, self._thread, self._present = server, thread, present

    def __repr__(self) -> str:
        state = f"at {self.address}; .stop() ends it" if self._thread.is_alive() else "stopped"
        return f"<lstmviz page {state}>"

    @property
    def selection(self) -> PatternFile | None:
        """The page's present pattern with its notes, for ``dump.match`` and its kin; None where nothing is selected.

        It is that of the brush, of the typed text, or of the opened file, whichever the page shows. Where it is open in
        several windows, the one that changed last tells.
        """
        return self._present.pattern

    def stop(self) -> None:
        """Stop serving the page. A second call does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def serve_inline(dumps: Sequence[DumpReader], host: str = "127.0.0.1", port: int = 8050) -> Served:
    """Serve the page on a thread, show it in a frame under the notebook's cell, and return a handle to stop it.

    The address holds a token as its first part, so that nobody else on the machine finds the page; not as a cookie,
    which browsers do not send from frames of another site. Another port is taken where ``port`` is in use. On Colab the
    frame shows it through Colab's own proxy, which only the notebook's user reaches.
    """
    from IPython.display import IFrame, display

    served = _started(dumps, host, port)
    if COLAB in sys.modules:
        place = urlsplit(served.address)
        output = import_module(f"{COLAB}.output")
        output.serve_kernel_port_as_iframe(place.port, path=place.path, width="100%", height=str(HEIGHT))
        return served
    display(IFrame(served.address, width="100%", height=HEIGHT))  # type: ignore[no-untyped-call]
    return served


def _started(dumps: Sequence[DumpReader], host: str, port: int) -> Served:
    token = secrets.token_urlsafe(12)
    is_colab = COLAB in sys.modules
    names = [*([] if guard.is_loopback(host) else [host, *own_names()]), *(COLAB_HOSTS if is_colab else ())]
    frames = COLAB_FRAMES if is_colab else ()
    present = Present()
    place = Place(tuple(names), f"/{token}/", frames)
    app = make_app(dumps, place, present=present)
    listener = listen(host, port)
    mounted = DispatcherMiddleware(NotFound("open the link that dump.serve() gave"), {f"/{token}": app.server})
    server = make_server(host, 0, mounted, threaded=True, request_handler=_Quiet, fd=listener.fileno())
    bound = listener.getsockname()[1]
    listener.close()  # the server has its own handle on it
    thread = threading.Thread(target=server.serve_forever, name="lstmviz-page", daemon=True)
    thread.start()
    return Served(f"http://{shown_host(host)}:{bound}/{token}/", server, thread, present)


class _Quiet(WSGIRequestHandler):
    """Says nothing under the cell of each request that the page makes."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Leave a line out."""
