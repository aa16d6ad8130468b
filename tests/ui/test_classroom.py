"""A class's server: who may do what, what hostile students get, and that students join by a form without a script."""

from __future__ import annotations

import re
import sqlite3

import numpy as np
import pytest

import lstmviz
from lstmviz.classroom import Room
from lstmviz.errors import ServeError
from lstmviz.lessons import builtin_lessons
from lstmviz.ui.class_posts import MOST_PLACE
from lstmviz.ui.place import Place
from lstmviz.ui.routes.classroom import qr_path
from lstmviz.ui.serve import make_app

HOST = {"Host": "room.example:8050"}
PERSON = {**HOST, "Accept": "text/html,*/*"}
LESSON, STEP = next(
    (lesson.name, k) for lesson in builtin_lessons() for k, step in enumerate(lesson.steps) if step.choices
)
TEACHERS = [
    "room.json",
    "link.json",
    "class.sqlite",
    "view",
    "ask",
    "tell",
    "put-away",
    "call",
    "end",
    "remove",
    "open",
]


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    states = np.random.default_rng(1).uniform(-1, 1, (90, 4)).astype("float16")
    path = tmp_path_factory.mktemp("class") / "words.h5"
    lstmviz.write_dump(path, states={"rnn.l0.h": states}, tokens=np.arange(90) % 2, vocab=["a", "b"], lengths=[90])
    return lstmviz.open_dump(path)


class Class:
    """A class on a test server, and its clients."""

    def __init__(self, dump, prefix="/", **more):
        self.room = Room()
        place = Place(("room.example",), prefix, token="s3cret")
        self.server = make_app([dump], place, room=self.room, **more).server
        self.teacher = self.client()
        self.teacher.get("/?token=s3cret", headers=HOST)

    def client(self):
        return self.server.test_client()

    def student(self, name="Ana"):
        client = self.client()
        form = {"code": self.room.code, "name": name, "to": ""}
        assert client.post("/join", data=form, headers=PERSON).status_code == 303
        return client

    def ask(self, path, body=None, client=None):
        given = {} if body is None else body
        answer = (client or self.teacher).post(f"/class/teacher/{path}", json=given, headers=HOST)
        assert answer.status_code == 200, answer.text
        return answer.json


def beat(client, **body):
    return client.post("/class/student/beat", json={"version": -1, **body}, headers=HOST)


@pytest.fixture
def lesson(dump):
    return Class(dump)


def test_a_class_needs_a_token(dump):
    with pytest.raises(ServeError, match="token"):
        make_app([dump], room=Room())


def test_a_stranger_is_asked_for_the_code_and_no_program_gets_further(lesson, dump):
    stranger = lesson.client()
    for path in ("/", f"/d/{dump.uuid}/about.json", "/_dash-layout", "/assets/style.css", "/class/teacher/room.json"):
        refused = stranger.get(path, headers=HOST)
        assert refused.status_code == 403
        assert "class link" in refused.text
    first = stranger.get("/?dump=1&start=3", headers=PERSON)
    assert (first.status_code, "url=?dump=1&amp;start=3&amp;again=1" in first.text) == (200, True)
    page = stranger.get("/?dump=1&start=3&again=1", headers=PERSON)
    assert 'action="/join"' in page.text
    assert 'name="to" value="?dump=1&amp;start=3"' in page.text
    assert lesson.room.code not in page.text
    assert "s3cret" not in page.text
    assert stranger.get("/?again=1", headers={**PERSON, "Host": "evil.example"}).text.startswith("this server is not")


def test_a_student_joins_without_a_script_and_lands_where_the_link_led(lesson):
    client = lesson.client()
    code = lesson.room.code
    assert "again=1" in client.get(f"/join/{code}", headers=PERSON).text
    page = client.get(f"/join/{code}?again=1", headers=PERSON).text
    assert f'<input type="hidden" name="code" value="{code}">' in page
    assert page.count("<script") == 1  # for what stands behind the # alone
    assert '<script defer src="/join/fragment.js"></script>' in page
    script = client.get("/join/fragment.js", headers=HOST)
    assert (script.status_code, script.mimetype) == (200, "text/javascript")
    joined = client.post("/join", data={"code": code, "name": "Ana", "to": "?dump=1#pattern=%7B"}, headers=PERSON)
    assert (joined.status_code, joined.headers["Location"]) == (303, "/?dump=1#pattern=%7B")
    cookie = joined.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/"))
    assert client.get("/", headers=PERSON).status_code == 200
    assert beat(client).json["nickname"] == "Ana"


