"""Questions go first: building an index pauses while recorded values are read for an answer."""

from __future__ import annotations

import threading

LONGEST = 1.0  # seconds that a block of an index waits, so that it is built also while one question follows another


class AskedFirst:
    """The questions that read recorded values at the moment; any number may do so at once."""

    def __init__(self) -> None:
        self._n_asking = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._n_asking += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._n_asking -= 1
            self._changed.notify_all()

    def give_way(self) -> None:
        """Wait until no recorded values are read for an answer, but no longer than ``LONGEST``."""
        with self._changed:
            self._changed.wait_for(lambda: not self._n_asking, LONGEST)


asked_first = AskedFirst()
