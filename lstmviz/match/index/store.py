"""The index of a dump: each source's codes in two layouts, one for finding runs and one for unions.

``units`` is unit-major (n_units, n_steps): a pattern of 8 units reads 8 stretches of bytes. ``rows`` is row-major
(n_steps, n_units): the units beside a pattern are read for the steps of a match alone. Both are plain files, mapped
into memory, next to the dump (``PATH.index/``) or in the user's cache folder where that cannot be written. They are
made again when the dump's fingerprint changes, and may be deleted at any time. A small source has them in memory.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import shutil
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from weakref import WeakKeyDictionary

import filelock
import numpy as np
import platformdirs
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import DumpError
from lstmviz.match.index.codes import Coder, Codes, coder_for
from lstmviz.system.atomic import replacing
from lstmviz.types import CountProgress, Source

VERSION = 1  # of the layout; another one is built anew
SMALL = 2**24  # recorded values; up to here a source's codes are made in memory, in a tenth of a second
THREADS = 2
BLOCK_VALUES = 2**21  # recorded values read, coded and written at a time


log = logging.getLogger("lstmviz")
_open: WeakKeyDictionary[DumpReader, dict[str, CodeMatrices | None]] = WeakKeyDictionary()


@dataclass(frozen=True)
class CodeMatrices:
    """The codes of one source, shape (n_units, n_steps) and (n_steps, n_units), and what they mean."""

    coder: Coder
    units: Codes
    rows: Codes
    maps: tuple[mmap.mmap, mmap.mmap] | None = None  # of both, where they lie in files

    def will_read(self, unit: int) -> None:
        """Tell the system that all of a unit's codes are wanted soon, so that it reads ahead from the disk."""
        self._advise(0, unit * self.units.shape[1], self.units.shape[1])

    def will_read_rows(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> None:
        """Tell the system that the rows of these spans are wanted soon."""
        width = self.rows.shape[1]
        for a, b in zip(start.tolist(), stop.tolist(), strict=True):
            self._advise(1, a * width, (b - a) * width)

    def _advise(self, which: int, start: int, length: int) -> None:
        if self.maps is not None and hasattr(mmap, "MADV_WILLNEED"):
            first = start - start % mmap.PAGESIZE
            self.maps[which].madvise(mmap.MADV_WILLNEED, first, start + length - first)


def index_size(source: Source) -> int:
    """Return the bytes of a source's index: one byte a value in each of the two layouts."""
    return 2 * source.n_steps * source.n_units


def is_small(source: Source) -> bool:
    """Tell whether a source's codes are made in memory when they are asked for, and not kept on disk."""
    return source.n_steps * source.n_units <= SMALL


def code_matrices_of(dump: DumpReader, name: str) -> CodeMatrices | None:
    """Return a source's codes: those kept, or made now; None where they can be kept nowhere."""
    kept = _open.setdefault(dump, {})
    if name not in kept:
        source = dump.source(name)
        if is_small(source):
            kept[name] = _in_memory(dump, source)
        else:
            kept[name] = build_index(dump, name)
    return kept[name]


def is_indexed(dump: DumpReader, name: str) -> bool:
    """Tell whether a source's codes are kept on disk: its values, as they are now, were then all read and checked."""
    source = dump.source(name)
    if is_small(source):
        return False
    kept = _open.setdefault(dump, {})
    if name not in kept:
        planes = next((p for folder in _folders(dump) if (p := _kept(dump, source, folder))), None)
        if planes is None:
            return False
        kept[name] = planes
    return kept[name] is not None


def build_index(dump: DumpReader, name: str, progress: CountProgress | None = None) -> CodeMatrices | None:
    """Return a source's codes from its index on disk, made under a lock if it is not there or not the dump's.

    Returns None, and says so in the log, where neither the dump's folder nor the user's cache can hold it.
    """
    source = dump.source(name)
    for folder in _folders(dump):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(folder / ".lock"):
                return _kept(dump, source, folder) or _build(dump, source, folder, progress)
        except OSError as err:
            log.info("no index at %s: %s", folder, err)
    log.warning("the index of %s needs %d bytes and no folder has them; matching reads all", name, index_size(source))
    return None


def index_folder(dump: DumpReader) -> Path:
    """Return the folder next to a dump in which its index is kept if it can be written."""
    return dump.path.with_name(dump.path.name + ".index")


def _folders(dump: DumpReader) -> Iterator[Path]:
    yield index_folder(dump)
    yield platformdirs.user_cache_path("lstmviz") / "index" / hashlib.sha256(dump.uuid.encode()).hexdigest()[:32]


def _card(dump: DumpReader, source: Source) -> dict[str, object]:
    """Return what an index on disk must say of itself to be this source's."""
    info = dump.path.stat()
    boundaries = coder_for(source.dtype, source.view).boundaries.tobytes()
    return {
        "version": VERSION,
        "dump": [dump.uuid, info.st_size, info.st_mtime_ns],
        "source": [source.name, source.n_steps, source.n_units, source.dtype, source.view],
        "boundaries": hashlib.sha256(boundaries).hexdigest(),
    }


def _files(source: Source, folder: Path) -> tuple[Path, Path, Path]:
    stem = hashlib.sha256(source.name.encode()).hexdigest()[:16]
    return folder / f"{stem}.json", folder / f"{stem}.units", folder / f"{stem}.rows"


def _kept(dump: DumpReader, source: Source, folder: Path) -> CodeMatrices | None:
    card, units, rows = _files(source, folder)
    n_values = source.n_steps * source.n_units
    try:
        is_ours = json.loads(card.read_text("utf-8")) == _card(dump, source)
        if not is_ours or units.stat().st_size != n_values or rows.stat().st_size != n_values:
            return None
    except (OSError, ValueError):
        return None
    coder = coder_for(source.dtype, source.view)
    maps = _map(units), _map(rows)
    by_unit, by_row = (np.frombuffer(m, np.uint8) for m in maps)
    shape = source.n_steps, source.n_units
    return CodeMatrices(coder, by_unit.reshape(shape[::-1]), by_row.reshape(shape), maps)


def _map(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _build(dump: DumpReader, source: Source, folder: Path, progress: CountProgress | None) -> CodeMatrices:
    """Write both layouts block by block; the card comes last, so half an index is never taken for one."""
    card, units, rows = _files(source, folder)
    needed, free = index_size(source), shutil.disk_usage(folder).free
    card.unlink(missing_ok=True)
    for old in (units, rows):
        old.unlink(missing_ok=True)
    if free < needed + 2**26:
        raise OSError(f"the index needs {needed} bytes and {free} are free")
    log.info("indexing %s: %d bytes at %s", source.name, needed, folder)
    try:
        with units.open("wb", buffering=0) as by_unit, rows.open("wb", buffering=0) as by_row:
            for start, codes, lines in _coded(dump, source):
                _write_at(by_row, start * source.n_units, codes)
                for unit, line in enumerate(lines):
                    _write_at(by_unit, unit * source.n_steps + start, line)
                if progress is not None:
                    progress(start + len(codes), source.n_steps)
            os.fsync(by_unit.fileno())  # the card vouches for what is on the disk, not for what is on its way
            os.fsync(by_row.fileno())
        with replacing(card) as half:
            half.write_text(json.dumps(_card(dump, source)), "utf-8")
    except BaseException:
        for path in (card, units, rows):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise
    planes = _kept(dump, source, folder)
    if planes is None:
        raise DumpError(f"{dump.path} changed while it was indexed; open it again")
    return planes


def _write_at(file: FileIO, offset: int, codes: Codes) -> None:
    """Write codes at a place; plain writes, for a mapped file would end the process where the disk is full."""
    data = memoryview(np.ascontiguousarray(codes).reshape(-1).data)
    file.seek(offset)
    while data:
        data = data[file.write(data) :]


def _coded(dump: DumpReader, source: Source) -> Iterator[tuple[int, Codes, Codes]]:
    """Yield (first step, codes by row, codes by unit) in order, the next blocks coded while one is written."""
    coder, states = coder_for(source.dtype, source.view), dump.states(source.name)
    n_rows = max(1, BLOCK_VALUES // source.n_units)

    def code(start: int) -> tuple[int, Codes, Codes]:
        codes = coder.encode(states[start : start + n_rows])
        return start, codes, np.ascontiguousarray(codes.T)

    with ThreadPoolExecutor(THREADS) as pool:
        ahead: deque[Future[tuple[int, Codes, Codes]]] = deque()
        for start in range(0, source.n_steps, n_rows):
            ahead.append(pool.submit(code, start))
            if len(ahead) > THREADS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _in_memory(dump: DumpReader, source: Source) -> CodeMatrices:
    rows = np.empty((source.n_steps, source.n_units), np.uint8)
    for start, codes, _ in _coded(dump, source):
        rows[start : start + len(codes)] = codes
    return CodeMatrices(coder_for(source.dtype, source.view), np.ascontiguousarray(rows.T), rows)
