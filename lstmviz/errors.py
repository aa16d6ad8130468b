"""Every error that lstmviz raises, under one base.

Each is also of the builtin kind that it is, so ``except KeyError`` works as a reader expects. A message is one
line: what was asked, what there is, what to do.
"""

from __future__ import annotations


class LstmvizError(Exception):
    """Base of every error that lstmviz raises on purpose; its text is one line for a person."""

    def __str__(self) -> str:
        """Give the message as written (KeyError would quote it)."""
        return str(self.args[0]) if self.args else type(self).__name__


class DumpError(LstmvizError, ValueError):
    """A file that cannot be read as a dump: not HDF5, not a dump, damaged, unsafe or inconsistent."""


class DumpMissing(LstmvizError, FileNotFoundError):
    """No file at the path that was asked for."""


class DumpExists(LstmvizError, FileExistsError):
    """Something is already there and would be overwritten."""


class NewerFormat(DumpError):
    """The dump was written by a newer lstmviz than the one that reads it."""


class UnknownName(LstmvizError, KeyError):
    """No source, track or axis of that name; the message lists those there are."""


class WindowError(LstmvizError, IndexError):
    """A window, step or unit that is none: empty, outside the corpus, not whole, or across a sequence border."""


class PatternError(LstmvizError, ValueError):
    """A pattern, threshold or constraint that is out of its range, or does not fit the dump."""


class RecordingError(LstmvizError, RuntimeError):
    """A model or a batch that cannot be recorded; the message says what to change."""


class LayoutError(RecordingError):
    """A model that ran over (steps, batch) where (batch, steps) was said, or the other way round."""


class StorageError(RecordingError):
    """The disk did not take what was recorded: it is full, or failed; what came before is kept."""


class InputError(DumpError, RecordingError):
    """Something handed in to be kept, by ``write_dump`` or ``record``, that does not fit: named, with what to do."""


class ModelError(LstmvizError, ValueError):
    """A model file that is none of lstmviz's, is damaged, or does not fit what is asked of it."""


class ModelMissing(ModelError):
    """No model lies beside a dump."""


class TextError(LstmvizError, ValueError):
    """A text or label file that nothing can be learned from: binary, empty, too short, or not fitting the other."""


class ServeError(LstmvizError, RuntimeError):
    """The page cannot be served as asked."""


class FigureError(LstmvizError, RuntimeError):
    """A figure that cannot be made into an image here: kaleido or a browser is missing, or failed."""


class ProjectionError(LstmvizError, RuntimeError):
    """A map that cannot be computed: the source has too few states, a package is missing, or its process failed."""


class ProjectionCancelled(ProjectionError):
    """A map whose computing was cancelled; nothing of it is kept."""


class ClusterError(LstmvizError, RuntimeError):
    """A dask scheduler that cannot be reached or used as asked, or a worker of it that failed."""


class ProjectError(LstmvizError, ValueError):
    """An LSTMVis project with faults: all of them at once, one line each, each beginning with the file's name."""

    @property
    def problems(self) -> list[str]:
        """The faults, one line each."""
        return str(self).split("\n")
