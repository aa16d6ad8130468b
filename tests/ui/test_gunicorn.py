"""Under gunicorn with the front as its worker: silent and half requests keep nobody waiting, and it ends when told."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time

import pytest

from lstmviz.ui.serve import listen


@pytest.fixture(scope="module")
def server(parens, tmp_path_factory):
    free = listen("127.0.0.1", 0)
    port = free.getsockname()[1]
    free.close()
    folder = tmp_path_factory.mktemp("gunicorn")
    command = [sys.executable, "-m", "gunicorn", "lstmviz.ui.serve:server_from_environment()", "--workers", "2"]
    command += ["--worker-class", "lstmviz.ui.gunicorn.Worker", "--threads", "8", "--bind", f"127.0.0.1:{port}"]
    environment = os.environ | {"LSTMVIZ_DUMPS": str(parens.path)}
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen([*command, "--no-control-socket"], stderr=log, env=environment, cwd=folder)
    for _ in range(600):
        try:
            if ask(port, "GET", "/health").status == 200:
                break
        except OSError:
            assert process.poll() is None, (folder / "log.txt").read_text()
            time.sleep(0.1)
    yield process, port
    process.terminate()
    since = time.monotonic()
    assert process.wait(30) == 0
    assert time.monotonic() - since < 25


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.whole = answer.read()
        return answer
    finally:
        connection.close()


def test_silent_and_half_requests_keep_nobody_waiting(server, parens):
    _, port = server
    kept = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(100)]
    try:
        for i, there in enumerate(kept):
            there.sendall(b"" if i % 2 else b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
        for _ in range(20):
            since = time.monotonic()
            assert ask(port, "GET", f"/d/{parens.uuid}/about.json").status == 200
            assert time.monotonic() - since < 8
    finally:
        for there in kept:
            there.close()


def test_who_may_ask_is_decided_before_a_body_is_read(server):
    _, port = server
    with socket.create_connection(("127.0.0.1", port), 10) as there:
        there.sendall(b"POST /samples/build HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 900000000\r\n\r\n")
        assert there.recv(100).startswith(b"HTTP/1.1 403 ")
