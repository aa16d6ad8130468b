"""Scripts and styles are compressed better than answers, and once: they come first, and are the same for everybody."""

from __future__ import annotations

import sys
from hashlib import blake2b

from flask import Flask, Response, request

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 10  # of which all of them together take 0.1 s
STATIC = ("/page/", "/assets/", "/_dash-component-suites/")  # where the parts of a page are that show nothing recorded
PACKED = frozenset({"text/javascript", "application/javascript", "text/css"})


def pack(server: Flask) -> None:
    """Keep the scripts and styles of the page compressed, for browsers that read zstd.

    Others get them as they get any answer, from flask-compress, which leaves alone what is compressed.
    """
    kept: dict[bytes, bytes] = {}  # compressed, by the plain content; it grows to the number of files and no further

    @server.after_request
    def send_packed(response: Response) -> Response:
        if response.status_code != 200 or response.mimetype not in PACKED or not request.path.startswith(STATIC):
            return response
        response.direct_passthrough = False
        content = response.get_data()  # a whole answer, since flask-compress has no gzip for one that is streamed
        if not request.accept_encodings["zstd"]:
            return response
        key = blake2b(content, digest_size=16).digest()
        if key not in kept:
            kept[key] = zstd.compress(content, LEVEL)
        response.set_data(kept[key])
        response.content_encoding = "zstd"
        response.vary.add("Accept-Encoding")
        etag, is_weak = response.get_etag()
        if etag and not is_weak:
            response.set_etag(f"{etag}:zstd")
            response.make_conditional(request)
        return response
