"""LSTMVis projects: read as dumps, and written from dumps (docs/lstmvis.md)."""

from __future__ import annotations

from pathlib import Path

from lstmviz.lstmvis.config import CONFIG_FILE
from lstmviz.lstmvis.convert import ImportedDump, import_project, open_project
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
]


def is_project(path: Path) -> bool:
    """Tell whether a path is the folder of an LSTMVis project: one with an ``lstm.yml``."""
    return path.is_dir() and (path / CONFIG_FILE).is_file()
