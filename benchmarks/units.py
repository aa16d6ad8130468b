"""All units at a glance: how long looking at them takes once, and how soon the view is painted after that.

The states are generated: 2,000 units in 40 groups, over a text of 50 words with two tracks, 1,000,000 steps (4 GB).

    python benchmarks/units.py --folder FOLDER [--units 2000] [--steps 1000000]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import numpy as np

import lstmviz
from support import browser as browsing

BLOCK, LENGTH, N_GROUPS, N_WORDS = 20_000, 500, 40, 50
PAINTED = "() => !document.querySelector('.lv-survey-body').hidden && lvDebug.inspectSurvey().rows.length > 5"
N_TIMES = 7


def blocks(n_steps: int, n_units: int) -> Iterator[lstmviz.DumpBlock]:
    """Yield blocks of a generated recording."""
    rng = np.random.default_rng(0)
    which = np.arange(n_units) * N_GROUPS // n_units
    noise = rng.normal(0, 0.3, (BLOCK, n_units)).astype(np.float32)
    for _ in range(n_steps // BLOCK):
        drive = np.repeat(rng.normal(size=(BLOCK // 5, N_GROUPS)), 5, axis=0).astype(np.float32)
        tokens = rng.integers(0, N_WORDS, BLOCK)
        depth = (drive[:, 0] > 0).astype(int) + (drive[:, 1] > 0)
        yield lstmviz.DumpBlock(
            states={"rnn.l0.h": np.tanh(drive[:, which] + noise).astype(np.float16)},
            tokens=tokens,
            lengths=[LENGTH] * (BLOCK // LENGTH),
            tracks={"depth": depth.astype(np.float32), "kind": [["noun", "verb"][k % 2] for k in tokens.tolist()]},
        )


def measure(folder: Path, n_units: int = 2_000, n_steps: int = 1_000_000) -> None:
    """Make the recording if it is not there, look at its units, and time the view."""
    path = folder / f"units-{n_units}-{n_steps}.h5"
    if not path.exists():
        lstmviz.write_dump(path, blocks=blocks(n_steps, n_units), vocab=[f"w{k}" for k in range(N_WORDS)])
    dump = lstmviz.open_dump(path)
    began = time.perf_counter()
    frame = dump.units("rnn.l0.h")
    print(f"{len(frame):,} units x {dump.n_steps:,} steps, looked at in {time.perf_counter() - began:.1f} s")
    painted = []
    with browsing.serving([lstmviz.open_dump(path)]) as address, browsing.chromium() as browser:
        for _ in range(N_TIMES):
            with browsing.workbench(browser, address) as bench:
                bench.open()
                bench.page.wait_for_function("() => lvDebug.inspectSurvey().table")
                began = time.perf_counter()
                bench.page.reload()
                bench.ready()
                shown = time.perf_counter() - began
                bench.page.wait_for_function("() => lvDebug.inspectSurvey().table")
                named = time.perf_counter() - began
                began = time.perf_counter()
                bench.page.click(".lv-survey-fold")
                bench.page.wait_for_function(PAINTED)
                painted.append((shown, named, time.perf_counter() - began))
    shown, named, table = (statistics.median(column) for column in zip(*painted, strict=True))
    print(f"page ready {shown:.2f} s, units to start with {named:.2f} s, table {table:.2f} s after the press")


def main() -> None:
    """Measure as asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--units", type=int, default=2_000)
    parser.add_argument("--steps", type=int, default=1_000_000)
    given = parser.parse_args()
    measure(given.folder, given.units, given.steps)


if __name__ == "__main__":
    main()
