"""The page under a path of another server: a proxy that strips the path, one that does not, and one that names it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from lstmviz.errors import ServeError

MOST = 16  # paths that a proxy may name
MOST_LENGTH = 1_000  # characters: the cookies have it, too
_ODD = re.compile(r"//|[\\\x00-\x1f\x7f]")
_PLAIN = re.compile(r"(/[\w.~%@:+-]+)*/?\Z", re.ASCII)

Environ = dict[str, Any]
App = Callable[[Environ, Any], Iterable[bytes]]


def checked_prefix(prefix: str) -> str:
    """Return a path with a slash at either end, such as ``/proxy/8050/``; ServeError where it is not a path."""
    plain = unquote(prefix)  # as whoever resolves it reads it
    is_odd = _ODD.search(plain) or {".", ".."} & set(plain.split("/")) or len(prefix) > MOST_LENGTH
    if is_odd or not _PLAIN.match(prefix) or not (prefix.startswith("/") or prefix == ""):
        raise ServeError(f"prefix {prefix[:80]!r} is not a path; give one such as /user/ana/proxy/8050/")
    return prefix.rstrip("/") + "/"


class Prefixed:
    """An app that answers at its own paths and at those under a prefix.

    ``prefix`` is where a browser sees the app. With ``make``, a proxy may name another in X-Forwarded-Prefix, which a
    visitor could do too: set it only behind a proxy that does.
    """

    def __init__(self, app: App, prefix: str, make: Callable[[str], App] | None = None) -> None:
        self._apps, self._prefix, self._make = {prefix: app}, prefix, make
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        prefix = self._named(environ) or self._prefix
        path = environ.get("PATH_INFO", "")
        if prefix != "/" and f"{path}/".startswith(prefix):
            environ["PATH_INFO"] = path[len(prefix) - 1 :] or "/"
        return self._app(prefix)(environ, start_response)

    def _named(self, environ: Environ) -> str | None:
        named = environ.get("HTTP_X_FORWARDED_PREFIX")
        if self._make is None or not named:
            return None
        try:
            return checked_prefix(named.split(",")[0].strip())
        except ServeError:
            return None

    def _app(self, prefix: str) -> App:
        with self._lock:
            if prefix not in self._apps and self._make is not None and len(self._apps) < MOST:
                self._apps[prefix] = self._make(prefix)
            return self._apps.get(prefix) or self._apps[self._prefix]
