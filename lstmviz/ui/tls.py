"""TLS for ``lstmviz serve``: the standard library's, on the connections of the front.

waitress has none of its own. It asks a connection for bytes once there are some, and sends what there is room for; that
is also how a non-blocking TLS socket works. What differs is here: a record that is not there as a whole yet, and that
the thread that reads and the one that answers take turns, because the state of a TLS connection is one for both ways.
"""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import Any

from lstmviz.errors import ServeError

RECORD = 2**14  # bytes in a record, at most: reading fewer could leave some buffered, which the selector does not see
_NOT_YET = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


def tls_context(certfile: Path, keyfile: Path | None = None) -> ssl.SSLContext:
    """Return what a certificate and its key, in PEM, serve with: TLS 1.2 or later.

    ``keyfile`` may be left out where the certificate's file has the key too. Raises ServeError.
    """
    key = keyfile or certfile
    for path in (certfile, key):
        if not path.is_file():
            raise ServeError(f"no file at {path}; give a certificate and its key, in PEM, to --certfile and --keyfile")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certfile, key, password=lambda: b"")  # asked for an encrypted key, on the terminal
    except (OSError, ValueError) as err:
        reason = getattr(err, "reason", None) or str(err)
        raise ServeError(
            f"{certfile} and {key} are no certificate and its key ({reason}); give those of a server, in PEM, the key"
            " not encrypted"
        ) from err
    return context


class TlsConnection:
    """What a channel of waitress does otherwise on a TLS socket; its class stands before that of the channel."""

    socket: Any
    connected: bool

    def __init__(self, *args: Any, **more: Any) -> None:
        self._alone = threading.RLock()
        super().__init__(*args, **more)

    def handle_read(self) -> None:
        """Read a record, or a part of the handshake."""
        with self._alone:
            try:
                data = self.recv(RECORD)  # type: ignore[attr-defined]
            except _NOT_YET:
                return
            except OSError:  # a handshake that fails, or bytes that are not TLS
                self.handle_close()  # type: ignore[attr-defined]
                return
        if data:
            self.received(data)  # type: ignore[attr-defined]
        else:
            self.connected = False

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send some bytes; returns how many, 0 where there is no room now."""
        with self._alone:
            try:
                return int(super().send(data, do_close))  # type: ignore[misc]
            except _NOT_YET:
                return 0
