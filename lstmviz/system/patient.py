"""Long work that gives way to everything else on the machine, in a thread of its own."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

from lstmviz.system.asked import look, takes_long
from lstmviz.system.worker import NICE

NICEST = 19

T = TypeVar("T")


def patiently(work: Callable[[], T]) -> T:
    """Return what ``work`` returns, or raise what it raises, from a thread of the lowest priority.

    It is for work that holds Python's lock only for moments: whoever waits for the lock would wait for this thread. A
    thread cannot become urgent again, so each piece of work has a new one. Only Linux has threads with a priority.
    The present question is said to take long first (``takes_long``), and what the work takes counts for it.
    """
    takes_long()
    result: Future[T] = Future()
    context = copy_context()

    def watched() -> T:
        look()
        try:
            return work()
        finally:
            look()

    def run() -> None:
        try:
            if sys.platform == "linux":
                thread = threading.get_native_id()
                os.setpriority(os.PRIO_PROCESS, thread, min(NICEST, os.getpriority(os.PRIO_PROCESS, thread) + NICE))
            result.set_result(context.run(watched))
        except BaseException as err:
            result.set_exception(err)

    threading.Thread(target=run, name="patient", daemon=True).start()
    return result.result()
