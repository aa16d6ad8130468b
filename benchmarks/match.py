"""How fast the match engine is: against LSTMVis's algorithm, against copying the same bytes once, and over length.

The corpora are artificial LSTM-like states: each unit keeps a level for some steps and is on in about a tenth of the
steps, in runs. Every figure is a median of one run, warm unless it says cold; ratios are between medians of the same
run. Corpora are written to --folder once and kept.

    python benchmarks/match.py --folder /tmp/corpora [--quick]
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import baseline_lstmvis
import h5py
import numpy as np

import lstmviz
from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan, SourcePlan
from lstmviz.dump.writer import DumpWriter
from lstmviz.match.engine.find import MatchSearch
from lstmviz.match.index.store import _files, build_index, index_folder
from lstmviz.types import Pattern, PatternUnit

SOURCE = "rnn.l0.h"
BLOCK = 100_000
SEQUENCE = 1_000
TOKENS = 500


def make_corpus(folder: Path, n_steps: int, n_units: int, with_lstmvis: bool) -> lstmviz.Dump:
    """Write (once) a dump, and beside it the same states as LSTMVis reads them: contiguous float32."""
    path, other = folder / f"{n_steps}x{n_units}.h5", folder / f"{n_steps}x{n_units}.lstmvis.h5"
    if not path.exists():
        plan = DumpPlan(
            (AxisPlan("text", " ", True, tuple(f"w{i}" for i in range(TOKENS))),),
            (SourcePlan(SOURCE, "text", n_units, "float16"),),
        )
        rng = np.random.default_rng(1)
        level = rng.uniform(-0.9, 0.45, n_units).astype("float32")
        with DumpWriter(path.with_suffix(".tmp"), plan) as writer:
            for start in range(0, n_steps, BLOCK):
                n_here = min(BLOCK, n_steps - start)
                states, level = make_states(rng, level, n_here)
                tokens = rng.integers(0, TOKENS, n_here).astype("uint32")
                arrays = {ArrayKey("tokens"): tokens, ArrayKey("state", SOURCE): states}
                writer.append("text", [SEQUENCE] * (n_here // SEQUENCE), arrays)
        path.with_suffix(".tmp").replace(path)
    dump = lstmviz.open_dump(path)
    if with_lstmvis and not other.exists():
        with h5py.File(other, "w") as file:
            states = file.create_dataset("states", (n_steps, n_units), "float32")
            for start in range(0, n_steps, BLOCK):
                states[start : start + BLOCK] = dump.states(SOURCE)[start : start + BLOCK]
    return dump


def make_states(
    rng: np.random.Generator, level: np.ndarray, n_steps: int, dtype: str = "float16"
) -> tuple[np.ndarray, np.ndarray]:
    """Return (n_steps, n_units) states that keep their level for about 5 steps, and the last levels."""
    n_units = len(level)
    is_fresh = rng.random((n_steps, n_units), dtype="float32") < 0.2
    last = np.maximum.accumulate(np.where(is_fresh, np.arange(n_steps, dtype="int32")[:, None], -1), axis=0)
    fresh = rng.uniform(-0.9, 0.45, (n_steps, n_units)).astype("float32")
    values = np.where(last >= 0, np.take_along_axis(fresh, np.maximum(last, 0), axis=0), level)
    return values.astype(dtype), values[-1]


def patterns(dump: lstmviz.Dump, n_units: int, n_patterns: int) -> list[Pattern]:
    """Return patterns of so many units that are on together through some window of 2 to 5 steps."""
    rng = np.random.default_rng(2)
    sampled: list[Pattern] = []
    while len(sampled) < n_patterns:
        start = int(rng.integers(0, dump.n_steps - 10)) // SEQUENCE * SEQUENCE + int(rng.integers(1, SEQUENCE - 8))
        window = dump.select(SOURCE, start, start + int(rng.integers(1, 4)), 0.3, 0, 0)
        units = [u.unit for u in window.units][:n_units]
        rest = [u for u in range(dump.source(SOURCE).n_units) if u not in units][: n_units - len(units)]
        chosen = tuple(PatternUnit(SOURCE, u) for u in sorted(units + rest))
        sampled.append(Pattern("text", chosen, ((SOURCE, 0.3),), window.length, off_before=len(sampled) % 3 == 2))
    return sampled


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def floor(dump: lstmviz.Dump, n_units: int) -> float:
    """Return the seconds to copy the index bytes of so many units once."""
    units = np.memmap(_files(dump.source(SOURCE), index_folder(dump))[1], np.uint8, "r")[: n_units * dump.n_steps]
    copy = np.empty_like(units)
    return statistics.median(timed(lambda: np.copyto(copy, units)) for _ in range(7))


def engine(dump: lstmviz.Dump, queries: list[Pattern]) -> tuple[float, float]:
    """Return the median seconds for a page of 50 rows, and the median number of candidates visited."""
    MatchSearch(dump, queries[0]).page(50)
    seconds, visited = [], []
    for pattern in queries:
        found = MatchSearch(dump, pattern)
        seconds.append(timed(lambda p=pattern: MatchSearch(dump, p).page(50)))
        found.page(50)
        visited.append(sum(n for _, n in found.totals()))
    return statistics.median(seconds), statistics.median(visited)


def against_lstmvis(folder: Path, n_steps: int, n_units: int) -> None:
    """Print one line: our time, LSTMVis's two modes, and the floor."""
    dump = make_corpus(folder, n_steps, 200, with_lstmvis=True)
    build_index(dump, SOURCE)
    queries = patterns(dump, n_units, 15)
    path = str(folder / f"{n_steps}x200.lstmvis.h5")
    units = [u.unit for u in queries[0].units]
    ours, visited = engine(dump, queries)
    fast = statistics.median(timed(lambda: baseline_lstmvis.search(path, units, 0.3, True)) for _ in range(3))
    precise = statistics.median(timed(lambda: baseline_lstmvis.search(path, units, 0.3, False)) for _ in range(3))
    least = floor(dump, n_units)
    print(
        f"{n_steps:>11,} x 200, {n_units:2} units: {ours * 1e3:7.1f} ms  visited {visited:7,.0f}   "
        f"precise {precise * 1e3:7.0f} ms = {precise / ours:6.0f}x   fast {fast * 1e3:6.0f} ms = {fast / ours:5.1f}x   "
        f"copy {least * 1e3:6.2f} ms, ours = {ours / least:5.1f} copies",
        flush=True,
    )


