"""Ablation: what a loop over cells gives, and what is known of the samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import lstmviz
from lstmviz import Filter, Pattern, PatternUnit, Window, errors
from lstmviz.explain.causes.replacements import partners
from lstmviz.rerun.rerun import rerun_of
from support.cards import Card, close
from support.made_models import made_dump
from support.naive_causes import effect_of

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return lstmviz.open_dump(made_dump(tmp_path_factory.mktemp("made"), n_layers=2))


def pattern_of(*units, threshold=0.0, side="high"):
    """A pattern of (source, unit) pairs that are on at a threshold."""
    sources = dict.fromkeys(source for source, _ in units)
    chosen = tuple(PatternUnit(source, unit, side, threshold) for source, unit in units)
    return Pattern("text", chosen, tuple((source, 0.3) for source in sources), 1)


def matched(dump, pattern):
    on = np.zeros(dump.n_steps, bool)
    for row in dump.match(pattern, limit=10_000, min_shared=pattern.n_units).itertuples():
        on[row.start : row.stop] = True
    return on


def naive(dump, units, where, value_of):
    """KL and rise of the loss at every step when units are held where asked, at ``value_of(source, unit, step)``."""
    model, kl, loss = rerun_of(dump).module, np.zeros(dump.n_steps), np.zeros(dump.n_steps)
    for start, stop in dump.sequences[["start", "stop"]].to_numpy().tolist():
        held = {
            (source, t - start, unit): value_of(source, unit, t)
            for source, unit in units
            for t in range(start, stop)
            if where[t]
        }
        kl[start:stop], loss[start:stop] = effect_of(model, np.asarray(dump.first.tokens.ids[start:stop]), held)
    return kl, loss


PATTERN = pattern_of(("rnn.l0.c", 1), ("rnn.l1.h", 4))
UNITS = [("rnn.l0.c", 1), ("rnn.l1.h", 4)]


@pytest.mark.parametrize("at", ["matches", "all"])
@pytest.mark.parametrize("to", ["mean", "zero", 0.5, "other"])
def test_the_effect_is_that_of_a_loop_over_cells(made, to, at):
    on = matched(made, PATTERN)
    assert 5 < on.sum() < made.n_steps
    effect = made.ablate(PATTERN, to, at, n_others=6, seed=4)
    states = {name: made.states(name)[:].astype(float) for name in made.sources}
    starts, stops = made.sequences["start"].to_numpy(), made.sequences["stop"].to_numpy()
    partner = partners(stops - starts, 4)

    def value_of(source, unit, t):
        if to != "other":
            return {"mean": states[source][:, unit].mean(), "zero": 0.0}.get(to, to)
        s = int((starts <= t).sum()) - 1
        values = states[source][starts[partner[s]] : stops[partner[s]], unit]
        to_and_fro = np.concatenate([values, values[::-1]] * 3)
        return to_and_fro[t - starts[s]]

    where = on if at == "matches" else np.ones(made.n_steps, bool)
    kl, loss = naive(made, UNITS, where, value_of)
    np.testing.assert_allclose(effect.kl, kl, atol=2e-5)
    np.testing.assert_allclose(effect.loss, loss, atol=2e-5)
    after = np.zeros(made.n_steps, bool)
    for t in np.flatnonzero(on):
        stop = stops[int((starts <= t).sum()) - 1]
        after[t + 1 : min(t + 9, stop)] = True
    for place, mask in (("here", on), ("after", after & ~on), ("elsewhere", ~after & ~on)):
        row = effect.places.set_index("place").loc[place]
        assert row["n_steps"] == mask.sum()
        if mask.any():
            assert row["kl"] == pytest.approx(kl[mask].mean(), abs=2e-5)
            assert row["loss"] == pytest.approx(np.nanmean(loss[mask]), abs=2e-5)
    tokens = np.array(made.tokens[:])
    assert set(effect.tokens["token"]) == set(tokens[on])
    assert effect.tokens["kl"].is_monotonic_decreasing
    for row in effect.tokens.itertuples():
        here = on & (tokens == row.token)
        assert row.n_steps == here.sum()
        assert row.kl == pytest.approx(kl[here].mean(), abs=2e-5)
    first = effect.others.iloc[0]
    one, two = first["units"].split("; ")
    other = [(one.split()[0], int(one.split()[1])), (two.split()[0], int(two.split()[1]))]
    assert not set(other) & set(UNITS)
    other_kl, _ = naive(made, other, where, value_of)
    assert first["kl_here"] == pytest.approx(other_kl[on].mean(), abs=2e-5)
    n_as_much = (effect.others["kl_here"] >= effect.places["kl"][0]).sum()
    assert effect.p == pytest.approx((1 + n_as_much) / (1 + len(effect.others)))


def test_of_one_unit_all_others_are_run_and_of_two_as_many_sets_as_asked(made):
    one = made.ablate(pattern_of(("rnn.l1.c", 2)))
    assert one.others["units"].tolist() == [f"rnn.l1.c {unit}" for unit in (0, 1, 3, 4, 5)]
    few = made.ablate(pattern_of(("rnn.l1.c", 2)), n_others=3)
    assert len(few.others) == 3
    two = made.ablate(pattern_of(("rnn.l1.c", 2), ("rnn.l1.c", 0)), n_others=99)
    assert len(set(two.others["units"])) == len(two.others) == 6  # of four units two
    none = made.ablate(pattern_of(("rnn.l1.c", 2)), n_others=0)
    assert none.p == 1.0
    assert len(none.others) == 0
    pd.testing.assert_series_equal(none.places["kl"], one.places["kl"], atol=1e-6)


def test_in_a_text_it_is_that_of_the_corpus_with_the_same_text(made):
    start, stop = 0, int(made.sequences["stop"][0])
    text, pattern = made.first.text(start, stop), pattern_of(("rnn.l0.c", 1))
    corpus = made.ablate(pattern, "zero", "all", n_others=2)
    typed = made.ablate(pattern, "zero", "all", n_others=2, text=text)
    np.testing.assert_allclose(typed.kl, corpus.kl[start:stop], atol=1e-5)
    np.testing.assert_allclose(typed.loss, corpus.loss[start:stop], atol=1e-5)
    window = made.ablate(pattern, "zero", Window(2, 4), text=text)
    kl, _ = effect_of(
        rerun_of(made).module,
        made.first.tokens.ids[start:stop],
        dict.fromkeys([("rnn.l0.c", 2, 1), ("rnn.l0.c", 3, 1)], 0.0),
    )
    np.testing.assert_allclose(window.kl, kl, atol=1e-5)
    assert window.places["n_steps"].tolist()[0] == 2
    held = made.rerun(text, [lstmviz.Intervention("rnn.l0.c", (1,), "zero", Window(2, 4))])
    rise = held.tracks["loss"][:] - made.rerun(text).tracks["loss"][:]
    np.testing.assert_allclose(window.loss, rise, atol=1e-4)
    assert np.isfinite(made.ablate(pattern, "other", "all", text=text).kl).all()


def test_units_that_were_recorded_alone_are_the_models_own(made, tmp_path):
    model = rerun_of(made).module
    path = tmp_path / "few.h5"
    run = lstmviz.record(model, path, vocab=list(made.tokens.vocab), units={"rnn.l0.c": [4, 1]}, states=["c"])
    ids = [made.first.tokens.ids[a:b] for a, b in made.sequences[["start", "stop"]].to_numpy()]
    with torch.no_grad(), run:
        for row in ids:
            row = torch.from_numpy(np.asarray(row, np.int64))[None]
            with run.batch(tokens=row):
                model(row)
    (tmp_path / "few.safetensors").write_bytes(made.path.with_suffix(".safetensors").read_bytes())
    few = lstmviz.open_dump(path)
    at = few.source("rnn.l0.c").units.index(1)
    ours = few.ablate(pattern_of(("rnn.l0.c", at)), "zero", "all").kl
    np.testing.assert_allclose(ours, made.ablate(pattern_of(("rnn.l0.c", 1)), "zero", "all").kl, atol=1e-5)


def test_a_classifier_has_no_loss_of_a_next_token(tmp_path):
    path = made_dump(tmp_path, is_bidirectional=True, task="label", labels=("no", "yes"), cell="gru")
    dump = lstmviz.open_dump(path)
    effect = dump.ablate(pattern_of(("rnn.l0.reverse.h", 1)), "zero")
    assert effect.places["kl"][0] > 1e-4
    assert effect.places["loss"].isna().all()
    assert np.isnan(effect.loss).all()


def test_progress_is_told_and_it_can_be_cancelled(made):
    told = []
    made.ablate(PATTERN, n_others=40, progress=lambda share, doing: told.append((share, doing)))
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1] == (1.0, "ablating")
    with pytest.raises(errors.Cancelled, match="ask for it again"):
        made.ablate(PATTERN, cancel=lambda: True)
    assert np.isfinite(made.ablate(PATTERN, n_others=1).p)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"to": "least"}, errors.PatternError, "use 'mean', 'zero', 'other' or a number"),
        ({"at": "here"}, errors.PatternError, "use 'matches', 'all' or a Window"),
        ({"n_others": -1}, errors.PatternError, "n_others=-1 is out of range"),
        ({"at": Window(0, 10_000)}, errors.WindowError, "ends after the last of 83 steps"),
        ({"pattern": pattern_of(("rnn.l0.c", 1), threshold=50.0)}, errors.PatternError, "no step is matched"),
        ({"pattern": Pattern("text", (), (), 1), "at": "all"}, errors.PatternError, "no unit to ablate"),
        ({"pattern": pattern_of(("rnn.l0.c", 1), threshold=50.0), "text": "ab"}, errors.PatternError, "of the text"),
        ({"text": ""}, errors.InputError, "no token"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(made, asked, error, words):
    with pytest.raises(error) as caught:
        made.ablate(**{"pattern": PATTERN, **asked})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_a_model_it_is_refused(made, tmp_path):
    states = {"rnn.l0.c": made.states("rnn.l0.c")[:]}
    lone = lstmviz.write_dump(tmp_path / "lone.h5", states=states, tokens=np.zeros(made.n_steps, int), vocab=["a"])
    with pytest.raises(errors.ModelMissing, match="no model lies beside"):
        lstmviz.open_dump(lone).ablate(pattern_of(("rnn.l0.c", 1)))


def test_a_dump_of_some_steps_of_longer_documents_is_refused(made, tmp_path):
    model, path = rerun_of(made).module, tmp_path / "some.h5"
    ids = torch.from_numpy(np.asarray(made.first.tokens.ids[:9], np.int64))[None]
    run = lstmviz.record(model, path, vocab=list(made.tokens.vocab), every=2)
    with torch.no_grad(), run, run.batch(tokens=ids):
        model(ids)
    (tmp_path / "some.safetensors").write_bytes(made.path.with_suffix(".safetensors").read_bytes())
    some = lstmviz.open_dump(path)
    pattern = pattern_of(("rnn.l0.c", 1), threshold=-0.99)
    with pytest.raises(errors.ModelError, match="holds only some steps of its documents"):
        some.ablate(pattern)
    assert some.ablate(pattern, "zero", text="ab é", n_others=1).places["n_steps"].sum() == 4  # a text is whole


def held_at_mean(sample_dump, variant, units):
    """The effect of a row of the card of agreement: of the brush, or of the units at their best thresholds."""
    dump = sample_dump("agreement", variant)
    if variant == "1x50":
        pattern = dump.select("rnn.l0.c", 53, 62, 0.6, side="low")
        assert [unit.unit for unit in pattern.units] == units
        return dump.ablate(pattern)
    ranked = dump.rank_units(Filter("number", ("singular",)), ["rnn.l0.c"]).set_index("unit").loc[units]
    assert units != [60] or ranked["auc"].iloc[0] == pytest.approx(0.997, abs=5e-4)
    chosen = tuple(PatternUnit("rnn.l0.c", row.Index, row.side, row.threshold) for row in ranked.itertuples())
    return dump.ablate(Pattern("text", chosen, (("rnn.l0.c", 0.3),), 5))


@pytest.mark.long
def test_the_card_of_agreement_tells_who_is_needed(sample_dump):
    effects = {}
    for variant, told, *figures in Card("agreement").table("model | units at their mean"):
        units = [int(unit) for unit in told.split(", ")]
        effect = effects[variant, told] = held_at_mean(sample_dump, variant, units)
        here = effect.places.iloc[0]
        assert len(effect.others) == 49
        assert all(map(close, here[["kl", "kl_others", "kl_others_most", "p"]], figures))
    effect = effects["1x50", "23"]
    places = effect.places.set_index("place")["kl"]
    assert places["here"] == pytest.approx(0.297, abs=0.02)
    assert places["after"] < 0.001
    assert places["elsewhere"] < 0.001
    assert effect.others["kl_here"].max() < 0.03
    assert effect.p == 1 / 50
    bystander = effects["1x100", "60"]
    assert bystander.places["kl"][0] < 0.001
    assert bystander.p > 0.5


def test_the_card_of_recall_tells_who_is_needed_where_it_is_asked(sample_dump):
    dump = sample_dump("recall", "1x32")
    patterns = {
        "4, 23, 26": dump.detector(Filter("key", ("A",)), ["rnn.l0.c"]).pattern,
        "1, 12, 14, 17": dump.select("rnn.l0.c", 0, 11, 0.3, off_before=0),
    }
    rows = Card("recall").table("units | held at")
    assert {(units, to) for units, to, *_ in rows} == {
        ("4, 23, 26", "mean"),
        ("4, 23, 26", "other"),
        ("1, 12, 14, 17", "mean"),
    }
    for units, to, *figures in rows:
        pattern = patterns[units]
        assert sorted(unit.unit for unit in pattern.units) == [int(unit) for unit in units.split(", ")]
        effect = dump.ablate(pattern, to)
        here, question = effect.places.iloc[0], effect.tokens.set_index("token").loc["?"]
        measured = (here["kl"], here["p"], question["kl"], question["kl_others"], question["p"])
        assert all(map(close, measured, figures))
        if units == "4, 23, 26":
            assert effect.p > 0.1
            assert effect.tokens["token"][0] == "?"
            assert question["p"] <= 0.02
        else:
            assert here["kl"] < 0.001
            assert effect.p > 0.5


def test_sequences_and_sets_run_in_parts_give_the_same(made, monkeypatch):
    whole = made.ablate(PATTERN, n_others=7)
    monkeypatch.setattr("lstmviz.explain.causes.texts.MAX_VALUES", 120)
    monkeypatch.setattr("lstmviz.explain.causes.ablate.MAX_VALUES", 120)
    parts = made.ablate(PATTERN, n_others=7)
    for name in ("places", "tokens", "others"):
        pd.testing.assert_frame_equal(getattr(parts, name), getattr(whole, name), rtol=1e-3, atol=1e-5)
    elsewhere = parts.places.set_index("place").loc["elsewhere"]
    assert 0 < elsewhere["kl"] < 1e-7
    assert elsewhere["p"] == 1  # what rounding leaves sets no units apart
