"""The dumps that a path on the command line stands for: a dump, a corpus, an LSTMVis project, or a folder of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lstmviz.dump.corpus.glance import Glance, glance
from lstmviz.dump.corpus.manifest import dumps_in, is_corpus
from lstmviz.errors import DumpMissing, LstmvizError
from lstmviz.lstmvis import is_project, open_project
from lstmviz.types import CountProgress

Say = Callable[[str], None]


def glances(path: Path, say: Say | None = None, progress: CountProgress | None = None) -> list[Glance]:
    """Look at the dumps and corpora that a path stands for; see ``dump_paths``.

    In a folder, what is no dump, cannot be read or is a project with faults is left out, and ``say`` is called with a
    line for each. ``progress`` is called with how many of a folder were looked at, and how many there are. Raises
    DumpMissing where nothing is left.
    """
    if _is_one(path):
        return [glance(each) for each in dump_paths(path, say)]
    shown, left_out, members = [], [], _members(path)
    for i, member in enumerate(members):
        if progress is not None:
            progress(i, len(members))
        try:
            shown += [glance(each) for each in dump_paths(member, say)]
        except (LstmvizError, OSError) as err:
            left_out.append(f"left out: {str(err).splitlines()[0]}")
    for line in left_out:
        if say is not None:
            say(line)
    if not shown:
        raise DumpMissing(f"no dump in the folder {path} can be shown; {left_out[0].removeprefix('left out: ')}")
    return shown


def dump_paths(path: Path, say: Say | None = None) -> list[Path]:
    """Return the paths of the dumps and corpora that a path stands for.

    A file or the folder of a corpus stands for itself; the folder of an LSTMVis project for its dump, which is made in
    the user's cache if it is not there yet (``say`` is called with each note on the conversion); any other folder for
    the dumps in it and the projects in its subfolders. Raises DumpMissing if there are none, ProjectError if a project
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


def _is_one(path: Path) -> bool:
    return not path.is_dir() or is_corpus(path) or is_project(path)


def _members(folder: Path) -> list[Path]:
    """Return the dumps in a folder, and its subfolders that are projects; DumpMissing where there are none."""
    paths = [*dumps_in(folder), *(p for p in sorted(folder.iterdir()) if is_project(p))]
    if not paths:
        raise DumpMissing(
            f"no dump in the folder {folder}; give a .h5 file, or a folder that holds some or an lstm.yml"
        )
    return paths
