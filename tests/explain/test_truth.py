"""What is known of the samples is found again: which units say it, how few, and what a random net gives."""

from __future__ import annotations

import numpy as np
import pytest

from lstmviz.types import Filter

SINGULAR = Filter("number", ("singular",))
C = ["rnn.l0.c"]


def depth(level):
    return Filter("depth", low=level, high=level)


def test_the_unit_of_the_number_is_ranked_first(sample_dump):
    ranked = sample_dump("agreement", "1x50").rank_units(SINGULAR)
    assert ranked["unit"].tolist()[:2] == [23, 23]
    assert (ranked["f1"][:2] >= 0.995).all()
    assert ranked["auc"][0] == pytest.approx(1.0, abs=1e-6)
    assert (ranked["auc_low"][:2] > 0.98).all()


def test_the_three_units_of_the_number_are_ranked_first_where_three_hold_it(sample_dump):
    ranked = sample_dump("agreement", "1x100").rank_units(SINGULAR, C)
    assert set(ranked["unit"][:3]) == {88, 83, 60}
    assert (ranked["f1"][:3] >= 0.97).all()
    assert ranked["f1"][3] < 0.9
    assert ranked["auc"][ranked["unit"] == 60].iloc[0] == pytest.approx(0.997, abs=5e-4)


@pytest.mark.parametrize("level", range(5))
def test_each_depth_has_a_unit(sample_dump, level):
    best = sample_dump("parens", "2x50").rank_units(depth(level)).iloc[0]
    assert best["f1"] >= 0.995


def test_a_random_net_echoes_but_does_not_count(sample_dump):
    random, trained = sample_dump("parens", "1x50-update-000"), sample_dump("parens", "1x50")
    best = random.rank_units(depth(3), given_token=True)
    assert best["f1"][0] <= 0.80
    assert best["f1"][0] > 0.7  # it echoes
    assert random.rank_units(depth(4))["auc"].max() > 0.97
    assert trained.detector(depth(3)).f1 >= 0.99
    within = trained.rank_units(depth(3), given_token=True)["auc_given_token"]
    assert within.max() > 0.999
    assert best["auc_given_token"].max() < 0.85


@pytest.mark.parametrize("key", list("ABCDEFGH"))
def test_each_key_has_a_detector_of_three_units(sample_dump, key):
    found = sample_dump("recall", "1x32").detector(Filter("key", (key,)), C)
    assert found.f1 >= 0.94
    assert found.pattern.n_units <= 3
    if key == "A":
        assert {unit.unit for unit in found.pattern.units} == {4, 23, 26}


def test_on_swapped_tracks_the_same_search_finds_nothing(sample_dump):
    found = sample_dump("recall", "1x32").detector(Filter("key", ("A",)), C, n_swaps=20)
    assert len(found.chance) == 20
    assert max(found.chance) <= 0.35
    assert np.median(found.chance) == pytest.approx(found.f1_always, abs=0.05)


def test_three_units_tell_the_key_and_one_the_number(sample_dump):
    probe = sample_dump("recall", "1x32").probe("key", C)
    assert probe.steps["unit"].tolist()[:3] == [4, 23, 26]
    third = probe.steps.iloc[2]
    assert third["accuracy"] >= 0.94
    assert third["control"] <= 0.55
    assert third["swapped"] < 0.2
    assert probe.token < 0.2
    first = sample_dump("agreement", "1x50").probe("number").steps.iloc[0]
    assert (first["unit"], first["source"]) == (23, "rnn.l0.c")
    assert first["accuracy"] >= 0.995
    assert first["control"] <= 0.65


def test_a_brushed_singular_sentence_means_singular(sample_dump):
    dump = sample_dump("agreement", "1x50")
    pattern = dump.select("rnn.l0.c", 53, 62, 0.6, side="low")
    row = dump.enrichment(pattern, "number").set_index("value").loc["singular"]
    assert (row["share"], row["by"]) == (1.0, "swaps")
    assert 0.98 < row["share_low"] < 1.0
    assert row["recall"] > 0.99
    assert row["q"] < 1e-50
