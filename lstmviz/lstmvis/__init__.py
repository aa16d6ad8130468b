"""LSTMVis projects: read as dumps, and written from dumps (docs/lstmvis.md)."""

from __future__ import annotations

import os
from pathlib import Path

from lstmviz.lstmvis.config import CONFIG_FILE
from lstmviz.lstmvis.convert import ImportedDump, import_project, open_project
from lstmviz.lstmvis.documents import read_lengths
from lstmviz.lstmvis.export import ExportedProject, export_project
from lstmviz.lstmvis.project import Options

__all__ = [
    "CONFIG_FILE",
    "ExportedProject",
    "ImportedDump",
    "Options",
    "export_project",
    "import_project",
    "is_project",
    "open_project",
    "projects_in",
    "read_lengths",
]

MOST_FOLDERS = 10_000  # looked into for projects


def is_project(path: Path) -> bool:
    """Tell whether a path is the folder of an LSTMVis project: one with an ``lstm.yml``."""
    return path.is_dir() and (path / CONFIG_FILE).is_file()


def projects_in(folder: Path) -> list[Path]:
    """Return the projects at any depth of a folder, sorted.

    Hidden folders, links and the insides of projects are not looked into.
    """
    projects = []
    for n, (where, folders, files) in enumerate(os.walk(folder)):
        if CONFIG_FILE in files and Path(where) != folder:
            projects.append(Path(where))
            folders.clear()
        folders[:] = [name for name in folders if not name.startswith(".")]
        if n >= MOST_FOLDERS:
            break
    return sorted(projects)
