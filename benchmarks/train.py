"""Train the default model of ``lstmviz train`` on a text: its loss beside that of counts, seconds, and the dump.

``python benchmarks/train.py FILE [--folder FOLDER] [OPTION ...]``, with options of ``lstmviz train`` such as
``--level word``. FOLDER gets the output.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lstmviz

NAME = "trained"


def main() -> None:
    """Run the command, which prints the loss; then print seconds, CPU seconds, load, and the dump's size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="a text file")
    parser.add_argument("--folder", type=Path, help="where the output is written")
    args, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as temporary:
        measure(args.file, args.folder or Path(temporary), options)


def measure(file: Path, folder: Path, options: list[str]) -> None:
    load, began = os.getloadavg()[0], time.perf_counter()
    command = [sys.executable, "-u", "-m", "lstmviz.cli", "train", str(file), "--out", str(folder), "--name", NAME]
    subprocess.run([*command, *options], check=True)
    seconds, used = time.perf_counter() - began, os.times()
    dump = lstmviz.open_dump(folder / f"{NAME}.h5")
    size = dump.path.stat().st_size / 2**20
    print(f"{seconds:.0f} s from the text to the dump, {used.children_user + used.children_system:.0f} CPU s")
    print(f"load of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores")
    print(f"dump: {dump.n_steps:,} steps, {len(dump.sources)} sources, {size:,.0f} MiB")


if __name__ == "__main__":
    main()
