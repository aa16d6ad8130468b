"""Detectors against a brute-force search and against the matches of their pattern, over a dump and over shards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

import lstmviz
from lstmviz.errors import PatternError, UnknownName
from lstmviz.explain.evidence import codes
from lstmviz.types import Filter
from support import naive_evidence as naive
from support.budget import is_long
from support.shards import write_shards

EXAMPLES = settings(
    max_examples=100 if is_long() else 6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
THRESHOLDS = [i / 100 for i in range(-100, 101)]
YES = Filter("part", ("a",))


def made(folder, seed, n_sequences, n_units=3):
    """A dump and the same as shards; yes where two units are on together, now and then unknown."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 9, n_sequences).tolist()
    n_steps = sum(lengths)
    values = rng.uniform(-1, 1, (n_steps, n_units)).round(1).astype("float16")
    values[rng.random(n_steps) < 0.05, 0] = np.nan
    with np.errstate(invalid="ignore"):
        yes = (values[:, 0] >= 0.2) & (values[:, 1] <= 0.4) & (rng.random(n_steps) < 0.9)
    codes = np.where(rng.random(n_steps) < 0.1, -1, yes)
    codes[:2] = codes[-2:] = 0, 1
    part = np.array(["b", "a", None], object)[codes]
    cuts = rng.choice(np.arange(1, n_sequences), 2, replace=False).tolist()
    states = {"rnn.l0.h": values[:, :2], "rnn.l0.c": values[:, 2:]}
    dumps = write_shards(folder, cuts, lengths, states, np.arange(n_steps) % 2, {"part": part}, vocab=["x", "y"])
    return dumps, lengths, {name: some.astype(float) for name, some in states.items()}, codes


def naive_search(states, lengths, codes, most):
    """The best conjunction of one unit, of two, ...: a beam of eight, every unit, side and threshold tried."""
    odd = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    fit, told = (~odd & (codes >= 0)), (odd & (codes >= 0))
    yes = codes == 1
    beam, rows = [((), np.ones(len(codes), bool), 0.0)], []
    while len(rows) < most:
        grown = {}
        for name, values in states.items():
            for units, on, _ in beam:
                for side in ("high", "low"):
                    for unit in range(values.shape[1]):
                        if (name, unit, side) in {u[:3] for u in units}:
                            continue
                        x = values[:, unit]
                        masks = [on & (x >= t if side == "high" else x <= t) for t in THRESHOLDS]
                        f1 = [naive.f1(yes[fit], mask[fit]) for mask in masks]
                        first = last = f1.index(max(f1))
                        while last + 1 < len(f1) and f1[last + 1] == f1[first]:
                            last += 1
                        at = (first + last) // 2
                        more = (*units, (name, unit, side, THRESHOLDS[at]))
                        key = frozenset(u[:3] for u in more)
                        if key not in grown or f1[at] > grown[key][2]:
                            grown[key] = more, masks[at], f1[at]
        beam = sorted(grown.values(), key=lambda one: -one[2])[:8]
        units, on, f1_fit = beam[0]
        rows.append(
            (
                units,
                f1_fit,
                *(score(yes[told], on[told], zero_division=0) for score in (f1_score, precision_score, recall_score)),
            )
        )
        if rows[-1][2] > 0.995 or (len(rows) > 1 and rows[-1][2] - rows[-2][2] < 0.005):
            break
    return rows


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.sampled_from([4, 30]), st.integers(1, 3), st.integers(5, 60))
def test_the_search_is_its_twins_over_a_dump_and_over_shards(tmp_path, seed, n_sequences, most, block):
    dumps, lengths, states, labels = made(tmp_path, seed, n_sequences)
    rows = naive_search(states, lengths, labels, most)
    for dump in dumps:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(codes, "MAX_STEPS", block)
            found = dump.detector(YES, ["rnn.l0.h", "rnn.l0.c"], most)
        steps = found.steps
        assert list(steps) == ["n_units", "f1_fit", "f1", "precision", "recall", "units"]
        assert steps["n_units"].tolist() == list(range(1, len(rows) + 1))
        np.testing.assert_allclose(steps[["f1_fit", "f1", "precision", "recall"]], [row[1:] for row in rows], atol=1e-9)
        n_taken = len(rows) - (len(rows) > 1 and rows[-1][2] - rows[-2][2] < 0.005)
        units = tuple((u.source, u.unit, u.side, u.threshold) for u in found.pattern.units)
        assert set(units) == set(rows[n_taken - 1][0])
        assert found.f1 == pytest.approx(rows[n_taken - 1][2], abs=1e-9)


def test_its_pattern_is_matched_where_the_table_says(tmp_path):
    dumps, lengths, _, labels = made(tmp_path, 5, 60)
    odd = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths) & (labels >= 0)
    for dump in dumps:
        found = dump.detector(YES)
        assert found.pattern.n_units == 2
        again = lstmviz.PatternFile.from_json(lstmviz.PatternFile(found.pattern).to_json()).pattern
        on = np.zeros(dump.n_steps, bool)
        for match in dump.match(again, 10_000, min_shared=2).itertuples():
            on[match.start : match.stop] = True
        row = found.steps.iloc[1]
        assert row["f1"] == found.f1 == pytest.approx(f1_score(labels[odd] == 1, on[odd]))
        assert row["precision"] == pytest.approx(precision_score(labels[odd] == 1, on[odd]))
        assert found.f1_always == pytest.approx(f1_score(labels[odd] == 1, np.ones(odd.sum())))
        assert row["units"].startswith("rnn.l0.h ")


def test_swapped_tracks_show_what_chance_gives(tmp_path):
    for dump in made(tmp_path, 6, 60)[0]:
        found, same, other = (dump.detector(YES, n_swaps=5, seed=seed) for seed in (1, 1, 2))
        assert found.chance == same.chance != other.chance
        assert len(found.chance) == 5
        assert max(found.chance) < found.f1 - 0.2
        assert dump.detector(YES).chance == ()


def test_a_pattern_is_as_long_as_a_stretch_of_yes_usually_is(parens):
    found = parens.detector(Filter("depth", low=4, high=4))
    depth = parens.tracks["depth"][:]
    stretches = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], depth == 4, [0]]))))[::2]
    assert found.pattern.length == int(np.median(stretches))
    assert (found.pattern.n_units, found.f1, len(found.steps)) == (1, 1.0, 1)
    assert found.pattern.bases == ((found.pattern.units[0].source, 0.3),)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((YES, None, 0), PatternError, "use 1 to 16 units"),
        ((YES, None, 17), PatternError, "use 1 to 16 units"),
        ((YES, None, 1.5), PatternError, "most is 1.5"),
        ((YES, None, 2, -1), PatternError, "0 to 10,000 swaps"),
        (("part",), PatternError, "a Filter, not a str"),
        ((Filter("part", ("c",)),), UnknownName, "no label 'c'"),
        ((YES, ["rnn.l7.c"]), UnknownName, "rnn.l0.c"),
    ],
)
def test_what_cannot_be_looked_for_is_said(tmp_path, arguments, error, words):
    for dump in made(tmp_path, 7, 12)[0]:
        with pytest.raises(error, match=words):
            dump.detector(*arguments)
