"""The dumps that one server shows, by uuid: addresses name a dump by it, never by a path."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence

from lstmviz.dump.corpus.glance import Glance, glance, glance_of, stamp_of
from lstmviz.dump.corpus.reader import open_reader
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError, ServeError, UnknownName

MOST_READY = 64  # dumps that are ready to be read; others are opened when somebody asks for them
NAMES_SHOWN = 8  # in an error message


class DumpTable:
    """The dumps of one server, in the order given; a recording that is given twice is listed once.

    A dump is opened when it is asked for. One that was recorded again since is shown as it is now. ``shows_paths`` is
    for a server that only this machine reaches: other visitors learn none of its paths. ``more`` returns the dumps that
    were added since the server started.
    """

    def __init__(
        self,
        dumps: Sequence[DumpReader | Glance],
        shows_paths: bool = False,
        more: Callable[[], Iterable[DumpReader]] | None = None,
    ) -> None:
        self._shows_paths = shows_paths
        self._lock = threading.RLock()
        self._ready: OrderedDict[str, DumpReader] = OrderedDict()
        self._given = {d.uuid: d for d in dumps if isinstance(d, DumpReader)}  # kept, for others hold them too
        self._glances = [d if isinstance(d, Glance) else glance_of(d) for d in dumps]
        self._more = more or tuple
        if more is None and not dumps:
            raise ServeError("no dump to show; give the path of at least one")

    def __getitem__(self, uuid: str) -> DumpReader:
        with self._lock:
            added = {dump.uuid: dump for dump in self._more()}
            reader = self._given.get(uuid) or added.get(uuid) or self._ready.get(uuid)
            if reader is None:
                reader = self._opened(uuid)
            elif uuid in self._ready:
                self._ready.move_to_end(uuid)
            return reader

    def glances(self) -> list[Glance]:
        """Return what a list shows of each dump, as their files are now."""
        with self._lock:
            self._glances = [_renewed(each) for each in self._glances]
            listed = {each.uuid: each for each in (*self._glances, *map(glance_of, self._more()))}
            return list(listed.values())

    def of_length(self, n_steps: int) -> Iterator[DumpReader]:
        """Yield the first dumps that have an axis of so many steps, at most ``MOST_READY``."""
        fitting = [each.uuid for each in self.glances() if n_steps in each.n_steps]
        return (self[uuid] for uuid in fitting[:MOST_READY])

    def shown_path(self, dump: DumpReader) -> str:
        """Return a dump's path for copied code: the whole path, or only the file's name for visitors from elsewhere."""
        return str(dump.path.absolute()) if self._shows_paths else dump.path.name

    def __len__(self) -> int:
        return len(self.glances())

    def _opened(self, uuid: str) -> DumpReader:
        """Open a dump that is listed; UnknownName where none has the uuid."""
        listed = next((each for each in self._glances if each.uuid == uuid), None)
        if listed is None:
            there = self.glances()
            listed = next((each for each in there if each.uuid == uuid), None)
        if listed is None:
            names = ", ".join(each.name for each in there[:NAMES_SHOWN]) or "none yet"
            more = ", ..." * (len(there) > NAMES_SHOWN)
            raise UnknownName(
                f"no recording {uuid[:40]!r} is served here; there is {names}{more}. It may have been recorded again"
            )
        reader = open_reader(listed.path)
        if reader.uuid != uuid:
            reader.close()
            raise UnknownName(f"{listed.name} was recorded again since it was listed; load the page anew")
        self._ready[uuid] = reader
        while len(self._ready) > MOST_READY:
            self._ready.popitem(last=False)
        return reader


def _renewed(listed: Glance) -> Glance:
    """Return a glance at a file as it is now; the one there was, where it is the same or cannot be read."""
    stamp = stamp_of(listed.path)
    if stamp is None or stamp == listed.stamp:
        return listed
    try:
        return glance(listed.path)
    except (LstmvizError, OSError):
        return listed
