"""A glance at a dump: what a list of dumps shows of it, read from a few attributes; the file is closed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from lstmviz.dump.corpus.manifest import CORPUS_FILE, is_corpus
from lstmviz.dump.corpus.reader import open_reader
from lstmviz.dump.header import Header
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.safe import open_safely
from lstmviz.errors import DumpError, reason_of
from lstmviz.system.own_files import FileStamp, file_stamp
from lstmviz.types import Source


@dataclass(frozen=True, slots=True)
class Glance:
    """What a list shows of a dump; ``n_steps`` are those of each axis, in order.

    ``stamp`` changes when the file is replaced or rewritten; None where there is no file.
    """

    path: Path
    uuid: str
    name: str
    provenance: Mapping[str, Any]
    n_steps: tuple[int, ...]
    sources: tuple[Source, ...]
    stamp: FileStamp | None


def glance(path: Path) -> Glance:
    """Look at the dump or the corpus at a path. Raises what opening it raises, but reads no array and no text."""
    stamp = dump_stamp(path)
    if is_corpus(path):
        reader = open_reader(path)
        reader.close()
        return glance_of(reader, stamp)
    with open_safely(path, only=("axes", "sources")) as file:
        try:
            return _glance(Header(file, path), path, stamp)
        except (KeyError, AttributeError, TypeError, ValueError, OSError, RuntimeError) as err:
            if isinstance(err, DumpError):
                raise
            reason = reason_of(err)
            raise DumpError(f"{path} is damaged or incomplete ({reason}); see docs/format.md") from err


def glance_of(reader: DumpReader, stamp: FileStamp | None = None) -> Glance:
    """Return what a list shows of a dump that is open."""
    stamp = stamp or dump_stamp(reader.path)
    n_steps = tuple(axis.n_steps for axis in reader.axes.values())
    facts = reader.provenance, n_steps, tuple(reader.sources.values())
    return Glance(reader.path, reader.uuid, reader.name, *facts, stamp)


def dump_stamp(path: Path) -> FileStamp | None:
    """Return a stamp that changes when a file, or the list of a corpus, does; None where there is no file."""
    return file_stamp(path / CORPUS_FILE if path.is_dir() else path, follow_symlinks=True)


def _glance(header: Header, path: Path, stamp: FileStamp | None) -> Glance:
    header.check_format()
    axes = header.members("axes", h5py.Group)
    if not axes:
        raise DumpError(f"{path} has no time axis; see docs/format.md")
    n_steps = {name: header.integer(group, "n_steps") for name, group in axes}
    sources = [
        header.source(name, dataset, axis, n_steps[axis])
        for axis, members in header.members_by_axis("sources", h5py.Dataset, list(n_steps)).items()
        for name, dataset in members
    ]
    facts = header.provenance(), tuple(n_steps.values()), tuple(sources)
    return Glance(path, header.uuid(), path.stem, *facts, stamp)
