"""The model that runs texts for a dump: one of the user's own process that was attached to it, or the one beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ModelError
from lstmviz.rerun.rerun import model_description, rerun_of
from lstmviz.rerun.runner import Runner

N_EXAMPLES = 60  # tokens of a vocabulary that are shown as examples


@dataclass(frozen=True, slots=True)
class Reader:
    """The model that reads a typed text, described for a person, and how it cuts a text.

    ``level`` is "char", "word", "token" (as the user's own function cuts it) or "number". ``some`` are examples of the
    ``n_vocab`` tokens that it knows.
    """

    words: str
    level: str
    n_vocab: int
    has_unknown: bool
    some: tuple[str, ...]
    predicts_labels: bool = False


@dataclass(frozen=True, slots=True)
class Attached:
    """A model attached to a dump: how to get its runner, and its description; both may raise ModelError."""

    runner: Callable[[], Runner]
    reader: Callable[[], Reader]


_attached: WeakKeyDictionary[DumpReader, Attached] = WeakKeyDictionary()


def attach(dump: DumpReader, given: Attached) -> None:
    """Have a model run the texts of a dump from now on, in place of one beside it."""
    _attached[dump] = given


def is_beside(dump: DumpReader) -> bool:
    """Tell whether a model that can run the texts of a dump lies beside it."""
    try:
        model_description(dump)
    except ModelError:
        return False
    return True


def is_attached(dump: DumpReader) -> bool:
    """Tell whether a model of the user's own process runs the texts of a dump."""
    return dump in _attached


def runner_of(dump: DumpReader) -> Runner:
    """Return the model that runs texts for a dump; ModelError where there is none, or another than was recorded."""
    attached = _attached.get(dump)
    return rerun_of(dump) if attached is None else attached.runner()


def reader_of(dump: DumpReader) -> Reader:
    """Describe the model that reads a typed text, without loading the one beside a dump; ModelError without a model."""
    attached = _attached.get(dump)
    if attached is not None:
        return attached.reader()
    about = model_description(dump)
    some = tuple(token for i, token in enumerate(about.vocab[:N_EXAMPLES]) if i != about.unknown)
    return Reader(about.words, about.level, len(about.vocab), about.unknown is not None, some, about.task == "label")
