"""The index: codes decide as recorded values do, at and around every threshold; its files come and go safely."""

from __future__ import annotations

import json
import math
import threading

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.match.engine.find import MatchSearch
from lstmviz.match.engine.threshold import compare
from lstmviz.match.index import store as index
from lstmviz.match.index.codes import HUNDREDTHS, above, at_or_above, coder_for
from lstmviz.types import Pattern, PatternUnit, view_cut
from support.budget import examples
from support.commands import run
from support.matching import dump_of, expected_rows, rows_of
from support.strategies import corpora, patterns

DTYPES = ["float16", "float32", "float64"]
VIEWS = ["raw", "tanh"]


def neighbours(cut, dtype):
    """The storable values at a cut, and the three on each side of it."""
    kind = np.dtype(dtype).type
    with np.errstate(over="ignore"):
        near = [kind(cut)]
        for direction in (-np.inf, np.inf):
            value = kind(cut)
            for _ in range(3):
                value = np.nextafter(value, kind(direction))
                near.append(value)
    return near


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_codes_decide_every_threshold_of_the_grid_on_both_sides(dtype, view):
    coder = coder_for(dtype, view)
    cuts = [view_cut(view, i / 100) for i in HUNDREDTHS]
    values = [v for cut in cuts for v in neighbours(cut, dtype)]
    values = np.array([*values, 0.0, -0.0, np.inf, -np.inf, np.nan, 1e-8, -1e-8, 6e4], dtype)
    codes = coder.encode(values)
    for cut in cuts:
        for side in ("high", "low"):
            rule, expected = coder.rule(cut, side), compare(values, cut, side)
            is_sure = codes != rule.unsure
            np.testing.assert_array_equal(rule.apply(codes)[is_sure], expected[is_sure])
            assert dtype == "float64" or rule.unsure is None, "16 and 32 bits leave nothing to look up on the grid"


@examples(400)
@given(
    st.sampled_from(DTYPES),
    st.sampled_from(VIEWS),
    st.lists(st.floats(width=16) | st.floats(width=32) | st.floats() | st.floats(-1.5, 1.5), min_size=1),
    st.floats(allow_nan=False) | st.floats(-1.1, 1.1),
)
def test_codes_decide_any_threshold_or_say_that_they_are_unsure(dtype, view, values, threshold):
    with np.errstate(over="ignore"):
        stored = np.array(values, np.float64).astype(dtype)
    coder = coder_for(dtype, view)
    codes = coder.encode(stored)
    assert ((codes == 0) == np.isnan(stored)).all()
    for cut in (view_cut(view, threshold), float(stored[0]) if not math.isnan(stored[0]) else 0.0):
        for side in ("high", "low"):
            rule, expected = coder.rule(cut, side), compare(stored, cut, side)
            is_sure = codes != rule.unsure
            np.testing.assert_array_equal(rule.apply(codes)[is_sure], expected[is_sure])


@given(st.sampled_from(DTYPES), st.floats(allow_nan=False) | st.floats(-2, 2))
def test_the_next_storable_values_are_next(dtype, cut):
    kind = np.dtype(dtype).type
    least, next_up = at_or_above(cut, np.dtype(dtype)), above(cut, np.dtype(dtype))
    assert least >= cut
    with np.errstate(over="ignore"):
        assert not float(np.nextafter(kind(least), kind(-np.inf))) >= cut or least == -np.inf
    if math.isnan(next_up):
        assert cut == np.inf
    else:
        assert next_up > cut
        with np.errstate(over="ignore"):
            assert float(np.nextafter(kind(next_up), kind(-np.inf))) <= cut


@examples(150)
@given(st.data())
def test_an_index_on_disk_gives_the_twins_rows(tmp_path, data):
    corpus = data.draw(corpora())
    pattern = data.draw(patterns(corpus))
    dump = dump_of(corpus, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "SMALL", 0)
        patch.setattr(index, "BLOCK_VALUES", data.draw(st.integers(1, 20)))
        assert rows_of(dump.match(pattern, limit=1000)) == expected_rows(corpus, pattern)


