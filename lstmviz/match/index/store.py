"""The index of a dump: each source's codes in two layouts, one for finding runs and one for unions.

``units`` is unit-major (n_units, n_steps): for a pattern of 8 units, 8 stretches of bytes are read. ``rows`` is
row-major (n_steps, n_units): background units are read only for the steps of matches. Both are plain files, mapped into
memory, next to the dump (``PATH.index/``) or in the user's cache if that folder cannot be written. They are built again
when the dump changes, and may be deleted at any time. The codes of small sources are kept in memory only.
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

from lstmviz.dump.memory import MemoryReader
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import DumpError
from lstmviz.match.index.codes import Coder, Codes, coder_for
from lstmviz.system.atomic import replacing
from lstmviz.types import CountProgress, Source

VERSION = 1  # of the layout; an index of another version is built again
SMALL = 2**24  # recorded values; up to here the codes of a source are made in memory, in a tenth of a second
THREADS = 2
BLOCK_VALUES = 2**21  # recorded values read, coded and written at a time
SPARE_BYTES = 2**26  # of the disk that an index leaves free


log = logging.getLogger("lstmviz")
_open: WeakKeyDictionary[DumpReader, dict[str, CodeMatrices | None]] = WeakKeyDictionary()


@dataclass(frozen=True)
class CodeMatrices:
    """The codes of one source: ``units`` (n_units, n_steps), the same as ``rows`` (n_steps, n_units), and the coder."""

    coder: Coder
    units: Codes
    rows: Codes
    maps: tuple[mmap.mmap, mmap.mmap] | None = None  # the mapped files of units and rows, if they lie on disk

    def will_read(self, unit: int) -> None:
        """Tell the system that all codes of a unit will be read soon, so that it reads ahead from the disk."""
        self._advise(0, unit * self.units.shape[1], self.units.shape[1])

    def will_read_rows(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> None:
        """Tell the system that the rows of these spans will be read soon."""
        width = self.rows.shape[1]
        for a, b in zip(start.tolist(), stop.tolist(), strict=True):
            self._advise(1, a * width, (b - a) * width)

    def _advise(self, file: int, start: int, length: int) -> None:
        if self.maps is not None and hasattr(mmap, "MADV_WILLNEED"):
            first = start - start % mmap.PAGESIZE
            self.maps[file].madvise(mmap.MADV_WILLNEED, first, start + length - first)


def index_size(source: Source) -> int:
    """Return the size of a source's index in bytes: one byte a value in each of the two layouts."""
    return 2 * source.n_steps * source.n_units


def is_small(source: Source) -> bool:
    """Tell whether a source's codes are made in memory, not kept on disk."""
    return source.n_steps * source.n_units <= SMALL


def _is_in_memory(dump: DumpReader, source: Source) -> bool:
    """Tell whether codes are made in memory: those of a small source, or of a dump that is in memory itself."""
    return is_small(source) or isinstance(dump, MemoryReader)


def code_matrices_of(dump: DumpReader, name: str) -> CodeMatrices | None:
    """Return a source's codes, which are made if they are not there; None if no folder has room for them."""
    opened = _open.setdefault(dump, {})
    if name not in opened:
        source = dump.source(name)
        opened[name] = _codes_in_memory(dump, source) if _is_in_memory(dump, source) else build_index(dump, name)
    return opened[name]


def is_indexed(dump: DumpReader, name: str) -> bool:
    """Tell whether a source's codes are on disk, which means that all its present values have been read before."""
    source = dump.source(name)
    if _is_in_memory(dump, source):
        return False
    opened = _open.setdefault(dump, {})
    if name not in opened:
        codes = next((c for folder in _folders(dump) if (c := _open_index(dump, source, folder))), None)
        if codes is None:
            return False
        opened[name] = codes
    return opened[name] is not None


def build_index(dump: DumpReader, name: str, progress: CountProgress | None = None) -> CodeMatrices | None:
    """Return a source's codes from its index on disk, which is built under a lock if it is missing or out of date.

    Returns None, with a line in the log, if neither the dump's folder nor the user's cache has room for it.
    """
    source = dump.source(name)
    for folder in _folders(dump):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(folder / ".lock"):
                return _open_index(dump, source, folder) or _build(dump, source, folder, progress)
        except OSError as err:
            log.info("no index at %s: %s", folder, err)
    log.warning(
        "the index of %s needs %d bytes but no folder has room; matching reads values", name, index_size(source)
    )
    return None


