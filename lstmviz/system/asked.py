"""End a question whose asker has left or whose budget is used up: long work calls ``look`` now and then, which raises.

Reading recorded values, tokens or an index calls it already, so that every question about a corpus can be ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

Look = Callable[[], None]

_looks: ContextVar[tuple[Look, ...]] = ContextVar("looks", default=())
_tells: ContextVar[tuple[Look, ...]] = ContextVar("tells", default=())


def while_asked(look: Look) -> AbstractContextManager[None]:
    """Call ``look``, which may raise, now and then while the block lasts; also in threads that copy its context."""
    return _added(_looks, look)


def when_long(tell: Look) -> AbstractContextManager[None]:
    """Call ``tell``, which may raise, whenever something in the block is about to take long."""
    return _added(_tells, tell)


@contextmanager
def _added(calls: ContextVar[tuple[Look, ...]], call: Look) -> Iterator[None]:
    token = calls.set((*calls.get(), call))
    try:
        yield
    finally:
        calls.reset(token)


@contextmanager
def for_everybody() -> Iterator[None]:
    """Do in the block what others need too: it is finished even if the asker leaves or the budget is used up."""
    looks, tells = _looks.set(()), _tells.set(())
    try:
        yield
    finally:
        _looks.reset(looks)
        _tells.reset(tells)


def look() -> None:
    """Raise where the present question is to end; costs next to nothing outside a question."""
    for each in _looks.get():
        each()


def takes_long() -> None:
    """Say that the present question is about to take long; raises where too many do already."""
    for each in _tells.get():
        each()