@pytest.fixture
def dump(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "SMALL", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rng = np.random.default_rng(5)
    states = {"rnn.l0.h": rng.uniform(-1, 1, (300, 4)).astype("float16"), "rnn.l1.h": rng.uniform(-1, 1, (300, 2))}
    return lstmviz.open_dump(lstmviz.write_dump(tmp_path / "run.h5", states=states, lengths=[100, 200]))


def pattern_on(source="rnn.l0.h", threshold=0.3):
    return Pattern("text", (PatternUnit(source, 0, "high", threshold), PatternUnit(source, 1)), ((source, 0.3),), 2)


def answers(dump, **more):
    return rows_of(MatchSearch(dump, pattern_on(**more)).page(1000))


def plain(dump, **more):
    return rows_of(MatchSearch(dump, pattern_on(**more), use_index=False).page(1000))


def test_an_index_is_made_on_first_use_beside_the_dump_and_used_again(dump, monkeypatch):
    folder = index.index_folder(dump)
    assert not folder.exists()
    expected = plain(dump)
    assert answers(dump) == expected
    sizes = {p.suffix: p.stat().st_size for p in folder.iterdir() if p.suffix in (".units", ".rows")}
    assert sizes == {".units": 1200, ".rows": 1200}
    assert index.index_size(dump.source("rnn.l0.h")) == 2400
    monkeypatch.setattr(index, "_build", lambda *_: pytest.fail("built anew"))
    assert answers(lstmviz.open_dump(dump.path)) == expected


def test_a_threshold_between_the_grid_is_looked_up(dump):
    assert answers(dump, threshold=0.3051) == plain(dump, threshold=0.3051)


@pytest.mark.parametrize("harm", ["delete", "cut", "card", "other card"])
def test_an_index_that_is_gone_or_spoilt_is_made_again(dump, harm):
    expected = answers(dump)
    card, units, rows = index._files(dump.source("rnn.l0.h"), index.index_folder(dump))
    if harm == "delete":
        for path in (card, units, rows):
            path.unlink()
    elif harm == "cut":
        units.write_bytes(units.read_bytes()[:-1])
    elif harm == "card":
        card.write_text("{")
    else:
        card.write_text(json.dumps({**json.loads(card.read_text()), "version": 0}))
        units.write_bytes(bytes(1200))
    assert answers(lstmviz.open_dump(dump.path)) == expected


def test_another_recording_at_the_same_place_gets_its_own_index(dump):
    answers(dump)
    states = {"rnn.l0.h": np.random.default_rng(6).uniform(-1, 1, (300, 4)).astype("float16")}
    lstmviz.write_dump(dump.path, states=states, lengths=[100, 200], overwrite=True)
    other = lstmviz.open_dump(dump.path)
    assert answers(other) == plain(other)


def test_values_edited_in_place_get_a_new_index(dump):
    answers(dump)
    dump.close()
    with h5py.File(dump.path, "r+") as file:
        file["sources/rnn.l0.h"][:] = file["sources/rnn.l0.h"][:][::-1]
    other = lstmviz.open_dump(dump.path)
    assert answers(other) == plain(other)


def test_where_the_folder_cannot_be_written_the_users_cache_is_used(dump, tmp_path):
    index.index_folder(dump).write_text("a file is in the way")
    assert answers(dump) == plain(dump)
    assert list((tmp_path / "cache" / "lstmviz" / "index").glob("*/*.units"))


def test_where_nothing_can_be_written_the_values_themselves_are_read(dump, tmp_path, caplog):
    index.index_folder(dump).write_text("a file is in the way")
    (tmp_path / "cache").write_text("another one")
    assert answers(dump) == plain(dump)
    assert "no folder has room" in caplog.text


def test_a_full_disk_leaves_no_half_index(dump, tmp_path, monkeypatch):
    class Full:
        free = 10

    monkeypatch.setattr(index.shutil, "disk_usage", lambda _: Full)
    assert answers(dump) == plain(dump)
    assert not list(tmp_path.glob("**/*.units"))


def test_an_interrupted_build_leaves_no_half_index(dump):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.build_index(dump, "rnn.l0.h", stop)
    assert not [p for p in index.index_folder(dump).iterdir() if p.name != ".lock"]
    assert answers(dump) == plain(dump)


def test_two_builders_at_once_make_one_index(dump, monkeypatch):
    built = []
    build = index._build
    monkeypatch.setattr(index, "_build", lambda *a: built.append(1) or build(*a))
    readers = [lstmviz.open_dump(dump.path) for _ in range(4)]
    threads = [threading.Thread(target=index.build_index, args=(r, "rnn.l0.h")) for r in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert built == [1]


def test_progress_goes_from_block_to_block_to_the_end(dump, monkeypatch):
    monkeypatch.setattr(index, "BLOCK_VALUES", 400)
    told = []
    index.build_index(dump, "rnn.l0.h", lambda done, total: told.append((done, total)))
    assert told == [(100, 300), (200, 300), (300, 300)]


def test_the_index_command_says_the_size_first_and_builds_all(dump):

    done = run("index", dump.path)
    assert done.exit_code == 0, done.output
    assert done.output.index("3,600 bytes") < done.output.index("ready")
    assert len(list(index.index_folder(dump).glob("*.units"))) == 2
