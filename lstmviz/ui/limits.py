"""How much a visitor may ask for at a time: bytes of a body by route, and exports at once."""

from __future__ import annotations

import errno
import logging
import re
import time
from collections.abc import Callable, Iterator
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
WAITING = "lstmviz.waiting"  # in a request's environment: how many bytes of its answer the visitor has not taken yet
AHEAD = 2**20  # bytes of an export that may wait to be taken, before more of it is made
TAKING_SECONDS = 600.0  # that an export waits for its visitor, in all
LOOK_EVERY = 0.05  # seconds between two looks whether enough was taken
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
        waiting = request.environ.get(WAITING)

        def sent() -> Iterator[bytes]:
            with kept:
                yield first
                try:
                    yield from parts if waiting is None else _as_taken(parts, waiting)
                except LstmvizError as err:
                    log.warning("an export ended early: %s", err)
                    # The status is sent: a connection that ends too soon tells the visitor.
                    raise ConnectionResetError(errno.ECONNRESET, "the export ended early") from err

        response.response = sent()
        response.call_on_close(kept.close)  # where no part of it was asked for
        return response


def _as_taken(parts: Iterator[bytes], waiting: Callable[[], int]) -> Iterator[bytes]:
    """Yield parts no faster than they are taken: what nobody reads is not made."""
    left = TAKING_SECONDS
    for part in parts:
        yield part
        while waiting() > AHEAD:
            time.sleep(LOOK_EVERY)
            left -= LOOK_EVERY
            if left < 0:
                raise ConnectionResetError(errno.ECONNRESET, "the export was taken too slowly")
