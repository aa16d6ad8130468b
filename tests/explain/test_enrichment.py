"""Enrichment against its brute-force twin, over a dump and over shards; what is said where little can be known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

import lstmviz
from lstmviz.errors import PatternError, UnknownName
from lstmviz.explain.evidence.enrichment_row import TOO_FEW, WEAKER
from lstmviz.match.pattern.file import Notes, PatternFile
from lstmviz.match.summary import spans
from lstmviz.types import Filter, Pattern, PatternUnit, Window
from support import naive_evidence as naive
from support.budget import is_long
from support.shards import write_shards

EXAMPLES = settings(
    max_examples=100 if is_long() else 12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
ON = Pattern("text", (PatternUnit("rnn.l0.h", 0),), (("rnn.l0.h", 0.3),), 1)
COLUMNS = [
    *("value", "n_steps", "n_matches", "n_sequences", "n_unknown", "share", "share_low", "share_high"),
    *("base_rate", "lift", "lift_low", "lift_high", "recall", "f1", "f1_always", "p", "q", "by", "note"),
]


def made(folder, seed, n_sequences, longest=9):
    """A dump and the same as shards: units that keep their level, a label with unknown steps, a number."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest + 1, n_sequences).tolist()
    lengths[0] += 2  # room for every label
    n_steps = sum(lengths)
    fresh = rng.random((n_steps, 2)) < 0.4
    fresh[0] = True
    last = np.maximum.accumulate(np.where(fresh, np.arange(n_steps)[:, None], 0), axis=0)
    values = np.take_along_axis(rng.uniform(-1, 1, (n_steps, 2)), last, axis=0).astype("float32")
    codes = rng.integers(-1, 3, n_steps)
    codes[:3] = 0, 1, 2  # so that every label is there, in this order
    part = np.array([["a", "b", "c"][c] if c >= 0 else None for c in codes.tolist()], object)
    cuts = rng.choice(np.arange(1, n_sequences), min(2, n_sequences - 1), replace=False).tolist()
    tracks = {"part": part, "depth": rng.integers(0, 3, n_steps)}
    one, many = write_shards(
        folder, cuts, lengths, {"rnn.l0.h": values}, np.arange(n_steps) % 3, tracks, vocab=["x", "y", "z"]
    )
    return (one, many), lengths, values, codes


def twin(on, codes, label, lengths):
    """One row as the definitions have it."""
    known, yes = (codes >= 0).tolist(), (codes == label).tolist()
    hit = [a and y for a, y in zip(on, yes, strict=True)]
    n_on = sum(a and k for a, k in zip(on, known, strict=True))
    n_in = sum(
        any(a and k for a, k in zip(*parts, strict=True))
        for parts in zip(naive.cut(on, lengths), naive.cut(known, lengths), strict=True)
    )
    row = {
        "n_steps": sum(hit),
        "n_sequences": n_in,
        "n_unknown": sum(on) - n_on,
        "base_rate": sum(yes) / sum(known),
        "recall": sum(hit) / sum(yes) if any(yes) else math.nan,
        "share": sum(hit) / n_on if n_on else math.nan,
        "f1": 2 * sum(hit) / (n_on + sum(yes)) if n_on + sum(yes) else math.nan,
        "f1_always": 2 * sum(yes) / (sum(known) + sum(yes)),
    }
    row["lift"] = row["share"] - row["base_rate"]
    for name, base_rate in (("share", 0.0), ("lift", row["base_rate"])):
        low = high = math.nan
        if n_in >= 20:
            share, variance = naive.share_variance(on, yes, known, lengths, name == "lift")
            n = n_in if share in (0.0, 1.0) else n_on if variance == 0 else min(share * (1 - share) / variance, n_on)
            n *= (stats.norm.ppf(0.975) / stats.t.ppf(0.975, n_in - 1)) ** 2
            low, high = proportion_confint(share * n, n, method="wilson")
        row[f"{name}_low"], row[f"{name}_high"] = low - base_rate, high - base_rate
    return row


def matter(on, codes, label, lengths):
    """The sequences that can make a difference: with a match, with the label, with another one; the fewest of them."""
    parts = list(zip(naive.cut(on, lengths), naive.cut(codes.tolist(), lengths), strict=True))
    with_match = sum(any(a and c >= 0 for a, c in zip(*part, strict=True)) for part in parts)
    return min(
        with_match, sum(label in c for _, c in parts), sum(any(x not in (-1, label) for x in c) for _, c in parts)
    )


@EXAMPLES
@given(
    st.integers(0, 2**32 - 1), st.sampled_from([2, 12, 20, 45]), st.sampled_from([-0.9, 0.3, 0.9]), st.integers(1, 50)
)
def test_enrichment_is_its_twins_over_a_dump_and_over_shards(tmp_path, seed, n_sequences, threshold, block):
    dumps, lengths, values, codes = made(tmp_path, seed, n_sequences)
    pattern = Pattern("text", (PatternUnit("rnn.l0.h", 0, "high", threshold),), (("rnn.l0.h", 0.3),), 1)
    on = (values[:, 0].astype(float) >= threshold).tolist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans, "BLOCK_STEPS", block)
        first, second = (dump.enrichment(pattern, "part", seed=3) for dump in dumps)
    assert first.equals(second)
    assert list(first) == COLUMNS
    assert first["value"].tolist() == ["a", "b", "c"]
    for label, row in enumerate(first.to_dict("records")):
        for name, expected in twin(on, codes, label, lengths).items():
            assert row[name] == pytest.approx(expected, abs=1e-9, nan_ok=True), name
        labels = naive.centred((codes == label).tolist(), (codes >= 0).tolist())
        n_matter = matter(on, codes, label, lengths)
        assert row["by"] == ("shifts" if n_sequences < 20 else "draws" if n_matter < 30 else "swaps")
        if not any(a and c >= 0 for a, c in zip(on, codes.tolist(), strict=True)):
            assert math.isnan(row["p"])
        elif row["by"] == "shifts":
            assert row["p"] == naive.p_of_shifts([int(a) for a in on], labels)
        elif row["by"] == "swaps":
            assert row["p"] == pytest.approx(naive.p_of_swaps([int(a) for a in on], labels, lengths), abs=1e-9)
    if not first["p"].isna().any():
        np.testing.assert_allclose(first["q"], multipletests(first["p"], method="fdr_bh")[1], atol=1e-9)


