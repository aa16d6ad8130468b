"""Attach a live model to a dump: checked at once, and again whenever its weights have changed since."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn
from weakref import ref

from torch import nn

from lstmviz.dump.moments import moment_of, weights_beside
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError, ModelError
from lstmviz.rerun.live.at_moment import at_moment
from lstmviz.rerun.live.model import LiveModel, as_live
from lstmviz.rerun.live.numbers import NumberRunner
from lstmviz.rerun.live.runner import LiveRunner
from lstmviz.rerun.of_dump import N_EXAMPLES, Attached, Reader, attach, is_beside
from lstmviz.rerun.stepwise.modules import modules_of
from lstmviz.system.own_files import FileStamp, file_stamp

LOADED = 4  # moments whose models are kept in memory

Stamp = tuple[tuple[int, int, int], ...]


def offer_live(dump: DumpReader, live: LiveModel) -> ModelError | None:
    """Attach a model to a dump that it fits; else return why not, which the page says unless a model lies beside it."""
    try:
        attach_live(dump, live)
    except ModelError as err:
        if not is_beside(dump):
            attach(dump, Attached(_refuse(err), _refuse(err)))
        return err
    return None


def _refuse(reason: ModelError) -> Callable[[], NoReturn]:
    def refuse() -> NoReturn:
        raise reason

    return refuse


def attach_live(dump: DumpReader, given: Any, encode: Any = None) -> None:
    """Have a LiveModel, or a module, run the texts of a dump; ModelError where it is not the one that was recorded."""
    live, at = as_live(given, encode), ref(dump)  # the dump is a key of what has this
    own = _Checked(live, dump)

    def checked() -> _Checked:
        """Return the model, as it was when the dump was recorded where its weights were kept."""
        open_dump = at()
        if open_dump is None or moment_of(open_dump.provenance) is None:
            return own
        stamp = file_stamp(weights_beside(open_dump.path))
        return own if stamp is None else _of_moment(live, open_dump, stamp)

    checked().runner()
    attach(dump, Attached(lambda: checked().runner(), lambda: checked().reader()))


@lru_cache(maxsize=LOADED)
def _of_moment(live: LiveModel, dump: DumpReader, stamp: FileStamp) -> _Checked:
    """Load the weights beside a moment; ``stamp`` is that of their file."""
    return _Checked(at_moment(live, weights_beside(dump.path)), dump)


class _Checked:
    """The runner of a live model for a dump, made anew when the model's weights have changed."""

    def __init__(self, live: LiveModel, dump: DumpReader) -> None:
        self._live, self._dump = live, ref(dump)
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._runner: LiveRunner | NumberRunner | ModelError | None = None

    def runner(self) -> LiveRunner | NumberRunner:
        """Return the runner; ModelError where the model is not, or is no longer, the one that was recorded."""
        with self._lock:
            stamp = _stamp_of(self._live.model)
            if stamp != self._stamp or self._runner is None:
                self._runner, self._stamp = self._make_runner(), stamp
            if isinstance(self._runner, ModelError):
                raise self._runner
            return self._runner

    def reader(self) -> Reader:
        """Return who reads a typed text; ModelError as ``runner``."""
        runner = self.runner()
        some = tuple(word for word in runner.vocab[:N_EXAMPLES] if runner.has_examples)
        predicts_labels = runner.predicts in ("step", "text")
        return Reader(_words(runner.module), runner.level, len(runner.vocab), runner.has_unknown, some, predicts_labels)

    def _make_runner(self) -> LiveRunner | NumberRunner | ModelError:
        dump = self._dump()
        if dump is None:
            return ModelError("the dump is closed; open it again")
        try:
            return LiveRunner(self._live, dump) if dump.first.tokens is not None else NumberRunner(self._live, dump)
        except ModelError as err:
            return err
        except InputError as err:
            return ModelError(str(err))


def _stamp_of(model: nn.Module) -> Stamp:
    """Return what changes when the weights of a model do."""
    return tuple((id(weight), weight._version, weight.data_ptr()) for weight in model.parameters())


def _words(model: nn.Module) -> str:
    """Return a model in a few words, such as "WordModel (2 x 650 LSTM)"."""
    sizes = [
        f"{getattr(module, 'num_layers', 1)} x {module.hidden_size} {type(module).__name__.removesuffix('Cell')}"
        for module in modules_of(model).values()
    ]
    return f"{type(model).__name__} ({', '.join(sizes[:3])}{', ...' * (len(sizes) > 3)})"
