"""What a fork of this process inherits and must leave alone: files that are written, locks, folders.

A fork (``os.fork``, a loader's worker, ``multiprocessing``) leaves every ``with`` and runs every handler as if it were
the process that opened them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

Holder = TypeVar("Holder")

_holders: WeakKeyDictionary[Any, Callable[[Any], None]] = WeakKeyDictionary()


def let_go_in_forks(holder: Holder, let_go: Callable[[Holder], None]) -> None:
    """Have each fork of this process begin with ``let_go(holder)``, as long as the holder is there."""
    _holders[holder] = let_go


def discard_writes(file: int) -> None:
    """Have everything that this process still writes to a file descriptor go nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, file, inheritable=False)
    os.close(nowhere)


def _begin_fork() -> None:
    for holder, let_go in list(_holders.items()):
        with suppress(OSError, ValueError):  # it is closed
            let_go(holder)
    _holders.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_fork)
