"""Does the model need a pattern's units? The answer takes seconds: it comes as lines, which first report progress."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from flask import Blueprint, Response

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError, PatternError
from lstmviz.match.pattern.file import hidden_in
from lstmviz.rerun.of_dump import runner_of
from lstmviz.rerun.runner import Runner
from lstmviz.types import Pattern, ShareProgress, Window
from lstmviz.ui.describe import finite
from lstmviz.ui.queries import pattern_of
from lstmviz.ui.routes.requests import json_body
from lstmviz.ui.routes.responses import jsonable, log, uncached
from lstmviz.ui.selection import Selection, checked
from lstmviz.ui.table import DumpTable

LINES = "application/x-ndjson"  # not compressed: each line is sent at once
BEAT = 0.3  # seconds between two lines of progress
MOST_AT_ONCE = 2  # visitors for whom the model runs; each takes one of the server's threads
N_OTHERS = 49
N_TOKENS = 8  # in an answer: those with the greatest effect
CACHED = 32

To = Literal["mean", "zero", "other"]


class HeldSelection(Selection):
    """A selection, and what the units of its pattern are held at."""

    to: To = "mean"


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's route."""
    free = threading.BoundedSemaphore(MOST_AT_ONCE)

    @routes.post("/ablation")
    def post_ablation(uuid: str) -> Response:
        dump, question = table[uuid], checked(HeldSelection, json_body())
        file = pattern_of(dump, question)
        hidden = hidden_in(file, dump.uuid)
        if not free.acquire(blocking=False):
            raise PatternError(f"{MOST_AT_ONCE} others ablate units on this server now; try again in a moment")
        work = _Work(_Ablation(dump, file.pattern, hidden, question.to), free)
        response = Response(work.lines(), mimetype=LINES)
        response.call_on_close(work.end)
        return uncached(response)


@dataclass(frozen=True)
class _Ablation:
    """What is asked: equal questions, equal answers."""

    dump: DumpReader
    pattern: Pattern
    hidden: tuple[Window, ...]
    to: To


class _Work:
    """An ablation in a thread; it ends once nobody reads its lines any more, and frees its place."""

    def __init__(self, asked: _Ablation, place: threading.Semaphore) -> None:
        self._asked = asked
        self._place, self._has_ended = place, threading.Lock()
        self._done, self._cancelled = threading.Event(), threading.Event()
        self._share = 0.0
        self._answer: dict[str, Any] = {}

    def end(self) -> None:
        """End the work before the model is run again, and free its place, once."""
        self._cancelled.set()
        if self._has_ended.acquire(blocking=False):
            self._place.release()

    def lines(self) -> Iterator[str]:
        """Yield lines of JSON: {"share": ...} until there is the effect, or {"error": ...}."""
        threading.Thread(target=self._run, name="lstmviz-ablation", daemon=True).start()
        try:
            while not self._done.wait(BEAT):
                yield json.dumps({"share": round(self._share, 3)}) + "\n"
            yield json.dumps(self._answer) + "\n"
        finally:
            self.end()

    def _run(self) -> None:
        try:
            runner = runner_of(self._asked.dump)
            key = runner, self._asked
            self._answer = _answers.get(key) or _effect_of(runner, self._asked, self._note, self._cancelled.is_set)
            _keep(key, self._answer)
        except LstmvizError as err:
            self._answer = {"error": str(err)}
        except Exception as err:
            log.exception("an ablation failed")
            self._answer = {"error": f"the ablation failed ({type(err).__name__}); the server's log says more"}
        finally:
            self._done.set()

    def _note(self, share: float, words: str) -> None:
        self._share = share


_answers: OrderedDict[tuple[Runner, _Ablation], dict[str, Any]] = OrderedDict()  # those that came last


def _keep(key: tuple[Runner, _Ablation], answer: dict[str, Any]) -> None:
    _answers[key] = answer
    while len(_answers) > CACHED:
        _answers.popitem(last=False)


def _effect_of(runner: Runner, asked: _Ablation, progress: ShareProgress, cancel: Callable[[], bool]) -> dict[str, Any]:
    """Return what the page shows of ``Dump.ablate``."""
    from lstmviz.explain.causes.ablate import AblationQuestion, ablate

    how = AblationQuestion(asked.to, n_others=N_OTHERS, hidden=frozenset(asked.hidden))
    effect = ablate(asked.dump, runner, asked.pattern, how, progress, cancel)
    tokens = effect.tokens.head(N_TOKENS)
    return {
        "to": asked.to,
        "n_units": asked.pattern.n_units,
        "p": finite(effect.p),
        "places": [{name: jsonable(value) for name, value in row.items()} for row in effect.places.to_dict("records")],
        "tokens": [{name: jsonable(value) for name, value in row.items()} for row in tokens.to_dict("records")],
        "others": {
            "units": effect.others["units"].tolist(),
            "kl": [jsonable(value) for value in effect.others["kl_here"]],
        },
    }
