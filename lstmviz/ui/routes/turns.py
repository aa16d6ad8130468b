"""One question of a kind at a time for each open page: one page in a hurry leaves the server to the others, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from flask import request
from werkzeug.exceptions import Conflict

PAGE = "Lstmviz-Page"  # the header by which a page tells its requests from those of others
MAX_NAME = 40  # characters of a page's name


class Turns:
    """The turns of one kind of question: of those that a page has waiting, only the newest is answered.

    The page has ended the older ones and waits for none of them. A request that names no page has its turn at once.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._newest: dict[str, object] = {}  # of each page with a question here
        self._busy: set[str] = set()  # pages one of whose questions is being answered

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn of the present request; Conflict where a newer one of its page takes its place."""
        page = request.headers.get(PAGE, "")[:MAX_NAME]
        if not page:
            yield
            return
        mine = object()
        with self._changed:
            self._newest[page] = mine
            self._changed.notify_all()
            self._changed.wait_for(lambda: page not in self._busy or self._newest.get(page) is not mine)
            if self._newest.get(page) is not mine:
                raise Conflict("a newer question of the same page took the place of this one")
            self._busy.add(page)
        try:
            yield
        finally:
            with self._changed:
                self._busy.discard(page)
                if self._newest.get(page) is mine:
                    del self._newest[page]
                self._changed.notify_all()
