"""Complete a recording whose process was ended, or whose dump could not be assembled."""

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

State = Literal["whole", "cut short", "empty"]


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What there is of a recording now, and the line that says so.

    It is whole (closed in order, every step read), cut short (a dump of what was acknowledged), or empty (no dump).
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
    are removed. Where that was done before, nothing is done, so it can be called again at any time. Raises DumpMissing
    where there is neither dump nor parts, DumpExists where another dump stands at ``path``, DumpError where the parts
    cannot be read, RecordingError where the recording still runs or the disk does not take the dump.
    """
    given = Path(path)
    is_folder = given.name.endswith(PARTS)
    target = given.with_name(given.name.removesuffix(PARTS)) if is_folder else given
    parts_dir = parts_of(target)
    if not parts_dir.is_dir():
        return _nothing_to_do(target)
    if is_recording(parts_dir):
        raise RecordingError(f"{still_running(parts_dir)}; wait until it ends, or end it")
    if _is_in_place(target, parts_dir):
        return _tidied(target, parts_dir)
    blocks = BlockReader(parts_dir)
    if not any(True for _ in blocks.batches()):
        return _without_batch(target, parts_dir, blocks)
    try:
        found = assemble(parts_dir, target, overwrite=overwrite)
    except (LstmvizError, OSError, RuntimeError) as err:
        if isinstance(err, DumpExists):
            raise
        raise RecordingError(f"{target} could not be assembled ({err}); {parts_dir} stays as it is") from err
    return _assembled(target, parts_dir, found)


def _assembled(target: Path, parts_dir: Path, found: AssemblyReport) -> RecoveryReport:
    line = f"{target} holds {steps_in_batches(found.n_steps, found.n_batches)}"
    if found.n_odd_steps:
        left_out = steps_in_batches(found.n_odd_steps, found.n_odd_batches)
        line += f", without {left_out}, where {found.odd} (complete: false)"
    else:
        line += ", all of the recording" if found.is_complete else "; the recording was cut short (complete: false)"
    if found.is_torn:
        line += ", in the midst of a batch that is left out"
    if found.n_lost_bytes and not found.is_torn:
        line += _unread(found.n_lost_bytes, parts_dir)
    elif found.n_odd_steps:
        line += _kept(parts_dir)
    else:
        remove_parts(parts_dir)
    return RecoveryReport("whole" if found.is_complete else "cut short", line)


def _tidied(target: Path, parts_dir: Path) -> RecoveryReport:
    """Finish what a process did not that was ended between putting the dump in place and removing the parts."""
    blocks = BlockReader(parts_dir)
    n_steps = sum(block.n_steps for batch in blocks.batches() for block in batch)
    found = _nothing_to_do(target)
    if blocks.n_lost_bytes and not blocks.is_torn:
        return replace(found, line=found.line + _unread(blocks.n_lost_bytes, parts_dir))
    n_left_out = n_steps - _n_steps(target)
    if n_left_out > 0:
        return replace(found, line=f"{found.line}; it has {n_left_out:,} steps less{_kept(parts_dir)}")
    remove_parts(parts_dir)
    return found


def _without_batch(target: Path, parts_dir: Path, blocks: BlockReader) -> RecoveryReport:
    if blocks.n_lost_bytes and not blocks.is_torn:
        raise DumpError(f"no batch in {parts_dir} can be read, so there is nothing to recover{_kept(parts_dir)}")
    is_bare = not any((parts_dir / name).exists() for name in (BLOCKS, HEADER))
    remove_parts(parts_dir)
    if is_bare and target.exists():  # what is left where a process was ended as the last thing that it did
        return _nothing_to_do(target)
    as_before = f"; {target} is what it was before" if target.exists() else ""
    return RecoveryReport("empty", f"no batch of the recording to {target} was complete: nothing to recover{as_before}")


def _nothing_to_do(target: Path) -> RecoveryReport:
    """Say of a dump that is in its place how much of its recording it is."""
    parts_dir = parts_of(target)
    if not target.exists():
        raise DumpMissing(f"no recording to {target}: neither it nor {parts_dir} is there")
    dump = DumpReader(target)
    try:
        if dump.provenance.get("complete", True):
            return RecoveryReport("whole", f"{target} is whole: there is nothing to recover")
        line = f"{target} is all that was acknowledged of a recording that was cut short: there is nothing to recover"
        return RecoveryReport("cut short", line)
    finally:
        dump.close()


def _is_in_place(target: Path, parts_dir: Path) -> bool:
    """Tell whether the dump at the path is the one that was assembled from these parts."""
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


def _unread(n_bytes: int, parts_dir: Path) -> str:
    return f"; the {n_bytes:,} bytes behind them are damaged{_kept(parts_dir)}"


def _kept(parts_dir: Path) -> str:
    return f", so {parts_dir} stays: delete it if they are not needed"