def test_whoever_is_in_the_class_opens_its_link_and_is_where_they_were(lesson):
    client = lesson.student()
    beat(client, follows=False, place={"address": "?dump=1&at=7", "recording": "words", "step": 7})
    again = client.get(f"/join/{lesson.room.code}", headers=PERSON)
    assert (again.status_code, again.headers["Location"]) == (302, "/?dump=1&at=7")
    twice = client.post("/join", data={"code": lesson.room.code, "name": "Bo", "to": ""}, headers=PERSON)
    assert twice.headers["Location"] == "/?dump=1&at=7"
    assert [one.nickname for one, _ in lesson.room.students()] == ["Ana"]


def test_a_code_cannot_be_tried_without_being_counted(lesson):
    stranger, code = lesson.client(), lesson.room.code
    wrong = "".join(sorted(code, reverse=code == "".join(sorted(code))))
    pages = [stranger.get(f"/join/{one}?again=1", headers=PERSON).text.replace(one, "") for one in (code, wrong)]
    assert pages[0] == pages[1]
    for _ in range(40):
        stranger.post("/join", data={"code": "AAAAAA", "name": "Eve"}, headers=PERSON)
    tried = [
        stranger.post("/join", data={"code": one, "name": "Eve"}, headers=PERSON).text.replace(one, "")
        for one in (code, "AAAAAA")
    ]
    assert "wait a minute" in tried[0]
    assert tried[0] == tried[1]


@pytest.mark.parametrize("address", ["?\ud800", "?\0", '?a="><script>', "?é\u2028", "?" + "x" * 3_999, "?a=%0d%0aX: y"])
def test_a_student_with_an_odd_place_is_led_back_to_it_on_this_server(lesson, address):
    client = lesson.student()
    assert beat(client, follows=False, place={"address": address}).status_code in (200, 400)
    back = client.get(f"/join/{lesson.room.code}", headers=PERSON)
    assert back.status_code == 302
    assert back.headers["Location"].startswith("/")
    assert back.headers["Location"].isascii()
    assert "X" not in back.headers


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example/", "/d/x", "javascript:alert(1)", "\r\nX: y"])
def test_joining_leads_to_no_other_place(lesson, to):
    form = {"code": lesson.room.code, "name": "Ana", "to": to}
    answer = lesson.client().post("/join", data=form, headers=PERSON)
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "not the code"),
        ({"code": "AAAAAA", "name": "Ana"}, "not the code"),
        ({"code": "CODE", "name": ""}, "nickname"),
        ({"code": "CODE", "name": "\u200b"}, "nickname"),
        ({"code": '"><script>', "name": '"><script>alert(1)</script>'}, "not the code"),
    ],
)
def test_a_form_that_will_not_do_comes_back_with_the_reason(lesson, form, words):
    given = {name: lesson.room.code if value == "CODE" else value for name, value in form.items()}
    answer = lesson.client().post("/join", data=given, headers=PERSON)
    assert answer.status_code == 403
    assert words in answer.text
    assert answer.text.count("<script") == 1
    assert "Set-Cookie" not in answer.headers


def test_another_site_cannot_make_somebody_join(lesson):
    form = {"code": lesson.room.code, "name": "Ana"}
    for more in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert lesson.client().post("/join", data=form, headers={**PERSON, **more}).status_code == 403
    assert lesson.room.students() == []


