"""The index: codes decide as recorded values do, at and around every threshold; its files come and go safely."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from dataclasses import replace

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.dump.reader import DumpReader
from lstmviz.match import found_in
from lstmviz.match.engine import background
from lstmviz.match.engine.find import MatchSearch
from lstmviz.match.engine.threshold import compare
from lstmviz.match.index import ahead, asked_units, code_files
from lstmviz.match.index import store as index
from lstmviz.match.index.asked_first import AskedFirst
from lstmviz.match.index.codes import HUNDREDTHS, above, at_or_above, coder_for
from lstmviz.types import Pattern, PatternUnit, view_cut
from support.budget import examples
from support.commands import run
from support.matching import dump_of, expected_rows, rows_of
from support.strategies import corpora, patterns

DTYPES = ["float16", "float32", "float64"]
VIEWS = ["raw", "tanh"]
FILES = ("card", "sums", "units", "fine", "rows")  # of an index


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
    codes, places = coder.encode(stored), coder.places(stored)
    fine = places.astype(np.uint8)
    among = np.concatenate([stored, np.zeros(90, dtype), stored])  # few words of codes hold an unsure one
    assert ((codes == 0) == np.isnan(stored)).all()
    assert (codes == places >> 8).all()
    values, first = np.unique(stored[~np.isnan(stored)], return_index=True)
    assert (np.diff(places[~np.isnan(stored)][first].astype(int)) >= 0).all()
    for cut in (view_cut(view, threshold), float(stored[0]) if not math.isnan(stored[0]) else 0.0):
        for side in ("high", "low"):
            rule, expected = coder.rule(cut, side), compare(stored, cut, side)
            is_sure = codes != rule.unsure
            np.testing.assert_array_equal(rule.apply(codes)[is_sure], expected[is_sure])
            is_decided = ~is_sure & (fine != (-1 if rule.unsure_fine is None else rule.unsure_fine))
            np.testing.assert_array_equal(rule.apply_fine(fine)[is_decided], expected[is_decided])
            assert not rule.apply_fine(fine)[~is_sure & ~is_decided].any(), "what is undecided counts as off"
            for some in (stored, among):
                on, unsure = rule.decide(coder.encode(some), coder.places(some).astype(np.uint8))
                assert not on[unsure].any()
                on[unsure] = compare(some[unsure], cut, side)
                np.testing.assert_array_equal(on, compare(some, cut, side))


@pytest.mark.parametrize("threshold", [0.305, -0.4567, 0.0634, 0.999])
def test_two_bytes_decide_any_16_bit_value_from_0_0625_to_1(threshold):
    for side in ("high", "low"):
        assert coder_for("float16", "raw").rule(threshold, side).unsure_fine is None


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


@examples(150)
@given(st.data())
def test_while_an_index_is_built_the_units_that_are_asked_for_give_the_twins_rows(tmp_path, data):
    corpus = data.draw(corpora())
    dump = dump_of(corpus, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        for module in (asked_units, background):
            patch.setattr(module, "is_built_ahead", lambda *_: True)
        patch.setattr(index, "BLOCK_VALUES", data.draw(st.integers(1, 20)))
        patch.setattr(background, "BLOCK_STEPS", data.draw(st.integers(1, 9)))
        patch.setattr(background, "LONG", data.draw(st.integers(0, 4)))
        for _ in range(2):
            pattern = data.draw(patterns(corpus))
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
    sizes = {p.suffix: p.stat().st_size for p in folder.iterdir() if p.suffix in (".units", ".fine", ".rows")}
    assert sizes == {".units": 1200, ".fine": 1200, ".rows": 1200}
    assert index.index_size(dump.source("rnn.l0.h")) == 3600
    monkeypatch.setattr(index, "_build", lambda *_: pytest.fail("built anew"))
    assert answers(lstmviz.open_dump(dump.path)) == expected


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("threshold", [0.3051, 0.001, -0.0003, 1.5])
@pytest.mark.parametrize(("every", "spread"), [(3, 0.002), (50, 0.5)], ids=["many near", "few near"])
def test_a_threshold_between_the_grid_is_decided_too(tmp_path, monkeypatch, dtype, threshold, every, spread):
    monkeypatch.setattr(index, "SMALL", 0)
    monkeypatch.setattr("lstmviz.match.engine.levels.DENSE_ANCHORS", 2.0)
    values = np.random.default_rng(7).normal(threshold, spread, (1503, 6))
    values[::every, :3], values[1::every, 1:4] = np.float32(threshold), threshold + 0.0005
    dump = lstmviz.open_dump(
        lstmviz.write_dump(tmp_path / "near.h5", states={"rnn.l0.h": values.astype(dtype)}, lengths=[500, 1003])
    )
    units = tuple(PatternUnit("rnn.l0.h", u, "low" if u else "high", threshold) for u in range(3))
    pattern = Pattern("text", units, (("rnn.l0.h", threshold),), 2)
    for before, after, least in ((0, 0, 1), (1, 0, 1), (2, 0, 1), (0, 1, 1), (1, 0, 2), (0, 1, 2), (1, 1, 1)):
        asked = replace(pattern, off_before=before, off_after=after, min_length=least)
        rows = rows_of(MatchSearch(dump, asked).page(10_000))
        assert rows == rows_of(MatchSearch(dump, asked, use_index=False).page(10_000))
        assert rows


@pytest.mark.parametrize("harm", ["delete", "cut", "card", "other card"])
def test_an_index_that_is_gone_or_spoilt_is_made_again(dump, harm):
    expected = answers(dump)
    card, _, units, fine, rows = index._files(dump.source("rnn.l0.h"), index.index_folder(dump))
    if harm == "delete":
        for path in (card, units, fine, rows):
            path.unlink()
    elif harm == "cut":
        units.write_bytes(units.read_bytes()[:-1])
    elif harm == "card":
        card.write_text("{")
    else:
        card.write_text(json.dumps({**json.loads(card.read_text()), "version": 0}))
        units.write_bytes(bytes(1200))
    assert answers(lstmviz.open_dump(dump.path)) == expected


@pytest.mark.parametrize("which", ["card", "sums", "units", "rows", "lock", "folder"])
def test_an_index_is_neither_written_nor_read_through_a_link(dump, tmp_path, which):
    folder = index.index_folder(dump)
    victim = tmp_path / "victim"
    if which == "folder":
        victim.mkdir()
        folder.symlink_to(victim)
    else:
        victim.write_bytes(bytes(1200))
        folder.mkdir()
        files = dict(
            zip(("card", "sums", "units", "fine", "rows"), index._files(dump.source("rnn.l0.h"), folder), strict=True)
        )
        files["lock"] = files["card"].with_suffix(".lock")
        files[which].symlink_to(victim)
    assert answers(dump) == plain(dump)
    if which == "folder":
        assert not list(victim.iterdir())
    else:
        assert victim.read_bytes() == bytes(1200)
        assert answers(lstmviz.open_dump(dump.path)) == plain(dump)


def test_a_link_in_the_place_of_codes_is_not_read(dump, tmp_path):
    expected = answers(dump)
    _, _, units, *_ = index._files(dump.source("rnn.l0.h"), index.index_folder(dump))
    units.unlink()
    (tmp_path / "other").write_bytes(bytes(1200))
    units.symlink_to(tmp_path / "other")
    assert answers(lstmviz.open_dump(dump.path)) == expected
    assert not units.is_symlink()


@pytest.mark.parametrize("threshold", [0.3, 0.3051])
@pytest.mark.parametrize("which", FILES[1:])
def test_a_byte_that_changed_on_the_disk_changes_no_answer(dump, caplog, which, threshold):
    answers(dump, threshold=threshold)
    path = dict(zip(FILES, index._files(dump.source("rnn.l0.h"), index.index_folder(dump)), strict=True))[which]
    right = path.read_bytes()
    path.write_bytes(bytes(255 - b for b in right))
    assert answers(lstmviz.open_dump(dump.path), threshold=threshold) == plain(dump, threshold=threshold)
    is_used = which in ("sums", "units", "rows") or threshold != 0.3
    assert (path.read_bytes() == right) == is_used
    assert ("is damaged; it is built again" in caplog.text) == (is_used and which != "sums")


@pytest.mark.parametrize("which", FILES)
def test_a_file_of_a_terabyte_among_those_of_an_index_is_not_read(dump, which):
    answers(dump)
    path = dict(zip(FILES, index._files(dump.source("rnn.l0.h"), index.index_folder(dump)), strict=True))[which]
    n_bytes = path.stat().st_size
    os.truncate(path, 2**40)
    assert answers(lstmviz.open_dump(dump.path), threshold=0.3051) == plain(dump, threshold=0.3051)
    assert path.stat().st_size == n_bytes


@pytest.mark.parametrize("which", ["units", "rows"])
def test_an_index_that_is_open_is_read_again_when_somebody_wrote_to_it(dump, monkeypatch, which):
    answers(dump)
    monkeypatch.setattr(index, "LOOK_EVERY", 0)
    path = dict(zip(FILES, index._files(dump.source("rnn.l0.h"), index.index_folder(dump)), strict=True))[which]
    with path.open("r+b") as file:
        file.write(bytes(1200))
    os.utime(path, ns=(1, 1))
    assert answers(dump) == plain(dump)


def test_every_block_of_a_file_has_its_own_checksum(tmp_path):
    codes = np.random.default_rng(0).integers(0, 256, 2 * code_files.BLOCK + 77, np.uint8)
    (tmp_path / "a").write_bytes(codes.tobytes())
    with (tmp_path / "a").open("rb", buffering=0) as file:
        sums = code_files.checksums(file)
    assert sums.tolist() == [naive_checksum(codes[i : i + code_files.BLOCK]) for i in range(0, len(codes), 2**18)]
    codes[code_files.BLOCK + 5] ^= 1
    (tmp_path / "a").write_bytes(codes.tobytes())
    file = code_files.CodeFile(tmp_path / "a", len(codes), sums)
    assert file.check(0, code_files.BLOCK)
    assert not file.check(code_files.BLOCK - 1, code_files.BLOCK + 1)
    assert file.check(2 * code_files.BLOCK, len(codes))
    starts = np.array([3, 2 * code_files.BLOCK, 9])
    assert file.check_spans(starts, starts + 70)
    assert not file.check_spans(starts, starts + code_files.BLOCK)


def naive_checksum(block):
    data = block.tobytes() + bytes(-len(block) % 8)
    words = [int.from_bytes(data[i : i + 8], "little") for i in range(0, len(data), 8)]
    return sum(w * ((i * 0x9E3779B97F4A7C15) | 1) for i, w in enumerate(words, 1)) % 2**64


CUT = """
import lstmviz, sys, os, glob, threading, time
from lstmviz.match.engine.find import MatchSearch
from lstmviz.match.index import store
store.SMALL = 0
dump = lstmviz.open_dump(sys.argv[1])
files = lambda: glob.glob(sys.argv[1] + ".index/*." + sys.argv[2])
def answer(start, use_index=True):
    pattern = dump.select("rnn.l0.h", start, start + 2, 0.1)
    return MatchSearch(dump, pattern, use_index=use_index).page(300).to_json()
