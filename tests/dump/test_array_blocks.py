"""``write_dump`` by blocks: the dump is that of all arrays at once, memory stays flat, misfits name their block."""

from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz import DumpBlock
from lstmviz.dump.verify import verify
from lstmviz.errors import DumpError, InputError
from lstmviz.match import unit_card
from lstmviz.match.engine.filters import allowed_steps
from lstmviz.types import Filter
from support.budget import examples

LABELS = ["x", "y", "é", None]


def labels_of(track):
    return [None if i < 0 else track.labels[i] for i in track[:]]


@examples(60)
@given(st.data())
def test_blocks_give_the_dump_of_all_arrays_at_once(tmp_path, data):
    lengths = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    n_steps, n = sum(lengths), len(lengths)
    states = np.arange(n_steps * 3.0).reshape(-1, 3).astype("float16")
    tokens = np.array(data.draw(st.lists(st.integers(0, 2), min_size=n_steps, max_size=n_steps)))
    part = data.draw(st.lists(st.sampled_from(LABELS), min_size=n_steps, max_size=n_steps))
    genre = data.draw(st.lists(st.sampled_from(LABELS), min_size=n, max_size=n))
    year = np.array(data.draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)), "int16")
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    common = {"vocab": ["la", "Li", "lu"], "views": {"c": "tanh"}}
    whole = {"part": part, "n": np.arange(n_steps)}, {"genre": genre, "year": year}
    one = lstmviz.open_dump(
        lstmviz.write_dump(
            folder / "one.h5",
            states={"h": states, "c": states},
            tokens=tokens,
            lengths=lengths,
            tracks=whole[0],
            sequence_tracks=whole[1],
            **common,
        )
    )
    cuts = sorted({0, n_steps, *data.draw(st.sets(st.integers(0, n_steps)))})  # anywhere: a sequence may be cut too
    stops = np.cumsum(lengths)

    def blocks():
        for a, b in zip(cuts, cuts[1:], strict=False):
            first = int(np.searchsorted(stops, a, side="right"))
            last = int(np.searchsorted(stops, b, side="left"))
            edges = [a, *stops[first:last].tolist(), b]
            yield DumpBlock(
                states={"h": states[a:b], "c": states[a:b]},
                tokens=tokens[a:b],
                lengths=np.diff(edges),
                tracks={"part": part[a:b], "n": np.arange(n_steps)[a:b]},
                sequence_tracks={"genre": genre[first : last + 1], "year": year[first : last + 1]},
                continues=a > 0 and a not in stops,
            )

    many = lstmviz.open_dump(lstmviz.write_dump(folder / "many.h5", blocks=blocks(), **common))
    assert many.sources == one.sources
    assert many.sequences.to_dict("list") == one.sequences.to_dict("list")
    assert many.tokens[:] == one.tokens[:]
    for name in one.sources:
        np.testing.assert_array_equal(many.states(name)[:], one.states(name)[:], strict=True)
    assert set(many.tracks) == set(one.tracks) == {"part", "n", "genre", "year"}
    for name in ("part", "genre"):
        assert labels_of(many.tracks[name]) == labels_of(one.tracks[name])
    for name in ("n", "year"):
        np.testing.assert_array_equal(many.tracks[name][:], one.tracks[name][:], strict=True)
    assert verify(many) == []


def test_sequence_tracks_filter_matches_and_stand_on_a_card(tmp_path):
    states = np.array([[0.5], [0.6], [0.1], [0.7], [0.8], [0.2]], "float32")
    dump = lstmviz.open_dump(
        lstmviz.write_dump(
            tmp_path / "run.h5",
            states={"h": states},
            lengths=[2, 1, 3],
            sequence_tracks={"genre": ["verse", None, "prose"], "year": [1899, 1900, 1922]},
        )
    )
    filters = [Filter("genre", ("prose",)), Filter("year", low=1900)]
    assert allowed_steps(dump, dump.first, filters[:1]).tolist() == [False] * 3 + [True] * 3
    assert allowed_steps(dump, dump.first, filters[1:]).tolist() == [False] * 2 + [True] * 4
    pattern = dump.select("h", 3, 5, off_before=0)
    assert len(dump.match(pattern)) == 2
    wanted = lstmviz.Pattern(
        **{k: getattr(pattern, k) for k in pattern.__slots__ if k != "filters"}, filters=tuple(filters)
    )
    assert dump.match(wanted)[["start", "stop"]].to_numpy().tolist() == [[3, 5]]
    genre, year = unit_card(dump, "h", 0).tracks
    assert genre.table["value"].tolist() == ["prose", "verse"]
    assert genre.table["n_steps"].tolist() == [3, 2]
    assert genre.table["on_rate"].tolist() == [2 / 3, 1.0]
    assert year.table["n_steps"].tolist() == [2, 1, 3]


def block(n_steps=2, **changed):
    return DumpBlock(
        **{
            "states": {"h": np.zeros((n_steps, 3), "float32")},
            "tokens": [0] * n_steps,
            "tracks": {"n": np.arange(n_steps, dtype="int32"), "part": ["x"] * n_steps},
            "sequence_tracks": {"year": [1.5]},
            **changed,
        }
    )


def states_of(*shape, dtype="float32"):
    return {"h": np.zeros(shape, dtype)}


