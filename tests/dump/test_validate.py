"""What ``write_dump`` is given: taken in every form that is clear, and refused in one line where it is not."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

import lstmviz
from lstmviz.errors import DumpError, DumpExists, DumpMissing, InputError, RecordingError, UnknownName

WORDS = ["(", ")", "é", ""]


@pytest.fixture
def arrays():
    return {
        "states": {"rnn.l0.h": np.zeros((7, 3), "float16"), "rnn.l0.c": np.zeros((7, 2), "float32")},
        "tokens": [0, 1, 2, 0, 1, 2, 3],
        "vocab": WORDS,
        "lengths": [3, 1, 3],
        "tracks": {"depth": np.arange(7)},
    }


@pytest.mark.parametrize(
    "vocab",
    [
        WORDS,
        tuple(WORDS),
        np.array(WORDS),
        np.array(WORDS, object),
        pd.Series(WORDS),
        {"": 3, "é": 2, "(": 0, ")": np.int64(1)},
        dict.fromkeys(WORDS).keys(),
    ],
    ids=lambda v: type(v).__name__,
)
def test_a_vocabulary_in_any_form_names_the_same_tokens(arrays, tmp_path, vocab):
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "a.h5", **{**arrays, "vocab": vocab}))
    assert dump.tokens[:] == ["(", ")", "é", "(", ")", "é", ""]
    assert dump.first.join == ""


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["b", None, "a", "b", None, "a", "a"], ["b", None, "a", "b", None, "a", "a"]),
        (["a\0", "a", "a\0", "a", "a", "a", "a"], ["a\0", "a", "a\0", "a", "a", "a", "a"]),
        (np.array([b"a", b"b"] + [b"\xc3\xa9"] * 5), ["a", "b"] + ["é"] * 5),
        (pd.Series(["a", None, "b", "a", "a", "a", "a"]), ["a", None, "b", "a", "a", "a", "a"]),
        ([None] * 7, [None] * 7),
    ],
    ids=["None", "NUL", "bytes", "pandas", "all None"],
)
def test_a_category_may_lack_a_value(arrays, tmp_path, values, labels):
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "a.h5", **{**arrays, "tracks": {"part": values}}))
    track = dump.tracks["part"]
    assert track.info.kind == "category"
    assert track.labels == tuple(sorted({x for x in labels if x is not None}))
    assert [None if i < 0 else track.labels[i] for i in track[:]] == labels


def test_tensors_and_flags_are_arrays(arrays, tmp_path):
    states = {"h": torch.full((7, 2), 0.5, requires_grad=True), "b": torch.full((7, 2), 0.5, dtype=torch.bfloat16)}
    changed = {"states": states, "tokens": torch.tensor(arrays["tokens"]), "tracks": {"is_open": [True] * 7}}
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "a.h5", **{**arrays, **changed}))
    assert [dump.states(name)[0].tolist() for name in ("h", "b")] == [[0.5, 0.5]] * 2
    assert dump.tracks["is_open"][:].tolist() == [1] * 7


def test_provenance_takes_numpy_values(arrays, tmp_path):
    given = {"loss": np.float32(0.5), "epoch": np.int64(3), "rates": np.array([1.0, 0.5]), "is_best": np.bool_(True)}
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "a.h5", **arrays, provenance=given))
    assert {k: dump.provenance[k] for k in given} == {"loss": 0.5, "epoch": 3, "rates": [1.0, 0.5], "is_best": True}


REFUSED = [
    ({"tokens": [0, 1, 2, 0, 1]}, ["tokens", "5", "7", "step 5"]),
    ({"tokens": [0, 1, 2, 0, 9, 2, 3]}, ["token id 9 at step 4", "0 to 3"]),
    ({"tokens": [0, 1, 2, 0, -1, 2, 3]}, ["token id -1 at step 4"]),
    ({"tokens": [0, 1, 2, 0, -1, 2, 3], "vocab": None}, ["token id -1 at step 4", "ids 0 to 4294967295"]),
    ({"tokens": [0.5] * 7}, ["token id 0.5 at step 0 is not a whole number", "inputs="]),
    ({"tokens": [0, 1, np.nan, 0, 1, 2, 3]}, ["token id nan at step 2 is not a whole number", "lengths="]),
    ({"tokens": [0, 1, "a", 0, 1, 2, 3]}, ["tokens hold 'a' at step 2", "ids only, or strings only"]),
    ({"tokens": ["a", "b", 4, "a", "a", "a", "a"]}, ["tokens hold 4 at step 2", "ids only, or strings only"]),
    ({"tokens": ["a", None, "b", "a", "a", "a", "a"]}, ["tokens hold None at step 1"]),
    ({"tokens": iter([0] * 7)}, ["tokens is a list_iterator", "read once"]),
    ({"tokens": [[0], [0, 1]]}, ["lengths are 3, 1, 3", "the rows of tokens have 1, 2"]),
    ({"tokens": None}, ["vocabulary but no tokens"]),
    ({"vocab": [1, 2, 3, 4]}, ["vocab[0] is 1", "not a string"]),
    ({"vocab": [b"(", b"\xff"]}, ["vocab[1] is b'", "decode it"]),
    ({"vocab": ["a", float("nan"), "b", "c"]}, ["vocab[1] is nan", "keep_default_na=False"]),
    ({"vocab": "words.txt"}, ["vocab is the text 'words.txt'", "give a list"]),
    ({"vocab": {"a": 0, "b": "x"}}, ["the entry 'b': 'x'", "a token and its id"]),
    ({"vocab": {"a": 0, "b": -1}}, ["the entry 'b': -1", "of 0 or more"]),
    ({"vocab": {"a": 0, "b": 9_999}}, ["2 entries", "none for id 1"]),
    ({"vocab": set(WORDS)}, ["vocab is a set", "no order"]),
    ({"vocab": 4}, ["vocab is a int", "give a list"]),
    ({"vocab": []}, ["vocab is empty"]),
    ({"vocab": {"a": 0, "b": 0}}, ["id 0", "'a' and 'b'"]),
    ({"lengths": [3, 3]}, ["6", "7"]),
    ({"lengths": [8, -1]}, ["lengths[1] is -1", "0 or more"]),
    ({"lengths": [3.5, 3.5]}, ["lengths[0] is 3.5, not a whole number", "each sequence"]),
    ({"lengths": 7}, ["lengths are int64 of shape ()", "whole number"]),
    ({"lengths": []}, ["lengths add up to 0", "7 steps"]),
    ({"states": {}}, ["no states"]),
    ({"states": [np.zeros((7, 1))]}, ["states is a list", "give a dict"]),
    ({"states": {"rnn.l0.h": np.zeros(7)}}, ["rnn.l0.h", "(7,)", "(n_steps, n_units)"]),
    ({"states": {"rnn.l0.h": [[1.0, 2.0], [1.0]]}}, ["'rnn.l0.h' cannot be read", "the same number of units"]),
    ({"states": {"rnn.l0.h": [["a"]] * 7}}, ["'rnn.l0.h' hold 'a'", "give numbers"]),
    ({"states": {"rnn.l0.h": np.zeros((7, 1), complex)}}, ["'rnn.l0.h' are of type complex128"]),
    ({"states": {"rnn.l0.h": np.zeros((7, 0))}}, ["rnn.l0.h", "0 units"]),
    ({"states": {"a\nb": np.zeros((7, 1))}}, ["'a\\nb'", "no control characters"]),
    ({"states": {3: np.zeros((7, 1))}}, ["source name 3 is not a string"]),
    ({"states": {"rnn.l0.h": np.zeros((7, 1)), "rnn.l1.h": np.zeros((6, 1))}}, ["rnn.l1.h", "step 6"]),
    ({"tracks": {"depth": np.arange(6)}}, ["depth", "(6,)", "step 6"]),
    ({"tracks": {"depth": np.zeros((7, 1))}}, ["depth", "(7, 1)", "one value a step"]),
    ({"tracks": {"depth": np.array([{}] * 7)}}, ["'depth' holds {} at step 0", "strings"]),
    ({"tracks": {"depth": ["a", 1] + ["b"] * 5}}, ["'depth' holds 1 among text at step 1"]),
    ({"tracks": {"depth": [1, 2, "x", 4, 5, 6, 7]}}, ["'depth' holds 'x' among numbers at step 2", "NaN"]),
    ({"tracks": {"depth": np.zeros(7, "M8[s]")}}, ["'depth' holds dates", "astype(str)"]),
    ({"tracks": {"depth": np.zeros(7, complex)}}, ["'depth'", "complex128", "floats or strings"]),
    ({"tracks": {"part": np.array([b"a"] * 6 + [b"\xff"])}}, ["'part'", "xff' at step 6", "UTF-8"]),
    ({"tracks": {3: np.arange(7)}}, ["track name 3 is not a string"]),
    ({"tracks": [np.arange(7)]}, ["tracks is a list"]),
    ({"views": {"rnn.l0.h": "log"}}, ["'log'", "'tanh'"]),
    ({"views": "tanh"}, ["views is a str", "give a dict"]),
    ({"join": 3}, ["join 3 is not a string"]),
    ({"axis": 3}, ["axis name 3 is not a string"]),
    ({"provenance": {"model": object()}}, ["provenance", "a object", "give text"]),
    ({"provenance": {"loss": float("nan")}}, ["provenance", "nan", "finite"]),
    ({"provenance": {"note": "x" * 60_000}}, ["provenance takes", "60000"]),
    ({"provenance": "mine"}, ["provenance is a str", "give a dict"]),
]


@pytest.mark.parametrize(("change", "words"), REFUSED)
def test_what_does_not_fit_is_refused_with_the_first_offender(arrays, tmp_path, change, words):
    with pytest.raises(DumpError) as caught:
        lstmviz.write_dump(tmp_path / "bad.h5", **{**arrays, **change})
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_an_unknown_source_in_views_is_refused(arrays, tmp_path):
    with pytest.raises(UnknownName) as caught:
        lstmviz.write_dump(tmp_path / "a.h5", **arrays, views={"rnn.l1.c": "tanh"})
    assert str(caught.value) == "no source 'rnn.l1.c' to set the view of; there is rnn.l0.h, rnn.l0.c"


def test_a_place_that_cannot_be_written_is_said(arrays, tmp_path):
    with pytest.raises(DumpMissing, match=r"no folder .*nowhere to write a\.h5 in; make it first"):
        lstmviz.write_dump(tmp_path / "nowhere" / "a.h5", **arrays)
    with pytest.raises(DumpExists, match="is a folder"):
        lstmviz.write_dump(tmp_path, **arrays, overwrite=True)
    with pytest.raises(DumpError, match=r"cannot be written .*another path"):
        lstmviz.write_dump(tmp_path / ("x" * 250), **arrays)
    assert not list(tmp_path.iterdir())


def test_what_is_handed_in_is_an_error_of_both_doors():
    assert issubclass(InputError, DumpError)
    assert issubclass(InputError, RecordingError)


def test_recording_does_not_load_hdf5_into_the_training_process(tmp_path):
    code = (
        "import sys, json, torch, lstmviz; lstmviz.errors.InputError; from lstmviz import record\n"
        "lstm = torch.nn.LSTM(2, 3, batch_first=True)\n"
        "with record(lstm, sys.argv[1], vocab=['a']) as run:\n"
        "    with run.batch(tokens=[[0, 0]], tracks={'part': [['x', None]]}): lstm(torch.zeros(1, 2, 2))\n"
        "print(json.dumps('h5py' in sys.modules))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.h5")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(said) is False
    assert lstmviz.open_dump(tmp_path / "a.h5").n_steps == 2