def index_folder(dump: DumpReader) -> Path:
    """Return the folder next to a dump that holds its index if it can be written."""
    return dump.path.with_name(dump.path.name + ".index")


def _folders(dump: DumpReader) -> Iterator[Path]:
    """Yield the folders that an index may lie in: next to the dump, then in the user's cache."""
    yield index_folder(dump)
    yield platformdirs.user_cache_path("lstmviz") / "index" / hashlib.sha256(dump.uuid.encode()).hexdigest()[:32]


def _fingerprint(dump: DumpReader, source: Source) -> dict[str, object]:
    """Return what the description of an index on disk must be for this source, as its values are now."""
    info = dump.path.stat()
    boundaries = coder_for(source.dtype, source.view).boundaries.tobytes()
    return {
        "version": VERSION,
        "dump": [dump.uuid, info.st_size, info.st_mtime_ns],
        "source": [source.name, source.n_steps, source.n_units, source.dtype, source.view],
        "boundaries": hashlib.sha256(boundaries).hexdigest(),
    }


def _files(source: Source, folder: Path) -> tuple[Path, Path, Path]:
    """Return the files of an index: description, units and rows."""
    stem = hashlib.sha256(source.name.encode()).hexdigest()[:16]
    return folder / f"{stem}.json", folder / f"{stem}.units", folder / f"{stem}.rows"


def _open_index(dump: DumpReader, source: Source, folder: Path) -> CodeMatrices | None:
    """Return the codes of an index on disk; None if there is none, or not one of the present values."""
    description, units, rows = _files(source, folder)
    n_values = source.n_steps * source.n_units
    try:
        is_current = json.loads(description.read_text("utf-8")) == _fingerprint(dump, source)
        if not is_current or units.stat().st_size != n_values or rows.stat().st_size != n_values:
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
    """Write both layouts block by block, and the description last, so that a partial index is never used."""
    paths = description, units, rows = _files(source, folder)
    n_bytes, n_free = index_size(source), shutil.disk_usage(folder).free
    for path in paths:
        path.unlink(missing_ok=True)
    if n_free < n_bytes + SPARE_BYTES:
        raise OSError(f"the index needs {n_bytes} bytes and {n_free} are free")
    log.info("indexing %s: %d bytes at %s", source.name, n_bytes, folder)
    try:
        with units.open("wb", buffering=0) as by_unit, rows.open("wb", buffering=0) as by_row:
            for start, codes, codes_by_unit in _coded_blocks(dump, source):
                _write_at(by_row, start * source.n_units, codes)
                for unit, unit_codes in enumerate(codes_by_unit):
                    _write_at(by_unit, unit * source.n_steps + start, unit_codes)
                if progress is not None:
                    progress(start + len(codes), source.n_steps)
            os.fsync(by_unit.fileno())  # the codes must be on the disk before the description says so
            os.fsync(by_row.fileno())
        with replacing(description) as temporary:
            temporary.write_text(json.dumps(_fingerprint(dump, source)), "utf-8")
    except BaseException:
        for path in paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise
    built = _open_index(dump, source, folder)
    if built is None:
        raise DumpError(f"{dump.path} changed while it was indexed; open it again")
    return built


def _write_at(file: FileIO, offset: int, codes: Codes) -> None:
    """Write codes at an offset; a mapped file would kill the process when the disk is full, a write raises."""
    data = memoryview(np.ascontiguousarray(codes).reshape(-1).data)
    file.seek(offset)
    while data:
        data = data[file.write(data) :]


def _coded_blocks(dump: DumpReader, source: Source) -> Iterator[tuple[int, Codes, Codes]]:
    """Yield (first step, codes by row, codes by unit) in order; threads code the next blocks meanwhile."""
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


def _codes_in_memory(dump: DumpReader, source: Source) -> CodeMatrices:
    rows = np.empty((source.n_steps, source.n_units), np.uint8)
    for start, codes, _ in _coded_blocks(dump, source):
        rows[start : start + len(codes)] = codes
    return CodeMatrices(coder_for(source.dtype, source.view), np.ascontiguousarray(rows.T), rows)