MISFITS = {
    "no block": (lambda: {"states": {}}, ["it is a dict", "lstmviz.DumpBlock"]),
    "no states": (lambda: block(states={}), ["no states"]),
    "states": (lambda: block(states=states_of(2, 4)), ["'h' has 4 units, and 3 in block 0"]),
    "wide": (
        lambda: block(states=states_of(2, 3, dtype="float64")),
        ["'h' is float64", "float32, its type in block 0"],
    ),
    "a new source": (lambda: block(states=states_of(2, 3) | {"c": np.zeros((2, 1))}), ["source 'c' is new"]),
    "another source": (lambda: block(states={"c": np.zeros((2, 3))}), ["source 'h' is not in it"]),
    "no tokens": (lambda: block(tokens=None), ["its tokens is not in it"]),
    "an id": (lambda: block(tokens=[0, 2]), ["token id 2 at step 1", "ids 0 to 1"]),
    "shorter tokens": (lambda: block(tokens=[0]), ["h has 2 steps and tokens 1"]),
    "lengths": (lambda: block(lengths=[3]), ["lengths add up to 3"]),
    "no track": (lambda: block(tracks={"n": [1, 2]}), ["track 'part' is not in it, and was in block 0"]),
    "a new track": (lambda: block(sequence_tracks={"year": [1.0], "x": [1]}), ["sequence track 'x' is new"]),
    "a track a step": (
        lambda: block(sequence_tracks={}, tracks={"n": [1, 1], "part": ["", ""], "year": [1, 2]}),
        ["sequence track 'year' is not in it"],
    ),
    "numbers": (lambda: block(tracks={"n": np.zeros(2, "int8"), "part": [1, 2]}), ["'part' holds numbers, and labels"]),
    "labels": (lambda: block(tracks={"n": ["1", "2"], "part": ["", ""]}), ["'n' holds labels, and numbers"]),
    "wide numbers": (lambda: block(tracks={"n": [0.5, 1], "part": ["", ""]}), ["track 'n' is float64", "int32"]),
    "values a sequence": (lambda: block(sequence_tracks={"year": [1, 2]}), ["track 'year' has shape (2,)", "(1,)"]),
    "mixed labels": (
        lambda: block(lengths=[1, 1], sequence_tracks={"year": ["a", 2]}),
        ["'year' holds 2 among text at sequence 1"],
    ),
    "tracks": (lambda: block(tracks=[1]), ["tracks is a list"]),
}


@pytest.mark.parametrize("what", MISFITS)
def test_a_block_that_does_not_fit_is_named_and_nothing_is_left(tmp_path, what):
    make, words = MISFITS[what]
    with pytest.raises(DumpError) as caught:
        lstmviz.write_dump(tmp_path / "a.h5", blocks=[block(), block(3), make()], vocab=["a", "b"])
    assert str(caught.value).startswith("block 2: "), caught.value
    assert all(word in str(caught.value) for word in words), caught.value
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"blocks": []}, ["blocks is empty"]),
        ({"blocks": block()}, ["blocks is a DumpBlock", "an iterator"]),
        ({"blocks": 3}, ["blocks is a int"]),
        ({"blocks": [block()], "tokens": [0]}, ["both blocks and tokens"]),
        ({"blocks": [block()], "states": {}}, ["both blocks and states"]),
        ({}, ["no states were given"]),
        ({"states": {"h": np.zeros((2, 1))}, "sequence_tracks": {"y": [1, 2]}}, ["'y' has shape (2,)", "(1,)"]),
        ({"states": {"h": np.zeros((2, 1))}, "sequence_tracks": {"stop": [1]}}, ["cannot be named 'stop'"]),
        ({"states": {"h": np.zeros((2, 1))}, "sequence_tracks": {"n": [1]}, "tracks": {"n": [1, 2]}}, ["'n'", "twice"]),
    ],
)
def test_what_is_handed_in_wrongly_is_said(tmp_path, changed, words):
    with pytest.raises(DumpError) as caught:
        lstmviz.write_dump(tmp_path / "a.h5", **changed)
    assert all(word in str(caught.value) for word in words), caught.value
    assert not list(tmp_path.iterdir())


def test_an_error_of_the_callers_own_is_not_the_disks(tmp_path):
    def blocks():
        yield block()
        raise FileNotFoundError("my own")

    with pytest.raises(FileNotFoundError, match="my own"):
        lstmviz.write_dump(tmp_path / "a.h5", blocks=blocks())
    assert not list(tmp_path.iterdir())


def test_memory_stays_that_of_a_few_blocks(tmp_path):
    def blocks():
        for _ in range(30):
            yield DumpBlock(states={"h": np.ones((2_000, 128), "float32")})

    tracemalloc.start()
    try:
        lstmviz.write_dump(tmp_path / "a.h5", blocks=blocks())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * 2_000 * 128 * 4
    assert lstmviz.open_dump(tmp_path / "a.h5").n_steps == 60_000


class Tokenizer:
    def __init__(self, vocab):
        self.vocab = vocab

    def get_vocab(self):
        return self.vocab


def test_a_tokenizer_is_a_vocabulary(tmp_path):
    given = {"states": {"h": np.zeros((3, 1))}, "tokens": [0, 3, 1]}
    made = lstmviz.write_dump(tmp_path / "a.h5", **given, vocab=Tokenizer({"b": 3, "a": 0, "<s>": 1}))
    assert lstmviz.open_dump(made).tokens.vocab == ("a", "<s>", "[unused 2]", "b")
    for vocab in ({}, {"a": 10**9}, {"a": -1}, {"a": "x"}, ["a"]):
        with pytest.raises(InputError, match=r"get_vocab\(\) is not a vocabulary"):
            lstmviz.write_dump(tmp_path / "b.h5", **given, vocab=Tokenizer(vocab))
