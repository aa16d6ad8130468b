"""The export for TensorBoard's Embedding Projector, read as TensorBoard reads it; the figure of a map; its routes."""

from __future__ import annotations

import json
import re
import struct
import zipfile

import numpy as np
import pytest

import lstmviz
from lstmviz import figures
from lstmviz.errors import DumpExists, ProjectionError, UnknownName
from lstmviz.ui.serve import make_app
from lstmviz.visible import visible_text
from support.commands import run

SOURCE = "rnn.l1.c"
HOSTILE = ["a\tb", "c\nd", "e\r\nf", "", " ", "\u2028", "<b>", '"q"', "\u202e", "token\x00"]


def read_tensors(text):
    """As TensorBoard: a line a point, cells parted by tabs, all of one length."""
    rows = [[float(cell) for cell in line.split("\t")] for line in text.rstrip("\n").split("\n")]
    assert len({len(row) for row in rows}) == 1
    return np.array(rows)


def read_metadata(text, n_points):
    """As TensorBoard: with one column each line is a point, with more the first line names the columns."""
    lines = [line.split("\t") for line in text.rstrip("\n").split("\n")]
    if len(lines[0]) == 1:
        names, rows = ["label"], lines
    else:
        names, rows = lines[0], lines[1:]
    assert len(rows) == n_points
    assert all(len(row) == len(names) for row in rows)
    return [dict(zip(names, row, strict=True)) for row in rows]


def read_config(text):
    """The text form of ProjectorConfig, one embedding."""
    body = re.fullmatch(r"embeddings \{\n(.*)\}\n", text, re.DOTALL)[1]
    pairs = re.findall(r'^  (\w+): ("(?:[^"\\]|\\.)*"|\d+)$', body, re.MULTILINE)
    assert len(pairs) == body.count("\n")
    return [(name, json.loads(value)) for name, value in pairs]


def read(folder):
    config = read_config((folder / "projector_config.pbtxt").read_text())
    tensors = read_tensors((folder / dict(config)["tensor_path"]).read_text())
    metadata = read_metadata((folder / dict(config)["metadata_path"]).read_text("utf-8"), len(tensors))
    assert [size for name, size in config if name == "tensor_shape"] == list(tensors.shape)
    return dict(config)["tensor_name"], tensors, metadata


def test_states_tokens_and_tracks_are_those_of_the_sampled_steps(parens, tmp_path):
    assert parens.to_projector(tmp_path / "out", n_steps=300, seed=2) == tmp_path / "out"
    name, tensors, metadata = read(tmp_path / "out")
    steps = parens.project(SOURCE, n_steps=300, seed=2).ids
    assert name == SOURCE
    expected = np.tanh(parens.states(SOURCE)[:][steps].astype(float))
    np.testing.assert_allclose(tensors, expected, rtol=1e-5, atol=1e-7)
    assert list(metadata[0])[:3] == ["token", "step", "sequence"]
    for row, step in zip(metadata, steps.tolist(), strict=True):
        assert (row["token"], int(row["step"])) == (visible_text(parens.tokens[step]), step)
        assert int(row["sequence"]) == parens.first.sequence_of(step)
        assert float(row["depth"]) == parens.tracks["depth"][step]
        code = parens.tracks["right"][step]
        assert row["right"] == (parens.tracks["right"].labels[code] if code >= 0 else "")


def test_hostile_tokens_labels_and_names_break_no_line_and_no_cell(tmp_path):
    n = len(HOSTILE)
    tracks = {"t<b>": HOSTILE, "step": [1.5] * (n - 1) + [float("nan")]}
    states = {"a.l0.h": np.eye(n, 3, dtype="float32")}
    lstmviz.write_dump(tmp_path / "h.h5", states=states, tokens=np.arange(n), vocab=HOSTILE, tracks=tracks)
    lstmviz.open_dump(tmp_path / "h.h5").to_projector(tmp_path / "out")
    _, tensors, metadata = read(tmp_path / "out")
    assert tensors.tolist() == np.eye(n, 3).tolist()
    assert [row["token"] for row in metadata] == [visible_text(token) for token in HOSTILE]
    assert [row[visible_text("t<b>")] for row in metadata] == [visible_text(token) for token in HOSTILE]
    assert [row["step"] for row in metadata] == [str(i) for i in range(n)]  # a track of that name stands beside it
    assert [row["track step"] for row in metadata] == ["1.5"] * (n - 1) + [""]


