"""The recall sample: its text, accuracy by gap, and eight keys written as three bits."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from lstmviz.types import Filter
from support.cards import Card, close, labels, matched, precision_and_recall, r_of_units

CARD = Card("recall")


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    return CARD.dump(tmp_path_factory.mktemp("recall"), "1x32")


def test_the_tracks_are_true(dump):
    text = "".join(dump.tokens[:])
    assert text.startswith(CARD.text.split("```")[1].strip())
    assert f"{dump.n_steps:,} signs" in CARD.text
    key, gap = labels(dump, "key"), dump.tracks["gap"][:]
    rounds = list(re.finditer(r"([A-H])([u-z]{1,40})\?(.)", text))
    assert sum(len(r[0]) for r in rounds) == len(text)
    for one in rounds:
        assert one[1] == one[3]
        n = len(one[2])
        assert key[one.start() : one.end()].tolist() == [*one[1] * (n + 2), ""]
        assert gap[one.start() : one.end() - 1].tolist() == [*range(n + 1), n]
        assert np.isnan(gap[one.end() - 1])
    assert (dump.sequences["stop"].to_numpy() == np.array([r.end() for r in rounds])[3::4]).all()


def test_accuracy_by_gap():
    recipe, model = CARD.part("recipe"), CARD.model()
    question = recipe.AUTOMATON.vocab.index("?")
    for gap, right in CARD.table("gap | right"):
        tokens = recipe.with_gap(int(gap)).tokens
        assert ((tokens == question).argmax(axis=1) == int(gap) + 1).all()
        with torch.no_grad():
            said = model(torch.from_numpy(tokens))[0].argmax(-1)[:, :-1].numpy()
        assert close((said == tokens[:, 1:])[tokens[:, :-1] == question].mean(), right)


def test_three_units_hold_eight_keys(dump):
    key, rows = labels(dump, "key"), CARD.table("key | unit 4")
    units = [int(n) for n in re.search(r"\| key \| unit (\d+) \| unit (\d+) \| unit (\d+) \|", CARD.text).groups()]
    assert len({tuple(row[1:4]) for row in rows}) == len(rows) == 8
    for name, *sides, precision, recall in rows:
        signs = {"high": 0.1, "low": -0.1}
        pattern = [("rnn.l0.c", unit, side, signs[side]) for unit, side in zip(units, sides, strict=True)]
        measured = precision_and_recall(matched(dump, pattern), key == name)
        assert close(measured[0], precision)
        assert close(measured[1], recall)


def test_brushing_a_key_selects_its_bits(dump):
    rows = {row[0]: row[1:4] for row in CARD.table("key | unit 4")}
    key, text = labels(dump, "key"), "".join(dump.tokens[:])
    found = {"high": [], "low": []}
    for one in list(re.finditer(r"([A-H])([u-z]{6,20})\?", text))[:200]:
        start, stop = one.start() + 3, one.end() - 1
        assert (key[start:stop] == one[1]).all()
        for side, seen in found.items():
            picked = {u.unit for u in dump.select("rnn.l0.c", start, stop, 0.1, off_before=0, side=side).units}
            seen.extend(u in picked for u, s in zip((4, 23, 26), rows[one[1]], strict=True) if s == side)
    assert np.mean(found["high"]) > 0.9
    assert np.mean(found["low"]) > 0.9


def test_the_fewest_units_that_detect_each_key(dump):
    rows = CARD.table("key | units, sides and thresholds")
    assert [row[0] for row in rows] == list("ABCDEFGH")
    for key, units, *figures, always in rows:
        found = dump.detector(Filter("key", (key,)), ["rnn.l0.c"])
        taken = sorted(found.pattern.units, key=lambda u: u.unit)
        assert ", ".join(f"{u.unit} {u.side} {u.threshold:.2f}" for u in taken) == units
        row = found.steps.iloc[found.pattern.n_units - 1]
        assert all(close(row[name], told) for name, told in zip(("f1", "precision", "recall"), figures, strict=True))
        assert close(found.f1_always, always)
    told = re.search(r"On 20 swapped tracks the same search for key A reaches at most ([\d.]+)\.\n", CARD.text)[1]
    assert close(max(dump.detector(Filter("key", ("A",)), ["rnn.l0.c"], n_swaps=20).chance), told)


def test_the_first_units_of_a_probe_are_the_bits(dump):
    found = dump.probe("key", ["rnn.l0.c"], most=4)
    rows = CARD.table("units | the last one")
    assert [int(row[1]) for row in rows] == found.steps["unit"].tolist()
    for row, (n, _, *figures) in zip(found.steps.itertuples(), rows, strict=True):
        assert row.n_units == int(n)
        assert all(map(close, (row.accuracy, row.control, row.swapped), figures))
    assert close(found.token, re.search(r"From the step's sign alone: ([\d.]+)\.\n", CARD.text)[1])


def test_the_unit_that_counts(dump):
    for source, unit, r in CARD.table("source | unit"):
        of_each = r_of_units(dump, source, dump.tracks["gap"][:])
        assert np.nanargmax(np.abs(of_each)) == int(unit)
        assert close(of_each[int(unit)], r)
