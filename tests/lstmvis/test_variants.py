"""LSTMVis projects: every variant opens with the values it holds, matches, and comes back equal from an export."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import h5py
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz import lstmvis
from lstmviz.errors import DumpExists, DumpMissing, LstmvizError, UnknownName
from lstmviz.lstmvis import Options, columns, dictionary, export_project, import_project, open_project, projects_in
from lstmviz.lstmvis.convert import content_id
from lstmviz.lstmvis.faults import Faults
from lstmviz.opening import dump_paths, glances
from lstmviz.system import cache
from lstmviz.system.holes import stored_bytes
from support.budget import examples
from support.lstmvis_project import N_STEPS, VARIANTS, plain, write


@pytest.fixture(autouse=True)
def user_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(cache.platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache" / "lstmviz" / "lstmvis"


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of seven steps: every test crosses their borders."""
    monkeypatch.setattr(columns, "MAX_BLOCK_STEPS", 7)


def shown(track):
    """A track's values as a person sees them: labels, or numbers."""
    values = track[:].tolist()
    return values if track.info.kind == "number" else [None if v < 0 else track.labels[v] for v in values]


def assert_same(dump, other):
    """Hold all that two dumps show to be equal: text, sequences, states with type and view, tracks."""
    assert (dump.n_steps, dump.first.join, dump.first.name) == (other.n_steps, other.first.join, other.first.name)
    assert (dump.tokens is None) == (other.tokens is None)
    if dump.tokens is not None and other.tokens is not None:
        assert dump.tokens[:] == other.tokens[:]
        assert dump.tokens.ids[:].tolist() == other.tokens.ids[:].tolist()
        assert (dump.tokens.vocab is None) == (other.tokens.vocab is None)
    assert dump.sequences.equals(other.sequences)
    sources = {n: (s.n_units, s.dtype, s.view, s.n_nan) for n, s in dump.sources.items() if s.axis == dump.first.name}
    assert sources == {n: (s.n_units, s.dtype, s.view, s.n_nan) for n, s in other.sources.items()}
    for name in sources:
        np.testing.assert_array_equal(dump.states(name)[:], other.states(name)[:])
    assert list(dump.tracks) == list(other.tracks)
    for name, track in dump.tracks.items():
        assert repr(shown(track)) == repr(shown(other.tracks[name]))  # NaN equals itself so
        assert (track.info.kind, track.info.group) == (other.tracks[name].info.kind, other.tracks[name].info.group)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_project_opens_with_every_value_it_holds(tmp_path, variant):
    project = write(tmp_path / "project", variant)
    made = import_project(project.folder, tmp_path / "made.h5")
    dump = lstmviz.open_dump(made.path)
    assert (dump.n_steps, dump.first.join) == (N_STEPS, project.join)
    assert dump.tokens[:] == project.words
    assert dump.sequences.to_numpy().tolist() == [[0, N_STEPS]]
    assert {n: s.view for n, s in dump.sources.items()} == project.views
    for name, values in project.states.items():
        np.testing.assert_array_equal(dump.states(name)[:], values)
        assert dump.states(name).dtype == values.dtype
    assert {n: np.array(shown(t)).tolist() for n, t in dump.tracks.items() if n != "mood"} == {
        n: v for n, v in project.tracks.items() if n != "mood"
    }
    if "mood" in project.tracks:
        np.testing.assert_array_equal(dump.tracks["mood"][:], project.tracks["mood"])
    for words in project.notes:
        assert any(words in note for note in made.notes), (words, made.notes)
    assert all(note.isprintable() for note in made.notes)


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_opened_project_matches_and_comes_back_equal(tmp_path, variant):
    project = write(tmp_path / "project", variant)
    dump = lstmviz.open_dump(project.folder)
    source = next(iter(dump.sources))
    pattern = dump.select(source, 20, 24, 0.1, off_before=0)
    frame = dump.match(pattern)
    assert pattern.n_units > 0
    assert ((frame.start <= 20) & (frame.stop >= 24)).any()
    exported = export_project(dump, tmp_path / "exported")
    again = lstmviz.open_dump(open_project(exported.folder).path)
    assert_same(dump, again)
    assert again.match(pattern).equals(frame)
    assert again.provenance["model"] == dump.provenance["model"]