def with_many(folder: Path, n_steps: int) -> None:
    """Print the time of each candidate beyond a thousand: patterns of few units, whose matches are many."""
    dump = make_corpus(folder, n_steps, 200, with_lstmvis=False)
    few = statistics.median(timed(lambda p=p: MatchSearch(dump, p).page(50)) for p in patterns(dump, 4, 9))
    for units in ((3,), (3, 9)):
        pattern = Pattern("text", tuple(PatternUnit(SOURCE, u) for u in units), ((SOURCE, 0.3),), 3)
        seconds, visited = engine(dump, [pattern] * 5)
        print(
            f"{n_steps:>11,} x 200, {len(units):2} units: {seconds * 1e3:7.1f} ms  visited {visited:7,.0f}   "
            f"{(seconds - few) / (visited - 1000) * 1e6:.1f} microseconds for each candidate beyond 1,000",
            flush=True,
        )


def along_length(folder: Path, lengths: list[int]) -> None:
    """Print a line a length: 32 units recorded, 8 asked for."""
    for n_steps in lengths:
        dump = make_corpus(folder, n_steps, 32, with_lstmvis=False)
        build_index(dump, SOURCE)
        queries = patterns(dump, 8, 9)
        ours, visited = engine(dump, queries)
        tracemalloc.start()
        MatchSearch(dump, queries[0]).page(50)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(
            f"{n_steps:>11,} x  32,  8 units: {ours * 1e3:7.1f} ms  visited {visited:7,.0f}   "
            f"{peak / 2**20:.0f} MB beyond the page cache",
            flush=True,
        )


