"""A class of simulated students in a lesson, on `lstmviz classroom` in a process of its own.

Each student joins by the form, loads the page with all its modules, and from then on asks what a page asks: a beat
every second, and an interaction every few seconds. Half of them follow the teacher and are shown a new brush every five
seconds, all at once; the others work on their own, half of the time where the lesson leads, else at steps that nobody
else looks at. The teacher asks a question every 40 seconds, and shows its answers. Reported are errors, and how long
things take until their answer is there: the rows of a brush, everything that a brush asks for, a unit's card, a move of
the view, an answer to the question, a beat. The students run on the same machine as the server.

    python benchmarks/classroom.py --folder FOLDER [--students 60] [--seconds 600] [--join-seconds 60]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import resource
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from lstmviz import samples
from lstmviz.lessons import builtin_lessons

SOURCE, INDEX = "rnn.l1.c", 3
LESSON = next(lesson for lesson in builtin_lessons() if lesson.name == "counting")
STEP = next(k for k, step in enumerate(LESSON.steps) if step.choices)
LED_TO = [(249, 255), (120, 124), (1_171, 1_177), (881, 887), (2_319, 2_325)]  # where a lesson leads
SEQUENCE = 200  # steps of each sequence of the sample
VIEW_EVERY, ASK_EVERY, REST = 5.0, 40.0, (4.0, 12.0)  # seconds
PATIENCE = 30  # seconds, until a request counts as failed


class Figures:
    """How long things took, and what failed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: Counter[str] = Counter()

    def took(self, name: str, seconds: float) -> None:
        with self._lock:
            self.seconds[name].append(seconds)

    def failed(self, words: str) -> None:
        with self._lock:
            self.errors[words[:160]] += 1


