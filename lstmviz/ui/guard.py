"""Access to the page: who may ask is decided before anything is read, and what a browser may do is in the headers.

Any web site could reach a page on a loopback address through a host name that points at 127.0.0.1; checking the Host
header prevents that. All visitors share one token, which is printed with the address. At the first visit it is taken
out of the address and exchanged for a cookie, which is not the token. docs/security.md says what is promised.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode

from flask import Flask, Response, redirect, request
from werkzeug.sansio.http import parse_cookie  # that of werkzeug.http fails on bytes that are not UTF-8
from werkzeug.wrappers import Response as BaseResponse

from lstmviz.ui.budget import VISITOR, is_visitor
from lstmviz.ui.limits import most_body
from lstmviz.ui.packed import STATIC

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
OPEN_THE_LINK = (
    "open the link that lstmviz printed when it started, which ends in ?token=...;"
    " after that, links copied from the page work in this browser"
)
# Followed from another site, a link comes without the cookie; the same address asked for by this page comes with it.
AGAIN = '<!DOCTYPE html><meta http-equiv="refresh" content="0"><title>lstmviz</title>\n'
PERMISSIONS = ", ".join(f"{name}=()" for name in ("camera", "geolocation", "microphone", "payment", "usb"))
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::[0-9]{1,5})?")
PARTS = frozenset({"text/javascript", "text/css"})  # of a page: what forbids things to a page means nothing in them


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a request before its body is read: header names are in capitals with underscores."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    n_bytes: int  # that the body has; 0 if that is not said


def policy(hashes: Sequence[str], frames: Sequence[str] = ()) -> str:
    """Return the policy under which a browser loads nothing from another machine and runs no script of a text.

    ``hashes`` are those of the scripts that Dash writes into the page; ``frames`` are sites that may frame it.
    """
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(hashes)}".strip(),
            "style-src 'self' 'unsafe-inline'",  # of browsers that do not know the next two
            "style-src-elem 'self' 'unsafe-inline'",  # the components write the theme's sheets into the page
            "style-src-attr 'none'",  # but no markup has a style: scripts set styles one by one, which is no markup
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            " ".join(("frame-ancestors 'self' http://localhost:* http://127.0.0.1:*", *frames)),
        )
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a host name or address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Access:
    """Who may ask: those who name this server by one of its ``hosts``, or loopback, and who have the token if any.

    A host that begins with a dot stands for all names that end with it.
    """

    def __init__(self, hosts: Iterable[str] = (), token: str | None = None) -> None:
        self._given = frozenset(host.lower() for host in hosts)
        self._hosts = LOOPBACK | self._given
        self._endings = tuple(host for host in self._given if host.startswith("."))
        self.token = token
        secret = (token or "").encode("utf-8", "surrogatepass")
        self.cookie = f"lstmviz-{hashlib.sha256(secret).hexdigest()[:12]}"
        self.pass_ = hmac.new(secret, b"lstmviz cookie", hashlib.sha256).hexdigest()

    def refusal(self, head: Head) -> tuple[int, str] | None:
        """Return the status and the line with which a request is refused; None where it is let in."""
        host = head.headers.get("HOST", "")
        name = _hostname(host)
        if name not in self._hosts and not name.endswith(self._endings):
            return 403, (
                f"this server is not called {(name or host)[:80]!r}; its names are {', '.join(sorted(self._hosts))}"
                " (add one with --allow-host, or with LSTMVIZ_HOSTS under gunicorn)"
            )
        if head.method in CHANGING and (line := self._foreign(head.headers)) is not None:
            return 403, line
        if (line := self.lack(head)) is not None:
            return 403, line
        if head.n_bytes > (most := most_body(head.path)):
            return 413, f"what was posted has {head.n_bytes:,} bytes; at most {most:,} are taken here"
        return None

    def lack(self, head: Head) -> str | None:
        """Say what the asker needs and does not have; None for nothing."""
        return None if self.has_pass(head.headers) or self.has_token(head.query) else OPEN_THE_LINK

    def welcome(self, head: Head) -> str | None:
        """Return the HTML page for an asker who lacks something; None where the line of ``lack`` is enough."""
        return AGAIN if is_followed(head.headers) else None

    def present_role(self) -> str | None:
        """Return who asks in a class, "teacher" or "student"; None where there is no class."""
        return None

    def has_pass(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a request has the cookie, or needs none."""
        if self.token is None:
            return True
        given = parse_cookie(headers.get("COOKIE", "")).get(self.cookie)
        return given is not None and _is_equal(given, self.pass_)

    def has_token(self, query: str) -> bool:
        """Tell whether a query has the token."""
        return self.token is not None and any(_is_equal(given, self.token) for given in _query(query).get("token", ()))

    def _foreign(self, headers: Mapping[str, str]) -> str | None:
        """Say why a request that may change something comes from another site's page; None where it does not."""
        origin = headers.get("ORIGIN")
        if origin is None:
            is_foreign = headers.get("SEC_FETCH_SITE", "same-origin") not in ("same-origin", "none")
            return "another site's page asked for this" if is_foreign else None
        site = origin.partition("://")[2].removesuffix("/")
        if site and site.lower() == headers.get("HOST", "").lower():
            return None
        name = _hostname(site)
        is_ours = name in self._given or name.endswith(self._endings)
        return None if is_ours else f"a page of {origin[:80]!r} asked for this, not ours"


