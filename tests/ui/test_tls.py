"""The page over TLS: what the front promises holds there too, and what is no TLS is cut off."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import lstmviz
from lstmviz.errors import ServeError
from lstmviz.ui import front as fronts
from lstmviz.ui.place import Place
from lstmviz.ui.serve import listen, make_app
from lstmviz.ui.tls import tls_context
from support.commands import run

N_STEPS = 60_000


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A certificate of localhost that is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*made, *names, *files], check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    states = np.random.default_rng(0).uniform(-1, 1, (N_STEPS, 4)).astype("f2")
    path = tmp_path_factory.mktemp("tls") / "a.h5"
    lstmviz.write_dump(path, states={"rnn.l0.h": states}, tokens=[0] * N_STEPS, vocab=["a"], lengths=[N_STEPS])
    return lstmviz.open_dump(path)


@pytest.fixture(scope="module")
def port(dump, pair):
    app, listener = make_app([dump], place=Place(token="s3cret")), listen("127.0.0.1", 0)
    server = fronts.front(app.server, listener, app.access.refusal, tls_context(*pair))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    server.task_dispatcher.shutdown()
    server.asyncore.close_all(server._map)
    thread.join(5)


@pytest.fixture
def visit(port, pair):
    """Ask once as a browser does that trusts the certificate."""
    trust = ssl.create_default_context(cafile=pair[0])

    def ask(method, path, body=None, cookie=""):
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=trust)
        connection.request(method, path, body, {"Cookie": cookie, "Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.whole = answer.read()
        connection.close()
        return answer

    return ask


@pytest.fixture
def cookie(visit):
    given = visit("GET", "/?token=s3cret").headers["Set-Cookie"]
    assert "Secure" in given.split("; ")
    return given.partition(";")[0]


def test_a_page_large_questions_and_large_answers_go_over_tls(visit, cookie, dump):
    assert visit("GET", "/").status == 403
    assert b"<title>lstmviz</title>" in visit("GET", "/", cookie=cookie).whole
    asked = {
        "dump": dump.uuid,
        "source": "rnn.l0.h",
        "start": 1,
        "stop": 2,
        "at": 0,
        "span": 60,
        "before": 0,
        "after": 0,
    }
    question = json.dumps(asked | {"threshold": 0.1, "more": "x" * 2**21})
    answer = visit("POST", f"/d/{dump.uuid}/export/matches.json", question, cookie)
    assert answer.status == 200
    assert len(answer.whole) > 2**20
    assert json.loads(answer.whole)["matches"]


def test_many_visitors_at_once_and_one_who_reads_slowly(visit, cookie, dump, port, pair, monkeypatch):
    monkeypatch.setattr(fronts, "STALLED_SECONDS", 300.0)
    asked = {"dump": dump.uuid, "source": "rnn.l0.h", "start": 1, "stop": 2, "at": 0, "span": 60, "threshold": 0.1}
    body = json.dumps(asked | {"before": 0}).encode()
    head = f"POST /d/{dump.uuid}/export/matches.json HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n"
    head += f"Content-Type: application/json\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    plain = socket.create_connection(("127.0.0.1", port), 20)
    with ssl.create_default_context(cafile=pair[0]).wrap_socket(plain, server_hostname="localhost") as slow:
        slow.sendall(head.encode() + body)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(visit("GET", "/", cookie=cookie))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [answer.status for answer in answers] == [200] * 6
        got = [slow.recv(700) for _ in range(20)]
        while more := slow.recv(65_536):
            got.append(more)
    assert b"".join(got).endswith(b"0\r\n\r\n")
    assert got[0].startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("says", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"])
def test_who_does_not_speak_tls_is_cut_off(visit, port, monkeypatch, says):
    monkeypatch.setattr(fronts, "HEADER_SECONDS", 1.0)
    with socket.create_connection(("127.0.0.1", port), 20) as there:
        there.sendall(says)
        answer = b""
        since = time.monotonic()
        try:
            while more := there.recv(1000):
                answer += more
        except ConnectionResetError:
            pass
        assert time.monotonic() - since < 10
    assert b"HTTP" not in answer
    monkeypatch.undo()  # on a busy machine whoever behaves may take longer than that
    assert visit("GET", "/").status == 403  # the others are answered


def test_what_is_no_certificate_is_said_in_a_line(tmp_path, pair):
    for given in ((tmp_path / "no.pem",), (pair[0],), (pair[1], pair[1])):
        with pytest.raises(ServeError, match=r"no file at .*no\.pem|are no certificate and its key") as raised:
            tls_context(*given)
        assert "\n" not in str(raised.value)
    locked = tmp_path / "locked.pem"
    lock = ["openssl", "pkey", "-in", str(pair[1]), "-aes256", "-passout", "pass:x", "-out", str(locked)]
    subprocess.run(lock, check=True, capture_output=True)
    with pytest.raises(ServeError, match="the key not encrypted"):
        tls_context(pair[0], locked)
    both = tmp_path / "both.pem"
    both.write_text(pair[0].read_text() + pair[1].read_text())
    assert tls_context(both).minimum_version >= ssl.TLSVersion.TLSv1_2
    assert "needs --certfile" in run("serve", tmp_path / "a.h5", "--keyfile", pair[1]).stderr


def test_the_command_serves_over_tls(dump, pair):
    command = [sys.executable, "-m", "lstmviz", "serve", str(dump.path), "--no-browser", "--port", "8750"]
    command += ["--certfile", str(pair[0]), "--keyfile", str(pair[1])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = next(line for line in process.stdout if "https://" in line)
            address = line.partition("https://")[2].split()[0].strip("/")
            trust = ssl.create_default_context(cafile=pair[0])
            connection = http.client.HTTPSConnection(address, timeout=30, context=trust)
            connection.request("GET", "/health")
            assert connection.getresponse().status == 200
            connection.close()
        finally:
            process.kill()
