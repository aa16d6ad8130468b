"""Probes against least squares by NumPy and a brute-force choice of units, over a dump and over shards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import PatternError, UnknownName
from lstmviz.explain.evidence import codes
from lstmviz.types import Filter
from support.budget import is_long
from support.shards import write_shards

EXAMPLES = settings(
    max_examples=100 if is_long() else 8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def made(folder, seed, n_sequences):
    """A dump and the same as shards: four units, a label that two of them tell, now and then unknown."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 9, n_sequences).tolist()
    n_steps = sum(lengths)
    values = rng.normal(size=(n_steps, 4)).astype("float32")
    codes = np.where(values[:, 1] > 0.5, 2, values[:, 3] > 0)
    codes[rng.random(n_steps) < 0.2] = rng.integers(0, 3)
    codes[rng.random(n_steps) < 0.1] = -1
    codes[:3] = codes[-3:] = 0, 1, 2
    ids = rng.integers(0, 5, n_steps)
    part = np.array(["a", "b", "c", None], object)[codes]
    cuts = rng.choice(np.arange(1, n_sequences), 2, replace=False).tolist()
    states = {"rnn.l0.h": values[:, :2], "rnn.l0.c": values[:, 2:]}
    dumps = write_shards(
        *(folder, cuts, lengths, states, ids, {"part": part, "depth": np.maximum(codes, 0)}),
        vocab=list("vwxyz"),
        views={"rnn.l0.h": "raw", "rnn.l0.c": "tanh"},
    )
    shown = np.concatenate([values[:, :2].astype(float), np.tanh(values[:, 2:].astype(float))], axis=1)
    odd = np.repeat(np.arange(n_sequences) % 2 == 1, lengths)
    return dumps, shown, codes, ids, ~odd & (codes >= 0), odd & (codes >= 0)


def naive_path(x, y, most):
    """Units in the order in which each leaves the least of the labels unexplained, with an intercept."""
    path = []
    while len(path) < min(most, x.shape[1]):
        left = {}
        for unit in set(range(x.shape[1])) - set(path):
            design = np.column_stack([np.ones(len(x)), x[:, [*path, unit]]])
            fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
            left[unit] = ((y - fitted) ** 2).sum()
        path.append(min(left, key=left.get))
    return path


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.sampled_from([6, 40]), st.integers(1, 5), st.integers(3, 60))
def test_the_probe_is_its_twins_over_a_dump_and_over_shards(tmp_path, seed, n_sequences, most, block):
    dumps, shown, labels, ids, fit, told = made(tmp_path, seed, n_sequences)
    one_hot = np.eye(3)[labels[fit]]
    path = naive_path(shown[fit], one_hot, most)
    accuracy = []
    for n in range(1, len(path) + 1):
        design = [np.column_stack([np.ones(half.sum()), shown[half][:, path[:n]]]) for half in (fit, told)]
        said = (design[1] @ np.linalg.lstsq(design[0], one_hot, rcond=None)[0]).argmax(axis=1)
        accuracy.append((said == labels[told]).mean())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "MAX_STEPS", block)
        first, second = (dump.probe("part", ["rnn.l0.h", "rnn.l0.c"], most) for dump in dumps)
    assert first.steps.equals(second.steps)
    assert (first.token, first.majority) == (second.token, second.majority)
    assert list(first.steps) == ["n_units", "source", "unit", "accuracy", "control", "swapped"]
    names = [("rnn.l0.h", 0), ("rnn.l0.h", 1), ("rnn.l0.c", 0), ("rnn.l0.c", 1)]
    assert list(first.steps[["source", "unit"]].itertuples(index=False, name=None)) == [names[u] for u in path]
    np.testing.assert_allclose(first.steps["accuracy"], accuracy, atol=1e-9)
    most_frequent = np.bincount(labels[fit]).argmax()
    assert first.majority == pytest.approx((labels[told] == most_frequent).mean(), abs=1e-9)
    counts = [np.bincount(labels[fit & (ids == token)], minlength=3) for token in range(5)]
    best = np.array([some.argmax() if some.any() else most_frequent for some in counts])
    assert first.token == pytest.approx((labels[told] == best[ids[told]]).mean(), abs=1e-9)


