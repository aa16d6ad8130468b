"""How much a visitor may ask for at a time: bytes of a body by route, and exports at once."""

from __future__ import annotations

import errno
import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import BoundedSemaphore

from flask import Flask, Response, request
from werkzeug.exceptions import ServiceUnavailable

from lstmviz.errors import LstmvizError
from lstmviz.ui.budget import giving_way

BODY = 2**20  # bytes
PATTERN_BODY = MOST_BODY = 16 * 2**20  # of a question that may bring a pattern file, and rows marked by hand
_WITH_PATTERN = re.compile(
    r"(/d/[^/]+/(matches|summary|compare|ablation|enrichment|rank|rank-region|detector|map/.*/shades\.bin|export/.*"
    r"|copy/.*)|/present)\Z"
)
MOST_EXPORTS = 3  # written at once, each on a thread of its own
RETRY_AFTER = 5  # seconds

log = logging.getLogger("lstmviz")


def most_body(path: str) -> int:
    """Return how many bytes the body of a request to a path may have."""
    return PATTERN_BODY if _WITH_PATTERN.search(path) else BODY


def install(server: Flask) -> None:
    """Refuse larger bodies than a route takes, also under another server."""

    @server.before_request
    def limit() -> None:
        request.max_content_length = most_body(request.path)


class Slots:
    """Places for what takes long, of which there are few; a request that finds none is told to come again."""

    def __init__(self, n: int, doing: str) -> None:
        self._free, self._doing, self._n = BoundedSemaphore(n), doing, n

    @contextmanager
    def taken(self) -> Iterator[ExitStack]:
        """Take a place until the block ends, or what it keeps is closed. Raises ServiceUnavailable if there is none."""
        if not self._free.acquire(blocking=False):
            raise ServiceUnavailable(
                f"{self._n} {self._doing} at the moment; ask again in a few seconds",
                retry_after=RETRY_AFTER,
            )
        with ExitStack() as stack:
            stack.callback(self._free.release)
            yield stack

    def until_sent(self, response: Response, stack: ExitStack) -> Response:
        """Keep a place until a response has been written to its end, or nobody wants the rest of it."""
        parts = giving_way(response.iter_encoded())
        first = next(parts, b"")  # fails, if it does, before the response begins
        kept = stack.pop_all()

        def sent() -> Iterator[bytes]:
            with kept:
                yield first
                try:
                    yield from parts
                except LstmvizError as err:
                    log.warning("an export ended early: %s", err)
                    # The status is sent: a connection that ends too soon tells the visitor.
                    raise ConnectionResetError(errno.ECONNRESET, "the export ended early") from err

        response.response = sent()
        response.call_on_close(kept.close)  # where no part of it was asked for
        return response
