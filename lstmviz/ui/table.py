"""The dumps that one server shows, by uuid; an address names a dump by it and never by a path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ServeError, UnknownName


class DumpTable:
    """The dumps of one server in the order given; the same recording given twice stands in it once.

    ``shows_paths`` is for a server that this machine alone reaches: visitors from elsewhere learn no path of it.
    ``more`` gives what has come besides since the server started.
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
                f"no recording {uuid[:40]!r} is served here; there is {names}. It may have been recorded anew"
            )
        return served[uuid]

    def shown_path(self, dump: DumpReader) -> str:
        """Return how copied code names a dump: its whole path, or its file's name alone to visitors from elsewhere."""
        return str(dump.path.absolute()) if self._shows_paths else dump.path.name

    def __iter__(self) -> Iterator[DumpReader]:
        return iter(self._by_uuid().values())

    def __len__(self) -> int:
        return len(self._by_uuid())

    def _by_uuid(self) -> dict[str, DumpReader]:
        return {dump.uuid: dump for dump in (*self._given, *self._more())}