def install(server: Flask, access: Access, hashes: Sequence[str], path: str = "/", frames: Sequence[str] = ()) -> None:
    """Let in whom ``access`` lets in, and give every response its headers.

    A request with ``?token=...`` gets the cookie, for the addresses under ``path``, and is redirected to the same
    address without the token.
    """
    content_policy = policy(hashes, frames)

    @server.before_request
    def check() -> BaseResponse | None:
        head = present_head()
        refusal = access.refusal(head)
        if refusal is None or refusal[0] == 413:  # the route says so itself, when it reads the body
            return _admit(access, path) if access.has_token(head.query) else None
        if refusal[1] == access.lack(head) and (page := access.welcome(head)) is not None:
            return Response(page, mimetype="text/html")
        return Response(refusal[1] + "\n", status=refusal[0], mimetype="text/plain")

    @server.after_request
    def protect(response: Response) -> Response:
        if response.mimetype not in PARTS:
            response.headers.setdefault("Content-Security-Policy", content_policy)
            response.headers["Permissions-Policy"] = PERMISSIONS
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"  # the first address contains the token
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if request.path == "/" and not is_visitor(request.cookies.get(VISITOR, "")):
            response.set_cookie(
                VISITOR, secrets.token_hex(16), httponly=True, samesite="Strict", secure=request.is_secure, path=path
            )
        if access.token is not None and not request.path.startswith(STATIC):
            response.headers["Cache-Control"] = "no-store"
        return response


def present_head() -> Head:
    """Return the head of the present request."""
    headers = {name.upper().replace("-", "_"): value for name, value in request.headers.items()}
    query = request.query_string.decode("latin-1")
    return Head(request.method, request.path, query, headers, request.content_length or 0)


def _admit(access: Access, path: str) -> BaseResponse:
    query = [(k, v) for k, v in request.args.items(multi=True) if k != "token"]
    where = path + quote(request.path.lstrip("/"))  # two slashes would lead to another site
    response = redirect(where + ("?" + urlencode(query) if query else ""))
    response.set_cookie(
        access.cookie, access.pass_, httponly=True, samesite="Strict", secure=request.is_secure, path=path
    )
    return response


def is_followed(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser follows a link of another site, and so leaves the cookie out."""
    return headers.get("SEC_FETCH_MODE") == "navigate" and headers.get("SEC_FETCH_SITE") in ("cross-site", "same-site")


def _hostname(host: str) -> str:
    """Return the name in a host's name and port; "" for anything else, such as two hosts."""
    match = _HOST.fullmatch(host)
    return (match[1] or match[2]).lower() if match else ""


def _query(query: str) -> dict[str, list[str]]:
    try:
        return parse_qs(query, max_num_fields=100)
    except ValueError:
        return {}


def _is_equal(candidate: str, secret: str) -> bool:
    """Compare in a time that does not tell where they differ."""
    return hmac.compare_digest(candidate.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass"))
