"""A unit's card against plain Python, one step at a time, however it is read."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import LstmvizError
from support.budget import examples
from support.strategies import THRESHOLDS, corpora


@st.composite
def cards(draw, folder, monkeypatch):
    """A dump of one source with tracks, and what its card is asked for; read in blocks of any size, kept or not."""
    monkeypatch.setattr("lstmviz.match.index.unit_values.BLOCK_BYTES", draw(st.integers(1, 99)))
    monkeypatch.setattr("lstmviz.match.index.unit_values.BLOCK_STEPS", draw(st.integers(1, 9)))
    monkeypatch.setattr("lstmviz.match.index.unit_values.KEPT_BYTES", draw(st.sampled_from([0, 10**6])))
    corpus = draw(corpora(max_sources=1))
    ((name, values),) = corpus.states.items()
    for _ in range(draw(st.integers(0, 2))):
        values[draw(st.integers(0, len(values) - 1)), 0] = draw(st.sampled_from([math.inf, -math.inf, -0.0, 60.0]))
    n = len(values)
    tracks = {
        "part": draw(st.lists(st.sampled_from(["x", "y", "z"]), min_size=n, max_size=n)),
        "depth": np.array(draw(st.lists(st.sampled_from([0, 1, 5]), min_size=n, max_size=n)), "int16"),
        "loss": np.array(draw(st.lists(st.sampled_from([0.0, 1.0, 0.5, math.nan, math.inf]), min_size=n, max_size=n))),
    }
    path = lstmviz.write_dump(
        folder / "u.h5", states=corpus.states, views=corpus.views, lengths=corpus.lengths, tracks=tracks,
        tokens=np.arange(n), vocab=[f"w{i}" for i in range(n)], overwrite=True,
    )  # fmt: skip
    return lstmviz.open_dump(path), corpus, name, tracks


def on_at(dump, name, value, own, side):
    cut = dump.source(name).cut(own)
    return value >= cut if side == "high" else value <= cut


def naive_runs(sequences, on):
    """(start, stop) of each run, cut at the borders."""
    found = []
    for first, last in sequences:
        step = first
        while step < last:
            stop = step
            while stop < last and on[stop]:
                stop += 1
            found += [(step, stop)] if stop > step else []
            step = max(stop, step + 1)
    return found


def naive_contexts(sequences, values, on, sign, n, around):
    peaks = [max(range(a, b), key=lambda t: (sign * values[t], -t)) for a, b in naive_runs(sequences, on)]
    off = [t for t in range(len(values)) if not on[t] and not math.isnan(values[t])]
    taken = []
    for step in sorted(peaks + off, key=lambda t: (-sign * values[t], t)):
        index = next(i for i, (a, b) in enumerate(sequences) if a <= step < b)
        start, stop = max(sequences[index][0], step - around), min(sequences[index][1], step + around + 1)
        if len(taken) < n and all(stop <= a or b <= start for _, a, b, _ in taken):
            taken.append((step, start, stop, index))
    return taken


@examples(100)
@given(st.data())
def test_a_card_equals_its_twin(tmp_path, monkeypatch, data):
    dump, corpus, name, tracks = data.draw(cards(tmp_path, monkeypatch))
    side, threshold = data.draw(st.sampled_from(["high", "low"])), data.draw(st.sampled_from(THRESHOLDS))
    n_contexts, around = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 4))
    card = dump.unit(name, 0, threshold, side, n_contexts, around)
    sign = 1.0 if side == "high" else -1.0
    own = sign * threshold
    recorded = [float(v) for v in corpus.states[name][:, 0]]
    view = np.tanh if corpus.views[name] == "tanh" else np.float64
    shown = [float(view(v)) for v in recorded]
    real = [v for v in recorded if not math.isnan(v)]
    on = [on_at(dump, name, v, own, side) for v in recorded]
    assert (card.threshold, card.side, card.n_steps) == (own, side, len(recorded))
    assert card.n_nan == len(recorded) - len(real)
    assert card.on_rate == pytest.approx(sum(on) / len(real) if real else math.nan, nan_ok=True)

    edges = [*card.histogram.low, card.histogram.high.iloc[-1]]
    finite = [v for v in shown if math.isfinite(v)]
    assert edges[0] == min([-1.0, *finite])
    assert edges[-1] == max([1.0, *finite])
    counts = [sum(a <= v < b or v == b == edges[-1] for v in finite) for a, b in zip(edges, edges[1:], strict=False)]
    assert card.histogram.n_steps.tolist() == counts

    for q, value in card.quantiles.itertuples(index=False):
        rank = max(1, math.ceil(q * len(real)))
        assert value == view(sorted(real)[rank - 1]) if real else math.isnan(value)

    assert card.on_rates.threshold.tolist() == [i / 100 for i in range(-100, 101)]
    for t, high, low in card.on_rates.iloc[data.draw(st.lists(st.integers(0, 200), max_size=6))].itertuples(
        index=False
    ):
        for rate, way in ((high, "high"), (low, "low")):
            n_on = sum(on_at(dump, name, v, t, way) for v in real)
            assert rate == pytest.approx(n_on / len(real) if real else math.nan, nan_ok=True)

    lengths = [b - a for a, b in naive_runs(corpus.sequences, on)]
    assert card.run_lengths.to_numpy().tolist() == [[n, lengths.count(n)] for n in sorted(set(lengths))]

    expected = naive_contexts(corpus.sequences, recorded, on, sign, n_contexts, around)
    assert [(c.step, c.start, c.stop, c.sequence) for c in card.contexts] == expected
    for c in card.contexts:
        assert list(c.values) == pytest.approx(shown[c.start : c.stop], nan_ok=True)
        assert c.value == shown[c.step]
        assert c.tokens == tuple(f"w{i}" for i in range(c.start, c.stop))
        assert (c.text_before, c.text) == (" ".join(f"w{i}" for i in range(c.start, c.step)), f"w{c.step}")
        assert c.text_after == " ".join(f"w{i}" for i in range(c.step + 1, c.stop))

    check_tokens(card.tokens, corpus.sequences, naive_runs(corpus.sequences, on), len(recorded))
    assert [t.name for t in card.tracks] == list(tracks)
    for track in card.tracks:
        check_track(track, list(tracks[track.name]), recorded, shown, on)


def check_tokens(tokens, sequences, runs, n_steps):
    """Each token is at one step, so that any is as telling as another."""
    starts, stops = ({ends[k] for ends in sequences} for k in (0, 1))
    places = {
        "token here": {step for a, b in runs for step in range(a, b)},
        "token before": {a - 1 for a, _ in runs if a not in starts},
        "token after": {b for _, b in runs if b not in stops},
    }
    for place, steps in places.items():
        rows = tokens[tokens["track"] == place]
        assert len(rows) == min(20, len(steps))
        assert set(rows["value"]) <= {f"w{step}" for step in steps}
        assert rows["share"].tolist() == pytest.approx([1 / len(steps)] * len(rows) if steps else [])
        assert rows["base_rate"].tolist() == pytest.approx([1 / n_steps] * len(rows))


def test_the_tokens_of_a_unit_are_what_its_runs_carry(parens):
    card = parens.unit("rnn.l1.c", 45)
    unit = lstmviz.PatternUnit("rnn.l1.c", 45, "high", 0.3)
    carried = parens.carry(lstmviz.Pattern("text", (unit,), (("rnn.l1.c", 0.3),), 1), tokens=20)
    expected = carried[carried["track"].isin(["token here", "token before", "token after"])]
    pd.testing.assert_frame_equal(card.tokens, expected[card.tokens.columns].reset_index(drop=True), check_dtype=False)
    assert card.tokens["value"].iloc[0] == "4"
    without = parens.unit("rnn.l1.c", 45, threshold=0.99999)
    assert (len(without.run_lengths), len(without.tokens)) == (0, 0)


def check_track(track, values, recorded, shown, on):
    both = [
        i for i, v in enumerate(values) if not math.isnan(recorded[i]) and (isinstance(v, str) or not math.isnan(v))
    ]
    assert track.n_steps == len(both)
    assert track.on_rate == pytest.approx(sum(on[i] for i in both) / len(both) if both else math.nan, nan_ok=True)
    is_whole = all(isinstance(values[i], str) or float(values[i]).is_integer() or math.isinf(values[i]) for i in both)
    assert (track.table is not None) == is_whole
    if track.table is not None:
        assert track.table["value"].tolist() == sorted({values[i] for i in both})
        for row in track.table.itertuples():
            mine = [i for i in both if values[i] == row.value]
            n_on = sum(on[i] for i in mine)
            assert row.n_steps == len(mine)
            assert row.base_rate == pytest.approx(len(mine) / len(both))
            with np.errstate(invalid="ignore"):
                assert row.mean == pytest.approx(np.mean([shown[i] for i in mine]), nan_ok=True)
            assert row.on_rate == pytest.approx(n_on / len(mine))
            total = sum(on[i] for i in both)
            assert row.rate_when_on == pytest.approx(n_on / total if total else math.nan, nan_ok=True)
    pairs = [(values[i], shown[i]) for i in both if not isinstance(values[i], str)]
    pairs = [p for p in pairs if all(map(math.isfinite, p))]
    if track.kind == "category" or min(len({p[k] for p in pairs}) for k in (0, 1)) < 2:
        assert track.r is None
    else:
        assert track.r == pytest.approx(np.corrcoef(np.array(pairs, float).T)[0, 1], abs=1e-9)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_quantiles_are_values_that_were_recorded(tmp_path, dtype):
    values = np.random.default_rng(1).normal(0, 3, (5000, 1)).astype(dtype)
    values[::7] = math.nan
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "q.h5", states={"h": values}))
    real = values[~np.isnan(values)].astype(float)
    expected = np.quantile(real, dump.unit("h", 0).quantiles["quantile"], method="inverted_cdf")
    assert dump.unit("h", 0).quantiles["value"].tolist() == expected.tolist()


def test_a_track_of_many_numbers_has_no_table_but_a_correlation(tmp_path):
    depth = np.arange(300)
    values = np.tanh(depth / 100)[:, None]
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "m.h5", states={"h": values}, tracks={"depth": depth}))
    (track,) = dump.unit("h", 0).tracks
    assert track.table is None
    assert track.r == pytest.approx(np.corrcoef(depth, values[:, 0])[0, 1])


def test_a_constant_has_no_correlation_and_an_axis_without_tokens_no_text(tmp_path):
    path = lstmviz.write_dump(tmp_path / "c.h5", states={"h": np.full((9, 1), 0.1)}, tracks={"n": np.arange(9)})
    card = lstmviz.open_dump(path).unit("h", 0, n_contexts=1)
    assert card.tracks[0].r is None
    assert (card.contexts[0].tokens, card.contexts[0].text) == (None, "")
    assert card.tokens.empty


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda d: d.unit("x", 0), "no source 'x'"),
        (lambda d: d.unit("h", 1), "no unit 1; its units are 0 to 0"),
        (lambda d: d.unit("h", -1), "no unit -1"),
        (lambda d: d.unit("h", 0, math.inf), "threshold inf"),
        (lambda d: d.unit("h", 0, side="up"), "side 'up'"),
        (lambda d: d.unit("h", 0, n_contexts=-1), "-1 contexts"),
        (lambda d: d.unit("h", 0, around=501), "501 steps"),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path, ask, words):
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "d.h5", states={"h": np.zeros((4, 1))}))
    with pytest.raises(LstmvizError) as caught:
        ask(dump)
    assert words in str(caught.value)


def test_the_tables_have_their_columns_even_when_empty(tmp_path):
    values = np.full((3, 1), math.nan)
    card = lstmviz.open_dump(
        lstmviz.write_dump(tmp_path / "n.h5", states={"h": values}, tracks={"p": list("aab")})
    ).unit("h", 0)
    assert card.n_nan == 3
    assert math.isnan(card.on_rate)
    assert card.contexts == ()
    assert list(card.run_lengths) == ["length", "n_runs"]
    assert list(card.tracks[0].table) == ["value", "n_steps", "base_rate", "mean", "on_rate", "rate_when_on"]
    assert card.on_rates["high"].isna().all()
    assert isinstance(card.histogram, pd.DataFrame)
