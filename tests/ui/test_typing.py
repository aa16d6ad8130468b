"""The server's side of typing: what a text's route answers, what it refuses, and what a typed brush is matched as."""

from __future__ import annotations

import io
import json
import re
from base64 import b64decode
from contextlib import redirect_stdout

import numpy as np
import pytest

import lstmviz
from lstmviz.errors import ProjectionError
from lstmviz.match import Brush, Part
from lstmviz.training.model_config import model_beside
from lstmviz.types import Filter
from lstmviz.ui import serve
from lstmviz.ui.copy_as import plain_brush
from lstmviz.ui.place import Place
from lstmviz.ui.rows import match_rows
from lstmviz.ui.selection import parse
from lstmviz.ui.summary import match_summary

LOCAL = {"Host": "127.0.0.1:8050"}
TEXT = "0(11(222(33(44)3)2)1)0"
SOURCE = "rnn.l1.c"


def post(client, dump, path, body, **more):
    return client.post(f"/d/{dump.uuid}/{path}", json=body, headers=LOCAL, **more)


def selection(dump, **more):
    brush = {"text": TEXT, "start": 11, "stop": 14}
    return {"dump": dump.uuid, "source": SOURCE, "threshold": 0.3, "before": 0, "after": 0, "typed": brush} | more


def test_a_texts_states_come_as_they_would_be_stored_with_its_tracks(client, parens):
    names = [SOURCE, "rnn.l0.h"]
    answer = post(client, parens, "typed", {"texts": [TEXT + "x"], "sources": names})
    assert answer.headers["Cache-Control"] == "no-store"
    (given,) = answer.json["texts"]
    typed = parens.rerun(TEXT + "x")
    assert given["tokens"] == list(TEXT + "x")
    assert given["is_known"] == [1] * len(TEXT) + [0]
    assert given["has_unknown"] is False
    assert list(given["states"]) == sorted(names)  # as JSON of Flask has them
    for name in names:
        assert b64decode(given["states"][name]) == typed.states(name)[:].astype("<f2").tobytes()
    tracks = {track["name"]: track for track in given["tracks"]}
    assert list(tracks) == list(typed.tracks)
    assert tracks["loss"]["values"] == [None if v != v else v for v in typed.tracks["loss"][:].tolist()]
    assert tracks["top1"]["labels"] == list(typed.tracks["top1"].labels)
    assert tracks["top1"]["values"] == typed.tracks["top1"][:].tolist()


def test_two_texts_are_answered_at_once_and_a_source_that_is_not_asked_for_is_left_out(client, parens):
    answer = post(client, parens, "typed", {"texts": ["01", "0("]}).json
    assert [(one["text"], one["states"]) for one in answer["texts"]] == [("01", {}), ("0(", {})]


def test_it_is_told_whether_text_can_be_typed_and_no_browser_keeps_that(client, parens):
    answer = client.get(f"/d/{parens.uuid}/typing.json", headers=LOCAL)
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    assert (told["problem"], told["level"], told["words"], told["has_unknown"]) == (None, "char", "2 x 50 LSTM", False)
    assert told["some"] == list(parens.first.tokens.vocab)


def test_a_dump_without_a_model_is_told_in_one_line_that_names_no_folder(tmp_path):
    path = lstmviz.write_dump(tmp_path / "bare.h5", states={"h": np.zeros((3, 2))}, tokens=[0, 0, 0], vocab=["a"])
    dump = lstmviz.open_dump(path)
    client = serve.make_app([dump]).server.test_client()
    told = client.get(f"/d/{dump.uuid}/typing.json", headers=LOCAL).json["problem"]
    assert told.startswith("no model lies beside bare.h5 (bare.safetensors is not there)")
    answer = post(client, dump, "typed", {"texts": ["a"]})
    assert (answer.status_code, answer.json["error"]) == (400, told)
    model_beside(path).write_bytes(b"\x80\x04cposix\nsystem\n")
    for given in (
        client.get(f"/d/{dump.uuid}/typing.json", headers=LOCAL).json["problem"],
        post(client, dump, "typed", {"texts": ["a"]}).json["error"],
    ):
        assert "cannot be read as a model" in given
        assert str(tmp_path) not in given


