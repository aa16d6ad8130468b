"""lstmviz: see what a recurrent network has learned.

Record a model's hidden and cell states, select the units that are on through a window, and find every place in the
corpus where they are on together. Nothing heavy is loaded before it is used.

What is wrong is raised as one of the classes of ``lstmviz.errors`` (such as ``lstmviz.errors.DumpError``), which are
all a ``LstmvizError``: its text is one line that says what was asked, what there is, and what to do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lstmviz import errors as errors
from lstmviz._version import __version__ as __version__

if TYPE_CHECKING:
    from lstmviz import figures as figures
    from lstmviz.api import Corpus, Dump, open_dump
    from lstmviz.dump.array_blocks import DumpBlock
    from lstmviz.dump.corpus.reader import write_corpus
    from lstmviz.dump.write_dump import write_dump
    from lstmviz.errors import LstmvizError
    from lstmviz.match.pattern.file import Notes, PatternFile
    from lstmviz.recording import Batch as Batch
    from lstmviz.recording import Pass, record
    from lstmviz.recording import Recording as Recording
    from lstmviz.recording.corpus.record_corpus import record_corpus
    from lstmviz.types import Filter, Pattern, PatternUnit, Source, Window


_HOME = {
    "Corpus": "lstmviz.api",
    "Dump": "lstmviz.api",
    "DumpBlock": "lstmviz.dump.array_blocks",
    "open_dump": "lstmviz.api",
    "write_corpus": "lstmviz.dump.corpus.reader",
    "write_dump": "lstmviz.dump.write_dump",
    "LstmvizError": "lstmviz.errors",
    "Notes": "lstmviz.match.pattern.file",
    "PatternFile": "lstmviz.match.pattern.file",
    "Batch": "lstmviz.recording",
    "Pass": "lstmviz.recording",
    "Recording": "lstmviz.recording",
    "record": "lstmviz.recording",
    "record_corpus": "lstmviz.recording.corpus.record_corpus",
    "Filter": "lstmviz.types",
    "Pattern": "lstmviz.types",
    "PatternUnit": "lstmviz.types",
    "Source": "lstmviz.types",
    "Window": "lstmviz.types",
}

__all__ = [  # not Batch and Recording, which load torch
    "Corpus",
    "Dump",
    "DumpBlock",
    "Filter",
    "LstmvizError",
    "Notes",
    "Pass",
    "Pattern",
    "PatternFile",
    "PatternUnit",
    "Source",
    "Window",
    "figures",
    "open_dump",
    "record",
    "record_corpus",
    "write_corpus",
    "write_dump",
]


def __getattr__(name: str) -> Any:
    if name == "figures":  # a module: plotly comes with it
        return import_module("lstmviz.figures")
    if name not in _HOME:
        raise AttributeError(f"module 'lstmviz' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