def test_what_a_probe_learns_by_heart_is_told_beside_it(tmp_path):
    rng = np.random.default_rng(4)
    n_sequences, n_steps = 60, 1200
    ids = rng.integers(0, 30, n_steps)
    states = {"rnn.l0.h": rng.normal(size=(30, 12))[ids]}  # each token has a state of its own, and nothing else
    tracks = {"part": np.array(["a", "b"])[rng.integers(0, 2, 30)[ids]]}
    path = lstmviz.write_dump(
        tmp_path / "p.h5",
        states=states,
        tokens=ids,
        vocab=[f"w{i}" for i in range(30)],
        lengths=[20] * n_sequences,
        tracks=tracks,
    )
    found = lstmviz.open_dump(path).probe("part", most=12)
    last = found.steps.iloc[-1]
    assert found.token == 1.0
    assert last["accuracy"] > 0.8
    assert last["control"] > 0.7
    assert last["swapped"] < 0.65


def test_the_same_seed_draws_the_same_control(tmp_path):
    for dump in made(tmp_path, 3, 30)[0]:
        first, same, other = (dump.probe("part", seed=seed).steps for seed in (1, 1, 2))
        assert first.equals(same)
        assert not first["control"].equals(other["control"])
        assert first["accuracy"].equals(other["accuracy"])


def test_filters_numbers_and_dumps_without_tokens_can_be_asked(tmp_path):
    for dump in made(tmp_path, 5, 30)[0]:
        yes = dump.probe(Filter("part", ("c",)), most=2)
        assert yes.steps["unit"].tolist()[0] == 1
        assert dump.probe("depth").steps["accuracy"].iloc[-1] > yes.majority / 2
    path = lstmviz.write_dump(
        tmp_path / "n.h5",
        states={"rnn.l0.h": np.random.default_rng(1).random((80, 2))},
        lengths=[4] * 20,
        tracks={"part": ["a", "b"] * 40},
    )
    found = lstmviz.open_dump(path).probe("part")
    assert np.isnan(found.token)
    assert found.steps["control"].isna().all()
    assert len(found.steps) == 2


def test_a_unit_that_says_nothing_new_is_not_added(tmp_path):
    x = np.random.default_rng(2).normal(size=(80, 1))
    states = {"rnn.l0.h": np.concatenate([x, 2 * x, np.full((80, 1), np.nan)], axis=1)}
    tracks = {"part": np.where(x[:, 0] > 0, "a", "b")}
    path = lstmviz.write_dump(tmp_path / "n.h5", states=states, lengths=[4] * 20, tracks=tracks)
    assert lstmviz.open_dump(path).probe("part").steps["unit"].tolist() == [0]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("tone",), UnknownName, "it has part, depth"),
        (("part", None, 0), PatternError, "use 1 to 64 units"),
        (("part", None, 65), PatternError, "use 1 to 64 units"),
        (("part", ["rnn.l7.c"]), UnknownName, "rnn.l0.c"),
        ((7,), PatternError, "not a track's name or a Filter"),
    ],
)
def test_what_cannot_be_probed_is_said(tmp_path, arguments, error, words):
    for dump in made(tmp_path, 7, 12)[0]:
        with pytest.raises(error, match=words):
            dump.probe(*arguments)


def test_values_in_one_half_alone_are_no_use(tmp_path):
    part = np.array([None] * 4 + ["a", "b"] * 2, object)
    path = lstmviz.write_dump(
        tmp_path / "n.h5", states={"rnn.l0.h": np.zeros((8, 1))}, lengths=[4, 4], tracks={"part": part}
    )
    with pytest.raises(PatternError, match="no value in one half"):
        lstmviz.open_dump(path).probe("part")
