"""A class as one SQLite file, where somebody wants to keep it."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing

from lstmviz._version import __version__
from lstmviz.classroom.records import SURE
from lstmviz.classroom.room import Room
from lstmviz.lessons.answers import is_right

SCHEMA = """
CREATE TABLE class (began REAL, saved REAL, lstmviz TEXT);
CREATE TABLE students (number INTEGER PRIMARY KEY, nickname TEXT, joined REAL);
CREATE TABLE questions (key TEXT PRIMARY KEY, lesson TEXT, text TEXT, choices TEXT, answer, because TEXT);
CREATE TABLE answers (
  question TEXT REFERENCES questions (key), student INTEGER REFERENCES students (number),
  text TEXT, sure TEXT, is_right INTEGER, at REAL, PRIMARY KEY (question, student)
);
"""


def saved(room: Room, with_names: bool) -> bytes:
    """Return a class as the bytes of an SQLite database; nothing is written to a disk.

    Args:
        room: The class.
        with_names: Whether the nicknames are in it; without, students are numbers in the order in which they joined.

    Returns:
        A database with the tables ``class``, ``students``, ``questions`` (choices as JSON) and ``answers`` (times in
        seconds since 1970, ``sure`` in words, ``is_right`` 1, 0 or NULL).
    """
    with closing(sqlite3.connect(":memory:")) as base:
        base.executescript(SCHEMA)
        base.execute("INSERT INTO class VALUES (?, ?, ?)", (room.began, time.time(), __version__))
        base.executemany(
            "INSERT INTO students VALUES (?, ?, ?)",
            [(one.number, one.nickname if with_names else None, one.joined) for one, _ in room.students()],
        )
        for question, answers in room.answered():
            base.execute(
                "INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?)",
                (
                    question.key,
                    question.title,
                    question.text,
                    json.dumps(question.choices, ensure_ascii=False),
                    question.answer,
                    question.because,
                ),
            )
            base.executemany(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        question.key,
                        number,
                        one.text,
                        None if one.sure is None else SURE[one.sure],
                        None if question.answer is None else is_right(question.answer, question.within, one.text),
                        one.at,
                    )
                    for number, one in answers.items()
                ],
            )
        base.commit()
        return base.serialize()
