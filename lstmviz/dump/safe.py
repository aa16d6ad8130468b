"""Open HDF5 safely: every file is opened here, and what could read another file, run code or fill memory is refused.

HDF5 can refer to other files by design (external storage, external and soft links, virtual data sets), load filter
plugins, and declare far more than it stores. All of that is refused before any value is read.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
from h5py import h5a, h5d, h5g, h5l, h5o, h5s, h5t

from lstmviz.dump.hdf5_file import is_hdf5, open_for_reading, other_format
from lstmviz.dump.on_disk import is_bomb, stored_in_file
from lstmviz.dump.parts import is_recording, parts_of, recover_command, still_running
from lstmviz.errors import DumpError, DumpMissing, LstmvizError, reason_of

ALLOWED_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}  # HDF5's registered numbers
MAX_CHUNK_BYTES = 64 * 2**20  # one read holds at least a chunk in memory
MAX_OBJECTS = 100_000  # groups and data sets; checking more would take seconds
MAX_ATTRIBUTE_BYTES = 65_536
MAX_ATTRIBUTES = 200  # of one group or data set, which has a few; HDF5 finds each by looking at those before it
MAX_NAMES = 100  # read from one group of a foreign file, to list what there is


def open_safely(path: str | os.PathLike[str], only: Sequence[str] | None = None) -> h5py.File:
    """Open an HDF5 file for reading and check every object in it, or those in the groups ``only``: read no others.

    Raises DumpMissing where there is no file, DumpError where it is not HDF5, is damaged, or has a refused feature.
    """
    where = Path(path)
    if not where.exists():
        raise DumpMissing(f"no file at {where}{_missing_hint(where)}")
    if where.is_dir():
        raise DumpError(f"{where} is a folder, not a dump; give the path of one .h5 file")
    if not is_hdf5(where, where):
        raise DumpError(other_format(where, where, "give a dump written by lstmviz.record"))
    file = open_for_reading(where, where, "record it again")
    try:
        if only is None:
            _check_group(h5g.open(file.id, b"/"), "/", where, seen=set())
        else:
            _check_members(file, where, only)
    except DumpError:
        file.close()
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as err:
        file.close()
        raise DumpError(f"{where} is damaged ({reason_of(err)}); record it again") from err
    return file


def open_foreign(path: Path, called: Path) -> h5py.File:
    """Open another program's HDF5 file; read only the data sets that ``find_dataset`` returns.

    ``called`` is the file's name in error messages. Raises DumpError where it is not HDF5 or damaged.
    """
    if not is_hdf5(path, called):
        raise DumpError(other_format(path, called, "name one that is"))
    return open_for_reading(path, called, "make or copy it again")


def find_dataset(file: h5py.File, path: str, called: Path) -> h5py.Dataset:
    """Return one data set of a foreign file, checked as those of a dump are, with each link on the way to it.

    Raises DumpError where there is none, listing those there are, or where it has a refused feature.
    """
    item: Any = file
    try:
        for part in path.strip("/").split("/"):
            link = item.get(part, getlink=True) if isinstance(item, h5py.Group) and part not in ("", ".") else None
            if link is None:
                raise DumpError(f"{called} has no data set {path[:80]!r}; it has {_names(file)}")
            if not isinstance(link, h5py.HardLink):
                kind = type(link).__name__
                raise DumpError(f"{called} has a {kind} at {path[:80]!r}, which could read other files; refused")
            item = item[part]
        if not isinstance(item, h5py.Dataset):
            raise DumpError(f"{called} has a group at {path[:80]!r}, not a data set; it has {_names(file)}")
        _check_dataset(item.id, item.name, called)
    except LstmvizError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as err:
        raise DumpError(f"{called} is damaged at {path[:80]!r} ({reason_of(err)}); make or copy it again") from err
    return item


def _names(file: h5py.File, at_most: int = 8) -> str:
    """List the data sets of a file, without following links."""
    names: list[str] = []
    groups: list[tuple[str, h5py.Group]] = [("", file)]
    while groups and len(names) <= at_most:
        prefix, group = groups.pop(0)
        for name in list(group)[:MAX_NAMES]:
            if isinstance(group.get(name, getlink=True), h5py.HardLink):
                item = group[name]
                if isinstance(item, h5py.Group) and prefix.count("/") < at_most:
                    groups.append((f"{prefix}{name}/", item))
                elif isinstance(item, h5py.Dataset):
                    names.append(f"{prefix}{name}"[:80])
    more = ", ..." if len(names) > at_most or groups else ""
    return ", ".join(map(repr, names[:at_most])) + more if names else "none"


def _missing_hint(where: Path) -> str:
    """Say why there may be no dump yet, or how to get one."""
    parts_dir = parts_of(where)
    if not parts_dir.is_dir():
        return "; check the path, or record one with lstmviz.record"
    if is_recording(parts_dir):
        return f" yet: {still_running(parts_dir)}; wait until it ends"
    return f", and {parts_dir} holds an unfinished recording; run `{recover_command(where)}`"


def _check_members(file: h5py.File, where: Path, names: Sequence[str]) -> None:
    """Check a file's attributes, and some of its groups with the objects right in them."""
    root, seen = h5g.open(file.id, b"/"), set[int]()
    _check_attributes(root, "/", where)
    for name in names:
        if name in file:
            group = _member(root, "/", name.encode(), where, seen)[0]
            for each in group if isinstance(group, h5g.GroupID) else ():
                item, place = _member(group, f"/{name}", each, where, seen)
                _check_attributes(item, place, where)
                if isinstance(item, h5d.DatasetID):
                    _check_dataset(item, place, where)