def test_a_dump_whose_name_leaves_no_room_for_a_model_beside_it_has_none(tmp_path):
    name = "n" * 250  # with .h5 a name; with .safetensors too long for one
    written = lstmviz.write_dump(tmp_path / "a.h5", states={"h": np.zeros((3, 2))}, tokens=[0, 0, 0], vocab=["a"])
    dump = lstmviz.open_dump(written.rename(tmp_path / f"{name}.h5"))
    client = serve.make_app([dump]).server.test_client()
    told = client.get(f"/d/{dump.uuid}/typing.json", headers=LOCAL).json
    assert (told["problem"][:25], told["is_absent"]) == ("no model lies beside nnnn", True)
    with pytest.raises(ProjectionError, match="so there are no embeddings"):
        dump.project("embedding")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "'texts' is"),
        ({"texts": []}, "'texts' is"),
        ({"texts": "ab"}, "'texts' is"),
        ({"texts": [3]}, "'texts.0.text' is '3'"),
        ({"texts": ["a", "b", "c", "d"]}, "'texts' is"),
        ({"texts": ["\ud83d"]}, "'texts.0.text' is"),
        ({"texts": ["0" * 40_001]}, "'texts.0.text' is '0000"),
        ({"texts": ["0" * 2_001]}, "the text has 2,001 tokens; at most 2,000 can be typed"),
        ({"texts": [""]}, "the text has no token; type at least one"),
        ({"texts": ["0"], "sources": ["nope"]}, "no source 'nope'"),
        ({"texts": ["0"], "sources": ["h"] * 65}, "'sources' is"),
        (["0"], "is a list, not a JSON object"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_line(client, parens, body, words):
    answer = post(client, parens, "typed", body)
    assert answer.status_code in (400, 404)
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]


def test_the_route_keeps_to_the_guards_of_every_other(client, parens):
    where = f"/d/{parens.uuid}/typed"
    body = json.dumps({"texts": ["0"]})
    assert client.post(where, data=body, headers=LOCAL, content_type="text/plain").status_code == 415
    assert (
        client.post(where, data=body, headers={"Host": "evil.example"}, content_type="application/json").status_code
        == 403
    )
    large = json.dumps({"texts": ["0"], "more": "x" * 2**21})
    assert client.post(where, data=large, headers=LOCAL, content_type="application/json").status_code == 413
    assert client.post("/d/nobody/typed", data=body, headers=LOCAL, content_type="application/json").status_code == 404
    guarded = serve.make_app([parens], place=Place(token="t" * 20)).server.test_client()
    assert guarded.post(where, data=body, headers=LOCAL, content_type="application/json").status_code in (401, 403)


@pytest.mark.parametrize("text", ["\u0000", "<img src=x onerror=alert(1)>", "\u202e)0(", "é" * 2000])
def test_hostile_text_comes_back_as_itself(client, parens, text):
    (given,) = post(client, parens, "typed", {"texts": [text], "sources": [SOURCE]}).json["texts"]
    assert given["tokens"] == list(text)
    assert len(b64decode(given["states"][SOURCE])) == len(text) * 50 * 2


def test_a_typed_brush_is_matched_as_the_pattern_that_python_selects(parens):
    asked = parse(selection(parens))
    pattern = parens.rerun(TEXT).select(SOURCE, 11, 14, 0.3, off_before=0)
    assert pattern.n_units
    found = match_rows(parens, asked)
    best = parens.match(pattern)
    assert [[r["start"], r["stop"], r["n_shared"]] for r in found["rows"]] == best[
        ["start", "stop", "n_shared"]
    ].to_numpy().tolist()
    assert [u["unit"] for u in found["units"]] == [u.unit for u in pattern.units]
    assert json.loads(found["pattern"])["pattern"]["length"] == 3
    assert match_summary(parens, asked)["n_full"] == found["n_full"]


def test_constraints_parts_pins_and_filters_hold_for_a_typed_brush_too(parens):
    more = {
        "side": "both",
        "before": 1,
        "parts": [{"source": "rnn.l0.h", "side": "low", "threshold": 0.5}],
        "pinned": [{"source": SOURCE, "unit": 7, "side": "low", "threshold": -0.2}],
        "filters": [{"track": "depth", "low": 3}],
    }
    found = match_rows(parens, parse(selection(parens, **more)))
    typed = parens.rerun(TEXT)
    high, low = (typed.select(SOURCE, 11, 14, 0.3, 1, 0, side) for side in ("high", "low"))
    below = typed.select("rnn.l0.h", 11, 14, 0.5, 1, 0, "low")
    expected = {(u.source, u.unit, u.side) for p in (high, low, below) for u in p.units} | {(SOURCE, 7, "low")}
    assert {(u["source"], u["unit"], u["side"]) for u in found["units"]} == expected
    assert all(parens.tracks["depth"][r["start"]] >= 3 for r in found["rows"])
    pattern = lstmviz.PatternFile.from_json(found["pattern"]).pattern
    assert pattern.filters == (Filter("depth", low=3),)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"text": TEXT, "start": 11, "stop": 99}, "ends after the last step"),
        ({"text": TEXT, "start": 5, "stop": 5}, "5"),
        ({"text": "", "start": 0, "stop": 1}, "the text has no token"),
        ({"text": 3, "start": 0, "stop": 1}, "'typed.text' is '3'"),
        ({"text": "0" * 40_001, "start": 0, "stop": 1}, "'typed.text' is '0000"),
    ],
)
def test_a_typed_brush_that_cannot_be_is_a_line(parens, typed, words):
    with pytest.raises(lstmviz.LstmvizError, match=words) as caught:
        match_rows(parens, parse(selection(parens, typed=typed)))
    assert "\n" not in str(caught.value)


