"""A live model as a network that is run over batches of ids, together where it can, else row by row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lstmviz.errors import ModelError
from lstmviz.recording.corpus.feed import eval_mode
from lstmviz.rerun.alone import alone_with
from lstmviz.rerun.live.call import ModelCall
from lstmviz.rerun.live.model import LiveModel
from lstmviz.rerun.live.watch import LiveWatch
from lstmviz.rerun.stepwise.cells import Setter
from lstmviz.rerun.stepwise.modules import stepwise

TOLERANCE = 1e-3  # between what a row gives alone and beside others, relative to 1 + magnitude


class LiveNetwork:
    """Runs a module of the user's own; ``takes_batches`` tells whether several rows may run together."""

    def __init__(self, live: LiveModel, model: nn.Module | None = None) -> None:
        self.model = live.model if model is None else model
        self.takes_batches = False
        self._call = ModelCall(self.model, live.forward)
        weight = next(self.model.parameters(), None)
        self.device = torch.device(live.device or ("cpu" if weight is None else weight.device))
        self.row: int | None = None  # that runs now, where rows run one by one
        self._watch: LiveWatch | None = None

    @property
    def is_steps_first(self) -> bool:
        """Tell whether the model is given ids of (steps, batch)."""
        return self._call.is_steps_first

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads off the module, in evaluation mode and without gradients, while the block lasts."""
        with alone_with(self.model), torch.no_grad(), eval_mode(self.model):
            yield

    @contextmanager
    def watching(
        self,
        held: Mapping[str, Setter],
        keep: Collection[str] | Mapping[str, Tensor | None] = (),
        is_alike: bool = False,
    ) -> Iterator[LiveWatch]:
        """Hold states by source, and keep others, while the block lasts."""
        with stepwise(self.model, held, keep, LiveWatch, is_alike) as watch:
            self._watch = watch
            try:
                yield watch
            finally:
                self._watch = None

    def row_logits(self, row: Tensor) -> Tensor | None:
        """Return the logits of one text (1, n_steps): (1, n_steps, n), (1, n), or None, on the model's device."""
        return self._call.logits(row.to(self.device))

    def logits(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits (n_rows, n_steps, n_outputs) of ids (n_rows, n_steps), on the CPU.

        Those of a whole text stand at each of its steps; there are no outputs where the model predicts nothing.
        """
        if self.takes_batches or len(ids) == 1:
            return self._batch_logits(ids)
        rows = []
        for i, (row, length) in enumerate(zip(ids, lengths.tolist(), strict=True)):
            self._begin(i, len(ids))
            rows.append(_by_step(self._call.logits(row[None, :length].to(self.device)), 1, length)[0])
            if self._watch is not None:
                self._watch.end_row()
        if self._watch is not None:
            self._watch.end()
        padded = rows[0].new_zeros(len(ids), ids.shape[1], rows[0].shape[-1])
        for one, row in zip(padded, rows, strict=True):
            one[: len(row)] = row
        return padded

    def try_batches(self, ids: Tensor, sources: Collection[str]) -> None:
        """Find out, inside ``alone``, whether rows of different lengths give together what they give one by one."""
        n = ids.shape[1]
        rows = torch.cat([ids, ids.flip(1)])
        rows[1, n // 2 + 1 :] = 0
        lengths = torch.tensor([n, n // 2 + 1])
        try:
            with self.watching({}, sources) as watch:
                one_by_one, states = self.logits(rows, lengths), dict(watch.kept)
                together, batched = self._batch_logits(rows), dict(watch.kept)
        except (ModelError, RuntimeError, ValueError, TypeError, IndexError, LookupError):
            return
        self.takes_batches = _agree(one_by_one, together, lengths) and all(
            _agree(states[name].transpose(0, 1), batched[name].transpose(0, 1), lengths) for name in states
        )

    def _batch_logits(self, ids: Tensor) -> Tensor:
        self._begin(None, 1)
        logits = _by_step(self._call.logits(ids.to(self.device)), *ids.shape[:2])
        if self._watch is not None:
            self._watch.end()
        return logits

    def _begin(self, row: int | None, n_rows: int) -> None:
        self.row = row
        if self._watch is not None:
            self._watch.begin(row, n_rows)


def _by_step(logits: Tensor | None, n_rows: int, n_steps: int) -> Tensor:
    """Return logits (n_rows, n_steps, n) as float32 on the CPU; those of a whole text at each step."""
    if logits is None:
        return torch.zeros(n_rows, n_steps, 0)
    by_step = logits if logits.dim() == 3 else logits[:, None].expand(-1, n_steps, -1)
    return by_step.float().cpu()


def _agree(one: Tensor, other: Tensor, lengths: Tensor) -> bool:
    """Tell whether values (n_rows, n_steps, n) are the same at each row's own steps."""
    if one.shape != other.shape:
        return False
    is_step = torch.arange(one.shape[1]) < lengths[:, None]
    gap = (one - other).abs() / (1 + one.abs())
    return bool((gap[is_step] < TOLERANCE).all())