expected = [answer(start, False) for start in (5, 1000)]
found = [answer(5)]
for path in files():
    os.truncate(path, 4096)
found.append(answer(1000))
print(found == expected)
def cut():
    while not done:
        for path in files():
            try:
                os.truncate(path, 10_000)
            except OSError:
                pass
        time.sleep(0.002)
done = False
thread = threading.Thread(target=cut)
thread.start()
for i in range(20):
    try:
        assert answer(5) == expected[0]
    except lstmviz.LstmvizError as err:
        print(err)
done = True
thread.join()
"""


def test_least_codes_are_of_rows_that_are_right(dump):
    codes = index.build_index(dump, "rnn.l0.h")
    expected = codes.rows[:288].reshape(9, 32, -1).min(axis=1).tolist()
    *_, rows = index._files(dump.source("rnn.l0.h"), index.index_folder(dump))
    with rows.open("r+b") as file:
        file.write(bytes(100))
    assert not codes.rows[:20].any(), "the codes are damaged"
    assert codes.minima().tolist() == expected, "and made again before they are used"
    codes.renew()
    assert codes.minima().tolist() == expected


@pytest.mark.parametrize("kind", ["units", "rows", pytest.param("fine", marks=pytest.mark.long)])
def test_an_index_that_is_cut_while_it_is_used_ends_no_process_and_changes_no_answer(tmp_path, kind):
    path = tmp_path / "a.h5"
    states = np.random.default_rng(0).uniform(-1, 1, (60_000, 20)).astype("f2")
    lstmviz.write_dump(path, states={"rnn.l0.h": states}, tokens=[0] * 60_000, vocab=["a"], lengths=[60_000])
    done = subprocess.run([sys.executable, "-c", CUT, str(path), kind], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout[:5]) == (0, "True\n"), done.stderr


def test_doctor_reads_the_index(dump):
    answers(dump)
    assert "its index is whole" in run("doctor", dump.path).output
    _, _, units, *_ = index._files(dump.source("rnn.l0.h"), index.index_folder(dump))
    units.write_bytes(bytes(1200))
    done = run("doctor", dump.path)
    assert done.exit_code == 1
    assert "the index of rnn.l0.h is damaged" in done.output


@pytest.mark.parametrize("which", FILES)
def test_doctor_tells_an_index_that_cannot_be_used(dump, which):
    for source in dump.sources:
        answers(dump, source=source)
    path = dict(zip(FILES, index._files(dump.source("rnn.l0.h"), index.index_folder(dump)), strict=True))[which]
    os.truncate(path, 10)
    done = run("doctor", dump.path)
    assert "note    the index of rnn.l0.h is cut, or was made for other values; nothing to do" in done.output
    assert "whole" not in done.output
    assert done.exit_code == 0


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
    assert not [p for p in index.index_folder(dump).iterdir() if p.suffix != ".lock"]
    assert answers(dump) == plain(dump)


ENDS = """
import sys, time
import lstmviz
from lstmviz.match.index import store
from lstmviz.match.index.ahead import index_ahead

