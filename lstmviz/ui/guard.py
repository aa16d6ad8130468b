"""Who may ask: the Host header is checked always, a token where the page is open to a room.

A page on a loopback address can be reached by any web site through a host name that points at 127.0.0.1; checking the
Host header closes that door. A room shares one token, printed with the address and kept in a cookie.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Dash writes its configuration into the page
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*",  # a notebook on this machine
    )
)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address stands for this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def install(server: Flask, hosts: Iterable[str] = (), token: str | None = None) -> None:
    """Refuse requests whose Host header is not in ``hosts`` (loopback names always are), and those without the token.

    A page asked for with ``?token=...`` gets a cookie and is sent on to the same address without it. Every answer
    carries a policy under which a browser loads nothing from another machine.
    """
    allowed = LOOPBACK | {host.lower() for host in hosts}
    cookie = "" if token is None else f"lstmviz-{hashlib.sha256(token.encode()).hexdigest()[:12]}"

    @server.before_request
    def check() -> BaseResponse | None:
        name = (urlsplit(f"//{request.host}").hostname or "").lower()
        if name not in allowed:
            return _refuse(
                f"this server is not called {name[:80]!r}; it answers to {', '.join(sorted(allowed))}"
                " (more with --host, or LSTMVIZ_HOSTS under gunicorn)"
            )
        if token is None or _same(request.cookies.get(cookie), token):
            return None
        if _same(request.args.get("token"), token):
            return _admit(cookie, token)
        return _refuse(
            "open the link that lstmviz printed when it started, which ends in ?token=...;"
            " after that, links copied from the page work in this browser"
        )

    @server.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"  # the token stands in the first address
        return response


def _admit(cookie: str, token: str) -> BaseResponse:
    rest = [(k, v) for k, v in request.args.items(multi=True) if k != "token"]
    # Lax: a link in a mail or a chat leads in; what another site posts does not carry it.
    answer = redirect(request.path + ("?" + urlencode(rest) if rest else ""))
    answer.set_cookie(cookie, token, httponly=True, samesite="Lax")
    return answer


def _refuse(line: str) -> Response:
    return Response(line + "\n", status=403, mimetype="text/plain")


def _same(given: str | None, token: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), token.encode())
