"""Run the model beside a dump over a typed text: its states, predictions and loss, token by token.

The model is rebuilt from its description and weights (nothing is unpickled), and recorded as ``lstmviz.record`` does:
the states of a typed text are those of a recording, rounded as the dump's are. torch is loaded when a text is run.
"""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.block import Block
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.dump.schema import ArrayKey, DumpPlan
from lstmviz.errors import InputError, ModelError, ModelMissing
from lstmviz.rerun.blocks import at_read_steps, successor_is_read, with_states, with_unread
from lstmviz.rerun.interventions import HeldValues
from lstmviz.rerun.runner import Ids, ReadText
from lstmviz.rerun.typed import TypedRun
from lstmviz.training.model_config import ModelDescription, model_beside, read_description
from lstmviz.training.text import Encoder

if TYPE_CHECKING:
    from torch import Tensor, nn

    from lstmviz.recording import Recording
    from lstmviz.training.model import TextModel

MAX_TOKENS = 2_000  # of a typed text; longer ones are recorded as a corpus
MAX_CHARACTERS = 40_000  # of a typed text
CHECKED_STEPS = 32  # of the corpus's first sequence, on which the model must reproduce the dump
TOLERANCE = 0.02  # between the model's states and the dump's, relative to 1 + magnitude; float16 rounds to 0.001
NO_TARGET = -100  # for a token whose successor was not read, which therefore has no loss


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file beside a dump; its time and size tell when it is replaced."""

    path: Path
    modified_ns: int
    n_bytes: int


def model_file(dump: DumpReader) -> ModelFile:
    """Return the model file beside a dump; ModelMissing if there is none, ModelError if it is not a regular file."""
    path = model_beside(dump.path)
    try:
        info = path.stat()
    except OSError:
        raise ModelMissing(
            f"no model lies beside {dump.path.name} ({path.name} is not there), so no text can be run through it; "
            "a sample or lstmviz train saves one"
        ) from None
    if not stat.S_ISREG(info.st_mode):  # opening a pipe would wait forever
        raise ModelError(f"{path.name} cannot be read as a model: it is not a regular file; put the model there")
    return ModelFile(path, info.st_mtime_ns, info.st_size)


def model_description(dump: DumpReader) -> ModelDescription:
    """Return the description of the model beside a dump, without loading torch.

    ModelError if there is no model, or one that cannot have given the dump: its tokens, sources or units differ.
    """
    return _checked_description(dump, model_file(dump))


@lru_cache(maxsize=64)
def _checked_description(dump: DumpReader, file: ModelFile) -> ModelDescription:
    description = read_description(file.path)
    axis = _text_axis(dump, file.path.name)
    vocab = () if axis.tokens is None else axis.tokens.vocab or ()
    if vocab[: len(description.vocab)] != description.vocab:
        raise ModelError(
            f"{file.path.name} knows {len(description.vocab):,} tokens and they are not the {len(vocab):,} of "
            f"{dump.path.name}; put the model there that was recorded"
        )
    n_units = _sources_of(description)
    wrong = next((s for s in dump.sources.values() if not _fits(s.units, s.n_units, n_units.get(s.name))), None)
    if wrong is not None:
        sources = ", ".join(f"{name} of {n}" for name, n in n_units.items() if name.endswith((".h", ".c")))
        raise ModelError(
            f"{file.path.name} does not give {wrong.name} of {wrong.n_units} units, which {dump.path.name} holds, but "
            f"{sources}; put the model there that was recorded"
        )
    return description


class Rerun:
    """A model, loaded once, that runs texts; threads may share it.

    Raises ModelError if no model lies beside the dump, or another one than was recorded.
    """

    def __init__(self, dump: DumpReader) -> None:
        from lstmviz.training.model import load

        file = model_file(dump)
        self.description = _checked_description(dump, file)
        try:
            self._model: TextModel = load(file.path)
        except ModelError as err:  # remote visitors of the page must not see a path of this machine
            raise ModelError(str(err).replace(str(file.path), file.path.name)) from err
        self.vocab: Sequence[str] = self.description.vocab
        self.outputs: Sequence[str] = self.description.labels or self.description.vocab
        self.predicts_next = self.description.task == "next"
        self._encoder = Encoder(self.description.vocab, self.description.level, self.description.unknown)
        self._ids = {token: i for i, token in enumerate(self.description.vocab)}
        self._options = _record_options(dump)
        self._source_names = list(dump.sources)
        self._model_lock = threading.Lock()  # hooks are on the model while a text runs
        self._check_states(dump, file.path.name)

    @property
    def module(self) -> TextModel:
        """The torch module."""
        return self._model

    @property
    def embedding(self) -> nn.Module:
        """The module whose output stands for the tokens."""
        return self._model.embedding

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads off the module, without gradients and on one thread, while the block lasts."""
        import torch

        with self._model_lock, torch.no_grad(), _one_thread():
            yield

    def logits(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits (n_rows, n_steps, n_outputs) of ids (n_rows, n_steps), inside ``alone``."""
        logits: Tensor = self._model(ids, None, lengths if self.description.is_bidirectional else None)[0]
        return logits

    def read(self, text: str) -> ReadText:
        """Return a text as the model reads it; InputError for one that has no token, or more than 2,000."""
        tokens = self._tokens(text)
        ids = np.array([self._ids.get(token, -1) for token in tokens], np.int64)
        is_known = ids >= 0
        unknown = self.description.unknown
        if unknown is not None:
            is_known &= ids != unknown  # the unknown token itself, when typed, is not a known word
            ids[~is_known] = unknown
        is_read = ids >= 0
        return ReadText(text, tuple(tokens), ids[is_read], is_known, is_read)

    def run(self, text: str, held: Sequence[HeldValues] = ()) -> TypedRun:
        """Return the recording of a text in the dump's precision, starting from a zero state, with some units held.

        Raises InputError for a text that has no token, or more than 2,000.
        """
        read = self.read(text)
        ids = read.ids if len(read.ids) else np.zeros(1, np.int64)
        held = [one for one in (at_read_steps(one, read.is_read) for one in held) if one is not None]
        plan, block = self._record(ids, successor_is_read(read.is_read), held)
        if not read.is_read.all():
            block = with_unread(block, read.is_read)
        has_unknown = self.description.unknown is not None
        return TypedRun(text, read.tokens, tuple(read.is_known.tolist()), has_unknown, plan, block)

    def _tokens(self, text: str) -> list[str]:
        if not isinstance(text, str):
            raise InputError(f"the text is a {type(text).__name__}; give a string")
        if len(text) > MAX_CHARACTERS:
            raise InputError(f"the text has {len(text):,} characters; at most {MAX_CHARACTERS:,} can be typed")
        tokens = self._encoder.tokens(text.replace("\r\n", "\n").replace("\r", "\n"))
        if not tokens:
            raise InputError("the text has no token; type at least one")
        if len(tokens) > MAX_TOKENS:
            raise InputError(
                f"the text has {len(tokens):,} tokens; at most {MAX_TOKENS:,} can be typed, and more is recorded"
            )
        return tokens

    def _record(
        self, ids: Ids, has_target: NDArray[np.bool_] | None = None, held: Sequence[HeldValues] = ()
    ) -> tuple[DumpPlan, Block]:
        """Record token ids; ``has_target`` tells where the next token counts for the loss (None: everywhere)."""
        import torch

        from lstmviz.recording import record_in_memory
        from lstmviz.training.record_model import next_targets, record_batch

        row, lengths = torch.from_numpy(ids)[None], torch.tensor([len(ids)])
        targets = next_targets(row) if self.description.task == "next" else None
        if targets is not None and has_target is not None:
            targets[0, torch.from_numpy(~has_target)] = NO_TARGET

        with self.alone():
            states, logits = self._with_held(row, lengths, held)

            def run(recording: Recording) -> None:
                record_batch(recording, self._model, row, lengths, targets, predicted=logits)

            plan, block = record_in_memory(self._model, run, list(self.description.vocab), **self._options)
        sources = {source.name: source for source in plan.sources}
        plan = replace(plan, sources=tuple(sources[name] for name in self._source_names))
        return plan, with_states(plan, block, states)

    def _with_held(
        self, row: Tensor, lengths: Tensor, held: Sequence[HeldValues]
    ) -> tuple[dict[str, NDArray[Any]], Tensor | None]:
        """Return the states of one text by source, (n_steps, n_units), and its logits; nothing where nothing is held.

        The recorder checks a module against its own arithmetic, so it cannot watch one whose units are held.
        """
        if not held:
            return {}, None
        from lstmviz.rerun.stepwise.modules import stepwise
        from lstmviz.rerun.stepwise.setters import HeldUnits, in_turn

        setters = in_turn((one.source, HeldUnits(one.units, one.values, one.window)) for one in held)
        with stepwise(self._model, setters, self._source_names) as watch:
            logits = self.logits(row, lengths)
        return {name: values[:, 0].numpy() for name, values in watch.kept.items()}, logits

    def _check_states(self, dump: DumpReader, name: str) -> None:
        """Raise ModelError if the model's states for the first steps of the corpus are not those of the dump."""
        axis, size = dump.first, sum(p.numel() for p in self._model.parameters())
        recorded = dump.provenance.get("n_parameters", size)
        if recorded != size:
            raise ModelError(
                f"{name} has {size:,} parameters and {dump.path.name} was recorded from a model of {recorded:,}; put "
                "that model there, or record again"
            )
        if axis.tokens is None or "position" in axis.tracks:  # the model read steps that were not recorded
            return
        end = int(axis.stops[0])
        n_steps = end if self.description.is_bidirectional else min(end, CHECKED_STEPS)
        if n_steps > MAX_TOKENS:
            return
        _, block = self._record(np.asarray(axis.tokens.ids[:n_steps], np.int64))
        for source in self._source_names:
            ours = block.arrays[ArrayKey("state", source)].astype(np.float64)
            theirs = dump.states(source)[:n_steps].astype(np.float64)
            with np.errstate(invalid="ignore"):
                gap = np.abs(ours - theirs) / (1 + np.abs(theirs))
            differs = ~((gap < TOLERANCE) | (np.isnan(ours) & np.isnan(theirs))).all(axis=1)
            if differs.any():
                raise ModelError(
                    f"{name} is not the model that {dump.path.name} was recorded from: its {source} differs at step "
                    f"{int(differs.argmax())}; put that model there, or record again"
                )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit torch to one thread: products this small gain nothing from more, and lose much on a busy machine."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def rerun_of(dump: DumpReader) -> Rerun:
    """Return the model beside a dump, ready to run; loaded once, and again when its file changes. Raises as Rerun."""
    with _load_lock:
        return _load_rerun(dump, model_file(dump))


_load_lock = threading.Lock()


@lru_cache(maxsize=8)
def _load_rerun(dump: DumpReader, file: ModelFile) -> Rerun:
    return Rerun(dump)


def _text_axis(dump: DumpReader, name: str) -> Axis:
    if len(dump.axes) != 1 or dump.first.tokens is None:
        raise ModelError(f"{name} is a model of one text, and {dump.path.name} has {', '.join(dump.axes)}")
    return dump.first


def _sources_of(description: ModelDescription) -> dict[str, int]:
    """Return every source that a model can give, and its number of units."""
    states = {"lstm": "hcifgo", "gru": "hrzn", "rnn": "h"}[description.cell]
    directions = ("", ".reverse") if description.is_bidirectional else ("",)
    layers = [f"rnn.l{k}{direction}" for k in range(description.n_layers) for direction in directions]
    return {f"{layer}.{state}": description.n_units for layer in layers for state in states}


def _fits(units: Sequence[int] | None, n_units: int, n_model_units: int | None) -> bool:
    """Tell whether a source of a dump, with all units or those numbered ``units``, can come from a model's source."""
    if n_model_units is None:
        return False
    return n_units == n_model_units if units is None else max(units) < n_model_units


def _record_options(dump: DumpReader) -> dict[str, Any]:
    """Return the options of ``record`` that give the dump's sources."""
    sources = list(dump.sources.values())
    names = [source.name.rpartition(".") for source in sources]
    units = {source.name: list(source.units) for source in sources if source.units is not None}
    return {
        "states": list(dict.fromkeys(state for _, _, state in names)),
        "layers": list(dict.fromkeys(layer for layer, _, _ in names)),
        "dtype": sources[0].dtype,
        "axis": dump.first.name,
        "join": dump.first.join,
        **({"units": units} if units else {}),
    }
