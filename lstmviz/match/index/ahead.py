"""Indexes that are built in the background, so that no answer waits for units that were not asked for."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

from lstmviz.dump.corpus.reader import ShardReader
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError
from lstmviz.match.index.store import code_matrices_of, is_in_memory, is_indexed
from lstmviz.types import Pattern

PATIENCE = 3.0  # seconds that the end of the program waits for an index that is not finished to be removed

_threads: dict[tuple[str, str, str], threading.Thread] = {}  # that build, by path and uuid of a dump, and source
_lock, _one_at_a_time = threading.Lock(), threading.Lock()


def index_ahead(dump: DumpReader, name: str) -> None:
    """Begin to build the index of a source in the background, once, unless its codes are made in memory."""
    if is_in_memory(dump, dump.source(name)):
        return
    thread = threading.Thread(target=_index_in_turn, args=(dump, name), name="lstmviz-index", daemon=True)
    with _lock:
        new = [key for key in _keys(dump, name) if key not in _threads]
        if new:
            thread.start()
            _threads.update(dict.fromkeys(new, thread))


def pattern_ahead(dump: DumpReader, pattern: Pattern) -> None:
    """Begin to build the index of each source of a pattern, as ``index_ahead`` does."""
    for name, _ in pattern.bases:
        index_ahead(dump, name)


def is_built_ahead(dump: DumpReader, name: str) -> bool:
    """Tell whether the index of a source is being built in the background, and not there yet."""
    threads = [_threads.get(key) for key in _keys(dump, name)]
    return any(thread is not None and thread.is_alive() for thread in threads) and not is_indexed(dump, name)


def _keys(dump: DumpReader, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield path and uuid of a dump, or of each shard of a corpus, with the source; not every reader has its own."""
    if isinstance(dump, ShardReader):
        return ((shard.path, shard.uuid, name) for shard in dump.shards)
    return iter([(str(dump.path), dump.uuid, name)])


def _index_in_turn(dump: DumpReader, name: str) -> None:
    """Build the index of a source once those before it are built; an error is left to the match that needs it."""
    with _one_at_a_time, suppress(LstmvizError, OSError, RuntimeError):  # the last where the program ends meanwhile
        for reader in dump.readers():
            code_matrices_of(reader, name)


@atexit.register
def _await_removal() -> None:
    """Wait while what is built in the background removes its files: it goes no further than the block it is at."""
    until = time.monotonic() + PATIENCE
    for thread in set(_threads.values()):
        thread.join(max(0.0, until - time.monotonic()))