def test_an_export_is_what_lstmvis_reads(tmp_path):
    """Read it as LSTMVis does: words split at white space, arrays by path, every file named by its ending."""
    project = write(tmp_path / "project", "metas")
    dump = lstmviz.open_dump(open_project(project.folder).path)
    folder = export_project(dump, tmp_path / "exported").folder
    config = yaml.safe_load((folder / "lstm.yml").read_text("utf-8"))
    assert all(name.endswith((".hdf5", ".dict")) for name in config["files"].values())
    arrays = {k: h5py.File(folder / v, "r") for k, v in config["files"].items() if v.endswith(".hdf5")}
    dicts = {}
    for key, name in config["files"].items():
        if name.endswith(".dict"):
            entries = (line.split() for line in (folder / name).read_text("utf-8").splitlines())
            dicts[key] = {int(i): word for word, i in entries}
    words = config["word_sequence"]
    ids = arrays[words["file"]][words["path"]][:]
    assert [dicts[words["dict_file"]][i] for i in ids.tolist()] == project.words
    (state,) = config["states"]["types"]
    assert (state["type"], state["layer"], state["transform"]) == ("state", 1, "tanh")
    np.testing.assert_array_equal(arrays["states"][state["path"]][:], project.states["layer1.state"])
    assert arrays["states"][state["path"]].chunks is None
    meta = config["meta"]["part_of_speech"]
    assert (meta["vis"], config["meta"]["mood"]["vis"]["type"]) == ({"type": "discrete", "range": "dict"}, "scalar")
    tags = arrays[meta["file"]][meta["path"]][:]
    assert [dicts[meta["dict"]][i] for i in tags.tolist()] == project.tracks["part_of_speech"]
    for file in arrays.values():
        file.close()


def test_ranked_words_go_out_as_the_word_vector_that_they_came_as(tmp_path):
    project = write(tmp_path / "project", "word_vectors")
    dump = lstmviz.open_dump(open_project(project.folder).path)
    assert {track.info.group for track in dump.tracks.values()} == {"top"}
    folder = export_project(dump, tmp_path / "exported").folder
    meta = yaml.safe_load((folder / "lstm.yml").read_text("utf-8"))["meta"]
    assert list(meta) == ["top"]
    assert (meta["top"]["type"], meta["top"]["vis"]) == ("wordvec", {"type": "wordvec"})
    with h5py.File(folder / "tracks.hdf5") as file:
        assert file[meta["top"]["path"]].shape == file[meta["top"]["weights_path"]].shape == (N_STEPS, 5)


def test_projects_at_any_depth_are_found_and_a_broken_one_is_named_beside_good_ones(tmp_path):
    write(tmp_path / "data/05childbook/05childbook", "smallest")
    write(tmp_path / "data/good", "metas")
    broken = write(tmp_path / "data/deep/er/broken", "smallest")
    broken.dictionaries["words.dict"] = b"the\n"
    broken.config["states"]["types"][0]["path"] = "nope"
    broken.write()
    hidden = tmp_path / "data/.cache/old"
    write(hidden, "smallest")
    assert projects_in(tmp_path / "data") == [
        tmp_path / "data" / name for name in ("05childbook/05childbook", "deep/er/broken", "good")
    ]
    said = []
    assert len(glances(tmp_path / "data", said.append)) == 2
    told = [line for line in said if line.startswith(f"left out: {broken.folder}: ")]
    assert any("no data set 'nope'" in line for line in told)
    assert any("words.dict: line 1" in line for line in told)


def hostile_dump(path):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(30, 3)).astype("float16")
    values[4, 1] = np.nan
    return lstmviz.write_dump(
        path,
        states={"rnn.l0.c": values, "rnn.l0.h": values.astype("float64"), "a b::c": values, "word_embedding": values},
        tokens=np.arange(30) % 7,
        vocab=["", " ", "a b", "\n", "\u00a0", "𝄞", "∅"],
        lengths=[1, 9, 20],
        tracks={"part": ["", "noun phrase", "x"] * 10, "loss": [np.nan] * 30, "n": np.arange(30)},
        views={"rnn.l0.c": "tanh"},
        join="|",
        provenance={"model": "Tagger: [é]"},
    )


