"""What the page is told about each dump before it asks for more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DumpCard:
    """One dump as the page lists it: its uuid, its name, and a few words such as ``20,000 steps``."""

    uuid: str
    name: str
    detail: str
