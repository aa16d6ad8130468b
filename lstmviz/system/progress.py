"""Progress on standard error: a bar in a terminal, and a line every ten seconds where it is redirected."""

from __future__ import annotations

import threading
from typing import Any

from rich.console import Console
from rich.progress import Progress, Task

LINE_SECONDS = 10.0


def progress(*columns: Any, console: Console, transient: bool = False) -> Progress:
    """Return a progress display with these columns for a terminal or a notebook; lines for anything else."""
    if console.is_terminal or console.is_jupyter:
        return Progress(*columns, console=console, transient=transient)
    return _Lines(console)


class _Lines(Progress):
    """Writes a line for each task that is not done, every ten seconds, for a log file or a pipe."""

    def __init__(self, console: Console) -> None:
        super().__init__(console=console, disable=True)
        self._has_ended = threading.Event()

    def start(self) -> None:
        """Begin to write lines."""
        threading.Thread(target=self._write, name="lstmviz-progress", daemon=True).start()

    def stop(self) -> None:
        """Write no more lines."""
        self._has_ended.set()

    def _write(self) -> None:
        while not self._has_ended.wait(LINE_SECONDS):
            for task in self.tasks:
                if not task.finished:
                    self.console.print(_line(task), markup=False, highlight=False, soft_wrap=True)


def _line(task: Task) -> str:
    """Return a task in words: how much of it is done, and for how long it has run."""
    done = "" if task.total is None else f" {task.completed:,.0f} of {task.total:,.0f} ({task.percentage:.0f} %)"
    if task.total is not None and task.total <= 1:
        done = f" {task.percentage:.0f} %"
    return f"{task.description}{done}, {task.elapsed or 0:,.0f} s"
