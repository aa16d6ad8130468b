"""The samples as a page offers them: those whose dumps are there, and those that are built on request.

They are built one after the other, each in a process of its own. Nothing here loads torch.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal

from lstmviz.dump.corpus.reader import open_reader
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError, UnknownName, reason_with_class
from lstmviz.samples import catalog
from lstmviz.samples.definition import Sample, Variant
from lstmviz.system.worker import Worker, command

BuildState = Literal["kept", "offered", "waiting", "working", "failed"]
_NOTHING_TO_BUILD = ("kept", "waiting", "working")


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """Dumps of a sample that belong together: one, or the checkpoints of one training, in order.

    ``members`` says in a few words what each of ``variants`` is. ``command`` is the command that trains the model,
    where that has to be done before the dumps can be built; else empty.
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
class BuildStatus:
    """The status of an entry: its dumps once built, words and the share done while it is built, or why it failed.

    "offered": its dumps are not built yet.
    """

    state: BuildState
    words: str = ""
    share: float | None = None
    dumps: tuple[DumpReader, ...] = ()


class Gallery:
    """What a page offers, and the queue that builds requested samples one at a time."""

    def __init__(self) -> None:
        self.entries = tuple(entry for name in catalog.names() for entry in _entries(catalog.sample(name)))
        self._lock = threading.RLock()
        self._statuses = {entry.name: _first_status(entry) for entry in self.entries}
        self._queue: list[tuple[str, GalleryEntry]] = []  # who waits for what, in the order in which it is built
        self._worker: Worker | None = None
        self._is_building = False
        self._is_stopped = False

    def status(self, entry: GalleryEntry) -> BuildStatus:
        """Return the status of an entry, of one that waits with how many are before it."""
        with self._lock:
            waiting = [each for _, each in self._queue]
            if entry not in waiting:
                return self._statuses[entry.name]
            n_before = waiting.index(entry) + 1  # and the one that is being built
            are = " is" if n_before == 1 else "s are"
            return BuildStatus("waiting", f"waiting: {n_before} sample{are} before this one")

    def dumps(self) -> list[DumpReader]:
        """Return the dumps that are built."""
        with self._lock:
            return [dump for entry in self.entries for dump in self._statuses[entry.name].dumps]

    def build(self, name: str, by: str = "") -> None:
        """Have an entry built, unless it is already, or will be. Raises UnknownName, with the names there are.

        ``by`` tells who asks: the first that each visitor waits for are built before the second of any.
        """
        entry = next((entry for entry in self.entries if entry.name == name), None)
        if entry is None:
            raise UnknownName(f"no sample {name[:40]!r} is offered; there is {', '.join(e.name for e in self.entries)}")
        with self._lock:
            if self._is_stopped or self._statuses[entry.name].state in _NOTHING_TO_BUILD:
                return
            self._queue = _in_turn([*self._queue, (by, entry)])
            self._set_status(entry, BuildStatus("waiting"))
            if not self._is_building:
                self._is_building = True
                threading.Thread(target=self._build_all, name="lstmviz-samples", daemon=True).start()

    def stop(self) -> None:
        """End the build that runs; nothing is built any more."""
        with self._lock:
            self._is_stopped = True
            self._queue.clear()
            if self._worker is not None:
                self._worker.terminate()

    def _set_status(self, entry: GalleryEntry, status: BuildStatus) -> None:
        with self._lock:
            self._statuses[entry.name] = status

    def _build_all(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._is_building = False
                    return
                _, entry = self._queue.pop(0)
                self._set_status(entry, BuildStatus("working", "starting"))
            try:
                status = BuildStatus("kept", dumps=self._build(entry))
            except (LstmvizError, OSError) as error:
                status = BuildStatus("failed", str(error))
            except Exception as error:  # whatever it is, the next one is still built
                status = BuildStatus("failed", reason_with_class(error))
            self._set_status(entry, status)

    def _build(self, entry: GalleryEntry) -> tuple[DumpReader, ...]:
        """Build an entry in a worker process and open its dumps."""
        last: dict[str, Any] = {}
        with self._start_worker(entry) as worker:
            for last in worker.reports():
                if "doing" in last:
                    self._set_status(entry, BuildStatus("working", last["doing"], last["share"]))
        with self._lock:
            self._worker = None
        if "paths" in last:
            return tuple(open_reader(path) for path in last["paths"])
        raise LstmvizError(last.get("error") or worker.failure or "the process that built it named no dump")

    def _start_worker(self, entry: GalleryEntry) -> Worker:
        with self._lock:
            if self._is_stopped:
                raise LstmvizError("the server is being stopped")
            self._worker = Worker(_command(entry))
            return self._worker


def _command(entry: GalleryEntry) -> list[str]:
    return command("lstmviz.samples.worker", entry.sample, *entry.variants)


def _entries(sample: Sample) -> list[GalleryEntry]:
    """Return the entries of a sample: one for each model, together with its checkpoints where it has some."""
    return [_entry(sample, variant) for variant in sample.variants if variant.checkpoint_of is None]


def _entry(sample: Sample, variant: Variant) -> GalleryEntry:
    checkpoints = sample.checkpoints(variant)
    about, title, question = sample.about, sample.title(variant), sample.question
    if checkpoints:
        about = f"one model at {len(checkpoints) + 1} checkpoints of its training: watch its units take shape"
        title = f"{title}, as it learns"
        question = "From which checkpoint on does it do what it was trained for, and which figure shows it?"
    return GalleryEntry(
        name=title,
        sample=sample.name,
        model=variant.words,
        about=about,
        question=question,
        variants=(*(c.name for c in checkpoints), variant.name),
        members=(*(f"update {c.update}" for c in checkpoints), "trained"),
        command="" if catalog.weights_of(sample, variant) else f"lstmviz samples train {sample.name}",
    )


def _first_status(entry: GalleryEntry) -> BuildStatus:
    """Return the status of an entry at the start: kept if all its dumps exist already."""
    paths = [path for variant in entry.variants if (path := catalog.kept(entry.sample, variant)) is not None]
    if len(paths) < len(entry.variants):
        return BuildStatus("offered")
    try:
        return BuildStatus("kept", dumps=tuple(open_reader(path) for path in paths))
    except LstmvizError:  # removed meanwhile
        return BuildStatus("offered")


def _in_turn(waiting: Sequence[tuple[str, GalleryEntry]]) -> list[tuple[str, GalleryEntry]]:
    """Return who waits for what so that the first of each visitor comes before the second of any."""
    n_of: Counter[str] = Counter()
    ranked = []
    for by, entry in waiting:
        ranked.append((n_of[by], (by, entry)))
        n_of[by] += 1
    return [each for _, each in sorted(ranked, key=itemgetter(0))]
