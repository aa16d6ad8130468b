"""Two patterns side by side, against a brute-force twin, in Python and by the page's route; the same over shards."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import PatternError
from lstmviz.ui import serve
from support import naive_order
from support.budget import examples
from support.matching import drawn, naive_rows
from support.strategies import patterns

EXAMPLES = examples(60)
LOCAL = {"Host": "127.0.0.1:8050"}


def twin(one, two):
    """Compare rows (start, stop, ...) of two patterns, step by step."""
    first, second = naive_order.steps_of(one), naive_order.steps_of(two)
    return {
        "n_first": len(one),
        "n_second": len(two),
        "n_first_met": sum(any(t in second for t in range(*r[:2])) for r in one),
        "n_second_met": sum(any(t in first for t in range(*r[:2])) for r in two),
        "n_same": len({r[:2] for r in one} & {r[:2] for r in two}),
        "n_first_steps": len(first),
        "n_second_steps": len(second),
        "n_both_steps": len(first & second),
    }


def unmet_twin(one, two):
    """The rows of the first that have no step in one of the second, in order."""
    covered = naive_order.steps_of(two)
    return sorted([r[0], r[1]] for r in one if not any(t in covered for t in range(*r[:2])))


@EXAMPLES
@given(st.data())
def test_a_comparison_is_its_twins_over_a_dump_and_over_shards(tmp_path, data):
    corpus, dumps = drawn(data, tmp_path)
    one, two = data.draw(patterns(corpus)), data.draw(patterns(corpus))
    least = data.draw(st.sampled_from([None, 1, 2]))
    rows = [[tuple(r) for r in naive_rows(corpus, p, len(p.units) if least is None else least)] for p in (one, two)]
    for dump, _ in dumps:
        assert asdict(dump.compare(one, two, min_shared=least)) == twin(*rows)
        alone = dump.unmet(one, two, min_shared=least)
        assert alone[["start", "stop"]].to_numpy().tolist() == unmet_twin(*rows)
        assert (alone["length"] == alone["stop"] - alone["start"]).all()
        bounds = dump.sequences.iloc[alone["sequence"]]
        assert (bounds["start"].to_numpy() <= alone["start"].to_numpy()).all()
        assert (bounds["stop"].to_numpy() >= alone["stop"].to_numpy()).all()


def written(folder, name, seed, **more):
    """A dump of 300 steps; ``tokens`` or ``lengths`` may be others."""
    rng = np.random.default_rng(seed)
    given = {"tokens": np.arange(300) % 3, "vocab": ["a", "<b>", "c"], "lengths": [100] * 3} | more
    states = {"rnn.l0.h": rng.uniform(-1, 1, (sum(given["lengths"]) // 3, 4)).repeat(3, axis=0)}
    return lstmviz.open_dump(lstmviz.write_dump(folder / f"{name}.h5", states=states, **given))


def test_two_dumps_of_one_text_are_compared_and_others_are_refused_in_a_line(tmp_path):
    one, two = written(tmp_path, "one", 1), written(tmp_path, "two", 2)
    mine, theirs = (d.select("rnn.l0.h", 3, 6, -0.2, 0, 0) for d in (one, two))
    rows = [
        [tuple(r) for r in frame[frame["n_shared"] == p.n_units][["start", "stop"]].to_numpy().tolist()]
        for p, frame in ((p, d.match(p, 10_000)) for d, p in ((one, mine), (two, theirs)))
    ]
    assert asdict(one.compare(mine, theirs, two)) == twin(*rows)
    for name, words, more in (
        ("short", "300 steps", {"tokens": np.arange(150) % 3, "lengths": [50] * 3}),
        ("cut", "different sequences", {"lengths": [150] * 2}),
        ("other", "different tokens", {"vocab": ["a", "b", "c"]}),
        ("numbers", "no tokens", {"tokens": None, "vocab": None}),
    ):
        other = written(tmp_path, name, 3, **more)
        with pytest.raises(PatternError, match=words):
            one.compare(mine, other.select("rnn.l0.h", 3, 6, -0.2, 0, 0), other)


def post(client, dump, body, **more):
    return client.post(f"/d/{dump.uuid}/compare", json=body, headers=LOCAL, **more)


def test_the_route_answers_as_the_api(tmp_path):
    one, two = written(tmp_path, "one", 1), written(tmp_path, "two", 2)
    other = written(tmp_path, "other", 3, vocab=["a", "b", "c"])
    client = serve.make_app([one, two, other]).server.test_client()
    brush = {"source": "rnn.l0.h", "start": 3, "stop": 6, "before": 0}
    asked = {"first": {**brush, "threshold": -0.2}, "second": {**brush, "threshold": 0.1, "side": "both"}}
    answer = post(client, one, asked).get_json()
    pattern = one.select("rnn.l0.h", 3, 6, -0.2, 0, 0)
    text = lstmviz.PatternFile(pattern).to_json()
    assert post(client, one, asked | {"first": {"source": "rnn.l0.h", "pattern": text}}).get_json() == answer
    frame = one.match(pattern, 10_000)
    lengths = sorted(frame[frame["n_shared"] == pattern.n_units]["length"])
    first = answer["first"]
    assert first["lengths"] == [lengths[0], lengths[len(lengths) // 2], lengths[-1]]
    assert [u["unit"] for u in first["units"]] == [u.unit for u in pattern.units]
    assert (first["dump"], first["name"], first["n_matches"]) == (one.uuid, "one", len(lengths))
    assert answer["both"]["n_first"] == len(lengths)
    assert answer["why"] is None

    asked["second"] = {**brush, "threshold": -0.2, "dump": two.uuid}
    answer = post(client, one, asked).get_json()
    theirs = two.select("rnn.l0.h", 3, 6, -0.2, 0, 0)
    assert answer["both"] == asdict(one.compare(pattern, theirs, two))
    alone = one.unmet(pattern, theirs, two)
    assert answer["only"]["first"]["n"] == len(alone) > 0
    row = answer["only"]["first"]["rows"][0]
    assert (row["start"], row["stop"]) == (alone["start"][0], alone["stop"][0])
    assert row["tokens"] == one.tokens[row["first"] : row["first"] + len(row["tokens"])]
    assert sum(n for _, n in first["by_length"]) == len(lengths)
    assert [length for length, _ in first["by_length"]] == sorted(set(lengths))
    asked["second"]["dump"] = other.uuid
    answer = post(client, one, asked).get_json()
    assert answer["both"] is None
    assert answer["only"] == {}
    assert "different tokens" in answer["why"]
    assert answer["second"]["n_matches"] >= 0


@pytest.mark.parametrize("body", [{}, {"first": {"source": "rnn.l0.h"}}, {"first": 3, "second": 4}])
def test_a_request_without_two_selections_is_told_so(tmp_path, body):
    dump = written(tmp_path, "one", 1)
    client = serve.make_app([dump]).server.test_client()
    answer = post(client, dump, body)
    assert answer.status_code == 400
    assert "first" in answer.get_json()["error"]
    assert client.post(f"/d/{dump.uuid}/compare", data="first=1", headers=LOCAL).status_code == 415
