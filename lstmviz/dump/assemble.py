"""Turn the blocks of a recording into a dump: assembled, checked, and renamed into place.

Runs as a process of its own (``python -m lstmviz.dump.assemble PARTS PATH``), because HDF5 may bring its process down
where a disk is full; the blocks stay as they are until the dump is in its place.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lstmviz.dump.blocks import BlockReader
from lstmviz.dump.parts import counted, is_recording, read_plan, sync_folder, write_plan
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import DumpPlan
from lstmviz.dump.verify import verify
from lstmviz.dump.writer import DumpWriter
from lstmviz.errors import DumpError, DumpExists, LstmvizError, RecordingError


@dataclass(frozen=True, slots=True)
class Assembled:
    """What was found in a folder of parts: steps and blocks, bytes that were no whole block, and if all is there."""

    n_steps: int
    n_blocks: int
    n_lost_bytes: int
    is_complete: bool


def assemble(
    parts_dir: Path,
    path: Path,
    *,
    overwrite: bool = False,
    expected_steps: int | None = None,
    is_complete: bool = False,
) -> Assembled:
    """Assemble a recording into a dump at ``path`` and return what was found; the parts are left as they are.

    The dump is written inside ``parts_dir``, read back, and renamed, so ``path`` holds the old file or the new one,
    never half of one. ``expected_steps`` is what the recorder acknowledged, where it is known. Its provenance says
    ``complete`` only if the recording was closed and every byte of its blocks was read. Raises DumpMissing where
    there is no recording, DumpError where steps are missing, DumpExists where ``path`` is taken, OSError where the
    disk is full.
    """
    _refuse_taken(path, overwrite)
    plan = read_plan(parts_dir)
    if is_complete:
        plan = replace(plan, provenance={**plan.provenance, "complete": True})
        with suppress(OSError):  # only for who recovers the recording, should this fail
            write_plan(parts_dir, plan)
    temporary = parts_dir / f"assembling-{os.getpid()}.h5"
    try:
        found = _write(parts_dir, temporary, plan)
        if expected_steps is not None and found.n_steps < expected_steps:
            raise DumpError(
                f"{parts_dir} holds {found.n_steps} of {expected_steps} recorded steps: "
                f"block {found.n_blocks} is damaged"
            )
        _check(temporary, plan, found.n_steps)
        _refuse_taken(path, overwrite)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Assemble as a process of its own, and remove the parts; one line says what is there now, or why it failed."""
    parser = argparse.ArgumentParser(
        prog="python -m lstmviz.dump.assemble", description="Assemble the blocks of a recording into a dump."
    )
    parser.add_argument("parts", type=Path, help="folder of the recording, PATH.parts")
    parser.add_argument("path", type=Path, help="where the dump is written")
    parser.add_argument("--steps", type=int, help="refuse if the blocks hold fewer steps than this")
    parser.add_argument("--overwrite", action="store_true", help="replace what is at PATH")
    parser.add_argument("--complete", action="store_true", help="the recording was closed in order")
    parser.add_argument("--keep-parts", action="store_true", help="leave the folder of parts where it is")
    given = parser.parse_args(arguments)
    try:
        if is_recording(given.parts):
            raise RecordingError(f"{given.parts} is being recorded to now; wait until that ends, or end it")
        how = {"overwrite": given.overwrite, "expected_steps": given.steps, "is_complete": given.complete}
        found = assemble(given.parts, given.path, **how)
    except (LstmvizError, OSError, ValueError) as err:
        print(" ".join(str(err).split()), file=sys.stderr)
        return 1
    line = f"{given.path}: {counted(found.n_steps, found.n_blocks)} (complete: {str(found.is_complete).lower()})"
    if found.n_lost_bytes:  # a batch that was cut off, or one damaged and whole ones behind it
        line += (
            f"; the {found.n_lost_bytes:,} bytes behind them could not be read, so {given.parts} stays: delete it if "
            "they are not needed"
        )
    elif not given.keep_parts:
        shutil.rmtree(given.parts, ignore_errors=True)
    print(line)
    return 0


def _refuse_taken(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise DumpExists(f"{path} is already there; pass overwrite=True (--overwrite) or another path")


def _write(parts_dir: Path, temporary: Path, plan: DumpPlan) -> Assembled:
    blocks = BlockReader(parts_dir)
    labels: dict[str, list[str]] = {t.name: list(t.labels) for t in plan.tracks if t.kind == "category"}
    n_steps = n_blocks = 0
    with DumpWriter(temporary, plan) as writer:
        for block in blocks:
            writer.append(block.axis, block.lengths, block.arrays)
            for name, new in block.labels.items():
                labels[name].extend(new)
            n_steps, n_blocks = n_steps + block.n_steps, n_blocks + 1
        is_complete = bool(plan.provenance.get("complete", False)) and not blocks.n_lost_bytes
        writer.plan = replace(plan, provenance={**plan.provenance, "complete": is_complete})
        writer.close(labels)
    if not n_blocks:
        raise DumpError(f"{parts_dir} holds no whole block, so there is nothing to assemble")
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    return Assembled(n_steps, n_blocks, blocks.n_lost_bytes, is_complete)


def _check(temporary: Path, plan: DumpPlan, n_steps: int) -> None:
    """Open the dump as a reader would, and read every value back, so that each chunk's checksum is seen to hold."""
    dump = DumpReader(temporary)
    try:
        problems = verify(dump)
        if problems:
            raise DumpError(problems[0])
        if sum(a.n_steps for a in dump.axes.values()) != n_steps or set(dump.sources) != {s.name for s in plan.sources}:
            raise DumpError(f"the assembled dump does not hold what {temporary.parent} does")
    finally:
        dump.close()


if __name__ == "__main__":
    raise SystemExit(main())
