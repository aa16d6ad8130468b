"""Maps: PCA against a twin by singular values, samples, placing, regions against a naive walk, embeddings, refusals."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import lstmviz
from lstmviz.errors import PatternError, ProjectionError, UnknownName
from lstmviz.maps.colours import pattern_counts, unit_values
from lstmviz.maps.embeddings import embeddings, token_counts
from lstmviz.maps.neighbours import nearest
from lstmviz.maps.pca import principal_axes
from lstmviz.maps.projection import inside
from lstmviz.maps.sampling import sample_steps, states_at
from lstmviz.types import Filter
from support.budget import examples

SOURCE = "rnn.l1.c"


def made(tmp_path, n=400, n_units=7, seed=0, **more):
    rng = np.random.default_rng(seed)
    states = np.tanh(rng.normal(size=(n, n_units)) @ rng.normal(size=(n_units, n_units))).astype("float32")
    path = tmp_path / "made.h5"
    lstmviz.write_dump(path, states={"a.l0.h": states, **more.pop("states", {})}, **more)
    return lstmviz.open_dump(path), states


# PCA


@examples(60)
@given(
    hnp.arrays(np.float32, st.tuples(st.integers(3, 30), st.integers(1, 6)), elements=st.floats(-3, 3, width=32)),
)
def test_principal_axes_are_those_of_the_singular_values(values):
    basis = principal_axes(values, 50)
    wide = values.astype(np.float64) - values.astype(np.float64).mean(axis=0)
    _, sizes, axes = np.linalg.svd(wide, full_matrices=False)
    variances = np.zeros(values.shape[1])
    variances[: len(sizes)] = sizes**2
    total = variances.sum()
    if total < 1e-6:
        return
    np.testing.assert_allclose(basis.shares, variances / total, atol=1e-6)
    # Distances along the axes are those of the states, whatever the signs and whichever axes share a variance.
    placed = basis.place(values).astype(np.float64)
    np.testing.assert_allclose(placed @ placed.T, wide @ wide.T, atol=2e-4 * max(1, total))
    gaps = np.diff(variances[: len(sizes)])
    if len(sizes) > 1 and gaps[0] < -1e-2 * total:
        assert abs(axes[0] @ basis.axes[0]) == pytest.approx(1, abs=1e-6)


def test_the_largest_entry_of_each_axis_is_positive_so_that_maps_are_the_same_everywhere(parens):
    basis = parens.project(SOURCE).basis
    peaks = basis.axes[np.arange(len(basis.axes)), np.abs(basis.axes).argmax(axis=1)]
    assert (peaks > 0).all()
    np.testing.assert_allclose(basis.axes @ basis.axes.T, np.eye(len(basis.axes)), atol=1e-9)


def test_a_map_of_a_dump_is_the_pca_of_its_states_in_the_view(parens):
    mapped = parens.project(SOURCE)
    assert mapped.ids.tolist() == list(range(parens.n_steps))
    states = np.tanh(parens.states(SOURCE)[:].astype(np.float64))
    centred = states - states.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    twin = centred @ axes[:2].T
    twin *= np.sign((twin * mapped.points).sum(axis=0))
    np.testing.assert_allclose(mapped.points, twin, atol=1e-3)
    np.testing.assert_allclose(mapped.explained, (sizes**2 / (sizes**2).sum())[:2], atol=1e-6)
    assert mapped.points.dtype == np.float32
    assert (mapped.n_all, mapped.n_nan, mapped.method, mapped.is_exact) == (parens.n_steps, 0, "pca", True)


def test_depth_is_what_the_parens_map_shows(parens):
    mapped = parens.project(SOURCE)
    depth = parens.tracks["depth"][:]
    centres = np.array([mapped.points[depth == k].mean(axis=0) for k in range(5)])
    far = np.linalg.norm(mapped.points[:, None] - centres, axis=2).argmin(axis=1)
    assert (far == depth).mean() > 0.95


# Samples


@given(st.integers(1, 5000), st.integers(2, 500), st.integers(0, 5))
def test_a_sample_has_one_step_of_each_stretch(n_steps, wanted, seed):
    steps = sample_steps(n_steps, wanted, seed)
    assert len(steps) == min(n_steps, wanted)
    assert (np.diff(steps) > 0).all()
    assert steps[0] >= 0
    assert steps[-1] < n_steps
    edges = np.arange(len(steps) + 1) * n_steps // len(steps)
    assert ((steps >= edges[:-1]) & (steps < edges[1:])).all()
    assert steps.tolist() == sample_steps(n_steps, wanted, seed).tolist()


def test_another_seed_samples_other_steps_and_the_same_seed_the_same_map(parens):
    one, same, other = (parens.project(SOURCE, n_steps=1_000, seed=seed) for seed in (3, 3, 4))
    assert one.ids.tolist() == same.ids.tolist() != other.ids.tolist()
    assert one.points.tobytes() == same.points.tobytes()
    assert len(one.ids) == 1_000
    assert one.n_all == parens.n_steps


@pytest.mark.parametrize("step", [1, 3, 70, 9_000])
def test_states_are_read_at_any_distance_between_steps(parens, step):
    steps = np.arange(0, parens.n_steps, step)
    expected = np.tanh(parens.states(SOURCE)[:][steps].astype(np.float64)).astype(np.float32)
    assert states_at(parens, SOURCE, steps).tobytes() == expected.tobytes()


def test_steps_with_nan_are_left_out_counted_and_have_no_place(tmp_path):
    _, states = made(tmp_path)
    holed = states.copy()
    holed[[5, 17], 3] = np.nan
    holed[40, 0] = np.inf
    path = tmp_path / "holed.h5"
    lstmviz.write_dump(path, states={"a.l0.h": holed})
    mapped = lstmviz.open_dump(path).project("a.l0.h")
    whole = np.isfinite(holed).all(axis=1)
    assert mapped.n_nan == 3
    assert mapped.ids.tolist() == np.flatnonzero(whole).tolist()
    placed = mapped.place(holed[:50])
    assert np.isnan(placed).all(axis=1).tolist() == (~whole[:50]).tolist()
    np.testing.assert_allclose(placed[whole[:50]], mapped.points[: whole[:50].sum()], atol=1e-5)


# Placing


def test_pca_places_steps_that_were_not_sampled_where_all_of_the_states_would_lie(parens):
    mapped = parens.project(SOURCE, n_steps=500)
    steps = np.arange(300, 400)
    values = states_at(parens, SOURCE, steps)
    expected = (values.astype(np.float64) - mapped.basis.mean) @ mapped.basis.axes[:2].T
    np.testing.assert_allclose(mapped.place(values), expected, atol=1e-5)
    both = np.intersect1d(steps, mapped.ids)
    assert len(both)
    np.testing.assert_allclose(mapped.at(both), mapped.place(states_at(parens, SOURCE, both)), atol=1e-5)
    assert np.isnan(mapped.at(np.setdiff1d(steps, mapped.ids))).all()


def test_states_of_another_width_do_not_fit_a_map(parens):
    with pytest.raises(PatternError, match=r"states of shape \(3, 4\) do not fit the map; give \(n, 50\)"):
        parens.project(SOURCE).place(np.zeros((3, 4)))


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_neighbours_are_those_of_a_full_table(seed, k):
    rng = np.random.default_rng(seed)
    points, among = rng.normal(size=(17, 3)).astype("float32"), rng.normal(size=(23, 3)).astype("float32")
    found, distances = nearest(points, among, k)
    table = np.linalg.norm(points[:, None].astype(float) - among, axis=2)
    np.testing.assert_allclose(distances, np.sort(table, axis=1)[:, :k], atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(table, found, 1), distances, atol=1e-5)
    assert all(len(set(row)) == len(row) for row in found.tolist())


# Regions


def naive_inside(x, y, corners):
    """Walk around: the angles to the corners add up to a whole turn where the point is inside a simple polygon."""
    turns = 0.0
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        one, two = complex(ax - x, ay - y), complex(bx - x, by - y)
        turns += np.angle(two / one)
    return abs(turns) > 3


@given(st.integers(0, 10_000), st.integers(3, 9))
def test_inside_is_where_the_corners_go_around(seed, n):
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, n))
    if np.diff([*angles, angles[0] + 2 * np.pi]).max() > 3:  # the centre must see all corners
        return
    sizes = rng.uniform(0.3, 1, n)
    corners = list(zip((np.cos(angles) * sizes).tolist(), (np.sin(angles) * sizes).tolist(), strict=True))
    points = rng.uniform(-1, 1, (60, 2)).astype("float32")
    assert inside(points, corners).tolist() == [naive_inside(x, y, corners) for x, y in points.tolist()]


def test_a_region_holds_its_steps_their_tokens_and_what_they_carry(parens):
    mapped = parens.project(SOURCE)
    low, high = mapped.points.min(axis=0), mapped.points.max(axis=0)
    square = [(low[0] - 1, low[1] - 1), (0, low[1] - 1), (0, high[1] + 1), (low[0] - 1, high[1] + 1)]
    found = parens.region(mapped, square)
    expected = np.flatnonzero(mapped.points[:, 0] < 0)
    assert found.steps.tolist() == expected.tolist()
    assert found.n_points == len(expected)
    tokens = found.tokens()
    text = [parens.tokens[step] for step in expected.tolist()]
    assert dict(zip(tokens["token"], tokens["n_steps"], strict=True)) == {t: text.count(t) for t in set(text)}
    assert tokens["n_steps"].is_monotonic_decreasing
    assert tokens["share"].sum() == pytest.approx(1)
    carry = found.carry().query("track == 'depth'")
    depth = parens.tracks["depth"][:]
    for row in carry.itertuples():
        assert row.n_steps == (depth[expected] == row.low).sum()
        assert row.n_corpus == (depth == row.low).sum()
        assert row.share == pytest.approx((depth[expected] == row.low).mean())
        assert row.base_rate == pytest.approx((depth == row.low).mean())
    kept = parens.region(mapped, square, [Filter("depth", low=1, high=1)])
    assert kept.steps.tolist() == expected[depth[expected] == 1].tolist()


@pytest.mark.parametrize("n_steps", [None, 700], ids=["all", "sampled"])
def test_units_that_set_a_region_apart_are_those_of_a_track_that_says_so(parens, tmp_path, n_steps):
    mapped = parens.project(SOURCE) if n_steps is None else parens.project(SOURCE, n_steps=n_steps)
    (left, low), (right, high) = mapped.points.min(axis=0), mapped.points.max(axis=0)
    third = left + (right - left) / 3
    region = parens.region(mapped, [(left, low), (third, low), (third, high), (left, high)])
    assert 0 < len(region.steps) < len(mapped.ids)
    assert region.among.tolist() == mapped.ids.tolist()
    said = np.full(parens.n_steps, np.nan)
    said[mapped.ids] = 0
    said[region.steps] = 1
    starts = np.append(parens.sequences["start"], parens.n_steps)
    path = lstmviz.write_dump(
        tmp_path / "said.h5",
        states={name: parens.states(name)[:] for name in parens.sources},
        views={name: source.view for name, source in parens.sources.items()},
        lengths=np.diff(starts).tolist(),
        tracks={"inside": said},
    )
    twin = lstmviz.open_dump(path).rank_units(Filter("inside", low=1, high=1))
    ranked = parens.rank_region(region)
    assert ranked.drop(columns="by").equals(twin.drop(columns="by"))
    assert ranked["f1"][0] > 0.9
    every = [(left - 1, low - 1), (right + 1, low - 1), (right + 1, high + 1), (left - 1, high + 1)]
    narrow = parens.region(mapped, every, [Filter("depth", low=1)])
    assert len(narrow.among) < len(mapped.ids)
    for bad in (narrow, parens.region(mapped, [(90, 90), (91, 90), (91, 91)])):
        with pytest.raises(PatternError, match="which nothing sets apart"):
            parens.rank_region(bad)


def test_a_unit_and_a_pattern_say_a_number_for_each_point(parens):
    mapped = parens.project(SOURCE, n_steps=500)
    own = np.tanh(parens.states(SOURCE)[:][mapped.ids, 18].astype(np.float64))
    assert unit_values(parens, mapped, SOURCE, 18) == pytest.approx(own, abs=1e-6)
    pattern = parens.select(SOURCE, 249, 255)
    values = np.tanh(parens.states(SOURCE)[:][mapped.ids].astype(np.float64))
    on = sum(
        (values[:, u.unit] >= u.threshold) if u.side == "high" else (values[:, u.unit] <= u.threshold)
        for u in pattern.units
    )
    assert pattern_counts(parens, mapped, pattern).tolist() == on.tolist()
    with pytest.raises(PatternError, match="units are 0 to 49"):
        unit_values(parens, mapped, SOURCE, 50)
    with pytest.raises(UnknownName, match="no source"):
        unit_values(parens, mapped, "x", 0)
    with pytest.raises(PatternError, match="tokens, which have no states"):
        pattern_counts(parens, parens.project("embedding"), pattern)
    figure = lstmviz.figures.projection(parens, mapped, colour=(SOURCE, 18))
    assert np.asarray(figure.data[0].marker.color) == pytest.approx(own, abs=1e-6)
    figure = lstmviz.figures.projection(parens, mapped, colour=pattern)
    assert figure.data[0].marker.color.tolist() == on.tolist()


def test_an_empty_region_has_no_tokens_and_carries_nothing(parens):
    found = parens.region(parens.project(SOURCE), [(90, 90), (91, 90), (91, 91)])
    assert len(found.steps) == len(found.tokens()) == 0
    assert found.carry()["n_steps"].sum() == 0


@pytest.mark.parametrize(
    ("polygon", "words"),
    [
        ([(0, 0), (1, 1)], "2 corners; give 3 to 500"),
        ([(0, 0)] * 501, "501 corners"),
        ([(0, 0), (1, float("nan")), (1, 1)], "not a finite number"),
        ([(0, 0, 0)] * 3, "not a list of corners"),
        ([0, 1, 2], "not a list of corners"),
        ([("a", 0)] * 3, "not a list of corners"),
    ],
)
def test_a_polygon_that_is_none_is_refused(parens, polygon, words):
    with pytest.raises(PatternError, match=words):
        parens.project(SOURCE).inside(polygon)


# Embeddings


def test_the_embeddings_of_the_model_beside_a_dump_are_mapped_by_token(parens):
    found = embeddings(parens)
    mapped = parens.project("embedding")
    assert mapped.ids.tolist() == list(range(len(parens.tokens.vocab)))
    assert not mapped.is_of_steps
    centred = found.matrix - found.matrix.mean(axis=0)
    placed = mapped.basis.place(found.matrix)
    np.testing.assert_allclose(placed @ placed.T, centred @ centred.T, atol=1e-3)
    counts = token_counts(parens)
    assert counts.sum() == parens.n_steps
    assert counts.tolist() == np.bincount(parens.tokens.ids[:], minlength=len(counts)).tolist()
    corner = mapped.points[2].tolist()
    square = [
        (corner[0] + dx, corner[1] + dy) for dx, dy in ((-0.01, -0.01), (0.01, -0.01), (0.01, 0.01), (-0.01, 0.01))
    ]
    region = parens.region(mapped, square)
    assert region.steps.tolist() == np.flatnonzero(parens.tokens.ids[:] == 2).tolist()
    assert region.tokens()["token"].tolist() == [parens.tokens.vocab[2]]


def test_no_model_or_another_one_beside_a_dump_is_said(tmp_path, parens):
    d, _ = made(tmp_path, tokens=np.zeros(400, int), vocab=["x"])
    with pytest.raises(ProjectionError, match=r"no model lies beside made\.h5, so there are no embeddings"):
        d.project("embedding")
    beside = parens.path.with_suffix(".safetensors").read_bytes()
    d.path.with_suffix(".safetensors").write_bytes(beside)
    with pytest.raises(ProjectionError, match=r"is not the one that made\.h5 was recorded with"):
        d.project("embedding")
    d.path.with_suffix(".safetensors").write_bytes(beside[:200])
    with pytest.raises(ProjectionError, match=r"there are no embeddings: made\.safetensors cannot be read as a model"):
        d.project("embedding")


def test_an_embedding_of_numbers_that_numpy_does_not_know_is_none(parens, tmp_path):
    copy = shutil.copy(parens.path, tmp_path)
    beside = parens.path.with_suffix(".safetensors")
    weights = load_file(beside)
    weights["embedding.weight"] = weights["embedding.weight"].bfloat16()
    with safe_open(beside, framework="pt") as file:
        save_file(weights, Path(copy).with_suffix(".safetensors"), metadata=file.metadata())
    with pytest.raises(ProjectionError, match="has no embedding of its tokens"):
        lstmviz.open_dump(copy).project("embedding")


def test_a_source_that_is_called_embedding_is_a_source(tmp_path):
    states = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
    lstmviz.write_dump(tmp_path / "e.h5", states={"embedding": states})
    mapped = lstmviz.open_dump(tmp_path / "e.h5").project("embedding")
    assert len(mapped.ids) == 60


# Refusals and small shapes


def test_what_cannot_be_mapped_is_said_in_one_line(parens, tmp_path):
    with pytest.raises(UnknownName, match=r"no source 'rnn\.l9\.c'"):
        parens.project("rnn.l9.c")
    with pytest.raises(PatternError, match="method 'mds' is not known; use pca, tsne, umap"):
        parens.project(SOURCE, "mds")
    with pytest.raises(PatternError, match="give 2 to 50,000 steps"):
        parens.project(SOURCE, n_steps=1)
    with pytest.raises(PatternError, match="not a whole number"):
        parens.project(SOURCE, n_steps=2.5)
    lstmviz.write_dump(tmp_path / "nan.h5", states={"a.l0.h": np.full((20, 2), np.nan, "float32")})
    with pytest.raises(ProjectionError, match="has 0 sampled steps without NaN; a map by pca needs 2 or more"):
        lstmviz.open_dump(tmp_path / "nan.h5").project("a.l0.h")


@pytest.mark.parametrize("states", [np.arange(6.0).reshape(6, 1), np.ones((6, 3)), np.zeros((2, 1))])
def test_one_unit_and_states_that_never_change_have_a_map(tmp_path, states):
    lstmviz.write_dump(tmp_path / "s.h5", states={"a.l0.h": states.astype("float32")})
    mapped = lstmviz.open_dump(tmp_path / "s.h5").project("a.l0.h")
    assert mapped.points.shape == (len(states), 2)
    assert np.isfinite(mapped.points).all()
    assert np.isfinite(mapped.explained).all()
    assert np.ptp(mapped.points[:, 1]) == 0


def test_a_corpus_of_shards_is_mapped_as_the_dump_that_holds_it_all(parts):
    one, other = parts
    source = next(iter(one.sources))
    a, b = one.project(source), other.project(source)
    assert a.ids.tolist() == b.ids.tolist()
    assert a.points.tobytes() == b.points.tobytes()
