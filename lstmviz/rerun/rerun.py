"""Run the model that lies beside a dump over a text of one's own: its states, predictions and loss, token by token.

The model is rebuilt from its description and weights (nothing is unpickled), and recorded as ``lstmviz.record`` does:
a typed text's states are those of a recording, rounded as the dump's are. torch is loaded when a text comes.
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
from lstmviz.rerun.typed import Typed
from lstmviz.training.model_config import ModelDescription, model_beside, read_description
from lstmviz.training.text import Encoder

if TYPE_CHECKING:
    from lstmviz.recording import Recording
    from lstmviz.training.model import TextModel

MAX_TOKENS = 2_000  # of a typed text: more is a corpus, which is recorded
MAX_CHARACTERS = 40_000  # of a typed text, whatever it is cut into
CHECKED_STEPS = 32  # of the corpus's first sequence, by which it is seen that the model is the one that was recorded
FAR = 0.02  # between the model's states and the dump's, relative to 1 + their size: float16 has a thousandth

NO_TARGET = -100  # where a token's successor was not read: nothing says how likely it was

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model beside a dump: where it lies, and when and how large it was written, so that another is noticed."""

    path: Path
    changed: int
    n_bytes: int


def model_file(dump: DumpReader) -> ModelFile:
    """Return the model file beside a dump; ModelMissing where there is none, ModelError where it is no plain file."""
    path = model_beside(dump.path)
    try:
        found = path.stat()
    except OSError:
        raise ModelMissing(
            f"no model lies beside {dump.path.name} ({path.name} is not there), so that no text can be run through it; "
            "a sample or lstmviz train leaves one"
        ) from None
    if not stat.S_ISREG(found.st_mode):  # to open a pipe would wait for ever
        raise ModelError(f"{path.name} cannot be read as a model: it is no plain file; put the model there")
    return ModelFile(path, found.st_mtime_ns, found.st_size)


def described(dump: DumpReader) -> ModelDescription:
    """Return what the model beside a dump says of itself, without torch.

    ModelError where there is no model, or one that cannot have given the dump: its tokens, sources or units differ.
    """
    return _described(dump, model_file(dump))


@lru_cache(maxsize=64)
def _described(dump: DumpReader, file: ModelFile) -> ModelDescription:
    description = read_description(file.path)
    axis = _axis(dump, file.path.name)
    vocab = () if axis.tokens is None else axis.tokens.vocab or ()
    if vocab[: len(description.vocab)] != description.vocab:
        raise ModelError(
            f"{file.path.name} knows {len(description.vocab):,} tokens and they are not the {len(vocab):,} of "
            f"{dump.path.name}; put the model there that was recorded"
        )
    given = _sources_of(description)
    odd = next((s for s in dump.sources.values() if not _fits(s.units, s.n_units, given.get(s.name))), None)
    if odd is not None:
        there = ", ".join(f"{name} of {n}" for name, n in given.items() if name.endswith((".h", ".c")))
        raise ModelError(
            f"{file.path.name} does not give {odd.name} of {odd.n_units} units, which {dump.path.name} holds, but "
            f"{there}; put the model there that was recorded"
        )
    return description


