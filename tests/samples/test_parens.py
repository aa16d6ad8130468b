"""The parens sample: its text, its exact floor, its training, and every figure of its card."""

from __future__ import annotations

import itertools
import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz import samples
from lstmviz.training.recipe import train
from support.budget import some_of
from support.cards import Card, close, labels, matched, precision_and_recall, r_of_units

CARD = Card("parens")
LEVELS = range(5)
table, part = CARD.table, CARD.part
AUTOMATON = part("recipe").AUTOMATON


@cache
def chances() -> dict[int, dict[str, float]]:
    """The card's table of the process: for each depth the probability of each token."""
    found: dict[int, dict[str, float]] = {}
    for depths, digit, opened, closed in table("depth | digit"):
        for depth in depths.split(","):
            row = {depth.strip(): digit, "(": opened, ")": closed}
            found[int(depth)] = {token: float(p) for token, p in row.items() if p}
    return found


def after(depth: int, token: str) -> int:
    return depth + {"(": 1, ")": -1}.get(token, 0)


@pytest.fixture
def dump(parens: lstmviz.Dump) -> lstmviz.Dump:
    return parens


# The text


def test_text_follows_the_process_of_the_card() -> None:
    text = AUTOMATON.draw(np.random.default_rng(5), 200, 300)
    seen = {depth: dict.fromkeys(AUTOMATON.vocab, 0) for depth in LEVELS}
    for tokens, depths in zip(text.tokens, text.states, strict=True):
        depth = 0
        for token, told in zip(tokens, depths, strict=True):
            seen[depth][AUTOMATON.vocab[token]] += 1
            depth = after(depth, AUTOMATON.vocab[token])
            assert depth == told
    for depth in LEVELS:
        n_seen = sum(seen[depth].values())
        for token, count in seen[depth].items():
            p = chances()[depth].get(token, 0.0)
            assert abs(count - n_seen * p) <= 5 * math.sqrt(n_seen * p * (1 - p))  # none at all where p is 0


@pytest.mark.parametrize("n_steps", [2, 3, 4, 7])
def test_floor_equals_enumeration_of_every_text(n_steps: int) -> None:
    total, all_p = 0.0, 0.0
    for tokens in itertools.product(AUTOMATON.vocab, repeat=n_steps):
        depth, ps = 0, []
        for token in tokens:
            ps.append(chances()[depth].get(token, 0.0))
            if not ps[-1]:
                break
            depth = after(depth, token)
        else:
            all_p += math.prod(ps)
            total -= math.prod(ps) * sum(map(math.log, ps[1:])) / (n_steps - 1)
    assert all_p == pytest.approx(1.0)
    assert AUTOMATON.floor_of_steps(n_steps) == pytest.approx(total, abs=1e-12)


# Training


@pytest.mark.long
def test_a_retrained_model_has_a_unit_for_depth_4() -> None:
    model = train(part("recipe").recipe("2x50")).model
    corpus = part("recipe").corpus()
    with torch.no_grad():
        ids = torch.from_numpy(np.stack(corpus.ids))
        h = model.rnn(model.embedding(ids))[0].numpy().reshape(ids.numel(), -1)
    is_four = np.concatenate(corpus.tracks["depth"]) == 4
    on = h[:, :, None] >= np.array([-0.3, 0.0, 0.3])
    f1 = 2 * on[is_four].sum(0) / (on.sum(0) + is_four.sum())
    assert max(f1.max(), (2 * (~on)[is_four].sum(0) / ((~on).sum(0) + is_four.sum())).max()) >= 0.99


# The dump


def test_dump_holds_the_corpus_and_its_truth(dump: lstmviz.Dump) -> None:
    assert (dump.name, dump.n_steps) == ("parens", 20_000)
    assert list(dump.sources) == ["rnn.l0.h", "rnn.l0.c", "rnn.l1.h", "rnn.l1.c"]
    assert {(s.n_units, s.dtype) for s in dump.sources.values()} == {(50, "float16")}
    assert (dump.sequences["stop"] - dump.sequences["start"] == 200).all()
    tokens, told = dump.tokens[:], dump.tracks["depth"][:]
    depth = 0
    for step, token in enumerate(tokens):
        depth = after(0 if step % 200 == 0 else depth, token)
        assert told[step] == depth
    shown = CARD.text.split("```")[1].strip()
    assert "".join(tokens[: len(shown)]) == shown
    assert dump.provenance["model"] == "TextModel"


def test_loss_track_is_the_loss_of_the_next_token(dump: lstmviz.Dump) -> None:
    losses = dump.tracks["loss"][:].reshape(100, 200)
    assert np.isnan(losses[:, -1]).all()
    ids = torch.from_numpy(np.stack(part("recipe").corpus().ids))
    with torch.no_grad():
        log_p = CARD.model("2x50")(ids)[0].log_softmax(-1)
    taken = -log_p[:, :-1].gather(2, ids[:, 1:, None])[:, :, 0]
    np.testing.assert_allclose(losses[:, :-1], taken.numpy(), atol=1e-5)


