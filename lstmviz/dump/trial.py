"""The first reading of an HDF5 file of unknown origin, in a process that HDF5 may bring down in place of this one.

HDF5's library does not survive every file: a changed number can end its process, keep it busy for ever, or make it ask
for any amount of memory. So each file is read whole in a child process first, once: it has limits of memory and time. A
file that lstmviz has just written is known; what was read in a child is remembered in the user's cache.

Linux holds the child to its memory, and every Unix to its time on the processor. Elsewhere the child is watched from
here, and ended.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from lstmviz.errors import DumpError, LstmvizError
from lstmviz.system.cache import cache_folder
from lstmviz.system.holes import stored_bytes
from lstmviz.system.memory import resident_bytes
from lstmviz.system.own_files import new_file
from lstmviz.system.worker import command, signal_name

KIND = "tried"  # the folder in the user's cache
MEMORY = 400 * 2**20  # bytes that the child may take on top of what it has at its start: a chunk has 64 MB at most
SECONDS = 8.0  # of the processor for any file, plus those for its size
SECONDS_PER_BYTE = 1 / 20e6
BLOCK_BYTES = 2**24  # read at a time
SECONDS_PER_FILE = 0.1  # where a child reads many
MANY = 500  # files that one child reads
MOST_KEPT = 100_000  # files that are remembered; then all are forgotten
MOST_OBJECTS = 100_000  # groups and data sets, and attributes
IN_CHILD = "LSTMVIZ_READS_FIRST"  # in the environment of the child
REFUSED = "it is damaged or hostile, and is not read; copy or record it again"

OUT_OF_MEMORY, TOO_MUCH, SHORT_CHUNK = 5, 6, 7  # exit codes of the child
HAS_TIMER = hasattr(signal, "SIGPROF")  # the signal that ends a process once its time on the processor is used up
TOO_LONG = -signal.SIGPROF if HAS_TIMER else None
PATIENCE = 10 if HAS_TIMER else 1  # times that limit, by the clock: a busy machine lets a child wait
IS_HELD = sys.platform == "linux"  # whether the system limits the child's memory; macOS takes a limit and ignores it
LOOK_EVERY = 0.05  # seconds between two looks at the memory of a child, where the system does not limit it
START_MEMORY = 100 * 2**20  # bytes, more than the child has before it reads
CHECKS = 2  # the version of the child's checks: raise it when one is added, so that all files are read anew

_known: set[str] = set()
_own: set[tuple[int, ...]] = set()  # written here; without the time of change, which renaming into place changes


def know(path: Path) -> None:
    """Note that a file was written by this process, or read whole in another, as it is now."""
    with suppress(OSError):
        _own.add(_file_facts(path))


def require(path: Path, called: Path) -> None:
    """Have a file read whole in a child process, unless it is known. DumpError where the child does not survive it.

    A file whose damage HDF5 itself reports is let through: whoever reads it says what is wrong.
    """
    identity = _unread_identity(path)
    if identity is not None:
        with suppress(OSError):  # where no process can be started, it is read here, with the checks there are
            _read_in_child(path, called)
            _remember([identity])


def require_many(paths: Sequence[Path]) -> None:
    """Have files read whole by few child processes; what no child survives is left to ``require``."""
    unknown = [(path, identity) for path in paths if (identity := _unread_identity(path)) is not None]
    while len(unknown) > 1:
        some = unknown[:MANY]
        n_read = _read_many_in_child([path for path, _ in some])
        _remember([identity for _, identity in some[:n_read]])
        unknown = unknown[n_read + (n_read < len(some)) :]


def _unread_identity(path: Path) -> str | None:
    """Return the identity of a file that was not read whole yet; None for one that was, or that is not there."""
    if os.environ.get(IN_CHILD):
        return None
    try:
        identity = _identity(path)
    except OSError:  # whoever opens it says why
        return None
    if identity in _known or _file_facts(path) in _own:
        return None
    marker = _marker(identity)
    if marker is not None and marker.exists():
        _known.add(identity)
        return None
    return identity


def _remember(identities: Sequence[str]) -> None:
    """Remember files that were read whole."""
    _known.update(identities)
    markers = [marker for identity in identities if (marker := _marker(identity)) is not None]
    if markers:
        with suppress(OSError):
            if sum(1 for _ in markers[0].parent.iterdir()) > MOST_KEPT:
                shutil.rmtree(markers[0].parent)
                markers[0].parent.mkdir()
            for path in markers:
                new_file(path).close()


def _identity(path: Path) -> str:
    """Return a digest that changes when the file does, or the library that is to read it.

    Whoever writes a file may set its time of modification, but not that of its change.
    """
    facts = *_file_facts(path), path.stat().st_ctime_ns, _library(), CHECKS
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:40]


def _file_facts(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _marker(identity: str) -> Path | None:
    try:
        return cache_folder(KIND) / identity
    except LstmvizError:
        return None


@cache
def _library() -> str:
    return version("h5py")


def _read_in_child(path: Path, called: Path) -> None:
    limit = SECONDS + stored_bytes(path) * SECONDS_PER_BYTE
    code = _run_child([path], limit)[0]
    if code == TOO_LONG or code is None:
        raise DumpError(f"{called} keeps HDF5 busy for more than {limit:.0f} seconds: {REFUSED}")
    check_end(code, called)


def check_end(code: int, called: Path) -> None:
    """Raise DumpError where the child's exit code says that it did not survive the file, or found too much in it."""
    if (name := signal_name(code)) is not None:
        raise DumpError(f"{called} ends HDF5's library by {name}: {REFUSED}")
    if code == OUT_OF_MEMORY:
        raise DumpError(f"{called} makes HDF5 ask for more than {MEMORY // 2**20:,} MB at a time: {REFUSED}")
    if code == SHORT_CHUNK:
        raise DumpError(f"{called} has a chunk whose values are not as many as it declares: {REFUSED}")
    if code == TOO_MUCH:
        raise DumpError(f"{called} holds more than {MOST_OBJECTS:,} groups, data sets and attributes: {REFUSED}")


def _read_many_in_child(paths: Sequence[Path]) -> int:
    """Return how many files a child read whole, one after the other, until one that it did not survive."""
    limit = SECONDS + len(paths) * SECONDS_PER_FILE
    with suppress(OSError):
        limit += sum(map(stored_bytes, paths)) * SECONDS_PER_BYTE
        return _run_child(paths, limit)[1]
    return 0


def _run_child(paths: Sequence[Path], limit: float) -> tuple[int | None, int]:
    """Read files in a child; return its exit code, None where it was ended for its time, and how many files it read."""
    environment = {IN_CHILD: str(limit), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(  # noqa: S603
        command("lstmviz.dump.trial_child", *map(str, paths)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | environment,
    ) as child:
        try:
            return _wait(child, limit * PATIENCE)
        finally:
            child.kill()


def _wait(child: subprocess.Popen[bytes], limit: float) -> tuple[int | None, int]:
    """Wait until a child ends, and end it where it takes more memory than it may, or more seconds by the clock."""
    end, code = time.monotonic() + limit, None
    while (left := end - time.monotonic()) > 0:
        with suppress(subprocess.TimeoutExpired):
            read, _ = child.communicate(timeout=left if IS_HELD else min(left, LOOK_EVERY))
            return child.returncode, len(read)
        if not IS_HELD and resident_bytes(child.pid) > START_MEMORY + MEMORY:
            code = OUT_OF_MEMORY
            break
    child.kill()
    return code, len(child.communicate()[0])
