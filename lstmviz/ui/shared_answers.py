"""Equal questions about a recording are answered once: sixty pages that follow one ask the same at the same time."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from lstmviz.errors import LstmvizError
from lstmviz.system.asked import when_long
from lstmviz.ui.guard import Access, Head
from lstmviz.ui.table import DumpTable

MOST_MADE = 6  # answers that are made at a time: more only slow each other, and all that is not asked here
MOST_BODY = 2**16  # bytes of a question
MOST_ANSWER = 2**22  # bytes of an answer that is kept
MOST_KEPT = 2**27  # bytes of all
OVERHEAD = 2_000  # bytes besides those of question and answer
_ASKED = re.compile(
    r"/d/(?P<uuid>[^/]+)/(matches|summary|enrichment|ablation|typed(/.*)?|rank|rank-region|detector|compare|thresholds/.*|unit/.*"
    r"|whynot/.*|steps/.*|sequences/.*)\Z"
)
_PASSING = (b'{"error"', b'{"waiting"')  # what may be answered otherwise a moment later

Environ = dict[str, Any]
App = Callable[[Environ, Any], Iterable[bytes]]


@dataclass(eq=False)
class _Answer:
    """A place for an answer; whoever has its lock makes it. Without a status there is none yet."""

    lock: Any = field(default_factory=threading.Lock)
    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    n_bytes: int = 0  # as they are counted, from when it is kept


class SharedAnswers:
    """An app before which equal questions wait for one answer, and then get the same.

    An answer is sent once all of it is there, so that whoever makes it keeps nobody waiting by reading slowly.

    A question is equal in method, address, body and what encodings its browser takes, on a recording that is as it was,
    with the same tracks. Only who may ask gets an answer.
    """

    def __init__(self, app: App, access: Access, table: DumpTable) -> None:
        self._app, self._access, self._table = app, access, table
        self._lock, self._n_bytes = threading.Lock(), 0
        self._places = threading.BoundedSemaphore(MOST_MADE)
        self._answers: OrderedDict[tuple[Any, ...], _Answer] = OrderedDict()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        key = self._key(environ)
        if key is None:
            return self._app(environ, start_response)
        with self._lock:
            answer = self._answers.setdefault(key, _Answer())
            self._answers.move_to_end(key)
        with answer.lock:
            if answer.status:
                made = answer
            else:
                try:
                    with self._placed():
                        made = _answer_of(self._app, environ)
                    if _is_lasting(made):
                        answer.headers, answer.body, answer.status = made.headers, made.body, made.status
                finally:
                    self._keep(key, answer)
        start_response(made.status, list(made.headers))
        return [made.body]

    @contextmanager
    def _placed(self) -> Iterator[None]:
        """Wait for a place, and give it back after the block, or once the question is about to take long."""
        self._places.acquire()
        with ExitStack() as place:
            place.callback(self._places.release)
            with when_long(place.close):
                yield

    def _key(self, environ: Environ) -> tuple[Any, ...] | None:
        """Return what makes the question equal to others; None where it is none of those that are shared."""
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "")
        asked, length = _ASKED.match(path), environ.get("CONTENT_LENGTH") or "0"
        if asked is None or method not in ("GET", "POST") or not length.isdecimal() or int(length) > MOST_BODY:
            return None
        headers = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
        query = environ.get("QUERY_STRING", "")
        if self._access.refusal(Head(method, path, query, headers, int(length))) is not None:
            return None
        try:
            revision = self._table[asked["uuid"]].tracks_revision
        except LstmvizError:
            return None  # the route says why
        body = environ["wsgi.input"].read(int(length)) if int(length) else b""
        environ["wsgi.input"] = BytesIO(body)
        kinds = environ.get("CONTENT_TYPE", ""), headers.get("ACCEPT_ENCODING", "")
        return method, path, query, body, kinds, revision

    def _keep(self, key: tuple[Any, ...], answer: _Answer) -> None:
        with self._lock:
            if self._answers.get(key) is not answer:
                return
            if not answer.status:
                del self._answers[key]
                return
            answer.n_bytes = sum(len(part) for part in key[:4]) + len(answer.body) + OVERHEAD
            self._n_bytes += answer.n_bytes
            while self._n_bytes > MOST_KEPT:
                self._n_bytes -= self._answers.popitem(last=False)[1].n_bytes


def _answer_of(app: App, environ: Environ) -> _Answer:
    """Return what an app answers, once all of it is there."""
    answer = _Answer()

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        answer.status, answer.headers = status, list(headers)

    parts = app(environ, start)
    try:
        answer.body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    return answer


def _is_lasting(answer: _Answer) -> bool:
    """Tell whether the same would be answered again."""
    is_whole = answer.status.startswith("200") and len(answer.body) <= MOST_ANSWER
    return is_whole and not any(words in answer.body for words in _PASSING)