def test_a_dump_that_lstmvis_cannot_hold_comes_back_equal_all_the_same(tmp_path):
    dump = lstmviz.open_dump(hostile_dump(tmp_path / "run.h5"))
    exported = export_project(dump, tmp_path / "exported")
    assert_same(dump, lstmviz.open_dump(open_project(exported.folder).path))
    told = "\n".join(exported.notes)
    for words in ("NaN", "stand-ins", "3 sequences become one stream"):
        assert words in told
    config = yaml.safe_load((exported.folder / "lstm.yml").read_text("utf-8"))
    types = [(t["type"], t.get("layer"), t["transform"]) for t in config["states"]["types"]]
    assert types == [("state", 1, "tanh"), ("output", 1, "none"), ("a b::c", None, "none")]
    assert "::" not in "".join(t["path"] for t in config["states"]["types"])


@pytest.mark.parametrize("tokens", [None, [5_000_000_000 % 2**32, 7] * 5])
def test_a_dump_without_words_comes_back_without(tmp_path, tokens):
    states = {"net": np.linspace(-2, 2, 30).reshape(10, 3).astype("float32")}
    path = lstmviz.write_dump(tmp_path / "run.h5", states=states, tokens=tokens)
    dump = lstmviz.open_dump(path)
    assert_same(dump, lstmviz.open_dump(open_project(export_project(dump, tmp_path / "out").folder).path))


def test_categories_without_a_value_come_back_without(tmp_path):
    from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan, SourcePlan
    from lstmviz.dump.writer import DumpWriter
    from lstmviz.types import TrackInfo

    plan = DumpPlan(
        (AxisPlan("b", has_tokens=False), AxisPlan("a", has_tokens=False)),
        (SourcePlan("x", "a", 2, "float32"), SourcePlan("y", "b", 2, "float32")),
        (TrackInfo("part", "b", "category", ("noun",)), TrackInfo("none", "b", "category", ())),
    )
    tracks = {ArrayKey("track", "part"): np.array([0, -1, 0]), ArrayKey("track", "none"): np.full(3, -1)}
    with DumpWriter(tmp_path / "two.h5", plan) as writer:
        writer.append("b", [3], {ArrayKey("state", "y"): np.ones((3, 2), "f4"), **tracks})
        writer.append("a", [2], {ArrayKey("state", "x"): np.zeros((2, 2), "f4")})
    dump = lstmviz.open_dump(tmp_path / "two.h5")
    exported = export_project(dump, tmp_path / "b")
    assert_same(dump, lstmviz.open_dump(open_project(exported.folder).path))
    assert any("axes left out" in note and "a;" in note for note in exported.notes)
    other = lstmviz.open_dump(open_project(export_project(dump, tmp_path / "a", axis="a").folder).path)
    assert (list(other.sources), other.first.name, other.n_steps) == (["x"], "a", 2)
    with pytest.raises(UnknownName, match="no axis 'c'"):
        export_project(dump, tmp_path / "c", axis="c")
    with pytest.raises(DumpExists, match="give a new folder"):
        export_project(dump, tmp_path / "b")


def test_the_uuid_is_the_content(tmp_path, user_cache):
    project = write(tmp_path / "one", "metas")
    first = lstmviz.open_dump(open_project(project.folder).path)
    assert re.fullmatch("[0-9a-f]{32}", first.uuid)
    assert lstmviz.open_dump(import_project(project.folder, tmp_path / "made.h5").path).uuid == first.uuid
    elsewhere = write(tmp_path / "two", "metas")
    kept = open_project(elsewhere.folder)
    assert (kept.path, kept.notes) == (first.path, ())
    assert first.name == "children-books"
    project.arrays["pos.h5"]["mood"][0] += 1
    assert lstmviz.open_dump(open_project(project.write().folder).path).uuid != first.uuid
    for options in (Options(steps=9), Options({"": "raw"}), Options(has_embedding=False)):
        assert lstmviz.open_dump(open_project(elsewhere.folder, options).path).uuid != first.uuid
    assert len(list(user_cache.glob("*.lock"))) == 5


