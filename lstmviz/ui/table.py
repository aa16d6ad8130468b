"""The dumps that one server shows, by uuid: addresses name a dump by it, never by a path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ServeError, UnknownName


class DumpTable:
    """The dumps of one server, in the order given; a recording that is given twice is listed once.

    ``shows_paths`` is for a server that only this machine reaches: other visitors learn none of its paths. ``more``
    returns the dumps that were added since the server started.
    """

    def __init__(
        self,
        dumps: Sequence[DumpReader],
        shows_paths: bool = False,
        more: Callable[[], Iterable[DumpReader]] | None = None,
    ) -> None:
        self._shows_paths = shows_paths
        self._given = tuple(dumps)
        self._more = more or tuple
        if more is None and not dumps:
            raise ServeError("no dump to show; give the path of at least one")

    def __getitem__(self, uuid: str) -> DumpReader:
        served = self._by_uuid()
        if uuid not in served:
            names = ", ".join(dump.name for dump in self) or "none yet"
            raise UnknownName(
                f"no recording {uuid[:40]!r} is served here; there is {names}. It may have been recorded again"
            )
        return served[uuid]

    def shown_path(self, dump: DumpReader) -> str:
        """Return a dump's path for copied code: the whole path, or only the file's name for visitors from elsewhere."""
        return str(dump.path.absolute()) if self._shows_paths else dump.path.name

    def __iter__(self) -> Iterator[DumpReader]:
        return iter(self._by_uuid().values())

    def __len__(self) -> int:
        return len(self._by_uuid())

    def _by_uuid(self) -> dict[str, DumpReader]:
        return {dump.uuid: dump for dump in (*self._given, *self._more())}