def test_matches_of_a_value_are_those_with_a_step_of_it(tmp_path):
    (dump, _), _, _, codes = made(tmp_path, 1, 30)
    matches = dump.match(ON, limit=10_000)
    row = dump.enrichment(ON, "part").iloc[1]
    spans = zip(matches["start"], matches["stop"], strict=True)
    assert row["n_matches"] == sum((codes[a:b] == 1).any() for a, b in spans) > 0


def test_a_filter_is_one_row_and_a_number_one_row_a_value(tmp_path):
    for dump in made(tmp_path, 2, 30)[0]:
        by_value = dump.enrichment(ON, "depth").set_index("value")
        assert by_value.index.tolist() == ["0", "1", "2"]
        (yes,) = dump.enrichment(ON, Filter("depth", low=1, high=1)).to_dict("records")
        assert yes["value"] == "yes"
        for name in ("share", "lift", "p", "n_matches"):
            assert yes[name] == by_value[name]["1"]
        assert yes["q"] == yes["p"]


def test_few_sequences_and_few_matches_are_said(tmp_path):
    (few, _), _, _, _ = made(tmp_path, 3, 12)
    assert set(few.enrichment(ON, "part")["note"]) == {f"{TOO_FEW}; {WEAKER}"}
    (dump, _), _, _, _ = made(tmp_path, 4, 60)
    assert set(dump.enrichment(ON, "part")["note"]) == {""}
    never = Pattern("text", (PatternUnit("rnn.l0.h", 0, "high", 5.0),), (("rnn.l0.h", 0.3),), 1)
    frame = dump.enrichment(never, "part")
    assert frame[["share", "share_low", "lift", "p", "q"]].isna().all(axis=None)
    assert set(frame["n_steps"]) == {0}
    assert (frame["f1"] == 0).all()
    assert set(frame["note"]) == {TOO_FEW}


def test_hidden_matches_and_those_that_share_less_are_as_in_carry(parens):
    pattern = parens.select("rnn.l1.c", 249, 255)
    best = parens.match(pattern, limit=1)
    row = Window(int(best["start"][0]), int(best["stop"][0]))
    for more in ({}, {"hidden": [row]}, {"min_shared": 1}):
        carried = parens.carry(pattern, **more).query("track == 'depth'")
        found = parens.enrichment(pattern, "depth", **more)
        for name in ("value", "n_steps", "share", "base_rate"):
            assert found[name].tolist() == carried[name].tolist()
    file = lstmviz.PatternFile(pattern, lstmviz.Notes(dump=parens.uuid, hidden=(row,)))
    assert parens.enrichment(file, "depth").equals(parens.enrichment(pattern, "depth", hidden=[row]))


def test_the_samples_pattern_means_its_depth(parens):
    frame = parens.enrichment(parens.select("rnn.l1.c", 249, 255), "depth").set_index("value")
    assert frame["share"]["4"] == 1.0
    assert frame["share_low"]["4"] > 0.95
    assert frame["q"]["4"] < 1e-30
    assert set(frame["by"]) == {"swaps"}


@pytest.mark.parametrize(
    ("track", "error", "words"),
    [
        ("tone", UnknownName, "it has part, depth"),
        ("tokens", UnknownName, "of tokens, ask for 'token here', 'token before' or 'token after'"),
        (Filter("tone", ("x",)), UnknownName, "it has part, depth"),
        (Filter("part", ("d",)), UnknownName, "no label 'd'"),
        (Filter("depth", low=7), PatternError, "none is a yes"),
        (Filter("depth", low=0), PatternError, "every one is a yes"),
        (3, PatternError, "a track's name or a Filter"),
    ],
)
def test_a_track_that_is_none_is_said(tmp_path, track, error, words):
    for dump in made(tmp_path, 5, 21)[0]:
        with pytest.raises(error, match=words):
            dump.enrichment(ON, track)


def test_the_same_seed_draws_the_same(tmp_path):
    (dump, _), _, _, _ = made(tmp_path, 6, 25)
    first, same, other = (dump.enrichment(ON, "part", seed=seed) for seed in (1, 1, 2))
    assert set(first["by"]) == {"draws"}
    assert first.equals(same)
    assert not first.equals(other)
    assert np.allclose(first["p"], other["p"], atol=0.03)


def test_units_that_a_detector_chose_by_these_labels_are_noted(tmp_path):
    (dump, _), _, _, _ = made(tmp_path, 5, 25)
    file = PatternFile(ON, Notes(chosen_by="part"))
    for pattern in (file, file.to_json()):
        noted = dump.enrichment(pattern, "part")
        assert noted["note"].str.endswith("chosen by these labels: the share is too good, see F1 of rank_units").all()
        assert noted.drop(columns="note").equals(dump.enrichment(ON, "part").drop(columns="note"))
    assert not dump.enrichment(file, "depth")["note"].str.contains("chosen").any()
    assert not dump.enrichment(file, "token here")["note"].str.contains("chosen").any()
    of_tokens = PatternFile(ON, Notes(chosen_by="token here"))
    assert dump.enrichment(of_tokens, "token here")["note"].str.contains("chosen").all()