def test_holes_of_a_file_are_not_read_for_its_uuid_and_count_as_zeros(tmp_path):
    project = write(tmp_path / "project", "metas")
    states = project.folder / "states.hdf5"
    whole = states.read_bytes()
    ids = {content_id(project.folder, Options())}
    for n_zeros, end in ((0, b"x"), (5 * 2**20, b"x"), (6 * 2**20, b"x"), (5 * 2**20, b"")):
        states.write_bytes(whole + bytes(n_zeros) + end)
        as_stored = content_id(project.folder, Options())
        with states.open("wb") as file:
            file.write(whole)
            file.seek(n_zeros, os.SEEK_CUR)
            file.write(end)
            file.truncate(len(whole) + n_zeros + len(end))
        assert content_id(project.folder, Options()) == as_stored
        ids.add(as_stored)
    assert len(ids) == 5
    os.truncate(states, 10**12)
    if stored_bytes(states, enough=2**30) < 2**30:  # a file system that tells holes
        assert lstmviz.open_dump(open_project(project.folder).path).n_steps == N_STEPS


def test_a_kept_dump_is_used_again_and_a_spoiled_one_made_anew(tmp_path):
    project = write(tmp_path / "project", "metas")
    kept = open_project(project.folder).path
    before = kept.stat().st_mtime_ns
    assert open_project(project.folder).path.stat().st_mtime_ns == before
    kept.write_bytes(b"spoiled")
    (kept.parent / ".left.tmp").write_bytes(b"by a process that was killed")
    (kept.parent / f"{kept.name}.index").mkdir()
    again = open_project(project.folder)
    assert lstmviz.open_dump(again.path).n_steps == N_STEPS
    assert [p.name for p in kept.parent.iterdir()] == [kept.name]


def test_views_can_be_asked_for(tmp_path):
    project = write(tmp_path / "project", "several_states")

    def views(**options):
        made = import_project(project.folder, tmp_path / "made.h5", Options(**options), overwrite=True)
        return {n: s.view for n, s in lstmviz.open_dump(made.path).sources.items()}

    assert set(views(views={"": "raw"}).values()) == {"raw"}
    asked = views(views={"": "tanh", "layer2.state": "raw"})
    assert {n for n, v in asked.items() if v == "raw"} == {"layer2.state"}
    with pytest.raises(UnknownName, match=r"no source 'x' to set the view of; the project has layer1.state, "):
        views(views={"x": "raw"})


def test_only_the_first_steps(tmp_path):
    project = write(tmp_path / "project", "metas")
    dump = lstmviz.open_dump(import_project(project.folder, tmp_path / "made.h5", Options(steps=33)).path)
    assert (dump.n_steps, dump.tokens[:]) == (33, project.words[:33])
    exported = export_project(lstmviz.open_dump(hostile_dump(tmp_path / "run.h5")), tmp_path / "exported").folder
    part = lstmviz.open_dump(import_project(exported, tmp_path / "part.h5", Options(steps=10)).path)
    assert part.sequences.stop.tolist() == [1, 10]


def test_word_vectors_can_be_left_out(tmp_path):
    project = write(tmp_path / "project", "embedding_by_word_id")
    made = import_project(project.folder, tmp_path / "made.h5", Options(has_embedding=False))
    assert list(lstmviz.open_dump(made.path).sources) == ["layer1.state"]
    assert any("word_embedding is left out, as asked" in note for note in made.notes)
    project.dictionaries["other.dict"] = b"a 1\n"
    project.config["files"]["other"] = "other.dict"
    project.config["word_embedding"]["dict_file"] = "other"
    made = import_project(project.write().folder, tmp_path / "made.h5", overwrite=True)
    assert any("a dictionary other than" in note for note in made.notes)


def test_unsigned_values_that_are_signed_are_told(tmp_path):
    project = plain(tmp_path / "project")
    project.config["states"]["types"][0]["unsigned"] = True
    made = import_project(project.write().folder, tmp_path / "made.h5")
    assert any("unsigned" in note for note in made.notes)


