"""Convert a project to a dump, block by block; ``open_project`` keeps the dump under a digest of the content."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import ArrayKey
from lstmviz.dump.writer import DumpWriter
from lstmviz.errors import DumpError, DumpExists, LstmvizError
from lstmviz.lstmvis.columns import ColumnError, step_blocks
from lstmviz.lstmvis.config import StateType
from lstmviz.lstmvis.faults import Faults, find_inside, one_line
from lstmviz.lstmvis.project import Options, Project, open_project_files
from lstmviz.lstmvis.sections import read_config
from lstmviz.system.atomic import new_folder, replacing
from lstmviz.system.cache import cache_folder
from lstmviz.system.holes import blocks_with_values
from lstmviz.system.own_files import lock_file
from lstmviz.types import CountProgress, View

VERSION = 2  # of the conversion: another version makes other dumps, under other names
MAX_NOTES = 40  # kept in the dump

Digest = Any  # of hashlib


@dataclass(frozen=True)
class ImportedDump:
    """A dump made from a project: its path, and notes on what was decided or left out, a line each."""

    path: Path
    notes: tuple[str, ...] = ()


def import_project(
    folder: str | os.PathLike[str],
    path: str | os.PathLike[str],
    options: Options | None = None,
    overwrite: bool = False,
    progress: CountProgress | None = None,
) -> ImportedDump:
    """Convert an LSTMVis project to a dump at ``path``; its uuid is a hash of the project's content and the options.

    Raises ProjectError with everything that is wrong, DumpExists where ``path`` exists.
    """
    target, options = Path(path), options or Options()
    if target.exists() and not overwrite:
        raise DumpExists(f"{target} is already there; pass overwrite=True or another path")
    try:
        with replacing(target) as temporary:
            notes = _convert(Path(folder), temporary, options, progress)
    except LstmvizError:  # some are OSErrors too, and say what is wrong with the project
        raise
    except OSError as err:
        raise LstmvizError(
            f"{target} cannot be written ({err.strerror or err}); free some space or give another path"
        ) from err
    return ImportedDump(target, notes)


def open_project(
    folder: str | os.PathLike[str], options: Options | None = None, progress: CountProgress | None = None
) -> ImportedDump:
    """Return the dump of a project from the user's cache; it is converted if its content is new.

    ``notes`` are empty if a cached dump is used. Raises ProjectError with everything that is wrong in the project.
    """
    where, options = Path(folder), options or Options()
    faults = Faults()
    config, _ = read_config(where, faults)
    name = re.sub(r"[^\w.-]+", "-", config.name).strip("-.")[:60] or "project"
    uuid = content_id(where, options)
    if uuid is None:  # a file is missing; the error from reading names it
        with open_project_files(where, options):
            raise LstmvizError(f"{where} changed while it was read; try again")
    home = cache_folder("lstmvis") / uuid
    cached = home / f"{name}.h5"
    with lock_file(home.with_name(f"{home.name}.lock")):
        if _is_dump(cached, uuid):
            return ImportedDump(cached)
        new_folder(home)  # one may be there of a process that was killed; this one holds the lock
        try:
            return import_project(where, cached, options, overwrite=True, progress=progress)
        finally:
            if not cached.exists():  # the project cannot be read
                shutil.rmtree(home, ignore_errors=True)


def content_id(folder: Path, options: Options) -> str | None:
    """Return a digest of a project's content and options, 32 hexadecimal digits; None where a file is missing."""
    config, data = read_config(folder, Faults())
    digest = hashlib.blake2b(digest_size=16)
    chosen = sorted(options.views.items()), options.steps, options.has_embedding, options.is_transposed
    digest.update(repr(("lstmviz import", VERSION, chosen, len(data))).encode() + data)
    if options.lengths:  # the name of a dump without them stays what it was
        digest.update(repr(options.lengths).encode())
    for key in config.used_files():
        try:
            path = find_inside(folder, config.files[key])
            with path.open("rb") as file:
                digest.update(repr((key, os.fstat(file.fileno()).st_size)).encode())
                digest = _with_contents(digest, file)
        except (LstmvizError, OSError, KeyError):
            return None
    return digest.hexdigest()


def _with_contents(digest: Digest, file: BinaryIO) -> Digest:
    """Return a digest to which a file's contents were added; a hole of a terabyte is not read."""
    end = 0
    for start, block in blocks_with_values(file):
        if start > end:  # a digest of its own, because a file's bytes could say the same of zeros that it has not
            digest = hashlib.blake2b(digest.digest() + repr((end, start)).encode(), digest_size=16, person=b"zeros")
        digest.update(block)
        end = start + len(block)
    return digest


