"""Scripts and styles come compressed, whatever a browser reads, and are the files themselves once they are read."""

from __future__ import annotations

import gzip
import re
import sys

import pytest

from lstmviz.system.paths import assets_dir
from lstmviz.ui import packed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

READERS = {"zstd": zstd.decompress, "gzip": gzip.decompress, "identity": bytes}


@pytest.fixture(scope="module")
def page(client):
    return client.get("/").text


@pytest.fixture(params=["/page/", "/assets/style.css", "/_dash-component-suites/dash_mantine"])
def path(page, request):
    """A module, a style and a script of Dash, as the page names them."""
    return re.search(rf'(?:href|src)="({request.param}[^"]*)"', page)[1]


@pytest.mark.parametrize("coding", READERS)
def test_what_is_read_is_what_is_served_uncompressed(client, path, coding):
    answer = client.get(path, headers={"Accept-Encoding": coding})
    assert answer.headers.get("Content-Encoding", "identity") == coding
    assert READERS[coding](answer.data) == client.get(path).data
    assert answer.content_length == len(answer.data)
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_a_module_is_smaller_than_flask_compress_makes_it_and_made_once(client, page, monkeypatch):
    path = re.search(r'src="(/page/\w+/main.mjs)"', page)[1]
    first = client.get(path, headers={"Accept-Encoding": "zstd"})
    assert len(first.data) < len(zstd.compress((assets_dir() / "page" / "main.mjs").read_bytes(), 3))
    monkeypatch.setattr(packed.zstd, "compress", None)
    assert client.get(path, headers={"Accept-Encoding": "br, zstd, gzip"}).data == first.data


def test_a_style_that_a_browser_has_is_not_sent_again(client, page):
    path = re.search(r'href="(/assets/style.css[^"]*)"', page)[1]
    headers = {"Accept-Encoding": "zstd"}
    etag = client.get(path, headers=headers).headers["ETag"]
    assert etag != client.get(path).headers["ETag"]  # other bytes
    again = client.get(path, headers=headers | {"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_answers_and_what_is_missing_are_left_to_flask_compress(client, dump):
    for path in (f"/d/{dump.uuid}/steps/0/0/512", "/page/0/nothing.mjs"):
        plain = client.get(path)
        packed_answer = client.get(path, headers={"Accept-Encoding": "zstd"})
        assert packed_answer.status_code == plain.status_code
        is_packed = packed_answer.headers.get("Content-Encoding") == "zstd"
        assert (zstd.decompress(packed_answer.data) if is_packed else packed_answer.data) == plain.data
