"""The routes of a class: joining, what a student's page says and hears every second, and what the teacher does.

``ClassAccess`` lets only the teacher reach ``/class/teacher/``. The page asks again every second: a connection that
waits for news would hold one of the server's few threads for each student.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import quote, urlsplit

import segno
from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from lstmviz.classroom import Room, saved
from lstmviz.classroom.histogram import histogram
from lstmviz.classroom.records import Answer, Question, Student, View
from lstmviz.errors import ClassError, LstmvizError
from lstmviz.system.paths import assets_dir
from lstmviz.ui.class_access import ClassAccess, asked_again, is_asked_again
from lstmviz.ui.class_posts import Beat, GivenAnswer, Numbered, OwnQuestion, Shown, Switch, read
from lstmviz.ui.guard import is_loopback, present_head
from lstmviz.ui.join_page import join_page
from lstmviz.ui.routes.requests import json_body
from lstmviz.ui.routes.responses import attachment, known_error, uncached, unexpected_error

IN_ADDRESS = "?&=/:,.-_~%+#{}[]\"'!*;@$()"  # stands in the address of a page as it is


def class_routes(room: Room, access: ClassAccess, room_host: str | None) -> Blueprint:
    """Return the routes of a class; ``room_host`` is this machine's address and port as the class reaches it."""
    blueprint = Blueprint("classroom", __name__)
    blueprint.register_error_handler(LstmvizError, known_error)
    blueprint.register_error_handler(Exception, unexpected_error)
    _joining(blueprint, room, access)
    _students(blueprint, room, access)
    _teachers(blueprint, room, access, room_host)
    return blueprint


def _joining(routes: Blueprint, room: Room, access: ClassAccess) -> None:
    @routes.get("/join")
    @routes.get("/join/<code>")
    def get_join(code: str = "") -> Response | BaseResponse:
        """Ask for a nickname; whoever is in the class already goes on where they were.

        Whether the code of the link is right is told only to who posts it, and is counted: else codes could be tried.
        """
        query = request.query_string.decode("latin-1")
        student = access.student(present_head().headers)
        if student is not None:
            return redirect(_page_of(student.place))
        if not is_asked_again(query):
            return _page(asked_again(access.prefix, query))
        return _page(join_page(access.prefix, code=code[:40], is_known=bool(code)))

    script = (assets_dir() / "join" / "fragment.js").read_bytes()

    @routes.get("/join/fragment.js")
    def get_fragment() -> Response:
        """Return the script of the page, for whoever is not in the class yet."""
        return Response(script, mimetype="text/javascript")

    @routes.post("/join")
    def post_join() -> Response | BaseResponse:
        """Let somebody in, and lead to where the link led."""
        given = {name: request.form.get(name, "")[:most] for name, most in (("name", 200), ("code", 40), ("to", 4_000))}
        student = access.student(present_head().headers)
        try:
            if student is None:
                student = room.join(given["code"], given["name"], request.remote_addr or "")
        except ClassError as error:
            problem = f"{str(error)[0].upper()}{str(error)[1:]}."
            return _page(join_page(access.prefix, given["to"], given["code"], given["name"], problem), 403)
        response = redirect(_page_of(given["to"] or student.place), 303)
        response.set_cookie(
            access.student_cookie,
            student.secret,
            httponly=True,
            samesite="Strict",
            secure=request.is_secure,
            path=access.prefix,
        )
        return response

    def _page_of(address: str) -> str:
        """Return the path of the page with a query; of this server whatever was posted."""
        return access.prefix + (quote(address, safe=IN_ADDRESS, errors="replace") if address.startswith("?") else "")


def _page(html: str, status: int = 200) -> Response:
    return uncached(Response(html, status=status, mimetype="text/html"))


def _students(routes: Blueprint, room: Room, access: ClassAccess) -> None:
    def news(student: Student, known: int) -> Response:
        latest = room.news(student, known)
        return jsonify({"version": known} if latest.view is None else asdict(latest))

    @routes.post("/class/student/beat")
    def post_beat() -> Response:
        """Note where a student is, and say what is new; nothing but ``isOver`` to somebody who is not in the class."""
        student = access.student(present_head().headers)
        if student is None:
            return jsonify({"isOver": True})
        beat = read(Beat, json_body())
        where = {} if beat.place is None else {**dict(beat.place), "place": beat.place.address}
        where.pop("address", None)
        room.hear(student, beat.follows, **where)
        return news(student, beat.version)

    @routes.post("/class/student/answer")
    def post_answer() -> Response:
        """Take an answer; the same one twice is taken once."""
        student = access.student(present_head().headers)
        if student is None:
            return jsonify({"isOver": True})
        given = read(GivenAnswer, json_body())
        room.answer(student, given.key, given.text, given.sure, given.is_told)
        return news(student, -1)


