"""Where a recording goes: blocks while it runs, one dump when it is closed."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from lstmviz.dump.parts import HEADER, BlockWriter, counted, is_recording, parts_of, write_plan
from lstmviz.dump.schema import ArrayKey, DumpPlan
from lstmviz.errors import DumpExists, RecordingError


class Sink:
    """Takes the blocks of one recording, and turns them into the dump at ``path`` in a child process."""

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path = path
        self.parts_dir = parts_of(path)
        self.n_steps = self.n_batches = 0
        self._overwrite = overwrite
        self._plan: DumpPlan | None = None
        self._writer: BlockWriter | None = None
        self.check()

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
        """Take the place: the folder of parts is made, which only one recording can do."""
        self.check()
        try:
            self.parts_dir.mkdir()
        except FileExistsError as err:
            raise DumpExists(self._unfinished()) from err
        except OSError as err:
            raise RecordingError(f"{self.parts_dir} cannot be made ({err.strerror}); record to another path") from err

    @property
    def plan(self) -> DumpPlan | None:
        """What the first batch declared, or None before it."""
        return self._plan

    def start(self, plan: DumpPlan) -> None:
        """Write the header; the first block may follow."""
        try:
            self._writer = BlockWriter(self.parts_dir, plan)
        except OSError as err:
            raise RecordingError(f"{self.parts_dir} cannot be written ({err.strerror or err}); make room") from err
        self._plan = plan

    def append(
        self,
        axis: str,
        lengths: Sequence[int],
        arrays: Mapping[ArrayKey, NDArray[Any]],
        labels: Mapping[str, Sequence[str]],
    ) -> None:
        """Append one block; it is acknowledged when this returns."""
        if self._writer is None:
            raise RecordingError("the recording is not open; use it as `with lstmviz.record(...) as run`")
        self._writer.append(axis, lengths, arrays, labels)
        self.n_steps += sum(lengths)
        self.n_batches += 1

    def flush(self) -> None:
        """Return once what was acknowledged would outlive a power cut."""
        if self._writer is not None:
            self._writer.flush()

    def finish(self, *, is_complete: bool) -> None:
        """Assemble the dump, rename it into place and remove the parts; RecordingError, parts kept, if that fails."""
        if self._writer is None or self._plan is None or not self.n_steps:
            self._close_writer()
            shutil.rmtree(self.parts_dir, ignore_errors=True)
            return
        try:
            self._close_writer()
            if is_complete:
                write_plan(self.parts_dir, replace(self._plan, provenance={**self._plan.provenance, "complete": True}))
            reason = self._assemble()
        except OSError as err:
            reason = f"{err.strerror or err}"
        except KeyboardInterrupt as err:
            tell(self._kept("it was interrupted"), err)
            raise
        if reason:
            raise RecordingError(self._kept(reason))
        shutil.rmtree(self.parts_dir, ignore_errors=True)

    def stopped(self) -> str:
        """Say what is left of a recording that was stopped and closed."""
        if not self.n_steps:
            return f"recording stopped: no batch was complete, so {self.path} was not written"
        return f"recording stopped: {counted(self.n_steps, self.n_batches)} are kept in {self.path} (complete: false)"

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None

    def _assemble(self) -> str:
        """Run the child process; return why it failed in one line, or nothing."""
        # The child imports from where this process does, in the same order; -m would put the working folder first.
        root = str(Path(__file__).resolve().parents[2])
        places = [*(p for p in sys.path if isinstance(p, str)), root]
        code = f"import sys; sys.path[:] = {places!r}; from lstmviz.dump.assemble import main; sys.exit(main())"
        command = [sys.executable, "-c", code, str(self.parts_dir), str(self.path), "--steps", str(self.n_steps)]
        command.append("--keep-parts")
        if self._overwrite:
            command.append("--overwrite")
        # A session of its own, so that Ctrl-C in the terminal does not reach it.
        child = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, errors="replace", check=False, start_new_session=True
        )
        if child.returncode == 0:
            return ""
        if child.returncode < 0:
            return f"the assembling process was ended by {signal.Signals(-child.returncode).name}; is the disk full?"
        lines = child.stderr.strip().splitlines()
        return lines[-1] if lines else f"the assembling process ended with code {child.returncode}"

    def _kept(self, reason: str) -> str:
        return (
            f"{self.path} could not be assembled ({reason}); all {counted(self.n_steps, self.n_batches)} are kept in "
            f"{self.parts_dir}: finish with {self._command()}"
        )

    def _unfinished(self) -> str:
        if is_recording(self.parts_dir):
            return f"{self.parts_dir} is being recorded to now; wait until that ends, or record to another path"
        if not (self.parts_dir / HEADER).exists():
            return (
                f"{self.parts_dir} is there: a recording that runs now, or one that ended before its first batch; "
                "delete the folder if none runs"
            )
        return (
            f"{self.parts_dir} holds an unfinished recording; finish it with {self._command()}, delete the folder, or "
            "record to another path"
        )

    def _command(self) -> str:
        command = ["python", "-m", "lstmviz.dump.assemble", str(self.parts_dir), str(self.path)]
        return f"`{shlex.join([*command, *['--overwrite'] * (self._overwrite and self.path.exists())])}`"


def tell(line: str, err: BaseException) -> None:
    """Say a line on standard error, and under the traceback of an exception that goes on."""
    print(line, file=sys.stderr)
    err.add_note(line)
