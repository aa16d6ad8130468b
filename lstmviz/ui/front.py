"""The web server of ``lstmviz serve``: waitress, with limits that hold before anything is read or answered.

One thread reads requests and sends answers, for all visitors, so that a slow one takes nobody's place: a request is
given to a thread once all of it is there, and a thread leaves its answer in a buffer, or in a file if it is large.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask
from waitress.utilities import Error

from lstmviz.ui.guard import Head
from lstmviz.ui.limits import MOST_BODY, WAITING, most_body
from lstmviz.ui.tls import TlsConnection

THREADS = 24  # of which half may be busy with long questions
LOOKAHEAD = 1  # requests of a connection that are read while one is answered: so its end is seen, too
HEADER_SECONDS = 10.0  # from the first byte of a request, or from the connection, to the end of its head
BODY_SECONDS = 60.0  # to the end of its body
IDLE_SECONDS = 60.0  # between two requests of a connection
STALLED_SECONDS = 30.0  # in which a visitor takes no byte of an answer
SENDING_SECONDS = 600.0  # in which an answer must be taken
LOOK_EVERY = 1  # seconds between two looks at the connections
MOST_CONNECTIONS = 900  # systems let a process open 1,024 files
MOST_OF_ONE = 200  # connections of one address, unless it is this machine's
BUFFERED = 2**28  # bytes of one answer that wait in a file for a slow visitor
MOST_AROUND_CHUNKS = 2**13  # bytes of a line before a chunk of a body, and of what follows the last one


Refuse = Callable[[Head], tuple[int, str] | None]  # the status and the line of a refusal


class _Refusal(Error):  # type: ignore[misc]
    def __init__(self, code: int, line: str) -> None:
        super().__init__(" ".join(line.split()))
        self.code, self.reason = code, HTTPStatus(code).phrase

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return status, headers and the line."""
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]
        return f"{self.code} {self.reason}", headers, f"{self.body}\n".encode()


class _Request(HTTPRequestParser):  # type: ignore[misc]
    """A request that is refused before its body is read."""

    error: Any
    body_rcv: Any
    headers_finished: bool
    body_bytes_received: int
    path = ""  # until the head was read, and of one that is no head

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self._is_checked = False

    def received(self, data: bytes) -> int:
        n_taken: int = super().received(data)
        if self.headers_finished and not self._is_checked and self.body_rcv is not None:
            self._is_checked = True
            refusal = self._refusal()
            if refusal is not None:
                self._refuse(*refusal)
                return len(data)  # what follows is the body, not a request
        n_begun = getattr(self.body_rcv, "chunk_remainder", 0)  # of a body in chunks
        n_around = max(len(getattr(self.body_rcv, name, b"")) for name in ("control_line", "trailer"))
        if self.body_bytes_received + n_begun > most_body(self.path):
            self._refuse(413, f"what was posted has more than {most_body(self.path):,} bytes, which are taken here")
        elif n_around > MOST_AROUND_CHUNKS:
            self._refuse(400, "the chunks of this request cannot be read")
        if self.error is not None and not isinstance(self.error, _Refusal):
            self._refuse(self.error.code, self.error.body)
        return n_taken

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head. Raises ParsingError, also where a number in it has more digits than Python reads."""
        try:
            super().parse_header(header_plus)
        except ValueError as err:
            raise ParsingError("the head of this request cannot be read") from err
        if self.chunked and "CONTENT_LENGTH" in self.headers:  # a proxy before this server may have read the other one
            raise ParsingError("this request has both a Content-Length and chunks")

    def _refuse(self, code: int, line: str) -> None:
        """Answer this instead of the app, also to a client that waits for 100-continue before it sends a body."""
        self.error, self.completed, self.expect_continue = _Refusal(code, line), True, False

    def _refusal(self) -> tuple[int, str] | None:
        """Return why a request with a body is refused; one without is left to the app, which may answer with a page."""
        refuse: Refuse = self.adj.refuse
        return refuse(Head(self.command, self.path, self.query, self.headers, self.content_length))


class _Task(WSGITask):  # type: ignore[misc]
    """A request whose app may ask how much of the answer waits for the visitor."""

    channel: HTTPChannel

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[WAITING] = lambda: self.channel.total_outbufs_len if self.channel.connected else 0
        return environ


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that is closed where it takes too long."""

    parser_class, task_class = _Request, _Task

    def __init__(self, *args: Any, **more: Any) -> None:
        self._since = self._sent = time.monotonic()  # a request began or ended, and bytes of an answer were taken
        self._sending: float | None = None
        self._has_asked = False
        super().__init__(*args, **more)

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self._since = time.monotonic()
        self._has_asked = True
        return bool(super().received(data))

    def _flush_some(self, do_close: bool = True) -> bool:
        if super()._flush_some(do_close=do_close):
            self._sent = time.monotonic()
            return True
        return False

    def is_late(self, now: float) -> bool:
        """Tell whether the visitor has had the time there is for what the connection waits for."""
        if self.total_outbufs_len:
            if self._sending is None:
                self._sending = self._sent = now
            return now - self._sent > STALLED_SECONDS or now - self._sending > SENDING_SECONDS
        if self._sending is not None:
            self._sending, self._since = None, now
        if self.requests:  # the answer is being made
            self._since = now
            return False
        if self.request is None:
            return now - self._since > (IDLE_SECONDS if self._has_asked else HEADER_SECONDS)
        return now - self._since > (BODY_SECONDS if self.request.headers_finished else HEADER_SECONDS)

    def cut_off(self) -> None:
        """Have the server close the connection when it next looks which are ready, as this one is then.

        It is not closed here: the server waits on the numbers of connections that it has listed, and the next visitor
        would get the number of this one, and be closed in its place.
        """
        self.will_close = True
        with suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)  # not that of TLS, which would talk to the visitor


