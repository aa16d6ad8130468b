"""One test for each fault of LSTMVis: what it got wrong, lstmviz must not.

Three more are held elsewhere: requests that fail show words, and left goes left (tests/page/test_page.py); words with
spaces or no letters at all survive its dictionary files (tests/lstmvis/test_variants.py).
"""

from __future__ import annotations

import numpy as np

import lstmviz
from lstmviz.match.engine.find import MatchSearch
from lstmviz.types import Pattern, PatternUnit
from lstmviz.ui.serve import make_app
from support.matching import one_unit, rows_of, unit_pattern


def test_a_brush_at_step_0_with_a_left_constraint_selects(tmp_path):
    dump = one_unit([0.9, 0.9, 0.1], tmp_path)
    assert dump.select("rnn.l0.h", 0, 2, off_before=1).n_units == 1


def test_runs_that_touch_the_first_or_last_step_are_found(tmp_path):
    dump = one_unit([0.9, 0.1, 0.9, 0.9], tmp_path)
    assert rows_of(dump.match(unit_pattern(off_before=1, off_after=1))) == [(0, 1, 0, 1, 1), (2, 4, 0, 1, 1)]


def test_single_steps_are_found_and_come_first_when_one_step_was_brushed(tmp_path):
    dump = one_unit([0.9, 0.9, 0.1, 0.9, 0.1], tmp_path)
    assert rows_of(dump.match(unit_pattern()))[0][:2] == (3, 4)


def test_matches_never_cross_a_sequence_border(tmp_path):
    dump = one_unit([0.1, 0.9, 0.9, 0.1], tmp_path, lengths=[2, 2])
    assert [r[:2] for r in rows_of(dump.match(unit_pattern()))] == [(1, 2), (2, 3)]


def test_a_value_of_0_305_is_on_or_off_alike_in_select_and_match(tmp_path):
    dump = one_unit([0.1, 0.305, 0.1], tmp_path)
    pattern = dump.select("rnn.l0.h", 1, 2, threshold=0.305)
    assert rows_of(dump.match(pattern)) == [(1, 2, 0, 1, 1)]
    assert dump.select("rnn.l0.h", 1, 2, threshold=0.306).n_units == 0


def test_steps_beyond_500_000_are_matched(tmp_path):
    values = np.zeros(600_000, np.float16)
    values[599_990:599_995] = 0.9
    dump = one_unit(values, tmp_path)
    assert rows_of(dump.match(unit_pattern(off_after=1))) == [(599_990, 599_995, 0, 1, 1)]


def test_tanh_is_applied_to_a_cell_state_alone_and_to_the_cut_not_the_values(tmp_path):
    values = np.array([[0.5, 0.0], [0.85, 1.2]], np.float32)
    for view, at_06 in (("raw", [0, 1]), ("tanh", [0, 1])):
        path = lstmviz.write_dump(
            tmp_path / f"{view}.h5", states={"rnn.l0.c": values}, views={"rnn.l0.c": view}, overwrite=True
        )
        dump = lstmviz.open_dump(path)
        assert [u.unit for u in dump.select("rnn.l0.c", 1, 2, threshold=0.6).units] == at_06
        np.testing.assert_array_equal(dump.states("rnn.l0.c")[:], values)
    assert dump.select("rnn.l0.c", 1, 2, threshold=0.7).n_units == 1  # tanh(0.85) = 0.691


def test_runs_of_a_count_of_units_do_not_stand_in_for_runs_of_the_same_units(tmp_path):
    hands_over = np.array([[0.9, 0.0], [0.9, 0.0], [0.0, 0.9], [0.0, 0.9]], "float32")
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "two.h5", states={"s": hands_over}))
    pattern = Pattern("text", (PatternUnit("s", 0), PatternUnit("s", 1)), (("s", 0.3),), 4)
    assert [r[:4] for r in rows_of(dump.match(pattern))] == [(0, 2, 0, 1), (2, 4, 0, 1)]


def test_no_candidate_is_lost_to_a_trim_before_the_sort(tmp_path):
    """300 runs of the pattern, the best of them (no other unit on) the very last."""
    states = np.zeros((900, 3), "float32")
    states[0::3, 0] = 0.9
    states[0:897:3, 1] = 0.9  # another unit is on everywhere but in the last run
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "many.h5", states={"s": states}))
    pattern = Pattern("text", (PatternUnit("s", 0),), (("s", 0.3),), 1)
    assert rows_of(dump.match(pattern, limit=1)) == [(897, 898, 0, 1, 1)]


def test_the_same_span_is_listed_once(tmp_path):
    rng = np.random.default_rng(0)
    states = np.repeat(rng.uniform(-1, 1, (200, 6)), 3, axis=0)
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "r.h5", states={"s": states}, lengths=[60] * 10))
    pattern = Pattern("text", tuple(PatternUnit("s", u) for u in range(5)), (("s", 0.3),), 3)
    found = MatchSearch(dump, pattern)
    spans = [r[:2] for r in rows_of(found.page(10_000))]
    assert len(spans) == len(set(spans)) > 50


def test_a_right_constraint_at_the_very_end_does_not_run_off_it(tmp_path):
    dump = one_unit([0.1, 0.9, 0.9], tmp_path)
    assert rows_of(dump.match(unit_pattern(off_after=3))) == [(1, 3, 0, 1, 1)]


def test_the_server_does_not_debug(tmp_path):
    app = make_app([one_unit([0.1, 0.9], tmp_path)])
    assert not app.server.debug
    client = app.server.test_client()
    local = {"Host": "127.0.0.1"}
    assert b"EVALEX" not in client.get("/console", headers=local).data
    assert '"hot_reload"' not in client.get("/", headers=local).text
