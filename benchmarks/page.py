"""How fast the page is, in headless Chromium on a live server of this machine.

On a dump of many units: cold load to the first view (the text and its lines are painted and can be brushed) and to a
page with everything beside them, and bytes over the wire until then and in all; brush to repaint (a drag over the
tokens: for each pointer move, the time from its event to the second animation frame after it, when what was drawn in
the first is on the screen; the floor is the same for moves that draw nothing); frames a second while the plot is
dragged along the text. On a long dump: from letting go of a brush to its painted rows of matches, and where that time
goes; each is timed in the page, from the pointer's event to the animation frame after the one that drew the rows.
Medians of one run.

The server is `lstmviz serve` in a process of its own.

    python benchmarks/page.py --folder FOLDER [--units 2000] [--steps 1000000] [--long-units 200] [--brushes 30]
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import lstmviz
from match import SOURCE, make_corpus
from support import browser as browsing

SPAN = 60  # steps in view
VIEW = "() => performance.getEntriesByName('lstmviz-view')[0]?.startTime"
READY = "() => window.lvDebug?.isPageReady() && (window.readyAt = performance.now())"
REST = 5000  # ms after which nothing more comes to a page that is ready
PAUSE = 40  # ms between pointer moves whose repaints are timed apart
TIMER = """() => {
  window.repaints = [];
  addEventListener("pointermove", (event) => {
    const began = event.timeStamp;
    requestAnimationFrame(() => requestAnimationFrame(() => repaints.push(performance.now() - began)));
  }, true);
}"""
PAINTED = """() => {
  performance.setResourceTimingBufferSize(10000);
  window.painted = [];
  const table = document.getElementById("lv-match-table");
  let released = null;
  addEventListener("pointerup", (event) => (released = event.timeStamp), true);
  const isBlock = (node) => node.classList?.contains("lv-match-block") || node.querySelector?.(".lv-match-block");
  new MutationObserver((records) => {
    if (released === null || !records.some((record) => [...record.addedNodes].some(isBlock))) return;
    const [began, drawn] = [released, performance.now()];
    released = null;
    requestAnimationFrame(() => {
      const isIt = (entry) => entry.startTime >= began && entry.name.endsWith("/matches");
      const request = performance.getEntriesByType("resource").find(isIt);
      painted.push({
        sent: request.startTime - began,
        answered: request.responseEnd - request.startTime,
        drawn: drawn - request.responseEnd,
        shown: performance.now() - drawn,
        all: performance.now() - began,
        rows: table.querySelectorAll("[data-place]").length,
        units: lvDebug.model.chosen.length,
      });
    });
  }).observe(table, { childList: true, subtree: true });
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
def serving(dump: lstmviz.Dump) -> Iterator[str]:
    """Serve a dump as `lstmviz serve` does, in a process of its own; gives the address."""
    command = [sys.executable, "-u", "-m", "lstmviz.cli", "serve", str(dump.path), "--no-browser", "--port", "8900"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            found = (re.search(r"http://[\d.]+:\d+", line) for line in process.stdout)
            yield next(address[0] for address in found if address)
        finally:
            process.terminate()


@contextmanager
def opened(dump: lstmviz.Dump) -> Iterator[Any]:
    """The page on a dump, in a browser of its own."""
    with (
        serving(dump) as address,
        browsing.chromium() as browser,
        browsing.workbench(browser, address) as bench,
    ):
        yield bench


def cold_load(dump: lstmviz.Dump) -> tuple[float, float]:
    """Return ms from a new browser's request to the first view, and to a ready page."""
    with opened(dump) as bench:
        _load(bench, READY)
        first: float = bench.page.evaluate(VIEW)
        return first, bench.page.evaluate("readyAt")


def bytes_loaded(dump: lstmviz.Dump, until: str) -> int:
    """Return the bytes that come over the wire until VIEW or READY; watching them takes time of the page's."""
    with opened(dump) as bench:
        sizes = _weighed(bench)
        _load(bench, until)
        return int(sum(sizes))


def bytes_in_all(dump: lstmviz.Dump) -> int:
    """Return the bytes of a page that is opened at its first step, until nothing more comes."""
    with opened(dump) as bench:
        sizes = _weighed(bench)
        bench.page.goto(bench.address, wait_until="commit")
        bench.page.wait_for_function(READY)
        bench.page.wait_for_timeout(REST)
        return int(sum(sizes))


def _weighed(bench: Any) -> list[float]:
    """Return a list that takes the bytes of each answer as it comes."""
    wire = bench.page.context.new_cdp_session(bench.page)
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    wire.send("Network.enable")
    return sizes


def _load(bench: Any, until: str) -> None:
    bench.page.goto(f"{bench.address}/?source={SOURCE}&at=1000&span={SPAN}", wait_until="commit")
    bench.page.wait_for_function(until)


def repaints(dump: lstmviz.Dump, n_brushes: int) -> tuple[list[float], list[float]]:
    """Return ms of every repaint while brushing, and of moves that draw nothing."""
    with opened(dump) as bench:
        bench.open(source=SOURCE, at=1000, span=SPAN)
        cells = bench.shown()["cells"]
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
            bench.settle()
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
            bench.settle()
            gaps = [b - a for a, b in zip(seen["times"], seen["times"][1:], strict=False)]
            rates.append(1000 * len(gaps) / sum(gaps))
            places = seen["places"]
            shares.append(sum(a != b for a, b in zip(places, places[1:], strict=False)) / len(gaps))
    return statistics.median(rates), statistics.median(shares)


def rows(dump: lstmviz.Dump, n_brushes: int) -> list[dict[str, float]]:
    """Return what the page timed of each brush that found matches: see PAINTED, in ms."""
    with opened(dump) as bench:
        bench.open(source=SOURCE, at=1000, span=SPAN)
        cells = bench.shown()["cells"]
        mouse = bench.page.mouse
        bench.page.evaluate(PAINTED)
        for i in range(n_brushes):
            first = cells[5 + i % 40]
            last = cells[5 + i % 40 + 2 + i % 3]
            mouse.move(first["left"] + 3, first["middle"])
            mouse.down()
            mouse.move(last["left"] + 3, last["middle"], steps=4)
            bench.page.wait_for_timeout(100)
            mouse.up()
            bench.page.wait_for_timeout(500)  # not looked at meanwhile, which would take time of the page's
            bench.settle()
        return [one for one in bench.page.evaluate("painted") if one["rows"]]


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
    for name, until, times in zip(("first view", "page ready"), (VIEW, READY), zip(*loads, strict=True), strict=True):
        print(f"  {name}, cold browser      {statistics.median(times):7.0f} ms median of {len(times)}")
        print(f"    over the wire               {bytes_loaded(wide, until) / 1e6:7.3f} MB")
    print(f"  opened at its first step      {bytes_in_all(wide) / 1e6:7.3f} MB in all")
    brushed, still = repaints(wide, args.brushes)
    print(
        f"  brush to repaint              {statistics.median(brushed):7.1f} ms median, "
        f"{brushed[int(len(brushed) * 0.95)]:.1f} ms 95th percentile, {len(brushed)} repaints"
    )
    print(f"    of it, nothing drawn        {statistics.median(still):7.1f} ms")
    rate, share = pan(wide, 10)
    print(f"  dragged along the text        {rate:7.1f} frames a second, {share:.0%} of them at another place")
    print(f"{args.long_units:,} units, {args.steps:,} steps")
    painted = rows(long, args.brushes)
    middle = {name: statistics.median(one[name] for one in painted) for name in painted[0]}
    took = sorted(one["all"] for one in painted)
    print(
        f"  pointer up to painted rows    {middle['all']:7.1f} ms median of {len(took)}, "
        f"{took[int(len(took) * 0.95)]:.0f} ms 95th percentile; "
        f"{middle['units']:.0f} units selected, {middle['rows']:.0f} rows"
    )
    print(f"    until it is asked           {middle['sent']:7.1f} ms")
    print(f"    until it is answered        {middle['answered']:7.1f} ms")
    print(f"    until the rows are drawn    {middle['drawn']:7.1f} ms")
    print(f"    until the next frame        {middle['shown']:7.1f} ms")


if __name__ == "__main__":
    main()
