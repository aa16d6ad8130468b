"""Trials by condition: mean paths and their spread, against the states themselves; and their figure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import lstmviz
from lstmviz import figures
from lstmviz.errors import PatternError, ProjectionError, UnknownName
from lstmviz.maps.trajectories import trajectories_on
from lstmviz.ui.condition_paths import condition_paths
from lstmviz.ui.serve import make_app

N_TRIALS, N_STEPS, N_UNITS = 30, 25, 12


class Leaky(nn.Module):
    """A leaky rate network as neuroscience trains them: dh = dt/tau (-h + W tanh h + B x + noise)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.recurrent, self.given = nn.Linear(N_UNITS, N_UNITS, bias=False), nn.Linear(2, N_UNITS, bias=False)
        nn.init.normal_(self.recurrent.weight, std=1.3 / N_UNITS**0.5)

    def forward(self, x, seen=None):
        h, states = torch.zeros(len(x), N_UNITS), []
        for now in x.unbind(dim=1):
            h = h + 0.2 * (-h + self.recurrent(h.tanh()) + self.given(now))
            states.append(h)
        return torch.stack(states, dim=1)


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    """Trials of a decision: the sign of a noisy input is the condition; two go without one."""
    model, draw = Leaky().eval(), torch.Generator().manual_seed(0)
    sign = torch.where(torch.arange(N_TRIALS) % 2 == 0, 1.0, -1.0)
    x = torch.stack([sign[:, None].expand(-1, N_STEPS), torch.zeros(N_TRIALS, N_STEPS)], dim=2)
    x = x + 0.3 * torch.randn(x.shape, generator=draw)
    choice = ["right" if s > 0 else "left" for s in sign.tolist()]
    choice[:2] = [None, None]
    path = tmp_path_factory.mktemp("trials") / "trials.h5"
    recording = lstmviz.record(model, path, features=["motion", "rule"], dtype="float32")
    with torch.no_grad(), recording as run, run.batch(inputs=x, sequence_tracks={"choice": choice}):
        run.log("rates", model(x))
    return lstmviz.open_dump(path)


def test_on_a_map_a_path_is_the_mean_of_its_places(trials):
    mapped = trials.project("rates")
    paths = trajectories_on(trials, mapped, "choice")
    places = mapped.place(trials.states("rates")[:]).astype(float).reshape(N_TRIALS, N_STEPS, 2)
    for condition, trial in (("right", slice(2, None, 2)), ("left", slice(3, None, 2))):
        path = paths[paths["condition"] == condition]
        assert np.allclose(path[["pc1", "pc2"]], places[trial].mean(axis=0), atol=1e-5)
        assert np.allclose(path[["sd1", "sd2"]], places[trial].std(axis=0, ddof=1), atol=1e-5)
    with pytest.raises(ProjectionError, match="PCA"):
        trajectories_on(trials, replace(mapped, method="umap"), "choice")


def test_the_page_s_figure_of_a_map_with_paths_is_of_these(trials):
    client = make_app([trials]).server.test_client()
    body = {"dump": trials.uuid, "source": "rates", "mapPaths": "choice"}
    answer = client.post(f"/d/{trials.uuid}/export/figure.svg?view=map", json=body, headers={"Host": "127.0.0.1"})
    assert answer.status_code == 200
    assert b"Mean paths of rates by choice" in answer.data
    assert b"2 conditions" in answer.data


