"""What a path on the command line stands for: a dump, an LSTMVis project, a corpus, or a folder of separate ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lstmviz.dump.corpus.manifest import dumps_in, is_corpus
from lstmviz.errors import DumpMissing
from lstmviz.lstmvis import is_project, open_project

Say = Callable[[str], None]


def dump_paths(path: Path, say: Say | None = None) -> list[Path]:
    """Return the paths to open for one that was given.

    A file or the folder of a corpus stands for itself; the folder of an LSTMVis project for its dump, which is made in
    the user's cache folder where it is not there yet (``say`` is told what was decided); any other folder for the dumps
    that lie in it, and the projects in its folders. Raises DumpMissing where there are none, ProjectError where a
    project has faults.
    """
    if not path.is_dir() or is_corpus(path):
        return [path]
    if is_project(path):
        made = open_project(path)
        for note in made.notes:
            (say or (lambda line: None))(note)
        return [made.path]
    found = [*dumps_in(path), *(p for p in sorted(path.iterdir()) if is_project(p))]
    if not found:
        raise DumpMissing(f"no dump in the folder {path}; give a .h5 file, or a folder that holds some or an lstm.yml")
    return [made for p in found for made in dump_paths(p, say)]
