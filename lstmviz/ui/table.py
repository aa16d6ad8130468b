"""The dumps that one server shows, by uuid: addresses name a dump by it, never by a path."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence

from lstmviz.dump.corpus.glance import Glance, dump_stamp, glance, glance_of
from lstmviz.dump.corpus.reader import open_reader
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import DumpReplaced, LstmvizError, ServeError, UnknownName
from lstmviz.system.asked import for_everybody
from lstmviz.ui.arrivals import Arrivals
from lstmviz.ui.budget import allow_for

MOST_READY = 64  # dumps that are ready to be read; others are opened when somebody asks for them
NAMES_SHOWN = 8  # in an error message
AGAIN = "was recorded again since this page was opened; reload the page to see it as it is now"


class DumpTable:
    """The dumps of one server, in the order given; a recording that is given twice is listed once.

    A dump is opened when it is asked for. One that was recorded again since is shown as it is now. ``shows_paths`` is
    for a server that only this machine reaches: other visitors learn none of its paths. ``more`` returns the dumps that
    were added since the server started, ``prepare`` is called with each dump that is opened. ``arrivals`` are those
    that come into the folders that are served, and recordings in progress. ``may_label``: visitors may add tracks.
    """

    def __init__(
        self,
        dumps: Sequence[DumpReader | Glance],
        shows_paths: bool = False,
        more: Callable[[], Iterable[DumpReader]] | None = None,
        prepare: Callable[[DumpReader], None] | None = None,
        arrivals: Arrivals | None = None,
        may_label: bool = False,
    ) -> None:
        self._shows_paths, self.may_label = shows_paths, may_label
        self._lock = threading.RLock()
        self._opening, self._looking = threading.Lock(), threading.Lock()  # a file may be read for long: others go on
        self._ready: OrderedDict[str, DumpReader] = OrderedDict()
        self._given = {d.uuid: d for d in dumps if isinstance(d, DumpReader)}  # kept, because others hold them too
        self._replaced: dict[str, str] = {}  # names of what was recorded again, by the uuid that it had
        self._stamps = {uuid: dump_stamp(d.path) for uuid, d in self._given.items()}
        self._glances = [d if isinstance(d, Glance) else glance_of(d) for d in dumps]
        self._more = more or tuple
        self.arrivals = arrivals or Arrivals()
        self._prepare = prepare or (lambda dump: None)
        for dump in self._given.values():
            self._prepare(dump)
        if more is None and not self.glances():
            raise ServeError("no dump to show; give the path of at least one")

    def __getitem__(self, uuid: str) -> DumpReader:
        reader = self._open(uuid)
        if reader is None:
            with self._opening, for_everybody():
                reader = self._open(uuid) or self._opened(uuid)
        allow_for(reader)
        return reader

    def _open(self, uuid: str) -> DumpReader | None:
        """Return a dump that is open and as it was; None where it has to be opened."""
        with self._lock:
            added = {dump.uuid: dump for dump in self._more()}
            reader = self._given.get(uuid) or added.get(uuid) or self._ready.get(uuid)
            if reader is None or self._is_changed(reader):
                return None
            if uuid in self._ready:
                self._ready.move_to_end(uuid)
            return reader

    def glances(self) -> list[Glance]:
        """Return what a list shows of each dump, as their files are now; as they were, while somebody else looks."""
        if self._looking.acquire(blocking=False):
            try:
                before = self._glances
                renewed = [_renewed(each) for each in before]
                self._replaced |= {a.uuid: b.name for a, b in zip(before, renewed, strict=True) if a.uuid != b.uuid}
                self._glances = renewed
            finally:
                self._looking.release()
        with self._lock:
            there = {each.path for each in self._glances}
            arrived = [each for each in self.arrivals.glances() if each.path not in there]
            listed = {each.uuid: each for each in (*self._glances, *arrived, *map(glance_of, self._more()))}
            return list(listed.values())

    def of_length(self, n_steps: int) -> Iterator[DumpReader]:
        """Yield the first dumps that have an axis of the given number of steps, at most ``MOST_READY``."""
        fitting = [each.uuid for each in self.glances() if n_steps in each.n_steps]
        return (self[uuid] for uuid in fitting[:MOST_READY])

    def shown_path(self, dump: DumpReader) -> str:
        """Return a dump's path for copied code: the whole path, or only the file's name for visitors from elsewhere."""
        return str(dump.path.absolute()) if self._shows_paths else dump.path.name

    def __len__(self) -> int:
        return len(self.glances())

    def _is_changed(self, reader: DumpReader) -> bool:
        """Tell whether a dump's file is not the one that was opened, and forget the dump if so."""
        now = dump_stamp(reader.path)
        if now == self._stamps.setdefault(reader.uuid, now):
            return False
        reader.close()
        self._given.pop(reader.uuid, None)
        self._ready.pop(reader.uuid, None)
        return True

    def _opened(self, uuid: str) -> DumpReader:
        """Open a dump that is listed; UnknownName where none has the uuid."""
        listed = next((each for each in self._glances if each.uuid == uuid), None)
        if listed is None:
            there = self.glances()
            listed = next((each for each in (*there, *self.arrivals.kept()) if each.uuid == uuid), None)
        if listed is None and uuid in self._replaced:
            raise DumpReplaced(f"{self._replaced[uuid]} {AGAIN}")
        if listed is None:
            names = ", ".join(each.name for each in there[:NAMES_SHOWN]) or "none yet"
            more = ", ..." * (len(there) > NAMES_SHOWN)
            raise UnknownName(
                f"no recording {uuid[:40]!r} is served here; there is {names}{more}. It may have been recorded again"
            )
        stamp, reader = dump_stamp(listed.path), open_reader(listed.path)
        if reader.uuid != uuid:
            reader.close()
            raise DumpReplaced(f"{listed.name} {AGAIN}")
        self._prepare(reader)
        with self._lock:
            self._ready[uuid], self._stamps[uuid] = reader, stamp
            while len(self._ready) > MOST_READY:
                self._ready.popitem(last=False)
        return reader


def _renewed(listed: Glance) -> Glance:
    """Return a glance at a file as it is now; the one there was, where it is the same or cannot be read."""
    stamp = dump_stamp(listed.path)
    if stamp is None or stamp == listed.stamp:
        return listed
    try:
        return glance(listed.path)
    except (LstmvizError, OSError):
        return listed
