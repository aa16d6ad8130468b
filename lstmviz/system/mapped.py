"""Files mapped into memory to be read, whose truncation by another program does not end this process.

Where a mapped file is cut, the system answers a read behind its new end with the signal SIGBUS, which ends a process.
Here a handler puts zeros in the place of what is gone, and the mapping knows that it is torn.
"""

from __future__ import annotations

import ctypes
import mmap
import signal
import sys
import threading
from contextlib import suppress
from io import FileIO
from typing import Any
from weakref import ref

import numpy as np
from numpy.typing import NDArray

_ADDRESS_AT = {"linux": 16, "darwin": 24}.get(sys.platform)  # of the address in siginfo_t, in bytes
_SIGINFO = {"linux": 4, "darwin": 0x40}.get(sys.platform, 0)  # SA_SIGINFO
_FIXED_ANONYMOUS = {"linux": 0x32, "darwin": 0x1012}.get(sys.platform, 0)  # MAP_PRIVATE | MAP_FIXED | MAP_ANON
_HAS_GUARD = _ADDRESS_AT is not None and ctypes.sizeof(ctypes.c_void_p) == 8
_IS_SAFE_ALREADY = sys.platform == "win32"  # a mapped file cannot be cut there


class Mapped:
    """A file's bytes as an array, (n_bytes,) uint8, read from disk when they are used.

    ``is_torn`` tells whether the file was cut, so that zeros were read in place of what is gone. Raises OSError, and
    ValueError for an empty file.
    """

    def __init__(self, file: FileIO) -> None:
        self.is_torn = False
        self._map: mmap.mmap | None = None
        self.bytes: NDArray[np.uint8]
        if not (_HAS_GUARD or _IS_SAFE_ALREADY):
            self.bytes = np.frombuffer(file.readall(), np.uint8)
            return
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.bytes = np.frombuffer(self._map, np.uint8)
        if _HAS_GUARD:
            _guard(self)

    @property
    def n_bytes_left(self) -> int:
        """Bytes that the file has now."""
        return len(self.bytes) if self._map is None else self._map.size()

    def will_read(self, start: int, n_bytes: int) -> None:
        """Ask the system to read bytes ahead from the disk."""
        if sys.platform != "win32" and self._map is not None and hasattr(mmap, "MADV_WILLNEED"):
            first = start - start % mmap.PAGESIZE
            with suppress(OSError, ValueError):
                self._map.madvise(mmap.MADV_WILLNEED, first, start + n_bytes - first)


_lock = threading.Lock()
_guarded: tuple[tuple[int, int, ref[Mapped]], ...] = ()  # address, length and mapping
_kept: list[Any] = []  # what C code refers to
_before: Any = None  # the action that was taken on SIGBUS before


def _guard(mapped: Mapped) -> None:
    global _guarded
    address = mapped.bytes.__array_interface__["data"][0]
    with _lock:
        _install()
        _guarded = (*(one for one in _guarded if one[2]() is not None), (address, len(mapped.bytes), ref(mapped)))


class _Action(ctypes.Structure):
    """``struct sigaction`` of the C library, 64 bits."""

    _fields_ = (
        [("handler", ctypes.c_void_p), ("mask", ctypes.c_uint32), ("flags", ctypes.c_int)]
        if sys.platform == "darwin"
        else [
            ("handler", ctypes.c_void_p),
            ("mask", ctypes.c_byte * 128),
            ("flags", ctypes.c_int),
            ("restorer", ctypes.c_void_p),
        ]
    )


def _install() -> None:
    """Set the handler, unless it is set; another library may have set its own meanwhile."""
    global _before
    library = ctypes.PyDLL(None)
    if not _kept:
        library.mmap.restype = ctypes.c_void_p
        library.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_int64]
        handler = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(_on_fault)
        _kept.extend((library, handler))
    library, handler = _kept
    ours = ctypes.cast(handler, ctypes.c_void_p).value
    present = _Action()
    library.sigaction(signal.SIGBUS, None, ctypes.byref(present))
    if present.handler != ours:
        _before = present
        action = _Action(handler=ours, flags=_SIGINFO)
        library.sigaction(signal.SIGBUS, ctypes.byref(action), None)


def _on_fault(_signal: int, info: int, _context: int) -> None:
    """Put zeros from the faulty page to the end of its mapping; any other fault is left to the handler before."""
    library = _kept[0]
    address = ctypes.c_void_p.from_address(info + (_ADDRESS_AT or 0)).value or 0
    for start, length, mapping in _guarded:
        if start <= address < start + length:
            if (mapped := mapping()) is not None:
                mapped.is_torn = True
            page = address - address % mmap.PAGESIZE
            end = start + length + -length % mmap.PAGESIZE
            if library.mmap(page, end - page, mmap.PROT_READ, _FIXED_ANONYMOUS, -1, 0) == page:
                return
    library.sigaction(signal.SIGBUS, ctypes.byref(_before), None)