def test_a_student_uses_the_page_and_does_nothing_that_is_the_teachers(lesson, dump):
    client = lesson.student()
    body = {"dump": dump.uuid, "source": "rnn.l0.h", "start": 3, "stop": 5}
    assert client.post(f"/d/{dump.uuid}/matches", json=body, headers=HOST).status_code == 200
    for name in TEACHERS:
        for verb in (client.get, client.post):
            answer = verb(f"/class/teacher/{name}", headers=HOST)
            assert (answer.status_code, "only the teacher" in answer.text) == (403, True), name
    for path in ("/samples/build", f"/d/{dump.uuid}/tracks/add", f"/d/{dump.uuid}/map/0/pca/cancel"):
        answer = client.post(path, json={"name": "parens"}, headers=HOST)
        assert (answer.status_code, "only the teacher" in answer.text) == (403, True), path
    for path in ("class//teacher/room.json", "class/./teacher/room.json", "/class/teacher/room.json"):
        for prefix in ("/", "//", "/%2F"):
            assert "students" not in client.get(f"{prefix}{path}", headers=HOST).text


def test_every_route_of_the_teachers_is_tried_above(lesson):
    rules = [str(rule) for rule in lesson.server.url_map.iter_rules()]
    assert {rule.rpartition("/")[2] for rule in rules if rule.startswith("/class/teacher/")} == set(TEACHERS)


def test_no_answer_to_a_student_has_another_ones_name_or_a_secret(lesson):
    client, _ = lesson.student("Ana"), lesson.student("Bohumil")
    lesson.ask("ask", {"text": "What?", "choices": ["a", "b"]})
    answers = [beat(client).text, client.get("/_dash-layout", headers=HOST).text, client.get("/", headers=HOST).text]
    lesson.ask("tell")
    answers.append(beat(client).text)
    for text in answers:
        assert "Bohumil" not in text
        assert "s3cret" not in text
        assert lesson.room.code not in text
    assert all(one.secret not in str(lesson.ask("call")) for one, _ in lesson.room.students())


def test_the_page_is_told_whose_it_is(lesson, dump):
    def role(client):
        layout = client.get("/_dash-layout", headers=HOST).text
        return re.search(r'"inClass":\s*("\w+"|null)', layout)[1]

    assert role(lesson.teacher) == '"teacher"'
    assert role(lesson.student()) == '"student"'
    assert role(make_app([dump], place=Place(hosts=("room.example",))).server.test_client()) == "null"


def test_a_class_from_a_question_to_its_histogram(lesson):
    ana, bo = lesson.student("Ana"), lesson.student("Bo")
    lesson.ask("view", {"address": "?dump=1&at=9", "lesson": [LESSON, STEP]})
    seen = beat(ana).json
    assert (seen["view"]["address"], seen["view"]["lesson"]) == ("?dump=1&at=9", [LESSON, STEP])
    assert beat(ana, version=seen["version"]).json == {"version": seen["version"]}
    lesson.ask("ask", {"lesson": [LESSON, STEP]})
    question = beat(ana, version=seen["version"]).json["question"]
    assert (question["bars"], question["answer"]) == (None, None)
    for client, sure in ((ana, 0), (bo, 2)):
        given = {"key": question["key"], "text": question["choices"][0], "sure": sure}
        answer = client.post("/class/student/answer", json=given, headers=HOST)
        assert answer.json["question"]["given"]["sure"] == sure
        assert (
            client.post("/class/student/answer", json=given, headers=HOST).status_code == 200
        )  # once more: taken once
    overview = lesson.ask("tell")
    assert overview["questions"][0]["bars"][0]["n_sure"] == [1, 0, 1]
    assert [one["hasAnswered"] for one in overview["students"]] == [True, True]
    assert beat(bo).json["question"]["bars"][0]["n"] == 2
    content = lesson.teacher.get("/class/teacher/class.sqlite?names=1", headers=HOST)
    assert "attachment" in content.headers["Content-Disposition"]
    base = sqlite3.connect(":memory:")
    base.deserialize(content.data)
    assert base.execute("SELECT count(*) FROM answers").fetchone() == (2,)
    base.close()
    lesson.ask("end")
    assert beat(ana).json == {"isOver": True}
    assert ana.get("/", headers=HOST).status_code == 403


