"""Does the model need a pattern's units? The answer takes seconds: it comes as lines, and says first how far it is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError, PatternError
from lstmviz.match.pattern.file import hidden_in
from lstmviz.rerun.rerun import rerun_of
from lstmviz.types import Pattern, ShareProgress, Window
from lstmviz.ui.describe import finite
from lstmviz.ui.queries import pattern_of
from lstmviz.ui.routes.requests import json_body
from lstmviz.ui.routes.responses import jsonable, log, uncached
from lstmviz.ui.selection import parse
from lstmviz.ui.table import DumpTable

LINES = "application/x-ndjson"  # not compressed: each line is sent at once
BEAT = 0.3  # seconds between two lines that say how far it is
MOST_AT_ONCE = 2  # visitors for whom the model runs; each takes one of the server's threads
N_OTHERS = 49
N_TOKENS = 8  # in an answer: those with the greatest effect
CACHED = 32

To = Literal["mean", "zero", "other"]


class AblationQuery(BaseModel):
    """What units are held at, beside the selection whose pattern it is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    to: To = "mean"


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's route."""
    free = threading.BoundedSemaphore(MOST_AT_ONCE)

    @routes.post("/ablation")
    def post_ablation(uuid: str) -> Response:
        dump, body = table[uuid], json_body()
        try:
            to = AblationQuery.model_validate(body).to
        except ValidationError as err:
            raise PatternError(f"to={str(body.get('to'))[:40]!r} is not known; use mean, zero or other") from err
        file = pattern_of(dump, parse(body))
        hidden = hidden_in(file, dump.uuid)
        if not free.acquire(blocking=False):
            raise PatternError(f"{MOST_AT_ONCE} others ablate units on this server now; try again in a moment")
        work = _Work(dump, file.pattern, hidden, to, free)
        response = Response(work.lines(), mimetype=LINES)
        response.call_on_close(work.end)
        return uncached(response)


class _Work:
    """An ablation in a thread; it ends once nobody reads its lines any more, and frees its place."""

    def __init__(
        self,
        dump: DumpReader,
        pattern: Pattern,
        hidden: tuple[Window, ...],
        to: To,
        place: threading.Semaphore,
    ) -> None:
        self._question = dump, pattern, hidden, to
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
            self._answer = _effect_of(*self._question, _Watch(self._note, self._cancelled.is_set))
        except LstmvizError as err:
            self._answer = {"error": str(err)}
        except Exception as err:
            log.exception("an ablation failed")
            self._answer = {"error": f"the ablation failed ({type(err).__name__}); the server's log says more"}
        finally:
            self._done.set()

    def _note(self, share: float, words: str) -> None:
        self._share = share


class _Watch:
    """Whom a computation tells how far it is, and whom it asks whether to go on; all are the same to a cache."""

    def __init__(self, progress: ShareProgress, cancel: Any) -> None:
        self.progress, self.cancel = progress, cancel

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Watch)


@lru_cache(maxsize=CACHED)
def _effect_of(dump: DumpReader, pattern: Pattern, hidden: tuple[Window, ...], to: To, watch: _Watch) -> dict[str, Any]:
    """Return what the page shows of ``Dump.ablate``."""
    from lstmviz.explain.causes.ablate import AblationQuestion, ablate

    runner = rerun_of(dump)
    question = AblationQuestion(to, n_others=N_OTHERS, hidden=frozenset(hidden))
    effect = ablate(dump, runner, pattern, question, watch.progress, watch.cancel)
    tokens = effect.tokens.head(N_TOKENS)
    return {
        "to": to,
        "n_units": pattern.n_units,
        "p": finite(effect.p),
        "places": [{name: jsonable(value) for name, value in row.items()} for row in effect.places.to_dict("records")],
        "tokens": [{name: jsonable(value) for name, value in row.items()} for row in tokens.to_dict("records")],
        "others": {
            "units": effect.others["units"].tolist(),
            "kl": [jsonable(value) for value in effect.others["kl_here"]],
        },
    }