def test_numbers_without_tokens_and_a_vocabulary_of_embeddings(parens, tmp_path):
    lstmviz.write_dump(tmp_path / "n.h5", states={"a.l0.h": np.eye(4, 2, dtype="float32")})
    lstmviz.open_dump(tmp_path / "n.h5").to_projector(tmp_path / "numbers")
    assert list(read(tmp_path / "numbers")[2][0]) == ["step", "sequence"]
    parens.to_projector(tmp_path / "tokens.zip", "embedding")
    with zipfile.ZipFile(tmp_path / "tokens.zip") as file:
        file.extractall(tmp_path / "tokens")
    name, tensors, metadata = read(tmp_path / "tokens")
    assert name == "embedding"
    assert [row["token"] for row in metadata] == [visible_text(token) for token in parens.tokens.vocab]
    assert sum(int(row["n_steps"]) for row in metadata) == parens.n_steps
    assert len(tensors) == len(parens.tokens.vocab)


def test_what_is_there_is_not_overwritten_unasked(parens, tmp_path):
    for where in (tmp_path / "out", tmp_path / "out.zip"):
        parens.to_projector(where, n_steps=20)
        with pytest.raises(DumpExists, match="already"):
            parens.to_projector(where, n_steps=20)
        parens.to_projector(where, n_steps=10, overwrite=True)
    assert len(read(tmp_path / "out")[1]) == 10
    with pytest.raises(UnknownName, match="no source 'x'"):
        parens.to_projector(tmp_path / "new", "x")
    assert not (tmp_path / "new").exists()
    with pytest.raises(ProjectionError, match="cannot be written"):
        parens.to_projector(tmp_path / "out.zip" / "inside")


@pytest.mark.parametrize("name", ["out.zip", "out/tensors.tsv"])
def test_nothing_is_written_through_a_link(parens, tmp_path, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "precious").write_text("mine")
    (tmp_path / name).symlink_to(tmp_path / "precious")
    target = tmp_path / name.partition("/")[0]
    parens.to_projector(target, n_steps=10, overwrite=True)
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / name).is_symlink()


def test_the_command_writes_the_same(parens, tmp_path):
    parens.to_projector(tmp_path / "api", n_steps=50, seed=1)
    options = [str(parens.path), str(tmp_path / "cli"), "--steps", "50", "--seed", "1"]
    done = run("projector", *options)
    assert done.exit_code == 0, done.output
    assert f"tensorboard --logdir {tmp_path / 'cli'}" in done.output.replace("\n", "")
    for name in ("tensors.tsv", "metadata.tsv", "projector_config.pbtxt"):
        assert (tmp_path / "cli" / name).read_bytes() == (tmp_path / "api" / name).read_bytes()
    again = run("projector", *options)
    assert again.exit_code == 1
    assert "already" in again.output
    assert run("projector", *options, "--overwrite").exit_code == 0


# The figure


def test_a_figure_has_every_point_in_the_colour_of_its_track(parens):
    mapped = parens.project(SOURCE, n_steps=2_000)
    fig = figures.projection(parens, mapped, window=(249, 255), region=[(0, 0), (4, 0), (4, 2)])
    points, region, path, begin, end = fig.data
    assert np.column_stack([points.x, points.y]).tolist() == mapped.points.tolist()
    assert list(points.marker.color) == parens.tracks["depth"][:][mapped.ids].tolist()
    assert len(region.x) == 4
    expected = mapped.place(np.tanh(parens.states(SOURCE)[249:255].astype(float)))
    np.testing.assert_allclose(np.column_stack([path.x, path.y]), expected, atol=1e-5)
    assert (begin.x[0], end.x[0]) == (path.x[0], path.x[-1])
    assert "of the variance" in fig.layout.xaxis.title.text
    assert "2,000 of 20,000 steps" in fig.layout.title.text


