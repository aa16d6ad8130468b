"""Tell what kind of file or folder a path is, and collect the findings about it."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from lstmviz.doctor.dumps import dump_findings
from lstmviz.doctor.finding import Finding, quantity
from lstmviz.doctor.foreign import foreign_findings
from lstmviz.doctor.keras import archive_findings
from lstmviz.dump.corpus.manifest import dumps_in, is_corpus
from lstmviz.dump.hdf5_file import is_hdf5
from lstmviz.dump.parts import PARTS, is_recording, parts_of
from lstmviz.dump.safe import MAX_ATTRIBUTE_BYTES, open_foreign
from lstmviz.dump.schema import FORMAT
from lstmviz.errors import DumpMissing, LstmvizError
from lstmviz.lstmvis import is_project, open_project, projects_in
from lstmviz.lstmvis.config import CONFIG_FILE
from lstmviz.types import CountProgress

STARTS = {  # first bytes of other kinds of files: the kind, and what to do
    b"\x93NUMPY": (
        "a NumPy array (.npy)",
        "lstmviz.write_dump('run.h5', states={'rnn.l0.h': numpy.load(...)}) makes a dump of states",
    ),
    b"PK\x03\x04": (
        "a zip file, as .npz and PyTorch's .pt are",
        "arrays go to lstmviz.write_dump; a model's weights are not states: load them and record a run with "
        "lstmviz.record",
    ),
    b"\x80": ("a pickle", "a file from others may run any program: ask for HDF5 or .npy instead"),
    b"\x1f\x8b": ("gzip", "unpack it with gunzip first"),
    b"BZh": ("bzip2", "unpack it with bunzip2 first"),
    b"\xfd7zXZ": ("xz", "unpack it with unxz first"),
    b"PAR1": ("Parquet", "read it with pandas, and pass its arrays to lstmviz.write_dump"),
    b"LSTMVBK1": ("the blocks of a recording", "give the folder that it lies in, which ends in .parts"),
    b"version https://git-lfs": ("a Git LFS pointer, not the file itself", "fetch the file with git lfs pull"),
}


def diagnose(path: str | os.PathLike[str], progress: CountProgress | None = None) -> Iterator[Finding]:
    """Find what is right and wrong with a dump, a corpus, an LSTMVis project, any HDF5 file, or a folder of them.

    A damaged or hostile file gives findings, never an exception; values are read in blocks. Raises DumpMissing where
    there is neither a file nor a recording at the path.
    """
    try:
        yield from _path_findings(Path(path), progress)
    except DumpMissing:
        raise
    except (LstmvizError, OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError) as err:
        yield Finding("problem", "", _reason(err))


def _reason(err: Exception) -> str:
    message = " ".join(str(err).split())[:300]
    if isinstance(err, LstmvizError):
        return message
    if isinstance(err, OSError) and err.filename is not None:
        return f"{err.filename} cannot be read ({err.strerror})"
    return f"it is damaged ({message})"


def _path_findings(where: Path, progress: CountProgress | None) -> Iterator[Finding]:
    if where.is_dir():
        yield from _folder_findings(where, progress)
        return
    parts = parts_of(where)
    if parts.is_dir():
        yield _parts_finding(parts, where)
    elif not where.exists():
        raise DumpMissing(f"no file at {where}; check the path, or record one with lstmviz.record")
    if where.exists():
        yield from _file_findings(where, progress)


def _folder_findings(folder: Path, progress: CountProgress | None) -> Iterator[Finding]:
    if folder.name.endswith(PARTS):
        yield _parts_finding(folder, folder.with_name(folder.name.removesuffix(PARTS)))
    elif is_corpus(folder):
        yield from dump_findings(folder, progress)
    elif is_project(folder):
        yield from _project_findings(folder, progress)
    else:
        yield from _member_findings(folder, progress)


def _member_findings(folder: Path, progress: CountProgress | None) -> Iterator[Finding]:
    """Diagnose each dump, project and unfinished recording of a folder."""
    parts = [p for p in sorted(folder.iterdir()) if p.is_dir() and p.name.endswith(PARTS)]
    projects = sorted([*projects_in(folder), *parts])
    dumps = dumps_in(folder)
    beside = {parts_of(p) for p in dumps}
    paths = [*dumps, *(p for p in projects if p not in beside)]
    if not paths:
        raise DumpMissing(
            f"no dump in the folder {folder}; give a .h5 file, or a folder that holds some or an lstm.yml"
        )
    for path in paths:
        name = str(path.relative_to(folder))
        yield from (replace(finding, file=name) for finding in diagnose(path, progress))


def _parts_finding(parts: Path, target: Path) -> Finding:
    if is_recording(parts):
        return Finding("note", "", f"a recording to {target.name} is going on now", "wait until it ends, or end it")
    return Finding(
        "problem", "", f"{parts.name} beside it is a recording that was not finished", f"lstmviz recover {target}"
    )


def _project_findings(folder: Path, progress: CountProgress | None) -> Iterator[Finding]:
    try:
        imported = open_project(folder)
    except (LstmvizError, OSError) as err:
        yield from (Finding("problem", "", line) for line in str(err).split("\n"))
        return
    yield Finding("ok", "", "it is an LSTMVis project", f"lstmviz serve {folder}")
    yield from (Finding("note", "", note) for note in imported.notes)
    yield from dump_findings(imported.path, progress)


def _file_findings(path: Path, progress: CountProgress | None) -> Iterator[Finding]:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        yield Finding("problem", "", "it is not a regular file", "give the path of a .h5 file")
    elif not status.st_size:
        yield Finding("problem", "", "the file is empty", "copy it again, or record it again")
    elif path.name == CONFIG_FILE:
        yield Finding("problem", "", "it is an LSTMVis project's configuration", f"give its folder, {path.parent}")
    elif not is_hdf5(path, path):
        in_archive = list(archive_findings(path)) if zipfile.is_zipfile(path) else []
        yield from in_archive or [_other_format(path)]
    elif is_marked_as_dump(path):
        yield from dump_findings(path, progress)
    else:
        if is_project(path.parent):
            yield Finding("note", "", "it lies in an LSTMVis project", f"lstmviz serve {path.parent}")
        yield from foreign_findings(path, progress)


def _other_format(path: Path) -> Finding:
    with path.open("rb") as file:
        start = file.read(64)
    kind, remedy = next((entry for begin, entry in STARTS.items() if start.startswith(begin)), ("", ""))
    if not kind:
        n = path.stat().st_size
        kind, remedy = f"something else ({quantity(n, 'byte')})", "give a dump, or any other HDF5 file"
    return Finding("problem", "", f"it is not HDF5 but {kind}", remedy)


def is_marked_as_dump(path: Path) -> bool:
    """Tell whether an HDF5 file has the format attribute of a dump, whatever else is wrong with it."""
    with open_foreign(path, path) as file:
        if "format" not in file.attrs:
            return False
        attribute = file.attrs.get_id("format")
        if attribute.dtype.kind != "S" or attribute.get_storage_size() > MAX_ATTRIBUTE_BYTES:
            return False
        return bool(np.asarray(file.attrs["format"]).tobytes().rstrip(b"\0") == FORMAT.encode())