def test_a_filter_that_the_corpus_has_not_is_told(parens):
    with pytest.raises(lstmviz.LstmvizError, match="no track 'mood'"):
        match_rows(parens, parse(selection(parens, filters=[{"track": "mood", "low": 1}])))


def test_copied_python_types_the_text_and_finds_the_same_matches(client, parens):
    code = post(client, parens, "copy/python", selection(parens)).get_data(as_text=True)
    assert f"typed = dump.rerun({TEXT!r})\npattern = typed.select(" in code
    out = io.StringIO()
    with redirect_stdout(out):
        scope = {}
        exec(re.sub(r"open_dump\('[^']*'\)", f"open_dump({str(parens.path)!r})", code), scope)
    expected = parens.match(parens.rerun(TEXT).select(SOURCE, 11, 14, 0.3, off_before=0), 100_000)
    assert scope["matches"].equals(expected)
    command = post(client, parens, "copy/command", selection(parens)).get_data(as_text=True)
    assert "--pattern -" in command  # there is no option for a text: each unit is named
    assert json.loads(command.split("\n")[1])["pattern"]["length"] == 3


def test_a_plain_brush_of_a_text_keeps_the_text():
    brush = Brush(parts=(Part(SOURCE),), start=1, stop=3)
    assert plain_brush(brush).text is None
    assert plain_brush(brush, "ab").text == "ab"


def test_matches_of_a_typed_brush_are_exported_and_drawn(client, parens):
    lines = post(client, parens, "export/matches.csv", selection(parens)).get_data(as_text=True).splitlines()
    best = parens.match(parens.rerun(TEXT).select(SOURCE, 11, 14, 0.3, off_before=0), limit=1)
    assert lines[1].startswith(f"{best['start'][0]},{best['stop'][0]},")
    page = post(client, parens, "export/view.html", selection(parens, at=0, span=30)).get_data(as_text=True)
    assert "<html" in page


@pytest.mark.parametrize("side", ["high", "low"])
def test_the_adviser_is_asked_about_a_text(client, parens, side):
    query = f"start=11&stop=14&before=1&after=0&side={side}"
    index = list(parens.sources).index(SOURCE)
    told = post(client, parens, f"typed/thresholds/{index}?{query}", {"text": TEXT}).json
    typed = parens.rerun(TEXT)
    expected = typed.thresholds(SOURCE, 11, 14, 1, 0, side)
    assert told == {"threshold": expected["threshold"].tolist(), "n_units": expected["n_units"].tolist()}
    why = post(client, parens, f"typed/whynot/{index}/3?{query}&t=0.4", {"text": TEXT}).json
    assert why["words"] == str(typed.why_not(SOURCE, 3, 11, 14, 0.4, 1, 0, side))
    assert "'text' is missing" in post(client, parens, f"typed/thresholds/{index}?{query}", {}).json["error"]


def read(answer, source=SOURCE):
    """The first text's states of a source, and its tracks by name."""
    given = answer.json["texts"][0]
    states = np.frombuffer(b64decode(given["states"][source]), "<f2").reshape(len(given["tokens"]), -1)
    return states, {track["name"]: track["values"] for track in given["tracks"]}


@pytest.mark.parametrize("to", ["mean", "zero"])
def test_a_text_with_units_held_is_what_python_gives(client, parens, to):
    units = [{"source": SOURCE, "unit": unit} for unit in (45, 3)] + [{"source": "rnn.l0.h", "unit": 7}]
    texts = [{"text": TEXT, "held": units, "to": to}, TEXT]
    answer = post(client, parens, "typed", {"texts": texts, "sources": [SOURCE]})
    held = [lstmviz.Intervention(SOURCE, (45, 3), to=to), lstmviz.Intervention("rnn.l0.h", (7,), to=to)]
    typed = parens.rerun(TEXT, held)
    states, tracks = read(answer)
    np.testing.assert_array_equal(states, typed.states(SOURCE)[:])
    assert tracks["loss"][:-1] == typed.tracks["loss"][:-1].tolist()
    plain = b64decode(answer.json["texts"][1]["states"][SOURCE])
    assert plain == parens.rerun(TEXT).states(SOURCE)[:].tobytes()
    assert plain != states.tobytes()


