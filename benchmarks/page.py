"""How fast the page is, in headless Chromium: brush to repaint, and pointer-up to match rows.

Brush to repaint: a drag over the tokens of a dump of 650 units x 60 visible steps; for each pointer move, the time from
its event to the second animation frame after it, when what was drawn in the first one is on the screen. The floor is
the same for pointer moves that draw nothing. Pointer-up to rows: until the rows of the answer are painted. Medians of
one run.

    python benchmarks/page.py [--units 650] [--steps 20000] [--brushes 30]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import browser as browsing
import lstmviz

SPAN = 60
TIMER = """() => {
  window.repaints = [];
  addEventListener("pointermove", (event) => {
    const began = event.timeStamp;
    requestAnimationFrame(() => requestAnimationFrame(() => repaints.push(performance.now() - began)));
  }, true);
}"""


def make_dump(folder: str, n_steps: int, n_units: int) -> lstmviz.Dump:
    """Autocorrelated states: each unit keeps a level for some steps, as an LSTM's do."""
    rng = np.random.default_rng(0)
    states = np.empty((n_steps, n_units), "float16")
    level = rng.uniform(-1, 1, n_units)
    for t in range(n_steps):
        fresh = rng.random(n_units) < 0.15
        level = np.where(fresh, rng.uniform(-1, 1, n_units), level)
        states[t] = level
    path = lstmviz.write_dump(
        Path(folder) / "bench.h5",
        states={"rnn.l0.h": states},
        tokens=rng.integers(0, 26, n_steps),
        vocab=[chr(97 + i) for i in range(26)],
        lengths=[200] * (n_steps // 200),
    )
    return lstmviz.open_dump(path)


def measure(dump: lstmviz.Dump, n_brushes: int) -> tuple[list[float], list[float], list[float], float]:
    """Return ms per brush repaint, per move that draws nothing, and from pointer-up to rows; and ms to a ready page."""
    to_rows = []
    with (
        browsing.serving([dump]) as address,
        browsing.chromium() as browser,
        browsing.workbench(browser, address) as bench,
    ):
        began = time.perf_counter()
        shown = bench.open(source="rnn.l0.h", at=1000, span=SPAN, before=0)
        cold = (time.perf_counter() - began) * 1000
        cells = shown["cells"]
        bench.page.evaluate(TIMER)
        for i in range(200):
            bench.page.mouse.move(40 + i % 2, 12)  # the word mark: nothing to draw
            bench.page.wait_for_timeout(40)
        floor = bench.page.evaluate("repaints.splice(0)")
        for i in range(n_brushes):
            first, last = cells[5 + i % 20], cells[12 + i % 40]
            mouse = bench.page.mouse
            mouse.move(first["left"] + 3, first["middle"])
            mouse.down()
            for cell in cells[6 + i % 20 : 12 + i % 40]:
                mouse.move(cell["left"] + 3, cell["middle"])
                bench.page.wait_for_timeout(40)
            mouse.move(last["left"] + 3, last["middle"])
            began = time.perf_counter()
            mouse.up()
            bench.ready()
            to_rows.append((time.perf_counter() - began) * 1000)
        return bench.page.evaluate("repaints"), floor, to_rows, cold


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=650)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--brushes", type=int, default=30)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dump = make_dump(folder, given.steps, given.units)
        brushed, floor, to_rows, cold = measure(dump, given.brushes)
    brushed.sort()
    print(f"{given.units} units x {SPAN} visible steps, corpus of {given.steps:,} steps")
    print(f"page ready, cold browser         {cold:6.0f} ms")
    print(
        f"brush to repaint                 {statistics.median(brushed):6.1f} ms median, "
        f"{brushed[int(len(brushed) * 0.95)]:.1f} ms 95th percentile, {len(brushed)} repaints"
    )
    print(f"  of it two frames (nothing drawn) {statistics.median(floor):6.1f} ms median")
    print(f"pointer-up to painted match rows {statistics.median(to_rows):6.1f} ms median of {len(to_rows)}")


if __name__ == "__main__":
    main()
