"""A dump on disk: what is written comes back, and what is wrong is said in one line."""

from __future__ import annotations

import multiprocessing
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.dump import safe
from lstmviz.dump.header import Header
from lstmviz.dump.schema import AxisPlan, DumpPlan, SourcePlan, pack_strings, unpack_strings
from lstmviz.errors import DumpError, DumpExists, DumpMissing, LstmvizError, NewerFormat, UnknownName, WindowError
from support.budget import examples
from support.paths import ROOT

HOSTILE = ["", " ", "\n", "<b>x</b>", "a\u0000b", "\u202eabc", "\u200b", "é", "𝄞", "x" * 10_000, "a\tb"]


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return {
        "states": {
            "rnn.l0.h": rng.normal(size=(7, 3)).astype("float16"),
            "rnn.l0.c": rng.normal(size=(7, 3)).astype("float32"),
            "rnn.l1.h": rng.normal(size=(7, 2)),
        },
        "tokens": [0, 1, 2, 0, 1, 2, 3],
        "vocab": ["(", ")", "é", ""],
        "lengths": [3, 1, 3],
        "tracks": {"depth": np.arange(7), "loss": np.linspace(0, 1, 7), "part": list("abacaba")},
        "views": {"rnn.l0.c": "tanh"},
    }


@pytest.fixture
def path(arrays, tmp_path):
    return lstmviz.write_dump(tmp_path / "run.h5", **arrays)


def test_all_that_was_written_comes_back(arrays, path):
    dump = lstmviz.open_dump(path)
    assert list(dump.sources) == ["rnn.l0.h", "rnn.l0.c", "rnn.l1.h"]
    for name, values in arrays["states"].items():
        states = dump.states(name)
        assert (states.shape, states.dtype) == (values.shape, values.dtype)
        np.testing.assert_array_equal(states[:], values)
        np.testing.assert_array_equal(states[2:5, [1, 0]], values[2:5, [1, 0]])
        np.testing.assert_array_equal(states[-2:, 1], values[-2:, 1])
        np.testing.assert_array_equal(states[3], values[3])
    assert dump.sources["rnn.l0.c"].view == "tanh"
    assert dump.tokens[1:5] == [")", "é", "(", ")"]
    assert dump.tokens[6] == ""
    assert dump.tokens.ids[1:3].tolist() == [1, 2]
    assert dump.sequences.to_numpy().tolist() == [[0, 3], [3, 4], [4, 7]]
    assert dump.tracks["depth"][2:4].tolist() == [2, 3]
    assert [dump.tracks["part"].labels[i] for i in dump.tracks["part"][:]] == list("abacaba")
    assert dump.tracks["loss"][6] == 1.0
    assert (dump.n_steps, dump.first.join, dump.first.text(0, 3)) == (7, "", "()é")
    assert [dump.first.sequence_of(t) for t in range(7)] == [0, 0, 0, 1, 2, 2, 2]


def test_every_write_has_a_new_uuid(arrays, path):
    first = lstmviz.open_dump(path).uuid
    lstmviz.write_dump(path, **arrays, overwrite=True)
    assert lstmviz.open_dump(path).uuid != first
    assert re.fullmatch("[0-9a-f]{32}", first)


def test_nothing_is_overwritten_unasked_and_no_half_file_is_left(arrays, path):
    before = path.read_bytes()
    with pytest.raises(DumpExists, match="overwrite=True"):
        lstmviz.write_dump(path, **arrays)
    with pytest.raises(DumpError):
        lstmviz.write_dump(path, **{**arrays, "lengths": [3, 3]}, overwrite=True)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["run.h5"]


def test_a_dump_without_tokens_or_vocabulary(tmp_path):
    states = {"rnn.l0.h": np.zeros((3, 1), "float32")}
    numbers = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "n.h5", states=states))
    assert numbers.tokens is None
    assert numbers.first.text(0, 3) == ""
    assert numbers.search("x").empty
    ids = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "i.h5", states=states, tokens=[7, 8, 9]))
    assert ids.tokens[:] == ["7", "8", "9"]