class _TlsChannel(TlsConnection, _Channel):
    pass


class _Server(TcpWSGIServer):  # type: ignore[misc]
    tls: ssl.SSLContext | None = None

    def channel_class(self, server: Any, conn: socket.socket, addr: Any, adj: Adjustments, map: Any) -> None:
        """Take a connection, unless its address has too many."""
        of_one = sum(channel.addr[0] == addr[0] for channel in self.active_channels.values())
        if of_one >= adj.most_of_one and not ipaddress.ip_address(addr[0].partition("%")[0]).is_loopback:
            conn.close()
            return
        if self.tls is None:
            _Channel(server, conn, addr, adj, map=map)
            return
        conn.setblocking(False)
        try:
            conn = self.tls.wrap_socket(conn, server_side=True, do_handshake_on_connect=False)
        except OSError:  # the visitor has gone already
            conn.close()
            return
        _TlsChannel(server, conn, addr, adj, map=map)

    def maintenance(self, now: float) -> None:
        """Close the connections that take too long; ``now``, a time of day that may be set, is not used."""
        present = time.monotonic()
        for channel in list(self.active_channels.values()):
            if channel.is_late(present):
                channel.cut_off()


def front(
    app: Flask,
    listener: socket.socket,
    refuse: Refuse,
    tls: ssl.SSLContext | None = None,
    threads: int = THREADS,
    most_of_one: int | None = None,
) -> TcpWSGIServer:
    """Return the server of an app on a bound socket; ``refuse`` looks at each request before its body is read.

    It answers ``threads`` requests at a time, and takes ``most_of_one`` connections of one address (None: 200).
    """
    adjustments = Adjustments(
        threads=threads,
        ident="lstmviz",
        channel_request_lookahead=LOOKAHEAD,
        connection_limit=MOST_CONNECTIONS,
        cleanup_interval=LOOK_EVERY,
        max_request_header_size=2**15,
        max_request_body_size=MOST_BODY + 1,
        outbuf_high_watermark=BUFFERED,
        asyncore_use_poll=True,
        log_socket_errors=False,
        url_scheme="http" if tls is None else "https",
        sockets=[listener],
    )
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that somebody waits for a moment is no news
    adjustments.refuse, adjustments.most_of_one = refuse, most_of_one or MOST_OF_ONE
    info = (listener.family, listener.type, listener.proto, listener.getsockname())
    server = _Server(app, _sock=listener, bind_socket=False, adj=adjustments, sockinfo=info)
    server.tls = tls
    return server
