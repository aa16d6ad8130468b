"""Whatever is asked of whichever route, the answer is an answer or one line with a status that fits; no traceback.

The questions come from the route table itself: each route with right, wrong, missing and absurd parts.
"""

from __future__ import annotations

import copy
import json
import logging
import random
import re

import numpy as np
import pytest

import lstmviz
from lstmviz.ui.serve import make_app
from support.budget import is_long

N_QUESTIONS = 10_000 if is_long() else 900
FITTING = {200, 302, 304, 308, 400, 404, 405, 409, 413, 415, 503}
ODD = [None, True, 0, -1, 1.5, 1e308, 2**63, "", "x", "rnn.l0.h", "\0", "\u202e", [], [[]], {}, {"": None}]
ODD += [[1, "a", None], "[" * 3_000]
PATH_PARTS = ["0", "1", "7", "-1", "99999999999999999999", "1.5", "x", "", "%00", "%E2%80%AE", "..", "a/b", "rnn.l0.h"]
KNOWN_PARTS = {
    "uuid": [],
    "form": ["csv", "json", "svg", "python", "command", "png.exe"],
    "method": ["pca", "tsne", "umap", "none"],
    "of": ["0", "1", "embedding"],
    "package_name": ["dash", "dash_mantine_components", "plotly", "os", "lstmviz", "no"],
    "fingerprinted_path": ["deps/react.js", "../../etc/passwd", "x.v1m2.js", "dash_mantine_components.js", "a"],
    "version": ["0"],
    "name": ["main.mjs", "lib/../main.mjs", "x"],
    "filename": ["page/main.mjs", "../pyproject.toml", "loader.js"],
    "path": ["x", "d", "_dash", "d/"],
    "rest": ["x", "matches/", "export"],
}
QUERIES = {
    "start": ["10", "0", "89"],
    "stop": ["13", "11", "9"],
    "t": ["0.3", "nan", "1e999"],
    "q": ["a", "(", "/a+/", "\0"],
    "side": ["high", "low"],
    "view": ["units", "matches", "unit", "text", "thresholds", "lengths", "carry", "barcode", "map", "pair"],
    "unit": ["0", "9"],
    "from": ["0", "5"],
    "limit": ["1", "50"],
    "by": ["loss", "part", "frequency"],
    "beside": ["x"],
    "source": ["rnn.l0.h"],
    "theme": ["light", "dark", "x"],
    "around": ["3"],
    "step": ["4"],
}
SELECTION = {
    "source": "rnn.l0.h",
    "start": 10,
    "stop": 13,
    "threshold": 0.3,
    "at": 0,
    "span": 20,
    "shared": 1,
    "side": "high",
    "parts": [{"source": "rnn.l0.c", "side": "low", "threshold": 0.2}],
    "filters": [{"track": "loss", "low": 0, "high": 50}],
    "excluded": [],
    "pinned": [{"source": "rnn.l0.h", "unit": 1}],
    "rows": 5,
    "offset": 0,
    "order": "best",
    "group": "",
    "hidden": [[10, 13]],
    "marked": [],
    "colour": "track:loss",
    "tracks": ["loss"],
    "lasso": [[-1, -1], [1, -1], [1, 1]],
    "track": "part",
    "hypothesis": {"track": "part", "labels": ["b"]},
    "text": "a b",
    "texts": ["a b"],
    "sources": ["rnn.l0.h"],
    "step": 1,
    "units": [0],
    "name": "parens",
    "typed": {"text": "a b", "start": 0, "stop": 1},
    "pattern": "{}",
    "output": "lv-selection.data",
    "inputs": [{"id": "lv-boot", "property": "data"}],
}
RARE = ("lasso", "pattern", "typed", "parts", "filters", "output", "inputs")


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    rng = np.random.default_rng(4)
    states = {name: rng.uniform(-1, 1, (90, 4)).astype("f4") for name in ("rnn.l0.h", "rnn.l0.c")}
    tracks = {"loss": np.arange(90.0), "part": np.repeat(["a", "b", "c"], 30)}
    path = tmp_path_factory.mktemp("every") / "a.h5"
    lstmviz.write_dump(path, states=states, tokens=np.arange(90) % 2, vocab=["a", "b"], lengths=[30] * 3, tracks=tracks)
    return lstmviz.open_dump(path)


