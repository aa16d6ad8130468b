"""What the system's allocator keeps of memory that was freed."""

from __future__ import annotations

import ctypes

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
