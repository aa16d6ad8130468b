"""Lessons: small files of steps that lead through a question on the page, with checked answers."""

from lstmviz.lessons.answers import is_right
from lstmviz.lessons.check import check_on
from lstmviz.lessons.lesson import Lesson, Step, builtin_lessons, read_lesson

__all__ = ["Lesson", "Step", "builtin_lessons", "check_on", "is_right", "read_lesson"]
