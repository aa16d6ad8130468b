"""A network of the same shape that has learned nothing: its states, and the line it adds to a ranking."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import lstmviz
from lstmviz import Filter, errors
from lstmviz.explain.causes.untrained import untrained
from lstmviz.rerun.rerun import rerun_of
from support.made_models import made_dump

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(
    "shape", [{"n_layers": 2}, {"is_bidirectional": True, "task": "label", "labels": ("no", "yes")}]
)
def test_its_states_are_those_of_a_model_that_was_never_trained(tmp_path, shape):
    dump = lstmviz.open_dump(made_dump(tmp_path, **shape))
    runner = rerun_of(dump)
    ours, model = untrained(dump, runner, None, seed=5), runner.fresh(5).model
    assert list(ours.sources) == list(dump.sources)
    torch.manual_seed(5)
    again = type(model)(runner.description)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    last = max(name for name in dump.sources if name.endswith(".h") and "reverse" not in name)
    for start, stop in dump.sequences[["start", "stop"]].to_numpy()[:4].tolist():
        ids = torch.from_numpy(np.asarray(dump.first.tokens.ids[start:stop], np.int64))[None]
        with torch.no_grad():
            h = model.rnn(model.embedding(ids))[0][0, :, :6]
        np.testing.assert_allclose(ours.states(last)[start:stop], h, atol=1e-3)
    assert ours.tokens[:] == dump.tokens[:]
    assert dict(ours.tracks).keys() == dict(dump.tracks).keys()


def test_the_random_generator_is_left_as_it_was(tmp_path):
    runner = rerun_of(lstmviz.open_dump(made_dump(tmp_path)))
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    runner.fresh(0)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_it_is_one_more_line_of_a_ranking_and_of_a_detector(sample_dump):
    dump, deep = sample_dump("parens", "1x50"), Filter("depth", low=3, high=3)
    ranked, plain = dump.rank_units(deep, untrained=True), dump.rank_units(deep)
    pd.testing.assert_frame_equal(ranked.iloc[:-1], plain)
    last = ranked.iloc[-1]
    assert last["source"].startswith("untrained rnn.l0.")
    assert 0.6 < last["f1"] <= 0.80
    found = dump.detector(deep, untrained=True)
    assert found.f1 >= 0.99
    assert found.f1_untrained < 0.9
    assert np.isnan(dump.detector(deep).f1_untrained)
    by_r = dump.rank_units("depth", ["rnn.l0.c"], untrained=True)
    assert by_r["source"].iloc[-1] == "untrained rnn.l0.c"
    assert abs(by_r["r"].iloc[-1]) < abs(by_r["r"].iloc[0])


def test_without_a_model_it_is_refused(tmp_path):
    path = lstmviz.write_dump(tmp_path / "lone.h5", states={"rnn.l0.c": np.eye(8)}, tokens=[0, 1] * 4, vocab=["a", "b"])
    with pytest.raises(errors.ModelMissing, match="no model lies beside"):
        lstmviz.open_dump(path).rank_units(Filter.tokens(("a",)), untrained=True)


def test_its_codes_are_kept_in_memory_and_the_dumps_own_index_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("lstmviz.match.index.store.SMALL", 10)
    dump, yes = lstmviz.open_dump(made_dump(tmp_path)), Filter.tokens(("a",))
    plain = dump.rank_units(yes)
    index = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "run.h5.index").iterdir()}
    assert index
    pd.testing.assert_frame_equal(dump.rank_units(yes, untrained=True).iloc[:-1], plain)
    assert {file.name: file.stat().st_mtime_ns for file in (tmp_path / "run.h5.index").iterdir()} == index
