"""Build some variants of a sample in a process of its own, so that the page that asked for them stays awake.

``main(["parens", "1x50", ...])`` reports ``doing`` (words) and ``share`` (a number or null) as it goes on, then
``paths``, or ``error`` (a line). A variant without weights is trained first.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lstmviz.errors import LstmvizError
from lstmviz.samples import catalog as samples
from lstmviz.system.worker import report

PAUSE = 0.2  # s between lines: more often nobody reads them

Tell = Callable[[str, float | None], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the job; returns the exit code."""
    name, *variants = sys.argv[1:] if arguments is None else arguments
    try:
        paths = [str(_build(name, variant, _teller(i, len(variants)))) for i, variant in enumerate(variants)]
    except LstmvizError as error:
        report(error=str(error))
        return 1
    report(paths=paths)
    return 0


def _build(name: str, variant: str, tell: Tell) -> Path:
    said = samples.sample(name)
    if samples.weights_of(said, said.variant(variant)) is None:
        _train(name, variant, tell)
    tell("starting to record", None)  # torch is loaded
    return samples.build(
        name, variant, progress=lambda done, total: tell(f"recording: {done:,} of {total:,} steps", done / total)
    )


def _train(name: str, variant: str, tell: Tell) -> None:
    tell("starting to train", None)
    with tempfile.TemporaryDirectory(prefix="lstmviz-") as folder:
        samples.train(
            name,
            variant,
            out=folder,
            dropout=0,
            progress=lambda _, curves, n_updates: tell(
                f"training: update {len(curves.points):,} of {n_updates:,}, loss {curves.points[-1].loss:.2f}",
                len(curves.points) / n_updates,
            ),
        )


def _teller(place: int, n_places: int) -> Tell:
    """Return what tells of one of several variants; the share that is told is that of all of them."""
    told = 0.0

    def tell(words: str, share: float | None) -> None:
        nonlocal told
        if share is None or share >= 1 or time.monotonic() - told > PAUSE:
            told = time.monotonic()
            count = f"{place + 1} of {n_places}, " if n_places > 1 else ""
            alone = share if n_places == 1 else (place + (share or 0)) / n_places
            report(doing=count + words, share=alone)

    return tell


if __name__ == "__main__":
    sys.exit(main())
