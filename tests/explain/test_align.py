"""Units of two recordings beside each other: against NumPy's correlation, and what is known of the samples."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import linear_kernel

import lstmviz
from lstmviz import errors
from lstmviz.explain.evidence.align import exchanged
from support.cards import shown_states


def cka(x, y):
    """Linear CKA from the centred kernels of all steps, as Kornblith et al. define it."""
    x, y = linear_kernel(x - x.mean(0)), linear_kernel(y - y.mean(0))
    return (x * y).sum() / np.linalg.norm(x) / np.linalg.norm(y)


@pytest.fixture
def pair(tmp_path):
    """Two dumps over one text: the second has two units of the first, one of them turned round, and noise."""
    rng, lengths = np.random.default_rng(2), [7, 5, 9, 6, 8] * 6
    n = sum(lengths)
    x = rng.normal(size=(n, 4)).astype("float32")
    x[3, 1] = np.nan
    noise = rng.normal(size=(n, 5)).astype("float32")
    y = np.column_stack(
        [noise[:, 0], -np.nan_to_num(x[:, 1]) + 0.1 * noise[:, 1], noise[:, 2], x[:, 3], 0 * noise[:, 4]]
    )
    tokens = rng.integers(0, 4, n)
    paths = [
        lstmviz.write_dump(
            tmp_path / f"{name}.h5",
            states={"rnn.l0.h": values},
            tokens=tokens,
            vocab=list("abcd"),
            lengths=lengths,
        )
        for name, values in (("one", x), ("two", y.astype("float32")))
    ]
    return [lstmviz.open_dump(path) for path in paths]


def test_partners_and_cka_are_those_of_numpy(pair):
    one, two = pair
    found = one.align_units("rnn.l0.h", two, seed=3)
    x, y = (np.nan_to_num(shown_states(dump, "rnn.l0.h")) for dump in pair)
    with np.errstate(invalid="ignore"):
        r = np.nan_to_num(np.corrcoef(x, y, rowvar=False)[:4, 4:])
    partner = np.abs(r).argmax(axis=1)
    assert found.units["unit"].tolist() == [0, 1, 2, 3]
    assert found.units["partner"].tolist() == partner.tolist()
    np.testing.assert_allclose(found.units["r"], r[range(4), partner], atol=1e-6)
    assert found.units["is_mutual"].tolist() == (np.abs(r).argmax(axis=0)[partner] == range(4)).tolist()
    assert partner[[1, 3]].tolist() == [1, 3]
    assert found.units["r"][1] < -0.9
    assert found.cka == pytest.approx(cka(x, y), abs=1e-9)
    steps = exchanged(one.first, np.random.default_rng(3))
    assert found.cka_chance == pytest.approx(cka(x, y[steps]), abs=1e-9)
    with np.errstate(invalid="ignore"):
        by_chance = np.abs(np.nan_to_num(np.corrcoef(x, y[steps], rowvar=False)[:4, 4:]))
    np.testing.assert_allclose(np.abs(found.units["r_chance"]), by_chance.max(axis=1), atol=1e-6)
    assert np.isnan(found.cka_untrained)


def test_every_sequence_gets_the_steps_of_one_and_each_is_given_once(pair):
    axis = pair[0].first
    steps = exchanged(axis, np.random.default_rng(0))
    given = []
    for start, stop in zip(axis.starts.tolist(), axis.stops.tolist(), strict=True):
        own = steps[start:stop]
        sequence = axis.sequence_of(int(own[0]))
        first, last = int(axis.starts[sequence]), int(axis.stops[sequence])
        there = np.arange(first, last)
        np.testing.assert_array_equal(own, np.concatenate([there, there[::-1]] * 2)[: stop - start])
        given.append(sequence)
    assert sorted(given) == list(range(len(axis.starts)))


def test_another_text_is_refused(pair, tmp_path, parens):
    with pytest.raises(errors.PatternError, match="they do not hold the same text, so their units cannot be aligned"):
        pair[0].align_units("rnn.l0.h", parens, "rnn.l0.c")
    with pytest.raises(errors.UnknownName):
        pair[0].align_units("rnn.l0.h", pair[1], "rnn.l1.c")


def test_the_unit_of_the_number_is_found_in_the_other_model(sample_dump):
    found = sample_dump("agreement", "1x50").align_units("rnn.l0.c", sample_dump("agreement", "1x100"))
    unit = found.units.loc[23]
    assert (unit["partner"], unit["is_mutual"]) == (88, True)
    assert unit["r"] == pytest.approx(0.907, abs=5e-4)
    assert abs(unit["r_chance"]) < 0.3
    assert found.cka == pytest.approx(0.926, abs=1e-3)
    assert found.cka_chance < 0.05
    assert found.cka_chance < found.cka_untrained < found.cka
