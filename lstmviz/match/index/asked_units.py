"""The codes of the units that a question asks for, while the index of all units is built in the background."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from lstmviz.dump.reader import DumpReader
from lstmviz.match.index.ahead import is_built_ahead
from lstmviz.match.index.asked_first import asked_first
from lstmviz.match.index.codes import coder_for
from lstmviz.match.index.store import CodeMatrices, code_matrices_of, coded_blocks
from lstmviz.system.asked import look

MOST_BYTES = 2**28  # of codes and fine bytes that are made for questions on one source; beyond, the index is waited for


@dataclass
class _Made:
    """Codes of a source of which some units are filled in, by whoever has the lock."""

    codes: CodeMatrices
    units: set[int] = field(default_factory=set)
    lock: Any = field(default_factory=threading.Lock)


_made: WeakKeyDictionary[DumpReader, dict[str, _Made]] = WeakKeyDictionary()
_making = threading.Lock()


def codes_of_units(dump: DumpReader, name: str, units: Collection[int]) -> CodeMatrices | None:
    """Return codes and fine bytes of some units of a source at least; None if no folder has room for an index.

    They are those of the index. While that is built in the background they are made of the recorded values, which are
    read once for it; such codes have no rows.
    """
    if not is_built_ahead(dump, name):
        _made.get(dump, {}).pop(name, None)
        return code_matrices_of(dump, name)
    with _making:
        of_dump = _made.setdefault(dump, {})
        made = of_dump[name] = of_dump.get(name) or _Made(_no_codes(dump, name))
    with asked_first, made.lock:
        missing = sorted(set(units) - made.units)
        if 2 * len(made.units.union(missing)) * made.codes.units.shape[1] <= MOST_BYTES:
            if missing:
                _fill(made.codes, dump, name, missing)
                made.units.update(missing)
            return made.codes
    return code_matrices_of(dump, name)


def _no_codes(dump: DumpReader, name: str) -> CodeMatrices:
    """Return codes of which none is filled in; the system gives memory only to those that are."""
    source = dump.source(name)
    units, fine = (np.zeros((source.n_units, source.n_steps), np.uint8) for _ in range(2))
    return CodeMatrices(coder_for(source.dtype, source.view), units, fine, np.zeros((0, source.n_units), np.uint8))


def _fill(codes: CodeMatrices, dump: DumpReader, name: str, units: list[int]) -> None:
    for block in coded_blocks(dump, dump.source(name), units):
        look()
        here = slice(block.start, block.start + len(block.rows))
        codes.units[units, here], codes.fine[units, here] = block.units, block.fine
