"""How many first brushes select no unit, and what the first button that is offered then does, in headless Chromium.

Brushes random windows of four tokens inside a sequence, on the page as it opens a new recording (its source, its
threshold, off one step before), and counts those that select no unit; presses the first suggestion; and counts those
that then have a unit and a match somewhere else. Beside them: how many are empty at the usual threshold of 0.3.

    python benchmarks/first_brush.py [--brushes 100] [PATH ...]

Without a path: every sample, of which stdlib is first trained where it was not yet, for two minutes, and a word model
that is trained on the text of the agreement sample.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import numpy as np

import lstmviz
from lstmviz import samples
from lstmviz.dump.reader import DumpReader
from support import browser as browsing

LENGTH = 4
N_LINES = 4000
BRUSH = """([start, stop, threshold]) => lvDebug.changeState(
  { start, stop, at: Math.max(0, start - 20), threshold, before: 1, after: 0, side: "high" }, "settle")"""


def windows(path: Path, source: str, n: int) -> list[tuple[int, int]]:
    """Random windows inside a sequence, the same ones each time."""
    reader = DumpReader(path)
    axis = reader.axes[reader.sources[source].axis]
    fitting = [np.arange(a, b - LENGTH + 1) for a, b in zip(axis.starts, axis.stops, strict=True) if b - a >= LENGTH]
    starts = random.Random(1).choices(np.concatenate(fitting).tolist(), k=n)
    return [(start, start + LENGTH) for start in starts]


def tried(bench: browsing.Workbench, window: tuple[int, int], threshold: float) -> tuple[bool, str, bool]:
    """Brush a window: is it empty, what is offered first, and is there a match elsewhere in the end?"""
    bench.page.evaluate(BRUSH, [*window, threshold])
    bench.ready()
    is_empty = bench.page.evaluate("() => lvDebug.model.chosen.length === 0")
    label = ""
    if is_empty and bench.page.evaluate("() => lvDebug.presentSuggestions().length > 0"):
        label = bench.page.evaluate("() => lvDebug.presentSuggestions()[0].label")
        bench.page.locator(".lv-suggestion").first.click()
    shown = bench.ready()
    start, stop = shown["state"]["start"], shown["state"]["stop"]
    return is_empty, label, any(row["stop"] <= start or row["start"] >= stop for row in shown["rows"])


def report(name: str, path: Path, n: int, browser: object) -> None:
    dump = lstmviz.open_dump(path)
    with browsing.serving([dump]) as address, browsing.workbench(browser, address) as bench:
        bench.open()
        state = bench.shown()["state"]
        source, threshold = state["source"], state["threshold"]
        chosen = windows(path, source, n)
        answers = [tried(bench, window, threshold) for window in chosen]
    usual = statistics.mean(not dump.select(source, *window).units for window in chosen)
    empty = statistics.mean(is_empty for is_empty, _, _ in answers)
    works = statistics.mean(is_found for _, _, is_found in answers)
    kinds = Counter(label.rstrip("0123456789. ") for is_empty, label, _ in answers if is_empty)
    print(
        f"{name:18} {source:10} {threshold:5} {usual:8.0%} {empty:8.0%} {works:8.0%}  {dict(kinds.most_common(3))}",
        flush=True,
    )


def word_model(folder: Path, sample: Path) -> Path:
    """A word model as ``lstmviz train`` makes it, of the sentences of a sample."""
    axis = next(iter(DumpReader(sample).axes.values()))
    lines = [" ".join(axis.tokens[a:b]) for a, b in zip(axis.starts[:N_LINES], axis.stops[:N_LINES], strict=True)]
    text = folder / "sentences.txt"
    text.write_text("\n".join(lines), "utf-8")
    command = [str(Path(sys.executable).parent / "lstmviz"), "train", str(text), "--level", "word", "--minutes", "1"]
    subprocess.run([*command, "--out", str(folder / "words")], check=True, capture_output=True)
    return next((folder / "words").glob("*.h5"))


def sample_dump(name: str, folder: Path) -> Path:
    """The dump of a sample, trained first if it comes without weights and was not trained here before."""
    one = samples.sample(name)
    if samples.weights_of(one, one.variant(None)) is None:
        samples.train(name, out=folder / name, dropout=0)
    return samples.build(name)


def recordings(folder: Path) -> dict[str, Path]:
    """Every sample, and the word model."""
    paths = {name: sample_dump(name, folder) for name in samples.names()}
    return {**paths, "word model": word_model(folder, paths["agreement"])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brushes", type=int, default=100)
    parser.add_argument("paths", type=Path, nargs="*")
    options = parser.parse_args()
    print(
        f"{'recording':18} {'source':10} {'opens':>5} {'empty .3':>8} {'empty':>8} {'works':>8}  the first suggestion"
    )
    with tempfile.TemporaryDirectory() as folder, browsing.chromium() as browser:
        paths = {path.stem: path for path in options.paths} or recordings(Path(folder))
        for name, path in paths.items():
            report(name, path, options.brushes, browser)


if __name__ == "__main__":
    main()
