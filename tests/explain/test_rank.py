"""Units ranked by what a filter allows, and by a number, against brute-force twins, SciPy and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

import lstmviz
from lstmviz.errors import PatternError, UnknownName
from lstmviz.explain.evidence import codes, rank
from lstmviz.types import Filter
from support import naive_evidence as naive
from support.budget import is_long
from support.shards import write_shards

EXAMPLES = settings(
    max_examples=100 if is_long() else 10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
COLUMNS = [
    *("source", "unit", "side", "threshold", "f1", "precision", "recall", "f1_always"),
    *("auc", "auc_low", "auc_high", "auc_given_token", "p", "q", "by"),
]
THRESHOLDS = [i / 100 for i in range(-100, 101)]
YES = Filter("part", ("a",))


class Made:
    """A dump and the same as shards: three units of a source, a label with unknown steps, a number, tokens."""

    def __init__(self, folder, seed, n_sequences, dtype="float32", view="raw"):
        rng = np.random.default_rng(seed)
        self.lengths = (rng.integers(1, 8, n_sequences) + 8 * (n_sequences < 20)).tolist()
        self.n_steps = sum(self.lengths)
        self.values = rng.uniform(-1.2, 1.2, (self.n_steps, 3)).round(1).astype(dtype)
        self.values[rng.random(self.n_steps) < 0.1, 1] = np.nan
        self.codes = rng.integers(-1, 2, self.n_steps)
        self.codes[:2] = 0, 1
        self.codes[-2:] = 0, 1
        self.ids, self.view = rng.integers(0, 3, self.n_steps), view
        self.number = rng.normal(size=self.n_steps).round(2)
        self.number[rng.random(self.n_steps) < 0.2] = np.nan
        cuts = (
            rng.choice(np.arange(1, n_sequences), min(2, n_sequences - 1), replace=False).tolist()
            if n_sequences > 1
            else []
        )
        part = np.array([["a", "b", None][1 - c if c >= 0 else 2] for c in self.codes.tolist()], object)
        tracks = {"part": part, "number": self.number}
        self.dumps = write_shards(
            *(folder, cuts, self.lengths, {"rnn.l0.c": self.values}, self.ids, tracks),
            vocab=["x", "y", "z"],
            views={"rnn.l0.c": view},
        )

    def on(self, unit, side, threshold):
        cut = self.dumps[0].source("rnn.l0.c").cut(threshold)
        values = self.values[:, unit].astype(np.float64)
        return values >= cut if side == "high" else values <= cut

    def half(self, told):
        """The known steps of every second sequence, from the first or from the second on."""
        if len(self.lengths) == 1:
            is_told = np.arange(self.n_steps) >= self.n_steps // 2
        else:
            is_told = np.repeat(np.arange(len(self.lengths)) % 2 == 1, self.lengths)
        return (is_told == told) & (self.codes >= 0)

    def best(self, unit, side):
        """F1 on the first half at the best threshold, and the middle one of the first that are as good in a row."""
        fit = self.half(False)
        f1 = [naive.f1(self.codes[fit] == 1, self.on(unit, side, t)[fit]) for t in THRESHOLDS]
        first = f1.index(max(f1))
        last = first
        while last + 1 < len(f1) and f1[last + 1] == f1[first]:
            last += 1
        return f1[first], THRESHOLDS[(first + last) // 2]


def oriented(value, side):
    return value if side == "high" else 1 - value


def interval(made, unit):
    """Wilson's interval of the AUC by its influence, for side high."""
    values, yes = made.values[:, unit].astype(float), made.codes == 1
    counts = [(made.codes == c) & ~np.isnan(values) for c in (0, 1)]
    below, above = (values[here] for here in counts)
    auc = naive.auc(values[made.codes >= 0].tolist(), yes[made.codes >= 0].tolist())

    def rank_in(some, x):
        return np.mean([(v < x) + (v == x) / 2 for v in some])

    added = [
        0.0
        if code < 0 or math.isnan(x)
        else (rank_in(below, x) - auc) / len(above)
        if code
        else (1 - rank_in(above, x) - auc) / len(below)
        for x, code in zip(values.tolist(), made.codes.tolist(), strict=True)
    ]
    sums = [sum(part) for part in naive.cut(added, made.lengths)]
    n_sequences = min(sum(c in part for part in naive.cut(made.codes.tolist(), made.lengths)) for c in (0, 1))
    if n_sequences < 20:
        return math.nan, math.nan
    variance = len(sums) / (len(sums) - 1) * sum(s * s for s in sums)
    n = n_sequences if auc in (0, 1) else min(auc * (1 - auc) / variance, len(below), len(above))
    n *= (stats.norm.ppf(0.975) / stats.t.ppf(0.975, n_sequences - 1)) ** 2
    return proportion_confint(auc * n, n, method="wilson")