def mutated(value, rng):
    """Return a JSON value with one part left out, of another type, or absurd."""
    value = copy.deepcopy(value)
    at = value
    while isinstance(at, dict | list) and at:
        key = rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if isinstance(at[key], dict | list) and at[key] and rng.random() < 0.6:
            at = at[key]
            continue
        if rng.random() < 0.2:
            del at[key]
        else:
            at[key] = rng.choice([*ODD, [at[key]] * 3, {"a": at[key]}, str(at[key]), "a" * 5_000])
        break
    return value


def question(rule, dump, rng):
    """Return the address, method and the rest of one request to a route."""

    def part(found):
        name = found[1].rpartition(":")[2]
        if name == "uuid":
            return dump.uuid if rng.random() < 0.95 else rng.choice(PATH_PARTS)
        known = KNOWN_PARTS.get(name, ["0", "1", "12"])
        return rng.choice(known if rng.random() < 0.8 else PATH_PARTS)

    path = re.sub(r"<([^>]+)>", part, rule.rule)
    names = rng.sample(list(QUERIES), rng.randint(0, 6)) + ["start", "stop", "t", "unit", "view"] * (rng.random() < 0.7)
    query = {n: rng.choice(QUERIES[n] if rng.random() < 0.8 else [*PATH_PARTS, "9" * 40]) for n in names}
    method = rng.choice(sorted(rule.methods)) if rng.random() < 0.95 else rng.choice(["PUT", "DELETE", "PATCH"])
    body = {k: v for k, v in SELECTION.items() if k not in RARE or rng.random() < 0.15} | {"dump": dump.uuid}
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        body = mutated(body, rng)
    body = body if rng.random() < 0.9 else rng.choice(ODD)
    data = rng.choice(["", "{", "\xff", "[" * 3_000, "NaN"]) if rng.random() < 0.05 else json.dumps(body)
    kind = "application/json" if rng.random() < 0.95 else "text/plain"
    return path, {"method": method, "query_string": query, "data": data, "content_type": kind}


def check(answer, asked):
    assert answer.status_code in FITTING, (asked, answer.status_code, answer.data[:200])
    if answer.status_code >= 400 and asked[1]["method"] != "HEAD":
        text = answer.json["error"] if answer.is_json else answer.text
        assert text.strip(), asked
        assert "\n" not in text.strip(), (asked, text)
        assert "Traceback" not in text
        assert len(text) < 2_000, asked


@pytest.mark.parametrize("seed", range(4))
def test_every_route_answers_or_says_in_a_line_what_is_wrong(dump, caplog, monkeypatch, seed):
    monkeypatch.setattr("lstmviz.maps.jobs.start", lambda *a, **_: (_ for _ in ()).throw(lstmviz.LstmvizError("no")))
    app = make_app([dump]).server
    client, rng = app.test_client(), random.Random(None if is_long() else seed)
    rules = [r for r in app.url_map.iter_rules() if "export/figure" not in r.rule or rng.random() < 0.1]
    with caplog.at_level(logging.WARNING):
        for i in range(N_QUESTIONS // 4):
            asked = question(rules[i % len(rules)], dump, rng)
            check(client.open(asked[0], **asked[1]), asked)
            assert not [r for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR], asked


@pytest.mark.parametrize("path", ["export/view.html", "export/figure.svg?view=matches"])
@pytest.mark.parametrize(
    "more", [{"filters": [{"track": "loss", "low": 1_000, "high": 2_000}]}, {"offset": 500}, {"shared": 9}]
)
def test_what_is_exported_where_no_match_is_listed_says_so(dump, path, more):
    client = make_app([dump]).server.test_client()
    asked = {"dump": dump.uuid, "source": "rnn.l0.h", "start": 10, "stop": 13, "at": 0, "span": 60, **more}
    answer = client.post(f"/d/{dump.uuid}/{path}", json=asked)
    assert answer.status_code == 200, answer.data[:200]
    assert answer.data
