"""Turn the blocks of a recording into a dump: assemble it, check it, and rename it into place.

This runs in a process of its own (``python -m lstmviz.dump.journal.assemble PARTS PATH``), because HDF5 may crash its
process where the disk is full; the blocks stay unchanged until the dump is in its place.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from io import FileIO
from pathlib import Path

from lstmviz.dump.journal.assembler import Assembler, OutOfOrderError
from lstmviz.dump.journal.format import AssemblyReport
from lstmviz.dump.journal.writer import read_plan, remove_unfinished, write_plan
from lstmviz.dump.parts import BLOCKS, lock, release, still_running
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import DumpPlan
from lstmviz.dump.verify import verify
from lstmviz.errors import DumpError, DumpExists, LstmvizError, RecordingError
from lstmviz.system.atomic import replacing
from lstmviz.system.own_files import open_own

LOCK_TRIES, LOCK_PAUSE = 10, 0.02  # and seconds between two


def assemble(
    parts_dir: Path,
    path: Path,
    *,
    overwrite: bool = False,
    expected_steps: int | None = None,
    is_complete: bool = False,
) -> AssemblyReport:
    """Assemble a recording into a dump at ``path`` and return a report; the blocks stay unchanged.

    The dump is written inside ``parts_dir``, read back, and renamed, so ``path`` holds the old file or the new one,
    never a part. ``expected_steps`` is the number of acknowledged steps, if known; ``is_complete`` says that the
    recording was closed in order. The dump's provenance says ``complete`` if it was and every byte of the blocks was
    read. Raises DumpMissing where there is no recording, RecordingError where it still runs, DumpError where steps are
    missing, DumpExists where ``path`` exists, OSError where the disk is full.
    """
    _refuse_existing(path, overwrite)
    plan = read_plan(parts_dir)
    with _locked(parts_dir) as file:
        if is_complete:
            plan = replace(plan, provenance={**plan.provenance, "complete": True})
            with suppress(OSError):  # needed only if this fails and the recording is recovered
                write_plan(parts_dir, plan)
        remove_unfinished(parts_dir)
        with replacing(path, parts_dir / f"assembling-{secrets.token_hex(8)}.h5", sync=True) as temporary:
            report = _write(parts_dir, file, temporary, plan)
            if expected_steps is not None and report.n_steps < expected_steps:
                raise DumpError(
                    f"{parts_dir} holds {report.n_steps} of {expected_steps} recorded steps: "
                    f"{report.odd or f'batch {report.n_batches} is damaged'}"
                )
            _check_dump(temporary, plan, report.n_steps)
            _refuse_existing(path, overwrite)
    return report


def assemble_so_far(parts_dir: Path, path: Path) -> AssemblyReport:
    """Assemble what is acknowledged of a recording that goes on into a dump at ``path``; the blocks are only read.

    Raises DumpMissing or DumpError where no batch is complete yet, or the file of blocks changed meanwhile; OSError
    where the disk is full.
    """
    plan = read_plan(parts_dir)
    with open_own(parts_dir / BLOCKS) as file, replacing(path) as temporary:
        return _write(parts_dir, file, temporary, plan)


def main(arguments: Sequence[str] | None = None) -> int:
    """Assemble in this process; prints the report as JSON, or one line on standard error that says why it failed."""
    parser = argparse.ArgumentParser(
        prog="python -m lstmviz.dump.journal.assemble", description="Assemble the blocks of a recording into a dump."
    )
    parser.add_argument("parts", type=Path, help="folder of the recording, PATH.parts")
    parser.add_argument("path", type=Path, help="where the dump is written")
    parser.add_argument("--steps", type=int, help="refuse if the blocks hold fewer steps than this")
    parser.add_argument("--overwrite", action="store_true", help="replace what is at PATH")
    parser.add_argument("--complete", action="store_true", help="the recording was closed in order")
    parser.add_argument("--so-far", action="store_true", help="the recording goes on: leave its blocks alone")
    parsed = parser.parse_args(arguments)
    options = {"overwrite": parsed.overwrite, "expected_steps": parsed.steps, "is_complete": parsed.complete}
    try:
        if parsed.so_far:
            report = assemble_so_far(parsed.parts, parsed.path)
        else:
            report = assemble(parsed.parts, parsed.path, **options)
    except (LstmvizError, OSError, ValueError, RuntimeError) as err:  # h5py raises RuntimeError too
        print(" ".join(str(err).split()), file=sys.stderr)
        return 1
    print(json.dumps(asdict(report)))
    return 0


@contextmanager
def _locked(parts_dir: Path) -> Iterator[FileIO]:
    """Open the blocks for reading, locked: nobody else can record to them or assemble them meanwhile."""
    try:
        file = open_own(parts_dir / BLOCKS)
    except FileNotFoundError as err:
        raise DumpError(f"{parts_dir} holds no complete batch, so there is nothing to assemble") from err
    try:
        if not any(_tries(lambda: lock(file))):
            raise RecordingError(f"{still_running(parts_dir)}; wait until it ends, or end it")
        yield file
    finally:
        release(file)


def _tries(attempt: Callable[[], bool]) -> Iterator[bool]:
    """Try for a short while: a process that only checks whether a recording runs holds its lock for an instant."""
    for _ in range(LOCK_TRIES):
        yield attempt()
        time.sleep(LOCK_PAUSE)


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise DumpExists(f"{path} is already there; pass overwrite=True (--overwrite) or another path")


def _write(parts_dir: Path, file: FileIO, temporary: Path, plan: DumpPlan) -> AssemblyReport:
    """Write the dump in one pass if the batches are in the order of the documents, else in two."""
    try:
        report = Assembler(parts_dir, file, temporary, plan).in_recorded_order()
    except OutOfOrderError:
        temporary.unlink(missing_ok=True)
        report = Assembler(parts_dir, file, temporary, plan).in_document_order()
    if not report.n_batches:
        problem = f"no batch that can be kept ({report.odd})" if report.odd else "no complete batch"
        raise DumpError(f"{parts_dir} holds {problem}, so there is nothing to assemble")
    return report


def _check_dump(temporary: Path, plan: DumpPlan, n_steps: int) -> None:
    """Open the dump as a reader does, and read every value back, which checks the checksum of each chunk."""
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