def test_nothing_is_overwritten_unasked_and_nothing_is_left_by_a_failure(tmp_path):
    project = write(tmp_path / "project", "metas")
    path = tmp_path / "out" / "made.h5"
    path.parent.mkdir()
    import_project(project.folder, path)
    with pytest.raises(DumpExists, match="overwrite"):
        import_project(project.folder, path)
    project.dictionaries["pos.txt"] = b"broken\n"
    with pytest.raises(LstmvizError):
        import_project(project.write().folder, path, overwrite=True)
    assert [p.name for p in path.parent.iterdir()] == ["made.h5"]
    assert lstmviz.open_dump(path).n_steps == N_STEPS


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, monkeypatch):
    project = write(tmp_path / "project", "metas")
    monkeypatch.setattr("lstmviz.lstmvis.convert.shutil.disk_usage", lambda path: type("", (), {"free": 10}))
    with pytest.raises(LstmvizError, match=r"needs 0.0 GB and .* has 0.0; free some space, or import to a path"):
        open_project(project.folder)


def test_what_a_path_stands_for(tmp_path):
    folder = tmp_path / "data"
    one, two = write(folder / "one", "metas").folder, write(folder / "two", "characters").folder
    (folder / "notes").mkdir()
    dump = hostile_dump(folder / "run.h5")
    told = []
    opened = dump_paths(folder, told.append)
    assert opened == [dump, open_project(one).path, open_project(two).path]
    assert any("line break" in note for note in told)
    assert dump_paths(one) == opened[1:2]
    assert dump_paths(dump) == [dump]
    assert dump_paths(tmp_path / "none.h5") == [tmp_path / "none.h5"]
    with pytest.raises(DumpMissing, match="no dump in the folder"):
        dump_paths(folder / "notes")
    assert lstmvis.is_project(one)
    assert not lstmvis.is_project(folder)
    assert not lstmvis.is_project(dump)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    [" ", "", "\n", "a b", "\r", "5"]
)
NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=200
).filter(lambda name: name not in (".", ".."))


@given(words=st.lists(TEXTS, min_size=1, max_size=20))
def test_a_dictionary_file_holds_plain_words_and_a_stand_in_for_every_other(tmp_path, words):
    path = tmp_path / "words.dict"
    path.write_bytes(dictionary.dictionary_lines(words).encode())
    faults = Faults()
    table = dictionary.read_dictionary(path, "words.dict", faults).table()
    faults.raise_if_any()
    assert table == tuple(word if word == " " else dictionary.stand_in(word) for word in words)
    assert dictionary.is_plain(words) == (table == tuple(words))


@given(data=st.data())
@examples(60)
def test_any_dump_comes_back_equal(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any")
    lengths = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    n_steps = sum(lengths)
    vocab = data.draw(st.none() | st.lists(TEXTS, min_size=1, max_size=8))
    names = data.draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    labels = data.draw(st.lists(TEXTS.filter(lambda t: "\0" not in t), min_size=1, max_size=3))
    dtypes = data.draw(st.lists(st.sampled_from(["float16", "float32", "float64"]), min_size=4, max_size=4))
    path = lstmviz.write_dump(
        folder / "run.h5",
        states={n: rng.normal(size=(n_steps, 2)).astype(t) for n, t in zip(names, dtypes, strict=False)},
        tokens=rng.integers(0, len(vocab) if vocab else 9, n_steps),
        vocab=vocab,
        lengths=lengths,
        tracks={names[0]: np.arange(n_steps), names[1]: [labels[i % len(labels)] for i in range(n_steps)]},
        views={names[0]: data.draw(st.sampled_from(["raw", "tanh"]))},
        join=data.draw(st.sampled_from(["", " ", "\n"])),
    )
    dump = lstmviz.open_dump(path)
    exported = export_project(dump, folder / "exported").folder
    assert_same(dump, lstmviz.open_dump(import_project(exported, folder / "again.h5").path))


def test_two_processes_at_once_convert_it_once(tmp_path):
    folder = write(tmp_path / "project", "metas").folder
    code = f"""
import time
from pathlib import Path
from lstmviz.system import cache
from lstmviz.lstmvis import open_project
cache.platformdirs.user_cache_path = lambda name: Path({str(tmp_path / "cache")!r}) / name
meeting = Path({str(tmp_path)!r})
(meeting / f"here-{{time.time_ns()}}").touch()
while len(list(meeting.glob("here-*"))) < 2:
    time.sleep(0.01)
made = open_project({str(folder)!r})
print(made.path, len(made.notes))
"""
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = sorted(process.communicate()[0].split() for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert answers[0][0] == answers[1][0]
    assert sorted(n for _, n in answers) == ["0", "1"]