def test_nan_values_are_counted_at_writing_or_on_demand(tmp_path):
    values = np.zeros((70_000, 2), "float16")
    values[[3, 69_999], [0, 1]] = np.nan
    path = lstmviz.write_dump(tmp_path / "nan.h5", states={"rnn.l0.h": values})
    assert lstmviz.open_dump(path).n_nan("rnn.l0.h") == 2
    with h5py.File(path, "r+") as file:
        del file["sources/rnn.l0.h"].attrs["n_nan"]
    assert lstmviz.open_dump(path).n_nan("rnn.l0.h") == 2


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"])))))
def test_any_strings_survive_the_string_table(strings):
    assert list(unpack_strings(*pack_strings(tuple(strings)), "test")) == strings


def test_hostile_tokens_and_names_come_back_as_themselves(tmp_path):
    n = len(HOSTILE)
    path = lstmviz.write_dump(
        tmp_path / "h.h5",
        states={"модель.l0.h": np.zeros((n, 1))},
        tokens=range(n),
        vocab=HOSTILE,
        tracks={"<i>": HOSTILE},
    )
    dump = lstmviz.open_dump(path)
    assert dump.tokens[:] == HOSTILE
    assert [dump.tracks["<i>"].labels[i] for i in dump.tracks["<i>"][:]] == HOSTILE
    assert list(dump.sources) == ["модель.l0.h"]


