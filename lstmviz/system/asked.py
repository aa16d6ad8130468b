"""Whoever asks may leave, and a question may have a budget: what takes long looks, now and then, whether to go on.

Reading recorded values, tokens or an index looks by itself, so that every question about a corpus can be ended.
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
    """Do in the block what others need, too: whoever asked for it may leave, and it is still done."""
    looks, tells = _looks.set(()), _tells.set(())
    try:
        yield
    finally:
        _looks.reset(looks)
        _tells.reset(tells)


def look() -> None:
    """Raise what ends the present question, where something does; costs next to nothing where nobody asked."""
    for each in _looks.get():
        each()


def takes_long() -> None:
    """Say that the present question is about to take long; raise what ends it, where too many do."""
    for each in _tells.get():
        each()
