"""Tracks of one value a sequence, what a track concerns, and which units were kept: written, read, refused, joined."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan, SourcePlan
from lstmviz.dump.verify import verify
from lstmviz.dump.writer import DumpWriter
from lstmviz.errors import DumpError, InputError, LstmvizError
from lstmviz.types import TrackInfo
from support.budget import examples
from support.commands import WIDE, run

LENGTHS = [3, 1, 4]
PLAN = DumpPlan(
    axes=(AxisPlan("text", vocab=("la", "Li")),),
    sources=(SourcePlan("rnn.l0.h", "text", 2, "float32", units=(7, 3)),),
    tracks=(
        TrackInfo("genre", "text", "category", ("verse", "prose"), per="sequence"),
        TrackInfo("year", "text", "number", per="sequence"),
        TrackInfo("loss", "text", "number", concerns="next", group="predictions"),
    ),
)
GENRES, YEARS = [1, -1, 0], [1922.0, np.nan, 1899.5]


def arrays_of(lengths, genres, years):
    n_steps = sum(lengths)
    return {
        ArrayKey("tokens"): np.arange(n_steps, dtype="uint32") % 2,
        ArrayKey("state", "rnn.l0.h"): np.arange(2.0 * n_steps, dtype="float32").reshape(-1, 2),
        ArrayKey("sequence", "genre"): np.array(genres, "int32"),
        ArrayKey("sequence", "year"): np.array(years),
        ArrayKey("track", "loss"): np.arange(n_steps, dtype="float32"),
    }


@pytest.fixture
def path(tmp_path):
    with DumpWriter(tmp_path / "run.h5", PLAN) as writer:
        writer.append("text", LENGTHS, arrays_of(LENGTHS, GENRES, YEARS))
    return tmp_path / "run.h5"


def same(one, other):
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_one_value_a_sequence_is_read_at_its_steps_and_in_the_table_of_sequences(path):
    dump = lstmviz.open_dump(path)
    assert [track.info for track in dump.tracks.values()] == list(PLAN.tracks)
    assert same(dump.tracks["genre"][:], np.repeat(np.array(GENRES, "int32"), LENGTHS))
    assert same(dump.tracks["year"][2:5], np.array([1922.0, np.nan, 1899.5]))
    assert dump.tracks["genre"][-1] == 0
    assert [track.n_stored for track in dump.tracks.values()] == [3, 3, 8]
    assert list(dump.sequences) == ["start", "stop", "genre", "year"]
    assert dump.sequences["genre"].tolist() == ["prose", None, "verse"]
    assert same(dump.sequences["year"].to_numpy(), np.array(YEARS))
    assert dump.source("rnn.l0.h").units == (7, 3)
    assert verify(dump) == []
    with h5py.File(path) as file:
        assert file["tracks/year/values"].shape == (3,)


def test_a_plan_with_all_of_it_survives_json_and_one_of_before_is_read():
    assert DumpPlan.from_json(PLAN.to_json()) == PLAN
    raw = json.loads(PLAN.to_json())
    del raw["sources"][0]["units"]
    for track in raw["tracks"]:
        for name in ("per", "concerns", "group"):
            del track[name]
    older = DumpPlan.from_json(json.dumps(raw))
    assert older.sources[0].units is None
    assert {(t.per, t.concerns, t.group) for t in older.tracks} == {("step", "step", "")}
    assert [key.role for key in PLAN.keys("text")] == ["tokens", "state", "sequence", "sequence", "track"]
    with pytest.raises(DumpError, match="header cannot be read: track 'loss' has concerns='soon'"):
        DumpPlan.from_json(PLAN.to_json().replace('"next"', '"soon"'))


def test_a_sequence_that_is_written_in_parts_has_the_value_of_its_first(tmp_path):
    blocks = [
        ([2], False, [1], [5.0]),
        ([1, 1], True, [0, 0], [6.0, 7.0]),
        ([3], True, [1], [8.0]),
        ([1], False, [1], [9.0]),
    ]
    with DumpWriter(tmp_path / "run.h5", PLAN) as writer:
        for lengths, continues, genres, years in blocks:
            writer.append("text", lengths, arrays_of(lengths, genres, years), continues)
        writer.close(labels={"genre": ["a", "b"]}, vocabs={"text": ["x", "y", "z"]})
    dump = lstmviz.open_dump(tmp_path / "run.h5")
    assert dump.sequences.to_dict("list") == {
        "start": [0, 3, 7],
        "stop": [3, 7, 8],
        "genre": ["b", "a", "b"],
        "year": [5.0, 7.0, 9.0],
    }
    assert dump.tokens.vocab == ("x", "y", "z")
    assert verify(dump) == []


def test_the_first_block_of_all_continues_nothing(tmp_path):
    with DumpWriter(tmp_path / "run.h5", PLAN) as writer:
        writer.append("text", [2], arrays_of([2], [1], [5.0]), continues=True)
    assert lstmviz.open_dump(tmp_path / "run.h5").sequences["year"].tolist() == [5.0]


def test_an_axis_without_blocks_has_its_tracks_too(tmp_path):
    with DumpWriter(tmp_path / "run.h5", PLAN):
        pass
    with h5py.File(tmp_path / "run.h5") as file:
        assert file["tracks/genre/values"].shape == (0,)


EXAMPLES = examples(60)


@EXAMPLES
@given(st.data())
def test_every_slice_is_that_of_the_values_repeated(tmp_path, data):
    lengths = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=6))
    n_shards = data.draw(st.integers(1, min(3, len(lengths))))
    cuts = sorted(data.draw(st.permutations(range(1, len(lengths))))[: n_shards - 1])
    genres = data.draw(st.lists(st.integers(-1, 1), min_size=len(lengths), max_size=len(lengths)))
    years = data.draw(st.lists(st.sampled_from([1.5, 2.0, float("nan")]), min_size=len(lengths), max_size=len(lengths)))
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    edges = [0, *cuts, len(lengths)]
    paths = []
    for i, (a, b) in enumerate(zip(edges, edges[1:], strict=False)):
        paths.append(folder / f"part-{i}.h5")
        turned = data.draw(st.booleans())  # labels in another order, as recordings meet them
        with DumpWriter(paths[-1], PLAN) as writer:
            own = [g if g < 0 or not turned else 1 - g for g in genres[a:b]]
            writer.append("text", lengths[a:b], arrays_of(lengths[a:b], own, years[a:b]))
            writer.close(labels={"genre": ["prose", "verse"] if turned else ["verse", "prose"]})
    dump = lstmviz.open_dump(lstmviz.write_corpus(folder, paths))
    names = [None if g < 0 else ["verse", "prose"][g] for g in genres]
    every = [name for name, n in zip(names, lengths, strict=True) for _ in range(n)]
    n_steps = len(every)
    start, stop = data.draw(st.integers(-n_steps - 1, n_steps + 1)), data.draw(st.integers(-n_steps - 1, n_steps + 1))
    track = dump.tracks["genre"]
    assert [None if i < 0 else track.labels[i] for i in track[start:stop]] == every[start:stop]
    assert same(dump.tracks["year"][start:stop], np.repeat(np.array(years), lengths)[start:stop])
    for step in range(-n_steps, n_steps):
        label = track[step]
        assert (None if label < 0 else track.labels[label]) == every[step]
    assert dump.sequences["genre"].tolist() == names
    assert dump.source("rnn.l0.h").units == (7, 3)
    assert [t.info.concerns for t in dump.tracks.values()] == ["step", "step", "next"]
    assert verify(dump) == []


def attribute(place, name, value):
    def change(file):
        file[place].attrs[name] = value

    return change


def replaced(name, value):
    def change(file):
        del file[name]
        file[name] = value

    return change


H = "sources/rnn.l0.h"
FAULTS = {
    "too few values": (replaced("tracks/year/values", [1.0, 2.0]), ["track year has 2 values", "3 sequences"]),
    "one a step": (replaced("tracks/year/values", np.zeros(8)), ["track year has 8 values", "'text' 3 sequences"]),
    "two dimensions": (replaced("tracks/year/values", np.zeros((3, 1))), ["(3, 1)", "one dimension"]),
    "per": (attribute("tracks/year", "per", np.bytes_("page")), ["'year'", "per='page'", "'step' or 'sequence'"]),
    "per is a number": (attribute("tracks/year", "per", 3), ["'per'", "not text"]),
    "concerns": (attribute("tracks/loss", "concerns", np.bytes_("")), ["'loss'", "concerns=''", "'step' or 'next'"]),
    "group": (attribute("tracks/loss", "group", np.bytes_("a\nb")), ["group name 'a\\nb' cannot be stored"]),
    "group is a number": (attribute("tracks/loss", "group", 1.5), ["'group'", "not text"]),
    "too few units": (attribute(H, "units", [1]), ["'rnn.l0.h' has 2 units and 1 numbers"]),
    "one number": (attribute(H, "units", 1), ["'units'", "one integer for each"]),
    "float units": (attribute(H, "units", [1.0, 2.0]), ["'units'", "float64", "one integer for each"]),
    "text units": (attribute(H, "units", np.bytes_("1,2")), ["'units'", "one integer for each"]),
    "a unit twice": (attribute(H, "units", [4, 4]), ["occurs twice", "count from 0"]),
    "a negative unit": (attribute(H, "units", [4, -1]), ["is negative", "count from 0"]),
    "a huge unit": (attribute(H, "units", np.array([4, 2**63], "uint64")), ["is too large"]),
    "a column's name": (lambda file: file.move("tracks/year", "tracks/stop"), ["'stop'", "axis.sequences"]),
}


@pytest.mark.parametrize("what", FAULTS)
def test_what_is_wrong_in_a_file_is_one_line(path, what):
    change, words = FAULTS[what]
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(DumpError) as caught:
        lstmviz.open_dump(path)
    assert all(word in str(caught.value) for word in [str(path), *words]), caught.value
    assert "\n" not in str(caught.value)


def test_a_category_without_its_label_is_verified_by_sequence(path):
    with h5py.File(path, "r+") as file:
        file["tracks/genre/values"][1] = 2
    dump = lstmviz.open_dump(path)
    (line,) = verify(dump)
    assert "track 'genre' has 2 at sequence 1 without one of its 2 labels" in line
    assert dump.sequences["genre"].tolist() == ["prose", None, "verse"]


PLANS = {
    "unit twice": (lambda: SourcePlan("h", "text", 2, units=(1, 1)), "twice"),
    "units of another number": (lambda: SourcePlan("h", "text", 3, units=(1, 2)), "3 units and 2 numbers"),
    "no units": (lambda: SourcePlan("h", "text", 3, units=()), "3 units and 0 numbers"),
    "a fraction": (lambda: SourcePlan("h", "text", 1, units=(1.5,)), "not a whole number"),
    "many": (lambda: SourcePlan("h", "text", 20_000, units=tuple(range(20_000))), "at most 15,000"),
    "per": (lambda: TrackInfo("x", "text", "number", per="page"), "per='page'"),
    "concerns": (lambda: TrackInfo("x", "text", "number", concerns=None), "concerns=None"),
    "group": (
        lambda: DumpPlan((AxisPlan("text"),), (), (TrackInfo("x", "text", "number", group="a\n"),)),
        "group name",
    ),
    "no text": (
        lambda: DumpPlan((AxisPlan("text"),), (), (TrackInfo("x", "text", "number", group=3),)),
        "group name 3",
    ),
    "column": (
        lambda: DumpPlan((AxisPlan("text"),), (), (TrackInfo("start", "text", "number", per="sequence"),)),
        "cannot be named 'start'",
    ),
}


@pytest.mark.parametrize("what", PLANS)
def test_what_cannot_be_declared_is_said(what):
    declare, word = PLANS[what]
    with pytest.raises(InputError, match=word):
        declare()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({ArrayKey("sequence", "year"): np.zeros(8)}, ["year has shape (8,)", "3 sequences"]),
        ({ArrayKey("track", "year"): np.zeros(8)}, ["'year' is missing or was not declared"]),
    ],
)
def test_the_writer_refuses_what_was_not_declared(tmp_path, change, words):
    with pytest.raises(LstmvizError) as caught, DumpWriter(tmp_path / "run.h5", PLAN) as writer:
        writer.append("text", LENGTHS, arrays_of(LENGTHS, GENRES, YEARS) | change)
    assert all(word in str(caught.value) for word in words), caught.value


def test_many_units_fit_their_attribute(tmp_path):
    units = tuple(range(0, 30_000, 2))
    plan = DumpPlan((AxisPlan("text", has_tokens=False),), (SourcePlan("h", "text", len(units), units=units),))
    with DumpWriter(tmp_path / "run.h5", plan) as writer:
        writer.append("text", [1], {ArrayKey("state", "h"): np.zeros((1, len(units)), "float16")})
    assert lstmviz.open_dump(tmp_path / "run.h5").source("h").units == units


def test_an_export_to_lstmvis_has_them_at_every_step_and_says_so(path, tmp_path):
    from lstmviz.lstmvis import export_project

    dump = lstmviz.open_dump(path)
    exported = export_project(dump, tmp_path / "project")
    again = lstmviz.open_dump(exported.folder)
    assert same(again.tracks["year"][:], dump.tracks["year"][:])
    labels = [[None if i < 0 else t.labels[i] for i in t[:]] for t in (d.tracks["genre"] for d in (dump, again))]
    assert labels[0] == labels[1]
    told = "\n".join(exported.notes)
    for words in (
        "track year: its value for each sequence",
        "track loss: its values concern the next token",
        "2 units from 0",
    ):
        assert words in told


def test_the_page_hears_of_them(path):
    from lstmviz.ui.describe import about, tracks_json
    from lstmviz.ui.rows import step_tracks

    dump = lstmviz.open_dump(path)
    said = about(dump)
    assert said["sources"][0]["units"] == [7, 3]
    genre, year, loss = tracks_json(dump)["tracks"]
    assert (genre["per"], genre["concerns"], genre["group"]) == ("sequence", "step", "")
    assert (loss["per"], loss["concerns"], loss["group"]) == ("step", "next", "predictions")
    assert (year["low"], year["high"], year["is_integer"]) == (1899.5, 1922.0, False)
    assert step_tracks(dump.first, 2, 5) == {
        "genre": [1, -1, 0],
        "year": [1922.0, None, 1899.5],
        "loss": [2.0, 3.0, 4.0],
    }


def test_how_far_a_track_reaches_is_seen_block_by_block(path, monkeypatch):
    from lstmviz.dump import lazy_arrays as arrays
    from lstmviz.ui.describe import tracks_json

    whole = tracks_json(lstmviz.open_dump(path))["tracks"]
    monkeypatch.setattr(arrays.Track.blocks, "__defaults__", (1,))
    assert tracks_json(lstmviz.open_dump(path))["tracks"] == whole


def test_inspect_tells_of_them(path):

    answer = run("inspect", path, env=WIDE)
    assert answer.exit_code == 0
    for words in ("category, one a sequence", "number, of the next token", "2 of the model's"):
        assert words in answer.output
