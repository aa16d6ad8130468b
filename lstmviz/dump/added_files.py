"""``run.h5.tracks/``: tracks that were added to a dump after it was recorded. docs/format.md has the layout.

The list of tracks is one small JSON file, replaced in one step. The values of a track lie in files of their own under a
new name, written before the list that names them, so that whoever reads sees the tracks as they were or as they are.
"""

from __future__ import annotations

import io
import os
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from lstmviz.dump.lazy_arrays import StepIndex
from lstmviz.dump.schema import check_name
from lstmviz.errors import DumpError, NewerFormat
from lstmviz.system.own_files import FileStamp, file_stamp, is_link, new_file, open_own
from lstmviz.types import Per, TrackKind

TRACKS = ".tracks"  # follows the name of the dump
LIST = "tracks.json"
LOCK = "lock"
FORMAT, VERSION = "lstmviz-tracks", 1
MAX_TRACKS = 200  # of one dump, beside the recorded ones
MAX_UNDO = 20  # changes that can be undone
MAX_LABELS = 100_000  # of one track
MAX_LIST_BYTES = 16 * 2**20
MAX_ABOUT_BYTES = 64 * 2**20  # of one track's labels
MAX_MADE = 300  # characters that say how a track was made
DTYPES = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
_NPY = b"\x93NUMPY\x01\x00"  # how a .npy file of version 1.0 begins; the length of its header follows, 2 bytes


def _name(name: str) -> str:
    try:
        check_name("track", name)
    except DumpError as err:
        raise ValueError(str(err)) from err
    return name


Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Name = Annotated[str, AfterValidator(_name)]


class OtherRecording(DumpError):
    """The tracks beside a dump are those of a recording that was there before it."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Entry(_Record):
    """One track of the list: its name, and the id by which its files are called."""

    name: Name
    id: Id


class Change(_Record):
    """One change: what was done, in words, and the tracks that there were before."""

    what: Annotated[str, Field(max_length=1000)]
    tracks: Annotated[list[Entry], Field(max_length=MAX_TRACKS)]


class TrackList(_Record):
    """What ``tracks.json`` holds: the dump, a revision that is new at every write, the tracks, the changes to undo."""

    format: Literal["lstmviz-tracks"] = "lstmviz-tracks"
    version: Annotated[int, Field(ge=1, le=VERSION)] = VERSION
    dump: Id
    revision: Id
    tracks: Annotated[list[Entry], Field(max_length=MAX_TRACKS)]
    undo: Annotated[list[Change], Field(max_length=MAX_UNDO)] = []

    def ids(self) -> set[str]:
        """Return the ids of all files that are needed, now or to undo."""
        return {entry.id for tracks in (self.tracks, *(change.tracks for change in self.undo)) for entry in tracks}


class About(_Record):
    """What ``ID.json`` says of the values in ``ID.npy``; ``made`` is how they came about, in words."""

    axis: Name
    kind: TrackKind
    per: Per
    labels: Annotated[list[str], Field(max_length=MAX_LABELS)]
    made: Annotated[str, Field(max_length=MAX_MADE)]
    dtype: Literal["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]
    n_values: Annotated[int, Field(ge=1)]
    crc32: Annotated[int, Field(ge=0, lt=2**32)]


def tracks_folder(file: Path) -> Path:
    """Return the folder of the tracks that were added to the dump of a file, or to the corpus of its list."""
    return file.with_name(file.name + TRACKS)


def list_stamp(folder: Path) -> FileStamp | None:
    """Return a stamp that changes when the list of tracks does; None where there is no list."""
    return file_stamp(folder / LIST)


def read_list(folder: Path, uuid: str) -> TrackList | None:
    """Return the list of a dump's tracks; None where there is none. DumpError says what is wrong with it."""
    where = folder / LIST
    if not os.path.lexists(where):
        return None
    listed = _parsed(TrackList, where, _read(folder, LIST, MAX_LIST_BYTES))
    if listed.dump != uuid:
        raise OtherRecording(
            f"{folder} has the tracks of another recording, made to the same path before; they are set aside once a "
            "track is added to this one"
        )
    names = [entry.name for entry in listed.tracks]
    if len(set(names)) < len(names):
        raise DumpError(f"{where} lists a track twice; each name stands once")
    return listed