def mid_ranks(made, unit):
    """Ranks among the known steps, from -1/2 to 1/2, at every step; 0 for NaN."""
    values = made.values[:, unit].astype(float)
    known = values[(made.codes >= 0) & ~np.isnan(values)]
    return [0.0 if math.isnan(x) else np.mean([(v < x) + (v == x) / 2 for v in known]) - 0.5 for x in values.tolist()]


def within_tokens(made, unit):
    """The AUC within each token, weighted by its pairs of yes and no."""
    wins = pairs = 0
    for token in range(3):
        here = (made.ids == token) & (made.codes >= 0) & ~np.isnan(made.values[:, unit])
        n_yes = int((made.codes[here] == 1).sum())
        weight = n_yes * (int(here.sum()) - n_yes)
        if weight:
            wins += weight * roc_auc_score(made.codes[here] == 1, made.values[here, unit])
            pairs += weight
    return wins / pairs if pairs else math.nan


@EXAMPLES
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 4, 22, 64]),
    st.sampled_from(["float16", "float32"]),
    st.sampled_from(["raw", "tanh"]),
    st.integers(1, 40),
)
def test_the_ranking_is_its_twins_over_a_dump_and_over_shards(tmp_path, seed, n_sequences, dtype, view, block):
    made = Made(tmp_path, seed, n_sequences, dtype, view)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "MAX_STEPS", block)
        patch.setattr(rank, "TABLE_CELLS", 64)
        first, second = (dump.rank_units(YES, given_token=True) for dump in made.dumps)
    assert first.equals(second)
    assert list(first) == COLUMNS
    assert first["f1"].is_monotonic_decreasing
    told = made.half(True)
    for row in first.to_dict("records"):
        unit, side = row["unit"], row["side"]
        high, low = made.best(unit, "high"), made.best(unit, "low")
        assert (side, row["threshold"]) == (("low", low[1]) if low[0] > high[0] else ("high", high[1]))
        on, yes = made.on(unit, side, row["threshold"])[told], made.codes[told] == 1
        for name, score in (("f1", f1_score), ("precision", precision_score), ("recall", recall_score)):
            assert row[name] == pytest.approx(score(yes, on, zero_division=0), abs=1e-9)
        assert row["f1_always"] == pytest.approx(f1_score(yes, np.ones_like(yes), zero_division=0), abs=1e-9)
        known = (made.codes >= 0) & ~np.isnan(made.values[:, unit])
        if len(set(made.codes[known])) < 2:
            assert math.isnan(row["auc"])
            assert math.isnan(row["p"])
            continue
        auc = roc_auc_score(made.codes[known] == 1, made.values[known, unit])
        assert row["auc"] == pytest.approx(oriented(auc, side), abs=1e-9)
        ends = sorted(oriented(end, side) for end in interval(made, unit))
        assert sorted([row["auc_low"], row["auc_high"]]) == pytest.approx(ends, abs=1e-9, nan_ok=True)
        assert row["auc_given_token"] == pytest.approx(oriented(within_tokens(made, unit), side), abs=1e-9, nan_ok=True)
        labels = naive.centred((made.codes == 1).tolist(), (made.codes >= 0).tolist())
        if row["by"] == "swaps":
            assert row["p"] == pytest.approx(naive.p_of_swaps(mid_ranks(made, unit), labels, made.lengths), abs=1e-9)
        elif row["by"] == "shifts":
            assert row["p"] == pytest.approx(naive.p_of_shifts(mid_ranks(made, unit), labels), abs=1e-9)
    tested = first.dropna(subset="p")
    np.testing.assert_allclose(tested["q"], multipletests(tested["p"], method="fdr_bh")[1], atol=1e-9)


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 22, 40]), st.sampled_from(["raw", "tanh"]))
def test_units_are_correlated_with_a_number_as_numpy_says(tmp_path, seed, n_sequences, view):
    made = Made(tmp_path, seed, n_sequences, view=view)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "MAX_STEPS", 7)
        first, second = (dump.rank_units("number") for dump in made.dumps)
    assert first.equals(second)
    assert list(first) == ["source", "unit", "r", "p", "q", "by"]
    assert first["r"].abs().dropna().is_monotonic_decreasing
    shown = made.values.astype(float) if view == "raw" else np.tanh(made.values.astype(float))
    known = ~np.isnan(made.number)
    labels = np.where(known, made.number - made.number[known].mean(), 0.0)
    for row in first.to_dict("records"):
        x = shown[:, row["unit"]]
        both = known & ~np.isnan(x)
        if both.sum() < 3:
            continue
        assert row["r"] == pytest.approx(np.corrcoef(x[both], made.number[both])[0, 1], abs=1e-9)
        activity = np.where(np.isnan(x), 0.0, x - x[both].mean()).tolist()
        if row["by"] == "swaps":
            assert row["p"] == pytest.approx(naive.p_of_swaps(activity, labels.tolist(), made.lengths), abs=1e-9)
        elif row["by"] == "shifts":
            assert row["p"] == pytest.approx(naive.p_of_shifts(activity, labels.tolist()), abs=1e-9)


