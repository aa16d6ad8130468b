"""Whoever asks may leave, and a question may have a budget: what takes long looks, now and then, whether to go on.

Reading recorded values, tokens or an index looks by itself, so that every question about a corpus can be ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Look = Callable[[], None]

_looks: ContextVar[tuple[Look, ...]] = ContextVar("looks", default=())


@contextmanager
def while_asked(look: Look) -> Iterator[None]:
    """Call ``look``, which may raise, now and then while the block lasts; also in threads that copy its context."""
    token = _looks.set((*_looks.get(), look))
    try:
        yield
    finally:
        _looks.reset(token)


@contextmanager
def for_everybody() -> Iterator[None]:
    """Do in the block what others need, too: whoever asked for it may leave, and it is still done."""
    token = _looks.set(())
    try:
        yield
    finally:
        _looks.reset(token)


def look() -> None:
    """Raise what ends the present question, where something does; costs next to nothing where nobody asked."""
    for each in _looks.get():
        each()
