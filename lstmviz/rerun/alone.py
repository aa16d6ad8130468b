"""Run a model for one caller at a time: others wait, each as long as its ``patience`` lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from lstmviz.errors import ModelBusy

if TYPE_CHECKING:
    from torch import nn

_patience: ContextVar[float] = ContextVar("patience", default=-1.0)  # seconds; -1: as long as it takes
_locks: WeakKeyDictionary[nn.Module, threading.Lock] = WeakKeyDictionary()
_making = threading.Lock()


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait no longer than this for a model, while the block lasts; then ModelBusy is raised."""
    before = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(before)


def lock_of(module: nn.Module) -> threading.Lock:
    """Return the one lock of a module, whoever runs it."""
    with _making:
        return _locks.setdefault(module, threading.Lock())


@contextmanager
def alone_with(module: nn.Module) -> Iterator[None]:
    """Keep others off a module while the block lasts; ModelBusy where it does not become free in time."""
    lock = lock_of(module)
    if not lock.acquire(timeout=_patience.get()):
        raise ModelBusy("the model runs for somebody else; this waits for its turn")
    try:
        yield
    finally:
        lock.release()
