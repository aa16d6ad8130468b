"""Where a recording is written: to blocks while it runs, into one dump when it is closed."""

from __future__ import annotations

import errno
import os
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import Any

from lstmviz.dump.block import Block
from lstmviz.dump.journal.format import Acknowledged, steps_in_batches
from lstmviz.dump.journal.in_subprocess import assemble_in_subprocess
from lstmviz.dump.journal.writer import BlockWriter, claim, remove_parts, remove_unfinished, write_plan
from lstmviz.dump.parts import is_recording, parts_of, recover_command, release, still_running
from lstmviz.dump.schema import DumpPlan
from lstmviz.errors import DumpExists, RecordingError, StorageError

_WRONG_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR)


class Sink:
    """Takes the blocks of one recording, and turns them into the dump at ``path`` in a child process.

    It belongs to the process that made it: a fork of that one leaves everything as it is.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path = path
        self.parts_dir = parts_of(path)
        self._overwrite = overwrite
        self._pid = os.getpid()
        self._plan: DumpPlan | None = None
        self._file: FileIO | None = None
        self._writer: BlockWriter | None = None
        self.check()

    @property
    def n_steps(self) -> int:
        """Steps acknowledged so far, over all axes."""
        return self._written.n_steps

    @property
    def n_batches(self) -> int:
        """Batches acknowledged so far; a batch counts from that moment on, whatever ``append`` then raises."""
        return self._written.n_batches

    @property
    def plan(self) -> DumpPlan | None:
        """What the first batch declared; None before it."""
        return self._plan

    @property
    def is_ours(self) -> bool:
        """Whether this process made it, and is no fork of the one that did."""
        return self._pid == os.getpid()

    @property
    def _replaces(self) -> bool:
        """Whether something is at the path that may be replaced."""
        return self._overwrite and self.path.exists()

    @property
    def _amount(self) -> str:
        """What is acknowledged, in words."""
        return steps_in_batches(self.n_steps, self.n_batches)

    @property
    def _written(self) -> Acknowledged:
        return Acknowledged() if self._writer is None else self._writer.written

    def check(self) -> None:
        """Raise DumpExists where something is in the way, RecordingError where there is no folder to write in."""
        if self.path.is_dir():
            raise DumpExists(f"{self.path} is a folder; give the path of a file, such as {self.path / 'run.h5'}")
        if self.path.exists() and not self._overwrite:
            raise DumpExists(f"{self.path} is already there; pass overwrite=True or another path")
        if self.parts_dir.exists():
            raise DumpExists(self._unfinished())
        if not self.path.parent.is_dir():
            raise RecordingError(f"there is no folder {self.path.parent} to record in; make it first")

    def open(self) -> None:
        """Claim the path: make the folder of parts, which only one recording can do.

        Raises DumpExists where another recording has it, RecordingError where nothing may be written there,
        StorageError where the disk fails.
        """
        self._pid = os.getpid()
        self.check()
        try:
            self._file = claim(self.parts_dir)
        except FileExistsError as err:
            raise DumpExists(self._unfinished()) from err
        except OSError as err:
            reason = f"{self.parts_dir} cannot be made ({err.strerror})"
            if err.errno in _WRONG_PLACE:
                raise RecordingError(f"{reason}; record to another path") from err
            raise StorageError(self._stopped_line(reason)) from err

    def start(self, plan: DumpPlan) -> None:
        """Write the header, before the first block. Raises StorageError where the disk fails."""
        named = replace(plan, provenance={**plan.provenance, "recording": uuid.uuid4().hex})
        with self._stopping():
            self._writer = BlockWriter(self.parts_dir, named, self._file)
        self._plan = named

    def append(self, blocks: Sequence[Block]) -> None:
        """Append the blocks of one batch, one an axis; all are acknowledged when this returns.

        Raises StorageError where the disk fails: none of them is kept then, and the batches before them are.
        """
        if self._writer is None:
            raise RecordingError("the recording is not open; use it as `with lstmviz.record(...) as run`")
        with self._stopping():
            self._writer.append(*blocks)

    def flush(self) -> None:
        """Return once what was acknowledged would survive a power cut."""
        if self._writer is not None:
            with self._stopping():
                self._writer.flush()

    def finish(self, *, is_complete: bool, n_lost: int = 0, notes: Mapping[str, Any] | None = None) -> str | None:
        """Assemble the dump, rename it into place and remove the parts.

        ``n_lost`` batches failed in a recording that ended in order; the dump notes how many, and ``notes``, which are
        known only at the end.

        Returns None if all went well, else a line that says what happened and what to do; the parts are then kept. An
        incomplete recording never replaces what is at ``path``. A recording without a batch leaves nothing. Never
        raises for what the disk or the child process does.
        """
        if self._file is None or not self.is_ours:  # the folder, if there is one, is another's
            return None
        try:
            with suppress(StorageError):  # the system has the blocks; the assembling child syncs the dump
                self._close()
            if not self.n_steps:
                remove_parts(self.parts_dir)
                return None
            if not is_complete and self._replaces:
                return self._kept_beside()
            noted = {**(notes or {}), **({"batches_lost": n_lost} if n_lost else {})}
            if self._plan is not None and any(self._plan.provenance.get(k) != v for k, v in noted.items()):
                with suppress(OSError, StorageError):
                    write_plan(self.parts_dir, replace(self._plan, provenance={**self._plan.provenance, **noted}))
            assemble_in_subprocess(
                self.parts_dir,
                self.path,
                overwrite=self._overwrite and is_complete,
                expected_steps=self.n_steps,
                is_complete=is_complete and not n_lost,
            )
            remove_parts(self.parts_dir)
        except (RecordingError, OSError) as err:
            with suppress(OSError):
                remove_unfinished(self.parts_dir)
            return self._not_assembled(str(err))
        except KeyboardInterrupt as err:
            print_and_note(self._not_assembled("it was interrupted"), err)
            raise
        return None

    def stopped(self) -> str:
        """Say what is kept of a recording that was stopped and closed."""
        if not self.n_steps:
            return f"recording stopped: no batch was complete, so {self.path} was not written"
        return f"recording stopped: {self._amount} are kept in {self.path} (complete: false)"

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        elif self._file is not None:
            release(self._file)  # closed before a header could be written

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Add to an error of the disk that the recording stops, and what becomes of its batches."""
        try:
            yield
        except StorageError as err:
            raise StorageError(self._stopped_line(str(err))) from err

    def _stopped_line(self, reason: str) -> str:
        line = f"recording stopped: {reason}; the model runs on"
        if not self.n_steps:
            return f"{line}, and nothing was recorded"
        outcome = f"{line}. {self._amount} are kept in {self.parts_dir}"
        if self._replaces:
            return (
                f"{outcome} and {self.path} is unchanged; at the end, replace it with them by running {self._command()}"
            )
        return (
            f"{outcome}; at the end they become {self.path} (complete: false) if the disk has room for it, else "
            f"make room and run {self._command()}"
        )

    def _kept_beside(self) -> str:
        return (
            f"recording stopped: {self._amount} are kept in {self.parts_dir}, and {self.path} "
            f"is unchanged; replace it with them by running {self._command()}, or delete the folder"
        )

    def _not_assembled(self, reason: str) -> str:
        return (
            f"{self.path} could not be assembled ({reason}); all {self._amount} are kept in "
            f"{self.parts_dir}: finish with {self._command()}"
        )

    def _unfinished(self) -> str:
        if is_recording(self.parts_dir):
            return f"{still_running(self.parts_dir)}; wait until it ends, or record to another path"
        return (
            f"{self.parts_dir} holds an unfinished recording; finish it with {self._command()}, delete the folder, or "
            "record to another path"
        )

    def _command(self) -> str:
        return f"`{recover_command(self.path, overwrite=self._replaces)}`"


def print_line(line: str) -> None:
    """Print a line on standard error, which may be a file on the full disk."""
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def print_and_note(line: str, err: BaseException) -> None:
    """Print a line on standard error, and add it to the traceback of an exception that is raised further."""
    print_line(line)
    err.add_note(line)
