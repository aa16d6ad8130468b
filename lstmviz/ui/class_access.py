"""Who may ask what in a class: the teacher has the token's cookie, a student one of their own, strangers may only join.

A student may look at everything that is served and ask every question about it, but not change what others see: build
samples, add labels, cancel a map that others wait for, or reach what is the teacher's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from flask import has_request_context
from werkzeug.sansio.http import parse_cookie  # that of werkzeug.http fails on bytes that are not UTF-8

from lstmviz.classroom import Room
from lstmviz.classroom.records import Student
from lstmviz.ui.guard import Access, Head, present_head
from lstmviz.ui.join_page import again, join_page

Role = Literal["teacher", "student"]
NEEDS_CODE = "this is a class: open the class link that the teacher shows, or type its code on the page /join"
TEACHERS = "only the teacher does this in a class; ask them"
AGAIN = "again=1"  # in a query: the address was asked for once more, by a page of this server
_OPEN = re.compile(r"/join(/|\Z)|/class/student/")  # what anybody may ask; it looks at who asks itself
_TEACHERS = re.compile(r"/class/teacher/|/samples/build\Z|/d/[^/]+/(tracks/|map/.*/cancel\Z)")


class ClassAccess(Access):
    """The access to a class. ``token`` is the teacher's, ``prefix`` the path under which a browser sees the app."""

    def __init__(self, hosts: Iterable[str], token: str, room: Room, prefix: str = "/") -> None:
        super().__init__(hosts, token)
        self._room, self.prefix = room, prefix
        self.student_cookie = f"lstmviz-class-{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()[:12]}"

    def student(self, headers: Mapping[str, str]) -> Student | None:
        """Return the student who asks."""
        secret = parse_cookie(headers.get("COOKIE", "")).get(self.student_cookie)
        return self._room.student(secret) if secret else None

    def present_role(self) -> Role | None:
        """Return who asks; a teacher who also joined is the teacher."""
        if not has_request_context():  # Dash looks at the page once before anybody asks
            return None
        headers = present_head().headers
        if self.has_pass(headers):
            return "teacher"
        return "student" if self.student(headers) is not None else None

    def lack(self, head: Head) -> str | None:
        """Say what the asker needs and does not have; None for nothing."""
        path = self._path(head)
        if super().lack(head) is None or _OPEN.match(path):
            return None
        if self.student(head.headers) is None:
            return NEEDS_CODE
        return TEACHERS if _TEACHERS.match(path) else None

    def welcome(self, head: Head) -> str | None:
        """Return the page that asks a person for the code; another program gets the line.

        A browser that followed a link of another site has left the cookie out, so it asks once more first.
        """
        if head.method != "GET" or "text/html" not in head.headers.get("ACCEPT", "") or self.student(head.headers):
            return None
        if not is_asked_again(head.query):
            return asked_again(self.prefix, head.query)
        query = head.query if self._path(head) == "/" else ""
        return join_page(self.prefix, to=without_mark(query), lead="This page belongs to a class.")

    def _path(self, head: Head) -> str:
        """Return the path of a request in the app: a proxy may leave the prefix before it."""
        is_under = f"{head.path}/".startswith(self.prefix)
        return (head.path[len(self.prefix) - 1 :] or "/") if is_under else head.path


def is_asked_again(query: str) -> bool:
    """Tell whether an address was asked for once more, by a page of this server."""
    return AGAIN in query.split("&")


def asked_again(prefix: str, query: str) -> str:
    """Return a page that asks for the same address once more, now with the cookies of this server."""
    return again(prefix, f"?{'&'.join(filter(None, (query, AGAIN)))}")


def without_mark(query: str) -> str:
    """Return a query without the mark that it was asked for again, with its question mark; empty if it is empty."""
    rest = "&".join(part for part in query.split("&") if part and part != AGAIN)
    return f"?{rest}" if rest else ""
