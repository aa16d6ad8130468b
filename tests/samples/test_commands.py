"""``lstmviz samples`` and ``lstmviz demo``; what a training leaves: weights, dump, checkpoints, curves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tensorboardX.proto.event_pb2 import Event

import lstmviz
from lstmviz.commands import samples as commands
from lstmviz.errors import ModelError, UnknownName
from lstmviz.samples import catalog as samples
from lstmviz.samples import train_sample as trained
from lstmviz.samples.gallery import Gallery
from lstmviz.training import curves
from lstmviz.training.fit import Curves, Point
from support.commands import WIDE
from support.commands import run as run_command


def run(*arguments):
    return run_command("samples", *arguments, env=WIDE)


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """A training of eleven updates, of the variant that has checkpoints, with and without dropout."""
    seen = []
    left = samples.train(
        "parens",
        "1x50",
        out=tmp_path_factory.mktemp("left"),
        n_updates=11,
        dropout=0.3,
        progress=lambda what, so_far, n: seen.append((what, len(so_far.points), n)),
    )
    return left, seen


def test_list_names_every_variant():
    answer = run("list")
    assert answer.exit_code == 0
    for name in samples.names():
        for variant in samples.variants(name):
            assert variant in answer.stdout
        assert name in answer.stdout


def test_build_says_where_the_dumps_are(tmp_path):
    answer = run("build", "recall", "--out", tmp_path / "mine.h5")
    assert answer.exit_code == 0
    assert answer.stdout.strip() == str(tmp_path / "mine.h5")
    assert lstmviz.open_dump(tmp_path / "mine.h5").provenance["model"] == "TextModel"
    assert (tmp_path / "mine.safetensors").read_bytes() == samples.sample("recall").weights(
        samples.sample("recall").variant()
    ).read_bytes()
    again = run("build", "recall", "--out", tmp_path / "mine.h5")
    assert again.exit_code == 1
    assert "already there" in again.stderr
    assert run("build", "recall", "--out", tmp_path / "mine.h5", "--overwrite").exit_code == 0


def test_build_takes_all_variants_of_a_name(monkeypatch):
    asked = []
    monkeypatch.setattr(commands, "build_one", lambda *given: asked.append(given) or "there.h5")
    assert run("build", "sentiment").stdout.split() == ["there.h5", "there.h5"]
    assert asked == [("sentiment", v, None, False) for v in ("forward-1x50", "bidirectional-1x32")]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["build", "nested"], "lstmviz: no sample 'nested'; there is parens"),
        (["build", "parens", "--variant", "9x9"], "lstmviz: sample parens has no variant '9x9'; it has 2x50, 1x50"),
        (["train", "parens", "--variant", "1x50-update-005"], "is a checkpoint of 1x50; train that"),
    ],
)
def test_a_wrong_name_is_one_line(arguments, line):
    answer = run(*arguments)
    assert answer.exit_code == 1
    assert line in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_build_without_a_name_builds_every_sample_whose_weights_are_here_parens_first(monkeypatch, tmp_path):
    monkeypatch.setattr(samples, "_trained_here", lambda said, variant: tmp_path / "none.safetensors")
    monkeypatch.setattr(commands, "build_one", lambda name, variant: tmp_path / f"{name}-{variant}.h5")
    answer = run("build")
    assert answer.exit_code == 0
    shipped = [name for name in samples.names() if samples.sample(name).is_shipped]
    built = [str(tmp_path / f"{name}-{variant}.h5") for name in shipped for variant in samples.variants(name)]
    assert answer.stdout.split() == built
    assert built[0].endswith("parens-2x50.h5")
    for name in samples.names():
        assert (f"lstmviz samples train {name}" in answer.stderr) == (name not in shipped)
    assert "name a sample; there is" in run("build", "--overwrite").stderr


def test_demo_serves_at_once_with_the_first_sample_on_its_way(monkeypatch):
    asked = []
    monkeypatch.setattr(Gallery, "build", lambda gallery, name: asked.append(name))

    def serve(dumps, host, port, browser, say, extras, **more):
        asked.append((dumps, extras.gallery, port))

    monkeypatch.setattr("lstmviz.ui.serve.serve", serve)
    answer = run_command("demo", "--no-browser", "--port", "8123")
    assert answer.exit_code == 0
    first, (dumps, gallery, port) = asked
    assert (first, dumps, port) == ("parens-2x50", [], 8123)
    assert gallery.entries[0].name == first


def test_a_training_leaves_weights_dump_and_checkpoints(left):
    left, seen = left
    names = sorted(file.name for file in left.weights.parent.iterdir())
    stems = ["parens-1x50", *(f"parens-1x50-update-{n:03}" for n in (0, 5, 10))]
    assert names == sorted(["curves.html", "events", *(f"{s}.h5" for s in stems), *(f"{s}.safetensors" for s in stems)])
    assert [path.stem for path in left.checkpoints] == stems[1:]
    assert lstmviz.open_dump(left.dump).n_steps == 20_000
    ways = ("parens-1x50", "parens-1x50, dropout 0.3")
    assert seen == [(way, n, 11) for way in ways for n in range(1, 12)]
    assert (left.curves.ending, len(left.curves.points)) == ("done", 11)
    assert left.floor < 0.82 < left.loss < 1.7


def test_the_curves_are_a_page_that_asks_nobody(left):
    text = left[0].figure.read_text("utf-8")
    for label in ("no dropout: train loss", "dropout 0.3: held-out loss", "no dropout: before clipping"):
        assert label in text
    assert "exact floor" in text
    assert "<script src=" not in text


def read_events(folder):
    """What a folder's one event file holds, by tag; the records are length, its checksum, event, its checksum."""
    (file,) = folder.iterdir()
    data, at, found = file.read_bytes(), 0, {}
    while at < len(data):
        n = int.from_bytes(data[at : at + 8], "little")
        event = Event.FromString(data[at + 12 : at + 12 + n])
        at += 16 + n
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def test_events_of_a_training_before_go(tmp_path):
    for n_updates in (3, 2):
        curves.write_events(tmp_path, {"no dropout": Curves([Point(n, 1.0, 2.0, 1.0) for n in range(n_updates)])})
    assert len(read_events(tmp_path / "no-dropout")["loss/train"]) == 2


