"""The dumps that one server shows, by uuid; an address names a dump by it and never by a path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ServeError, UnknownName


class DumpTable:
    """The dumps of one server in the order given; the same recording given twice stands in it once.

    ``shows_paths`` is for a server that this machine alone reaches: visitors from elsewhere learn no path of it.
    """

    def __init__(self, dumps: Sequence[DumpReader], shows_paths: bool = False) -> None:
        self._shows_paths = shows_paths
        self._by_uuid = {dump.uuid: dump for dump in dumps}
        if not self._by_uuid:
            raise ServeError("no dump to show; give the path of at least one")

    def __getitem__(self, uuid: str) -> DumpReader:
        if uuid not in self._by_uuid:
            names = ", ".join(dump.name for dump in self)
            raise UnknownName(
                f"no recording {uuid[:40]!r} is served here; there is {names}. It may have been recorded anew"
            )
        return self._by_uuid[uuid]

    def shown_path(self, dump: DumpReader) -> str:
        """Return how copied code names a dump: its whole path, or its file's name alone to visitors from elsewhere."""
        return str(dump.path.absolute()) if self._shows_paths else dump.path.name

    def __iter__(self) -> Iterator[DumpReader]:
        return iter(self._by_uuid.values())

    def __len__(self) -> int:
        return len(self._by_uuid)
