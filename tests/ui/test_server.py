"""The server: who is let in, what the byte routes answer, where it listens."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest

import lstmviz
from lstmviz.errors import ServeError
from lstmviz.match.pattern.file import PatternFile
from lstmviz.system.paths import assets_dir
from lstmviz.types import Pattern, PatternUnit
from lstmviz.ui import serve
from lstmviz.ui.modules import Modules
from lstmviz.ui.place import Place
from lstmviz.ui.rows import CELLS, CELLS_BEFORE, match_rows
from lstmviz.ui.selection import parse
from support.paths import ROOT

LOCAL = {"Host": "127.0.0.1:8050"}


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    rng = np.random.default_rng(1)
    path = lstmviz.write_dump(
        tmp_path_factory.mktemp("server") / "words.h5",
        states={
            "rnn.l0.h": rng.uniform(-1, 1, (90, 4)).astype("float16"),
            "rnn.l0.c": rng.normal(0, 2, (90, 4)).astype("float64"),
        },
        views={"rnn.l0.c": "tanh"},
        tokens=np.arange(90) % 3,
        vocab=["la", "<b>", "li"],
        lengths=[40, 50],
        tracks={"depth": np.arange(90) % 5, "loss": np.where(np.arange(90) == 2, np.nan, 0.5)},
    )
    return lstmviz.open_dump(path)


def get(client, path, **more):
    return client.get(path, headers=LOCAL, **more)


def test_states_come_as_exact_bytes_that_may_be_kept_for_ever(client, dump):
    assert {s.dtype for s in dump.sources.values()} == {"float16", "float64"}
    for index, (name, source) in enumerate(dump.sources.items()):
        answer = get(client, f"/d/{dump.uuid}/states/{index}/30/50")
        values = np.frombuffer(answer.data, np.dtype(source.dtype).newbyteorder("<")).reshape(20, 4)
        np.testing.assert_array_equal(values, dump.states(name)[30:50])
        assert "immutable" in answer.headers["Cache-Control"]


def test_steps_carry_tokens_borders_and_tracks(client, dump):
    answer = get(client, f"/d/{dump.uuid}/steps/0/0/45").json
    assert answer["tokens"] == dump.tokens[0:45]
    assert answer["borders"] == [0, 40]
    assert answer["first_sequence"] == 0
    assert answer["tracks"]["depth"] == dump.tracks["depth"][0:45].tolist()
    assert answer["tracks"]["loss"][1:4] == [0.5, None, 0.5]


def test_about_says_what_the_page_draws(client, dump):
    about = get(client, f"/d/{dump.uuid}/about.json").json
    assert [s["name"] for s in about["sources"]] == ["rnn.l0.h", "rnn.l0.c"]
    assert about["axes"][0]["n_steps"] == 90
    assert about["tanh_cuts"][130] == dump.sources["rnn.l0.c"].cut(0.3)
    assert about["tanh_cuts"][0] is about["tanh_cuts"][200] is None
    assert (about["tracks"][0]["low"], about["tracks"][0]["high"], about["tracks"][0]["is_integer"]) == (0, 4, True)
    assert not about["tracks"][1]["is_integer"]


def test_search_hits_go_on_from_a_step_and_around(client, dump):
    answer = get(client, f"/d/{dump.uuid}/search/0?q=li la&after=80&limit=5").json
    every = dump.search("li la")
    assert answer["total"] == len(every)
    starts = every["start"].tolist()
    first = next(i for i, s in enumerate(starts) if s >= 80)
    assert [h[0] for h in answer["hits"]] == (starts[first:] + starts)[:5]
    assert answer["first"] == first


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/d/0123/about.json", 404, "no recording '0123' is served here; there is words"),
        ("/d/UUID/states/9/0/5", 404, "no source number 9"),
        ("/d/UUID/steps/3/0/5", 404, "no axis number 3"),
        ("/d/UUID/states/0/5/5", 400, "not a window"),
        ("/d/UUID/states/0/0/91", 400, "90 steps"),
        ("/d/UUID/steps/0/0/99999999999999999999", 400, "90 steps"),
        ("/d/UUID/search/0?q=", 400, "search text is empty"),
        ("/d/UUID/cut/0?t=inf", 400, "not a finite number"),
        ("/d/UUID/cut/0", 400, "not a finite number"),
    ],
)
def test_a_bad_request_gets_one_line(client, dump, path, status, words):
    answer = get(client, path.replace("UUID", dump.uuid))
    assert answer.status_code == status
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]


def test_a_failure_of_ours_is_words_and_no_traceback(client, dump, monkeypatch):
    monkeypatch.setattr("lstmviz.ui.routes.tiles.step_tracks", lambda *_: 1 / 0)
    answer = get(client, f"/d/{dump.uuid}/steps/0/0/5")
    assert answer.status_code == 500
    assert answer.json == {"error": "the server failed on this (ZeroDivisionError); its log says where"}


def test_an_answer_is_capped(dump, monkeypatch):
    monkeypatch.setattr("lstmviz.ui.routes.tiles.MAX_WINDOW_BYTES", 2 * 4 * 10)
    client = serve.make_app([dump]).server.test_client()
    assert get(client, f"/d/{dump.uuid}/states/0/0/10").status_code == 200
    assert "more than the 10" in get(client, f"/d/{dump.uuid}/states/0/0/11").json["error"]


def ask(served, **more):
    base = {
        "dump": served.uuid,
        "source": "rnn.l0.h",
        "start": 10,
        "stop": 11,
        "threshold": 0.2,
        "before": 0,
        "counted": True,
    }
    return match_rows(served, parse({**base, **more}))


def test_rows_for_the_page_are_those_of_the_api(dump):
    answer = ask(dump, rows=7)
    pattern = dump.select("rnn.l0.h", 10, 11, 0.2, 0, 0)
    frame = dump.match(pattern, limit=7)
    assert [[r["start"], r["stop"], r["n_shared"], r["n_union"]] for r in answer["rows"]] == frame[
        ["start", "stop", "n_shared", "n_union"]
    ].to_numpy().tolist()
    assert [list(c) for c in answer["counts"]] == dump.count(pattern).totals.to_numpy().tolist()
    assert ("error" in answer, answer["n_units"]) == (False, pattern.n_units)
    on = dump.states("rnn.l0.h")[:][:, [u.unit for u in pattern.units]] >= np.float16(0.2)
    for row in answer["rows"]:
        border = 0 if row["start"] < 40 else 40
        assert row["first"] == row["start"] - CELLS_BEFORE
        for i in range(CELLS):
            step = row["first"] + i
            is_inside = border <= step < (40 if border == 0 else 90)
            assert row["tokens"][i] == (dump.tokens[step] if is_inside else None)
            assert row["on"][i] == (int(on[step].sum()) if is_inside else None)
            assert row["tracks"]["depth"][i] == (step % 5 if is_inside else None)
    json.dumps(answer, allow_nan=False)


def test_an_answer_carries_its_pattern_which_opened_again_answers_the_same(dump):
    brushed = ask(dump, source="rnn.l0.c", before=1, after=2)
    pattern = dump.select("rnn.l0.c", 10, 11, 0.2, 1, 2)
    file = PatternFile.from_json(brushed["pattern"])
    assert (file.pattern, file.notes.dump) == (pattern, dump.uuid)
    cut = dump.sources["rnn.l0.c"].cut(0.2)
    assert brushed["units"] == [
        {"source": "rnn.l0.c", "unit": u.unit, "side": "high", "threshold": 0.2, "cut": cut} for u in pattern.units
    ]
    opened = ask(dump, start=None, stop=None, pattern=brushed["pattern"])
    assert brushed["brushed"]["start"] == 10
    assert {**opened, "ms": 0} == {**brushed, "ms": 0, "brushed": None}


def test_a_pattern_over_several_sources_and_sides_is_answered_as_the_api_does(dump):
    units = (PatternUnit("rnn.l0.h", 1, "high", 0.4), PatternUnit("rnn.l0.c", 2, "low", -0.5))
    pattern = Pattern("text", units, (("rnn.l0.h", 0.4), ("rnn.l0.c", 0.5)), 2, 0, 1)
    answer = ask(dump, start=None, stop=None, pattern=PatternFile(pattern).to_json())
    frame = dump.match(pattern)
    assert [[r["start"], r["stop"], r["n_shared"]] for r in answer["rows"]] == frame[
        ["start", "stop", "n_shared"]
    ].to_numpy().tolist()


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "pattern"), ("{}", "pattern"), ("x" * 2**21, "'pattern'")],
)
def test_a_file_that_is_no_pattern_is_refused_in_one_line(dump, text, words):
    with pytest.raises(lstmviz.LstmvizError) as caught:
        ask(dump, pattern=text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_brush_or_no_units_is_an_empty_answer(dump):
    for answer in (ask(dump, start=None, stop=None), ask(dump, threshold=5)):
        assert (answer["rows"], answer["counts"], answer["n_units"], answer["n_full"]) == ([], [], 0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [("start", "x"), ("threshold", float("nan")), ("rows", 10**9), ("before", -1), ("dump", None), ("start", -3)],
)
def test_a_selection_that_is_off_is_named_by_its_field(dump, field, value):
    with pytest.raises(lstmviz.LstmvizError) as caught:
        ask(dump, **{field: value})
    assert f"'{field}'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_host_name_is_refused(client):
    two = "127.0.0.1, evil.example"  # how waitress passes two such headers on
    odd = ("evil@localhost", "localhost/x", "localhost:x", "[::1", "localhost.", two)
    for name in ("evil.example", "evil.example:8050", "127.0.0.1.evil.example", "", *odd):
        answer = client.get("/", headers={"Host": name})
        assert answer.status_code == 403, name
        assert "its names are" in answer.text
    for name in ("127.0.0.1", "localhost:9", "[::1]:8050"):
        assert client.get("/health", headers={"Host": name}).status_code == 200


def test_only_a_name_ends_as_the_names_of_this_server_do(dump):
    client = serve.make_app([dump], place=Place(hosts=(".room.example",))).server.test_client()
    for name in ("a.room.example", "B.room.example:80", "a.b_c.room.example"):
        assert client.get("/health", headers={"Host": name}).status_code == 200, name
    for between in ', /\\?#@:%;&<"':
        for field in ("Host", "Origin"):
            odd = {
                "Host": "a.room.example",
                field: f"{'https://' * (field == 'Origin')}evil.example{between}.room.example",
            }
            assert client.post("/_dash-update-component", json={}, headers=odd).status_code == 403, odd


def test_a_room_needs_the_token_once_and_the_link_keeps_its_selection(dump):
    server = serve.make_app([dump], place=Place(hosts=("room.example",), token="s3cret")).server
    client = server.test_client()
    host = {"Host": "room.example:8050"}
    for path in ("/", f"/d/{dump.uuid}/about.json", "/_dash-layout", "/?token=wrong", "/assets/style.css", "/health"):
        refused = client.get(path, headers=host)
        assert refused.status_code == 403, path
        assert "?token=" in refused.text
    assert client.post("/_dash-update-component", json={}, headers=host).status_code == 403
    admitted = client.get("/?token=s3cret&start=3&stop=5", headers=host)
    assert (admitted.status_code, admitted.headers["Location"]) == (302, "/?start=3&stop=5")
    odd = server.test_client().get("/a%0d%0aSet-Cookie: x?token=s3cret", headers=host)
    assert (odd.status_code, odd.headers["Location"]) == (302, "/a%0D%0ASet-Cookie%3A%20x")
    assert "HttpOnly" in admitted.headers["Set-Cookie"]
    assert "SameSite=Strict" in admitted.headers["Set-Cookie"]
    assert client.get("/", headers=host).status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert server.test_client().get("/", headers=host).status_code == 403
    assert "s3cret" not in admitted.headers["Set-Cookie"]
    forged = server.test_client()
    forged.set_cookie(admitted.headers["Set-Cookie"].partition("=")[0], "s3cret", domain="room.example")
    assert forged.get("/", headers=host).status_code == 403
    assert client.get(f"/d/{dump.uuid}/states/0/0/2", headers=host).headers["Cache-Control"] == "no-store"
    assert client.get("/page/0/main.mjs", headers=host).headers["Cache-Control"] == "no-cache"


def test_a_link_that_is_followed_from_another_site_is_asked_for_again_by_the_page_itself(dump):
    server = serve.make_app([dump], place=Place(hosts=("room.example",), token="s3cret")).server
    followed = {"Host": "room.example", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}
    answer = server.test_client().get(f"/?dump={dump.uuid}", headers=followed)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert 'http-equiv="refresh" content="0"' in answer.text
    assert dump.uuid not in answer.text
    again = {**followed, "Sec-Fetch-Site": "same-origin"}
    assert server.test_client().get(f"/?dump={dump.uuid}", headers=again).status_code == 403
    assert server.test_client().get("/", headers={**followed, "Sec-Fetch-Mode": "cors"}).status_code == 403


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:8050"}, 200),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "https://room.example"}, 200),  # a proxy of that name, which sends another Host
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_page_of_another_site_changes_nothing(dump, more, status):
    client = serve.make_app([dump], place=Place(hosts=("room.example",))).server.test_client()
    body = {"dump": dump.uuid, "source": "rnn.l0.h", "start": 3, "stop": 5}
    assert client.post(f"/d/{dump.uuid}/matches", json=body, headers={**LOCAL, **more}).status_code == status


def test_answers_forbid_what_comes_from_elsewhere(client):
    headers = get(client, "/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "camera=()" in headers["Permissions-Policy"]
    scripts = next(p for p in headers["Content-Security-Policy"].split("; ") if p.startswith("script-src"))
    assert "unsafe" not in scripts
    assert "style-src-attr 'none'" in headers["Content-Security-Policy"]
    inline = re.findall(r"<script([^>]*)>([^<]+)</script>", get(client, "/").text)
    run = [text for kind, text in inline if "application/json" not in kind]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in run]
    assert run
    assert all(f"'sha256-{each}'" in scripts for each in hashes)


def test_the_modules_come_by_their_version_and_are_kept_as_long_as_it_is_the_same(client):
    page = get(client, "/").text
    named = re.findall(r'<link rel="modulepreload" href="(/page/\w+/([\w/-]+\.mjs))">', page)
    (entry,) = re.findall(r'<script type="module" async id="lv-main" src="([^"]+)">', page)
    (early,) = re.findall(r'<script type="module" async src="([^"]+/early.mjs)">', page)
    names = [name for _, name in named]
    assert names.index("store/first-view.mjs") < 20  # of the few that come first, in the head
    assert page.index(early) < page.rindex("<script src=") < page.index('/lib/words.mjs"')
    assert len(named) > 100
    assert entry in [path for path, _ in named]
    for path, name in named:
        answer = get(client, path)
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.data == (assets_dir() / "page" / name).read_bytes()
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert get(client, "/page/older/main.mjs").headers["Cache-Control"] == "no-cache"
    assert client.get("/page/older/nothing.mjs").status_code == 404
    assert client.get(f"{entry}/../../../style.css").status_code == 404
    assert "/assets/page/" not in page


def test_a_changed_module_has_another_version(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("lstmviz.ui.modules.time.monotonic", lambda: now[0])
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "one.mjs").write_text("export const one = 1;\n")
    (tmp_path / "late.mjs").write_text("export const late = 1;\n")
    (tmp_path / "early.mjs").write_text("")
    (tmp_path / "main.mjs").write_text('import { one } from "./lib/one.mjs";\nawait import("./late.mjs");\n')
    modules = Modules(tmp_path)
    before = modules.version
    modules.load()
    assert modules.version == before
    (tmp_path / "lib" / "one.mjs").write_text("export const one = 2;\n")
    modules.load()
    assert modules.version == before  # a visit a moment later reads no file
    now[0] = 1.0
    modules.load()
    assert modules.version != before
    preloads = modules.preloads("/under/")
    assert f'"/under/page/{modules.version}/lib/one.mjs"' in preloads
    assert "late.mjs" not in preloads


def test_what_the_page_asks_for_first_comes_along(dump, tmp_path):
    states = {"rnn.l0.h": np.zeros((3, 2), np.float32)}
    other = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "other.h5", states=states, tokens=list("abc")))
    app = serve.make_app([dump, other])
    asked = re.compile(r'<link rel="preload" as="fetch" crossorigin href="([^"]+)">')
    dash = ["/_dash-layout", "/_dash-dependencies"]
    client = app.server.test_client()
    assert asked.findall(get(client, "/").text) == dash
    assert asked.findall(get(client, f"/?dump={other.uuid}").text) == [*dash, f"/d/{other.uuid}/about.json"]
    assert asked.findall(get(client, "/?dump=%22%3E").text) == dash
    alone = serve.make_app([dump]).server.test_client()
    assert asked.findall(get(alone, "/").text) == [*dash, f"/d/{dump.uuid}/about.json"]


def test_scripts_come_without_what_is_said_of_pages(client):
    """There are many of them, and nothing in them would obey."""
    headers = get(client, "/page/0/main.mjs").headers
    assert "Content-Security-Policy" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_no_dump_and_no_address_are_said(dump):
    with pytest.raises(ServeError, match="no dump"):
        serve.make_app([])
    with pytest.raises(ServeError, match="LSTMVIZ_DUMPS names no dump"):
        serve.server_from_environment({})
    with pytest.raises(ServeError, match=r"cannot listen on 192\.0\.2\.1:8050"):
        serve.serve([dump], host="192.0.2.1", open_browser=False)


def test_a_port_in_use_gives_another_and_the_address_is_printed(dump):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running("serve", str(dump.path), "--no-browser", "--port", str(port)) as (_, lines):
            assert f"port {port} is in use" in lines[0]
            address = re.search(r"http://127\.0\.0\.1:(\d+)/", lines[1])
            assert int(address[1]) != port
            assert b"lstmviz" in urllib.request.urlopen(address[0]).read()


def test_a_room_gets_an_address_with_a_token(dump):
    with running("serve", str(dump.path), "--no-browser", "--host", "0.0.0.0", "--port", "18059") as (_, lines):
        found = re.search(r"http://([^/]+):(\d+)/(\?token=\S+)", "".join(lines))
        assert found, lines
        local = f"http://127.0.0.1:{found[2]}/"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(local)
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert opener.open(local + found[3]).status == 200


def test_gunicorn_serves_dumps_from_the_environment(dump):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "app:server",
        "-b",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--threads",
        "2",
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "LSTMVIZ_DUMPS": str(dump.path)}, stderr=subprocess.PIPE, text=True
    )
    try:
        url = f"http://127.0.0.1:{port}/d/{dump.uuid}/about.json"
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = json.load(urllib.request.urlopen(url))
                break
            except OSError:
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert answer["uuid"] == dump.uuid
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()


def test_gunicorn_without_dumps_says_so_in_one_line(monkeypatch):
    monkeypatch.delenv("LSTMVIZ_DUMPS", raising=False)
    app = runpy.run_path(str(ROOT / "app.py"))
    with pytest.raises(SystemExit) as ended:
        app["__getattr__"]("server")
    assert ended.value.code == "lstmviz: LSTMVIZ_DUMPS names no dump; set it to paths separated by ':'"


class running:  # noqa: N801  reads as a verb
    """An lstmviz command that serves, until it has printed its address; stopped with Ctrl-C."""

    def __init__(self, *arguments):
        self.command = [sys.executable, "-m", "lstmviz.cli", *arguments]

    def __enter__(self):
        environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            self.command,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a background job ignores it
        )
        watchdog = threading.Timer(90, self.process.kill)
        watchdog.start()
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if "http://" in line:
                break
        watchdog.cancel()
        return self.process, lines

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        rest = self.process.communicate(timeout=30)[0]
        assert "Traceback" not in rest, rest
