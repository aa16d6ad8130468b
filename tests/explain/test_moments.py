"""The figures over the moments of a training are those that each moment's dump gives by itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz.errors import DumpMissing, InputError, ModelError
from support.learning import SOURCE, WORDS, Learner, encode, moments
from support.texts import sentences, train

RUNS = lstmviz.Filter.tokens(("runs",))


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    model, folder = Learner(), tmp_path_factory.mktemp("training")
    snapshots = moments(model, folder, 60)
    for update, loss in ((0, 2.5), (40, None), (120, 0.5)):
        snapshots.take(update, loss=loss)
        model.learn(40 if update == 0 else 80)
    return lstmviz.open_moments(folder)


def test_losses_are_the_given_ones_and_the_mean_of_the_recorded(training):
    assert repr(training) == "<3 moments, update 0 to 120>"
    frame = training.loss()
    assert frame["update"].tolist() == [0, 40, 120]
    assert frame["loss"].tolist()[::2] == [2.5, 0.5]
    assert math.isnan(frame["loss"][1])
    for wanted, dump in zip(frame["loss_probe"], training, strict=True):
        assert wanted == pytest.approx(np.nanmean(dump.tracks["loss"][:].astype(float)))
    assert frame["loss_probe"].is_monotonic_decreasing


def test_states_come_to_be_like_the_last_ones(training):
    frame = training.similarity(SOURCE)
    for k, dump in enumerate(training):
        aligned = dump.align_units(SOURCE, training.dumps[-1])
        assert frame["cka"][k] == pytest.approx(aligned.cka)
        assert frame["cka_chance"][k] == pytest.approx(aligned.cka_chance)
    assert frame["cka"].is_monotonic_increasing
    assert frame["cka"][2] == pytest.approx(1)


def test_a_label_is_detected_better_and_its_best_unit_is_named(training):
    frame = training.label(RUNS, [SOURCE])
    for k, dump in enumerate(training):
        best = dump.rank_units(RUNS, [SOURCE]).iloc[0]
        assert frame.iloc[k][["source", "unit", "f1"]].tolist() == best[["source", "unit", "f1"]].tolist()
    assert frame["f1"][2] > frame["f1"][0]


def test_a_unit_is_followed_by_its_number_and_its_partner_is_named(training):
    unit = int(training.label(RUNS, [SOURCE])["unit"].iloc[-1])
    frame = training.unit(SOURCE, unit, RUNS)
    last = training.dumps[-1].states(SOURCE)[:, unit].astype(float)
    for k, dump in enumerate(training):
        here = np.tanh(dump.states(SOURCE)[:, unit].astype(float))
        assert frame["r"][k] == pytest.approx(np.corrcoef(here, np.tanh(last))[0, 1])
        row = dump.align_units(SOURCE, training.dumps[-1]).units.iloc[unit]
        assert (frame["partner"][k], frame["is_mutual"][k]) == (row["partner"], row["is_mutual"])
        ranked = dump.rank_units(RUNS, [SOURCE]).set_index("unit").loc[unit]
        assert (frame["f1"][k], frame["threshold"][k], frame["side"][k]) == tuple(ranked[["f1", "threshold", "side"]])
    assert (frame["partner"][2], frame["is_mutual"][2]) == (unit, True)


def test_where_units_were_permuted_the_partner_is_the_one_it_became(training, tmp_path):
    """A training whose last moment has its units in another order: each unit's partner is where it went."""
    model = Learner()
    model.learn(40)
    snapshots = moments(model, tmp_path, 60)
    snapshots.take(0)
    order = np.random.default_rng(0).permutation(16)
    rows = np.concatenate([16 * gate + order for gate in range(4)])
    memory = model.memory
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
        getattr(memory, name).data = getattr(memory, name).data[rows]
    memory.weight_hh_l0.data = memory.weight_hh_l0.data[:, order]
    model.head.weight.data = model.head.weight.data[:, order]
    snapshots.take(1)
    found = lstmviz.open_moments(tmp_path)
    for unit in (0, 3, 11):
        frame = found.unit(SOURCE, unit)
        assert (frame["partner"][0], frame["is_mutual"][0]) == (int(np.flatnonzero(order == unit)[0]), True)
        assert frame["r_partner"][0] == pytest.approx(1, abs=1e-3)
    assert found.similarity(SOURCE)["cka"][0] == pytest.approx(1, abs=1e-3)