def cold(folder: Path, n_steps: int) -> None:
    """Print a cold query against a cold sequential read of the same bytes, each in a process that maps nothing yet."""
    make_corpus(folder, n_steps, 200, with_lstmvis=False)
    lines = [
        subprocess.run(
            [sys.executable, __file__, "--folder", folder, "--cold", f"{n_steps}", kind],
            check=True,
            capture_output=True,
        )
        for _ in range(5)
        for kind in ("query", "read")
    ]
    seconds = [float(line.stdout) for line in lines]
    query, read = statistics.median(seconds[::2]), statistics.median(seconds[1::2])
    print(
        f"{n_steps:>11,} x 200, cold:     {query * 1e3:7.1f} ms, sequential read {read * 1e3:.1f} ms: "
        f"{read / query:.2f} of its speed",
        flush=True,
    )


def cold_child(folder: Path, n_steps: int, kind: str) -> None:
    """Print the seconds of one cold query, or of one cold read of the codes that it needs."""
    dump = make_corpus(folder, n_steps, 200, with_lstmvis=False)
    (pattern,) = patterns(dump, 8, 1)
    _, units_path, _, rows_path = _files(dump.source(SOURCE), index_folder(dump))
    small = lstmviz.open_dump(folder / "100000x200.h5")
    MatchSearch(small, pattern).page(50)  # the code itself is warm
    forget(units_path, rows_path)
    if kind == "query":
        print(timed(lambda: MatchSearch(dump, pattern).page(50)))
    else:
        print(timed(lambda: read_lines(units_path, [u.unit for u in pattern.units], n_steps)))


def forget(*paths: Path) -> None:
    """Drop files from the page cache."""
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_lines(path: Path, units: list[int], n_steps: int) -> int:
    """Read some units' codes in order."""
    total = 0
    with path.open("rb", buffering=0) as file:
        for unit in units:
            file.seek(unit * n_steps)
            total += len(file.read(n_steps))
    return total


def build(folder: Path, n_steps: int, n_units: int) -> None:
    """Print the index build's speed against reading the dump once, and its size."""
    dump = make_corpus(folder, n_steps, n_units, with_lstmvis=False)
    states = dump.states(SOURCE)
    step = max(1, 2**22 // n_units)

    def read() -> None:
        for start in range(0, n_steps, step):
            states[start : start + step]

    read()
    reading = statistics.median(timed(read) for _ in range(3))
    files = _files(dump.source(SOURCE), index_folder(dump))
    builds = []
    for _ in range(3):
        for file in files:
            file.unlink(missing_ok=True)
        builds.append(timed(lambda: build_index(dump, SOURCE)))
    building = statistics.median(builds)
    per_value = sum(f.stat().st_size for f in files[1:]) / (n_steps * n_units)
    print(
        f"{n_steps:>11,} x {n_units}, index: built in {building:.2f} s, read once in {reading:.2f} s: "
        f"{reading / building * 100:.0f} % of its speed; {per_value:.2f} bytes a value in 3 layouts",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where corpora are kept; up to 20 GB")
    parser.add_argument("--quick", action="store_true", help="the small ones only")
    parser.add_argument("--cold", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.cold:
        cold_child(args.folder, int(args.cold[0]), args.cold[1])
        return
    args.folder.mkdir(parents=True, exist_ok=True)
    large = 1_000_000 if args.quick else 5_000_000
    build(args.folder, large, 200)
    for n_steps in (100_000, 1_000_000, 5_000_000):
        if n_steps <= large:
            for n_units in (8, 20):
                against_lstmvis(args.folder, n_steps, n_units)
    with_many(args.folder, large)
    cold(args.folder, large)
    along_length(args.folder, [1_000_000, 5_000_000] if args.quick else [1_000_000, 10_000_000, 50_000_000])


if __name__ == "__main__":
    main()