def test_units_that_take_the_text_befores_values_turn_the_predictions_as_a_patch_does(client, parens):
    before, window = TEXT.replace("44", "4)"), lstmviz.Window(12, 16)
    units = [{"source": name, "unit": unit} for name in ("rnn.l0.c", SOURCE) for unit in range(50)]
    carried = {"donor": before, "units": units, "start": window.start, "stop": window.stop}
    answer = post(client, parens, "typed", {"texts": [{"text": TEXT, "carried": carried}], "sources": [SOURCE]})
    states, tracks = read(answer)
    donor = parens.rerun(before).states(SOURCE)[:]
    np.testing.assert_allclose(states[12:16], donor[12:16], atol=2e-3)  # float16
    patched = parens.patch(TEXT, before, {name: range(50) for name in ("rnn.l0.c", SOURCE)}, window)
    loss = patched.steps["loss_patched"].to_numpy()[:-1]
    np.testing.assert_allclose(np.array(tracks["loss"][:-1], float), loss, atol=5e-3)
    assert np.abs(loss - patched.steps["loss"].to_numpy()[:-1]).max() > 0.1


def test_what_is_carried_over_ends_where_either_text_does(client, parens):
    carried = {"donor": "0(1", "units": [{"source": SOURCE, "unit": 45}]}
    states, _ = read(
        post(client, parens, "typed", {"texts": [{"text": TEXT, "carried": carried}], "sources": [SOURCE]})
    )
    donor, plain = parens.rerun("0(1").states(SOURCE)[:], parens.rerun(TEXT).states(SOURCE)[:]
    np.testing.assert_array_equal(states[:3, 45], donor[:, 45])
    assert abs(float(states[4, 45]) - float(plain[4, 45])) < 0.05  # it runs on by itself


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"text": "0", "held": [{"source": "nope.h", "unit": 0}]}, "no source 'nope.h'"),
        ({"text": "0", "held": [{"source": SOURCE, "unit": 50}]}, "unit 50"),
        ({"text": "0", "held": [{"source": SOURCE, "unit": -1}]}, "'texts.0.held.0.unit' is '-1'"),
        ({"text": "0", "held": [{"source": SOURCE, "unit": "<b>"}]}, "'texts.0.held.0.unit' is '<b>'"),
        ({"text": "0", "held": [{"source": SOURCE, "unit": 1}] * 201}, "'texts.0.held' is"),
        ({"text": "0", "held": [{"source": "rnn.l1.f", "unit": 0}]}, "rnn.l1.f is a gate"),
        ({"text": "0", "to": "other"}, "'texts.0.to' is 'other'"),
        ({"text": "0", "carried": {"donor": "", "units": [{"source": SOURCE, "unit": 0}]}}, "has no token"),
        ({"text": "0", "carried": {"donor": "0", "units": []}}, "'texts.0.carried.units' is"),
        (
            {"text": "0", "carried": {"donor": "0", "units": [{"source": SOURCE, "unit": 0}], "start": 2, "stop": 2}},
            "the window [2, 2) is empty",
        ),
        (
            {"text": "0", "carried": {"donor": "0", "units": [{"source": SOURCE, "unit": 0}], "stop": 401}},
            "the values of 400 tokens",
        ),
        (None, "'texts.0.text' is 'None'"),
        ({"held": []}, "'texts.0.text' is"),
    ],
)
def test_what_cannot_be_held_is_refused_in_a_line(client, parens, run, words):
    answer = post(client, parens, "typed", {"texts": [run]})
    assert answer.status_code in (400, 404)
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]


def test_the_influence_on_a_step_is_what_python_gives(client, parens):
    asked = {"text": TEXT, "source": SOURCE, "units": [45, 3], "step": 12}
    given = post(client, parens, "typed/influence", asked).json
    frame = parens.influence(TEXT, SOURCE, [45, 3], n_draws=0).at(12)
    np.testing.assert_allclose(given["states"], frame["states"], rtol=1e-6)
    np.testing.assert_allclose(given["loss"], frame["loss"], rtol=1e-6)
    every = post(client, parens, "typed/influence", {**asked, "units": []}).json
    np.testing.assert_allclose(every["states"], parens.influence(TEXT, SOURCE, n_draws=0).at(12)["states"], rtol=1e-6)
    unread = post(client, parens, "typed/influence", {**asked, "text": "x" + TEXT, "step": 3}).json
    assert (unread["states"][0], unread["states"][1] is None) == (None, False)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"step": 99}, "step 99 is not one of the text's 0 to 21"),
        ({"step": -1}, "'step' is '-1'"),
        ({"units": [50]}, "unit 50"),
        ({"source": "nope"}, "no source 'nope'"),
        ({"text": ""}, "the text has no token"),
        ({"text": "0" * 501}, "the text has 501 tokens; influence is shown for at most 500"),
    ],
)
def test_influence_that_cannot_be_told_is_refused_in_a_line(client, parens, more, words):
    asked = {"text": TEXT, "source": SOURCE, "units": [45], "step": 1}
    answer = post(client, parens, "typed/influence", asked | more)
    assert answer.status_code in (400, 404)
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]