def _member(group: h5g.GroupID, place: str, name: bytes, where: Path, seen: set[int]) -> tuple[Any, str]:
    """Return a member of a group, and its place; DumpError where a link leads to another file or to what was seen."""
    inside = f"{place.rstrip('/')}/{name.decode()}"
    link = group.links.get_info(name)
    if link.type != h5l.TYPE_HARD:
        kind = type(h5py.Group(group).get(name, getlink=True)).__name__
        raise DumpError(f"{where} has a {kind} at {inside!r}, which could read other files; refused")
    address = link.u
    if address in seen:
        raise DumpError(f"{where} links {inside!r} twice; a dump holds each object once")
    seen.add(address)
    if len(seen) > MAX_OBJECTS:
        raise DumpError(f"{where} holds more than {MAX_OBJECTS} objects; a dump has a few")
    return h5o.open(group, name), inside


def _check_group(group: h5g.GroupID, place: str, where: Path, seen: set[int]) -> None:
    """Check a group and all in it, each opened once: h5py's own classes would take twice the time."""
    _check_attributes(group, place, where)
    for name in group:
        item, inside = _member(group, place, name, where, seen)
        if isinstance(item, h5g.GroupID):
            _check_group(item, inside, where, seen)
        elif isinstance(item, h5d.DatasetID):
            _check_attributes(item, inside, where)
            _check_dataset(item, inside, where)
        else:
            raise DumpError(f"{where} has a named type at {inside!r}; a dump holds groups and arrays only")


def _check_attributes(item: Any, place: str, where: Path) -> None:
    n_attributes = h5a.get_num_attrs(item)
    if n_attributes > MAX_ATTRIBUTES:
        raise DumpError(f"{where} has {n_attributes:,} attributes at {place!r}; at most {MAX_ATTRIBUTES} are read")
    names: list[bytes] = []
    h5a.iterate(item, names.append)
    for name in names:
        attribute = h5a.open(item, name)
        kind, called = attribute.get_type(), name.decode("utf-8", "surrogateescape")
        is_text = isinstance(kind, h5t.TypeStringID) and not kind.is_variable_str()
        if not is_text and not isinstance(kind, h5t.TypeIntegerID | h5t.TypeFloatID):
            raise DumpError(
                f"{where} has attribute {called!r} of a type that is not read (variable-length or compound);"
                " write text as fixed-length bytes"
            )
        if attribute.get_storage_size() > MAX_ATTRIBUTE_BYTES:
            raise DumpError(f"{where} has attribute {called!r} larger than {MAX_ATTRIBUTE_BYTES} bytes; refused")


def _check_dataset(dataset: h5d.DatasetID, name: str, where: Path) -> None:
    plist, space, dtype = dataset.get_create_plist(), dataset.get_space(), dataset.dtype
    layout = plist.get_layout()
    if layout == h5d.VIRTUAL or plist.get_external_count():
        raise DumpError(f"{where} keeps {name!r} in another file (external or virtual); copy the values into the dump")
    if dtype.kind not in "iufS" or space.get_simple_extent_type() == h5s.NULL:
        raise DumpError(f"{where} has {name!r} of type {dtype}; only integers, floats and bytes are read")
    codes = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
    if len(set(codes)) < len(codes):
        raise DumpError(f"{where} stores {name!r} through the same filter twice; write it through each once")
    for code in codes:
        if code not in ALLOWED_FILTERS:
            allowed = ", ".join(ALLOWED_FILTERS.values())
            raise DumpError(f"{where} stores {name!r} through filter {code}; write it with {allowed} or none")
    shape, chunks = space.get_simple_extent_dims(), plist.get_chunk() if layout == h5d.CHUNKED else None
    declared, stored = math.prod(shape) * dtype.itemsize, dataset.get_storage_size()
    if declared and not stored:
        raise DumpError(f"{where} declares {name!r} with {declared} bytes but none are stored; it was never written")
    if is_bomb(declared, on_disk := stored_in_file(dataset, declared)):
        raise DumpError(
            f"{where} declares {declared} bytes for {name!r} and stores {on_disk}; refused as a decompression bomb"
        )
    for length, most in zip(shape, space.get_simple_extent_dims(True), strict=True):
        if most != h5s.UNLIMITED and (most < length or (chunks is None and most != length)):
            raise DumpError(
                f"{where} declares {name!r} with {length} of at most {most}; it is damaged, record it again"
            )
    if chunks is not None:
        _check_chunks(dataset, name, where, dtype.itemsize, shape, chunks)
    elif stored != declared:
        raise DumpError(f"{where} declares {declared} bytes for {name!r} and stores {stored}; record it again")


def _check_chunks(
    dataset: h5d.DatasetID, name: str, where: Path, n_bytes: int, shape: tuple[int, ...], chunks: tuple[int, ...]
) -> None:
    n_chunks = 1
    for length, chunk in zip(shape, chunks, strict=True):
        n_bytes *= chunk
        n_chunks *= -(-length // chunk)
    if n_bytes > MAX_CHUNK_BYTES:
        raise DumpError(f"{where} has chunks of {n_bytes} bytes in {name!r}; at most {MAX_CHUNK_BYTES} are read")
    if (n_stored := dataset.get_num_chunks()) < n_chunks:
        raise DumpError(f"{where} has {n_stored} of {n_chunks} chunks of {name!r}; write it whole")
