"""Every question has a budget of processor time, and long ones give way: nobody keeps the others waiting.

A few short questions are worked on at a time (``AT_ONCE``), and others wait for a moment, except those that take next
to nothing: Python runs one thread at a time, so more of them would only take turns, and each would end as late as the
last. A question becomes a long one after a second, or when it says that it is about to take long. There may be
``MOST_LONG`` of these, and ``MOST_LONG_OF_ONE`` of one visitor: the threads that are left answer the others. A long one
pauses while a short one is answered, and ends with an error in one line once its budget is spent.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

from werkzeug.exceptions import ServiceUnavailable
from werkzeug.sansio.http import parse_cookie  # that of werkzeug.http fails on bytes that are not UTF-8

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import TooLong
from lstmviz.system.asked import when_long, while_asked

SECONDS = 20.0  # of processor time, for any question
SECONDS_PER_VALUE = 1e-7  # and for each recorded value of the dump that it is about: more than twice the slowest needs
LONG = 1.0  # seconds after which a question is a long one
AT_ONCE = 4  # short questions that are worked on
MOST_WAIT = 0.25  # seconds for a place among them: one of them may itself wait for something
MOST_LONG = 12  # long questions at once, of the server's threads
MOST_LONG_OF_ONE = 4
MOST_EARLY = 6  # long questions beside which another may become one before its second is over
RETRY_AFTER = 5  # seconds
PAUSE = 0.25  # seconds, at most, for which a long question gives way at a time
PAUSES = 2.0  # times as long as it has worked
VISITOR = "lstmviz-visitor"  # the cookie that tells one browser from another
_QUICK = re.compile(r"/(page|assets|_dash-component-suites|class)/|/d/[^/]+/(states|steps|cut)/")
_NAME = re.compile(r"[0-9a-f]{32}\Z")

T = TypeVar("T")
App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Desk:
    """The questions that are being answered, by all threads of a server."""

    def __init__(self) -> None:
        self.n_short = 0
        self._long: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._places = threading.Semaphore(AT_ONCE)

    def begin(self, is_quick: bool) -> bool:
        """Note that a question is there; returns whether it has a place, for which all but the quick ones wait."""
        with self._lock:
            self.n_short += 1
        return not is_quick and self._places.acquire(timeout=MOST_WAIT)

    def give_back(self) -> None:
        """Let the next question have a place."""
        self._places.release()

    def becomes_long(self, visitor: str, most: int) -> None:
        """Note that a question is a long one. Raises ServiceUnavailable where there are ``most`` already."""
        with self._lock:
            n, n_of_one = self._long.total(), self._long[visitor]
            if n_of_one < MOST_LONG_OF_ONE and n < most:
                self._long[visitor] += 1
                self.n_short -= 1
                return
        whose = f"{n_of_one} of yours" if n_of_one >= MOST_LONG_OF_ONE else f"{n}"
        line = f"{whose} that take long are being answered; ask again in a few seconds"
        raise ServiceUnavailable(line, retry_after=RETRY_AFTER)

    def give_way(self, taken: float) -> None:
        """Pause for the short questions that wait, in proportion to the processor time that was ``taken``."""
        if taken and self.n_short > 0:
            time.sleep(min(PAUSE, PAUSES * taken))

    def end(self, visitor: str, was_long: bool) -> None:
        """Note that a question was answered, or ended."""
        with self._lock:
            if was_long:
                self._long[visitor] -= 1
                self._long += Counter()  # leaves out who has none
            else:
                self.n_short -= 1


class _Question:
    """One question: who asks it, what it has taken so far of all threads, and what it may take."""

    def __init__(self, desk: Desk, visitor: str, is_quick: bool) -> None:
        self.visitor, self.seconds, self.desk = visitor, SECONDS, desk
        self._spent, self._is_long = 0.0, False
        self._seen = {threading.get_ident(): time.thread_time()}
        self._lock = threading.Lock()
        self._has_place = desk.begin(is_quick)

    def look(self) -> None:
        """Count what the present thread has taken since the last look, give way, or end the question."""
        now, thread = time.thread_time(), threading.get_ident()
        taken = max(0.0, now - self._seen.get(thread, now))  # a new thread may have the number of one that has ended
        self._seen[thread] = now
        with self._lock:
            self._spent += taken
        if self._spent > LONG:
            self._becomes_long(MOST_LONG)
        if self._spent > self.seconds:
            raise TooLong(
                f"this took more than {self.seconds:.0f} seconds of the processor, which is all that a question may"
                " take here; ask for less, or ask in Python or on the command line, where nothing ends it"
            )
        if self._is_long:
            self.desk.give_way(taken)

    def takes_long(self) -> None:
        """Give the place back: the question is about to take long."""
        self._becomes_long(MOST_EARLY)

    def _becomes_long(self, most: int) -> None:
        with self._lock:
            if not self._is_long:
                self.desk.becomes_long(self.visitor, most)
                self._is_long = True
                self._give_back()

    def end(self) -> None:
        """The question is answered."""
        with self._lock:
            self._give_back()
        self.desk.end(self.visitor, self._is_long)

    def _give_back(self) -> None:
        if self._has_place:
            self._has_place = False
            self.desk.give_back()


_present: ContextVar[_Question | None] = ContextVar("question", default=None)


class Budgeted:
    """An app each of whose questions has a budget; what it sends piece by piece after that has the front's limits."""

    def __init__(self, app: App) -> None:
        self._app, self._desk = app, Desk()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        question = _Question(self._desk, _visitor(environ), bool(_QUICK.match(environ.get("PATH_INFO", ""))))
        token = _present.set(question)
        try:
            with while_asked(question.look), when_long(question.takes_long):
                return self._app(environ, start_response)
        finally:
            _present.reset(token)
            question.end()


def allow_for(dump: DumpReader) -> None:
    """Give the present question the time that one about this dump may take."""
    question = _present.get()
    if question is not None:
        n_values = sum(source.n_steps * source.n_units for source in dump.sources.values())
        question.seconds = max(question.seconds, SECONDS + n_values * SECONDS_PER_VALUE)


def giving_way(parts: Iterable[T]) -> Iterator[T]:
    """Yield what is sent piece by piece after the present question was answered, as slowly as long questions work."""
    question = _present.get()
    return iter(parts) if question is None else _with_pauses(parts, question.desk)


def _with_pauses(parts: Iterable[T], desk: Desk) -> Iterator[T]:
    before = time.thread_time()
    for part in parts:
        yield part
        desk.give_way(time.thread_time() - before)
        before = time.thread_time()


def visitor() -> str:
    """Return who asks the present question: a browser by its cookie, anybody else by address; "" outside a question."""
    question = _present.get()
    return "" if question is None else question.visitor


def is_visitor(name: str) -> bool:
    """Tell whether a cookie's value names a browser."""
    return bool(_NAME.match(name))


def _visitor(environ: dict[str, Any]) -> str:
    name = parse_cookie(environ.get("HTTP_COOKIE", "")).get(VISITOR, "")
    return name if is_visitor(name) else str(environ.get("REMOTE_ADDR", ""))
