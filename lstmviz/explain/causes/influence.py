"""What does a token change? It is replaced by others, and later states and losses compared with those before."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.checks import check_whole
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError, PatternError
from lstmviz.rerun.interventions import model_units
from lstmviz.rerun.runner import Ids, Runner

Floats = NDArray[np.float32]

MAX_DRAWS = 1_000
MAX_CELLS = 2**26  # tokens x steps x units of an answer
MAX_VALUES = 2**22  # of the states and logits of the rows that run at once


@dataclass(frozen=True, eq=False)
class Influence:
    """What each token of a text changes in the units of a source, and in the loss, at every step from its own on.

    Attributes:
        tokens: The tokens of the text.
        source: The source.
        units: Numbers of the units.
        states: By how much replacing token j changes unit u at step t, in the view of the source: (n_tokens, n_steps,
            n_units). It is 0 before the token, but for rounding, unless the model reads backward; NaN where it does
            not read a token.
        loss: By how much it changes the loss of the token after step t, in nats: (n_tokens, n_steps); NaN where there
            is no next token.

    Example:
        >>> influence = dump.influence("0(1(22", "rnn.l1.c", n_draws=0)
        >>> influence.states.shape
        (6, 6, 50)
        >>> influence.at(5)["token"].tolist()
        ['0', '(', '1', '(', '2', '2']
    """

    tokens: tuple[str, ...]
    source: str
    units: tuple[int, ...]
    states: Floats
    loss: Floats

    def at(self, step: int, units: Sequence[int] | None = None) -> pd.DataFrame:
        """Return the influence of each token on one step.

        Args:
            step: The step of the text.
            units: Units to look at; None for all of ``units``.

        Returns:
            One row for each token: step, token, states (the mean over units), loss.

        Raises:
            PatternError: The text has no such step, or a unit is not one of ``units``.
        """
        step = check_whole("step", step)
        if not 0 <= step < len(self.tokens):
            raise PatternError(f"step {step} is not one of the text's 0 to {len(self.tokens) - 1}")
        shown_units = self.units if units is None else units
        for unit in shown_units:
            if unit not in self.units:
                raise PatternError(f"unit {unit} was not asked for; there is {', '.join(map(str, self.units))}")
        columns = [self.units.index(unit) for unit in shown_units]
        return pd.DataFrame(
            {
                "step": np.arange(len(self.tokens)),
                "token": pd.Series(self.tokens, dtype="str"),
                "states": self.states[:, step, columns].mean(axis=1),
                "loss": self.loss[:, step],
            }
        )


def influence(
    dump: DumpReader,
    runner: Runner,
    text: str,
    source: str,
    units: Sequence[int] | None = None,
    n_draws: int = 16,
    seed: int = 0,
) -> Influence:
    """Return what each token of a text changes; ``Dump.influence`` says what each argument means.

    Raises UnknownName for the source, PatternError for a unit or a number out of range, InputError for the text.
    """
    info, n_draws = dump.source(source), check_whole("n_draws", n_draws)
    if not 0 <= n_draws <= MAX_DRAWS:
        raise PatternError(f"n_draws={n_draws} is out of range; use 0 (the mean embedding) to {MAX_DRAWS:,}")
    chosen = tuple(range(info.n_units)) if units is None else tuple(info.check_unit(unit) for unit in units)
    read_text = runner.read(text)
    n, ids = len(read_text.tokens), read_text.ids
    if not len(ids):
        raise InputError("the model has no entry for any token of the text; type others")
    if n * n * max(1, len(chosen)) > MAX_CELLS:
        raise InputError(f"{n:,} tokens and {len(chosen):,} units are too many; shorten the text or name fewer units")
    frequency = _frequencies(dump, len(runner.vocab))
    replacing = _Replacing(runner, source, model_units(dump, source)[list(chosen)], info.view == "tanh", ids)
    if n_draws:
        rng = np.random.default_rng(check_whole("seed", seed))
        drawn = rng.choice(len(frequency), size=(len(ids), n_draws), p=frequency)
        states, loss = replacing.by_tokens(drawn)
    else:
        states, loss = replacing.by_mean(frequency)
    whole = np.full((n, n, len(chosen)), np.nan, np.float32), np.full((n, n), np.nan, np.float32)
    places = np.ix_(read_text.is_read, read_text.is_read)
    whole[0][places], whole[1][places] = states, loss
    return Influence(read_text.tokens, source, chosen, *whole)


class _Replacing:
    """A text whose tokens are replaced, one in each row of a batch."""

    def __init__(self, runner: Runner, source: str, units: Ids, through_tanh: bool, ids: Ids) -> None:
        self._runner, self._source, self._units = runner, source, torch.from_numpy(units)
        self._through_tanh, self._ids = through_tanh, torch.from_numpy(ids)
        self._n_outputs = len(runner.outputs)
        self._targets = self._ids[1:, None] if runner.predicts_next and len(ids) > 1 else None

    def by_tokens(self, drawn: Ids) -> tuple[Floats, Floats]:
        """Return the mean changes over drawn tokens, (n_tokens, n_draws)."""
        n_draws, n_vocab = drawn.shape[1], int(drawn.max()) + 1
        place = np.repeat(np.arange(len(drawn)), n_draws)
        pairs, n_times = np.unique(place * n_vocab + drawn.ravel(), return_counts=True)
        place, token = np.divmod(pairs, n_vocab)
        is_other = token != self._ids.numpy()[place]  # the token itself changes nothing
        place, token, share = place[is_other], token[is_other], (n_times / n_draws)[is_other]
        return self._changes(place, torch.from_numpy(token), share.astype(np.float32), None)

    def by_mean(self, frequency: NDArray[np.float64]) -> tuple[Floats, Floats]:
        """Return the changes when the mean embedding stands in a token's place."""
        with self._runner.alone():
            every = self._runner.embeddings()
            mean = torch.from_numpy(frequency).to(every) @ every
        places = np.arange(len(self._ids))
        return self._changes(places, self._ids, np.ones(len(places), np.float32), mean)

    def _changes(self, place: Ids, token: Tensor, share: Floats, mean: Tensor | None) -> tuple[Floats, Floats]:
        """Return the changes of states and loss when the token at a place is ``token``, or ``mean`` embedded.

        Places rise; of several tokens at one place each counts by its ``share``.
        """
        n = len(self._ids)
        at_once = max(1, MAX_VALUES // (n * max(len(self._units), self._n_outputs)))  # rows
        states, loss = np.zeros((n, n, len(self._units)), np.float32), np.zeros((n, n), np.float32)
        for first in range(0, len(place), at_once):
            some = slice(first, first + at_once)
            here = place[some]
            values, losses = self._run(torch.from_numpy(here), token[some], mean)
            begin = np.flatnonzero(np.diff(here, prepend=-1))
            for sums, runs in ((states, values), (loss, losses)):
                changes = (runs[1:] - runs[:1]).abs_().numpy()
                changes *= share[some].reshape(-1, *[1] * (changes.ndim - 1))
                sums[here[begin]] += np.add.reduceat(changes, begin, axis=0)
        loss[:, -1 if self._targets is not None else slice(None)] = np.nan
        return states, loss

    def _run(self, place: Tensor, token: Tensor, mean: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the units in their view, (1 + n_rows, n_steps, n_units), and the losses; the first row is the text."""
        rows = self._ids.repeat(1 + len(place), 1)
        changed = torch.arange(1, len(rows)), place
        rows[changed] = token
        lengths = torch.full((len(rows),), rows.shape[1])
        put = nullcontext() if mean is None else self._runner.embedded_as(changed, mean)
        watching = self._runner.watching({}, {self._source: self._units}, is_alike=True)
        with self._runner.alone(), put, watching as watch:
            logits = self._runner.logits(rows, lengths)
        values = watch.kept[self._source].transpose(0, 1)
        return torch.tanh(values) if self._through_tanh else values, self._losses(logits)

    def _losses(self, logits: Tensor) -> Tensor:
        losses = torch.zeros(logits.shape[:2])
        if self._targets is not None:
            right = logits[:, :-1].gather(2, self._targets.expand(len(logits), -1, -1))[..., 0]
            losses[:, :-1] = logits[:, :-1].logsumexp(-1) - right
        return losses


@lru_cache(maxsize=16)
def _frequencies(dump: DumpReader, n_vocab: int) -> NDArray[np.float64]:
    """Return the share of each token among those of the corpus."""
    tokens = dump.first.tokens
    ids = np.zeros(0, np.int64) if tokens is None else np.asarray(tokens.ids[:], np.int64)
    counts = np.bincount(ids, minlength=n_vocab)[:n_vocab]
    return counts / max(1, int(counts.sum()))
