"""Fit a small text model: Adam, a cosine schedule, clipped gradients; the best weights are kept, however it ends.

Optimizer: Kingma and Ba (2015); clipping by the norm: Pascanu, Mikolov and Bengio (2013); the state carried from
batch to batch is truncated backpropagation through time (Williams and Peng, 1990).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lstmviz.training.model import State, TextModel

IGNORED = -100  # a target that is ignored, as in torch

Ending = Literal["done", "no better", "interrupted"]


@dataclass(frozen=True, slots=True)
class TrainingBatch:
    """Ids and targets, (batch, steps) int64 each; -100: no target. ``continues``: the batch before goes on."""

    ids: Tensor
    targets: Tensor
    lengths: Tensor | None = None
    continues: bool = False


@dataclass(frozen=True, slots=True)
class FitPlan:
    """How long and how fast: ``n_updates`` batches, the learning rate falling to 0 along a cosine.

    ``seconds`` end the fit earlier, with the learning rate at 0 by then too; a seed then no longer gives the same
    weights. Every ``check_every`` updates the held-out loss is measured; ``patience`` checks without a better one end
    the fit (None: never). With ``keeps_best`` the weights of the least held-out loss are kept, else the last ones, for
    text that is never seen twice. ``is_exact``: one thread, so that a seed gives the same weights on one kind of
    machine.
    """

    n_updates: int
    learning_rate: float = 1e-2
    max_norm: float = 1.0
    seed: int = 0
    check_every: int = 50
    patience: int | None = None
    keeps_best: bool = True
    is_exact: bool = False
    seconds: float | None = None

    def share_over(self, update: int, elapsed: float) -> float:
        """Return the share of the fit that is over, 0 to 1, by updates or by seconds, whichever is more."""
        by_clock = 0.0 if self.seconds is None else elapsed / self.seconds
        return min(1.0, max(update / self.n_updates, by_clock))


@dataclass(frozen=True, slots=True)
class Point:
    """One update: mean training loss of its batch (nats) and the gradient's norm before and after clipping."""

    update: int
    loss: float
    norm: float
    clipped_norm: float


@dataclass
class Curves:
    """The course of a fit: a point an update, and (update, nats) for each check of the held-out loss."""

    points: list[Point] = field(default_factory=list)
    held_out: list[tuple[int, float]] = field(default_factory=list)
    ending: Ending = "done"

    @property
    def best(self) -> tuple[int, float] | None:
        """The update with the least held-out loss, and that loss; None where it was never measured."""
        return min(self.held_out, key=lambda check: check[1], default=None)


CurvesProgress = Callable[[Curves], None]
"""Called after each update with the curves so far."""


def fit(
    model: TextModel,
    batches: Iterator[TrainingBatch],
    plan: FitPlan,
    held_out: Callable[[TextModel], float] | None = None,
    progress: CurvesProgress | None = None,
) -> Curves:
    """Train a model in place; it is in evaluation mode afterwards, with the weights that the plan asks for.

    Ctrl-C ends the fit early and keeps the best weights so far. Without ``held_out`` the last weights are kept.
    """
    curves = Curves()
    best: dict[str, Tensor] | None = None
    optimizer = torch.optim.Adam(model.parameters(), lr=plan.learning_rate)
    began = time.monotonic()

    def share_over(update: int) -> float:
        return plan.share_over(update, time.monotonic() - began)

    schedule = _schedule(optimizer, plan, share_over)
    state: State = None
    try:
        for update in range(1, plan.n_updates + 1):
            model.train()
            point, state = _update(model, next(batches), state, optimizer, plan.max_norm, update)
            schedule.step()
            curves.points.append(point)
            is_last = share_over(update) >= 1.0
            if held_out is not None and (update % plan.check_every == 0 or is_last):
                loss = held_out(model.eval())
                if plan.keeps_best and (curves.best is None or loss < curves.best[1]):
                    best = copy.deepcopy(model.state_dict())
                curves.held_out.append((update, loss))
            if progress is not None:
                progress(curves)
            if _is_out_of_patience(curves, plan):
                curves.ending = "no better"
            if is_last or curves.ending != "done":
                break
    except KeyboardInterrupt:
        curves.ending = "interrupted"
    if best is not None:
        model.load_state_dict(best)
    model.eval()
    return curves


@contextmanager
def reproducible(seed: int, is_exact: bool = True) -> Iterator[None]:
    """Seed torch, and with ``is_exact`` use one thread (the order of a sum depends on them); both are undone."""
    n_threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1 if is_exact else n_threads)
        try:
            yield
        finally:
            torch.set_num_threads(n_threads)


def losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of each target in nats, (batch, steps); 0 where there is none."""
    return cross_entropy(logits.transpose(1, 2), targets, ignore_index=IGNORED, reduction="none")


def mean_loss(model: TextModel, batches: Iterator[TrainingBatch]) -> float:
    """Return the mean loss of a model over all targets of some batches, in nats; NaN where there are none."""
    total, count = 0.0, 0
    state: State = None
    with torch.no_grad():
        for batch in batches:
            logits, state = model(batch.ids, state if batch.continues else None, batch.lengths)
            total += float(losses(logits, batch.targets).double().sum())
            count += int((batch.targets != IGNORED).sum())
    return total / count if count else math.nan


def _schedule(optimizer: Any, plan: FitPlan, share_over: Callable[[int], float]) -> Any:
    if plan.seconds is None:  # torch computes each rate from the last: the closed form below differs in the last bits
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, plan.n_updates)
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda update: (1 + math.cos(math.pi * share_over(update))) / 2)


def _update(
    model: TextModel, batch: TrainingBatch, state: State, optimizer: Any, max_norm: float, update: int
) -> tuple[Point, State]:
    logits, state = model(batch.ids, _detached(state) if batch.continues else None, batch.lengths)
    n_targets = (batch.targets != IGNORED).sum().clamp(min=1)
    loss = losses(logits, batch.targets).sum() / n_targets
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    norm = float(nn.utils.clip_grad_norm_(model.parameters(), max_norm))
    optimizer.step()
    return Point(update, loss.item(), norm, min(norm, max_norm)), state


def _detached(state: State) -> State:
    if state is None:
        return None
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def _is_out_of_patience(curves: Curves, plan: FitPlan) -> bool:
    if plan.patience is None or curves.best is None:
        return False
    checks_since = [update for update, _ in curves.held_out if update > curves.best[0]]
    return len(checks_since) >= plan.patience