write = store._write_at
store.SMALL, store.BLOCK_VALUES, store._write_at = 0, 40, lambda *given: time.sleep(0.01) or write(*given)
dump = lstmviz.open_dump(sys.argv[1])
index_ahead(dump, "rnn.l0.h")
while not list(store.index_folder(dump).glob("*.rows")):
    time.sleep(0.01)
"""


def test_a_program_that_ends_while_it_builds_leaves_no_half_index(dump):
    done = subprocess.run([sys.executable, "-c", ENDS, dump.path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert {p.suffix for p in index.index_folder(dump).iterdir()} == {".lock"}


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


@pytest.mark.parametrize("most_bytes", [2**28, 2 * 2 * 300])
def test_a_question_does_not_wait_for_units_that_it_did_not_ask_for(dump, monkeypatch, most_bytes):
    monkeypatch.setattr(index, "BLOCK_VALUES", 400)
    monkeypatch.setattr(asked_units, "MOST_BYTES", most_bytes)
    expected, goes_on, build = plain(dump), threading.Event(), index._build
    monkeypatch.setattr(index, "_build", lambda *given: goes_on.wait(20) and build(*given))
    ahead.index_ahead(dump, "rnn.l0.h")
    ahead.index_ahead(dump, "rnn.l1.h")  # waits for the first
    read = []
    codes_of = asked_units.coded_blocks
    monkeypatch.setattr(asked_units, "coded_blocks", lambda *given: read.append(given[2]) or codes_of(*given))
    for _ in range(2):
        assert answers(dump) == expected
    assert answers(dump, source="rnn.l1.h") == plain(dump, source="rnn.l1.h")
    assert read == [[0, 1], [0, 1]]
    assert not index.is_indexed(dump, "rnn.l0.h")
    more = Pattern("text", tuple(PatternUnit("rnn.l0.h", u) for u in range(4)), (("rnn.l0.h", 0.3),), 2)
    if most_bytes == 2**28:
        found = rows_of(MatchSearch(dump, more).page(1000))
        assert read[2:] == [[2, 3]]
    else:  # too many units
        threading.Timer(0.2, goes_on.set).start()
        found = rows_of(MatchSearch(dump, more).page(1000))
        assert index.is_indexed(dump, "rnn.l0.h")
    assert found == rows_of(MatchSearch(dump, more, use_index=False).page(1000))
    goes_on.set()
    for thread in [t for t in threading.enumerate() if t.name == "lstmviz-index"]:
        thread.join(20)
    assert [name for name, _ in index.open_indexes(dump)] == ["rnn.l0.h", "rnn.l1.h"]
    assert answers(dump) == expected
    assert len(read) <= 3


@pytest.fixture
def held_build(monkeypatch):
    """No index is built until this is set."""
    monkeypatch.setattr(index, "SMALL", 0)
    goes_on, build = threading.Event(), index._build
    monkeypatch.setattr(index, "_build", lambda *given: goes_on.wait(20) and build(*given))
    yield goes_on
    goes_on.set()
    for thread in [t for t in threading.enumerate() if t.name == "lstmviz-index"]:
        thread.join(20)


def test_no_shard_of_a_corpus_and_no_other_reader_of_it_waits_either(parts, held_build):
    dump, corpus = parts
    source = next(iter(corpus.sources))
    pattern = corpus.select(source, 0, 2, threshold=-0.5)
    expected = rows_of(MatchSearch(dump, pattern, use_index=False).page(1000))
    ahead.pattern_ahead(corpus, pattern)
    assert rows_of(found_in(corpus, pattern).page(1000)) == expected
    for shard in corpus.shards:
        assert ahead.is_built_ahead(DumpReader(shard.path), source)
    assert ahead.is_built_ahead(corpus, source)
    assert not held_build.is_set()


def test_sources_of_units_and_of_background_units_are_built(dump, held_build):
    bases = (("rnn.l0.h", 0.3), ("rnn.l1.h", 0.3))
    pattern = Pattern("text", (PatternUnit("rnn.l0.h", 0), PatternUnit("rnn.l0.h", 1)), bases, 2)
    ahead.pattern_ahead(dump, pattern)
    assert all(ahead.is_built_ahead(dump, source) for source in dump.sources)


def test_what_is_built_waits_for_all_who_ask_but_not_for_ever(monkeypatch):
    turn, done = AskedFirst(), threading.Event()
    monkeypatch.setattr("lstmviz.match.index.asked_first.LONGEST", 60.0)
    builder = threading.Thread(target=lambda: turn.give_way() or done.set())
    with turn:
        with turn:
            builder.start()
        assert not done.wait(0.05)
    assert done.wait(20)
    builder.join()
    monkeypatch.setattr("lstmviz.match.index.asked_first.LONGEST", 0.01)
    with turn:
        turn.give_way()


def test_the_share_that_is_built_is_told_to_whoever_asks(dump, monkeypatch):
    monkeypatch.setattr(index, "BLOCK_VALUES", 400)
    other, shares = lstmviz.open_dump(dump.path), []
    assert not list(index.built_shares(other))
    index.build_index(dump, "rnn.l0.h", lambda done, total: shares.append(list(index.built_shares(other))))
    assert shares == [[("rnn.l0.h", pytest.approx(done / 300))] for done in (100, 200, 300)]
    assert not list(index.built_shares(other))  # it is whole


def test_the_index_command_says_the_size_first_and_builds_all(dump):

    done = run("index", dump.path)
    assert done.exit_code == 0, done.output
    assert done.output.index("5,400 bytes") < done.output.index("ready")
    assert len(list(index.index_folder(dump).glob("*.units"))) == 2