def test_for_the_page_the_most_frequent_conditions_as_far_as_trials_go_on(tmp_path):
    lengths = [4] * 20 + [8]  # of the first condition few trials go on after four steps
    labels = ["long"] * 21 + [f"rare {k:02}" for k in range(12) for _ in range(1 + (k > 3))]
    lengths += [5] * (len(labels) - len(lengths))
    states = np.random.default_rng(0).normal(size=(sum(lengths), 3)).astype("float32")
    path = tmp_path / "a.h5"
    lstmviz.write_dump(path, states={"a.l0.h": states}, lengths=lengths, sequence_tracks={"kind": labels})
    dump = lstmviz.open_dump(path)
    found = condition_paths(dump, dump.project("a.l0.h"), "kind")
    assert found["n_conditions"] == 13
    assert [one["name"] for one in found["conditions"]] == ["long", *(f"rare {k:02}" for k in range(4, 12))]
    assert (found["conditions"][0]["n"], found["conditions"][0]["time"]) == (21, [0, 1, 2, 3])
    every = trajectories_on(dump, dump.project("a.l0.h"), "kind")
    spots = every[every["condition"] == "long"][["pc1", "pc2", "sd1", "sd2"]].to_numpy()[:4]
    assert np.allclose(found["conditions"][0]["spots"], spots, atol=1e-3)
    (alone,) = condition_paths(dump, dump.project("a.l0.h"), "")["conditions"]
    assert alone["n"] == len(labels)


def test_a_path_is_the_mean_over_the_trials_of_a_condition(trials):
    paths = trials.trajectories("rates", by="choice", n_components=3)
    values = trials.states("rates")[:].astype(float).reshape(N_TRIALS, N_STEPS, N_UNITS)
    kept = values[2:].reshape(-1, N_UNITS)
    centred = kept - kept.mean(axis=0)
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    assert paths.attrs["explained"] == pytest.approx((singular**2 / (singular**2).sum())[:3])
    coordinates = (values - kept.mean(axis=0)) @ axes[:3].T
    for condition, trial in (("right", slice(2, None, 2)), ("left", slice(3, None, 2))):
        path = paths[paths["condition"] == condition]
        assert path["time"].tolist() == list(range(N_STEPS))
        assert set(path["n"]) == {14}
        for k in range(3):
            mine = path[f"pc{k + 1}"].to_numpy()
            wanted = coordinates[trial].mean(axis=0)[:, k]
            sign = np.sign(mine @ wanted)
            np.testing.assert_allclose(mine, sign * wanted, atol=1e-4)
            np.testing.assert_allclose(path[f"sd{k + 1}"], coordinates[trial].std(axis=0, ddof=1)[:, k], atol=1e-4)
    ends = paths[paths["time"] == N_STEPS - 1].set_index("condition")
    assert abs(ends.loc["right", "pc1"] - ends.loc["left", "pc1"]) > 2 * ends["sd1"].max()  # the decision is seen


def test_trials_of_unlike_lengths_and_without_a_condition_asked(tmp_path):
    values = np.random.default_rng(0).normal(size=(9, 4)).astype("float32")
    values[1, 0] = np.nan
    path = lstmviz.write_dump(tmp_path / "a.h5", states={"r": values}, lengths=[2, 4, 3])
    paths = lstmviz.open_dump(path).trajectories("r")
    assert paths["condition"].unique().tolist() == ["all"]
    assert paths[["time", "n"]].to_numpy().tolist() == [[0, 3], [1, 2], [2, 2], [3, 1]]
    assert paths["sd1"].iloc[-1] == 0


def test_the_figure_has_a_path_a_condition_with_its_spread(trials):
    paths = trials.trajectories("rates", by="choice")
    fig = figures.trajectories(paths)
    assert [trace.name for trace in fig.data if trace.showlegend] == ["right", "left"]
    for theme in ("light", "dark"):
        assert "by choice" in figures.trajectories(paths, theme=theme).layout.title.text
    assert len([trace for trace in fig.data if trace.fill == "toself"]) >= 12


def test_what_does_not_fit_is_said(trials):
    with pytest.raises(UnknownName, match="no track 'side' lies beside the source; there is motion, rule, choice"):
        trials.trajectories("rates", by="side")
    for n in (0, 11):
        with pytest.raises(PatternError, match="n_components"):
            trials.trajectories("rates", n_components=n)
    with pytest.raises(PatternError, match="no column 'pc2'"):
        figures.trajectories(trials.trajectories("rates", n_components=1))


def test_states_that_are_nowhere_finite_have_no_path(tmp_path):
    path = lstmviz.write_dump(tmp_path / "n.h5", states={"r": np.full((4, 2), np.nan, "float32")})
    with pytest.raises(ProjectionError, match="so there is no path"):
        lstmviz.open_dump(path).trajectories("r")