ODD = [
    None,
    True,
    -1,
    1.5,
    2**60,
    "",
    "x",
    "\0\u202e",
    [],
    {},
    "y" * 5_000,
    [["key", 1]],
    ["key"],
    ["key", -1],
    ["?", 0],
]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("student/beat", {"version": 0, "follows": True, "place": {"address": "?a", "lesson": None, "step": 1}}),
        ("student/answer", {"key": f"{LESSON}/{STEP}", "text": "a", "sure": 1, "isTold": False}),
        ("teacher/view", {"address": "?a", "lesson": [LESSON, 0]}),
        ("teacher/ask", {"text": "What?", "choices": ["a", "b"], "lesson": None}),
        ("teacher/remove", {"number": 9}),
        ("teacher/open", {"on": True}),
    ],
)
def test_whatever_is_posted_the_answer_is_an_answer_or_one_line(lesson, path, body):
    client = lesson.student() if path.startswith("student") else lesson.teacher
    for name in body:
        for value in ODD:
            for given in ({**body, name: value}, {name: value}):
                answer = client.post(f"/class/{path}", json=given, headers=HOST)
                assert answer.status_code in (200, 400, 404), (name, value)
                if answer.status_code != 200:
                    assert "\n" not in answer.json["error"]
    if isinstance(body.get("place"), dict):
        for name in body["place"]:
            for value in [*ODD, "?" + "x" * (MOST_PLACE + 1), "https://evil.example", "?\n"]:
                answer = client.post(f"/class/{path}", json={"place": {name: value}}, headers=HOST)
                assert answer.status_code in (200, 400), (name, value)
        assert all(one.place == "" or one.place.startswith("?") for one, _ in lesson.room.students())
    for wrong in (b"{", b"[]", b"[" * 100_000, b"\xff"):
        answer = client.post(f"/class/{path}", data=wrong, content_type="application/json", headers=HOST)
        assert answer.status_code == 400, wrong[:9]


def test_the_class_link_is_that_under_which_the_class_reaches_the_server(dump):
    here = Class(dump, room_host="192.0.2.9:8050")
    code = here.room.code
    there = here.teacher.get("/class/teacher/link.json", headers=HOST).json
    assert (there["link"], there["code"]) == (f"http://room.example:8050/join/{code}", code)
    local = here.client()
    local.get("/?token=s3cret", headers={"Host": "127.0.0.1:8050"})
    links = [
        local.get(f"/class/teacher/link.json?scheme={scheme}", headers={"Host": "127.0.0.1:8050"}).json["link"]
        for scheme in ("http", "https", "javascript")
    ]
    assert links == [f"{scheme}://192.0.2.9:8050/join/{code}" for scheme in ("http", "https", "http")]


def test_under_a_path_of_another_server_all_addresses_are_under_it(dump):
    here = Class(dump, prefix="/lab/")
    client = here.client()
    page = client.get("/lab/?again=1", headers=PERSON)
    assert 'action="/lab/join"' in page.text
    assert 'src="/lab/join/fragment.js"' in page.text
    joined = client.post("/lab/join", data={"code": here.room.code, "name": "Ana", "to": "?at=3"}, headers=PERSON)
    assert joined.headers["Location"] == "/lab/?at=3"
    assert "Path=/lab/" in joined.headers["Set-Cookie"]
    assert client.get("/lab/class/teacher/room.json", headers=HOST).status_code == 403
    assert client.get("/class/teacher/room.json", headers=HOST).status_code == 403
    link = here.teacher.get("/lab/class/teacher/link.json", headers=HOST)
    assert link.json["link"] == f"http://room.example:8050/lab/join/{here.room.code}"


def test_the_qr_code_is_drawn_cell_by_cell():
    drawn = qr_path("http://192.0.2.9:8050/join/ABCDEF")
    cells = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", drawn["path"])}
    last = drawn["size"] - 1
    for corner_x, corner_y in ((0, 0), (last - 6, 0), (0, last - 6)):  # the finders, by which a camera finds the code
        ring = {(corner_x + k, corner_y) for k in range(7)} | {(corner_x + k, corner_y + 6) for k in range(7)}
        assert ring <= cells
        assert (corner_x + 1, corner_y + 1) not in cells
    assert (8, drawn["size"] - 8) in cells  # the one cell that is always dark: the code is not drawn as in a mirror
    assert drawn != qr_path("http://192.0.2.9:8050/join/ABCDEG")
