"""Build variants of a sample in a process of its own, so that the page that requests them stays responsive.

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
from lstmviz.samples import catalog
from lstmviz.system.worker import report

PAUSE = 0.2  # s between reports: nobody reads faster

Progress = Callable[[str, float | None], None]
"""Called with what is being done, and the share that is done, 0 to 1, where it is known."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the variants; returns the exit code."""
    name, *variants = sys.argv[1:] if arguments is None else arguments
    try:
        paths = [str(_build(name, variant, _progress(i, len(variants)))) for i, variant in enumerate(variants)]
    except LstmvizError as error:
        report(error=str(error))
        return 1
    report(paths=paths)
    return 0


def _build(name: str, variant: str, progress: Progress) -> Path:
    sample = catalog.sample(name)
    if catalog.weights_of(sample, sample.variant(variant)) is None:
        _train(name, variant, progress)
    progress("starting to record", None)  # torch is loaded
    return catalog.build(
        name, variant, progress=lambda done, total: progress(f"recording: {done:,} of {total:,} steps", done / total)
    )


def _train(name: str, variant: str, progress: Progress) -> None:
    progress("starting to train", None)
    with tempfile.TemporaryDirectory(prefix="lstmviz-") as folder:
        catalog.train(
            name,
            variant,
            out=folder,
            dropout=0,
            progress=lambda _, curves, n_updates: progress(
                f"training: update {len(curves.points):,} of {n_updates:,}, loss {curves.points[-1].loss:.2f}",
                len(curves.points) / n_updates,
            ),
        )


def _progress(index: int, n_variants: int) -> Progress:
    """Return the progress of one of several variants; it reports the share that is done of all of them."""
    last = 0.0  # time of the last report

    def progress(words: str, share: float | None) -> None:
        nonlocal last
        if share is None or share >= 1 or time.monotonic() - last > PAUSE:
            last = time.monotonic()
            count = f"{index + 1} of {n_variants}, " if n_variants > 1 else ""
            share_of_all = share if n_variants == 1 else (index + (share or 0)) / n_variants
            report(doing=count + words, share=share_of_all)

    return progress


if __name__ == "__main__":
    sys.exit(main())
