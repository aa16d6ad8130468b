"""The server of `lstmviz serve`: what is refused before it is read, who is cut off, and that nobody else waits."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from contextlib import closing

import numpy as np
import pytest

import lstmviz
from lstmviz.ui import front as fronts
from lstmviz.ui.place import Place
from lstmviz.ui.serve import listen, make_app

HEAD = b"Host: 127.0.0.1\r\nContent-Type: application/json\r\n"
CHUNKED = b"POST /samples/build HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HEAD


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    states = np.random.default_rng(0).uniform(-1, 1, (30_000, 6)).astype("f2")
    path = tmp_path_factory.mktemp("front") / "a.h5"
    lstmviz.write_dump(path, states={"rnn.l0.h": states}, tokens=[0] * 30_000, vocab=["a"], lengths=[500] * 60)
    return lstmviz.open_dump(path)


class Running:
    """A server on a thread, and raw requests to it."""

    def __init__(self, dump, **more):
        app = make_app([dump], **more)
        listener = listen("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        self.server = fronts.front(app.server, listener, app.access.refusal)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def connect(self, data=b""):
        there = socket.create_connection(("127.0.0.1", self.port), 20)
        there.sendall(data)
        return there

    def ask(self, data, timeout=20):
        """Send bytes and return the answer: its head, and at least the first line of its body."""
        with self.connect(data) as there:
            there.settimeout(timeout)
            answer = b""
            while not answer.partition(b"\r\n\r\n")[2] and (more := there.recv(65_536)):
                answer += more
            return answer

    def close(self):
        self.server.task_dispatcher.shutdown()
        self.server.asyncore.close_all(self.server._map)
        self.thread.join(5)


@pytest.fixture
def running(dump):
    servers = []

    def start(**more):
        servers.append(Running(dump, **more))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def post(path, n_bytes, head=HEAD):
    return f"POST {path} HTTP/1.1\r\nContent-Length: {n_bytes}\r\n".encode() + head + b"\r\n"


@pytest.mark.parametrize(
    ("head", "status", "words"),
    [
        (HEAD.replace(b"127.0.0.1", b"evil.example"), 403, "is not called 'evil.example'"),
        (HEAD + b"Origin: http://evil.example\r\n", 403, "a page of 'http://evil.example' asked for this"),
        (HEAD + b"Origin: null\r\n", 403, "not ours"),
        (HEAD + b"Sec-Fetch-Site: cross-site\r\n", 403, "another site's page"),
        (HEAD, 413, "at most 1,048,576 are taken here"),
    ],
)
def test_what_is_refused_is_refused_before_its_body_is_read(running, head, status, words):
    answer = running().ask(post("/samples/build", 900_000_000, head))  # none of the body is sent
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert words in answer.decode()
    assert len(answer.partition(b"\r\n\r\n")[2].splitlines()) == 1


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"\x16\x03\x01\x02\0\x01\xfc\x03\x03", 400),  # the first bytes of TLS
        (b"get / HTTP/1.1\r\n" + HEAD[:-2], 400),
        (post("/samples/build", "9" * 5_000)[:-4], 400),
        (b"POST /samples/build HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" + HEAD[:-2], 501),
        (b"GET / HTTP/1.1\r\nX: a\rb\r\n" + HEAD[:-2], 400),
        (CHUNKED + b"Content-Length: 5\r\n\r\n0", 400),
        (CHUNKED + b"\r\n" + b"f" * 400, 413),
        (CHUNKED + b"\r\n5;" + b"a" * 20_000, 400),
        (CHUNKED + b"\r\n0\r\nX: " + b"a" * 20_000, 400),
        (HEAD.join([b"POST /d/x/matches HTTP/1.1\r\n", b"Origin: http://[::1\r\nContent-Length: 9"]), 403),
        (HEAD.join([b"POST /d/x/matches HTTP/1.1\r\n", b"Cookie: a=\x80\r\nContent-Length: 2\r\n\r\n{}"]), 404),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"a%d:b\r\n" % i for i in range(5_000)) + HEAD[:-2], 431),
    ],
)
def test_what_is_no_request_is_answered_in_a_line(running, caplog, head, status):
    answer = running().ask(head + b"\r\n\r\n")
    assert answer.split()[1] == str(status).encode(), answer
    assert len(answer.partition(b"\r\n\r\n")[2].splitlines()) == 1
    assert not caplog.records


def test_who_has_no_token_sends_no_body(running):
    server = running(place=Place(token="s3cret"))
    assert b"open the link" in server.ask(post("/d/x/matches", 1_000_000))
    assert b" 403 " in server.ask(post("/d/x/matches", 1_000_000, HEAD + b"Cookie: lstmviz-1=2\r\n"))
    waits = server.ask(post("/d/x/matches", 1_000_000, HEAD + b"Expect: 100-continue\r\n"))
    assert waits.startswith(b"HTTP/1.1 403 "), waits  # not 100: it is not told to go on
    admitted = server.ask(b"GET /?token=s3cret HTTP/1.1\r\nHost: localhost\r\n\r\n").decode()
    cookie = admitted.partition("Set-Cookie: ")[2].partition(";")[0]
    assert "s3cret" not in cookie
    there = HEAD + f"Cookie: odd={{x; {cookie}\r\n".encode()
    assert b"no recording" in server.ask(post("/d/x/matches", 2, there) + b"{}")


def test_a_pattern_may_be_larger_than_other_questions(running, dump):
    server = running()
    body = json.dumps({"dump": dump.uuid, "source": "rnn.l0.h", "start": 1, "stop": 2, "more": "x" * 2**21}).encode()
    path = f"/d/{dump.uuid}/matches"
    assert server.ask(post(path, len(body)) + body).startswith(b"HTTP/1.1 200")
    assert b" 413 " in server.ask(post(path, 17 * 2**20))
    assert b" 413 " in server.ask(CHUNKED + b"\r\n200000\r\n" + b"x" * 0x200000 + b"\r\n0\r\n\r\n")


def test_who_says_nothing_or_little_is_cut_off_and_nobody_waits_for_it(running, monkeypatch):
    for name in ("HEADER_SECONDS", "BODY_SECONDS"):
        monkeypatch.setattr(fronts, name, 2.0)
    server = running()
    silent = [server.connect() for _ in range(60)]
    half = [server.connect(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-") for _ in range(60)]
    body = [server.connect(post("/samples/build", 100) + b"{") for _ in range(60)]
    for there in (*half[:5], *body[:5]):
        there.sendall(b"a")
    begin = time.monotonic()
    assert server.ask(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert time.monotonic() - begin < 2
    for there in (*silent, *half, *body):
        there.settimeout(10)
        assert there.recv(100) == b""
        there.close()


def test_who_comes_as_another_is_cut_off_is_answered(dump, monkeypatch):
    app, listener = make_app([dump]), listen("127.0.0.1", 0)
    server = fronts.front(app.server, listener, app.access.refusal)
    address = listener.getsockname()
    with closing(socket.create_connection(address, 20)) as silent:
        while not server.active_channels:
            server.asyncore.poll2(0.1, server._map)
        with closing(socket.create_connection(address, 20)) as coming:  # waits to be taken as the other one is late
            coming.sendall(b"GET /health HTTP/1.1\r\n" + HEAD + b"\r\n")
            with monkeypatch.context() as patched:
                patched.setattr(fronts, "HEADER_SECONDS", 0.0)
                server.next_channel_cleanup = 0
                server.asyncore.poll2(0.1, server._map)
            while not select.select([coming], [], [], 0)[0]:
                server.asyncore.poll2(0.1, server._map)
            assert coming.recv(100).startswith(b"HTTP/1.1 200")
        assert silent.recv(1) == b""
    server.task_dispatcher.shutdown()
    server.asyncore.close_all(server._map)


def test_a_connection_that_is_used_now_and_then_stays(running, monkeypatch):
    monkeypatch.setattr(fronts, "HEADER_SECONDS", 0.5)
    with running().connect() as there:
        for _ in range(3):
            there.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            answer = there.recv(65_536)
            while not answer.endswith(b"OK"):
                answer += there.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200")
            time.sleep(1.5)


def test_who_asks_for_much_and_does_not_read_it_keeps_nobody_waiting(running, dump, monkeypatch):
    monkeypatch.setattr(fronts, "STALLED_SECONDS", 2.0)
    monkeypatch.setattr("lstmviz.ui.limits.AHEAD", 20_000)
    monkeypatch.setattr("lstmviz.ui.routes.export.MOST_EXPORTS", 6)
    server = running()
    server.server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)  # that of its connections too
    body = json.dumps({"dump": dump.uuid, "source": "rnn.l0.h", "start": 10, "stop": 11, "threshold": 0.01}).encode()
    question = post(f"/d/{dump.uuid}/export/matches.json", len(body)) + body
    readers = []
    for _ in range(6):
        there = socket.socket()
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        there.connect(("127.0.0.1", server.port))
        there.sendall(question)
        readers.append(there)
    deadline = time.monotonic() + 60
    while sum(channel.total_outbufs_len > 20_000 for channel in [*server.server.active_channels.values()]) < 6:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while not server.ask(question).startswith(b"HTTP/1.1 200"):  # until they are cut off, they have all the places
        assert server.ask(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 20).startswith(b"HTTP/1.1 200")
        assert time.monotonic() < deadline
        time.sleep(0.3)
    for there in readers:
        there.settimeout(10)
        answer = b""
        while more := there.recv(65_536):
            answer += more
        assert not answer.endswith(b"0\r\n\r\n")  # the export has not come to its end
        there.close()


def test_no_more_of_an_export_is_made_than_its_reader_takes(running, dump, monkeypatch):
    monkeypatch.setattr("lstmviz.ui.limits.AHEAD", 20_000)
    server = running()
    server.server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)  # that of its connections too
    body = json.dumps({"dump": dump.uuid, "source": "rnn.l0.h", "start": 10, "stop": 11, "threshold": 0.01}).encode()
    client = make_app([dump]).server.test_client()
    whole = client.post(f"/d/{dump.uuid}/export/matches.json", data=body, content_type="application/json")
    with socket.socket() as there:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        there.connect(("127.0.0.1", server.port))
        there.sendall(post(f"/d/{dump.uuid}/export/matches.json", len(body)) + body)
        answer, most = b"", 0
        while not answer.endswith(b"]}\n\r\n0\r\n\r\n"):
            channels = [*server.server.active_channels.values()]
            most = max(most, *(channel.total_outbufs_len for channel in channels), 0)
            more = there.recv(4_096)
            assert more
            answer += more
            if len(answer) < 100_000:
                time.sleep(0.01)
    assert len(answer) > len(whole.data) > 1_000_000
    assert 0 < most < 100_000


def test_few_exports_are_written_at_once_and_others_told_to_come_again(dump, monkeypatch):
    monkeypatch.setattr("lstmviz.ui.routes.export.MOST_EXPORTS", 1)
    client = make_app([dump]).server.test_client()
    body = {"dump": dump.uuid, "source": "rnn.l0.h", "start": 10, "stop": 11, "threshold": 0.01}
    first = client.post(f"/d/{dump.uuid}/export/matches.json", json=body, buffered=False)
    second = client.post(f"/d/{dump.uuid}/export/matches.json", json=body)
    assert (second.status_code, second.headers["Retry-After"]) == (503, "5")
    assert second.json["error"].startswith("1 exports are written at the moment; ask again")
    first.close()
    assert client.post(f"/d/{dump.uuid}/export/matches.json", json=body).status_code == 200
    assert client.post(f"/d/{dump.uuid}/export/matches.csv", json={**body, "source": "no"}).status_code == 404
    assert client.post(f"/d/{dump.uuid}/export/matches.csv", json=body).status_code == 200


def test_one_address_has_only_so_many_connections(running, monkeypatch):
    monkeypatch.setattr(fronts, "MOST_OF_ONE", 3)
    monkeypatch.setattr(fronts.ipaddress, "ip_address", lambda _: type("Far", (), {"is_loopback": False}))
    server = running()
    kept = [server.connect() for _ in range(3)]
    time.sleep(0.5)
    with server.connect() as one_more:
        one_more.settimeout(10)
        assert one_more.recv(10) == b""
    for there in kept:
        there.close()
