"""The start page: each dump that is served, and each sample that is offered."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lstmviz.dump.corpus.glance import Glance
from lstmviz.samples.gallery import BuildStatus, Gallery, GalleryEntry
from lstmviz.ui.table import DumpTable


@dataclass(frozen=True, slots=True)
class DumpCard:
    """One dump as the page lists it: its uuid, its name, and a few words such as ``20,000 steps``.

    ``model``, ``created`` (ISO 8601) and ``is_complete`` come from the dump's provenance. ``sources`` are names, and
    ``picture`` is the source that a thumbnail shows: its index, units, bytes a value, view.
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


def start_page_json(table: DumpTable, gallery: Gallery | None) -> dict[str, Any]:
    """Return the dumps that are served and the samples that are offered, as JSON for the page."""
    entries = gallery_json(gallery)  # read first, so that every dump it names is listed
    return {"offers": entries, "dumps": [asdict(card) for card in dump_cards(table)]}


def gallery_json(gallery: Gallery | None) -> list[dict[str, Any]]:
    """Return the entries of a gallery, and how far each is."""
    return [] if gallery is None else [_entry_json(entry, gallery.status(entry)) for entry in gallery.entries]


def dump_cards(table: DumpTable) -> list[DumpCard]:
    """Describe each dump for the page; dumps with the same name are shown with their folders."""
    listed = table.glances()
    names = Counter(dump.name for dump in listed)
    return [
        DumpCard(
            uuid=d.uuid,
            name=d.name if names[d.name] == 1 else f"{d.path.parent.name}/{d.name}",
            detail=_steps(d.n_steps[0]),
            model=str(d.provenance.get("model") or ""),
            created=str(d.provenance.get("created") or ""),
            is_complete=d.provenance.get("complete") is not False or "not_run" in d.provenance,
            sources=tuple(source.name for source in d.sources),
            n_steps=d.n_steps[0],
            picture=_picture(d),
        )
        for d in listed
    ]


def _entry_json(entry: GalleryEntry, status: BuildStatus) -> dict[str, Any]:
    return {
        "name": entry.name,
        "model": entry.model,
        "about": entry.about,
        "question": entry.question,
        "command": entry.command,
        "members": list(entry.members),
        "state": status.state,
        "words": status.words,
        "share": status.share,
        "dumps": [dump.uuid for dump in status.dumps],
    }


def _picture(dump: Glance) -> tuple[int, int, int, str] | None:
    """Return a card's ``picture``: the source that the page opens with, the last cell state or else the last one."""
    sources = list(enumerate(dump.sources))
    if not sources:
        return None
    index, source = next((pair for pair in reversed(sources) if pair[1].name.endswith(".c")), sources[-1])
    return index, source.n_units, np.dtype(source.dtype).itemsize, source.view


def _steps(count: int) -> str:
    return f"{count:,} step" + ("" if count == 1 else "s")
