"""The page inside a notebook: a server on a thread of the kernel, in a frame under the cell."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Sequence
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from lstmviz.dump.reader import DumpReader
from lstmviz.ui import guard
from lstmviz.ui.serve import listen, make_app, own_names, shown_host

HEIGHT = 860  # px of the frame


class Served:
    """A page that is served from a notebook until ``stop`` is called or the kernel ends.

    Attributes:
        address: The address of the page, with a token that nobody else knows.
    """

    def __init__(self, address: str, server: BaseWSGIServer, thread: threading.Thread) -> None:
        self.address = address
        self._server, self._thread = server, thread

    def __repr__(self) -> str:
        state = f"at {self.address}; .stop() ends it" if self._thread.is_alive() else "stopped"
        return f"<lstmviz page {state}>"

    def stop(self) -> None:
        """Stop serving the page. A second call does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def serve_inline(dumps: Sequence[DumpReader], host: str = "127.0.0.1", port: int = 8050) -> Served:
    """Serve the page on a thread, show it in a frame under the notebook's cell, and return a handle to stop it.

    The address holds a token as its first part, so that nobody else on the machine finds the page; not as a cookie,
    which browsers do not send from frames of another site. Another port is taken where ``port`` is in use.
    """
    from IPython.display import IFrame, display

    served = _started(dumps, host, port)
    display(IFrame(served.address, width="100%", height=HEIGHT))  # type: ignore[no-untyped-call]
    return served


def _started(dumps: Sequence[DumpReader], host: str, port: int) -> Served:
    token = secrets.token_urlsafe(12)
    names = [] if guard.is_loopback(host) else [host, *own_names()]
    app = make_app(dumps, names, under=f"/{token}/")
    listener = listen(host, port)
    mounted = DispatcherMiddleware(NotFound("open the link that dump.serve() gave"), {f"/{token}": app.server})
    server = make_server(host, 0, mounted, threaded=True, request_handler=_Quiet, fd=listener.fileno())
    bound = listener.getsockname()[1]
    listener.close()  # the server has its own handle on it
    thread = threading.Thread(target=server.serve_forever, name="lstmviz-page", daemon=True)
    thread.start()
    return Served(f"http://{shown_host(host)}:{bound}/{token}/", server, thread)


class _Quiet(WSGIRequestHandler):
    """Says nothing under the cell of each request that the page makes."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Leave a line out."""