def test_build_reports_progress(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    samples.build("parens", path=tmp_path / "parens.h5", progress=lambda done, total: calls.append((done, total)))
    assert calls == [(n, 20_000) for n in (4000, 8000, 12_000, 16_000, 20_000)]


# What the card says of its units, found again through the public API


def test_one_unit_a_level(dump: lstmviz.Dump) -> None:
    depth = dump.tracks["depth"][:]
    rows = table("depth | source")
    assert [int(row[0]) for row in rows] == list(LEVELS)
    for level, source, unit, side, threshold, precision, recall, f1, base in rows:
        is_there = depth == int(level)
        measured = precision_and_recall(matched(dump, [(source, int(unit), side, float(threshold))]), is_there)
        assert close(measured[0], precision)
        assert close(measured[1], recall)
        assert close(2 * math.prod(measured) / sum(measured), f1)
        assert close(is_there.mean(), base)


def test_counting_units(dump: lstmviz.Dump) -> None:
    depth = dump.tracks["depth"][:].astype(float)
    at_close = np.where(np.array(dump.tokens[:]) == ")", depth, np.nan)
    for source, unit, r, r_at_close in table("source | unit | r"):
        of_each = r_of_units(dump, source, depth)
        assert np.nanargmax(np.abs(of_each)) == int(unit)
        assert close(of_each[int(unit)], r)
        assert close(r_of_units(dump, source, at_close)[int(unit)], r_at_close)


def test_the_checkpoints_show_the_counting_unit_appear(tmp_path: Path) -> None:
    rows = table("update | loss")
    told = re.search(
        r"unit (\d+) of `rnn\.l0\.c` in 1x50.*unit (\d+) of `rnn\.l0\.h` .*\(low, at (-[\d.]+)\)", CARD.text
    )
    counting, four, threshold = int(told[1]), int(told[2]), float(told[3])
    f1s = []
    for update, loss, p_right, r, f1 in some_of(rows):
        variant = "1x50" if update == "600" else f"1x50-update-{int(update):03}"
        found = CARD.dump(tmp_path, variant)
        depth = found.tracks["depth"][:].astype(float)
        assert close(part("recipe").recipe("1x50").loss(CARD.model(variant)), loss)
        assert close(r_of_units(found, "rnn.l0.c", depth)[counting], r)
        is_asked = (np.array(found.tokens[:]) == ")") & np.isfinite(found.tracks["loss"][:])
        assert close(np.mean(labels(found, "top1")[is_asked] == depth[is_asked].astype(int).astype(str)), p_right)
        on = matched(found, [("rnn.l0.h", four, "low", threshold)])
        f1s.append(2 * (on & (depth == 4)).sum() / (on.sum() + (depth == 4).sum()))
        assert close(f1s[-1], f1)
    assert [int(row[0]) for row in rows] == [0, *[v.update for v in samples.sample("parens").variants[3:]], 600]
    assert f1s[0] < 0.1 < 0.99 < f1s[-1]


def stretches(depth: np.ndarray) -> list[tuple[int, int]]:
    """Maximal [start, stop) of depth 4 inside a sequence of 200 steps."""
    runs = []
    for (_, is_four), steps in itertools.groupby(range(len(depth)), key=lambda t: (t // 200, depth[t] == 4)):
        if is_four:
            inside = list(steps)
            runs.append((inside[0], inside[-1] + 1))
    return runs


def full_matches(on: np.ndarray) -> np.ndarray:
    """Steps of the runs of all units on whose first step follows one with all units off; ``on`` (n_steps, n_units)."""
    every = on.all(axis=1)
    covered = np.zeros(len(on), dtype=bool)
    inside = False
    for step in np.flatnonzero(every):
        begins = step % 200 == 0 or not every[step - 1]
        inside = (step % 200 == 0 or not on[step - 1].any()) if begins else inside
        covered[step] = inside
    return covered


def test_brushed_stretches_of_depth_4(dump: lstmviz.Dump) -> None:
    depth = dump.tracks["depth"][:]
    is_four = depth == 4
    found = stretches(depth)
    assert f"holds {len(found)} stretches of depth 4" in CARD.text
    for source, n_units, holds, least, recall in table("source | units selected (least, median, most)"):
        cut = 0.3 if source.endswith(".h") else math.atanh(0.3)
        on = dump.states(source)[:].astype(np.float64) >= cut
        measured: dict[tuple[int, ...], tuple[float, float]] = {}
        selected = []
        for start, stop in found:
            units = tuple(np.flatnonzero(on[start:stop].all(axis=0) & ~on[start - 1]))
            selected.append(units)
            if units not in measured:
                covered = full_matches(on[:, units])
                hits = (covered & is_four).sum()
                measured[units] = (hits / covered.sum(), hits / is_four.sum())
        precision, recalls = np.array([measured[units] for units in selected]).T
        sizes = [len(units) for units in selected]
        assert n_units == f"{min(sizes)}, {np.median(sizes):.0f}, {max(sizes)}"
        assert close((precision >= 0.95).mean(), holds)
        assert close(precision.min(), least)
        assert close(np.median(recalls), recall)


def test_the_stretch_to_try(dump: lstmviz.Dump) -> None:
    told = re.search(r"Try steps \[(\d+), (\d+)\), `(.+?)`: units ([\d, and]+)\.", CARD.text)
    start, stop = int(told[1]), int(told[2])
    assert "".join(dump.tokens[start:stop]) == told[3]
    assert (dump.tracks["depth"][start:stop] == 4).all()
    pattern = dump.select("rnn.l1.c", start, stop)
    assert [unit.unit for unit in pattern.units] == [int(n) for n in re.findall(r"\d+", told[4])]
    matches = dump.match(pattern, limit=2000)
    full = matches[matches["n_shared"] == pattern.n_units]
    steps = np.concatenate([np.arange(a, b) for a, b in zip(full["start"], full["stop"], strict=True)])
    assert len(full) > 300
    assert (dump.tracks["depth"][:][steps] == 4).mean() >= 0.95
