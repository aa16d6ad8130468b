"""Run the model beside a dump over a typed text: its states, predictions and loss, token by token.

The model is rebuilt from its description and weights (nothing is unpickled), and recorded as ``lstmviz.record`` does:
the states of a typed text are those of a recording, rounded as the dump's are. torch is loaded when a text is run.
"""

from __future__ import annotations

import stat
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import ModelError, ModelMissing
from lstmviz.rerun.alone import alone_with
from lstmviz.rerun.runner import Network, ReadText
from lstmviz.rerun.text_runner import MAX_TOKENS, TextRunner, check_length, check_states, checked_text, one_thread
from lstmviz.training.model_config import ModelDescription, model_beside, read_description
from lstmviz.training.text import Encoder

if TYPE_CHECKING:
    from torch import Tensor

    from lstmviz.recording import Recording
    from lstmviz.rerun.stepwise.cells import Setter
    from lstmviz.rerun.stepwise.watch import Watch
    from lstmviz.training.model import TextModel

CHECKED_STEPS = 32  # of the corpus's first sequence, on which the model must reproduce the dump


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
            "attach yours (dump.attach, or --model NAME); a sample or lstmviz train saves one"
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
            f"{dump.path.name}; put the recorded model there"
        )
    n_units = _sources_of(description)
    wrong = next((s for s in dump.sources.values() if not _fits(s.units, s.n_units, n_units.get(s.name))), None)
    if wrong is not None:
        sources = ", ".join(f"{name} of {n}" for name, n in n_units.items() if name.endswith((".h", ".c")))
        raise ModelError(
            f"{file.path.name} does not give {wrong.name} of {wrong.n_units} units, which {dump.path.name} holds, but "
            f"{sources}; put the recorded model there"
        )
    return description


class Rerun(TextRunner):
    """The model beside a dump, loaded once, that runs texts; threads may share it.

    Raises ModelError if no model lies beside the dump, or another one than was recorded.
    """

    is_followed = False  # lstmviz's own model reads what it is given

    def __init__(self, dump: DumpReader) -> None:
        from lstmviz.training.model import load

        file = model_file(dump)
        description = self.description = _checked_description(dump, file)
        super().__init__(dump, list(dump.sources))
        try:
            self._network = TextNetwork(load(file.path))
        except ModelError as err:  # remote visitors of the page must not see a path of this machine
            raise ModelError(str(err).replace(str(file.path), file.path.name)) from err
        self.vocab: Sequence[str] = description.vocab
        self.outputs: Sequence[str] = description.labels or description.vocab
        self.predicts_next = description.task == "next"
        self.has_unknown = description.unknown is not None
        self._encoder = Encoder(description.vocab, description.level, description.unknown)
        self._ids = {token: i for i, token in enumerate(description.vocab)}
        self._check_states(dump, file.path.name)

    @property
    def module(self) -> TextModel:
        """The torch module."""
        return self._network.model

    def alone(self) -> AbstractContextManager[None]:
        """Keep other threads off the module, without gradients and on one thread, while the block lasts."""
        return self._network.alone()

    def watching(
        self,
        held: Mapping[str, Setter],
        keep: Collection[str] | Mapping[str, Tensor | None] = (),
        is_alike: bool = False,
    ) -> AbstractContextManager[Watch]:
        """Hold states by source, and keep others, while the block lasts."""
        return self._network.watching(held, keep, is_alike)

    def logits(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits (n_rows, n_steps, n_outputs) of ids (n_rows, n_steps), inside ``alone``."""
        return self._network.logits(ids, lengths)

    def embeddings(self) -> Tensor:
        """Return the vector of each token of the vocabulary, (n_vocab, n_embedding)."""
        return self.module.embedding.weight

    @contextmanager
    def embedded_as(self, cells: tuple[Tensor, Tensor], vector: Tensor) -> Iterator[None]:
        """Put a vector in the place of the embedding of some (rows, steps) of a batch, while the block lasts."""

        def put(module: Any, args: Any, output: Tensor) -> Tensor:
            output[cells] = vector
            return output

        handle = self.module.embedding.register_forward_hook(put)
        try:
            yield
        finally:
            handle.remove()

    def fresh(self, seed: int) -> Network:
        """Return a network of the same shape with weights as torch first draws them."""
        import torch

        from lstmviz.training.model import TextModel

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return TextNetwork(TextModel(self.description).eval())

    def read(self, text: str) -> ReadText:
        """Return a text as the model reads it; InputError for one that has no token, or more than 2,000."""
        tokens = self._encoder.tokens(checked_text(text))
        check_length(len(tokens))
        ids = np.array([self._ids.get(token, -1) for token in tokens], np.int64)
        is_known = ids >= 0
        unknown = self.description.unknown
        if unknown is not None:
            is_known &= ids != unknown  # the unknown token itself, when typed, is not a known word
            ids[~is_known] = unknown
        is_read = ids >= 0
        return ReadText(text, tuple(tokens), ids[is_read], is_known, is_read)

    def record_row(self, recording: Recording, row: Tensor, targets: Tensor, predicted: Tensor | None) -> None:
        """Run the model over ids (1, n_steps) as one batch of a recording, with its predictions."""
        import torch

        from lstmviz.training.record_model import record_batch

        lengths = torch.tensor([row.shape[1]])
        wanted = targets if self.predicts_next else None
        record_batch(recording, self.module, row, lengths, wanted, predicted=predicted)

    def _check_states(self, dump: DumpReader, name: str) -> None:
        """Raise ModelError if the model's states for the first steps of the corpus are not those of the dump."""
        axis, size = dump.first, sum(p.numel() for p in self.module.parameters())
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
        _, block = self.record_ids(np.asarray(axis.tokens.ids[:n_steps], np.int64))
        check_states(dump, block, name, "put that model there, or record again")


class TextNetwork:
    """A small text model of lstmviz's own as a network that is run over batches of ids."""

    def __init__(self, model: TextModel) -> None:
        self.model = model

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads off the module, without gradients and on one thread, while the block lasts."""
        import torch

        with alone_with(self.model), torch.no_grad(), one_thread():
            yield

    def watching(
        self,
        held: Mapping[str, Setter],
        keep: Collection[str] | Mapping[str, Tensor | None] = (),
        is_alike: bool = False,
    ) -> AbstractContextManager[Watch]:
        """Hold states by source, and keep others, while the block lasts."""
        from lstmviz.rerun.stepwise.modules import stepwise

        return stepwise(self.model, held, keep, is_alike=is_alike)

    def logits(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits (n_rows, n_steps, n_outputs) of ids (n_rows, n_steps), inside ``alone``."""
        logits: Tensor = self.model(ids, None, lengths if self.model.description.is_bidirectional else None)[0]
        return logits


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
        raise ModelError(f"{name} is a model of one text, and {dump.path.name} has several: {', '.join(dump.axes)}")
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
