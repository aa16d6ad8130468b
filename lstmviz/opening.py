"""The dumps that a path on the command line stands for: a dump, a corpus, an LSTMVis project, or a folder of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from lstmviz.dump.corpus.glance import Glance, glance
from lstmviz.dump.corpus.manifest import dumps_in, is_corpus
from lstmviz.dump.trial import MANY, require_many
from lstmviz.errors import DumpMissing, LstmvizError, ProjectError
from lstmviz.lstmvis import is_project, open_project, projects_in
from lstmviz.types import CountProgress

Say = Callable[[str], None]


def glances(
    path: Path,
    say: Say | None = None,
    progress: CountProgress | None = None,
    on_stray: Say | None = None,
) -> list[Glance]:
    """Look at the dumps and corpora that a path stands for; see ``dump_paths``.

    In a folder, files that are not dumps or cannot be read, and projects with faults, are left out; ``say`` is called
    with a line for each, ``on_stray`` with a line without the folder's path. ``progress`` is called with how many of a
    folder were looked at, and how many there are. Raises DumpMissing where nothing is left.
    """
    if is_one(path):
        return [glance(each) for each in dump_paths(path, say)]
    shown, left_out, members = [], [], _members(path)
    for i, member in enumerate(members):
        if progress is not None:
            progress(i, len(members))
        if i % MANY == 0:
            require_many([each for each in members[i : i + MANY] if each.is_file()])
        try:
            shown += [glance(each) for each in dump_paths(member, say)]
        except ProjectError as err:
            left_out += [f"{member}: {line}" for line in str(err).splitlines()]
        except (LstmvizError, OSError) as err:
            left_out.append(str(err).splitlines()[0])
    for line in left_out:
        if say is not None:
            say(f"left out: {line}")
        if on_stray is not None:
            on_stray(line.replace(f"{path}{os.sep}", ""))
    if not shown:
        raise DumpMissing(f"no dump in the folder {path} can be shown; {left_out[0]}")
    return shown


def dump_paths(path: Path, say: Say | None = None) -> list[Path]:
    """Return the paths of the dumps and corpora that a path stands for.

    A file or the folder of a corpus stands for itself; the folder of an LSTMVis project for its dump, which is made in
    the user's cache if it is not there yet (``say`` is called with each note on the conversion); any other folder for
    the dumps in it and the projects at any depth of it. Raises DumpMissing if there are none, ProjectError if a project
    has faults.
    """
    if not path.is_dir() or is_corpus(path):
        return [path]
    if is_project(path):
        converted = open_project(path)
        if say is not None:
            for note in converted.notes:
                say(note)
        return [converted.path]
    return [dump for p in _members(path) for dump in dump_paths(p, say)]


def is_one(path: Path) -> bool:
    """Tell whether a path stands for one dump, corpus or project, and not for a folder of them."""
    return not path.is_dir() or is_corpus(path) or is_project(path)


def _members(folder: Path) -> list[Path]:
    """Return the dumps in a folder, and the projects at any depth of it; DumpMissing where there are none."""
    paths = [*dumps_in(folder), *projects_in(folder)]
    if not paths:
        raise DumpMissing(
            f"no dump in the folder {folder}; give a .h5 file, or a folder that holds some or an lstm.yml"
        )
    return paths
