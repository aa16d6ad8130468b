"""Work in a few threads, in order, that ends when its asker no longer waits."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from itertools import chain, islice
from typing import TypeVar

from lstmviz.system.asked import look

THREADS = 2

_mine = threading.local()  # of each thread that asks, so that one that works for it may ask in its turn

T = TypeVar("T")
Result = TypeVar("Result")


def in_threads(task: Callable[[T], Result], items: Iterable[T]) -> Iterator[Result]:
    """Yield the task's result for each item, in order; few items are worked on ahead of the one that is yielded.

    A single item is worked on by the asker's own thread, which is sooner done than a thread is begun.
    """
    remaining = iter(items)
    first = list(islice(remaining, 2))
    if len(first) < 2:
        look()
        yield from map(task, first)
        return
    pool = _pool()
    ahead: deque[Future[Result]] = deque()
    try:
        for item in chain(first, remaining):
            ahead.append(pool.submit(copy_context().run, task, item))
            look()
            if len(ahead) > THREADS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        wait([future for future in ahead if not future.cancel()])


def _pool() -> ThreadPoolExecutor:
    """Return the threads that work for the one that asks: to begin some for each step of a question takes too long."""
    if getattr(_mine, "process", None) != os.getpid():  # threads do not survive a fork
        _mine.pool, _mine.process = ThreadPoolExecutor(THREADS), os.getpid()
    pool: ThreadPoolExecutor = _mine.pool
    return pool