def _teachers(routes: Blueprint, room: Room, access: ClassAccess, room_host: str | None) -> None:
    def now() -> Response:
        return jsonify(_overview(room))

    @routes.get("/class/teacher/room.json")
    def get_room() -> Response:
        """Return who is where, the present question and every question with its answers."""
        return now()

    @routes.get("/class/teacher/link.json")
    def get_link() -> Response:
        """Return the class link as text and as the path of a QR code in a square of ``size`` cells."""
        host = request.host
        if room_host is not None and is_loopback(urlsplit(request.host_url).hostname or ""):
            host = room_host
        scheme = "https" if request.args.get("scheme") == "https" else "http"
        link = f"{scheme}://{host}{access.prefix}join/{room.code}"
        return jsonify({"link": link, "code": room.code, **qr_path(link)})

    @routes.post("/class/teacher/view")
    def post_view() -> Response:
        """Take what the teacher's page shows, and return the same as room.json."""
        shown = read(Shown, json_body())
        title, say = room.step_of(shown.lesson) if shown.lesson else ("", "")
        room.show(View(shown.address, shown.lesson, title, say))
        return now()

    @routes.post("/class/teacher/ask")
    def post_ask() -> Response:
        asked = read(OwnQuestion, json_body())
        if asked.lesson is not None:
            room.ask_of_lesson(*asked.lesson)
        else:
            room.ask(asked.text, asked.choices)
        return now()

    def post(name: str, act: Any) -> None:
        def answer() -> Response:
            act()
            return now()

        routes.add_url_rule(f"/class/teacher/{name}", name, answer, methods=["POST"])

    post("tell", room.tell)
    post("put-away", room.put_away)
    post("call", room.call)
    post("end", room.end)
    post("remove", lambda: room.remove(read(Numbered, json_body()).number))
    post("open", lambda: room.let_in(read(Switch, json_body()).on))

    @routes.get("/class/teacher/class.sqlite")
    def get_saved() -> Response:
        """Return the class as an SQLite file, with nicknames if ``names=1``."""
        content = saved(room, request.args.get("names") == "1")
        return attachment(Response(content, mimetype="application/vnd.sqlite3"), "class.sqlite")


def qr_path(text: str) -> dict[str, Any]:
    """Return a text as a QR code: ``path`` of an SVG whose cells are one unit wide, and its ``size``."""
    rows = [bytes(row) for row in segno.make_qr(text, error="m").matrix]
    cells = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark]
    return {"path": "".join(cells), "size": len(rows)}


def _overview(room: Room) -> dict[str, Any]:
    students, asked = room.students(), room.asked()
    given = room.answered()
    present = None if asked is None else asked.question.key
    answered = next((answers for question, answers in given if question.key == present), {})
    return {
        "code": room.code,
        "isOpen": room.is_open,
        "students": [_student_json(room, one, is_here, one.number in answered) for one, is_here in students],
        "asked": asked and {"key": present, "isShown": asked.is_shown},
        "questions": [_question_json(question, answers) for question, answers in given],
    }


def _student_json(room: Room, one: Student, is_here: bool, has_answered: bool) -> dict[str, Any]:
    return {
        "number": one.number,
        "nickname": one.nickname,
        "isHere": is_here,
        "follows": one.follows,
        "place": one.place,
        "recording": one.recording,
        "step": one.step,
        "lesson": one.lesson and [*room.title_of(one.lesson[0]), one.lesson[1]],
        "hasAnswered": has_answered,
    }


def _question_json(question: Question, answers: dict[int, Answer]) -> dict[str, Any]:
    return {
        "key": question.key,
        "text": question.text,
        "title": question.title,
        "because": question.because,
        "n": len(answers),
        "bars": [asdict(bar) for bar in histogram(question, answers.values())],
    }
