"""The codes of the units that a question asks for, while the index of all units is built in the background."""

from __future__ import annotations

from collections.abc import Collection
from weakref import WeakKeyDictionary

import numpy as np

from lstmviz.dump.reader import DumpReader
from lstmviz.match.index.codes import coder_for
from lstmviz.match.index.store import CodeMatrices, asked_first, code_matrices_of, coded_blocks, is_built_ahead
from lstmviz.system.asked import look

MOST_BYTES = 2**28  # of codes and fine bytes that are made for questions on one source; beyond, the index is waited for

_made: WeakKeyDictionary[DumpReader, dict[str, tuple[CodeMatrices, set[int]]]] = WeakKeyDictionary()


def codes_of_units(dump: DumpReader, name: str, units: Collection[int]) -> CodeMatrices | None:
    """Return codes and fine bytes of some units of a source at least; None if no folder has room for an index.

    They are those of the index. While that is built in the background they are made of the recorded values, which are
    read once for it; such codes have no rows.
    """
    if not is_built_ahead(dump, name):
        _made.get(dump, {}).pop(name, None)
        return code_matrices_of(dump, name)
    with asked_first:
        codes, present = _made.setdefault(dump, {}).setdefault(name, (_no_codes(dump, name), set()))
        missing = sorted(set(units) - present)
        if 2 * len(present.union(missing)) * codes.units.shape[1] <= MOST_BYTES:
            if missing:
                _fill(codes, dump, name, missing)
                present.update(missing)
            return codes
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
