"""What recording costs: in compute against the plain forward pass, in writing against the disk, and in memory.

The measurements of a line take turns, and every figure is the median of its turns; ratios are between medians of the
same run.

    python benchmarks/record.py --folder /tmp/recordings [--only compute|store|memory] [--quick]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import lstmviz
from lstmviz.dump.block import Block
from lstmviz.dump.journal.in_subprocess import assemble_in_subprocess
from lstmviz.dump.journal.writer import BlockWriter, claim
from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan, SourcePlan
from lstmviz.recording.sink import Sink

MB = 1e6


def cpu_in_turns(tasks: dict[str, Callable[[], object]], n_turns: int) -> dict[str, list[float]]:
    """Return the CPU seconds of each task in every turn, so that a busy machine says about the same as a quiet one."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(n_turns + 1):
        for name, run in tasks.items():
            started = time.process_time()
            run()
            seconds[name].append(time.process_time() - started)
    return {name: s[1:] for name, s in seconds.items()}


def in_turns(tasks: dict[str, Callable[[], object]], n_turns: int) -> dict[str, float]:
    """Return the median seconds of each task; they run one after the other in every turn."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(n_turns + 1):
        for name, run in tasks.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(s[1:]) for name, s in seconds.items()}  # the first turn warms up


def compute(folder: Path, shape: tuple[int, int, int], n_turns: int) -> None:
    """Print the time of a forward pass that is recorded, of one that is not, and of a loop over an LSTMCell.

    The floor is the forward pass and one matrix product: that of the gates i, f and g, without which there is no c.
    """
    n_batch, n_steps, n_units = shape
    torch.manual_seed(0)
    model = nn.LSTM(n_units, n_units, batch_first=True).eval()
    cell = nn.LSTMCell(n_units, n_units).eval()
    x = torch.randn(n_batch, n_steps, n_units)
    ids = torch.zeros(n_batch, n_steps, dtype=torch.int64)
    inputs, weights = torch.randn(n_batch * n_steps, 2 * n_units), torch.randn(2 * n_units, 3 * n_units)
    gates = torch.empty(n_batch * n_steps, 3 * n_units)

    def loop() -> tuple[Tensor, Tensor]:
        h = c = torch.zeros(n_batch, n_units)
        hs, cs = [], []
        for step in range(n_steps):
            h, c = cell(x[:, step], (h, c))
            hs.append(h)
            cs.append(c)
        return torch.stack(hs, 1), torch.stack(cs, 1)

    append = Sink.append
    try:
        with torch.no_grad(), lstmviz.record(model, folder / "compute.h5", overwrite=True) as run:

            def recorded(*, is_written: bool) -> None:
                Sink.append = append if is_written else (lambda *_: None)  # type: ignore[method-assign]
                with run.batch(tokens=ids):
                    model(x)

            recorded(is_written=True)
            tasks = {
                "plain": lambda: model(x),
                "floor": lambda: (model(x), torch.mm(inputs, weights, out=gates)),
                "recorded": lambda: recorded(is_written=False),
                "written": lambda: recorded(is_written=True),
                "loop": loop,
            }
            took = in_turns(tasks, n_turns)
    finally:
        Sink.append = append  # type: ignore[method-assign]
        (folder / "compute.h5").unlink(missing_ok=True)
    plain, floor, ours, written, by_cell = (took[name] for name in ("plain", "floor", "recorded", "written", "loop"))
    print(
        f"{n_batch} x {n_steps} x {n_units}: plain {plain * 1e3:7.1f} ms"
        f"   floor {floor * 1e3:7.1f} ms = {floor / plain:4.2f}x"
        f"   h+c {ours * 1e3:7.1f} ms = {ours / plain:4.2f}x"
        f"   and written {written * 1e3:7.1f} ms = {written / plain:4.2f}x"
        f"   LSTMCell loop {by_cell * 1e3:7.1f} ms = {by_cell / plain:5.2f}x plain, {by_cell / ours:5.2f}x h+c",
        flush=True,
    )


def follow(folder: Path, shape: tuple[int, int, int], n_turns: int) -> None:
    """Print what it costs to hold the tokens given against those that the model reads, in a recording of it.

    On one thread: the CPU time of several differs more from turn to turn than what is measured.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    n_batch, n_steps, n_units = shape
    torch.manual_seed(0)
    embed, lstm = nn.Embedding(1000, n_units), nn.LSTM(n_units, n_units, batch_first=True)
    ids = torch.randint(0, 1000, (n_batch, n_steps))
    rows = torch.randn(n_batch, n_steps, n_units)
    models = {
        "straight on": lambda: lstm(embed(ids)),
        "from the end": lambda: lstm(embed(ids).flip(1)),
        "through a layer that is not followed": lambda: lstm(embed(ids).cumsum(-1)),
        "as rows of other tokens": lambda: lstm(rows),
    }
    model = nn.ModuleList([embed, lstm]).eval()
    append = Sink.append
    Sink.append = lambda *_: None  # type: ignore[method-assign]
    try:
        for way, forward in models.items():
            tasks = {}
            for name, is_followed in (("followed", True), ("not", False)):
                run = lstmviz.record(model, folder / f"follow-{name}.h5", overwrite=True)
                run._options = replace(run._options, is_followed=is_followed)
                tasks[name] = partial(one_batch, run.__enter__(), ids, forward)
            with torch.no_grad():
                took = cpu_in_turns(tasks, n_turns)
            for task in tasks.values():
                close(task.args[0])
            checked, plain = took["followed"], took["not"]
            extra = statistics.median(a / b for a, b in zip(checked, plain, strict=True)) - 1
            print(
                f"{n_batch} x {n_steps} x {n_units}, read {way}: recorded in {statistics.median(plain) * 1e3:.1f} ms "
                f"of CPU, with the tokens checked {extra * 100:+.1f} %",
                flush=True,
            )
    finally:
        Sink.append = append  # type: ignore[method-assign]
        torch.set_num_threads(n_threads)


