"""The description of a dump for the page: its axes, sources and tracks, and the ranges of their values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import DumpReader
from lstmviz.types import Source, view_cut

RANGE_BLOCKS, RANGE_STEPS = 32, 256  # blocks that are read for the range of a source, and steps of each
RANGE_VALUES = 2**21  # of all blocks; a source of many units has shorter ones
NICE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # ends of a drawn range, times a power of ten
GRID = 100  # thresholds in the page lie on multiples of 1/100


def about(dump: DumpReader) -> dict[str, Any]:
    """Return the description as JSON; each part has the index that the routes of its values name it by."""
    axes = {axis.name: axis.index for axis in dump.axes.values()}
    return {
        "uuid": dump.uuid,
        "name": dump.name,
        "model": dump.provenance.get("model"),
        "is_complete": dump.provenance.get("complete") is not False or "not_run" in dump.provenance,
        "recording": _recording(dump),
        "axes": [
            {
                "index": axis.index,
                "name": axis.name,
                "n_steps": axis.n_steps,
                "has_tokens": axis.tokens is not None,
                "join": " "
                if axis.tokens is not None and axis.tokens.pieces
                else axis.join,  # pieces are set like words
                "n_sequences": len(axis.starts),
            }
            for axis in dump.axes.values()
        ],
        "sources": [_source(dump, i, source, axes) for i, source in enumerate(dump.sources.values())],
        "tracks": [
            _track(i, track, axes)
            for i, track in enumerate(t for axis in dump.axes.values() for t in axis.tracks.values())
        ],
        "tanh_cuts": [finite(view_cut("tanh", i / GRID)) for i in range(-GRID, GRID + 1)],
    }


def _recording(dump: DumpReader) -> list[str]:
    """Return what is to be known of how the dump was recorded, in short lines."""
    notes = {"tokens": "tokens {}", "not_run": "{} did not run"}
    return [
        line.format(dump.provenance[key]) for key, line in notes.items() if isinstance(dump.provenance.get(key), str)
    ]


def finite(value: float) -> float | None:
    """Return a number that JSON can carry: itself, or None where it is infinite or NaN."""
    return value if math.isfinite(value) else None


def _source(dump: DumpReader, index: int, source: Source, axes: dict[str, int]) -> dict[str, Any]:
    low, high = _range(dump, source)
    return {
        "index": index,
        "name": source.name,
        "axis": axes[source.axis],
        "n_units": source.n_units,
        "dtype": source.dtype,
        "view": source.view,
        "low": low,
        "high": high,
        "n_nan": dump.n_nan(source.name),
        "units": None if source.units is None else list(source.units),
    }


def _range(dump: DumpReader, source: Source) -> tuple[float, float]:
    """Return the range to draw: -1 to 1 if the largest value is 0.5 to 1, else up to the largest value.

    The largest value is that of blocks spread over the source, without sign, rounded up to a round number.
    """
    if source.view == "tanh":
        return -1.0, 1.0
    states = dump.states(source.name)
    reach = 0.0
    length = min(RANGE_STEPS, max(1, RANGE_VALUES // (RANGE_BLOCKS * source.n_units)))
    for start in np.unique(np.linspace(0, max(0, source.n_steps - length), RANGE_BLOCKS, dtype=np.int64)).tolist():
        values = states[start : start + length]
        if values.dtype == np.float16:
            values = values.astype(np.float32)  # with which NumPy is faster
        finite_values = values[np.isfinite(values)]
        if finite_values.size:
            reach = max(reach, float(-finite_values.min()), float(finite_values.max()))
    bound = 1.0 if reach == 0 or 0.5 <= reach <= 1 else nice_bound(reach)
    return -bound, bound


def nice_bound(reach: float) -> float:
    """Return the least of 1, 1.2, 1.5 .. 10 times a power of ten that is at least ``reach`` (positive)."""
    power = math.floor(math.log10(reach))
    return next(bound for k in NICE if (bound := float(f"{k}e{power}")) >= reach or k == NICE[-1])


def _track(index: int, track: Track, axes: dict[str, int]) -> dict[str, Any]:
    low, high, is_integer = math.inf, -math.inf, True
    for values in track.blocks():
        numbers = values[np.isfinite(values)]
        if numbers.size:
            low, high = min(low, float(numbers.min())), max(high, float(numbers.max()))
            is_integer &= bool((numbers == np.round(numbers)).all())
    return {
        "index": index,
        "name": track.info.name,
        "axis": axes[track.info.axis],
        "kind": track.info.kind,
        "labels": list(track.labels),
        "per": track.info.per,
        "concerns": track.info.concerns,
        "group": track.info.group,
        "low": low if low <= high else 0.0,
        "high": high if low <= high else 0.0,
        "is_integer": is_integer,
    }