def edit(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


def replace(file, name, values, **more):
    attrs = dict(file[name].attrs)
    del file[name]
    file.create_dataset(name, data=values, **more).attrs.update(attrs)


def outside(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros((7, 3), "float32")
    return str(tmp_path / "other.h5")


def virtual(file, tmp_path):
    layout = h5py.VirtualLayout((7, 3), "float32")
    layout[:] = h5py.VirtualSource(outside(tmp_path), "secret", (7, 3))
    file.create_virtual_dataset("sources/v", layout)


DAMAGE = {
    "not a dump": (lambda f, _: f.attrs.__delitem__("format"), ["not an lstmviz dump"]),
    "other format": (lambda f, _: f.attrs.__setitem__("format", np.bytes_("keras")), ["not an lstmviz dump"]),
    "newer": (lambda f, _: f.attrs.__setitem__("format_version", 9), ["version 9", "upgrade"]),
    "version 0": (lambda f, _: f.attrs.__setitem__("format_version", 0), ["version 0"]),
    "no axes": (lambda f, _: f.__delitem__("axes"), ["'/axes'", "docs/format.md"]),
    "no steps": (lambda f, _: f["axes/text"].attrs.__setitem__("n_steps", 0), ["no steps"]),
    "short tokens": (lambda f, _: replace(f, "axes/text/tokens", np.zeros(5, "u4")), ["tokens", "5", "7", "step 5"]),
    "short states": (
        lambda f, _: replace(f, "sources/rnn.l0.h", np.zeros((6, 3), "f2")),
        ["rnn.l0.h", "6", "7", "step 6"],
    ),
    "flat states": (lambda f, _: replace(f, "sources/rnn.l0.h", np.zeros(7, "f2")), ["rnn.l0.h", "(7,)"]),
    "integer states": (lambda f, _: replace(f, "sources/rnn.l0.h", np.zeros((7, 3), "i4")), ["int32"]),
    "wide track": (lambda f, _: replace(f, "tracks/depth/values", np.zeros((7, 2))), ["depth", "(7, 2)"]),
    "gap": (lambda f, _: replace(f, "axes/text/sequences/start", np.array([0, 4, 5])), ["sequence 1", "starts at 3"]),
    "early end": (lambda f, _: replace(f, "axes/text/sequences/stop", np.array([3, 4, 6])), ["end at step 6", "7"]),
    "lost axis": (lambda f, _: f["sources/rnn.l0.h"].attrs.__setitem__("axis", np.bytes_("x")), ["rnn.l0.h", "text"]),
    "bad view": (lambda f, _: f["sources/rnn.l0.h"].attrs.__setitem__("view", np.bytes_("log")), ["'log'"]),
    "bad kind": (lambda f, _: f["tracks/depth"].attrs.__setitem__("kind", np.bytes_("x")), ["'x'", "category"]),
    "number as text": (lambda f, _: f["sources/rnn.l0.h"].attrs.__setitem__("view", 3), ["view", "fixed-length"]),
    "external link": (
        lambda f, t: f.__setitem__("sources/x", h5py.ExternalLink(outside(t), "/secret")),
        ["ExternalLink"],
    ),
    "soft link": (lambda f, _: f.__setitem__("sources/x", h5py.SoftLink("/axes/text/tokens")), ["SoftLink"]),
    "name of a group that is no text": (
        lambda f, _: h5py.h5g.create(f["sources"].id, b"rnn\xff"),
        ["is damaged ('utf-8'"],
    ),
    "hard link": (lambda f, _: f.__setitem__("sources/x", f["sources/rnn.l0.h"]), ["twice"]),
    "loop": (lambda f, _: f.__setitem__("sources/x", f["sources"]), ["twice"]),
    "virtual": (virtual, ["another file"]),
    "external storage": (
        lambda f, t: f.create_dataset("sources/x", (7, 3), "f4", external=[(outside(t), 0, 84)]),
        ["another file"],
    ),
    "text": (lambda f, _: f.create_dataset("note", data="hello"), ["note", "only integers"]),
    "text attribute": (lambda f, _: f.attrs.__setitem__("note", "hello"), ["note", "fixed-length"]),
    **{
        f"attribute that is {kind}": (lambda f, _, v=value: f["tracks/part"].attrs.update(note=v), ["note", word])
        for kind, value, word in (
            ("a truth value", True, "not read"),
            ("compound", np.zeros(2, [("a", "i4")]), "not read"),
            ("complex", 1j, "not read"),
            ("of any length", "a" * 100, "fixed-length"),
            ("large", np.zeros(8_000), "larger than 10000 bytes"),
        )
    },
    "nothing for n_steps": (
        lambda f, _: f["axes/text"].attrs.__setitem__("n_steps", h5py.Empty("i8")),
        ["is damaged"],
    ),
    "bomb": (
        lambda f, _: f.create_dataset("sources/x", (2**30, 1), "f4", chunks=(2**20, 1), compression="gzip"),
        ["never written"],
    ),
    "thin bomb": (
        lambda f, _: f.create_dataset("x", (2**30, 1), "f4", chunks=(2**20, 1), compression="gzip").write_direct(
            np.zeros((1, 1), "f4"), dest_sel=np.s_[:1]
        ),
        ["bomb"],
    ),
    "holes": (
        lambda f, _: f.create_dataset("x", (40, 1), "f4", chunks=(4, 1)).write_direct(
            np.ones((4, 1), "f4"), dest_sel=np.s_[:4]
        ),
        ["1 of 10 chunks"],
    ),
    "huge chunk": (
        lambda f, _: f.create_dataset("x", (2**24 + 1,), "f4", chunks=(2**24 + 1,), compression="gzip").__setitem__(
            0, 1
        ),
        ["chunks of 67108868"],
    ),
    "filter": (lambda f, _: f.create_dataset("x", (8,), "i4", scaleoffset=0), ["filter 6"]),
    "named type": (lambda f, _: f.__setitem__("x", np.dtype("f4")), ["named type"]),
    "tokens of floats": (
        lambda f, _: replace(f, "axes/text/tokens", np.array([0, 1, np.nan, 0, 1, 2, 3])),
        ["'/axes/text/tokens' is float64", "integers"],
    ),
    "tokens of bytes": (
        lambda f, _: replace(f, "axes/text/tokens", np.array([b"a"] * 7)),
        ["'/axes/text/tokens' is |S1", "integers"],
    ),
    "tokens are a group": (
        lambda f, _: (f.__delitem__("axes/text/tokens"), f.create_group("axes/text/tokens")),
        ["lacks the array '/axes/text/tokens'", "docs/format.md"],
    ),
    "float vocab offsets": (
        lambda f, _: replace(f, "axes/text/vocab/offsets", np.array([0.0, 1, 2, 4, 4])),
        ["'/axes/text/vocab/offsets' is float64", "integers"],
    ),
    "no vocab offsets": (
        lambda f, _: f.__delitem__("axes/text/vocab/offsets"),
        ["lacks the array '/axes/text/vocab/offsets'"],
    ),
    "no vocab bytes": (
        lambda f, _: f.__delitem__("axes/text/vocab/bytes"),
        ["lacks the array '/axes/text/vocab/bytes'"],
    ),
    "vocab of bytes": (
        lambda f, _: replace(f, "axes/text/vocab/bytes", np.array([b"a"] * 4)),
        ["'/axes/text/vocab/bytes' is |S1"],
    ),
    "vocab in wide bytes": (
        lambda f, _: replace(f, "axes/text/vocab/bytes", np.zeros(4, "u4")),
        ["'/axes/text/vocab/bytes' is uint32", "uint8"],
    ),
    "vocab is an array": (
        lambda f, _: (f.__delitem__("axes/text/vocab"), f.__setitem__("axes/text/vocab", np.zeros(4))),
        ["lacks the array '/axes/text/vocab/bytes'"],
    ),
    "vocab offsets beyond": (
        lambda f, _: replace(f, "axes/text/vocab/offsets", np.array([0, 1, 2, 4, 9])),
        ["/axes/text/vocab", "offsets"],
    ),
    "vocab offsets back": (
        lambda f, _: replace(f, "axes/text/vocab/offsets", np.array([0, 3, 2, 4, 4], "u8")),
        ["/axes/text/vocab", "offsets"],
    ),
    "float label offsets": (
        lambda f, _: replace(f, "tracks/part/labels/offsets", np.array([0.0, 1, 2, 3])),
        ["'/tracks/part/labels/offsets' is float64", "integers"],
    ),
    "no label offsets": (
        lambda f, _: f.__delitem__("tracks/part/labels/offsets"),
        ["lacks the array '/tracks/part/labels/offsets'"],
    ),
    "no label bytes": (
        lambda f, _: f.__delitem__("tracks/part/labels/bytes"),
        ["lacks the array '/tracks/part/labels/bytes'"],
    ),
    "no labels": (lambda f, _: f.__delitem__("tracks/part/labels"), ["lacks the array '/tracks/part/labels/bytes'"]),
    "track of bytes": (
        lambda f, _: replace(f, "tracks/depth/values", np.array([b"1"] * 7)),
        ["'/tracks/depth/values' is |S1", "integers or floats"],
    ),
    "track of wide floats": (
        lambda f, _: replace(f, "tracks/depth/values", np.zeros(7, np.longdouble)),
        ["'/tracks/depth/values' is float128", "integers or floats"],
    ),
    "category of floats": (
        lambda f, _: replace(f, "tracks/part/values", np.zeros(7)),
        ["'/tracks/part/values' is float64", "integers"],
    ),
    "no track values": (lambda f, _: f.__delitem__("tracks/depth/values"), ["lacks the array '/tracks/depth/values'"]),
    "track is an array": (
        lambda f, _: (f.__delitem__("tracks/depth"), f.__setitem__("tracks/depth", np.zeros(7))),
        ["'/tracks/depth' is not a group"],
    ),
    "source is a group": (lambda f, _: f.create_group("sources/x"), ["'/sources/x' is not an array"]),
    "lost axis of a track": (
        lambda f, _: f["tracks/depth"].attrs.__setitem__("axis", np.bytes_("x")),
        ["'/tracks/depth' names an unknown axis 'x'", "it has text"],
    ),
    "no axis of a track": (
        lambda f, _: f["tracks/depth"].attrs.__delitem__("axis"),
        ["'/tracks/depth' lacks the attribute 'axis'"],
    ),
    "float n_steps": (lambda f, _: f["axes/text"].attrs.__setitem__("n_steps", 7.0), ["'n_steps' of '/axes/text'"]),
    "text n_steps": (
        lambda f, _: f["axes/text"].attrs.__setitem__("n_steps", np.bytes_("7")),
        ["'n_steps' of '/axes/text'", "integer"],
    ),
    "many n_steps": (
        lambda f, _: f["axes/text"].attrs.__setitem__("n_steps", [7, 7]),
        ["'n_steps' of '/axes/text'", "integer"],
    ),
    "text order": (
        lambda f, _: f["sources/rnn.l0.h"].attrs.__setitem__("order", np.bytes_("first")),
        ["'order' of '/sources/rnn.l0.h'", "integer"],
    ),
    "NaN order": (
        lambda f, _: f["tracks/depth"].attrs.__setitem__("order", np.nan),
        ["'order' of '/tracks/depth'", "integer"],
    ),
    "float n_nan": (
        lambda f, _: f["sources/rnn.l0.h"].attrs.__setitem__("n_nan", 0.5),
        ["'n_nan' of '/sources/rnn.l0.h'", "integer"],
    ),
    "negative n_nan": (
        lambda f, _: f["sources/rnn.l0.h"].attrs.__setitem__("n_nan", -1),
        ["'n_nan' of '/sources/rnn.l0.h'", "0 or more"],
    ),
    "text version": (
        lambda f, _: f.attrs.__setitem__("format_version", np.bytes_("one")),
        ["'format_version' of '/'", "integer"],
    ),
    "float sequences": (
        lambda f, _: replace(f, "axes/text/sequences/stop", np.array([3.0, 4.0, 7.0])),
        ["'/axes/text/sequences/stop' is float64", "integers"],
    ),
    "wide sequences": (
        lambda f, _: replace(f, "axes/text/sequences/start", np.zeros((3, 1), "i8")),
        ["'/axes/text/sequences/start' has shape (3, 1)", "one dimension"],
    ),
    "no sequences": (
        lambda f, _: f.__delitem__("axes/text/sequences"),
        ["lacks the array '/axes/text/sequences/start'"],
    ),
    "name": (lambda f, _: f.move("tracks/depth", "tracks/a\nb"), ["'a\\nb'", "no control characters"]),
    "uuid": (lambda f, _: f.attrs.__setitem__("uuid", np.bytes_("../x")), ["'../x'", "32 hexadecimal digits"]),
    "labels": (
        lambda f, _: replace(f, "tracks/part/labels/offsets", np.array([0, 9, 3, 3])),
        ["offsets", "string table"],
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_what_is_wrong_in_a_file_is_one_line_that_names_it(path, tmp_path, monkeypatch, what):
    change, words = DAMAGE[what]
    monkeypatch.setattr(safe, "MAX_ATTRIBUTE_BYTES", 10_000)
    edit(path, lambda file: change(file, tmp_path))
    with pytest.raises(DumpError) as caught:
        lstmviz.open_dump(path)
    message = str(caught.value)
    assert all(word in message for word in [path.name, *words]), message
    assert "\n" not in message
    assert (what == "newer") == isinstance(caught.value, NewerFormat)


def test_files_that_are_no_dump_at_all(path, tmp_path):
    with pytest.raises(DumpMissing, match="no file at"):
        lstmviz.open_dump(tmp_path / "none.h5")
    with pytest.raises(DumpError, match="is a folder"):
        lstmviz.open_dump(tmp_path)
    text = tmp_path / "text.h5"
    text.write_text("hello")
    with pytest.raises(DumpError, match="not an HDF5 file"):
        lstmviz.open_dump(text)
    text.write_text("")
    with pytest.raises(DumpError, match="not an HDF5 file"):
        lstmviz.open_dump(text)
    whole = path.read_bytes()
    for keep in (len(whole) // 2, len(whole) - 1, 600):
        text.write_bytes(whole[:keep])
        with pytest.raises(DumpError, match="truncated or damaged"):
            lstmviz.open_dump(text)


def test_a_flipped_byte_in_recorded_values_is_noticed(path):
    with h5py.File(path) as file:
        place = file["sources/rnn.l0.h"].id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[place + 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DumpError, match=r"rnn\.l0\.h.*damaged"):
        lstmviz.open_dump(path).states("rnn.l0.h")[0:1]


@examples(150)
@given(st.data())
def test_a_mutated_file_gives_its_values_or_one_of_our_errors(path, tmp_path, data):
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    mutant = tmp_path / "mutant.h5"
    mutant.write_bytes(content)
    complaint = _read_everything(mutant)
    assert "\n" not in complaint


def _read_everything(path):
    try:
        dump = lstmviz.open_dump(path)
        for name in dump.sources:
            dump.states(name)[:]
        for axis in dump.axes.values():
            if axis.tokens is not None:
                axis.tokens[:]
            for track in axis.tracks.values():
                track[:]
    except LstmvizError as error:
        return str(error)
    return ""


def test_attributes_are_what_h5py_reads_of_them(path):
    numbers = (7, "u1"), (-7, "<i8"), (7, ">i4"), (0.1, "f2"), (0.1, ">f8"), ([1, 2], "i2"), ([[1], [2]], "f4")
    given = [*(np.bytes_(word.encode()) for word in HOSTILE[1:]), np.array([b"a", b"bc"])]
    given += [np.array(value, dtype) for value, dtype in numbers]
    with h5py.File(path, "r+") as file:
        file.attrs.update({f"a{i}": value for i, value in enumerate(given)})
    with h5py.File(path) as file:
        for name, value in file.attrs.items():
            read = Header(file, path)._attribute(file, name)
            assert (type(read), np.asarray(read).dtype) == (type(value), np.asarray(value).dtype)
            np.testing.assert_array_equal(read, value)


def test_names_that_are_not_there_list_those_that_are(path):
    dump = lstmviz.open_dump(path)
    with pytest.raises(UnknownName) as caught:
        dump.states("rnn.l3.c")
    assert str(caught.value) == (
        'no source \'rnn.l3.c\' in run.h5; it has rnn.l0.c, rnn.l0.h, rnn.l1.h. Record it with states=("h", "c")'
    )
    with pytest.raises(IndexError, match="no unit 3; its units are 0 to 2"):
        dump.states("rnn.l0.h")[0:2, [0, 3]]
    with pytest.raises(IndexError, match="step 7 is outside"):
        dump.states("rnn.l0.h")[7]


def test_a_mask_picks_the_units_that_it_marks(arrays, path):
    states, values = lstmviz.open_dump(path).states("rnn.l0.h"), arrays["states"]["rnn.l0.h"]
    for mask in ([True, False, True], np.array([False, True, False]), np.zeros(3, bool)):
        np.testing.assert_array_equal(states[0:2, mask], values[0:2, mask])
    np.testing.assert_array_equal(states[np.int8(1), []], values[1, []])


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (np.s_[0:2, [True, False]], ["mask", "(2,)", "(3,)"]),
        (np.s_[0:2, True], ["mask", "()"]),
        (np.s_[0:2, [0.0, 1.0]], ["rnn.l0.h", "whole numbers", "float64"]),
        (np.s_[0:2, "1"], ["whole numbers", "<U1"]),
        (np.s_[1.7], ["whole number", "1.7"]),
        (np.s_[np.float32(1)], ["whole number", "1.0"]),
        (np.s_[0:1.5], ["[start:stop]"]),
        (np.s_["1"], ["[start:stop]"]),
        (np.s_[[1, 2]], ["[start:stop]", "[1, 2]"]),
        (np.s_[...], ["[start:stop]"]),
        (np.s_[0:4:2], ["every 2th"]),
        (np.s_[0, 1, 2], ["[steps, units]", "3 indices"]),
    ],
)
def test_an_index_that_names_no_values_is_refused(path, key, words):
    with pytest.raises(WindowError) as caught:
        lstmviz.open_dump(path).states("rnn.l0.h")[key]
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("read", [lambda t: t[2:7], lambda t: t[5], lambda t: t.ids[3:], lambda t: t.ids[-2]])
@pytest.mark.parametrize(("bad", "words"), [(-1, []), (4, ["outside the vocabulary of 4 entries"])])
def test_a_token_id_that_is_none_is_never_another_token(path, read, bad, words):
    edit(path, lambda f: replace(f, "axes/text/tokens", np.array([0, 1, 2, 0, 1, bad, 3])))
    dump = lstmviz.open_dump(path)
    assert dump.tokens[:5] == ["(", ")", "é", "(", ")"]
    with pytest.raises(DumpError) as caught:
        read(dump.tokens)
    assert all(w in str(caught.value) for w in [path.name, f"token id {bad} at step 5", *words]), str(caught.value)
    with pytest.raises(DumpError, match=f"token id {bad} at step 5"):
        dump.search("(")


def test_a_negative_id_is_refused_without_a_vocabulary_too(path):
    edit(path, lambda f: replace(f, "axes/text/tokens", np.array([0, 1, 2, 0, 1, -7, 3], "i1")))
    edit(path, lambda f: f.__delitem__("axes/text/vocab"))
    with pytest.raises(DumpError, match=r"run\.h5.*token id -7 at step 5 is negative"):
        lstmviz.open_dump(path).tokens[:]


def test_attributes_of_one_value_in_a_list_are_read(path):
    edit(path, lambda f: f["axes/text"].attrs.__setitem__("n_steps", np.array([7], "u1")))
    assert lstmviz.open_dump(path).n_steps == 7


@pytest.mark.parametrize("text", ["[" * 30_000, "3", "{"], ids=len)
def test_provenance_that_is_none_is_empty(path, text):
    edit(path, lambda f: f.attrs.__setitem__("provenance", np.bytes_(text)))
    assert lstmviz.open_dump(path).provenance == {}


def _read_in_child(dump, queue):
    queue.put(dump.states("rnn.l0.h")[2:4].tolist())


def test_a_dump_opened_before_a_fork_reads_after_it(path):
    dump = lstmviz.open_dump(path)
    expected = dump.states("rnn.l0.h")[2:4].tolist()
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_read_in_child, args=(dump, queue))
    child.start()
    assert queue.get() == expected
    child.join()


def test_a_closed_dump_opens_again_but_not_another_recording(arrays, path):
    dump = lstmviz.open_dump(path)
    dump.close()
    assert dump.states("rnn.l0.h")[0:1].shape == (1, 3)
    dump.close()
    lstmviz.write_dump(path, **arrays, overwrite=True)
    for _ in range(2):
        with pytest.raises(DumpError, match="was recorded again or changed since"):
            dump.states("rnn.l0.h")[0:1]


def test_a_plan_survives_json():
    plan = DumpPlan.from_json(
        '{"axes": [{"name": "a", "join": "", "has_tokens": true, "vocab": ["x", "é"]}],'
        '"sources": [{"name": "s", "axis": "a", "n_units": 2, "dtype": "float16", "view": "raw"}],'
        '"tracks": [{"name": "t", "axis": "a", "kind": "category", "labels": ["u"]}], "provenance": {"k": 1}}'
    )
    assert DumpPlan.from_json(plan.to_json()) == plan
    empty = DumpPlan((AxisPlan("a", vocab=()),), plan.sources)
    assert DumpPlan.from_json(empty.to_json()) == empty
    with pytest.raises(DumpError, match="header"):
        DumpPlan.from_json(plan.to_json().replace('"x"', "3"))
    with pytest.raises(DumpError, match="header"):
        DumpPlan.from_json("{")
    for n_units in ("1e999", "NaN", "3.5", '"3"', "null", "0", "-1"):
        changed = re.sub(r'"n_units": \d+', f'"n_units": {n_units}', plan.to_json(), count=1)
        assert changed != plan.to_json()
        with pytest.raises(DumpError, match=r"units"):
            DumpPlan.from_json(changed)
    with pytest.raises(DumpError, match="declared twice"):
        DumpPlan(plan.axes, (plan.sources[0], SourcePlan("s", "a", 1)))
    with pytest.raises(DumpError, match="'b', which is not declared; there is a"):
        DumpPlan(plan.axes, (SourcePlan("s", "b", 1),))


def test_an_object_limit_stops_a_long_walk(path, monkeypatch):
    monkeypatch.setattr(safe, "MAX_OBJECTS", 5)
    with pytest.raises(DumpError, match="more than 5 objects"):
        lstmviz.open_dump(path)


def test_the_format_page_has_a_writer_that_works(tmp_path):
    page = (ROOT / "docs" / "format.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", page, re.S)
    script = tmp_path / "write.py"
    script.write_text(block)
    subprocess.run([sys.executable, script], cwd=tmp_path, check=True)
    dump = lstmviz.open_dump(tmp_path / "mine.h5")
    assert dump.tokens[:] == ["la", "li", "la"]
    assert dump.first.text(0, 2) == "la li"
    assert dump.states("rnn.l0.h")[:].shape == (3, 4)
    assert dump.source("rnn.l0.h").units == (0, 2, 4, 6)
    assert dump.tracks["year"][:].tolist() == [1899, 1899, 1922]
    assert dump.sequences["year"].tolist() == [1899, 1922]
    shutil.rmtree(tmp_path)


def test_a_short_dump_takes_little_room_and_a_long_one_keeps_its_chunks(tmp_path):
    states = {f"rnn.l{i}.h": np.ones((54, 50), "float16") for i in range(23)}
    path = lstmviz.write_dump(tmp_path / "a.h5", states=states)
    blocks = [lstmviz.DumpBlock(states={n: v[a : a + 1] for n, v in states.items()}) for a in range(54)]
    for short in (path, lstmviz.write_dump(tmp_path / "b.h5", blocks=blocks)):
        assert short.stat().st_size < 2**19
    values = {"rnn.l0.h": np.ones((8_000, 50), "float16")}
    path = lstmviz.write_dump(tmp_path / "c.h5", states=values)
    again = lstmviz.write_dump(tmp_path / "d.h5", blocks=(lstmviz.DumpBlock(states=values) for _ in range(2)))
    for long in (path, again):
        with h5py.File(long) as file:
            assert file["sources/rnn.l0.h"].chunks == (2**18 // 100, 50)


def test_lone_surrogates_stay_apart(tmp_path):
    words = ["\ud800", "\udfff", "?"]
    path = lstmviz.write_dump(
        tmp_path / "a.h5",
        states={"h": np.zeros((3, 1))},
        tokens=range(3),
        vocab=words,
        tracks={"t": words},
        join="\ud801",
    )
    dump = lstmviz.open_dump(path)
    assert dump.tokens[:] == [r"\ud800", r"\udfff", "?"]
    assert sorted(dump.tracks["t"].labels) == ["?", r"\ud800", r"\udfff"]
    assert dump.first.join == r"\ud801"