def one_batch(run: lstmviz.Recording, ids: Tensor, forward: Callable[[], object]) -> None:
    """Record one batch."""
    with run.batch(tokens=ids):
        forward()


def close(run: lstmviz.Recording) -> None:
    """Leave a recording that wrote nothing."""
    with suppress(lstmviz.RecordingError):
        run.__exit__(None, None, None)


def store(folder: Path, n_blocks: int, n_turns: int) -> None:
    """Print the throughput of blocks fed from memory against writing and fsyncing the same bytes."""
    n_batch, n_steps, n_units = 32, 128, 650
    rng = np.random.default_rng(0)
    rows = n_batch * n_steps
    states = {f"rnn.l0.{s}": rng.normal(size=(rows, n_units)).astype("float16") for s in "hc"}
    arrays = {ArrayKey("tokens"): np.zeros(rows, "uint32")} | {ArrayKey("state", n): a for n, a in states.items()}
    block = Block("text", (n_steps,) * n_batch, arrays)
    stream = [(column, 0) for column in range(n_batch)]
    plan = DumpPlan((AxisPlan("text"),), tuple(SourcePlan(n, "text", n_units) for n in states))
    n_bytes = sum(a.nbytes for a in arrays.values()) * n_blocks
    parts_dir, path, plain = folder / "store.h5.parts", folder / "store.h5", folder / "store.bin"

    def bare() -> None:
        with plain.open("wb", buffering=0) as file:
            for _ in range(n_blocks):
                for array in arrays.values():
                    file.write(array.data)
            os.fsync(file.fileno())

    def acknowledged(*, is_stream: bool = False) -> None:
        shutil.rmtree(parts_dir, ignore_errors=True)
        with BlockWriter(parts_dir, plan, claim(parts_dir)) as writer:
            for i in range(n_blocks):
                places = [(column, i * n_steps) for column, _ in stream] if is_stream else None
                writer.append(Block(block.axis, block.lengths, arrays, places=places))

    def whole(*, is_stream: bool = False) -> None:
        acknowledged(is_stream=is_stream)
        assemble_in_subprocess(parts_dir, path, overwrite=True)

    tasks = {
        "bare": bare,
        "acknowledged": acknowledged,
        "whole": whole,
        "stream": lambda: whole(is_stream=True),
    }
    took = in_turns(tasks, n_turns)
    for file in (path, plain):
        file.unlink()
    shutil.rmtree(parts_dir)
    speeds = {name: n_bytes / seconds / MB for name, seconds in took.items()}
    print(
        f"{n_bytes / MB:,.0f} MB in {n_blocks} batches: written and fsynced {speeds['bare']:,.0f} MB/s   "
        + "   ".join(
            f"{words} {speeds[name]:,.0f} MB/s = {speeds[name] / speeds['bare'] * 100:.0f} %"
            for name, words in (
                ("acknowledged", "acknowledged and fsynced"),
                ("whole", "and assembled and checked"),
                ("stream", "the same for a stream"),
            )
        ),
        flush=True,
    )


