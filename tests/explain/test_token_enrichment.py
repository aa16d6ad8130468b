"""Enrichment of the tokens at, before and after matches: each token against the twin that takes one label at a time."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstmviz.errors import PatternError
from lstmviz.explain.evidence import label_tables
from lstmviz.explain.evidence.enrichment import Enrichment
from lstmviz.explain.evidence.intervals import q_values
from lstmviz.explain.evidence.label_tables import SequenceLabels
from lstmviz.explain.evidence.labels import StepLabels, token_labels
from lstmviz.explain.evidence.tokens import TokenEnrichment
from lstmviz.types import Filter, Pattern, PatternUnit, Window
from support import made_texts
from support.budget import is_long
from support.paths import ROOT
from support.shards import write_shards

EXAMPLES = settings(
    max_examples=100 if is_long() else 12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
ON = Pattern("text", (PatternUnit("rnn.l0.h", 0),), (("rnn.l0.h", 0.3),), 1)
PLACES = ("token here", "token before", "token after")


def made(folder, seed, n_sequences, vocab=("w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7")):
    """A dump and the same as shards: a unit that is on in runs, above all at token 0, and frequent and rare tokens."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 15, n_sequences)
    n_steps = int(lengths.sum())
    ids = np.minimum(rng.geometric(0.3, n_steps) - 1, 7)
    on = made_texts.in_runs(rng, lengths, np.where(ids == 0, 0.6, 0.2), 2)
    cuts = rng.choice(np.arange(1, n_sequences), min(2, n_sequences - 1), replace=False).tolist()
    folder.mkdir(exist_ok=True)
    return write_shards(folder, cuts, lengths.tolist(), {"rnn.l0.h": on[:, None].astype("float32")}, ids, vocab=vocab)


def steps_of(dump, place):
    """The matches, and the steps that are meant: those of the matches, or those beside them in their sequences."""
    matches = dump.match(ON, limit=10_000)
    spans = list(zip(matches["start"].tolist(), matches["stop"].tolist(), strict=True))
    firsts, n_steps = set(dump.first.starts.tolist()), dump.first.n_steps
    if place == "token before":
        spans = [(start - 1, start) for start, _ in spans if start not in firsts]
    if place == "token after":
        spans = [(stop, stop + 1) for _, stop in spans if stop not in firsts and stop < n_steps]
    return spans, np.array([any(a <= t < b for a, b in spans) for t in range(n_steps)])


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 21, 70]), st.sampled_from(PLACES), st.sampled_from([30, 10**6]))
def test_each_token_is_as_its_twin_has_it(tmp_path, seed, n_sequences, place, at_once):
    dumps = made(tmp_path, seed, n_sequences)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_tables, "STEPS_AT_ONCE", at_once)
        patch.setattr(label_tables, "ENOUGH", 2000)
        frame, of_shards = (dump.enrichment(ON, place) for dump in dumps)
    assert frame.equals(of_shards)
    spans, on = steps_of(dumps[0], place)
    labels = token_labels(dumps[0].first)
    start, stop = np.array(spans, np.int64).reshape(-1, 2).T
    twin = Enrichment(labels, on)
    rows = {name: twin.row(k, start, stop) for k, name in enumerate(labels.names)}
    assert sorted(frame["value"]) == sorted(rows)
    for mine in frame.to_dict("records"):
        expected = asdict(rows[mine["value"]])
        p = expected.pop("p")
        within = 0.2 * p + 0.08 * np.sqrt(p) if mine["by"] == "draws" else 1e-9  # six standard errors
        assert mine["p"] == pytest.approx(p, abs=within, nan_ok=True)
        for name in expected.keys() - {"q"}:
            is_number = isinstance(expected[name], float)
            value = pytest.approx(expected[name], abs=1e-9, nan_ok=True) if is_number else expected[name]
            assert mine[name] == value, name
    np.testing.assert_allclose(frame["q"], q_values(frame["p"]))


def test_draws_that_may_go_on_are_the_twins(tmp_path, monkeypatch):
    monkeypatch.setattr(label_tables, "ENOUGH", 10**9)
    monkeypatch.setattr(label_tables, "ROWS_AT_ONCE", 7)
    dump, _ = made(tmp_path, 3, 25)
    frame = dump.enrichment(ON, "token here").set_index("value")
    labels = token_labels(dump.first)
    spans, on = steps_of(dump, "token here")
    twin = Enrichment(labels, on)
    p = [twin.row(k, *np.array(spans).T).p for k in range(len(labels.names))]
    assert set(frame["by"]) == {"draws"}
    np.testing.assert_allclose(frame["p"].loc[list(labels.names)], p, atol=0.025)  # 3.5 standard errors of both


@pytest.mark.parametrize(("every", "p"), [(1, 1.0), (3, 20 / 60), (100, 20 / 2_000), (1_000, 10 / 10_000)])
def test_draws_end_once_p_is_known_well_enough(monkeypatch, every, p):
    """One draw of so many is as far from the mean as can be."""
    rng, lengths, places = np.random.default_rng(0), np.full(40, 5), itertools.count(1)

    def swapped(_tables, _rng, first, _last):
        is_far = [next(places) % every == 0 for _ in range(label_tables.DRAWS_AT_ONCE)]
        return np.tile(np.where(is_far, 10**9, tables._expected[0]), (len(first), 1))

    tables = SequenceLabels(words(rng, lengths), made_texts.in_runs(rng, lengths, 0.3, 2)).tables()
    monkeypatch.setattr(label_tables.LabelTables, "_swapped", swapped)
    is_first = np.arange(len(tables._expected)) == 0
    assert tables.p(is_first, seed=0)[0] == p