def _convert(folder: Path, path: Path, options: Options, progress: CountProgress | None) -> tuple[str, ...]:
    with open_project_files(folder, options) as project:
        _check_space(project, path)
        try:
            steps = {axis.name: project.n_steps for axis in project.plan.axes}
            with DumpWriter(path, project.plan, content_id(folder, options), steps) as writer:
                ranges = _write(project, writer, progress)
                views, view_notes = _views(project, ranges)
                notes = tuple(map(one_line, (*project.notes, *view_notes)))
                writer.close(views=views, provenance={"notes": [note[:300] for note in notes[:MAX_NOTES]]})
        except ColumnError as err:
            raise DumpError(f"{folder}: {err}") from err
    return notes


def _write(project: Project, writer: DumpWriter, progress: CountProgress | None) -> dict[str, tuple[float, float]]:
    """Write every array block by block; return each source's smallest and largest value, ignoring NaN."""
    ranges = {s.name: (0.0, 0.0) for s in project.plan.sources}
    axis = project.plan.axes[0].name
    for start, stop in step_blocks(project.n_steps, project.row_bytes):
        arrays = {key: column.read(start, stop) for key, column in project.columns.items()}
        lengths, continues = _lengths(project, start, stop)
        writer.append(axis, lengths, arrays, continues)
        for name, (low, high) in ranges.items():
            values = arrays[ArrayKey("state", name)]
            least, most = (float(f.reduce(values, axis=None)) for f in (np.fmin, np.fmax))
            ranges[name] = min(low, least), max(high, most)
        if progress:
            progress(stop, project.n_steps)
    return ranges


def _lengths(project: Project, start: int, stop: int) -> tuple[list[int], bool]:
    """Return the steps of each sequence, or part of one, in [start, stop), and whether the first part continues one."""
    first = int(np.searchsorted(project.stops, start, side="right"))
    last = int(np.searchsorted(project.stops, stop, side="left"))
    borders = [start, *project.stops[first:last].tolist(), stop]
    begins = 0 if first == 0 else int(project.stops[first - 1])
    return np.diff(borders).tolist(), begins < start


def _views(project: Project, ranges: Mapping[str, tuple[float, float]]) -> tuple[dict[str, View], list[str]]:
    """Choose the view of each source; a note says why if ``lstm.yml`` is unclear or LSTMVis differs."""
    views: dict[str, View] = {s.name: project.options.views.get(s.name, "raw") for s in project.plan.sources}
    notes = []
    for name, state in project.states.items():
        low, high = ranges[name]
        requested = project.options.views.get(name, project.options.views.get(""))
        views[name], reason = (requested, "") if requested else _choose_view(state, max(-low, high))
        if reason:
            notes.append(f"{name}: {reason}".replace("NAME", name))
        if state.is_abs:
            notes.append(f"{name}: LSTMVis drops the sign (tanh_abs); it is kept here, select the low side for it")
        if state.is_unsigned and low < 0:
            notes.append(f"{name}: stated as unsigned, and some values are below 0; they are kept")
    return views, notes


def _choose_view(state: StateType, peak: float) -> tuple[View, str]:
    """Return the view of a state whose values reach ``peak``, and the reason where it is not the stated one."""
    if state.transform == "none":
        return "raw", ""
    if state.transform == "tanh":
        is_odd = peak <= 1.0
        return (
            "tanh",
            "shown through tanh, as stated, though all values lie in [-1, 1]; --view NAME=raw" if is_odd else "",
        )
    if peak > 1.0:
        return "tanh", f"values reach {peak:.3g}, so they are shown through tanh, as in LSTMVis; else --view NAME=raw"
    return (
        "raw",
        "all values lie in [-1, 1], so they are shown as they are; LSTMVis would apply tanh to them again, which"
        " --view NAME=tanh does",
    )


def _check_space(project: Project, path: Path) -> None:
    needed, free = project.n_steps * project.row_bytes, shutil.disk_usage(path.resolve().parent).free
    if needed > free:
        raise LstmvizError(
            f"the dump needs {needed / 1e9:.1f} GB and {path.resolve().parent} has {free / 1e9:.1f}; free some space,"
            " or import to a path on another disk"
        )


def _is_dump(path: Path, uuid: str) -> bool:
    try:
        dump = DumpReader(path)
    except LstmvizError:
        return False
    dump.close()
    return dump.uuid == uuid
