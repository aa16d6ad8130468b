"""Complete a recording whose process was killed, or whose dump could not be assembled."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lstmviz.dump.journal.format import AssemblyReport, steps_in_batches
from lstmviz.dump.journal.in_subprocess import assemble_in_subprocess
from lstmviz.dump.journal.reader import BlockReader
from lstmviz.dump.journal.writer import read_plan, remove_parts
from lstmviz.dump.parts import BLOCKS, HEADER, PARTS, is_recording, parts_of, still_running
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import DumpError, DumpExists, DumpMissing, LstmvizError, RecordingError
from lstmviz.system.own_files import is_link

State = Literal["complete", "cut short", "empty"]


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What there is of a recording now, and a line that says so.

    It is complete (closed in order, every step read), cut short (a dump of what was acknowledged), or empty (no dump).
    """

    state: State
    line: str


def recover(
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    assemble: Callable[..., AssemblyReport] = assemble_in_subprocess,
) -> RecoveryReport:
    """Complete the recording to ``path``: the dump's path, or the folder of parts beside it.

    The dump is assembled by ``assemble`` (in a child process by default), checked and put in its place, and the parts
    are removed. If that was done before, nothing happens, so it can be called again at any time. Raises DumpMissing
    where there is neither dump nor parts, DumpExists where another dump is at ``path``, DumpError where the parts
    cannot be read, RecordingError where the recording still runs or the disk has no room for the dump.
    """
    target = Path(path)
    if target.name.endswith(PARTS):
        target = target.with_name(target.name.removesuffix(PARTS))
    parts_dir = parts_of(target)
    if is_link(parts_dir):
        raise RecordingError(f"{parts_dir} is a link, so nothing is read or removed there; give the path it leads to")
    if not parts_dir.is_dir():
        return _nothing_to_do(target)
    if is_recording(parts_dir):
        raise RecordingError(f"{still_running(parts_dir)}; wait until it ends, or end it")
    if _is_in_place(target, parts_dir):
        return _remove_parts_of_finished(target, parts_dir)
    blocks = BlockReader(parts_dir)
    if not any(True for _ in blocks.batches()):
        return _without_batch(target, parts_dir, blocks)
    try:
        assembly = assemble(parts_dir, target, overwrite=overwrite)
    except (LstmvizError, OSError, RuntimeError) as err:
        if isinstance(err, DumpExists):
            raise
        raise RecordingError(f"{target} could not be assembled ({err}); {parts_dir} stays unchanged") from err
    return _report(target, parts_dir, assembly)


def _report(target: Path, parts_dir: Path, assembly: AssemblyReport) -> RecoveryReport:
    line = f"{target} holds {steps_in_batches(assembly.n_steps, assembly.n_batches)}"
    if assembly.n_odd_steps:
        left_out = steps_in_batches(assembly.n_odd_steps, assembly.n_odd_batches)
        line += f", without {left_out}, where {assembly.odd} (complete: false)"
    else:
        line += ", all of the recording" if assembly.is_complete else "; the recording was cut short (complete: false)"
    if assembly.is_torn:
        line += "; the last, partly written batch was left out"
    if assembly.n_lost_bytes and not assembly.is_torn:
        line += _damaged(assembly.n_lost_bytes, parts_dir)
    elif assembly.n_odd_steps:
        line += _parts_stay(parts_dir)
    else:
        remove_parts(parts_dir)
    return RecoveryReport("complete" if assembly.is_complete else "cut short", line)


def _remove_parts_of_finished(target: Path, parts_dir: Path) -> RecoveryReport:
    """Remove the parts where a process was killed after it had put the dump in place."""
    blocks = BlockReader(parts_dir)
    n_steps = sum(block.n_steps for batch in blocks.batches() for block in batch)
    report = _nothing_to_do(target)
    if blocks.n_lost_bytes and not blocks.is_torn:
        return replace(report, line=report.line + _damaged(blocks.n_lost_bytes, parts_dir))
    n_left_out = n_steps - _n_steps(target)
    if n_left_out > 0:
        return replace(report, line=f"{report.line}; it lacks {n_left_out:,} of the steps{_parts_stay(parts_dir)}")
    remove_parts(parts_dir)
    return report


def _without_batch(target: Path, parts_dir: Path, blocks: BlockReader) -> RecoveryReport:
    if blocks.n_lost_bytes and not blocks.is_torn:
        raise DumpError(f"no batch in {parts_dir} can be read, so there is nothing to recover{_parts_stay(parts_dir)}")
    is_bare = not any((parts_dir / name).exists() for name in (BLOCKS, HEADER))
    remove_parts(parts_dir)
    if is_bare and target.exists():  # a process was killed while it removed the parts
        return _nothing_to_do(target)
    unchanged = f"; {target} is unchanged" if target.exists() else ""
    return RecoveryReport("empty", f"no batch of the recording to {target} was complete: nothing to recover{unchanged}")


def _nothing_to_do(target: Path) -> RecoveryReport:
    """Report how much of its recording a dump in its place holds."""
    parts_dir = parts_of(target)
    if not target.exists():
        raise DumpMissing(f"no recording to {target}: neither it nor {parts_dir} exists")
    dump = DumpReader(target)
    try:
        if dump.provenance.get("complete", True) or "not_run" in dump.provenance:
            return RecoveryReport("complete", f"{target} is complete: there is nothing to recover")
        line = f"{target} has every acknowledged step of a recording that was cut short: there is nothing to recover"
        return RecoveryReport("cut short", line)
    finally:
        dump.close()


def _is_in_place(target: Path, parts_dir: Path) -> bool:
    """Tell whether the dump at the path was assembled from these parts."""
    try:
        plan = read_plan(parts_dir)
        dump = DumpReader(target)
    except LstmvizError:
        return False
    dump.close()
    recording = plan.provenance.get("recording")
    return recording is not None and dump.provenance.get("recording") == recording


def _n_steps(target: Path) -> int:
    dump = DumpReader(target)
    dump.close()
    return sum(axis.n_steps for axis in dump.axes.values())


def _damaged(n_bytes: int, parts_dir: Path) -> str:
    return f"; the {n_bytes:,} bytes after them are damaged{_parts_stay(parts_dir)}"


def _parts_stay(parts_dir: Path) -> str:
    return f", so {parts_dir} stays: delete it if they are not needed"