class Browser:
    """One connection with its cookies, as a browser keeps it."""

    def __init__(self, address: str, cookie: str = "") -> None:
        self.cookie = cookie
        self._host = urlsplit(address).netloc
        self._connection = http.client.HTTPConnection(self._host, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """Ask; a connection that the server has closed meanwhile is opened again, as browsers do."""
        sent = {"Accept-Encoding": "gzip", "Cookie": self.cookie, **headers}
        if isinstance(body, dict):
            body, sent = json.dumps(body), {"Content-Type": "application/json", **sent}
        for attempt in range(2):
            try:
                self._connection.request(method, path, body, sent)
                answer = self._connection.getresponse()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self._connection.close()
                if attempt:
                    raise
        content = answer.read()
        given = SimpleCookie(self.cookie)
        for each in answer.headers.get_all("Set-Cookie", []):
            given.load(each)
        self.cookie = "; ".join(f"{name}={morsel.coded_value}" for name, morsel in given.items())
        return answer.status, content

    def json(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        status, content = self.ask(method, path, body, **{"Accept-Encoding": "identity"})
        if status != 200:
            raise RuntimeError(f"{status} to {method} {path.split('?')[0]}: {content[:80]!r}")
        found: dict[str, Any] = json.loads(content)
        if "error" in found:
            raise RuntimeError(f"{path}: {found['error']}")
        return found


class Student:
    """A student's page: one thread for its beats, one for what the student does."""

    def __init__(self, number: int, address: str, uuid: str, figures: Figures, over: threading.Event) -> None:
        self._random, self._number = random.Random(number), number
        self._address, self._uuid, self._figures, self._over = address, uuid, figures, over
        self._follows = number % 2 == 0
        self._version, self._view, self._answered = -1, "", ""
        self._question: dict[str, Any] | None = None

    def join(self, code: str) -> None:
        """Join and load the page."""
        browser = Browser(self._address)
        form = urlencode({"code": code, "name": f"Student {self._number}", "to": ""})
        began = time.monotonic()
        status, _ = browser.ask("POST", "/join", form, **{"Content-Type": "application/x-www-form-urlencoded"})
        if status != 303:
            raise RuntimeError(f"{status} to the form")
        _, page = browser.ask("GET", "/", **{"Accept-Encoding": "identity"})
        loaded = re.findall(r'(?:src|href)="(/[^"]+\.(?:m?js|css)[^"]*)"', page.decode())
        about = [f"/d/{self._uuid}/{name}" for name in ("about.json", f"states/{INDEX}/0/128", "steps/0/0/512")]
        for path in [*dict.fromkeys(loaded), "/_dash-layout", "/_dash-dependencies", *about]:
            status, _ = browser.ask("GET", path.replace("&amp;", "&"))
            if status != 200:
                self._figures.failed(f"{status} to {path}")
        self._figures.took("join and load the page", time.monotonic() - began)
        self._cookie = browser.cookie

    def live(self) -> list[threading.Thread]:
        """Begin the threads of the page."""
        threads = [threading.Thread(target=self._run, args=(act,)) for act in (self._beat, self._act)]
        for thread in threads:
            thread.start()
        return threads

    def _run(self, act: Any) -> None:
        browser = Browser(self._address, self._cookie)
        while not self._over.is_set():
            try:
                act(browser)
            except Exception as error:
                self._figures.failed(f"{type(error).__name__}: {error}")

    def _beat(self, browser: Browser) -> None:
        self._over.wait(1 + self._random.uniform(-0.3, 0.3))
        step = self._random.randrange(19_000)
        place = {"address": f"?dump={self._uuid}&at={step}", "recording": "parens", "step": step}
        has_moved = self._random.random() < 0.2
        body = {"version": self._version, "follows": self._follows, "place": place if has_moved else None}
        with self._timed("beat"):
            news = browser.json("POST", "/class/student/beat", body)
        self._version = news["version"]
        if "view" not in news:
            return
        self._question = news["question"]
        if self._follows and news["view"]["address"] != self._view:
            self._view = news["view"]["address"]
            start, stop = (int(re.search(rf"{name}=(\d+)", self._view)[1]) for name in ("start", "stop"))
            self._brush(browser, start, stop)

    def _act(self, browser: Browser) -> None:
        self._over.wait(self._random.uniform(*REST))
        if self._over.is_set():
            return
        question, chance = self._question, self._random.random()
        if question and not question["bars"] and question["key"] != self._answered:
            choice = self._random.choice(question["choices"])
            with self._timed("answer a question"):
                browser.json("POST", "/class/student/answer", {"key": question["key"], "text": choice, "sure": 1})
            self._answered = question["key"]
        elif self._follows:
            return
        elif chance < 0.4:
            self._brush(browser, *self._random.choice(LED_TO))
        elif chance < 0.8:
            start = SEQUENCE * self._random.randrange(90) + self._random.randrange(1, SEQUENCE - 10)
            self._brush(browser, start, start + self._random.randrange(1, 7))
        elif chance < 0.9:
            with self._timed("a unit's card"):
                browser.json("GET", f"/d/{self._uuid}/unit/{INDEX}/{self._random.randrange(50)}?t=0.3&side=high")
        else:
            at = 128 * self._random.randrange(140)
            with self._timed("move the view"):
                for path in (f"states/{INDEX}/{at}/{at + 128}", f"steps/0/{at // 512 * 512}/{at // 512 * 512 + 512}"):
                    if browser.ask("GET", f"/d/{self._uuid}/{path}")[0] != 200:
                        self._figures.failed(f"no {path.partition('/')[0]}")

    def _brush(self, browser: Browser, start: int, stop: int) -> None:
        """Ask what the page asks once a brush is let go of."""
        base = f"/d/{self._uuid}"
        selection = {
            "dump": self._uuid,
            "source": SOURCE,
            "start": start,
            "stop": stop,
            "threshold": 0.3,
            "side": "high",
            "before": 1,
            "after": 0,
            "rows": 50,
            "offset": 0,
            "colour": "shared",
            "track": "depth",
        }
        began = time.monotonic()
        with self._timed("rows of a brush"):
            found = browser.json("POST", f"{base}/matches", selection)
        browser.json("GET", f"{base}/thresholds/{INDEX}?start={start}&stop={stop}&before=1&after=0&side=high")
        if found["n_units"]:
            browser.json("POST", f"{base}/summary", selection)
            browser.json("POST", f"{base}/enrichment", selection)
        self._figures.took("all that a brush asks for", time.monotonic() - began)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._figures.took(name, time.monotonic() - began)


class Teacher:
    """The teacher's page: a view every few seconds, a question now and then, and a look at the room every second."""

    def __init__(self, link: str, uuid: str, figures: Figures, over: threading.Event) -> None:
        parts = urlsplit(link)
        self._browser = Browser(f"http://{parts.netloc}")
        self._browser.ask("GET", f"/?{parts.query}")
        self._uuid, self._figures, self._over = uuid, figures, over
        self.most_here = self.most_answers = 0

    def run(self) -> None:
        """Teach until it is over."""
        began, asked, view = time.monotonic(), -1, -1
        while not self._over.wait(1):
            now = time.monotonic() - began
            try:
                if int(now / VIEW_EVERY) != view:
                    view = int(now / VIEW_EVERY)
                    start = SEQUENCE * (view % 90) + 20 + view % 50
                    address = f"?dump={self._uuid}&source={SOURCE}&start={start}&stop={start + 4}"
                    shown = {"address": address, "lesson": [LESSON.name, STEP]}
                    self._browser.json("POST", "/class/teacher/view", shown)
                if int(now / ASK_EVERY * 2) != asked:
                    asked = int(now / ASK_EVERY * 2)
                    act = "tell" if asked % 2 else "ask"
                    own = {"text": f"Question {asked}", "choices": list(LESSON.steps[STEP].choices)}
                    body = own if asked else {"lesson": [LESSON.name, STEP]}
                    self._browser.json("POST", f"/class/teacher/{act}", body)
                room = self._browser.json("GET", "/class/teacher/room.json")
                self.most_here = max(self.most_here, sum(one["isHere"] for one in room["students"]))
                self.most_answers = max(self.most_answers, *(one["n"] for one in room["questions"]), 0)
            except Exception as error:
                self._figures.failed(f"teacher: {type(error).__name__}: {error}")


@contextmanager
def classroom(path: Path) -> Iterator[tuple[str, str, str]]:
    """Serve a class; gives the teacher's link, the address and the code."""
    command = [sys.executable, "-u", "-m", "lstmviz.cli", "classroom", str(path), "--no-browser", "--host", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = ""
            while "(code " not in said:
                said += process.stdout.readline()
            link, code = re.search(r"(http://\S+)\s+\(code (\w+)\)", said).groups()
            yield re.search(r"http://\S+token=\S+", said)[0], link.partition("/join")[0], code
        finally:
            process.terminate()


def joined(students: list[Student], code: str, seconds: float, figures: Figures) -> None:
    """Have all students join, spread over some seconds."""

    def join(student: Student, after: float) -> None:
        time.sleep(after)
        try:
            student.join(code)
        except Exception as error:
            figures.failed(f"join: {type(error).__name__}: {error}")

    waits = [seconds * k / len(students) for k in range(len(students))]
    threads = [threading.Thread(target=join, args=pair) for pair in zip(students, waits, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def report(figures: Figures, teacher: Teacher, n_students: int, seconds: float, cpu: float, load: float) -> None:
    """Print the figures."""
    print(f"{n_students} students for {seconds:.0f} s; the machine's load was {load:.1f} at the end")
    every: list[float] = []
    for name, took in sorted(figures.seconds.items()):
        took.sort()
        if name not in ("beat", "join and load the page", "all that a brush asks for"):
            every += took
        _line(name, took)
    _line("an interaction", sorted(every))
    print(f"  {teacher.most_here} students were here at a time, {teacher.most_answers} answered one question")
    print(f"  the server took {cpu:.0f} CPU seconds")
    print(f"  {sum(figures.errors.values())} errors")
    for words, n in figures.errors.most_common(10):
        print(f"    {n} x {words}")


def _line(name: str, ordered: list[float]) -> None:
    median, p95 = (1000 * ordered[int(len(ordered) * share)] for share in (0.5, 0.95))
    print(f"  {name:26} {median:7.0f} ms median {p95:7.0f} ms p95 {len(ordered):7,}")


def main() -> None:
    """Teach, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where the recording is made, once")
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--join-seconds", type=float, default=60, help="in which all of them join")
    args = parser.parse_args()
    path = args.folder / "parens-2x50.h5"
    if not path.exists():
        samples.build("parens", path=path)
    import lstmviz

    uuid = lstmviz.open_dump(path).uuid
    figures, over = Figures(), threading.Event()
    with classroom(path) as (link, address, code):
        teacher = Teacher(link, uuid, figures, over)
        students = [Student(k, address, uuid, figures, over) for k in range(args.students)]
        joined(students, code, args.join_seconds, figures)
        threads = [thread for student in students for thread in student.live()]
        threads.append(threading.Thread(target=teacher.run))
        threads[-1].start()
        with suppress(KeyboardInterrupt):
            time.sleep(args.seconds)
        load = os.getloadavg()[0]
        over.set()
        for thread in threads:
            thread.join(2 * PATIENCE)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    report(figures, teacher, args.students, args.seconds, used.ru_utime + used.ru_stime, load)


if __name__ == "__main__":
    main()
