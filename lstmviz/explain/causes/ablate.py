"""Does the model need these units? They are held at another value, and the predictions compared with those before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from lstmviz.checks import check_whole, set_fields, short_repr
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import Cancelled, PatternError
from lstmviz.explain.causes.effect import Effect, EffectSums, places_of
from lstmviz.explain.causes.replacements import Replacements, partner_of, partners
from lstmviz.explain.causes.texts import MAX_ROWS, MAX_VALUES, TextBatch, Texts, check_predicts, corpus_texts
from lstmviz.explain.causes.unit_sets import UnitSet, in_words, other_sets, units_of
from lstmviz.match.summary.spans import matched_steps, steps_of, summary_spans
from lstmviz.rerun.interventions import check_to
from lstmviz.rerun.runner import Ids, Mask, Runner
from lstmviz.rerun.typed import TypedReader
from lstmviz.types import Pattern, ShareProgress, Window

At = Literal["matches", "all"]
"""Where units are ablated: at the matched steps, or at every step."""
MOST_OTHERS = 10_000
COPIES_AT_ONCE = 16  # sets of units that are run beside one another; more where there are few sequences


@dataclass(frozen=True)
class AblationQuestion:
    """What units are held at and where, with how many other sets they are compared, and which matches count.

    Raises PatternError.
    """

    to: str | float = "mean"
    at: At | Window = "matches"
    n_others: int = 49
    min_shared: int | None = None
    hidden: frozenset[Window] = frozenset()
    seed: int = 0

    def __post_init__(self) -> None:
        check_to(self.to, ("mean", "zero", "other"))
        if not isinstance(self.at, Window) and self.at not in get_args(At):
            raise PatternError(f"at={short_repr(self.at)} is not known; use 'matches', 'all' or a Window")
        n_others, seed = check_whole("n_others", self.n_others), check_whole("seed", self.seed)
        set_fields(self, n_others=n_others, seed=seed)
        if not 0 <= n_others <= MOST_OTHERS:
            raise PatternError(f"n_others={n_others} is out of range; use 0 to {MOST_OTHERS:,}")


class Ablation:
    """One question: a model, the texts that it reads, the matched steps in them, and the sets of units to ablate."""

    def __init__(self, runner: Runner, texts: Texts, matched: Mask, sets: Sequence[UnitSet]) -> None:
        self._runner, self._texts, self._matched, self._sets = runner, texts, matched, sets
        _, self._token = np.unique(texts.ids, return_inverse=True)
        self._place = places_of(matched, texts.starts)

    def effect(
        self,
        replacements: Replacements,
        is_everywhere: bool,
        progress: ShareProgress | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Effect:
        """Run the model over every sequence that something changes in, once for each set, and add up the effects."""
        sums = EffectSums(len(self._sets), self._place, self._token.astype(np.int64))
        sums.note_loss_steps(self._with_next())
        is_met = np.add.reduceat(self._matched, self._texts.starts) > 0
        sequences = np.flatnonzero(is_met) if not is_everywhere else np.arange(len(self._texts.starts))
        copies, n_done = self._copies(sequences), 0
        n_in_all = int((self._texts.stops - self._texts.starts)[sequences].sum()) * len(self._sets)
        for batch in self._texts.batches(sequences, len(self._runner.outputs), copies):
            with self._runner.alone():
                plain = _Plain(self._runner, batch)
            for first in range(0, len(self._sets), copies):
                if cancel is not None and cancel():
                    raise Cancelled("the ablation was cancelled; ask for it again to start over")
                some = self._sets[first : first + copies]
                where = batch.is_step & (is_everywhere | self._matched[batch.place])
                with self._runner.alone(), self._runner.watching(replacements.setters(batch, where, some)):
                    plain.compare(sums, first, len(some))
                n_done += int(batch.is_step.sum()) * len(some)
                if progress is not None:
                    progress(n_done / n_in_all, "ablating")
        words = [self._runner.vocab[token] for token in np.unique(self._texts.ids).tolist()]
        return sums.effect(words, [in_words(units) for units in self._sets[1:]])

    def _copies(self, sequences: Ids) -> int:
        """Return how many sets of units are run beside one another: one alone where a sequence's logits are many."""
        longest = int((self._texts.stops - self._texts.starts)[sequences].max())
        most = max(1, MAX_VALUES // (longest * len(self._runner.outputs)))
        return min(len(self._sets), max(COPIES_AT_ONCE, MAX_ROWS // len(sequences)), most)

    def _with_next(self) -> Ids:
        """Return the steps whose next token is known, for a model that predicts it."""
        if not self._runner.predicts_next:
            return np.zeros(0, np.int64)
        return np.setdiff1d(np.arange(self._texts.n_steps), self._texts.stops - 1)


class _Plain:
    """The predictions for a batch with nothing ablated, to compare others with."""

    def __init__(self, runner: Runner, batch: TextBatch) -> None:
        self._runner, self._batch = runner, batch
        logits = runner.logits(batch.ids, batch.lengths)
        log_p = logits.log_softmax(-1)
        self._p, self._targets = log_p.exp(), batch.targets() if runner.predicts_next else None
        self._negative_entropy = (self._p * log_p).sum(-1)
        self._loss = self._losses(logits, logits.logsumexp(-1))

    def compare(self, sums: EffectSums, first: int, n_copies: int) -> None:
        """Run as many copies of the batch as sets of units are held, and add each one's effect."""
        ids, lengths = self._batch.ids, self._batch.lengths
        logits = self._runner.logits(ids.repeat(n_copies, 1), lengths.repeat(n_copies))
        logits = logits.view(n_copies, *self._p.shape)
        log_total = logits.logsumexp(-1)
        kl = (self._negative_entropy + log_total - torch.einsum("rto,krto->krt", self._p, logits)).clamp_(min=0.0)
        loss = self._losses(logits, log_total) - self._loss
        is_step, steps = self._batch.is_step, self._batch.place[self._batch.is_step]
        for k, (one_kl, one_loss) in enumerate(zip(kl.double().numpy(), loss.double().numpy(), strict=True)):
            sums.add(first + k, steps, one_kl[is_step], one_loss[is_step])

    def _losses(self, logits: Tensor, log_total: Tensor) -> Tensor:
        """Return the loss at each step, (..., n_rows, n_steps); 0 where no next token is known."""
        if self._targets is None:
            return torch.zeros_like(log_total)
        targets = self._targets.clamp(min=0).expand(log_total.shape)[..., None]
        loss = log_total - logits.gather(-1, targets)[..., 0]
        return loss.masked_fill(self._targets < 0, 0.0)


def ablate(
    dump: DumpReader,
    runner: Runner,
    pattern: Pattern,
    question: AblationQuestion,
    progress: ShareProgress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Effect:
    """Return what ablating a pattern's units does over a corpus.

    Raises PatternError where nothing is matched or a unit cannot be ablated, ModelError where the model cannot be run
    over the corpus, WindowError, Cancelled.
    """
    check_predicts(runner)
    axis, q = dump.axis(pattern.axis), question
    sets, texts = sets_of(dump, pattern, q), corpus_texts(dump, axis, len(runner.vocab))
    matched = steps_of(q.at, axis.n_steps) if isinstance(q.at, Window) else _matched(dump, pattern, q)
    if not matched.any():
        raise PatternError("no step is matched, so there is none to look at; give min_shared, or another pattern")
    partner = partners(texts.stops - texts.starts, q.seed) if q.to == "other" else None
    ablation = Ablation(runner, texts, matched, sets)
    return ablation.effect(Replacements(dump, axis, q.to, partner), q.at == "all", progress, cancel)


def ablate_text(dump: DumpReader, runner: Runner, pattern: Pattern, question: AblationQuestion, text: str) -> Effect:
    """Return what ablating a pattern's units does in a text; raises what ``ablate`` raises, and InputError for it."""
    check_predicts(runner)
    axis, read_text, q = dump.axis(pattern.axis), runner.read(text), question
    matched = np.ones(len(read_text.tokens), np.bool_)
    if isinstance(q.at, Window):
        matched = steps_of(q.at, len(read_text.tokens))
    elif q.at == "matches":
        matched = _matched(TypedReader(runner.run(text)), pattern, q)
    n_steps, matched = len(read_text.ids), matched[read_text.is_read]
    if not matched.any():
        raise PatternError("no step of the text is matched; use at='all', or give the steps as a Window")
    partner = partner_of(axis.stops - axis.starts, n_steps, q.seed) if q.to == "other" else None
    texts = Texts(read_text.ids, np.zeros(1, np.int64), np.array([n_steps]))
    ablation = Ablation(runner, texts, matched, sets_of(dump, pattern, q))
    effect = ablation.effect(Replacements(dump, axis, q.to, partner), q.at == "all")
    kl, loss = np.full((2, len(read_text.tokens)), np.nan)
    kl[read_text.is_read], loss[read_text.is_read] = effect.kl, effect.loss
    return replace(effect, kl=kl, loss=loss)


def _matched(dump: DumpReader, pattern: Pattern, question: AblationQuestion) -> Mask:
    spans = summary_spans(dump, pattern, question.min_shared, question.hidden)
    return matched_steps(spans, dump.axis(pattern.axis).n_steps)


def sets_of(dump: DumpReader, pattern: Pattern, question: AblationQuestion) -> list[UnitSet]:
    """Return the units of a pattern, then the other sets that they are compared with."""
    units = units_of(dump, pattern)
    return [units, *other_sets(dump, units, question.n_others, question.seed)]