@pytest.mark.parametrize("link", ["events", "events/no-dropout"])
def test_events_are_neither_written_nor_removed_through_a_link(tmp_path, link):
    theirs = tmp_path / "theirs" / "no-dropout" / "events.out.tfevents.1"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    (tmp_path / link).parent.mkdir(exist_ok=True)
    (tmp_path / link).symlink_to(tmp_path / "theirs" / link.removeprefix("events").removeprefix("/"))
    with pytest.raises(OSError, match="a link"):
        curves.write_events(tmp_path / "events", {"no dropout": Curves([Point(1, 1.0, 2.0, 1.0)])})
    assert [path for path in (tmp_path / "theirs").rglob("*") if path.is_file()] == [theirs]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    answer = run("train", "recall", "--out", tmp_path / "file" / "folder")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.endswith("give another --out\n")
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(("ending", "is_kept"), [("interrupted", False), ("done", True)])
def test_a_sample_is_built_from_a_training_that_came_to_its_end(monkeypatch, tmp_path, left, ending, is_kept):
    curves_so_far = replace(left[0].curves, ending=ending)
    kept = tmp_path / "kept.safetensors"
    monkeypatch.setattr(samples, "_trained_here", lambda said, variant: kept)
    monkeypatch.setattr(trained, "train_sample", lambda *_, **__: replace(left[0], curves=curves_so_far))
    answer = run("train", "stdlib", "--out", tmp_path)
    assert answer.exit_code == 0
    assert kept.exists() == is_kept
    assert ("stdlib is not built from these weights" in answer.stdout) != is_kept


def test_the_events_hold_the_curves(left):
    left = left[0]
    assert sorted(folder.name for folder in left.events.iterdir()) == ["dropout-0.3", "no-dropout"]
    found = read_events(left.events / "no-dropout")
    assert set(found) == {
        "loss/train",
        "loss/held-out",
        "gradient_norm/before_clipping",
        "gradient_norm/after_clipping",
    }
    points = left.curves.points
    assert found["loss/train"] == [(p.update, pytest.approx(p.loss)) for p in points]
    assert found["gradient_norm/before_clipping"] == [(p.update, pytest.approx(p.norm)) for p in points]
    assert all(after <= 1.0 for _, after in found["gradient_norm/after_clipping"])
    assert [step for step, _ in found["loss/held-out"]] == [11]
    assert read_events(left.events / "dropout-0.3")["loss/train"] != found["loss/train"]


def test_without_tensorboardx_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(ModelError, match=r"^event files need tensorboardX; pip install 'lstmviz\[train\]'$"):
        curves.write_events(tmp_path, {"no dropout": Curves([Point(1, 1.0, 2.0, 1.0)])})


def test_curves_are_smoothed_by_means_of_neighbours():
    points = [(update, float(update)) for update in range(1, 8)]
    assert curves.smoothed(points, 3) == [(3, 2.0), (6, 5.0), (7, 7.0)]


def test_a_checkpoint_is_trained_with_its_model():
    with pytest.raises(UnknownName, match=r"^1x50-update-005 is a checkpoint of 1x50; train that$"):
        samples.train("parens", "1x50-update-005")


def test_train_says_what_it_left(monkeypatch, left):
    asked = {}
    monkeypatch.setattr(samples, "train", lambda *given, **more: asked.update(more, given=given) or left[0])
    answer = run("train", "parens", "--variant", "1x50", "--seed", 7, "--dropout", 0)
    assert answer.exit_code == 0
    assert asked["given"] == ("parens", "1x50")
    assert (asked["seed"], asked["dropout"], asked["out"]) == (7, 0.0, None)
    assert f"dump: {left[0].dump}" in answer.stdout
    assert answer.stdout.count("checkpoint: ") == 3
    assert f"TensorBoard: {left[0].events}" in answer.stdout