class Rerun:
    """A model, loaded once, that runs texts; threads may share it.

    Raises ModelError where no model lies beside the dump, or another one than was recorded.
    """

    def __init__(self, dump: DumpReader) -> None:
        from lstmviz.training.model import load

        file = model_file(dump)
        self.description = _described(dump, file)
        try:
            self._model: TextModel = load(file.path)
        except ModelError as err:  # visitors of a page from elsewhere learn no path of this machine
            raise ModelError(str(err).replace(str(file.path), file.path.name)) from err
        self._encoder = Encoder(self.description.vocab, self.description.level, self.description.unknown)
        self._known = {token: i for i, token in enumerate(self.description.vocab)}
        self._options = _options(dump)
        self._order = list(dump.sources)
        self._running = threading.Lock()  # its hooks are on the model while a text runs
        self._check(dump, file.path.name)

    def run(self, text: str) -> Typed:
        """Return what the model makes of a text, from a zero state on, as a recording of it in the dump's precision.

        Raises InputError for a text that has no token, or more than 2,000.
        """
        tokens = self._cut(text)
        ids = np.array([self._known.get(token, -1) for token in tokens], np.int64)
        is_known = ids >= 0
        unknown = self.description.unknown
        if unknown is not None:
            is_known &= ids != unknown  # somebody who types the sign for the unknown means nothing known by it
            ids[~is_known] = unknown
        is_read = ids >= 0
        plan, block = self._record(ids[is_read] if is_read.any() else np.zeros(1, np.int64), _follows(is_read))
        if not is_read.all():
            block = _spread(block, is_read)
        return Typed(text, tuple(tokens), tuple(is_known.tolist()), unknown is not None, plan, block)

    def _cut(self, text: str) -> list[str]:
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

    def _record(self, ids: Ids, follows: NDArray[np.bool_] | None = None) -> tuple[DumpPlan, Block]:
        import torch

        from lstmviz.recording import record_in_memory
        from lstmviz.training.record_model import next_targets, record_batch

        row, lengths = torch.from_numpy(ids)[None], torch.tensor([len(ids)])
        targets = next_targets(row) if self.description.task == "next" else None
        if targets is not None and follows is not None:
            targets[0, torch.from_numpy(~follows)] = NO_TARGET

        def run(recording: Recording) -> None:
            record_batch(recording, self._model, row, lengths, targets)

        with self._running, torch.no_grad(), _one_thread():
            plan, block = record_in_memory(self._model, run, list(self.description.vocab), **self._options)
        ordered = {source.name: source for source in plan.sources}
        return replace(plan, sources=tuple(ordered[name] for name in self._order)), block

    def _check(self, dump: DumpReader, name: str) -> None:
        """Raise ModelError where the model gives other states than the dump holds for the corpus's first steps."""
        axis, size = dump.first, sum(p.numel() for p in self._model.parameters())
        recorded = dump.provenance.get("n_parameters", size)
        if recorded != size:
            raise ModelError(
                f"{name} has {size:,} parameters and {dump.path.name} was recorded from a model of {recorded:,}; put "
                "that model there, or record anew"
            )
        if axis.tokens is None or "position" in axis.tracks:  # thinned: the model read steps that the dump has not
            return
        end = int(axis.stops[0])
        n_steps = end if self.description.is_bidirectional else min(end, CHECKED_STEPS)
        if n_steps > MAX_TOKENS:
            return
        _, block = self._record(np.asarray(axis.tokens.ids[:n_steps], np.int64))
        for source in self._order:
            ours = block.arrays[ArrayKey("state", source)].astype(np.float64)
            theirs = dump.states(source)[:n_steps].astype(np.float64)
            with np.errstate(invalid="ignore"):
                gap = np.abs(ours - theirs) / (1 + np.abs(theirs))
            differs = ~((gap < FAR) | (np.isnan(ours) & np.isnan(theirs))).all(axis=1)
            if differs.any():
                raise ModelError(
                    f"{name} is not the model that {dump.path.name} was recorded from: its {source} differs at step "
                    f"{int(differs.argmax())}; put that model there, or record anew"
                )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: for products this small others only wait, twenty times as long on a busy machine."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def rerun_of(dump: DumpReader) -> Rerun:
    """Return the model beside a dump, ready to run; loaded once, and anew when its file changes. Errors as of Rerun."""
    with _loading:
        return _rerun_of(dump, model_file(dump))


_loading = threading.Lock()


@lru_cache(maxsize=8)
def _rerun_of(dump: DumpReader, file: ModelFile) -> Rerun:
    return Rerun(dump)


def _axis(dump: DumpReader, name: str) -> Axis:
    if len(dump.axes) != 1 or dump.first.tokens is None:
        raise ModelError(f"{name} is a model of one text, and {dump.path.name} has {', '.join(dump.axes)}")
    return dump.first


def _sources_of(description: ModelDescription) -> dict[str, int]:
    """Return every source that a model can give, and its number of units."""
    letters = {"lstm": "hcifgo", "gru": "hrzn", "rnn": "h"}[description.cell]
    ways = ("", ".reverse") if description.is_bidirectional else ("",)
    layers = [f"rnn.l{k}{way}" for k in range(description.n_layers) for way in ways]
    return {f"{layer}.{letter}": description.n_units for layer in layers for letter in letters}


def _fits(units: Sequence[int] | None, n_units: int, there: int | None) -> bool:
    if there is None:
        return False
    return n_units == there if units is None else max(units) < there


def _options(dump: DumpReader) -> dict[str, Any]:
    """Return the options of ``record`` that give the dump's sources."""
    sources = list(dump.sources.values())
    parts = [source.name.rpartition(".") for source in sources]
    chosen = {source.name: list(source.units) for source in sources if source.units is not None}
    return {
        "states": list(dict.fromkeys(state for _, _, state in parts)),
        "layers": list(dict.fromkeys(layer for layer, _, _ in parts)),
        "dtype": sources[0].dtype,
        "axis": dump.first.name,
        "join": dump.first.join,
        **({"units": chosen} if chosen else {}),
    }


def _follows(is_read: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return for each token that is read whether the next one of the text is too; None where all are."""
    return None if is_read.all() or not is_read.any() else np.append(is_read[1:], False)[is_read]


def _spread(block: Block, is_read: NDArray[np.bool_]) -> Block:
    """Return a block over all tokens, with nothing at those that were not read."""
    arrays = {}
    for key, values in block.arrays.items():
        if key.role == "sequence":
            arrays[key] = values
            continue
        nothing = np.nan if values.dtype.kind == "f" else 0 if key.role == "tokens" else -1
        arrays[key] = np.full((len(is_read), *values.shape[1:]), nothing, values.dtype)
        arrays[key][is_read] = values[: int(is_read.sum())]
    return replace(block, lengths=(len(is_read),), arrays=arrays, places=None)
