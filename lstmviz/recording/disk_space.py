"""How much room a recording will take, reported before its first byte is written."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lstmviz.dump.schema import DumpPlan
from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.batch.axes import by_axis

_COPIES = 2  # the parts, and beside them the dump that they are assembled into


@dataclass(frozen=True, slots=True)
class Forecast:
    """The room that a recording needs: ``n_bytes`` for each of its two copies, and ``n_free`` bytes on the disk."""

    n_steps: int | None
    step_bytes: float
    n_bytes: int
    n_free: int

    @property
    def fits(self) -> bool:
        """Whether the disk has room for both copies."""
        return self.n_bytes * _COPIES <= self.n_free


def forecast(folder: Path, n_steps: int | None, first_steps: int, first_bytes: int) -> Forecast:
    """Return the room that ``n_steps`` steps will take (None: unknown), from the steps and bytes of the first batch.

    ``first_steps`` are the steps that the model ran over, of which ``every`` and ``where`` may have kept a few.
    """
    step_bytes = first_bytes / max(1, first_steps)
    n_bytes = first_bytes if n_steps is None else max(first_bytes, round(n_steps * step_bytes))
    return Forecast(n_steps, step_bytes, n_bytes, shutil.disk_usage(folder).free)


def size_line(path: Path, plan: DumpPlan, given: Forecast) -> str:
    """Say in one line what will be written: steps if known, sources, bytes of the parts and of the dump, free room."""
    units = sum(s.n_units for s in plan.sources)
    dtypes = "/".join(dict.fromkeys(s.dtype for s in plan.sources))
    n_sources = len(plan.sources)
    sources = f"{n_sources} source{'s' * (n_sources != 1)} ({units:,} unit{'s' * (units != 1)}, {dtypes})"
    if given.n_steps is None:
        size = f"about {amount(1000 * given.step_bytes)} per 1,000 steps in {path}.parts, then as much in {path.name}"
        return f"recording {sources}: {size}; {amount(given.n_free)} free"
    size = f"{amount(given.n_bytes)} in {path}.parts, then as much in {path.name}"
    return f"recording {given.n_steps:,} steps x {sources}: {size}; {amount(given.n_free)} free"


def refusal(path: Path, given: Forecast) -> RecordingError:
    """Return the error for a disk that has less room than the recording will take."""
    return RecordingError(
        f"{path} will take {amount(given.n_bytes)}, and as much again while it is assembled from its parts: "
        f"{amount(_COPIES * given.n_bytes)}, and the disk has {amount(given.n_free)}; record fewer layers=, units=, "
        "every=, record to another disk, or pass force=True"
    )


def read_n_steps(given: object, axes: tuple[str, ...]) -> int | None:
    """Return the number of steps over all axes, from a whole number or one for each axis; None where not known."""
    if given is None:
        return None
    if isinstance(given, Mapping):
        return sum(read_n_steps(n, axes) or 0 for n in by_axis("n_steps", given, axes).values())
    if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 1:
        raise InputError(f"n_steps is {given!r}; give how many steps will come, or leave it out")
    return int(given)


def amount(n_bytes: float) -> str:
    """Write a number of bytes in kB, MB or GB (powers of 1000) with three digits."""
    unit, size = next(((u, s) for u, s in (("GB", 1e9), ("MB", 1e6)) if n_bytes >= 0.9995 * s), ("kB", 1e3))
    value = n_bytes / size
    return f"{value:,.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f} {unit}"
