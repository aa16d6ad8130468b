"""The parens sample: its text, its exact floor, its training, and every figure of its card."""

from __future__ import annotations

import importlib
import itertools
import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz import places, samples
from lstmviz.types import Pattern, PatternUnit

CARD = (places.samples_dir() / "parens" / "README.md").read_text(encoding="utf-8")
LEVELS = range(5)


def part(name: str) -> ModuleType:
    return importlib.import_module(f"{samples.load('parens').__name__}.{name}")


def table(heading: str) -> list[list[str]]:
    """Rows of the card's table whose heading starts so, as cells."""
    lines = CARD[CARD.index(f"| {heading} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def close(measured: float, printed: str) -> bool:
    """Say whether a figure agrees with a printed one to the last digit printed (and a hair, for other processors)."""
    digits = len(printed.partition(".")[2])
    return abs(measured - float(printed)) <= 0.5 * 10**-digits * 1.02


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


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lstmviz.Dump]:
    opened = lstmviz.open_dump(samples.build("parens", tmp_path_factory.mktemp("parens") / "parens.h5"))
    yield opened
    opened.close()


# The text


def test_text_follows_the_process_of_the_card() -> None:
    generate = part("generate")
    text = generate.generate(np.random.default_rng(5), 200, 300)
    seen = {depth: dict.fromkeys(generate.VOCAB, 0) for depth in LEVELS}
    for tokens, depths in zip(text.tokens, text.depth, strict=True):
        depth = 0
        for token, told in zip(tokens, depths, strict=True):
            seen[depth][generate.VOCAB[token]] += 1
            depth = after(depth, generate.VOCAB[token])
            assert depth == told
    for depth in LEVELS:
        n_seen = sum(seen[depth].values())
        for token, count in seen[depth].items():
            p = chances()[depth].get(token, 0.0)
            assert abs(count - n_seen * p) <= 5 * math.sqrt(n_seen * p * (1 - p))  # none at all where p is 0


def test_text_is_the_same_for_the_same_seed() -> None:
    generate = part("generate").generate
    first, same, other = (generate(np.random.default_rng(seed), 4, 50) for seed in (3, 3, 4))
    assert (first.tokens == same.tokens).all()
    assert (first.depth == same.depth).all()
    assert (first.tokens != other.tokens).any()


@pytest.mark.parametrize("n_steps", [2, 3, 4, 7])
def test_floor_equals_enumeration_of_every_text(n_steps: int) -> None:
    total, all_p = 0.0, 0.0
    for tokens in itertools.product(part("generate").VOCAB, repeat=n_steps):
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
    assert part("generate").floor(n_steps) == pytest.approx(total, abs=1e-12)


def test_floor_agrees_with_simulation() -> None:
    text = part("generate").generate(np.random.default_rng(11), 2000, 60)
    vocab = part("generate").VOCAB
    cost = np.array([[-math.log(chances()[d].get(t, 1.0)) for t in vocab] for d in LEVELS])
    per_text = cost[text.depth[:, :-1], text.tokens[:, 1:]].mean(axis=1)
    error = per_text.std() / math.sqrt(len(per_text))
    assert abs(per_text.mean() - part("generate").floor(60)) <= 4 * error


# Training and weights


def test_shipped_weights_reproduce_the_losses_of_the_card() -> None:
    loss = part("train").held_out(part("model").load())
    printed = dict(table("what | nats"))
    assert close(loss.model, printed["the shipped model"])
    assert close(loss.truth, printed["who knows the process, on the same text"])
    assert close(loss.floor, printed["exact floor (expected over all texts)"])


def test_weights_are_small_and_as_described() -> None:
    model = part("model")
    assert model.WEIGHTS.stat().st_size < 120_000
    n_parameters = sum(p.numel() for p in model.load().parameters())
    assert f"{n_parameters:,} parameters" in CARD


def test_retraining_from_the_seed_reaches_the_card() -> None:
    torch.manual_seed(123)
    expected = torch.rand(3)
    torch.manual_seed(123)
    before = torch.get_num_threads()
    losses: list[float] = []
    model = part("train").train(progress=lambda update, loss: losses.append(loss))
    assert torch.get_num_threads() == before
    assert torch.equal(torch.rand(3), expected)
    assert len(losses) == part("train").N_UPDATES
    printed = float(dict(table("what | nats"))["the shipped model"])
    assert part("train").held_out(model).model == pytest.approx(printed, abs=0.002)
    text = part("corpus").corpus()
    with torch.no_grad():
        h = model.rnn(model.embedding(torch.from_numpy(text.tokens)))[0].numpy().reshape(text.tokens.size, -1)
    is_four = text.depth.reshape(-1) == 4
    on = h[:, :, None] >= np.array([-0.3, 0.0, 0.3])
    f1 = 2 * on[is_four].sum(0) / (on.sum(0) + is_four.sum())
    assert max(f1.max(), (2 * (~on)[is_four].sum(0) / ((~on).sum(0) + is_four.sum())).max()) >= 0.99


def test_the_same_seed_gives_the_same_weights() -> None:
    short, same, other = (part("train").train(seed, n_updates=3).state_dict() for seed in (4, 4, 5))
    assert all(torch.equal(short[name], same[name]) for name in short)
    assert not torch.equal(short["decoder.weight"], other["decoder.weight"])


def test_saved_weights_are_rebuilt_with_their_shape(tmp_path: Path) -> None:
    model = part("model")
    small = part("train").train(n_updates=1, shape=model.Shape(n_layers=1, n_units=8, n_embedding=4))
    model.save(small, tmp_path / "small.safetensors")
    again = model.load(tmp_path / "small.safetensors")
    assert again.shape == small.shape
    for name, value in small.state_dict().items():
        assert torch.equal(again.state_dict()[name], value.half().float())


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
    shown = CARD.split("```")[1].strip()
    assert "".join(tokens[: len(shown)]) == shown
    assert dump.provenance["model"].endswith("ParensModel")


def test_loss_track_is_the_loss_of_the_next_token(dump: lstmviz.Dump) -> None:
    losses = dump.tracks["loss"][:].reshape(100, 200)
    assert np.isnan(losses[:, -1]).all()
    ids = torch.from_numpy(part("corpus").corpus().tokens)
    with torch.no_grad():
        log_p = part("model").load()(ids).log_softmax(-1)
    taken = -log_p[:, :-1].gather(2, ids[:, 1:, None])[:, :, 0]
    np.testing.assert_allclose(losses[:, :-1], taken.numpy(), atol=1e-5)


def test_build_reports_progress(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    samples.build("parens", tmp_path / "parens.h5", progress=lambda done, total: calls.append((done, total)))
    assert calls == [(n, 20_000) for n in (5000, 10_000, 15_000, 20_000)]


# What the card says of its units, found again through the public API


def shown_states(dump: lstmviz.Dump, source: str) -> np.ndarray:
    states = dump.states(source)[:].astype(np.float64)
    return np.tanh(states) if source.endswith(".c") else states


def test_one_unit_a_level(dump: lstmviz.Dump) -> None:
    depth = dump.tracks["depth"][:]
    rows = table("depth | source")
    assert [int(row[0]) for row in rows] == list(LEVELS)
    for level, source, unit, side, threshold, precision, recall, f1, base in rows:
        is_on = PatternUnit(source, int(unit), side, float(threshold))
        pattern = Pattern(axis="text", units=(is_on,), bases=((source, 0.3),), length=1)
        found = dump.match(pattern, limit=20_000)
        on = np.zeros(dump.n_steps, dtype=bool)
        for start, stop in zip(found["start"], found["stop"], strict=True):
            on[start:stop] = True
        is_there = depth == int(level)
        hits = (on & is_there).sum()
        assert close(hits / on.sum(), precision)
        assert close(hits / is_there.sum(), recall)
        assert close(2 * hits / (on.sum() + is_there.sum()), f1)
        assert close(is_there.mean(), base)


def test_counting_units(dump: lstmviz.Dump) -> None:
    depth = dump.tracks["depth"][:]
    closes = np.array(dump.tokens[:]) == ")"
    for source, unit, r, r_at_close in table("source | unit | r"):
        states = shown_states(dump, source)
        of_each = np.corrcoef(np.column_stack([states, depth]), rowvar=False)[-1, :-1]
        assert np.nanargmax(np.abs(of_each)) == int(unit)
        assert close(of_each[int(unit)], r)
        assert close(np.corrcoef(states[closes, int(unit)], depth[closes])[0, 1], r_at_close)


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
    assert f"holds {len(found)} stretches of depth 4" in CARD
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
    told = re.search(r"Try steps \[(\d+), (\d+)\), `(.+?)`: units ([\d, and]+)\.", CARD)
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
