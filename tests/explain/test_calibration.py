"""The evidence holds what it promises, on made texts and on real states where the truth is known: seeded."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from lstmviz.explain.evidence.codes import ExactRanks
from lstmviz.explain.evidence.column_tables import SquaredSums
from lstmviz.explain.evidence.enrichment import Enrichment
from lstmviz.explain.evidence.intervals import clustered_interval, q_values
from lstmviz.explain.evidence.joint import auc_of
from lstmviz.explain.evidence.labels import StepLabels, labels_of
from lstmviz.explain.evidence.rank import separation
from lstmviz.explain.evidence.swaps import swapped
from support import made_texts
from support.budget import is_long
from support.cards import Card
from support.paths import ROOT

N_TEXTS = 500 if is_long() else 100
NOWHERE = np.zeros(0, np.int64)


def row(lengths, on, yes):
    return Enrichment(made_texts.labels_of(lengths, yes), on).row(1, NOWHERE, NOWHERE)


def chi_square(on, yes):
    """What a test over steps makes of it, as if they were independent."""
    table = [[(a & b).sum() for b in (yes, ~yes)] for a in (on, ~on)]
    return chi2_contingency(table, correction=False)[1]


@pytest.fixture(scope="module")
def of_nothing():
    """The p values by kind of text: ours, and those of chi-square over steps."""
    ours, steps = defaultdict(list), defaultdict(list)
    for seed in range(N_TEXTS):
        for kind, lengths, on, yes in made_texts.unrelated(np.random.default_rng(seed)):
            ours[kind].append(row(lengths, on, yes).p)
            steps[kind].append(chi_square(on, yes))
    return ours, steps


def test_where_there_is_nothing_p_is_small_as_often_as_it_says(of_nothing):
    ours, _ = of_nothing
    assert len(ours) == 7
    every = np.concatenate(list(ours.values()))
    for share in (0.05, 0.2, 0.5):
        assert np.mean(every <= share) == pytest.approx(share, abs=0.03), share
    assert np.mean(every <= 0.01) <= 0.02
    for kind, p in ours.items():
        low, high, rare = (0.02, 0.08, 0.025) if is_long() else (0.01, 0.1, 0.04)
        assert low <= np.mean(np.array(p) <= 0.05) <= high, kind
        assert np.mean(np.array(p) <= 0.01) <= rare, kind


def test_chi_square_over_steps_is_wrong_on_each_of_these_texts(of_nothing):
    for kind, p in of_nothing[1].items():
        assert np.mean(np.array(p) <= 0.05) > 0.2, kind


def test_real_units_have_nothing_to_do_with_the_depth_of_other_texts(parens):
    automaton, rng = Card("parens").part("recipe").AUTOMATON, np.random.default_rng(0)
    values = np.tanh(parens.states("rnn.l1.c")[:].astype(np.float64))
    lengths, ours, steps = np.full(100, 200), [], []
    n_tries, low, high = (400, 0.03, 0.08) if is_long() else (200, 0.01, 0.1)
    for _ in range(n_tries):
        on = values[:, rng.integers(50)] >= 0.3
        yes = automaton.draw(rng, 100, 200).states.ravel() == rng.integers(5)
        if 0 < on.sum() < len(on):
            ours.append(row(lengths, on, yes).p)
            steps.append(chi_square(on, yes))
    assert len(ours) > 0.75 * n_tries
    assert low <= np.mean(np.array(ours) <= 0.05) <= high
    assert np.mean(np.array(steps) <= 0.05) > 0.2


def auc_interval(lengths, values, yes):
    """The interval of the AUC of values, as ``rank_units`` has it."""
    codes, starts = np.unique(values, return_inverse=True)[1] + 1, made_texts.axis_of(lengths).starts
    n_codes = int(codes.max()) + 1
    auc = auc_of(*(np.bincount(codes[some], minlength=n_codes)[None] for some in (~yes, yes)))
    squares = SquaredSums(made_texts.axis_of(lengths), 1)
    squares.add(0, auc.influence[0][yes.astype(int), codes][None])
    n_sequences = min(int((np.add.reduceat(some, starts) > 0).sum()) for some in (yes, ~yes))
    n_steps = min(int(yes.sum()), int((~yes).sum()))
    return clustered_interval(float(auc.value[0]), float(squares.variance()[0]), n_steps, n_sequences)


@pytest.mark.parametrize("kind", made_texts.RELATED)
def test_intervals_hold_the_truth(kind):
    held = defaultdict(list)
    for seed in range(300 if is_long() else 150):
        lengths, values, yes, truth = made_texts.related(np.random.default_rng(seed), kind)
        found = row(lengths, values >= 1.0, yes)
        intervals = {
            "share": (found.share_low, found.share_high),
            "lift": (found.lift_low, found.lift_high),
            "auc": auc_interval(lengths, values, yes),
        }
        for name, (low, high) in intervals.items():
            held[name].append(low <= truth[name] <= high)
    for name, some in held.items():
        assert np.mean(some) >= 0.90, name


def test_of_many_units_few_have_a_small_q_where_there_is_nothing(parens):
    n_tries = 150 if is_long() else 30
    labels, rng = labels_of(parens, "depth", parens.first), np.random.default_rng(0)
    codes = [ExactRanks(parens, source) for source in ("rnn.l1.h", "rnn.l1.c")]
    any_row = []
    for _ in range(n_tries):
        other = swapped(labels.codes, parens.first.starts, parens.first.stops, rng)
        yes = StepLabels(parens.first, ("no", "yes"), (other == rng.integers(5)).astype(np.int32))
        p = np.concatenate([separation(some, yes, 0)["p"] for some in codes])
        any_row.append((q_values(p) < 0.05).any())
    assert np.mean(any_row) <= (0.08 if is_long() else 0.1)


@pytest.mark.long
def test_the_figures_of_the_docs_are_these(of_nothing):
    page = (ROOT / "docs" / "explain.md").read_text("utf-8")
    table = page[page.index("| text | p at most .05 |") :].split("\n\n")[0].splitlines()[2:]
    told = {
        kind: (float(p), float(chi))
        for kind, p, chi in ([c.strip() for c in row.strip("|").split("|")] for row in table)
    }
    shares = ({kind: np.mean(np.array(p) <= 0.05) for kind, p in some.items()} for some in of_nothing)
    ours, steps = shares
    assert told.keys() == ours.keys()
    for kind, (p, chi) in told.items():
        assert p == pytest.approx(ours[kind], abs=0.003)
        assert chi == pytest.approx(steps[kind], abs=0.003)
