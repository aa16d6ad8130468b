"""What the page is told about each dump before it asks for more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DumpCard:
    """One dump as the page lists it: its uuid, its name, and a few words such as ``20,000 steps``.

    ``model``, ``created`` (ISO 8601) and whether the recording came to its end are what the dump says of itself;
    ``sources`` are names, and ``picture`` is the source that a thumbnail shows: its number, units, bytes a value, view.
    """

    uuid: str
    name: str
    detail: str
    model: str = ""
    created: str = ""
    is_complete: bool = True
    sources: tuple[str, ...] = ()
    n_steps: int = 0
    picture: tuple[int, int, int, str] | None = None
