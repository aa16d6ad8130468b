"""The lessons that the page offers."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, jsonify

from lstmviz.errors import LstmvizError, UnknownName
from lstmviz.lessons.lesson import Lesson, builtin_lessons
from lstmviz.ui.routes.responses import known_error, uncached, unexpected_error


def lesson_routes(given: Sequence[Lesson]) -> Blueprint:
    """Return the routes under ``/lessons``: those that were given, the first of which opens, and the built-in ones."""
    blueprint = Blueprint("lessons", __name__, url_prefix="/lessons")
    blueprint.register_error_handler(LstmvizError, known_error)
    blueprint.register_error_handler(Exception, unexpected_error)
    lessons = {lesson.name: lesson for lesson in (*builtin_lessons(), *given)}

    @blueprint.get("/about.json")
    def get_about() -> Response:
        listed = [
            {
                "name": lesson.name,
                "title": lesson.title,
                "about": lesson.about,
                "minutes": lesson.minutes,
                "recordings": lesson.recordings,
            }
            for lesson in lessons.values()
        ]
        return uncached(jsonify({"lessons": listed, "opens": given[0].name if given else None}))

    @blueprint.get("/<name>.json")
    def get_lesson(name: str) -> Response:
        if name not in lessons:
            raise UnknownName(f"no lesson {name[:40]!r}; there is {', '.join(lessons)}")
        return uncached(jsonify(lessons[name].model_dump(mode="json")))

    return blueprint
