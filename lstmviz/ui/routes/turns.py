"""One question of each kind at a time for each open page, so that a busy page does not block the server for others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition

from flask import request
from werkzeug.exceptions import Conflict

PAGE = "Lstmviz-Page"  # the header by which a page names itself and counts its requests: "name" or "name.12"
MAX_NAME = 40  # characters of a page's name
MAX_DIGITS = 15  # of a request's number
SUPERSEDED = "a newer question of the same page took the place of this one"


@dataclass(frozen=True, eq=False, slots=True)
class _Place:
    """A request's place in the queue of its page."""

    number: int


def _asker(header: str) -> tuple[str, int]:
    """Return the name of the page that asks, and the number of its request; 0 if it has none."""
    name, _, number = header.partition(".")
    return name[:MAX_NAME], int(number) if number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS else 0


class Turns:
    """The turns of one kind of question: of the questions of a page that wait, only the newest is answered.

    The page has already given up the older ones. A request that names no page has its turn at once.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._newest: dict[str, _Place] = {}  # of each page with a question here
        self._busy: set[str] = set()  # pages one of whose questions is being answered

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn of the present request; raises Conflict if a newer one of its page supersedes it."""
        page, number = _asker(request.headers.get(PAGE, ""))
        if not page:
            yield
            return
        mine = _Place(number)
        with self._changed:
            newest = self._newest.get(page)
            if newest is not None and newest.number > number:  # threads may begin in another order than requests came
                raise Conflict(SUPERSEDED)
            self._newest[page] = mine
            self._changed.notify_all()
            self._changed.wait_for(lambda: page not in self._busy or self._newest.get(page) is not mine)
            if self._newest.get(page) is not mine:
                raise Conflict(SUPERSEDED)
            self._busy.add(page)
        try:
            yield
        finally:
            with self._changed:
                self._busy.discard(page)
                if self._newest.get(page) is mine:
                    del self._newest[page]
                self._changed.notify_all()
