"""The evidence holds what it promises, on made texts and on real states where the truth is known: seeded, a minute."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from lstmviz.explain.evidence.enrichment import Enrichment
from support import made_texts
from support.paths import ROOT

N_TEXTS = 500
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
    for kind, p in ours.items():
        assert 0.02 <= np.mean(np.array(p) <= 0.05) <= 0.08, kind
        assert np.mean(np.array(p) <= 0.01) <= 0.025, kind


def test_chi_square_over_steps_is_wrong_on_each_of_these_texts(of_nothing):
    for kind, p in of_nothing[1].items():
        assert np.mean(np.array(p) <= 0.05) > 0.2, kind


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