def memory(folder: Path, n_steps: int) -> None:
    """Print the peak memory of a run that is recorded over that of the same run that is not."""
    peaks = []
    for kind in ("plain", "batches", "stream"):
        command = [sys.executable, __file__, "--folder", folder, "--memory", str(n_steps), kind]
        numbers = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        peaks.append([float(number) for number in numbers])
    (plain, _), *recorded = peaks
    for name, (own, child) in zip(("batches of sequences", "a stream of 32 columns"), recorded, strict=True):
        print(
            f"{n_steps:,} steps x 256 units, {name}: {own - plain:,.0f} MB over the model's own {plain:,.0f} MB while "
            f"recording; the assembling process {child:,.0f} MB",
            flush=True,
        )


def memory_child(folder: Path, n_steps: int, kind: str) -> None:
    """Run the model over so many steps, and print the peak memory of this process and of its child, in MB."""
    torch.manual_seed(0)
    model = nn.LSTM(256, 256, batch_first=True).eval()
    ids = torch.zeros(32, 125, dtype=torch.int64)
    x = torch.randn(32, 125, 256)
    n_batches = n_steps // ids.numel()
    watch = ChildWatch()
    with torch.no_grad():
        if kind == "plain":
            for _ in range(n_batches):
                model(x)
        else:
            path = folder / "memory.h5"
            with lstmviz.record(model, path, overwrite=True) as run:
                for i in range(n_batches):
                    with run.batch(tokens=ids, continues=kind == "stream" and i > 0):
                        model(x)
                watch.start()
            watch.is_over.set()
            watch.join()
    print(most_memory("self") / MB, watch.peak / MB)
    if kind != "plain":
        assert lstmviz.open_dump(path).n_steps == n_batches * ids.numel()
        path.unlink()


def most_memory(process: str) -> int:
    """Return the most bytes that a process held since its program began (getrusage counts what it was forked with)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return 1024 * next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


class ChildWatch(threading.Thread):
    """Measures the peak memory of this process's assembling child."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.is_over = threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(0.02):
            with suppress(OSError):
                for task in Path("/proc/self/task").iterdir():
                    for child in (task / "children").read_text().split():
                        command = Path(f"/proc/{child}/cmdline").read_bytes()
                        if b"lstmviz.dump.journal.assemble" not in command:
                            continue
                        self.peak = max(self.peak, most_memory(child))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where recordings are written; up to 10 GB")
    parser.add_argument("--only", choices=["compute", "follow", "store", "memory"])
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--memory", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.memory:
        memory_child(args.folder, int(args.memory[0]), args.memory[1])
        return
    n_turns = 3 if args.quick else 9
    if args.only in (None, "compute"):
        for shape in ((32, 128, 650), (1, 2000, 650), (1, 200_000, 32)):
            compute(args.folder, shape, n_turns if shape[1] < 10_000 else 3)
    if args.only in (None, "follow"):
        for shape in ((32, 128, 650), (1, 2000, 650), (1, 200_000, 32)):
            follow(args.folder, shape, n_turns if args.quick else 31)
    if args.only in (None, "store"):
        store(args.folder, 20 if args.quick else 100, 3 if args.quick else 5)
    if args.only in (None, "memory"):
        memory(args.folder, 200_000 if args.quick else 2_000_000)


if __name__ == "__main__":
    main()
