"""All units at a glance: the table against slow twins, what it says of the samples, and what is kept of it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import lstmviz
from lstmviz import samples
from lstmviz.errors import Cancelled
from lstmviz.explain.evidence import unit_sample, unit_store, unit_survey
from lstmviz.explain.evidence.unit_groups import groups_of
from lstmviz.explain.evidence.unit_sample import stretches
from lstmviz.explain.evidence.unit_start import reasons
from lstmviz.explain.evidence.unit_store import known_survey, survey_of
from lstmviz.explain.evidence.unit_survey import survey_units

SOURCE = "rnn.l1.c"


@pytest.fixture(scope="module")
def units(parens):
    return parens.units(SOURCE)


def test_counts_and_moments_are_those_of_the_values(parens, units):
    values = np.tanh(parens.states(SOURCE)[:].astype(np.float32)).astype(float)
    np.testing.assert_allclose(units["on_rate"], (values.astype(np.float32) >= 0.3).mean(axis=0))
    np.testing.assert_allclose(units["on_rate_low"], (values.astype(np.float32) <= -0.3).mean(axis=0))
    np.testing.assert_allclose(units["saturation"], (np.abs(values.astype(np.float32)) >= 0.95).mean(axis=0))
    np.testing.assert_allclose(units[["low", "high"]], np.stack([values.min(axis=0), values.max(axis=0)], axis=1))
    np.testing.assert_allclose(units["mean"], values.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(units["sd"], values.std(axis=0), atol=1e-4)
    assert units["unit"].tolist() == list(range(50))


def test_the_best_label_has_the_f1_that_the_ranking_gives(parens, units):
    for unit in (1, 3, 44):
        row = units.loc[unit]
        depth = float(row["label"])
        ranked = parens.rank_units(lstmviz.Filter("depth", low=depth, high=depth), [SOURCE]).set_index("unit")
        assert row["track"] == "depth"
        for name in ("f1", "f1_always", "threshold"):
            assert row[name] == pytest.approx(ranked.loc[unit, name])
        assert row["side"] == ranked.loc[unit, "side"]
        assert row["rank"] == (ranked["f1"] > row["f1"]).sum() + 1


def slow_half_life(values, starts, stops):
    """The lag at which the correlation inside sequences is down to a half, all lags tried one by one."""
    before = 1.0
    for lag in range(1, int((stops - starts).max()) - 1):
        here = np.concatenate([np.arange(a, b - lag) for a, b in zip(starts, stops, strict=True) if b - a > lag])
        r = np.corrcoef(values[here], values[here + lag])[0, 1]
        if r < 0.5:
            return lag - 1 + (before - 0.5) / (before - r)
        before = r
    return math.inf


def test_half_lives_are_those_of_the_autocorrelation(parens, units):
    values = np.tanh(parens.states(SOURCE)[:].astype(float))
    ends = parens.sequences["start"].to_numpy(), parens.sequences["stop"].to_numpy()
    for unit in (0, 4, 12, 33):
        assert units["half_life"][unit] == pytest.approx(slow_half_life(values[:, unit], *ends), rel=0.05, abs=0.1)


def test_heat_is_the_mean_at_each_label_in_standard_deviations(parens):
    survey = survey_units(parens, SOURCE)
    values = np.tanh(parens.states(SOURCE)[:].astype(float))
    tokens, depth = np.array(parens.tokens[:]), parens.tracks["depth"][:]
    for k, (track, label) in enumerate(survey.columns):
        at = tokens == label if not track else depth == float(label)
        wanted = (values[at].mean(axis=0) - values.mean(axis=0)) / values.std(axis=0)
        np.testing.assert_allclose(survey.heat[:, k], wanted, atol=2e-3)
    assert [column for column in survey.columns if column[0]] == [("depth", str(d)) for d in range(5)]


def test_places_are_where_a_unit_lies_furthest_from_its_mean(parens, units):
    survey = survey_units(parens, SOURCE)
    values = np.tanh(parens.states(SOURCE)[:].astype(np.float32))
    for unit in (1, 20):
        places = units["places"][unit]
        distance = np.abs(values[:, unit] - values[:, unit].mean())
        assert distance[places[0]] == pytest.approx(distance.max(), abs=1e-5)
        step = places[0]
        around = survey.values[unit, 0]
        inside = ~np.isnan(around)
        np.testing.assert_array_equal(
            around[inside], values[step - 5 : step + 4, unit][inside[: len(values) - step + 5]]
        )


def test_units_that_go_together_are_a_group_and_stand_side_by_side():
    rng = np.random.default_rng(0)
    two = rng.normal(size=(2000, 2)).astype(np.float32)
    which = np.array([0, 1, 0, 1, 0, 2])
    noise = rng.normal(size=(2000, 6)).astype(np.float32)
    values = np.where(which < 2, two[:, which % 2] * np.array([1, 1, -1, 1, 1, 1], np.float32), 0) + 0.2 * noise
    place, group = groups_of(values.astype(np.float32))
    assert [set(np.flatnonzero(group == g)) for g in (group[0], group[1])] == [{0, 2, 4}, {1, 3}]
    assert group[5] == 0
    for members in ({0, 2, 4}, {1, 3}):
        places = sorted(place[list(members)])
        assert places[-1] - places[0] == len(members) - 1
    assert groups_of(np.ones((5, 3), np.float32))[1].tolist() == [0, 0, 0]
    assert groups_of(np.ones((5, 1), np.float32))[0].tolist() == [0]


def test_the_units_to_start_with_are_those_of_the_cards():
    agreement = lstmviz.open_dump(samples.build("agreement")).units("rnn.l0.c")
    named = agreement[agreement["why"] != ""]
    assert len(named) == 3
    assert "number" in named["why"][23]  # the carrier of the number
    recall = lstmviz.open_dump(samples.build("recall")).units("rnn.l0.c")
    named = recall[recall["why"] != ""]
    assert {4, 23} <= set(named.index)  # those that hold the key
    assert "holds its value long" in named["why"][4]


def test_a_unit_that_detects_a_token_is_said_to():
    frame = pd.DataFrame({"track": [""], "label": ["a b"], "f1": [0.9], "f1_always": [0.2], "half_life": [np.nan]})
    assert reasons(frame.assign(sd=0.0), np.zeros((1, 0), np.float32), ()) == [
        "detects the token a b: F1 0.90, always yes 0.20"
    ]


def test_odd_values_and_dumps_without_text_or_tracks(tmp_path):
    values = np.zeros((60, 4), "float32")
    values[:, 1] = np.nan
    values[:, 2] = np.tile([5.0, -5.0, 0.0], 20)
    values[7, 3] = np.inf
    path = lstmviz.write_dump(tmp_path / "odd.h5", states={"a.l0.h": values}, lengths=[1, 29, 30])
    found = lstmviz.open_dump(path).units("a.l0.h")
    assert found["label"].isna().all()
    assert found["tokens"].tolist() == [()] * 4
    assert found["half_life"].isna().tolist()[:2] == [True, True]
    assert (found["low"][2], found["high"][2], found["on_rate"][2]) == (-5, 5, pytest.approx(1 / 3))
    assert math.isnan(found["low"][1])
    assert found["why"][2]
    assert (found["places"][0], len(found["places"][2])) == ((), 3)


def test_a_large_source_is_looked_at_in_even_stretches(parens, monkeypatch):
    whole = survey_units(parens, SOURCE)
    monkeypatch.setattr(unit_sample, "MOST_VALUES", 10_000 * 50)
    parts = stretches(20_000, 50)
    assert len(parts) == 64
    assert (parts[0][0], parts[-1][1]) == (0, 20_000)
    assert all(a[1] <= b[0] for a, b in zip(parts, parts[1:], strict=False))
    some = survey_units(parens, SOURCE)
    assert some.n_looked == sum(stop - start for start, stop in parts) < whole.n_looked == 20_000
    np.testing.assert_allclose(some.units["on_rate"], whole.units["on_rate"], atol=0.06)
    assert (some.units["label"] == whole.units["label"]).mean() > 0.8


def test_a_survey_is_kept_until_the_tracks_change(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    path = lstmviz.write_dump(
        tmp_path / "kept.h5",
        states={"a.l0.h": rng.uniform(-1, 1, (400, 3)).astype("float16")},
        tokens=list("abcd" * 100),
    )
    monkeypatch.setattr(unit_store, "is_small", lambda source: False)
    dump = lstmviz.open_dump(path)
    assert known_survey(dump, "a.l0.h") is None
    first = survey_of(dump, "a.l0.h")
    again = lstmviz.open_dump(path)
    kept = known_survey(again, "a.l0.h")
    for name in ("heat", "places", "values"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(first, name))
    assert kept.columns == first.columns
    assert kept.units.equals(first.units) or kept.units.astype(str).equals(first.units.astype(str))
    again.add_track("half", ["x" if k % 3 else "y" for k in range(400)])
    assert known_survey(again, "a.l0.h") is None
    assert set(survey_of(again, "a.l0.h").units["track"]) == {"half"}
    for file in (unit_store.cache_folder("units")).glob("*.npz"):
        file.write_bytes(b"broken")
    assert known_survey(lstmviz.open_dump(path), "a.l0.h") is None


@pytest.mark.parametrize(
    "change",
    [
        {"places": np.full((3, 3), 400)},
        {"places": np.zeros((3, 3), "float32")},
        {"places": np.zeros((3, 0), "int64")},
        {"values": np.zeros((3, 3, 8), "float32")},
        {"values": np.full((3, 3, 9), "a")},
        {"heat": np.zeros((3, 4), bool)},
        {"about": b"[" * 100_000},
        {"about": b'{"units": {}}'},
        {"about": b'{"units": {"tokens": 3, "places": 4}, "columns": 5}'},
        {"about": b"3"},
    ],
)
def test_a_kept_survey_that_is_none_is_made_again(tmp_path, monkeypatch, change):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(unit_store, "is_small", lambda source: False)
    path = lstmviz.write_dump(tmp_path / "a.h5", states={"a.l0.h": np.eye(400, 3)}, tokens=list("abcd" * 100))
    dump = lstmviz.open_dump(path)
    survey_of(dump, "a.l0.h")
    (kept,) = unit_store.cache_folder("units").glob("*.npz")
    with np.load(kept) as arrays:
        changed = dict(arrays) | {n: np.frombuffer(v, "u1") if type(v) is bytes else v for n, v in change.items()}
    np.savez(kept, **changed)
    assert known_survey(lstmviz.open_dump(path), "a.l0.h") is None


def test_a_survey_tells_how_far_it_is_and_can_be_cancelled(parens):
    shares = []
    unit_survey.survey_units(parens, SOURCE, lambda share, words: shares.append(share))
    assert shares == sorted(shares)
    assert len(shares) >= 16
    with pytest.raises(Cancelled):
        unit_survey.survey_units(parens, SOURCE, cancel=lambda: True)
    with pytest.raises(lstmviz.UnknownName):
        parens.units("nothing")
