"""What the system's allocator keeps of memory that was freed, and what another process has."""

from __future__ import annotations

import ctypes
from contextlib import suppress

ARENAS = 2
_M_ARENA_MAX = -8  # in glibc's malloc.h


def few_arenas() -> None:
    """Let the threads of this process share two pools of freed memory, where the system is one with glibc.

    By default each thread takes one of its own, up to eight for each processor, and what one of them has freed is of no
    use to the others: a server of many threads grows to several times what it needs.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
    except (AttributeError, OSError, TypeError):  # another allocator, which has no such pools
        return


def resident_bytes(pid: int) -> int:
    """Return the memory that a process and those it started hold; 0 where it has ended.

    On Windows the interpreter of a virtual environment starts another one, which does the work.
    """
    import psutil  # on Linux it is not installed with lstmviz

    n_bytes = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):  # it has ended since it was listed
                n_bytes += each.memory_info().rss
    return n_bytes
