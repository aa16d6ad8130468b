"""How often something may happen: a few times at once, then so often a minute."""

from __future__ import annotations

from collections.abc import Callable, Hashable

MOST_KEPT = 1_000  # keys that are kept at a time


class Rate:
    """Allows ``most`` events at once for each key, and as many more every minute.

    Args:
        most: Events at once, and events a minute.
        clock: Returns seconds, from any beginning.
    """

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._left: dict[Hashable, tuple[float, float]] = {}  # how many events, and when that was

    def has_room(self, key: Hashable = None) -> bool:
        """Tell whether one more event is allowed."""
        return self._now(key)[0] >= 1

    def note(self, key: Hashable = None) -> None:
        """Count an event."""
        left, now = self._now(key)
        self._left.pop(key, None)
        self._left[key] = left - 1, now
        if len(self._left) > MOST_KEPT:
            del self._left[next(iter(self._left))]

    def _now(self, key: Hashable) -> tuple[float, float]:
        now = self._clock()
        left, since = self._left.get(key, (float(self._most), now))
        return min(self._most, left + (now - since) * self._most / 60), now