def read_about(folder: Path, entry: Entry) -> About:
    """Return what is said of a track; DumpError says what is wrong with it."""
    name = f"{entry.id}.json"
    return _parsed(About, folder / name, _read(folder, name, MAX_ABOUT_BYTES))


def write_values(folder: Path, id: str, about: About, values: NDArray[Any]) -> None:
    """Write the files of a track under a new id, on disk once this returns. Raises OSError."""
    array = np.ascontiguousarray(values, np.dtype(about.dtype).newbyteorder("<"))
    with io.BufferedWriter(new_file(folder / f"{id}.npy")) as file:
        np.lib.format.write_array(file, array, version=(1, 0), allow_pickle=False)
        _sync(file)
    with io.BufferedWriter(new_file(folder / f"{id}.json")) as file:
        file.write(about.model_dump_json().encode("utf-8", "backslashreplace"))
        _sync(file)


def checksum(values: NDArray[Any], dtype: str) -> int:
    """Return the CRC-32 of values as they are written."""
    return zlib.crc32(np.ascontiguousarray(values, np.dtype(dtype).newbyteorder("<")).data)


@dataclass(frozen=True)
class ValuesFile:
    """The values of one track, read from ``ID.npy`` by step or by sequence; the file never changes."""

    path: Path
    about: About
    track: str

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        """Read the values of some places (all where None); DumpError where the file cannot be read or is damaged."""
        n, dtype = self.about.n_values, np.dtype(self.about.dtype).newbyteorder("<")
        try:
            offset = _values_offset(str(self.path), self.about.dtype, n, self.about.crc32)
            start, stop, _ = (steps if isinstance(steps, slice) else slice(steps, None)).indices(n)
            count = 1 if isinstance(steps, int) else max(0, stop - start)
            with open_own(self.path) as file:
                values = np.fromfile(file, dtype, count, offset=offset + start * dtype.itemsize)
        except OSError as err:
            reason = err.strerror or str(err)
            raise DumpError(f"track {self.track!r} cannot be read ({reason}); it may have been removed") from err
        if len(values) < count:
            raise DumpError(f"{self.path} is shorter than it says; remove track {self.track!r} and add it again")
        return values[0] if isinstance(steps, int) else values

    @property
    def name(self) -> str:
        """The file, for a message."""
        return str(self.path)


@lru_cache(maxsize=4 * MAX_TRACKS)
def _values_offset(path: str, dtype: str, n: int, crc32: int) -> int:
    """Return where the values of a file begin, after its checksum was found right; DumpError where it is not."""
    wrong = DumpError(f"{path} is damaged: it is not what was written; remove its track and add it again")
    with open_own(Path(path)) as file:
        head = file.read(10)
        offset = len(head) + int.from_bytes(head[8:], "little")
        size = os.fstat(file.fileno()).st_size
        if head[:8] != _NPY or size != offset + n * np.dtype(dtype).itemsize:
            raise wrong
        file.seek(offset)
        crc = 0
        while block := file.read(2**20):
            crc = zlib.crc32(block, crc)
    if crc != crc32:
        raise wrong
    return offset


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _read(folder: Path, name: str, most: int) -> bytes:
    """Return the bytes of a small file, in a folder and under a name that are no links."""
    where = folder / name
    if is_link(folder):
        raise DumpError(f"{folder} is a link, which could lead to other files; put the folder itself there")
    try:
        with open_own(where) as file:
            data: bytes = file.read(most + 1)
    except OSError as err:
        raise DumpError(f"{where} cannot be read ({err.strerror or err}); bring it back, or remove its track") from err
    if len(data) > most:
        raise DumpError(f"{where} is larger than {most:,} bytes; refused")
    return data


_AnyRecord = TypeVar("_AnyRecord", bound=BaseModel)


def _parsed(record: type[_AnyRecord], where: Path, data: bytes) -> _AnyRecord:
    try:
        return record.model_validate_json(data)
    except ValidationError as err:
        fault = err.errors(include_url=False, include_context=False)[0]
        if fault["loc"] == ("version",) and fault["type"] == "less_than_equal":
            raise NewerFormat(f"{where} was written by a newer lstmviz; upgrade lstmviz to read it") from err
        place = ".".join(map(str, fault["loc"]))
        words = " ".join(f"{place} {fault['msg']}".split())[:200]
        raise DumpError(f"{where} is not as docs/format.md says: {words}; remove or repair it") from err
