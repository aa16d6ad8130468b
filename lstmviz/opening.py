"""The dumps that a path on the command line stands for: a dump, a corpus, an LSTMVis project, or a folder of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lstmviz.dump.corpus.manifest import dumps_in, is_corpus
from lstmviz.errors import DumpMissing
from lstmviz.lstmvis import is_project, open_project


def dump_paths(path: Path, say: Callable[[str], None] | None = None) -> list[Path]:
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
    paths = [*dumps_in(path), *(p for p in sorted(path.iterdir()) if is_project(p))]
    if not paths:
        raise DumpMissing(f"no dump in the folder {path}; give a .h5 file, or a folder that holds some or an lstm.yml")
    return [dump for p in paths for dump in dump_paths(p, say)]
