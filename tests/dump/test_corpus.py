"""A corpus of shards answers exactly as one dump that holds them all, and says in a line what does not go together."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.dump.corpus.manifest import dumps_in
from lstmviz.errors import ClusterError, DumpExists, UnknownName
from lstmviz.match import found_in
from lstmviz.match.corpus.workers import map_shards
from lstmviz.types import Filter, Pattern, PatternUnit
from support.budget import examples
from support.paths import ROOT
from support.shards import WORDS, write_shards
from support.strategies import THRESHOLDS, corpora, patterns

EXAMPLES = examples(40)


def split(data, folder):
    """Draw a corpus with tokens and tracks of both kinds; return it as one dump, as shards, and as drawn."""
    corpus = data.draw(corpora())
    n_steps = sum(corpus.lengths)
    cuts = data.draw(st.sets(st.integers(1, len(corpus.lengths) - 1))) if len(corpus.lengths) > 1 else []
    tokens = np.array(data.draw(st.lists(st.integers(0, 2), min_size=n_steps, max_size=n_steps)))
    labels = np.array(data.draw(st.lists(st.sampled_from("abc"), min_size=n_steps, max_size=n_steps)))
    tracks = {"mark": np.array(corpus.marks), "part": labels}
    one, many = write_shards(
        folder, cuts, corpus.lengths, corpus.states, tokens, tracks, vocab=WORDS, views=corpus.views
    )
    return corpus, one, many


def same(one, many):
    return one.to_dict("list") == many.to_dict("list") and list(one.dtypes) == list(many.dtypes)


@EXAMPLES
@given(st.data())
def test_match_count_and_search_are_those_of_one_dump(tmp_path, data):
    corpus, one, many = split(data, tmp_path)
    pattern = data.draw(patterns(corpus))
    if data.draw(st.booleans()):
        labels = data.draw(st.sets(st.sampled_from(sorted(set(one.tracks["part"].labels))), min_size=1))
        pattern = Pattern(
            **{k: getattr(pattern, k) for k in pattern.__slots__ if k != "filters"},
            filters=(*pattern.filters, Filter("part", tuple(sorted(labels)))),
        )
    assert same(one.match(pattern, limit=10_000), many.match(pattern, limit=10_000))
    limit, offset = data.draw(st.integers(0, 8)), data.draw(st.integers(0, 8))
    assert same(one.match(pattern, limit, offset), many.match(pattern, limit, offset))
    counted, expected = many.count(pattern), one.count(pattern)
    assert same(expected.totals, counted.totals)
    assert same(expected.lengths, counted.lengths)
    query = data.draw(st.sampled_from(["la", "Li", "li l", "u la", "x"]))
    assert same(one.search(query), many.search(query))


@EXAMPLES
@given(st.data())
def test_the_page_learns_totals_level_by_level_as_from_one_dump(tmp_path, data):
    corpus, one, many = split(data, tmp_path)
    pattern = data.draw(patterns(corpus))
    here, there = found_in(many, pattern), found_in(one, pattern)
    n_rows = data.draw(st.integers(0, 4))
    here.page(n_rows)
    there.complete()
    all_totals = there.totals()
    assert here.totals() == all_totals[: len(here.totals())]
    assert not here.is_complete or here.totals() == all_totals
    here.complete()
    assert here.is_complete
    assert here.totals() == all_totals
    here.page(1)
    assert here.totals() == all_totals


@EXAMPLES
@given(st.data())
def test_slices_and_selections_are_those_of_one_dump(tmp_path, data):
    corpus, one, many = split(data, tmp_path)
    n_steps = sum(corpus.lengths)
    a, b = data.draw(st.integers(-n_steps, n_steps)), data.draw(st.integers(-n_steps, n_steps))
    step = data.draw(st.integers(-n_steps, n_steps - 1))
    assert (many.n_steps, list(many.sources), same(one.sequences, many.sequences)) == (n_steps, list(one.sources), True)
    assert (many.tokens[a:b], many.tokens[step]) == (one.tokens[a:b], one.tokens[step])
    for name, source in many.sources.items():
        assert source == one.source(name)
        states, expected = many.states(name), one.states(name)
        assert states.dtype == expected.dtype
        assert states.shape == expected.shape
        for key in (slice(a, b), step, slice(None), (slice(a, b), [0, -1]), (step, 0)):
            np.testing.assert_array_equal(states[key], expected[key], strict=True)
        assert many.n_nan(name) == one.n_nan(name)
    np.testing.assert_array_equal(many.tracks["mark"][a:b], one.tracks["mark"][a:b], strict=True)
    labels = [[d.tracks["part"].labels[i] for i in d.tracks["part"][a:b]] for d in (one, many)]
    assert labels[0] == labels[1]
    assert labels[1][:1] == [many.tracks["part"].labels[many.tracks["part"][i]] for i in range(n_steps)[a:b][:1]]
    name, threshold = data.draw(st.sampled_from(list(corpus.states))), data.draw(st.sampled_from(THRESHOLDS))
    sequence = data.draw(st.sampled_from(corpus.sequences))
    start = data.draw(st.integers(sequence[0], sequence[1] - 1))
    asked = (name, start, data.draw(st.integers(start + 1, sequence[1])), threshold, *data.draw(st.tuples(*BESIDE)))
    assert many.select(*asked) == one.select(*asked)


BESIDE = [st.integers(0, 2), st.integers(0, 2)]


def test_a_corpus_says_what_it_is(parts):
    one, many = parts
    assert (many.name, many.provenance["shards"], many.provenance["complete"]) == ("shards", 3, True)
    assert isinstance(many, lstmviz.Corpus)
    assert many.axis("text").text(18, 22) == one.axis("text").text(18, 22)
    assert many.axis_of("rnn.l0.h").name == "text"
    assert many.tracks["part"].labels == ("a", "b", "c")
    again = lstmviz.open_dump(many.path)
    assert again.uuid == many.uuid != one.uuid
    assert len(again.uuid) == 32
    turned = lstmviz.write_corpus(many.path, [many.path / f"part-{i}.h5" for i in (1, 0, 2)], overwrite=True)
    assert lstmviz.open_dump(turned).uuid != many.uuid
    many.close()
    np.testing.assert_array_equal(many.states("rnn.l0.h")[15:45], one.states("rnn.l0.h")[15:45])


def pattern_over(dump):
    return dump.select("rnn.l0.h", 21, 24, 0.1, 0, 0)


def test_without_dask_the_shards_are_asked_by_threads_all_the_same(parts, monkeypatch):
    one, many = parts
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    together = Barrier(2, timeout=30)  # which two questions pass only side by side
    assert sorted(map_shards(lambda shard: together.wait(), many.shards[:2])) == [0, 1]
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.setitem(sys.modules, "distributed", None)
    pattern = pattern_over(one)
    assert pattern.n_units
    assert same(many.match(pattern), one.match(pattern))
    far = lstmviz.open_dump(many.path, scheduler="tcp://127.0.0.1:8786")
    with pytest.raises(ClusterError, match=r"needs dask.*pip install 'lstmviz\[cluster\]'"):
        far.match(pattern)


def test_a_shard_that_lacks_a_filters_label_has_no_match_there(parts):
    one, many = parts
    pattern = Pattern("text", (PatternUnit("rnn.l0.h", 0, threshold=-2.0),), (("rnn.l0.h", 0.3),), 3)
    for labels in (("a",), ("b", "c"), ("a", "b", "c")):
        asked = Pattern("text", pattern.units, pattern.bases, 3, filters=(Filter("part", labels),))
        assert same(many.match(asked), one.match(asked))
        assert not many.match(asked).empty or labels == ("a",)
    with pytest.raises(UnknownName, match="no label 'z'; it has 'a', 'b', 'c'"):
        many.match(Pattern("text", pattern.units, pattern.bases, 3, filters=(Filter("part", ("z",)),)))


def test_more_shards_than_are_kept_open_are_read(parts, monkeypatch):
    _, many = parts
    from lstmviz.dump.corpus import reader as shards

    few = shards.lru_cache(maxsize=1)(shards.open_shard.__wrapped__)
    monkeypatch.setattr(shards, "open_shard", few)
    values = [many.states("rnn.l0.h")[i] for i in (0, 25, 45, 5, 59)]
    np.testing.assert_array_equal(values, many.states("rnn.l0.h")[:][[0, 25, 45, 5, 59]])
    assert few.cache_info().misses > 4


def test_a_corpus_is_made_of_every_dump_of_a_folder_in_natural_order(parts, tmp_path):
    folder = parts[1].path
    (folder / "part-1.h5").rename(folder / "part-10.h5")
    (folder / "notes.txt").write_text("no dump")
    with pytest.raises(DumpExists, match="already there; pass overwrite=True"):
        lstmviz.write_corpus(folder)
    before = (folder / "corpus.json").read_bytes()
    lstmviz.write_corpus(folder, overwrite=True)
    assert json.loads((folder / "corpus.json").read_text()) == {
        "format": "lstmviz-corpus",
        "version": 1,
        "dumps": ["part-0.h5", "part-2.h5", "part-10.h5"],
    }
    assert before != (folder / "corpus.json").read_bytes()
    assert [p.name for p in dumps_in(folder)] == ["part-0.h5", "part-2.h5", "part-10.h5"]
    assert not list(folder.glob(".*"))


def test_corpus_json_stays_whole_where_writing_fails(parts, monkeypatch):
    folder = parts[1].path
    before = (folder / "corpus.json").read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        lstmviz.write_corpus(folder, overwrite=True)
    assert (folder / "corpus.json").read_bytes() == before
    assert not list(folder.glob(".*"))


def test_tracks_of_several_types_are_read_as_one_type(tmp_path):
    for name, values in {"a": np.array([1, 2], "u1"), "b": np.array([0.5, np.nan], "f4")}.items():
        lstmviz.write_dump(tmp_path / f"{name}.h5", states={"rnn.l0.h": np.zeros((2, 1))}, tracks={"n": values})
    track = lstmviz.open_dump(lstmviz.write_corpus(tmp_path)).tracks["n"]
    assert track[0:1].dtype == track[1:4].dtype == track[:].dtype == np.float32
    np.testing.assert_array_equal(track[:], np.array([1, 2, 0.5, np.nan], "f4"))


def test_dask_is_loaded_only_when_a_scheduler_is_asked(parts):
    asked = "d = lstmviz.open_dump(sys.argv[1]); d.tokens[0:30]; d.count(d.select('rnn.l0.h', 21, 24, 0.1, 0, 0))"
    show = f"import sys, lstmviz; {asked}; print('dask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", show, parts[1].path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_example_in_the_docs_runs(tmp_path, monkeypatch, capsys):
    text = (ROOT / "docs" / "corpora.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "docs/corpora.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "n_shared" in printed
    assert "n_matches" in printed
    (listed,) = re.findall(r"^```json\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert json.loads((tmp_path / "corpus.json").read_text()) == json.loads(listed)


def test_a_closed_corpus_leaves_no_file_open_and_opens_again(parts):
    import h5py

    def n_open():
        ids = h5py.h5f.get_obj_ids(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE)
        return sum(Path(i.name.decode()).parent == many.path.absolute() for i in ids)

    _, many = parts
    before = many.states("rnn.l0.h")[:]
    kept = [*many.readers()]  # as found matches keep them
    assert n_open() == len(kept) == 3
    many.close()
    assert n_open() == 0
    np.testing.assert_array_equal(many.states("rnn.l0.h")[:], before)