def test_labels_have_a_colour_each_and_tokens_their_names(parens, tmp_path):
    mapped = parens.project(SOURCE)
    by_label = figures.projection(parens, mapped, "right", theme="dark")
    codes = parens.tracks["right"][:]
    assert {t.name: len(t.x) for t in by_label.data} == {
        **{label: int((codes == i).sum()) for i, label in enumerate(parens.tracks["right"].labels)},
        "no value": int((codes < 0).sum()),
    }
    tokens = figures.projection(parens, parens.project("embedding"), window=(249, 252))
    assert sorted(tokens.data[0].text) == sorted(visible_text(token) for token in parens.tokens.vocab)
    plain = figures.projection(parens, mapped, "")
    assert len(plain.data) == 1
    with pytest.raises(UnknownName, match="no track 'x'"):
        figures.projection(parens, mapped, "x")


# Routes


@pytest.fixture
def ask(parens, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    client = make_app([parens]).server.test_client()

    def get(path, method="get", **more):
        return getattr(client, method)(f"/d/{parens.uuid}/map/{path}", headers={"Host": "127.0.0.1"}, **more)

    return get


def test_points_colours_and_paths_are_those_of_the_api_and_small(ask, parens):
    index = list(parens.sources).index(SOURCE)
    mapped = parens.project(SOURCE)
    answer = ask(f"{index}/pca/points.bin")
    n = len(mapped.ids)
    assert len(answer.data) == 12 * n
    assert struct.unpack(f"<{n}i", answer.data[: 4 * n]) == tuple(mapped.ids.tolist())
    assert answer.data[4 * n :] == mapped.points.tobytes()
    assert "immutable" in answer.headers["Cache-Control"]
    values = np.frombuffer(ask(f"{index}/pca/colour.bin?by=right").data, "<f4")
    codes = parens.tracks["right"][:]
    assert np.isnan(values).tolist() == (codes < 0).tolist()
    assert values[codes >= 0].tolist() == codes[codes >= 0].tolist()
    path = ask(f"{index}/pca/path.json?start=100&stop=110").json
    assert path["points"] == mapped.points[100:110].tolist()
    about = ask("about.json").json
    assert [one["name"] for one in about["methods"]] == ["pca", "tsne", "umap"]
    assert about["embedding"] == {"n_tokens": 7, "why_not": None}
    assert ask("embedding/pca/tokens.json").json["tokens"] == list(parens.tokens.vocab)
    none = ask(f"{index}/umap/points.json").json
    assert none == {"job": {"state": "none", "share": 0.0, "words": ""}, "map": None}


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("99/pca/points.json", 404, "no source number 99"),
        ("x/pca/points.json", 404, "no map of 'x'"),
        ("0/mds/points.json", 400, "method 'mds' is not known"),
        ("0/tsne/points.bin", 400, "has not been computed here"),
        ("0/pca/colour.bin?by=none", 404, "no track 'none'"),
        ("embedding/pca/colour.bin?by=depth", 404, "use frequency"),
        ("0/pca/tokens.json", 404, "points of this map are steps"),
        ("0/pca/path.json?start=5&stop=5", 400, "do not make a path"),
        ("0/pca/path.json?start=0&stop=5000", 400, "do not make a path"),
        ("0/pca/path.json?start=0&stop=99999", 400, "is not a whole number from 0 to 20000"),
        ("0/pca/path.json?start=0", 400, "stop is missing"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_a_line(ask, path, status, words):
    answer = ask(path)
    assert answer.status_code == status
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]


@pytest.mark.parametrize("path", ["0/tsne/start", "0/tsne/cancel", "0/projector.zip"])
def test_another_site_s_form_starts_nothing(ask, path):
    answer = ask(path, "post", data="{}", content_type="text/plain")
    assert answer.status_code == 415
    assert ask("0/tsne/points.json").json["job"]["state"] == "none"


@pytest.mark.parametrize(
    ("lasso", "words"),
    [([[0, 0]], "1 corners"), ([[0, 0], [1, "x"], [1, 1]], "lasso"), ([[0, 0]] * 501, "lasso"), ("all", "lasso")],
)
def test_a_lasso_that_is_none_is_told(parens, lasso, words):
    from lstmviz.errors import PatternError
    from lstmviz.ui.rows import match_rows
    from lstmviz.ui.selection import parse

    with pytest.raises(PatternError, match=words):
        match_rows(parens, parse({"dump": parens.uuid, "source": SOURCE, "lasso": lasso}))
