"""Access to the page: the Host header is always checked, and a token if other machines reach the page.

Any web site could reach a page on a loopback address through a host name that points at 127.0.0.1; checking the Host
header prevents that. All visitors share one token, which is printed with the address and kept in a cookie.
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
    """Tell whether only this machine reaches a host name or address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def install(server: Flask, hosts: Iterable[str] = (), token: str | None = None) -> None:
    """Refuse requests whose Host header is not in ``hosts`` (loopback names always are), and those without the token.

    A request with ``?token=...`` gets a cookie, and is redirected to the same address without the token. Every response
    has a policy under which a browser loads nothing from another machine.
    """
    allowed = LOOPBACK | {host.lower() for host in hosts}
    cookie = "" if token is None else f"lstmviz-{hashlib.sha256(token.encode()).hexdigest()[:12]}"

    @server.before_request
    def check() -> BaseResponse | None:
        name = (urlsplit(f"//{request.host}").hostname or "").lower()
        if name not in allowed:
            return _refuse(
                f"this server is not called {name[:80]!r}; its names are {', '.join(sorted(allowed))}"
                " (add one with --host, or with LSTMVIZ_HOSTS under gunicorn)"
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
        response.headers["Referrer-Policy"] = "no-referrer"  # the first address contains the token
        return response


def _admit(cookie: str, token: str) -> BaseResponse:
    query = [(k, v) for k, v in request.args.items(multi=True) if k != "token"]
    response = redirect(request.path + ("?" + urlencode(query) if query else ""))
    # Lax: the cookie comes along when a link in a mail or a chat is followed, but not when another site posts.
    response.set_cookie(cookie, token, httponly=True, samesite="Lax")
    return response


def _refuse(line: str) -> Response:
    return Response(line + "\n", status=403, mimetype="text/plain")


def _same(candidate: str | None, token: str) -> bool:
    return candidate is not None and hmac.compare_digest(candidate.encode(), token.encode())
