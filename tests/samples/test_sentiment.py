"""The sentiment sample: its sentences, the exact chance of their verdict, and who knows it first."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from support.cards import Card, close, matched, precision_and_recall, r_of_units

CARD = Card("sentiment")
GOOD = {"lovely", "bright", "moving", "clever", "warm", "fresh"}
BAD = {"dull", "loud", "weak", "clumsy", "cold", "stale"}
FORWARD, BOTH = "forward-1x50", "bidirectional-1x32"


@pytest.fixture(scope="module")
def dumps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sentiment")
    return {variant: CARD.dump(folder, variant) for variant in (FORWARD, BOTH)}


def verdicts(words):
    """+1 or -1 of each clause."""
    return [
        (1 if word in GOOD else -1) * (-1 if words[i - 1] == "not" else 1)
        for i, word in enumerate(words)
        if word in GOOD | BAD
    ]


def of_steps(dump, values):
    """One value a sequence, at each of its steps."""
    return np.repeat(values, (dump.sequences["stop"] - dump.sequences["start"]).to_numpy())


def place(dump):
    return np.arange(dump.n_steps) - of_steps(dump, dump.sequences["start"].to_numpy())


def table_heading(text, at):
    """Rows of a table of ``source | unit | r`` after some words."""
    lines = text[text.index("| source | unit | r |", text.index(at)) :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_labels_follow_from_the_words(dumps):
    dump = dumps[FORWARD]
    tokens = dump.tokens[:]
    assert (dump.n_steps, len(dump.sequences)) == (19_467, 1_500)
    shown = [line.rsplit("   ", 1) for line in CARD.text.split("```")[1].strip().splitlines()]
    seen = {}
    for start, stop, label in dump.sequences[["start", "stop", "label"]].to_numpy():
        clauses = verdicts(tokens[start:stop])
        assert label == ("positive" if (sum(clauses) or clauses[-1]) > 0 else "negative")
        seen[" ".join(tokens[start:stop])] = label
    assert all(seen[text] == label for text, label in shown)


def test_the_exact_chance_is_the_share_of_those_that_begin_so():
    made = CARD.part("recipe").draw(np.random.default_rng(1), 40_000)
    vocab = CARD.part("recipe").AUTOMATON.vocab
    seen = {}
    for row, label, chances, n in zip(made.tokens, made.labels, made.p_positive, made.lengths, strict=True):
        words = [vocab[i] for i in row[:n]]
        assert chances[n - 1] == label
        for read in (4, 9):  # words
            if n > read and words[read - 1] in GOOD | BAD:
                seen.setdefault((read, tuple(verdicts(words[:read]))), []).append((label, chances[read - 1]))
    assert len(seen) == 2 + 4
    for told in seen.values():
        labels, chances = np.array(told, dtype=float).T
        p = chances[0]
        assert np.allclose(chances, p)
        assert abs(labels.mean() - p) <= 5 * np.sqrt(p * (1 - p) / len(labels))


def test_the_tracks_hold_what_the_model_says(dumps):
    for variant, dump in dumps.items():
        said, exact = dump.tracks["predicted_positive"][:], dump.tracks["exact_positive"][:]
        top, p = dump.tracks["top1"], dump.tracks["p1"][:]
        is_positive = np.array(top.labels)[top[:]] == "positive"
        np.testing.assert_allclose(np.where(is_positive, said, 1 - said), p, atol=1e-5)
        last = dump.sequences["stop"].to_numpy() - 1
        assert (exact[last] == (dump.sequences["label"] == "positive")).all()
        assert top.info.concerns == "step", variant
    r = float(re.search(r"r = ([\d.]+)\.", CARD.text)[1])
    forward = dumps[FORWARD].tracks
    measured = np.corrcoef(forward["predicted_positive"][:], forward["exact_positive"][:])[0, 1]
    assert close(measured, f"{r:.3f}")


def test_who_knows_when():
    held_out = CARD.part("recipe").held_out()
    right = {}
    for variant in (FORWARD, BOTH):
        with torch.no_grad():
            ids, lengths = torch.from_numpy(held_out.tokens.clip(0)), torch.from_numpy(held_out.lengths)
            logits = CARD.model(variant)(ids, None, lengths)[0]
        right[variant] = logits.argmax(-1).numpy() == held_out.labels[:, None]
    for words, *printed in CARD.table("words read | forward-1x50"):
        for found, told in zip(right.values(), printed, strict=True):
            n = held_out.lengths if words == "all" else np.full(len(found), int(words))
            is_long = held_out.lengths >= n
            assert close(found[np.flatnonzero(is_long), n[is_long] - 1].mean(), told)


def test_only_the_backward_half_knows_before_the_first_verdict(dumps):
    dump = dumps[BOTH]
    label = of_steps(dump, (dump.sequences["label"] == "positive").to_numpy()).astype(float)
    early = place(dump) < 3
    for source, unit, r in table_heading(CARD.text, "Before the first verdict"):
        of_each = r_of_units(dump, source, np.where(early, label, np.nan))
        assert np.nanargmax(np.abs(of_each)) == int(unit)
        assert close(of_each[int(unit)], r)
    told = re.search(
        r"Unit (\d+) of `(.*?)`, low at (-[\d.]+), .*? precision ([\d.]+), recall ([\d.]+) there "
        r"\(base\srate ([\d.]+)\)",
        CARD.text,
        re.S,
    )
    on = matched(dump, [(told[2], int(told[1]), "low", float(told[3]))])
    measured = precision_and_recall(on & early, (label == 1) & early)
    assert close(measured[0], told[4])
    assert close(measured[1], told[5])
    assert close(label[early].mean(), told[6])
    positive = dump.sequences["start"].to_numpy()[dump.sequences["label"] == "positive"]
    picked = [dump.select(told[2], start, start + 3, -float(told[3]), side="low").units for start in positive]
    assert all(int(told[1]) in [u.unit for u in units] for units in picked)
    start, stop, text = re.search(r"Try steps \[(\d+), (\d+)\), `(.+?)`", CARD.text).groups()
    assert " ".join(dump.tokens[int(start) : int(stop)]) == text
    assert int(start) in positive


def test_the_verdict_so_far(dumps):
    for source, unit, r in table_heading(CARD.text, "The verdict so far"):
        of_each = r_of_units(dumps[FORWARD], source, dumps[FORWARD].tracks["exact_positive"][:])
        assert np.argmax(np.abs(of_each)) == int(unit)
        assert close(of_each[int(unit)], r)


def test_the_unit_for_not(dumps):
    dump = dumps[FORWARD]
    told = re.search(
        r"unit (\d+) of `(.*?)`, high at ([\d.]+), is on at `not` .*?precision ([\d.]+), recall ([\d.]+) "
        r"\(base rate ([\d.]+)\)\. Brush any of the (\d+)",
        CARD.text,
    )
    is_not = np.array(dump.tokens[:]) == "not"
    measured = precision_and_recall(matched(dump, [(told[2], int(told[1]), "high", float(told[3]))]), is_not)
    assert close(measured[0], told[4])
    assert close(measured[1], told[5])
    assert close(is_not.mean(), told[6])
    steps = np.flatnonzero(is_not)
    assert len(steps) == int(told[7])
    for step in steps:
        assert int(told[1]) in [u.unit for u in dump.select(told[2], step, step + 1, float(told[3])).units]
