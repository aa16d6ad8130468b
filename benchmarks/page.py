"""How fast the page is, in headless Chromium on a live server of this machine.

On a dump of many units: cold load to a ready page and bytes over the wire; brush to repaint (a drag over the tokens:
for each pointer move, the time from its event to the second animation frame after it, when what was drawn in the first
is on the screen; the floor is the same for moves that draw nothing); frames a second while the plot is dragged along
the text. On a long dump: from letting go of a brush to 50 painted rows of matches. Medians of one run.

    python benchmarks/page.py --folder FOLDER [--units 2000] [--steps 1000000] [--long-units 200] [--brushes 30]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import lstmviz
from match import SOURCE, make_corpus
from support import browser as browsing

SPAN = 60  # steps in view
PAUSE = 40  # ms between pointer moves whose repaints are timed apart
TIMER = """() => {
  window.repaints = [];
  addEventListener("pointermove", (event) => {
    const began = event.timeStamp;
    requestAnimationFrame(() => requestAnimationFrame(() => repaints.push(performance.now() - began)));
  }, true);
}"""
FRAMES = """() => {
  window.frames_ = { times: [], places: [] };
  const frame = (now) => {
    frames_.times.push(now);
    frames_.places.push(lvDebug.state.at);
    window.frames_.last = requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""


@contextmanager
def opened(dump: lstmviz.Dump) -> Iterator[Any]:
    """The page on a dump, in a browser of its own."""
    with (
        browsing.serving([dump]) as address,
        browsing.chromium() as browser,
        browsing.workbench(browser, address) as bench,
    ):
        yield bench


def cold_load(dump: lstmviz.Dump) -> tuple[float, int]:
    """Return ms from a new browser's request to a ready page, and the bytes that came over the wire."""
    with opened(dump) as bench:
        wire = bench.page.context.new_cdp_session(bench.page)
        sizes: list[float] = []
        wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        wire.send("Network.enable")
        began = time.perf_counter()
        bench.open(source=SOURCE, at=1000, span=SPAN)
        return (time.perf_counter() - began) * 1000, int(sum(sizes))


def repaints(dump: lstmviz.Dump, n_brushes: int) -> tuple[list[float], list[float]]:
    """Return ms of every repaint while brushing, and of moves that draw nothing."""
    with opened(dump) as bench:
        cells = bench.open(source=SOURCE, at=1000, span=SPAN)["cells"]
        mouse = bench.page.mouse
        bench.page.evaluate(TIMER)
        for i in range(200):
            mouse.move(40 + i % 2, 12)  # the word mark: nothing to draw
            bench.page.wait_for_timeout(PAUSE)
        still = bench.page.evaluate("repaints.splice(0)")
        for i in range(n_brushes):
            first, *rest = cells[5 + i % 20 : 12 + i % 40]
            mouse.move(first["left"] + 3, first["middle"])
            mouse.down()
            for cell in rest:
                mouse.move(cell["left"] + 3, cell["middle"])
                bench.page.wait_for_timeout(PAUSE)
            mouse.up()
            bench.ready()
        return sorted(bench.page.evaluate("repaints")), still


def pan(dump: lstmviz.Dump, n_drags: int) -> tuple[float, float]:
    """Return the median frames a second while the plot is dragged, and the share of frames that moved it."""
    rates, shares = [], []
    with opened(dump) as bench:
        bench.open(source=SOURCE, at=1000, span=SPAN)
        box = bench.page.locator("#lv-plot").bounding_box()
        mouse, middle = bench.page.mouse, box["y"] + box["height"] / 3
        for i in range(n_drags):
            ends = (box["x"] + box["width"] - 40, box["x"] + 40)
            begin, end = ends if i % 2 else ends[::-1]
            mouse.move(begin, middle)
            mouse.down()
            bench.page.evaluate(FRAMES)
            mouse.move(end, middle, steps=120)
            seen = bench.page.evaluate("() => { cancelAnimationFrame(frames_.last); return frames_; }")
            mouse.up()
            bench.ready()
            gaps = [b - a for a, b in zip(seen["times"], seen["times"][1:], strict=False)]
            rates.append(1000 * len(gaps) / sum(gaps))
            places = seen["places"]
            shares.append(sum(a != b for a, b in zip(places, places[1:], strict=False)) / len(gaps))
    return statistics.median(rates), statistics.median(shares)


def rows(dump: lstmviz.Dump, n_brushes: int) -> tuple[list[float], list[int], list[int]]:
    """Return ms from letting go of a brush to its painted rows, the units selected, and the rows."""
    took, n_units, n_rows = [], [], []
    with opened(dump) as bench:
        cells = bench.open(source=SOURCE, at=1000, span=SPAN)["cells"]
        mouse = bench.page.mouse
        for i in range(n_brushes):
            first = cells[5 + i % 40]
            last = cells[5 + i % 40 + 2 + i % 3]
            mouse.move(first["left"] + 3, first["middle"])
            mouse.down()
            mouse.move(last["left"] + 3, last["middle"], steps=4)
            bench.page.wait_for_timeout(100)
            began = time.perf_counter()
            mouse.up()
            shown = bench.ready()
            took.append((time.perf_counter() - began) * 1000)
            n_units.append(len(shown["units"]))
            n_rows.append(len(shown["rows"]))
    return took, n_units, n_rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where dumps are made, once; up to 1 GB")
    parser.add_argument("--units", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--long-units", type=int, default=200)
    parser.add_argument("--brushes", type=int, default=30)
    args = parser.parse_args()
    wide = make_corpus(args.folder, 20_000, args.units, with_lstmvis=False)
    long = make_corpus(args.folder, args.steps, args.long_units, with_lstmvis=False)
    print(f"{args.units:,} units, {SPAN} steps in view, 20,000 in all")
    loads = [cold_load(wide) for _ in range(5)]
    print(f"  page ready, cold browser      {statistics.median(ms for ms, _ in loads):7.0f} ms median of {len(loads)}")
    print(f"  over the wire                 {statistics.median(size for _, size in loads) / 1e6:7.2f} MB")
    brushed, still = repaints(wide, args.brushes)
    print(
        f"  brush to repaint              {statistics.median(brushed):7.1f} ms median, "
        f"{brushed[int(len(brushed) * 0.95)]:.1f} ms 95th percentile, {len(brushed)} repaints"
    )
    print(f"    of it, nothing drawn        {statistics.median(still):7.1f} ms")
    rate, share = pan(wide, 10)
    print(f"  dragged along the text        {rate:7.1f} frames a second, {share:.0%} of them at another place")
    print(f"{args.long_units:,} units, {args.steps:,} steps")
    took, n_units, n_rows = rows(long, args.brushes)
    print(
        f"  pointer up to painted rows    {statistics.median(took):7.1f} ms median of {len(took)}, "
        f"{sorted(took)[int(len(took) * 0.95)]:.0f} ms 95th percentile; "
        f"{statistics.median(n_units):.0f} units selected, {statistics.median(n_rows):.0f} rows"
    )


if __name__ == "__main__":
    main()
