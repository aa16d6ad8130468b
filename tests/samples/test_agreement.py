"""The agreement sample: its sentences, the unit that holds the number, and what happens without it."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from lstmviz.types import Filter
from support.cards import Card, close, labels, matched, precision_and_recall, r_of_units

CARD = Card("agreement")
SINGULAR = Filter("number", ("singular",))
PLURAL = {"keys", "cabinets", "doors", "letters", "teachers", "rivers", "songs", "children", "lamps", "wheels"}
PLURAL_VERBS = {"are", "were", "seem", "remain"}
VERBS = PLURAL_VERBS | {"is", "was", "seems", "remains"}
SINGULAR_ONLY, PLURAL_ONLY = {"a", "every", "this"}, {"some", "most", "these"}


@pytest.fixture(scope="module")
def dumps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agreement")
    return {variant: CARD.dump(folder, variant) for variant in ("1x50", "1x100")}


def number(noun):
    return "plural" if noun in PLURAL else "singular"


def sentences(dump):
    """Each sentence's first step and words."""
    start = 0
    tokens = dump.tokens[:]
    for step, token in enumerate(tokens):
        if token == ".":
            yield start, tokens[start : step + 1]
            start = step + 1


def test_the_tracks_are_true(dumps):
    dump = dumps["1x50"]
    told, last, distractors = labels(dump, "number"), labels(dump, "last_noun"), dump.tracks["distractors"][:]
    assert " ".join(dump.tokens[:40]).startswith(CARD.text.split("```")[1].strip())
    n = 0
    for start, words in sentences(dump):
        verb = next(i for i, word in enumerate(words) if word in VERBS)
        nouns = list(range(1, verb, 3))
        assert (words[verb] in PLURAL_VERBS) == (words[1] in PLURAL)
        for determiner, noun in ((words[i - 1], words[i]) for i in nouns):
            assert determiner not in (SINGULAR_ONLY if noun in PLURAL else PLURAL_ONLY)
        stretch = slice(start + 1, start + len(words) - 1)
        assert (told[stretch] == number(words[1])).all()
        nearest = [number(words[max(k for k in nouns if k <= i)]) for i in range(1, len(words) - 1)]
        assert last[stretch].tolist() == nearest
        assert [told[start], told[start + len(words) - 1]] == ["", ""]
        counted = distractors[start : start + len(words)]
        assert counted[1:verb].tolist() == [sum(1 < k <= i for k in nouns) for i in range(1, verb)]
        assert np.isnan(counted[[0, *range(verb, len(words))]]).all()
        n += len(words)
    assert n == dump.n_steps
    assert f"{n:,} words" in CARD.text


def test_the_unit_that_goes_with_the_number(dumps):
    for variant, source, unit, r in CARD.table("model | source"):
        told = labels(dumps[variant], "number")
        of_each = r_of_units(dumps[variant], source, np.where(told == "", np.nan, told == "plural"))
        assert np.argmax(np.abs(of_each)) == int(unit)
        assert close(of_each[int(unit)], r)


def test_the_singular_unit_is_found_by_brushing(dumps):
    dump = dumps["1x50"]
    told = re.search(
        r"unit (\d+) of `(.*?)`, low at (-[\d.]+),.*precision ([\d.]+), recall ([\d.]+) \(base rate\s([\d.]+)\)"
        r".*any of the ([\d,]+) singular.*selected for ([\d.]+) of them, and for\s([\d.]+) it is",
        CARD.text,
        re.S,
    )
    unit, source, threshold = int(told[1]), told[2], float(told[3])
    is_singular = labels(dump, "number") == "singular"
    precision, recall = precision_and_recall(matched(dump, [(source, unit, "low", threshold)]), is_singular)
    assert close(precision, told[4])
    assert close(recall, told[5])
    assert close(is_singular.mean(), told[6])
    stretches = [(a + 1, a + len(w) - 1) for a, w in sentences(dump) if number(w[1]) == "singular"]
    assert f"{len(stretches):,}" == told[7]
    picked = [[u.unit for u in dump.select(source, a, b, -threshold, side="low").units] for a, b in stretches]
    assert close(np.mean([unit in units for units in picked]), told[8])
    assert close(np.mean([units == [unit] for units in picked]), told[9])
    start, stop, text = re.search(r"Try steps \[(\d+), (\d+)\), `(.+?)`", CARD.text).groups()
    assert " ".join(dump.tokens[int(start) : int(stop)]) == text
    assert picked[stretches.index((int(start), int(stop)))] == [unit]


def test_the_brush_means_singular_more_than_by_chance(dumps):
    dump = dumps["1x50"]
    found = dump.enrichment(dump.select("rnn.l0.c", 53, 62, 0.6, side="low"), "number").set_index("value")
    rows = CARD.table("value | share")
    assert [row[0] for row in rows] == found.index.tolist()
    assert (found["q"] < 1e-50).all()
    for value, share, interval, *figures in rows:
        row = found.loc[value]
        low, high = interval.split(" to ")
        measured = row[["share", "share_low", "share_high", "base_rate", "recall", "f1", "f1_always"]]
        assert all(map(close, measured, [share, low, high, *figures]))


def test_the_units_that_say_it_best(dumps):
    ranked = {variant: dump.rank_units(SINGULAR) for variant, dump in dumps.items()}
    rows = CARD.table("model | source, unit")
    for variant, frame in ranked.items():
        told = [row[1:] for row in rows if row[0] == variant]
        for row, (name, side, threshold, f1, auc, interval) in zip(frame.itertuples(), told, strict=False):
            assert (f"{row.source}, {row.unit}", row.side, f"{row.threshold:.2f}") == (name, side, threshold)
            assert all(map(close, (row.f1, row.auc, row.auc_low, row.auc_high), (f1, auc, *interval.split(" to "))))
        assert close(frame["f1_always"][0], re.search(r"Always saying yes\s+has ([\d.]+)\.\n", CARD.text)[1])


def test_how_few_units_predict_the_number(dumps):
    for variant, dump in dumps.items():
        found = dump.probe("number", ["rnn.l0.c"])
        rows = [row[1:] for row in CARD.table("model | units | the last one") if row[0] == variant]
        for row, (n, unit, *figures) in zip(found.steps.itertuples(), rows, strict=False):
            assert (row.n_units, row.unit) == (int(n), int(unit))
            assert all(map(close, (row.accuracy, row.control, row.swapped), figures))
        assert close(found.token, re.search(r"From the step's word alone: ([\d.]+)\.\n", CARD.text)[1])


def test_what_happens_without_a_unit(dumps):
    verb_accuracy = CARD.part("verbs").verb_accuracy
    for variant, units, r, of_all, past_three in CARD.table("model | without units"):
        without = [] if units == "none" else [int(unit) for unit in units.split(",")]
        model = CARD.model(variant)
        assert all(map(close, verb_accuracy(model, without), (of_all, past_three)))
        if r:
            told = labels(dumps[variant], "number")
            truth = np.where(told == "", np.nan, told == "plural")
            sources = ("rnn.l0.h", "rnn.l0.c")
            assert close(max(abs(r_of_units(dumps[variant], s, truth)[without[0]]) for s in sources), r)


def test_without_a_unit_nothing_reads_it():
    model, verbs = CARD.model("1x50"), CARD.part("verbs")
    accuracy = verbs.verb_accuracy(model, [23])
    with torch.no_grad():
        model.rnn.weight_hh_l0[:, 23] = 0
        model.decoder.weight[:, 23] = 0
    assert verbs.verb_accuracy(model) == pytest.approx(accuracy, abs=1e-3)