def test_a_pattern_is_followed_by_the_numbers_of_its_units(training):
    last = training.dumps[-1]
    pattern = last.detector(RUNS, [SOURCE], most=2).pattern
    frame = training.pattern(pattern, RUNS)
    for k, dump in enumerate(training):
        assert (
            frame["n_matches"][k] == dump.count(pattern).totals.query("n_shared == @pattern.n_units")["n_matches"].sum()
        )
        row = dump.enrichment(pattern, RUNS).iloc[0]
        for name in ("share", "base_rate", "lift", "f1"):
            assert frame[name][k] == pytest.approx(row[name], nan_ok=True)
    assert frame["f1"][2] == frame["f1"].max()
    assert training.pattern(pattern).columns.tolist() == ["update", "n_matches"]
    with pytest.raises(ModelError):
        training.pattern(pattern, ablate=True)


def test_ablation_is_asked_of_the_model_of_each_moment(tmp_path):
    (tmp_path / "farm.txt").write_text(sentences(300))
    small = ("--layers", 1, "--units", 12, "--epochs", 3, "--steps", 1500)
    assert train(tmp_path / "farm.txt", *small, "--snapshots", 3, "--name", "farm", "--out", tmp_path).exit_code == 0
    found = lstmviz.open_moments(tmp_path / "farm-moments")
    pattern = found.dumps[-1].detector(lstmviz.Filter.tokens((" ",)), ["rnn.l0.c"], most=1).pattern
    frame = found.pattern(pattern, ablate=True)
    for k, dump in enumerate(found):
        if frame["n_matches"][k]:
            assert frame["kl"][k] == pytest.approx(dump.ablate(pattern, n_others=0).places["kl"][0])
    assert frame["kl"].iloc[-1] > 0


def test_a_model_of_ones_own_runs_with_the_weights_of_each_moment(tmp_path):
    model = Learner()
    snapshots = moments(model, tmp_path, 20, weights=True)
    held, text = [], "the cat runs . and you"
    for update in (0, 60):
        snapshots.take(update)
        with torch.no_grad():
            held.append(model.memory(model.look_up(torch.tensor([encode(text)])))[0][0].numpy())
        model.learn(60)
    own = {name: value.clone() for name, value in model.state_dict().items()}
    training = lstmviz.open_moments(tmp_path)
    training.attach(model, encode=encode)
    for dump, wanted in zip(training, held, strict=True):
        assert np.allclose(dump.rerun(text).states("memory.l0.h")[:], wanted, atol=1e-3)
    pattern = training.dumps[1].detector(RUNS, [SOURCE], most=2).pattern
    kl = training.pattern(pattern, RUNS, ablate=True)["kl"]
    assert [kl[k] for k in (0, 1)] == [
        pytest.approx(dump.ablate(pattern, n_others=0).places["kl"][0]) for dump in training
    ]
    assert kl[1] > kl[0]
    assert all(torch.equal(value, own[name]) for name, value in model.state_dict().items())


def test_weights_that_are_missing_damaged_or_of_another_shape_are_said(tmp_path):
    model = Learner()
    snapshots = moments(model, tmp_path, 2, weights=True)
    path = snapshots.take(0)
    model.learn(5)

    def refused(line, given=model):
        with pytest.raises(ModelError, match=line):
            lstmviz.open_dump(path).attach(given, encode=encode)

    wide = Learner()
    wide.head = torch.nn.Linear(16, len(WORDS) + 1)
    refused(r"update-00000000.weights has head.weight of shape \(15, 16\), and this Learner has \(16, 16\)", wide)
    path.with_suffix(".weights").write_bytes(b"no weights")
    refused("update-00000000.weights cannot be read as weights")
    path.with_suffix(".weights").unlink()
    refused(r"is not the model that update-00000000.h5 was recorded from.*keep the weights .*Snapshots\(weights=True\)")
    moments(model, tmp_path, 2, weights=True).take(0)
    lstmviz.open_dump(path).attach(model, encode=encode)
    moments(model, tmp_path, 2).take(0)  # without weights, the ones of before do not stay beside it
    assert not path.with_suffix(".weights").exists()


def test_what_is_no_moment_is_said(training, tmp_path):
    with pytest.raises(DumpMissing, match="no moment of a training is in"):
        lstmviz.open_moments(tmp_path)
    path = lstmviz.write_dump(tmp_path / "one.h5", states={"a.l0.h": np.zeros((3, 2), "float16")})
    other = lstmviz.open_dump(path)
    with pytest.raises(DumpMissing):
        lstmviz.open_moments(tmp_path)
    with pytest.raises(InputError, match="is no moment of this training"):
        type(training)([*training, other])
    with pytest.raises(InputError, match="no moment is given"):
        type(training)([])
    with pytest.raises(lstmviz.UnknownName):
        training.similarity("no.l0.h")
    with pytest.raises(lstmviz.PatternError):
        training.unit(SOURCE, 99)
