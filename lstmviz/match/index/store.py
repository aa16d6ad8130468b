"""The index of a dump: each source's codes in two layouts, one for finding runs and one for unions, and fine bytes.

``units`` is unit-major (n_units, n_steps): for a pattern of 8 units, 8 stretches of bytes are read. So is ``fine``,
which is read where a code leaves a threshold undecided. ``rows`` is row-major (n_steps, n_units): background units are
read only for the steps of matches. All are plain files, mapped into memory, next to the dump (``PATH.index/``) or in
the user's cache if that folder cannot be written. They are built again when the dump changes, and may be deleted at any
time. The codes of small sources are kept in memory only.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
import platformdirs
from numpy.typing import NDArray

from lstmviz.dump.memory import MemoryReader
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import DumpError
from lstmviz.match.index.asked_first import asked_first
from lstmviz.match.index.code_files import CodeFile, checksums, n_blocks
from lstmviz.match.index.codes import Coder, Codes, coder_for
from lstmviz.system.asked import for_everybody, look
from lstmviz.system.atomic import replacing
from lstmviz.system.own_files import check_own_folder, lock_file, new_file, open_own, own_folder, read_text
from lstmviz.types import CountProgress, Source

VERSION = 3  # of the layout; an index of another version is built again
SMALL = 2**24  # recorded values; up to here the codes of a source are made in memory, in a tenth of a second
THREADS = 2
BLOCK_VALUES = 2**22  # recorded values read, coded and written at a time
SPARE_BYTES = 2**26  # of the disk that an index leaves free
MINIMA_AT_ONCE = 256  # that are made before it is checked whether they are still wanted
SUM_BYTES = 8  # of a checksum
LOOK_EVERY = 1.0  # seconds between two checks whether an open index was written to


log = logging.getLogger("lstmviz")
_open: WeakKeyDictionary[DumpReader, dict[str, CodeMatrices | None]] = WeakKeyDictionary()


@dataclass
class CodeMatrices:
    """The codes of one source: ``units`` (n_units, n_steps), the same as ``rows`` (n_steps, n_units), and the coder.

    ``fine`` (n_units, n_steps) has the fine bytes. Those on disk are checked with ``check`` before they are used; where
    they are not what was written, the index is built again and the arrays are those of the new one. Each read of them
    counts only if ``is_whole`` afterwards.
    """

    coder: Coder
    units: Codes
    fine: Codes
    rows: Codes
    files: tuple[CodeFile, CodeFile, CodeFile] | None = None  # of the three, if they lie on disk
    build_again: Callable[[], CodeMatrices | None] | None = None
    minimum_steps: ClassVar[int] = 32  # of one minimum: all minima take a thirtieth of the codes' size, in memory
    _minima: Codes | None = None
    _looked: float = field(default_factory=time.monotonic)  # when the files were looked at

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    @property
    def is_whole(self) -> bool:
        """Whether everything that was read so far was there: no file was cut short."""
        return self.files is None or all(file.is_whole for file in self.files)

    def will_read(self, unit: int, is_fine: bool) -> None:
        """Ask the system to read all codes of a unit ahead from the disk, and its fine bytes if they are needed."""
        n_steps = self.units.shape[1]
        for file in (self.files or ())[: 1 + is_fine]:
            file.will_read(unit * n_steps, n_steps)

    def will_read_rows(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> None:
        """Ask the system to read the rows of these spans ahead, if this process has not read them before."""
        if self.files is not None:
            width, file = self.rows.shape[1], self.files[2]
            is_new = file.has_unread(start * width, stop * width)
            for a, b in zip(start[is_new].tolist(), stop[is_new].tolist(), strict=True):
                file.will_read(a * width, (b - a) * width)

    def check(self, unit: int, start: int, stop: int, is_fine: bool) -> None:
        """Make sure that a unit's codes at steps [start, stop) are right, and its fine bytes. Raises DumpError."""
        look()
        n_steps = self.units.shape[1]
        first = unit * n_steps
        for file in self._present()[: 1 + is_fine]:
            if not (file.was_row_checked(unit, n_steps) or file.check(first + start, first + stop)):
                self.renew()

    def was_checked(self, unit: int, is_fine: bool) -> bool:
        """Tell whether all of a unit's codes were found right, and its fine bytes."""
        n_steps = self.units.shape[1]
        return all(file.was_row_checked(unit, n_steps) for file in (self.files or ())[: 1 + is_fine])

    def check_fine(self, units: NDArray[np.int64], start: NDArray[np.int64], stop: NDArray[np.int64]) -> None:
        """Make sure that each unit's codes and fine bytes over its span are right. Raises DumpError."""
        look()
        first = units * self.units.shape[1]
        for file in self._present()[:2]:
            if not file.check_spans(first + start, first + stop):
                self.renew()

    def check_rows(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> None:
        """Make sure that the rows of these spans are right. Raises DumpError."""
        look()
        width = self.rows.shape[1]
        for file in self._present()[2:]:
            if not file.check_spans(start * width, stop * width):
                self.renew()

    def units_at(self, start: int, stop: int) -> Codes:
        """Return the codes of all units at steps [start, stop), (n_units, stop - start). Raises DumpError."""
        look()
        n_units, n_steps = self.units.shape
        begins = np.arange(n_units) * n_steps
        for file in self._present()[:1]:
            if not file.check_spans(begins + start, begins + stop):
                self.renew()
        codes = self.units[:, start:stop] if self.files is None else self.units[:, start:stop].copy()
        if not self.is_whole:
            self.renew()
            return self.units_at(start, stop)
        return codes

    def minima(self) -> Codes:
        """Return each unit's least code of every ``minimum_steps`` steps, (n_steps // minimum_steps, n_units).

        They are made once, which takes as long as reading all rows. Raises DumpError.
        """
        if self._minima is None:
            n_steps, n_units = self.rows.shape
            self.check_rows(np.array([0]), np.array([n_steps]))
            minima = np.empty((n_steps // self.minimum_steps, n_units), np.uint8)
            whole = self.rows[: len(minima) * self.minimum_steps].reshape(len(minima), self.minimum_steps, n_units)
            for first in range(0, len(minima), MINIMA_AT_ONCE):
                look()
                here = slice(first, first + MINIMA_AT_ONCE)
                whole[here].min(axis=1, out=minima[here])
            if not self.is_whole:
                self.renew()
                return self.minima()
            self._minima = minima
        return self._minima

    def renew(self) -> None:
        """Build the index again. Raises DumpError where no folder has room for it, or the dump cannot be read."""
        wrong = self.files
        with self._lock:
            if self.files is not wrong or self.build_again is None:  # another thread did
                return
            fresh = self.build_again()
            if fresh is None:
                raise DumpError("the index is damaged and cannot be built again; make room, or delete it")
            self.units, self.fine, self.rows, self.files = fresh.units, fresh.fine, fresh.rows, fresh.files
            self._minima = None

    def _present(self) -> tuple[CodeFile, ...]:
        """Return the files; now and then, first look whether anybody wrote to them, and check all of them if so."""
        if self.files is not None and (now := time.monotonic()) - self._looked > LOOK_EVERY:
            self._looked = now
            if not all(file.is_unchanged() for file in self.files):
                self.renew()
        return self.files or ()


def index_size(source: Source) -> int:
    """Return the size of a source's index in bytes: a code for each value in each of two layouts, and a fine byte."""
    return 3 * source.n_steps * source.n_units


def is_small(source: Source) -> bool:
    """Tell whether a source's codes are made in memory, not kept on disk."""
    return source.n_steps * source.n_units <= SMALL


def is_in_memory(dump: DumpReader, source: Source) -> bool:
    """Tell whether codes are made in memory: those of a small source, or of a dump that is in memory itself."""
    return is_small(source) or isinstance(dump, MemoryReader)


def code_matrices_of(dump: DumpReader, name: str) -> CodeMatrices | None:
    """Return a source's codes, which are made if they are not there; None if no folder has room for them."""
    opened = _open.setdefault(dump, {})
    if name not in opened:
        source = dump.source(name)
        opened[name] = _codes_in_memory(dump, source) if is_in_memory(dump, source) else build_index(dump, name)
    return opened[name]


def is_indexed(dump: DumpReader, name: str) -> bool:
    """Tell whether a source's codes are on disk, which means that all its present values have been read before."""
    source = dump.source(name)
    if is_in_memory(dump, source):
        return False
    opened = _open.setdefault(dump, {})
    if name not in opened:
        codes = next((c for folder in _folders(dump) if (c := _open_index(dump, source, folder))), None)
        if codes is None:
            return False
        opened[name] = codes
    return opened[name] is not None


def build_index(
    dump: DumpReader, name: str, progress: CountProgress | None = None, *, is_suspect: bool = False
) -> CodeMatrices | None:
    """Return a source's codes from its index on disk, which is built under a lock if it is missing or out of date.

    One that ``is_suspect`` is read whole first, and built again, with a line in the log, if it is not right. Returns
    None, with a line in the log, if neither the dump's folder nor the user's cache has room for it.
    """
    source = dump.source(name)
    for folder in _folders(dump):
        try:
            own_folder(folder, dump.path)
            with for_everybody(), lock_file(_files(source, folder)[0].with_suffix(".lock")):
                there = _open_index(dump, source, folder)
                if there is not None and is_suspect and not is_right(there):
                    log.warning("the index of %s at %s is damaged; it is built again", name, folder)
                    there = None
                return there or _build(dump, source, folder, progress)
        except OSError as err:
            log.info("no index at %s: %s", folder, err)
    log.warning(
        "the index of %s needs %d bytes but no folder has room; matching reads values", name, index_size(source)
    )
    return None


def build_indexes(dump: DumpReader) -> None:
    """Build the index of every source that is kept on disk.

    Raises DumpError where one cannot be kept, and what reading the dump raises.
    """
    for source in dump.sources.values():
        if not is_in_memory(dump, source) and build_index(dump, source.name) is None:
            n = index_size(source)
            raise DumpError(f"the index of {source.name} cannot be kept; free {n:,} bytes beside the dump or at home")


def built_shares(dump: DumpReader) -> Iterator[tuple[str, float]]:
    """Yield the name of each source whose index is being built, by any process, and the share that is written, 0 to 1.

    A corpus has a share for each source: of all the steps of its dumps.
    """
    readers = list(dump.readers())
    for source in dump.sources.values():
        if is_in_memory(dump, source):
            continue
        written = [_written(reader, reader.source(source.name)) for reader in readers]
        if any(is_begun for is_begun, _ in written):
            yield source.name, sum(n for _, n in written) / (source.n_steps * source.n_units)


def _written(dump: DumpReader, source: Source) -> tuple[bool, int]:
    """Return whether an index is being built, and how many codes of one are written."""
    for folder in _folders(dump):
        description, *_, rows = _files(source, folder)
        with suppress(OSError):
            n = min(rows.stat().st_size, source.n_steps * source.n_units)
            return not description.exists(), n
    return False, 0


def open_indexes(dump: DumpReader) -> Iterator[tuple[str, CodeMatrices]]:
    """Yield the name and the codes of each source of a dump that has an index on disk."""
    for source in dump.sources.values():
        for folder in _folders(dump):
            if not is_in_memory(dump, source) and (codes := _open_index(dump, source, folder)) is not None:
                yield source.name, codes
                break


def unusable_indexes(dump: DumpReader) -> Iterator[str]:
    """Yield the name of each source whose index beside a dump is cut, or not one of the present values."""
    folder = index_folder(dump)
    for source in dump.sources.values():
        is_there = not is_in_memory(dump, source) and os.path.lexists(_files(source, folder)[0])
        if is_there and _open_index(dump, source, folder) is None:
            yield source.name


def is_right(codes: CodeMatrices) -> bool:
    """Read all codes, and tell whether they are those that were written."""
    return all(file.check(0, len(file.codes)) for file in codes.files or ())


def index_folder(dump: DumpReader) -> Path:
    """Return the folder next to a dump that holds its index if it can be written."""
    return dump.path.with_name(dump.path.name + ".index")


def _folders(dump: DumpReader) -> Iterator[Path]:
    """Yield the folders that an index may lie in: next to the dump, then in the user's cache."""
    yield index_folder(dump)
    yield platformdirs.user_cache_path("lstmviz") / "index" / hashlib.sha256(dump.uuid.encode()).hexdigest()[:32]


def _description(dump: DumpReader, source: Source, sums: bytes) -> dict[str, object]:
    """Return what the description of an index on disk must be for this source, as its values are now."""
    info = dump.path.stat()
    boundaries = coder_for(source.dtype, source.view).boundaries.tobytes()
    return {
        "version": VERSION,
        "dump": [dump.uuid, info.st_size, info.st_mtime_ns],
        "source": [source.name, source.n_steps, source.n_units, source.dtype, source.view],
        "boundaries": hashlib.sha256(boundaries).hexdigest(),
        "sums": hashlib.sha256(sums).hexdigest(),
    }


def _files(source: Source, folder: Path) -> tuple[Path, Path, Path, Path, Path]:
    """Return the files of an index: description, checksums, units, fine and rows."""
    stem = hashlib.sha256(source.name.encode()).hexdigest()[:16]
    names = (f"{stem}.{kind}" for kind in ("json", "sums", "units", "fine", "rows"))
    description, sums, units, fine, rows = (folder / name for name in names)
    return description, sums, units, fine, rows


def _open_index(dump: DumpReader, source: Source, folder: Path) -> CodeMatrices | None:
    """Return the codes of an index on disk; None if there is none, or not one of the present values."""
    description, sums_file, *layouts = _files(source, folder)
    n_values = source.n_steps * source.n_units
    try:
        check_own_folder(folder, dump.path)
        with open_own(sums_file) as file:
            raw = file.read(3 * n_blocks(n_values) * SUM_BYTES + 1)
        if json.loads(read_text(description)) != _description(dump, source, raw):
            return None
        sums = np.frombuffer(raw, "<u8").reshape(3, n_blocks(n_values))
        units, fine, rows = [CodeFile(path, n_values, of) for path, of in zip(layouts, sums, strict=True)]
    except (OSError, ValueError, RecursionError):
        return None
    shape, reader = (source.n_steps, source.n_units), weakref.ref(dump)

    def build_again() -> CodeMatrices | None:
        opened = reader()
        return None if opened is None else build_index(opened, source.name, is_suspect=True)

    return CodeMatrices(
        coder_for(source.dtype, source.view),
        units.codes.reshape(shape[::-1]),
        fine.codes.reshape(shape[::-1]),
        rows.codes.reshape(shape),
        (units, fine, rows),
        build_again,
    )


def _build(dump: DumpReader, source: Source, folder: Path, progress: CountProgress | None) -> CodeMatrices:
    """Write all layouts block by block, and the description last, so that a partial index is never used."""
    paths = description, sums_file, *layouts = _files(source, folder)
    n_bytes, n_free = index_size(source), shutil.disk_usage(folder).free
    for path in paths:
        path.unlink(missing_ok=True)
    if n_free < n_bytes + SPARE_BYTES:
        raise OSError(f"the index needs {n_bytes} bytes and {n_free} are free")
    log.info("indexing %s: %d bytes at %s", source.name, n_bytes, folder)
    try:
        with ExitStack() as files:
            by_unit, fine_by_unit, by_row = (files.enter_context(new_file(path)) for path in layouts)
            for block in coded_blocks(dump, source):
                asked_first.give_way()
                _write_at(by_row, block.start * source.n_units, block.rows)
                for file, layout in ((by_unit, block.units), (fine_by_unit, block.fine)):
                    for unit, line in enumerate(layout):
                        _write_at(file, unit * source.n_steps + block.start, line)
                if progress is not None:
                    progress(block.start + len(block.rows), source.n_steps)
            with ThreadPoolExecutor() as pool:
                sums = b"".join(pool.map(_synced_sums, (by_unit, fine_by_unit, by_row)))
        with replacing(sums_file, sync=True) as temporary:
            temporary.write_bytes(sums)
        with replacing(description) as temporary:
            temporary.write_text(json.dumps(_description(dump, source, sums)), "utf-8")
    except BaseException:
        for path in paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise
    built = _open_index(dump, source, folder)
    if built is None:
        raise DumpError(f"{dump.path} changed while it was indexed; open it again")
    return built


def _synced_sums(file: FileIO) -> bytes:
    """Return the checksums of a file that is on the disk: the codes must be there before the description says so."""
    os.fsync(file.fileno())
    return checksums(file).astype("<u8").tobytes()


def _write_at(file: FileIO, offset: int, codes: Codes) -> None:
    """Write codes at an offset; a mapped file would kill the process when the disk is full, a write raises."""
    data = memoryview(np.ascontiguousarray(codes).reshape(-1).data)
    file.seek(offset)
    while data:
        data = data[file.write(data) :]


@dataclass(frozen=True)
class CodedBlock:
    """The codes of some steps in each layout: ``rows`` (steps, units), ``units`` and ``fine`` (units, steps)."""

    start: int
    rows: Codes
    units: Codes
    fine: Codes


def coded_blocks(dump: DumpReader, source: Source, units: Sequence[int] | None = None) -> Iterator[CodedBlock]:
    """Yield blocks of the codes of some units (None: all) in order; threads code the next blocks meanwhile."""
    coder, states = coder_for(source.dtype, source.view), dump.states(source.name)
    n_rows = max(1, BLOCK_VALUES // source.n_units)

    def code(start: int) -> CodedBlock:
        values = states[start : start + n_rows]
        places = coder.places(values if units is None else values[:, units])
        by_unit = np.ascontiguousarray(places.T)
        codes, fine = ((by_unit >> 8).astype(np.uint8), by_unit.astype(np.uint8))
        return CodedBlock(start, (places >> 8).astype(np.uint8), codes, fine)

    with ThreadPoolExecutor(THREADS) as pool:
        ahead: deque[Future[CodedBlock]] = deque()
        for start in range(0, source.n_steps, n_rows):
            ahead.append(pool.submit(code, start))
            if len(ahead) > THREADS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _codes_in_memory(dump: DumpReader, source: Source) -> CodeMatrices:
    rows = np.empty((source.n_steps, source.n_units), np.uint8)
    units, fine = np.empty(rows.shape[::-1], np.uint8), np.empty(rows.shape[::-1], np.uint8)
    for block in coded_blocks(dump, source):
        here = slice(block.start, block.start + len(block.rows))
        rows[here], units[:, here], fine[:, here] = block.rows, block.units, block.fine
    return CodeMatrices(coder_for(source.dtype, source.view), units, fine, rows)
