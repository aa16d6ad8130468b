"""The samples as a page offers them: those whose dumps are there, and those that are built when somebody asks.

What is asked for is built one after the other, each in a process of its own. Nothing here loads torch.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

from lstmviz.dump.corpus.reader import open_reader
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError, UnknownName
from lstmviz.samples import catalog as samples
from lstmviz.system.worker import Worker, command
from lstmviz.training.sample import Sample, Variant

State = Literal["kept", "offered", "waiting", "working", "failed"]
_ON_ITS_WAY = ("kept", "waiting", "working")


@dataclass(frozen=True, slots=True)
class Offer:
    """Dumps of a sample that belong together: one, or a model at moments of its training, in order.

    ``members`` says in a few words what each of ``variants`` is. ``command`` is how the model is trained in a terminal,
    where that comes first; else empty.
    """

    name: str
    sample: str
    model: str
    about: str
    question: str
    variants: tuple[str, ...]
    members: tuple[str, ...]
    command: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an offer is: its dumps once it is kept, words and the share done while it is built, or why it failed."""

    state: State
    words: str = ""
    share: float | None = None
    dumps: tuple[DumpReader, ...] = ()


class Offers:
    """What a page offers, and the one job at a time that builds what was asked for."""

    def __init__(self) -> None:
        self.all = tuple(offer for name in samples.names() for offer in _offers(samples.sample(name)))
        self._lock = threading.RLock()
        self._standing = {offer.name: _found(offer) for offer in self.all}
        self._waiting: deque[Offer] = deque()
        self._worker: Worker | None = None
        self._is_at_work = False
        self._is_stopped = False

    def standing(self, offer: Offer) -> Standing:
        """Return how far an offer is."""
        with self._lock:
            return self._standing[offer.name]

    def dumps(self) -> list[DumpReader]:
        """Return the dumps that are there."""
        with self._lock:
            return [dump for offer in self.all for dump in self._standing[offer.name].dumps]

    def build(self, name: str) -> None:
        """Have an offer built; nothing happens where it is kept or on its way. UnknownName, with those there are."""
        offer = next((one for one in self.all if one.name == name), None)
        if offer is None:
            raise UnknownName(f"no sample {name[:40]!r} is offered; there is {', '.join(o.name for o in self.all)}")
        with self._lock:
            if self._is_stopped or self._standing[offer.name].state in _ON_ITS_WAY:
                return
            self._waiting.append(offer)
            self._stand(offer, Standing("waiting", "waiting for the one before"))
            if not self._is_at_work:
                self._is_at_work = True
                threading.Thread(target=self._work, name="lstmviz-samples", daemon=True).start()

    def stop(self) -> None:
        """End what is under way; nothing is built any more."""
        with self._lock:
            self._is_stopped = True
            self._waiting.clear()
            if self._worker is not None:
                self._worker.terminate()

    def _stand(self, offer: Offer, standing: Standing) -> None:
        with self._lock:
            self._standing[offer.name] = standing

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._is_at_work = False
                    return
                offer = self._waiting.popleft()
                self._stand(offer, Standing("working", "starting"))
            try:
                done = Standing("kept", dumps=self._done(offer))
            except (LstmvizError, OSError) as error:
                done = Standing("failed", str(error))
            except Exception as error:  # whatever it is, the next one is built all the same
                done = Standing("failed", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
            self._stand(offer, done)

    def _done(self, offer: Offer) -> tuple[DumpReader, ...]:
        """Build an offer in a child process and open its dumps."""
        last: dict[str, Any] = {}
        with self._started(offer) as worker:
            for last in worker.reports():
                if "doing" in last:
                    self._stand(offer, Standing("working", last["doing"], last["share"]))
        with self._lock:
            self._worker = None
        if "paths" in last:
            return tuple(open_reader(path) for path in last["paths"])
        raise LstmvizError(last.get("error") or worker.failure or "the process that built it named no dump")

    def _started(self, offer: Offer) -> Worker:
        with self._lock:
            if self._is_stopped:
                raise LstmvizError("the server is being stopped")
            self._worker = Worker(_command(offer))
            return self._worker


def _command(offer: Offer) -> list[str]:
    return command("lstmviz.samples.worker", offer.sample, *offer.variants)


def _offers(said: Sample) -> list[Offer]:
    """Return what a sample offers: each of its models, one whose training was kept together with its checkpoints."""
    return [_offer(said, variant) for variant in said.variants if variant.checkpoint_of is None]


def _offer(said: Sample, variant: Variant) -> Offer:
    checkpoints = said.checkpoints(variant)
    about, title, question = said.about, said.title(variant), said.question
    if checkpoints:
        about = f"one model at {len(checkpoints) + 1} moments of its training: see its units become what they are"
        title = f"{title}, as it learns"
        question = "From which of them on does it do what it was trained for, and by which figure would you say so?"
    return Offer(
        name=title,
        sample=said.name,
        model=variant.words,
        about=about,
        question=question,
        variants=(*(c.name for c in checkpoints), variant.name),
        members=(*(f"update {c.update}" for c in checkpoints), "trained"),
        command="" if samples.weights_of(said, variant) else f"lstmviz samples train {said.name}",
    )


def _found(offer: Offer) -> Standing:
    """Return how an offer stands at the start: kept where all its dumps are there already."""
    paths = [samples.kept(offer.sample, variant) for variant in offer.variants]
    found = [path for path in paths if path is not None]
    if len(found) < len(paths):
        return Standing("offered")
    try:
        return Standing("kept", dumps=tuple(open_reader(path) for path in found))
    except LstmvizError:  # removed meanwhile
        return Standing("offered")