def test_the_order_and_the_counts_are_those_of_carry(tmp_path):
    for dump in made(tmp_path, 4, 40):
        hidden = [Window(int(a), int(b)) for a, b in dump.match(ON, limit=2)[["start", "stop"]].to_numpy()]
        carried = dump.carry(ON, hidden=hidden, tokens=5)
        for place in PLACES:
            listed = carried[carried["track"] == place]
            frame = dump.enrichment(ON, place, hidden=hidden).head(5)
            for name in ("value", "n_steps", "share", "base_rate"):
                assert frame[name].tolist() == listed[name].tolist()


def test_a_token_that_the_unit_prefers_stands_out_as_its_filter_does(tmp_path):
    dump, _ = made(tmp_path, 5, 80)
    first = dump.enrichment(ON, "token here").iloc[0]
    assert (first["value"], first["by"]) == ("w0", "swaps")
    assert first["q"] < 1e-6
    assert 0 < first["share_low"] < first["share"] < first["share_high"]
    (of_filter,) = dump.enrichment(ON, Filter.tokens(("w0",))).to_dict("records")
    for name in ("n_matches", "share_low", "lift_high", "p"):
        assert first[name] == pytest.approx(of_filter[name])


def test_tokens_that_are_shown_alike_are_one_and_ids_without_words_are_shown_as_numbers(tmp_path):
    alike, _ = made(tmp_path / "a", 6, 30, vocab=[*"xxabcdef"])
    assert alike.enrichment(ON, "token here")["value"].tolist().count("x") == 1
    bare, _ = made(tmp_path / "b", 6, 30, vocab=None)
    assert bare.enrichment(ON, "token here")["value"].iloc[0] == "0"


def test_without_a_match_no_token_has_a_figure(tmp_path):
    dump, _ = made(tmp_path, 7, 30)
    never = Pattern("text", (PatternUnit("rnn.l0.h", 0, "high", 5.0),), (("rnn.l0.h", 0.3),), 1)
    frame = dump.enrichment(never, "token after")
    assert frame[["share", "share_low", "lift", "p", "q"]].isna().all(axis=None)
    assert set(frame["n_matches"]) == {0}


def test_a_recording_without_tokens_says_so(tmp_path):
    states = {"rnn.l0.h": np.ones((30, 1), "float32")}
    dump, _ = write_shards(tmp_path, [], [30], states)
    with pytest.raises(PatternError, match="axis 'text' has no tokens; ask about a track"):
        dump.enrichment(ON, "token here")


def words(rng, lengths, n_words=40):
    """A text of words of Zipf's rates, some of which are repeated at once."""
    n_steps = int(lengths.sum())
    is_fresh = rng.random(n_steps) < 0.5
    is_fresh[np.cumsum(lengths)[:-1]] = is_fresh[0] = True
    rate = 1 / np.arange(1, n_words + 1)
    drawn = rng.choice(n_words, n_steps, p=rate / rate.sum())
    drawn = drawn[np.maximum.accumulate(np.where(is_fresh, np.arange(n_steps), 0))]
    there, codes = np.unique(drawn, return_inverse=True)
    return StepLabels(made_texts.axis_of(lengths), tuple(map(str, there.tolist())), codes.astype(np.int32))


def of_nothing(n_matched):
    """The p values of tokens by their null, where nothing is, and how often some token of a text has q < .05."""
    p, any_row = defaultdict(list), []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        lengths = made_texts.around(rng, 150, 30)
        matched = np.repeat(rng.permutation(150) < n_matched, lengths)
        frame = TokenEnrichment(words(rng, lengths), made_texts.in_runs(rng, lengths, 0.2, 5) & matched).frame()
        for null, some in frame.groupby("by"):
            p[null] += some["p"].tolist()
        any_row.append((frame["q"] < 0.05).any())
    return {null: np.array(some) for null, some in p.items()}, np.mean(any_row)


def test_where_there_is_nothing_p_is_small_as_often_as_it_says():
    (everywhere, any_row), (few, any_row_of_few) = of_nothing(150), of_nothing(20)
    assert (everywhere.keys(), few.keys()) == ({"swaps", "draws"}, {"draws"})
    small = []
    for p in (everywhere["swaps"], everywhere["draws"], few["draws"]):
        assert len(p) > 1000
        assert 0.02 <= np.mean(p <= 0.05) <= 0.06
        assert np.mean(p <= 0.01) <= 0.015
        small.append(f"{np.mean(p <= 0.05):.3f}"[1:])
    assert max(any_row, any_row_of_few) == 0.025
    told = " and ".join([", ".join(small[:2]), small[2]])
    assert f"p is at most .05 in {told}" in (ROOT / "docs" / "explain.md").read_text("utf-8")
