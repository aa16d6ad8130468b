"""How a server bears many visitors beside some who are slow, silent or hostile, on 127.0.0.1.

Visitors open the page and then make a gesture every few seconds: they brush, scroll, look at a unit or search, with
the requests that the page makes for each. Beside them, 8 ask for large exports and read a kilobyte a second, 100
connect and say nothing or half a request, two have maps computed one after another, and one asks again and again for a
regular expression that never ends. Told are the failures of those who behave, how long they wait, and how much memory
the server takes after it is warm and at the end. Ends with 1 where one of them failed, the 95th percentile is above
500 ms, or the memory grew by more than a twentieth.

    python benchmarks/load.py --folder FOLDER [--minutes 2] [--visitors 50] [--gunicorn] [--calm]
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import lstmviz
from lstmviz.ui.serve import listen

N_STEPS, N_UNITS, N_SOURCES = 200_000, 100, 4
HELD = 5  # steps for which every unit keeps its value
SELECTS = 0.75  # of the brushes, those that go along with such a stretch, so that they select units
PAUSES = 4.0, 12.0  # seconds between two gestures of a visitor, as in benchmarks/classroom.py
WARM = 0.3  # share of the time after which the server is warm
MOST_WAIT = 0.5  # seconds, of 95 in 100 requests
MOST_GROWTH = 0.05
HOSTILE = "(a|a|aa)+(a|aa)+$"  # over runs of one letter


def write(folder: Path) -> Path:
    """Write the dump that is served, once."""
    path = folder / "load.h5"
    if not path.exists():
        rng = np.random.default_rng(0)
        levels = rng.uniform(-1, 1, (N_STEPS // 5, N_UNITS)).astype("float16")
        states = {f"rnn.l{k}.{s}": np.roll(levels, 7 * k, 0).repeat(5, 0) for k in (0, 1) for s in "hc"}
        words = ["a" * (1 + i % 40) if i % 3 else f"word{i}" for i in range(3_000)]
        tracks = {"loss": rng.random(N_STEPS), "part": rng.choice(["noun", "verb", "other"], N_STEPS).tolist()}
        tokens = rng.integers(0, len(words), N_STEPS)
        lengths = [100] * (N_STEPS // 100)
        lstmviz.write_dump(path, states=states, tokens=tokens, vocab=words, lengths=lengths, tracks=tracks)
    return path


class Server:
    """A server in a process of its own, ended with the block."""

    def __init__(self, path: Path, is_gunicorn: bool, folder: Path) -> None:
        self.log = (folder / "load.log").open("wb")
        free = listen("127.0.0.1", 0)
        self.port = free.getsockname()[1]
        free.close()
        command = ["lstmviz", "serve", str(path), "--no-browser", "--port", str(self.port)]
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "XDG_CACHE_HOME": str(folder / "cache")}
        if is_gunicorn:
            environment["LSTMVIZ_DUMPS"] = str(path)
            command = ["gunicorn", "lstmviz.ui.serve:server_from_environment()", "--workers", "2", "--threads", "8"]
            command += ["--worker-class", "lstmviz.ui.gunicorn.Worker", "--bind", f"127.0.0.1:{self.port}"]
        command = [sys.executable, "-m", *command]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment)

    def __enter__(self) -> Server:
        for _ in range(600):
            with suppress(OSError):
                if self.get("/health")[0] == 200:
                    return self
            time.sleep(0.1)
        self.process.kill()
        raise SystemExit("the server does not answer; its log is load.log")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self.process.kill()

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask once, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def memory(self) -> float:
        """Return the memory in MB that the server's own processes have for themselves, without that of maps."""
        total = 0
        for pid in [self.process.pid, *_children(self.process.pid)]:
            with suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                if b"serve" in command:
                    found = re.search(r"Anonymous:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())
                    total += int(found[1]) if found else 0
        return total / 1024


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


class Told:
    """What those who behave saw: seconds by kind of request, and failures."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.failures: list[str] = []

    @property
    def all(self) -> list[float]:
        return [second for each in self.seconds.values() for second in each]


class Visitor:
    """A browser with the page open; it asks what the page asks, on a connection that it keeps."""

    def __init__(self, server: Server, uuid: str, told: Told, seed: int) -> None:
        self._server, self._uuid, self._told = server, uuid, told
        self._rng, self._cookie = random.Random(seed), ""
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def run(self, end: float) -> None:
        """Open the page and make gestures until the end."""
        time.sleep(self._rng.uniform(0, min(20, max(1, (end - time.monotonic()) / 5))))
        self._open()
        while time.monotonic() < end:
            time.sleep(self._rng.uniform(*PAUSES))
            self._rng.choice([self._brush, self._brush, self._scroll, self._scroll, self._unit, self._search])()
        self._connection.close()

    def ask(self, kind: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        """Ask one thing, and note how long it takes."""
        headers = {"Cookie": self._cookie, "Accept-Encoding": "gzip"} | (
            {"Content-Type": "application/json"} if body else {}
        )
        began = time.monotonic()
        for is_last in (False, True):
            try:
                data = None if body is None else json.dumps(body)
                self._connection.request("GET" if body is None else "POST", path, data, headers)
                answer = self._connection.getresponse()
                got = answer.read()
                break
            except (http.client.HTTPException, OSError) as err:
                self._connection.close()  # a server may close a connection that was idle: browsers ask once more
                if is_last:
                    self._told.failures.append(f"{kind}: {type(err).__name__} {err}")
                    return b""
        self._told.seconds[kind].append(time.monotonic() - began)
        if answer.headers.get("Content-Encoding") == "gzip":
            got = gzip.decompress(got)
        if cookie := answer.headers.get("Set-Cookie"):
            self._cookie = cookie.partition(";")[0]
        if answer.status >= 400 or (got.startswith(b"{") and b'"error"' in got[:40]):
            self._told.failures.append(f"{kind}: {answer.status} {got[:200]!r}")
        return got

    def _at(self, path: str) -> str:
        return f"/d/{self._uuid}/{path}"

    def _open(self) -> None:
        page = self.ask("page", "/").decode("utf-8", "replace")
        for module in re.findall(r'(?:href|src)="(/page/[^"]+\.mjs)"', page)[:80]:
            self.ask("module", module)
        for path in ("about.json", "tracks", "typing.json", "map/about.json", "steps/0/0/512", "states/0/0/512"):
            self.ask("open", self._at(path))

    def _window(self) -> tuple[int, int]:
        start = self._rng.randrange(0, N_STEPS // 100) * 100 + self._rng.randrange(2, 80)
        if self._rng.random() < SELECTS:
            start -= start % HELD
        return start, start + self._rng.randrange(2, HELD + 1)

    def _brush(self) -> None:
        source = self._rng.randrange(N_SOURCES)
        start, stop = self._window()
        question = {
            "dump": self._uuid,
            "source": f"rnn.l{source // 2}.{'hc'[source % 2]}",
            "start": start,
            "stop": stop,
        }
        question |= {"threshold": self._rng.choice([0.3, 0.4, 0.5]), "at": max(0, start - 30), "span": 60}
        self.ask("cut", self._at(f"cut/{source}?start={start}&stop={stop}&t=0.3"))
        self.ask("matches", self._at("matches"), question)
        self.ask("summary", self._at("summary"), question)

    def _scroll(self) -> None:
        block = self._rng.randrange(N_STEPS // 512)
        source = self._rng.randrange(N_SOURCES)
        self.ask("steps", self._at(f"steps/0/{block * 512}/{block * 512 + 512}"))
        self.ask("states", self._at(f"states/{source}/{block * 512}/{block * 512 + 512}"))

    def _unit(self) -> None:
        start, stop = self._window()
        unit = self._rng.randrange(N_UNITS)
        self.ask("unit", self._at(f"unit/{self._rng.randrange(N_SOURCES)}/{unit}?start={start}&stop={stop}&t=0.3"))

    def _search(self) -> None:
        self.ask("search", self._at(f"search/0?q=word{self._rng.randrange(3_000)}&from=0&limit=20&around=4"))
        self.ask("sequences", self._at("sequences/0?from=0"))


def slow_reader(server: Server, uuid: str, end: float) -> None:
    """Ask for every match as a file, and read a kilobyte a second of it."""
    body = json.dumps(
        {"dump": uuid, "source": "rnn.l0.h", "start": 12, "stop": 14, "threshold": 0.1, "before": 0}
    ).encode()
    head = f"POST /d/{uuid}/export/matches.json HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 10) as there:
            there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            there.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            while time.monotonic() < end and there.recv(1024):
                time.sleep(1)
        time.sleep(1)


def silent(server: Server, says: bytes, end: float) -> None:
    """Connect, say nothing or little, and connect again when cut off."""
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 10) as there:
            there.sendall(says)
            there.settimeout(max(1.0, end - time.monotonic()))
            there.recv(100)
        time.sleep(1)


def mapper(server: Server, uuid: str, method: str, end: float) -> None:
    """Have maps of one method computed, one source after another, and stop those that are not done at the end."""
    visitor = Visitor(server, uuid, Told(), 0)
    visitor.ask("page", "/")
    at = f"/d/{uuid}/map"
    for source in range(N_SOURCES):
        visitor.ask("map", f"{at}/{source}/{method}/start", {})
        while time.monotonic() < end:
            time.sleep(2)
            state = json.loads(visitor.ask("map", f"{at}/{source}/{method}/points.json") or b"{}").get("job", {})
            if state.get("state") in ("done", "failed", "none"):
                break
        else:
            visitor.ask("map", f"{at}/{source}/{method}/cancel", {})
            return


def hostile(server: Server, uuid: str, end: float) -> None:
    """Ask for matches where a regular expression matches that never ends."""
    visitor = Visitor(server, uuid, Told(), 1)
    n = 0
    while time.monotonic() < end:
        n += 1
        question = {"dump": uuid, "source": "rnn.l0.h", "start": 10, "stop": 15, "at": 0, "span": 60}
        expression = HOSTILE.replace("$", f"b{n}$")
        visitor.ask(
            "hostile", f"/d/{uuid}/matches", question | {"filters": [{"expression": expression, "over": "characters"}]}
        )


def main() -> int:
    """Run the load and tell what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--gunicorn", action="store_true", help="two workers of eight threads, not lstmviz serve")
    parser.add_argument("--calm", action="store_true", help="only those who behave, for comparison")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    path = write(asked.folder)
    uuid = lstmviz.open_dump(path).uuid
    with Server(path, asked.gunicorn, asked.folder) as server:
        return measured(server, uuid, asked)


def measured(server: Server, uuid: str, asked: argparse.Namespace) -> int:
    """Let all of them go at it; returns the exit code."""
    began, told = time.monotonic(), Told()
    end = began + 60 * asked.minutes
    tasks: list[tuple[Any, ...]] = [(Visitor(server, uuid, told, i).run, end) for i in range(asked.visitors)]
    if not asked.calm:
        half = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-"
        tasks += [(slow_reader, server, uuid, end) for _ in range(8)]
        tasks += [(silent, server, b"" if i % 2 else half, end) for i in range(100)]
        tasks += [(mapper, server, uuid, method, end) for method in ("tsne", "umap")]
        tasks += [(hostile, server, uuid, end)]
    threads = [threading.Thread(target=task, args=arguments, daemon=True) for task, *arguments in tasks]
    for thread in threads:
        thread.start()
    memory: list[tuple[float, int, float]] = []
    while time.monotonic() < end:
        time.sleep(min(5.0, max(0.0, end - time.monotonic())))
        memory.append((time.monotonic() - began, len(told.all), server.memory()))
    for thread in threads:
        thread.join(30)
    return report(told, memory, asked)


def report(told: Told, memory: list[tuple[float, int, float]], asked: argparse.Namespace) -> int:
    """Print what was seen; returns the exit code."""
    for kind, seconds in sorted(told.seconds.items()):
        middle, most = np.quantile(seconds, [0.5, 0.95]) * 1000
        print(f"{kind:10} {len(seconds):7,} median {middle:6.0f} ms, 95 % {most:6.0f}, most {1000 * max(seconds):6.0f}")
    most = float(np.quantile(told.all, 0.95))
    warm = [mb for at, _, mb in memory if at >= WARM * 60 * asked.minutes]
    n = max(1, len(warm) // 5)
    first, last = statistics.median(warm[:n]), statistics.median(warm[-n:])
    growth = last / first - 1
    print(f"{len(told.all):,} requests of {asked.visitors} visitors, {len(told.failures)} failed")
    print(f"95 % within {1000 * most:.0f} ms")
    print(f"memory {memory[0][2]:.0f} MB at first, {first:.0f} MB when warm, {last:.0f} MB at the end: {growth:+.1%}")
    for line in dict.fromkeys(told.failures[:10]):
        print("  failed:", line)
    return int(bool(told.failures) or most > MOST_WAIT or growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
