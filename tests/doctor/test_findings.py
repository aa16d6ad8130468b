"""``lstmviz doctor``: one made file a fault, each said in one line with a remedy; good dumps come out clean."""

from __future__ import annotations

import json
import os
import shutil
import zipfile

import h5py
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.doctor import diagnose, foreign, survey
from lstmviz.doctor.diagnose import _reason
from lstmviz.doctor.states import UnitScan
from lstmviz.dump import verify as verifying
from lstmviz.errors import DumpMissing
from support.budget import examples
from support.commands import run
from support.lstmvis_project import VARIANTS, write

N = 60
rng = np.random.default_rng(5)


def arrays(**changed):
    values = rng.uniform(-0.9, 0.9, (N, 4)).astype("float32")
    return {
        "states": {"rnn.l0.h": values, "rnn.l0.c": values * 3},
        "views": {"rnn.l0.c": "tanh"},
        "tokens": np.arange(N) % 3,
        "vocab": ["la", "Li", "lu"],
        "lengths": [20, 40],
        "tracks": {"depth": np.arange(N), "part": ["a", "b"] * (N // 2)},
        "sequence_tracks": {"year": [1899, 1922]},
        **changed,
    }


@pytest.fixture
def path(tmp_path):
    return lstmviz.write_dump(tmp_path / "run.h5", **arrays())


def lines(path, *marks):
    found = list(diagnose(path))
    assert all("\n" not in str(f) and len(str(f)) < 1_500 for f in found), found
    return [str(f) for f in found if not marks or f.mark in marks]


def one(path, mark, *words):
    """Assert that exactly one finding holds all of some words, and return its mark's lines."""
    found = lines(path, mark)
    assert len([line for line in found if all(word in line for word in words)]) == 1, (words, lines(path))
    return found


def test_a_good_dump_is_clean(path, parens):
    for good in (path, parens.path):
        assert lines(good, "note", "problem") == []
    told = "\n".join(lines(path))
    for words in (
        "60 steps in 2 sequences, the shortest of 20, the longest of 40",
        "3 of 3 entries are used",
        "source rnn.l0.h: 60 steps x 4 units of float32, view raw, values -0.",
        "track depth: 60 numbers, one a step",
        "track year: 2 numbers, one a sequence",
    ):
        assert words in told, (words, told)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_lstmvis_import_has_no_problem(tmp_path, variant):
    project = write(tmp_path / "project", variant)
    assert lines(project.folder, "problem") == []
    assert "it is an LSTMVis project" in lines(project.folder, "ok")[0]


def states_of(change, name="rnn.l0.h", view="raw"):
    values = rng.uniform(-0.9, 0.9, (N, 4)).astype("float32")
    changed = change(values)
    return {"states": {name: values if changed is None else changed}, "views": {name: view}}


def put(place, value):
    def change(values):
        values[place] = value

    return change


ODD = {
    "NaN": (states_of(put(([7, 9], 2), np.nan)), "problem", ["2 NaN values", "step 7 of unit 2", "lengths="]),
    "NaN alone": (states_of(put(slice(None), np.nan)), "problem", ["240 NaN values (100 %)"]),
    "Inf": (states_of(put((8, 1), -np.inf)), "problem", ["1 infinite value", "step 8 of unit 1", "diverged"]),
    "Inf in float16": (
        states_of(lambda v: np.where(v == v[3, 0], np.inf, v).astype("float16")),
        "problem",
        ["1 infinite value", "step 3 of unit 0", "65,504"],
    ),
    "zeros": (states_of(np.zeros_like), "problem", ["every value is 0", "record it again"]),
    "constants": (states_of(lambda v: v * 0 + np.arange(4) / 8), "problem", ["no unit ever varies"]),
    "dead units": (states_of(put((slice(None), [1, 3]), 0.5)), "note", ["2 dead units of 4", "1, 3"]),
    "saturated": (
        states_of(lambda v: np.where(np.arange(4) == 2, np.sign(v), v)),
        "note",
        ["1 saturated unit of 4", "95 %", ": 2;"],
    ),
    "saturated gate": (
        states_of(lambda v: np.where(np.arange(4) == 2, v > 0, abs(v)).astype("f4"), "rnn.l0.f"),
        "note",
        ["1 saturated unit of 4"],
    ),
    "tanh twice": (states_of(lambda v: None, "rnn.l0.c", "tanh"), "note", ["shown through tanh", "'rnn.l0.c': 'raw'"]),
    "c shown raw": (states_of(lambda v: v * 9, "rnn.l0.c"), "note", ["no bound", "'rnn.l0.c': 'tanh'"]),
    "c already tanh": (states_of(lambda v: None, "rnn.l0.c"), "note", ["tanh was already applied"]),
    "h too large": (states_of(lambda v: v * 9), "note", ["lies in [-1, 1]", "before the activation"]),
    "gate before the sigmoid": (states_of(lambda v: v * 9, "rnn.l0.r"), "note", ["a gate lies in [0, 1]", "sigmoid"]),
    "no tokens": ({"tokens": None, "vocab": None}, "note", ["no tokens", "vocab="]),
    "no vocabulary": ({"vocab": None}, "note", ["no vocabulary", "ids are shown"]),
    "empty entry": ({"vocab": ["la", "", "lu"]}, "note", ["1 empty entry (ids 1), seen at 20 steps", "<unk>"]),
    "unused empty": ({"vocab": ["la", "b", "lu", ""]}, "note", ["1 empty entry (ids 3), seen at 0", "nothing to do"]),
    "duplicates": ({"vocab": ["la", "lu", "lu"]}, "note", ["1 token more than once: 'lu'", "is ids 1, 2"]),
    "one token": ({"tokens": [1] * N}, "note", ["every step is 'Li'"]),
    "padding": ({"vocab": ["la", "<PAD>", "lu"]}, "note", ["33.3 % of the steps are padding ('<PAD>')", "lengths="]),
    "steps alone": ({"lengths": [1] * 59 + [1], "sequence_tracks": None}, "note", ["60 of 60 sequences are of one"]),
    "empty track": ({"tracks": {"n": [np.nan] * N}}, "note", ["track n: no step has a value"]),
    "empty category": ({"tracks": {"n": [None] * N}}, "note", ["track n: no step has a value"]),
    "constant track": ({"tracks": {"n": [4] * N}}, "note", ["track n: its value is always 4"]),
    "constant labels": ({"tracks": {"n": ["é"] * N}}, "note", ["track n: its value is always 'é'"]),
    "infinite track": ({"tracks": {"n": [1, np.inf] * 30}}, "note", ["track n: 30 infinite values"]),
    "cut short": ({"provenance": {"complete": False}}, "problem", ["cut short", "record again"]),
}


@pytest.mark.parametrize("what", ODD)
def test_what_is_odd_in_the_values_is_said_once_with_a_remedy(tmp_path, what):
    changed, mark, words = ODD[what]
    path = lstmviz.write_dump(tmp_path / "odd.h5", **arrays(**changed))
    found = one(path, mark, *words)
    other = lines(path, "problem" if mark == "note" else "note")
    assert (len(found), other) == (1, []), lines(path)


def attribute(place, name, value):
    def change(file):
        file[place].attrs[name] = value

    return change


def replaced(name, value):
    def change(file):
        old = dict(file[name].attrs)
        del file[name]
        file[name] = value
        file[name].attrs.update(old)

    return change


BROKEN = {
    "short tokens": (replaced("axes/text/tokens", np.zeros(59, "u4")), ["tokens has 59 steps", "step 59 is the first"]),
    "an id": (replaced("axes/text/tokens", np.full(N, 9, "u4")), ["token id 9 at step 0", "3 entries"]),
    "short states": (replaced("sources/rnn.l0.h", np.zeros((50, 4), "f4")), ["rnn.l0.h has 50 steps", "step 50"]),
    "flat states": (replaced("sources/rnn.l0.h", np.zeros(N, "f4")), ["'rnn.l0.h' is float32 (60,)"]),
    "sequences": (replaced("axes/text/sequences/stop", [20, 70]), ["end at step 70 and it has 60"]),
    "vocabulary": (replaced("axes/text/vocab/offsets", [0, 2, 4, 99]), ["string table"]),
    "labels": (replaced("tracks/part/values", np.full(N, 5)), ["'part' has 5 at step 0 and 59 more", "2 labels"]),
    "a label": (replaced("tracks/part/labels/bytes", np.array([97, 255], "u1")), ["labels of track 'part'", "UTF-8"]),
    "n_nan": (attribute("sources/rnn.l0.h", "n_nan", 3), ["declares n_nan 3 and has 0"]),
    "view": (attribute("sources/rnn.l0.h", "view", np.bytes_("log")), ["view 'log'"]),
    "units": (attribute("sources/rnn.l0.h", "units", [1, 1, 2, 3]), ["twice"]),
    "newer": (attribute("/", "format_version", 99), ["format version 99", "upgrade"]),
    "uuid": (attribute("/", "uuid", np.bytes_("x")), ["uuid", "32 hexadecimal"]),
    "axis": (attribute("tracks/part", "axis", np.bytes_("audio")), ["names an unknown axis 'audio'"]),
    "a link": (lambda f: f.__setitem__("x", h5py.ExternalLink("/etc/passwd", "/")), ["ExternalLink", "refused"]),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_a_problem(path, what):
    change, words = BROKEN[what]
    with h5py.File(path, "r+") as file:
        change(file)
    assert len(one(path, "problem", *words)) == 1


def test_every_declared_fault_is_said_at_once(path):
    with h5py.File(path, "r+") as file:
        for name in ("short tokens", "short states", "sequences", "vocabulary", "uuid"):
            BROKEN[name][0](file)
        file["tracks/part"].attrs["per"] = np.bytes_("page")
    found = lines(path, "problem")
    assert len(found) == 6, found
    assert "no value was read" in lines(path, "note")[0]


@pytest.mark.parametrize("block", [8, 8 * 5, 2**25])
def test_a_damaged_block_is_found_and_the_rest_is_read(path, monkeypatch, block):
    monkeypatch.setattr(verifying, "BLOCK_BYTES", block)
    with h5py.File(path) as file:
        place = file["sources/rnn.l0.c"].id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[place + 1] ^= 4
    path.write_bytes(data)
    assert len(one(path, "problem", "rnn.l0.c", "damaged")) == 1
    assert any("source rnn.l0.h" in line for line in lines(path, "ok"))


@examples(60)
@given(st.data())
def test_a_scan_in_blocks_is_that_of_plain_numpy(data):
    levels = [-1.0, -0.995, -0.99, -0.5, 0.0, 0.005, 0.5, 0.99, 1.0, 3.0, np.nan, np.inf, -np.inf]
    dtype = data.draw(st.sampled_from(["float16", "float32", "float64"]))
    n, m = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 4))
    drawn = data.draw(st.lists(st.sampled_from(levels), min_size=n * m, max_size=n * m))
    values = np.array(drawn, dtype).reshape(n, m)
    scan = UnitScan(m)
    first = 0
    while first < n:
        stop = data.draw(st.integers(first + 1, n))
        scan.add(first, values[first:stop])
        first = stop
    wide = values.astype("float32") if dtype == "float16" else values
    end = wide.dtype.type(0.99)
    for unit in range(m):
        column = wide[np.isfinite(wide[:, unit]), unit].tolist()
        assert scan.n_seen[unit] == len(column)
        assert scan.low[unit] == min(column, default=np.inf)
        assert scan.high[unit] == max(column, default=-np.inf)
        assert scan.n_ends[unit] == sum(abs(v) >= end for v in column)
    assert (scan.n_nan, scan.n_inf, scan.n_steps) == (int(np.isnan(values).sum()), int(np.isinf(values).sum()), n)
    for mark, where in ((scan.first_nan, np.isnan(values)), (scan.first_inf, np.isinf(values))):
        assert (None if mark is None else (mark.step, mark.unit)) == next(map(tuple, np.argwhere(where).tolist()), None)


def test_thinned_units_and_values_of_the_next_step_are_told(tmp_path):
    from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan, SourcePlan
    from lstmviz.dump.writer import DumpWriter
    from lstmviz.types import TrackInfo

    plan = DumpPlan(
        (AxisPlan("text", has_tokens=False),),
        (SourcePlan("h", "text", 2, "float32", units=(8, 4)),),
        (TrackInfo("loss", "text", "number", concerns="next"),),
    )
    values = {ArrayKey("state", "h"): np.eye(2, dtype="float32"), ArrayKey("track", "loss"): np.array([1.0, 2.0])}
    with DumpWriter(tmp_path / "run.h5", plan) as writer:
        writer.append("text", [2], values)
    one(tmp_path / "run.h5", "note", "it holds 2 of the model's units: 8, 4")
    one(tmp_path / "run.h5", "ok", "track loss: 2 numbers, one a step, each of the next step")


def test_a_corpus_and_a_folder(tmp_path):
    folder = tmp_path / "shards"
    folder.mkdir()
    for name in "ab":
        lstmviz.write_dump(folder / f"{name}.h5", **arrays())
    found = list(diagnose(folder))
    assert {f.file for f in found} == {"a.h5", "b.h5"}
    lstmviz.write_corpus(folder)
    assert lines(folder, "note", "problem") == []
    assert "a corpus of 2 dumps" in lines(folder)[0]
    assert any("120 steps in 4 sequences" in line for line in lines(folder))
    shutil.copy(folder / "b.h5", tmp_path / "c.h5")
    with h5py.File(tmp_path / "c.h5", "r+") as file:
        file["tracks/part/values"][3] = 7
    (tmp_path / "c.h5").replace(folder / "b.h5")
    one(folder, "problem", "b.h5", "'part' has 7 at step 3")
    (folder / "a.h5").unlink()
    one(folder, "problem", "'a.h5', which is missing")
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(DumpMissing, match="no dump in the folder"):
        lines(folder)


def test_what_is_no_hdf5_is_called_by_its_name(tmp_path):
    def made(name, data):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    np.save(tmp_path / "a.npy", np.zeros(3))
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    for path, *words in (
        (tmp_path / "a.npy", "a NumPy array", "numpy.load"),
        (tmp_path / "a.npz", "a zip file", "lstmviz.record"),
        (made("a.pkl", b"\x80\x04K\x03."), "a pickle", "any program"),
        (made("a.gz", b"\x1f\x8b123"), "gzip", "gunzip"),
        (made("empty.h5", b""), "the file is empty"),
        (made("text.h5", b"hello"), "something else (5 bytes)"),
        (made("lstm.yml", b"name: x"), "configuration", "give its folder"),
        (made("cut.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 90), "truncated or damaged"),
    ):
        assert len(one(path, "problem", *words)) == 1, path
    with pytest.raises(DumpMissing, match="no file at"):
        lines(tmp_path / "nowhere.h5")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.h5")
        one(tmp_path / "pipe.h5", "problem", "not a regular file")


def test_an_unfinished_recording_leads_to_recover(path):
    parts = path.with_name("run.h5.parts")
    parts.mkdir()
    for asked in (path, parts):
        one(asked, "problem", "run.h5.parts", "not finished", f"lstmviz recover {path}")
    path.unlink()
    assert len(one(path, "problem", "lstmviz recover")) == 1
    assert len(one(path.parent, "problem", "lstmviz recover")) == 1


def test_a_recording_that_goes_on_and_one_that_cannot_be_read(path, tmp_path):
    from lstmviz.dump.journal.writer import BlockWriter
    from lstmviz.dump.schema import DumpPlan

    parts = path.with_name("run.h5.parts")
    parts.mkdir()
    with BlockWriter(parts, DumpPlan((), ())):
        one(path, "note", "a recording to run.h5 is going on now")
    assert len(one(path, "problem", "lstmviz recover")) == 1
    assert _reason(PermissionError(13, "Permission denied", "x.h5")).startswith("x.h5 cannot be read (P")


def test_a_project_with_faults_has_a_problem_each(tmp_path):
    project = write(tmp_path / "project", "metas")
    (project.folder / "train.hdf5").unlink()
    project.config["meta"] = 3
    (project.folder / "lstm.yml").write_text(yaml.safe_dump(project.config), "utf-8")
    found = lines(project.folder, "problem")
    assert len(found) > 0
    assert any("train.hdf5" in line or "meta" in line for line in found), found
    other = write(tmp_path / "other", "metas")
    one(other.folder / "train.hdf5", "note", "it lies in an LSTMVis project", f"lstmviz serve {other.folder}")


def test_a_row_that_is_no_step_is_left_alone(path, monkeypatch):
    monkeypatch.setattr("lstmviz.doctor.states.MAX_CHUNK_BYTES", 15)
    assert len(lines(path, "problem")) == 2
    one(path, "problem", "source rnn.l0.h: one step is 4 units", "exchanged")


def written(path, **given):
    with h5py.File(path, "w") as file:
        for name, values in given.items():
            file[name.replace("__", "/")] = values
    return path


def made_by(path, line):
    """Run the line that the doctor gives, and open what it writes."""
    exec(line[line.index("import h5py") :], {})  # what a reader would do with it
    return lstmviz.open_dump(path.with_name(f"{path.stem}.lstmviz.h5"))


def test_hdf5_of_another_tool_is_surveyed_and_the_given_line_writes_a_dump(tmp_path):
    values = rng.uniform(-0.9, 0.9, (N, 4)).astype("float32")
    path = written(
        tmp_path / "other's.h5", a__states1=values, a__states2=values, words=np.arange(N), pos=np.zeros(N), x=[[1, 2]]
    )
    one(path, "problem", "not an lstmviz dump")
    one(path, "ok", "a/states1: it looks like states: 60 steps x 4 units of float32, values -0.")
    one(path, "ok", "words: it looks like tokens: 60 whole numbers")
    dump = made_by(path, next(line for line in lines(path) if "write_dump(" in line))
    np.testing.assert_array_equal(dump.states("a.states1")[:], values)
    assert list(dump.sources) == ["a.states1", "a.states2"]
    assert (dump.tokens.ids[:].tolist(), list(dump.tracks)) == (list(range(N)), ["pos"])


@pytest.mark.parametrize(
    "words", [np.array([b"la", "l\u00fc".encode()]), np.array(["la", "l\u00fc"], h5py.string_dtype())]
)
def test_a_list_of_strings_is_the_vocabulary(tmp_path, words):
    path = written(tmp_path / "other.h5", h=states(), ids=np.arange(N) % 2, words=words)
    one(path, "ok", "array words: it looks like the vocabulary: 2 strings")
    (line,) = (line for line in lines(path) if "write_dump(" in line)
    assert made_by(path, line).tokens[:3] == ["la", "l\u00fc", "la"]


def test_ids_without_words_ask_for_them(tmp_path):
    one(written(tmp_path / "a.h5", h=states(), ids=np.arange(N)), "note", "put the token of each id", "vocab=None")


def test_keras_3_weights_are_no_states(tmp_path):
    path = written(
        tmp_path / "a.weights.h5", layers__lstm__cell__vars__0=states(), layers__lstm__cell__vars__1=states()
    )
    one(path, "problem", "no array looks like states")
    assert not any("it looks like states" in line for line in lines(path))


def test_batches_are_written_one_sequence_after_another(tmp_path):
    values = rng.uniform(-0.9, 0.9, (3, 20, 4)).astype("float16")
    path = written(tmp_path / "batch.h5", h=values, tokens=np.arange(60).reshape(3, 20))
    one(path, "ok", "array h: it looks like states as (3, 20, 4)")
    dump = made_by(path, next(line for line in lines(path) if "write_dump(" in line))
    np.testing.assert_array_equal(dump.states("h")[:], values.reshape(60, 4))
    assert dump.sequences["stop"].tolist() == [20, 40, 60]
    assert dump.tokens.ids[:].tolist() == list(range(60))


def states(n=N, fill=None):
    values = rng.uniform(-0.9, 0.9, (n, 4)).astype("float32")
    if fill is not None:
        values[3, 1] = fill
    return values


FOREIGN = {
    "misaligned tokens": ({"h": states(), "words": np.arange(59)}, "problem", ["words", "59 values", "step 59 is the"]),
    "negative ids": ({"h": states(), "words": np.full(N, -1)}, "note", ["no array looks like tokens"]),
    "other steps": ({"h": states(), "g": states(), "c": states(50)}, "note", ["array c", "50 steps", "step 50"]),
    "NaN": ({"h": states(fill=np.nan)}, "problem", ["array h: 1 NaN value", "step 3 of unit 1"]),
    "Inf": ({"h": states(fill=np.inf)}, "problem", ["array h: 1 infinite value", "step 3 of unit 1"]),
    "dead": ({"h": np.zeros((N, 4))}, "problem", ["array h: every value is 0"]),
    "weights": ({"lstm__kernel": states(), "lstm__bias": np.zeros(4)}, "note", ["a model's weights", "lstm/kernel"]),
    "Keras 3 weights": ({"layers__lstm__cell__vars__0": states()}, "note", ["a model's weights", "cell/vars/0"]),
    "too few words": ({"h": states(), "t": np.arange(N), "v": [b"a"]}, "problem", ["v: 1 string", "ids go up to 59"]),
    "words as strings": (
        {"h": states(), "t": [b"a", b"b"] * 30},
        "note",
        ["array t: 60 strings, one a step", "unique("],
    ),
    "words, no ids": (
        {"h": states(), "v": [b"a"]},
        "ok",
        ["v: it looks like the vocabulary: 1 string", "pass vocab=f["],
    ),
    "no states": ({"x": np.arange(4)}, "problem", ["no array looks like states", "x (4,) int64"]),
    "no arrays": ({}, "problem", ["no array of numbers"]),
    "text": ({"h": states(), "t": "a text"}, "note", ["left alone: t", "type object"]),
    "empty": ({"h": np.zeros((0, 3))}, "problem", ["no array looks like states"]),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_is_wrong_in_another_tools_file_is_said(tmp_path, what):
    given, mark, words = FOREIGN[what]
    one(written(tmp_path / "other.h5", **given), mark, *words)


def test_nothing_outside_a_hostile_file_is_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"\1\0\0\0" * 64)
    with h5py.File(tmp_path / "bad.h5", "w") as file:
        file["soft"], file["out"] = h5py.SoftLink("/h"), h5py.ExternalLink("other.h5", "/h")
        file["loop"] = file["/"]
        file.create_dataset("h", (8, 8), "f4", external=[(str(secret), 0, 256)])
        layout = h5py.VirtualLayout((8, 8), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "h", (8, 8))
        file.create_virtual_dataset("v", layout)
        file.create_dataset("never", (10**9, 100), "f4", chunks=(1000, 100))
        file.attrs["format"] = "lstmviz"  # of variable length: not read
    found = lines(tmp_path / "bad.h5")
    one(tmp_path / "bad.h5", "note", "2 links not followed: ")
    for words in ("left alone: h", "left alone: v", "left alone: never"):
        assert len([line for line in found if words in line]) == 1, found
    assert not any("looks like states:" in line for line in found)


def test_many_objects_and_large_arrays_are_read_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "MAX_OBJECTS", 5)
    path = written(tmp_path / "many.h5", **{f"h{i}": states() for i in range(9)})
    one(path, "note", "more were not looked at")
    monkeypatch.setattr(foreign, "MAX_BYTES", 16 * 10)
    monkeypatch.setattr(foreign, "BLOCK_BYTES", 16 * 3)
    large = written(tmp_path / "large.h5", h=states(), b=np.zeros((5, 12, 4), "float32"))
    one(large, "ok", "array h: it looks like states: 12 steps", "(of 60; the first were read)")
    one(large, "ok", "array b: it looks like states as", "12 steps x 4 units", "(of 60; the first were read)")


@examples(120)
@given(st.data())
def test_a_mutated_file_is_only_talked_about(path, tmp_path, data):
    is_foreign = data.draw(st.booleans())
    whole = written(tmp_path / "o.h5", h=states(), w=np.arange(N)) if is_foreign else path
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, min(len(content), 12_000) - 1))
        content[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    bad = tmp_path / "bad.h5"
    bad.unlink(missing_ok=True)
    bad.write_bytes(content)
    assert lines(bad)


def test_the_command_marks_each_line_and_its_exit_code_tells(path, tmp_path):
    answer = run("doctor", path)
    assert answer.exit_code == 0
    assert "no problems, no notes" in answer.output
    assert all(line.startswith("ok      ") for line in answer.output.splitlines()[:-1])
    bad = lstmviz.write_dump(tmp_path / "bad.h5", **arrays(**ODD["NaN"][0], vocab=["[red]", "\x1b[31m", ""]))
    answer = run("doctor", bad)
    assert answer.exit_code == 1
    assert "problem source rnn.l0.h: 2 NaN values" in answer.output
    assert "1 problem, 1 note" in answer.output
    assert "\x1b[31m" not in answer.output
    answer = run("doctor", "--json", bad)
    assert answer.exit_code == 1
    said = json.loads(answer.stdout)
    assert said["n_problems"] == 1
    assert {f["mark"] for f in said["findings"]} == {"ok", "note", "problem"}
    assert set(said["findings"][0]) == {"mark", "place", "said", "remedy", "file"}
    answer = run("doctor", tmp_path / "nowhere.h5")
    assert (answer.exit_code, answer.output.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("vocab", "join", "words"),
    [
        (["la", "##li", "lu"], " ", ("pieces of words", "'##li'", "'la ##li lu")),
        (["the", "Ġcat", "Ġsat"], " ", ("pieces of words", "'Ġcat'")),
        (["<pad>", "a", "b"], " ", ("are characters", "join=''")),
        (["the", "cat", "sat"], "", ("are words", "join=' '", "'thecatsat")),
    ],
)
def test_a_join_that_looks_wrong_is_told(tmp_path, vocab, join, words):
    path = lstmviz.write_dump(tmp_path / "run.h5", **arrays(vocab=vocab, join=join))
    one(path, "note", "text of text", *words)
    path = lstmviz.write_dump(tmp_path / "run.h5", **arrays(vocab=vocab), overwrite=True)
    assert not [line for line in lines(path) if "text of text" in line]


def gates_of(size, is_taken):
    """Return h and c of an LSTM whose c is small; with ``is_taken`` tanh(c) in the place of c."""
    c = rng.uniform(-size, size, (N, 4))
    h = rng.uniform(0.05, 0.999, (N, 4)) * np.tanh(c)
    return {"rnn.l0.h": h.astype("float32"), "rnn.l0.c": (np.tanh(c) if is_taken else c).astype("float32")}


def test_a_small_c_beside_its_h_is_no_fault(tmp_path):
    path = lstmviz.write_dump(tmp_path / "run.h5", **arrays(states=gates_of(0.8, is_taken=False)))
    assert not [line for line in lines(path) if "tanh was" in line]
    path = lstmviz.write_dump(tmp_path / "run.h5", **arrays(states=gates_of(3.0, is_taken=True)), overwrite=True)
    one(path, "note", "tanh was already applied, because h exceeds that", "'rnn.l0.c': 'raw'")


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
def test_what_record_wrote_is_no_fault(tmp_path):
    import torch

    rnn = torch.nn.LSTM(4, 8, batch_first=True, proj_size=2).eval()  # c has no h of its size
    run = lstmviz.record(rnn, tmp_path / "run.h5")
    run.tells_size = False
    with run, torch.no_grad(), run.batch():
        rnn(torch.randn(4, 50, 4) * 0.5)
    assert not [line for line in lines(tmp_path / "run.h5") if "tanh was" in line]


def keras_2(file):
    """Write the weights of textgenrnn, as Keras 2 saved them."""
    for name, shape in (
        ("embedding/embedding/embeddings:0", (465, 100)),
        ("rnn_1/rnn_1/kernel:0", (100, 512)),
        ("rnn_1/rnn_1/recurrent_kernel:0", (128, 512)),
        ("rnn_1/rnn_1/bias:0", (1024,)),
        ("attention/attention/attention_W:0", (356, 1)),
        ("output/output/kernel:0", (356, 465)),
        ("optimizer_weights/Adam/rnn_1/kernel/m:0", (100, 512)),
    ):
        file[name] = np.zeros(shape, "float32")


def keras_3(file):
    for name, shape in (
        ("layers/embedding/vars/0", (50, 8)),
        ("layers/gru/cell/vars/0", (8, 12)),
        ("layers/gru/cell/vars/1", (4, 12)),
        ("layers/gru/cell/vars/2", (2, 12)),
        ("optimizer/vars/1", (50, 8)),
    ):
        file[name] = np.zeros(shape, "float32")


@pytest.mark.parametrize(
    ("write_weights", "layer", "embedding"),
    [
        (keras_2, ("layer rnn_1/rnn_1: LSTM, 128 units over 100 inputs", "bias:0"), "embedding of 465 tokens"),
        (keras_3, ("layer layers/gru: GRU, 4 units over 8 inputs", "cell/vars/2"), "embedding of 50 tokens"),
    ],
)
@pytest.mark.parametrize("is_archive", [False, True])
def test_weights_of_keras_are_told_layer_by_layer(tmp_path, write_weights, layer, embedding, is_archive):
    path = tmp_path / "model.weights.h5"
    with h5py.File(path, "w") as file:
        write_weights(file)
    if is_archive:
        with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
            archive.writestr("config.json", "{}")
            archive.write(path, "model.weights.h5")
        path = tmp_path / "model.keras"
    one(path, "problem", "the weights of a Keras model, and no states", "lstmviz.rnn_from_keras")
    one(path, "note", *layer, "lstmviz.rnn_from_keras([f[")
    one(path, "note", embedding)
    assert not [line for line in lines(path) if "looks like states" in line or "write_dump" in line]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_model_that_keras_saved_is_told_layer_by_layer(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    import keras
    import torch

    layers = [keras.layers.Embedding(9, 3), keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True))]
    model = keras.Sequential([*layers, keras.layers.GRU(5), keras.layers.Dense(2)])
    model(np.zeros((1, 6), int))
    for path in (tmp_path / "m.keras", tmp_path / "m.weights.h5"):
        (model.save if path.suffix == ".keras" else model.save_weights)(path)
        said = lines(path, "note")
        (both,) = [line for line in said if "bidirectional LSTM, 4 units over 3 inputs" in line]
        assert len([line for line in said if "GRU, 5 units over 8 inputs" in line]) == 1
        assert len([line for line in said if "embedding of 9 tokens" in line]) == 1
    with h5py.File(path) as f:  # the line makes the module that computes what the layer does
        module = eval(both[both.index("lstmviz.rnn_from_keras") :], {"lstmviz": lstmviz, "f": f})
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    with torch.no_grad():
        output = module(torch.from_numpy(x))[0].numpy()
    assert np.allclose(output, keras.ops.convert_to_numpy(layers[1](x)), atol=1e-6)


def test_zip_files_that_are_no_model(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", b"")
    one(tmp_path / "a.npz", "problem", "a zip file")
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as archive:
        archive.writestr("model.weights.h5", b"no HDF5")
    one(tmp_path / "a.keras", "problem", "a.keras is not an HDF5 file")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_with_changed_bytes_is_told_in_a_line(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "a.keras", "w", method) as archive:
        archive.writestr("model.weights.h5", np.random.default_rng(0).integers(0, 9, 3_000, "u1").tobytes())
    whole = (tmp_path / "a.keras").read_bytes()
    for at in (*range(50, 90), whole.rfind(b"PK\x01\x02") + 8, whole.rfind(b"PK\x01\x02") + 10):
        (tmp_path / "a.keras").write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        assert len(lines(tmp_path / "a.keras", "problem")) == 1


def test_an_archive_that_inflates_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(20_000_000))
    one(tmp_path / "a.keras", "note", "too large to look at")
