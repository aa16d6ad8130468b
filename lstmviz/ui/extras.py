"""What a page shows and offers besides its dumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lstmviz.lessons.lesson import Lesson
from lstmviz.match.pattern.file import PatternFile
from lstmviz.rerun.live.model import LiveModel
from lstmviz.samples.gallery import Gallery
from lstmviz.ui.arrivals import Arrivals


@dataclass(frozen=True, slots=True)
class Extras:
    """What a page shows and offers besides its dumps.

    Attributes:
        gallery: Samples that the start page offers too.
        live: Runs the texts that are typed, in each dump that it fits.
        strays: Lines about files that are not shown.
        arrivals: The dumps that may come while the page is open.
        allow_labels: Whether visitors may add tracks beside the dumps; None: only where this machine alone reaches the
            page.
        lessons: Offered beside those that come with lstmviz; the first opens.
        pattern: Shown in the first dump.
    """

    gallery: Gallery | None = None
    live: LiveModel | None = None
    strays: Sequence[str] = ()
    arrivals: Arrivals | None = None
    allow_labels: bool | None = None
    lessons: Sequence[Lesson] = ()
    pattern: PatternFile | None = None