def test_a_large_source_is_ranked_by_the_codes_of_its_index(tmp_path, monkeypatch):
    made = Made(tmp_path, 8, 40)
    exact = made.dumps[0].rank_units(YES).set_index("unit")
    monkeypatch.setattr(codes, "is_small", lambda _: False)
    for dump in made.dumps:
        coded = dump.rank_units(YES).set_index("unit")
        for name in ("threshold", "f1", "precision", "recall"):
            assert coded[name].equals(exact[name])
        assert np.allclose(coded[["auc", "auc_low", "p"]], exact[["auc", "auc_low", "p"]], atol=0.02, equal_nan=True)


def test_values_in_64_bits_are_ranked_by_the_thresholds_that_their_codes_decide(tmp_path):
    made = Made(tmp_path, 9, 40, "float64")
    for dump in made.dumps:
        for row in dump.rank_units(YES).to_dict("records"):
            told = made.half(True)
            on = made.on(row["unit"], row["side"], row["threshold"])[told]
            assert row["f1"] == pytest.approx(f1_score(made.codes[told] == 1, on, zero_division=0), abs=1e-9)


def test_h_and_c_are_asked_unless_sources_are_named(tmp_path):
    states = {name: np.random.default_rng(1).random((60, 2)) for name in ("rnn.l0.h", "rnn.l0.c", "rnn.l0.i")}
    tracks = {"part": ["a", "b", "c"] * 20}
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "a.h5", states=states, lengths=[2] * 30, tracks=tracks))
    assert set(dump.rank_units(YES)["source"]) == {"rnn.l0.h", "rnn.l0.c"}
    assert set(dump.rank_units(YES, sources=["rnn.l0.i"])["source"]) == {"rnn.l0.i"}
    gates = {"rnn.l0.i": states["rnn.l0.i"]}
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "b.h5", states=gates, lengths=[2] * 30, tracks=tracks))
    assert set(dump.rank_units(YES)["source"]) == {"rnn.l0.i"}


def test_tokens_can_be_asked_where_there_is_no_track(tmp_path):
    rng = np.random.default_rng(2)
    ids = rng.integers(0, 3, 300)
    values = np.stack([rng.random(300), np.where(ids == 1, 0.8, -0.8)], axis=1)
    path = lstmviz.write_dump(
        tmp_path / "t.h5", states={"rnn.l0.h": values}, tokens=ids, vocab=["la", "li", "lu"], lengths=[10] * 30
    )
    dump = lstmviz.open_dump(path)
    for asked in (Filter.tokens(("li",)), Filter.regex("l[ei]")):
        best = dump.rank_units(asked).iloc[0]
        assert (best["unit"], best["side"], best["f1"]) == (1, "high", 1.0)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("part",), PatternError, "holds labels, not numbers; name one of them, such as Filter"),
        (("tone",), UnknownName, "it has part, number"),
        ((Filter("part", ("c",)),), UnknownName, "no label 'c'"),
        ((Filter("number", low=99),), PatternError, "none is a yes"),
        ((3,), PatternError, "a Filter, not a int"),
        ((YES, ["rnn.l9.c"]), UnknownName, "rnn.l0.c"),
        ((YES, []), PatternError, "sources is empty"),
        (("number", ["rnn.l9.c"]), UnknownName, "rnn.l0.c"),
    ],
)
def test_what_cannot_be_ranked_is_said(tmp_path, arguments, error, words):
    for dump in Made(tmp_path, 3, 24).dumps:
        with pytest.raises(error, match=words):
            dump.rank_units(*arguments)


def test_without_tokens_none_can_be_in_sight(tmp_path):
    path = lstmviz.write_dump(tmp_path / "a.h5", states={"rnn.l0.h": np.zeros((4, 1))}, tracks={"part": ["a", "b"] * 2})
    with pytest.raises(PatternError, match="no tokens"):
        lstmviz.open_dump(path).rank_units(YES, given_token=True)
