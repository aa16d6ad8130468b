"""The start page: each dump that is served, and each sample that is offered."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lstmviz.dump.corpus.glance import Glance
from lstmviz.samples.gallery import BuildStatus, Gallery, GalleryEntry
from lstmviz.ui.series import Series, series_among
from lstmviz.ui.table import DumpTable
from lstmviz.visible import visible_text


@dataclass(frozen=True, slots=True)
class DumpCard:
    """One dump as the page lists it: its uuid, its name, and a few words such as ``20,000 steps``.

    ``model``, ``created`` (ISO 8601) and ``is_complete`` come from the dump's provenance. ``sources`` are names, and
    ``picture`` is the source that a thumbnail shows: its index, units, bytes a value, view. ``recording`` names the
    recording that it is of, ``is_growing`` tells whether that goes on.
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
    recording: str = ""
    is_growing: bool = False


def start_page_json(table: DumpTable, gallery: Gallery | None) -> dict[str, Any]:
    """Return the dumps that are served, and the samples and trainings that they belong to, as JSON for the page.

    ``watches`` tells whether more may come by itself.
    """
    offers = offers_json(table, gallery)  # looked for first, so that every dump that one names is listed
    cards = [asdict(card) for card in dump_cards(table)]
    return {"offers": offers, "dumps": cards, "watches": table.arrivals.is_watching}


def offers_json(table: DumpTable, gallery: Gallery | None = None) -> list[dict[str, Any]]:
    """Return the entries of a gallery with the status of each, and the trainings of which moments are served."""
    entries = [] if gallery is None else [_entry_json(entry, gallery.status(entry)) for entry in gallery.entries]
    return [*entries, *map(_series_json, series_among(table.glances()))]


def dump_cards(table: DumpTable) -> list[DumpCard]:
    """Describe each dump for the page; dumps with the same name are shown with their folders."""
    listed, growing = table.glances(), table.arrivals.growing()
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
            recording=str(d.provenance.get("recording") or ""),
            is_growing=d.uuid in growing,
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
        "is_sample": True,
    }


def _series_json(series: Series) -> dict[str, Any]:
    """Return the moments of one training, as a sample with checkpoints is shown."""
    n = len(series.dumps)
    return {
        "name": visible_text(series.name),
        "model": visible_text(series.model),
        "about": f"one model at {n} moment{'s' * (n != 1)} of its training: watch its units take shape",
        "question": "From which moment on does it do what it is trained for, and which figure shows it?",
        "command": "",
        "members": list(series.members),
        "state": "kept",
        "words": "",
        "share": None,
        "dumps": [dump.uuid for dump in series.dumps],
        "is_sample": False,
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
