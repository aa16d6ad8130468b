"""Every error that lstmviz raises, under one base.

Each also derives from the builtin exception it resembles, so that ``except KeyError`` works as expected. A message is
one line: what was asked, what there is, what to do.
"""

from __future__ import annotations

LINE_HEAD, LINE_TAIL = 1_000, 400  # characters kept of a longer line: a name in a hostile file may have 60,000
MOST_REASON = 200  # characters of another library's error inside a message
# What reading malformed JSON raises: text that is no JSON, a missing key, a value of another type, a number too large
# for an integer, lists nested too deeply.
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


class LstmvizError(Exception):
    """Base of every error that lstmviz raises on purpose; its text is one line for a person to read.

    Example:
        >>> try:
        ...     dump.select("rnn.l9.c", 0, 3)
        ... except lstmviz.LstmvizError as error:
        ...     print(type(error).__name__)
        UnknownName
    """

    def __str__(self) -> str:
        """Return the message as written (KeyError would quote it), of a very long line its head and its end."""
        text = str(self.args[0]) if self.args else type(self).__name__
        return text if len(text) <= LINE_HEAD + LINE_TAIL else "\n".join(map(_cut, text.split("\n")))


class DumpError(LstmvizError, ValueError):
    """A file that cannot be read as a dump: not HDF5, not a dump, damaged, unsafe or inconsistent."""


class DumpMissing(LstmvizError, FileNotFoundError):
    """There is no file at the given path, of a dump or of a recording in progress."""


class DumpExists(LstmvizError, FileExistsError):
    """Something is already at the path and would be overwritten; overwrite=True replaces it."""


class NewerFormat(DumpError):
    """The dump was written by a newer version of lstmviz, which is needed to read it."""


class DumpReplaced(DumpError):
    """A dump that was recorded again, changed or removed since it was opened; what is there now must be opened."""


class UnknownName(LstmvizError, KeyError):
    """There is no source, track or axis of that name; the message lists those there are."""


class WindowError(LstmvizError, IndexError):
    """An invalid window, step or unit: empty, out of range, not an integer, or crossing a sequence border."""


class PatternError(LstmvizError, ValueError):
    """A pattern, threshold or constraint that is out of range or does not fit the dump."""


class RecordingError(LstmvizError, RuntimeError):
    """A model or a batch that cannot be recorded; the message says what to change."""


class LayoutError(RecordingError):
    """A model that ran over (steps, batch) although (batch, steps) was given, or the reverse."""


class StorageError(RecordingError):
    """The disk is full or failed while recording; everything acknowledged before is kept."""


class InputError(DumpError, RecordingError):
    """An input of ``write_dump`` or ``record`` that does not fit; the message names it and says what to do."""


class ModelError(LstmvizError, ValueError):
    """A model file that was not written by lstmviz, is damaged, or does not fit."""


class ModelMissing(ModelError):
    """No model lies beside the dump, and so no text can be run again."""


class ModelBusy(ModelError):
    """The model is running for somebody else; ask the same question again in a moment."""


class TextError(LstmvizError, ValueError):
    """A text or label file that cannot be learned from: binary, empty, too short, or not matching the other."""


class ServeError(LstmvizError, RuntimeError):
    """The page cannot be served as requested: a port, a host or a file that cannot be used."""


class ClassError(LstmvizError, ValueError):
    """Something that a class rejects: a nickname, a code, a question, an answer, or one student too many."""


class FigureError(LstmvizError, RuntimeError):
    """A figure that cannot be turned into an image: kaleido or a browser is missing or failed."""


class ProjectionError(LstmvizError, RuntimeError):
    """A map that cannot be computed: too few states, a missing package, or a failed process."""


class ProjectionCancelled(ProjectionError):
    """The computation of a map was cancelled; nothing of it is kept."""


class Cancelled(LstmvizError, RuntimeError):
    """A question that was cancelled while it was answered; nothing of it is kept."""


class TooLong(LstmvizError, RuntimeError):
    """A question took more of the server's processor time than one question may."""


class ClusterError(LstmvizError, RuntimeError):
    """A dask scheduler that cannot be reached or used, or a failed worker."""


class ProjectError(LstmvizError, ValueError):
    """An LSTMVis project with faults: all of them together, one line each, beginning with the file's name."""

    @property
    def problems(self) -> list[str]:
        """The faults, one line each."""
        return str(self).split("\n")


def _cut(line: str) -> str:
    is_long = len(line) > LINE_HEAD + LINE_TAIL
    return f"{line[:LINE_HEAD]} [...] {line[-LINE_TAIL:]}" if is_long else line


def reason_of(err: BaseException) -> str:
    """Return what an error of another library says, on one line of at most 200 characters; its class if it is empty."""
    return " ".join(str(err).split())[:MOST_REASON] or type(err).__name__


def reason_with_class(err: BaseException) -> str:
    """Return the same with the class before it, as for errors of the user's own code: "ValueError: no such word"."""
    name, reason = type(err).__name__, reason_of(err)
    return name if reason == name else f"{name}: {reason}"
