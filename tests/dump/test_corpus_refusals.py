"""What cannot be a corpus is said in one line, and nothing outside the folder is ever read."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

import lstmviz
from lstmviz.errors import ClusterError, DumpError, DumpMissing, LstmvizError, NewerFormat


def one_line(error, ask, *words):
    with pytest.raises(error) as caught:
        ask()
    message = str(caught.value)
    assert isinstance(caught.value, LstmvizError)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_a_folder_that_is_no_corpus_is_told_in_a_line(tmp_path):
    one_line(DumpError, lambda: lstmviz.open_dump(tmp_path), "folder without a dump", str(tmp_path))
    path = lstmviz.write_dump(tmp_path / "a.h5", states={"rnn.l0.h": np.zeros((3, 2))})
    one_line(DumpError, lambda: lstmviz.open_dump(tmp_path), "one dump ('a.h5')", f"lstmviz corpus {tmp_path}")
    for i in range(9):
        lstmviz.write_dump(tmp_path / f"b{i}.h5", states={"rnn.l0.h": np.zeros((3, 2))})
    one_line(DumpError, lambda: lstmviz.open_dump(tmp_path), "10 separate dumps", "'b6.h5', ...)")
    one_line(ClusterError, lambda: lstmviz.open_dump(path, scheduler="tcp://x:1"), "not a corpus of shards", "leave")
    one_line(DumpMissing, lambda: lstmviz.write_corpus(tmp_path / "none"), "no folder at")
    (tmp_path / "empty").mkdir()
    one_line(DumpMissing, lambda: lstmviz.write_corpus(tmp_path / "empty"), "holds no dump (.h5 or .hdf5)")
    one_line(DumpError, lambda: lstmviz.write_corpus(tmp_path, []), "name at least one")
    one_line(DumpError, lambda: lstmviz.write_corpus(tmp_path / "empty", [path]), "a.h5", "does not lie in")


def listing(dumps, **more):
    return json.dumps({"format": "lstmviz-corpus", "version": 1, "dumps": dumps, **more})


HOSTILE = {
    "absolute": (listing(["/etc/passwd"]), DumpError, ["dumps.0", "not a plain path"]),
    "up": (listing(["part-0.h5", "../one.h5"]), DumpError, ["dumps.1", "not a plain path"]),
    "up inside": (listing(["x/../../one.h5"]), DumpError, ["not a plain path"]),
    "dot": (listing(["./part-0.h5"]), DumpError, ["not a plain path"]),
    "backslash": (listing(["..\\one.h5"]), DumpError, ["not a plain path"]),
    "drive": (listing(["C:one.h5"]), DumpError, ["not a plain path"]),
    "address": (listing(["http://host/part-0.h5"]), DumpError, ["not a plain path"]),
    "newline": (listing(["part-0.h5\n"]), DumpError, ["not a plain path"]),
    "nul": (listing(["part-0.h5\0"]), DumpError, ["not a plain path"]),
    "no name": (listing([""]), DumpError, ["dumps.0", "at least 1 character"]),
    "long name": (listing(["a" * 2000]), DumpError, ["dumps.0", "at most 1000"]),
    "no shards": (listing([]), DumpError, ["dumps", "at least 1"]),
    "no list": (listing("part-0.h5"), DumpError, ["dumps", "list"]),
    "numbers": (listing([1]), DumpError, ["dumps.0", "string"]),
    "many": (listing(["a"] * 100_001), DumpError, ["dumps", "at most 100000"]),
    "twice": (listing(["part-0.h5", "part-0.h5"]), DumpError, ["the same file; list it once"]),
    "missing": (listing(["part-0.h5", "part-9.h5"]), DumpMissing, ["'part-9.h5', which is missing"]),
    "folder": (listing(["."]), DumpError, ["not a plain path"]),
    "itself": (listing(["corpus.json"]), DumpError, ["corpus.json is not an HDF5 file"]),
    "newer": (listing([], version=2, later=True), NewerFormat, ["version 2", "up to 1", "upgrade"]),
    "version 0": (listing(["part-0.h5"], version=0), DumpError, ["version", "greater than or equal to 1"]),
    "version true": (listing(["part-0.h5"], version=True), DumpError, ["version", "integer"]),
    "other format": (listing(["part-0.h5"], format="zip"), DumpError, ["format", "lstmviz-corpus"]),
    "more keys": (listing(["part-0.h5"], run="rm"), DumpError, ["run", "not permitted"]),
    "a list": ("[]", DumpError, ["not a list of shards"]),
    "no json": ("{", DumpError, ["Invalid JSON"]),
    "empty": ("", DumpError, ["Invalid JSON"]),
    "deep": ("[" * 100_000, DumpError, ["Invalid JSON"]),
    "large": (" " * (2**24 + 1), DumpError, ["larger than 16,777,216 bytes"]),
    "long number": ('{"version": ' + "9" * 5000 + "}", DumpError, ["not a list of shards"]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_corpus_json_is_refused_in_a_line(parts, name):
    text, error, words = HOSTILE[name]
    (parts[1].path / "corpus.json").write_text(text)
    one_line(error, lambda: lstmviz.open_dump(parts[1].path), *words)


def test_bytes_that_are_no_text_are_refused(parts):
    (parts[1].path / "corpus.json").write_bytes(b'{"format": "\xff\xfe"}')
    one_line(DumpError, lambda: lstmviz.open_dump(parts[1].path), "not a list of shards")


def test_links_that_lead_out_of_the_folder_are_refused(parts, tmp_path):
    folder = parts[1].path
    (folder / "part-1.h5").unlink()
    (folder / "part-1.h5").symlink_to(tmp_path / "one.h5")
    one_line(DumpError, lambda: lstmviz.open_dump(folder), "'part-1.h5', which leads out of the folder")
    one_line(DumpError, lambda: lstmviz.write_corpus(folder, overwrite=True), "leads out of the folder")
    (folder / "part-1.h5").unlink()
    (folder / "part-1.h5").symlink_to("part-0.h5")
    one_line(DumpError, lambda: lstmviz.open_dump(folder), "'part-1.h5' and 'part-0.h5', which are the same file")
    (folder / "corpus.json").rename(tmp_path / "corpus.json")
    (folder / "corpus.json").symlink_to(tmp_path / "corpus.json")
    one_line(DumpError, lambda: lstmviz.open_dump(folder), "corpus.json is a link")


OTHERWISE = {
    "source": ({"states": {"rnn.l1.h": np.zeros((4, 2), "f4")}}, ["list of sources", "rnn.l1.h, and rnn.l0.h in a.h5"]),
    "units": ({"states": {"rnn.l0.h": np.zeros((4, 3), "f4")}}, ["number of units of rnn.l0.h is 3, and 2"]),
    "type": ({"states": {"rnn.l0.h": np.zeros((4, 2), "f2")}}, ["stored type of rnn.l0.h is float16, and float32"]),
    "view": ({"views": {"rnn.l0.h": "tanh"}}, ["view of rnn.l0.h is tanh, and raw"]),
    "axis": ({"axis": "speech"}, ["list of axes is speech, and text"]),
    "join": ({"join": "-"}, ["join of axis 'text' is '-', and ' '"]),
    "words": ({"vocab": ["la", "lo"]}, ["vocabulary of axis 'text' is 2 entries (fingerprint", ") in a.h5"]),
    "no words": ({"vocab": None, "join": " "}, ["vocabulary of axis 'text' is missing, and 2 entries"]),
    "no tokens": ({"vocab": None, "tokens": None, "join": " "}, ["missing, as are tokens"]),
    "no track": ({"tracks": {}}, ["list of tracks on axis 'text' is empty, and depth"]),
    "track": ({"tracks": {"depth": ["a"] * 4}}, ["kind of track 'depth' is category, and number"]),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_shards_that_do_not_go_together_are_refused_in_a_line(tmp_path, name):
    change, words = OTHERWISE[name]
    alike = {"states": {"rnn.l0.h": np.zeros((4, 2), "f4")}, "tokens": [0, 1, 0, 1], "vocab": ["la", "li"]}
    alike |= {"tracks": {"depth": [1, 2, 3, 4]}}
    lstmviz.write_dump(tmp_path / "a.h5", **alike)
    lstmviz.write_dump(tmp_path / "b.h5", **alike)
    lstmviz.write_corpus(tmp_path)
    lstmviz.write_dump(tmp_path / "b.h5", overwrite=True, **alike | change)
    one_line(DumpError, lambda: lstmviz.open_dump(tmp_path), "b.h5: the ", *words)
    one_line(DumpError, lambda: lstmviz.write_corpus(tmp_path, overwrite=True), *words)


def test_a_copy_of_a_shard_and_one_written_anew_are_refused(parts):
    _, many = parts
    folder = many.path
    (folder / "part-1.h5").write_bytes((folder / "part-0.h5").read_bytes())
    one_line(DumpError, lambda: lstmviz.open_dump(folder), "part-1.h5 is a copy of part-0.h5")
    one_line(DumpError, lambda: many.states("rnn.l0.h")[:], "part-1.h5 was replaced", "open the corpus again")
    (folder / "part-1.h5").write_bytes(b"no dump")
    one_line(DumpError, lambda: lstmviz.open_dump(folder), "part-1.h5 is not an HDF5 file")


def test_an_id_that_no_shard_has_a_word_for_is_told(parts):
    with h5py.File(parts[1].path / "part-1.h5", "r+") as file:
        n_vocab = len(file["axes/text/vocab/offsets"]) - 1
        file["axes/text/tokens"][2] = n_vocab
    corpus = lstmviz.open_dump(parts[1].path)
    wrong = f"token id {n_vocab} at step", f"outside the vocabulary of {n_vocab} entries"
    one_line(DumpError, lambda: corpus.tokens.ids[:], *wrong)
    one_line(DumpError, lambda: corpus.add_track("t", regex="."), *wrong)
