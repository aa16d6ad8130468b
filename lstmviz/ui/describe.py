"""The description of a dump for the page: its axes, sources and tracks, and the ranges of their values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.track_range import track_range
from lstmviz.match.pattern.opening_threshold import BrushTrial
from lstmviz.types import Source, view_cut
from lstmviz.ui.pairs import partners_json

RANGE_BLOCKS, RANGE_STEPS = 32, 256  # blocks that are read for the range of a source, and steps of each
RANGE_VALUES = 2**21  # of all blocks; a source of many units has shorter ones
ALL_BLOCKS = 2_048  # of all sources, which share them where there are many; one for each at least
TRIAL_STEPS = 64  # of each block: in them brushes are tried
NICE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # ends of a drawn range, times a power of ten
GRID = 100  # thresholds in the page lie on multiples of 1/100


def about(dump: DumpReader) -> dict[str, Any]:
    """Return the description, without tracks, as JSON; each part has the index that routes name it by."""
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
                "pieces": "" if axis.tokens is None else axis.tokens.pieces,
                "n_sequences": len(axis.starts),
                "pairs": partners_json(dump, axis),
            }
            for axis in dump.axes.values()
        ],
        "sources": [_source(dump, i, source, axes) for i, source in enumerate(dump.sources.values())],
        "tanh_cuts": [finite(view_cut("tanh", i / GRID)) for i in range(-GRID, GRID + 1)],
    }


def tracks_json(dump: DumpReader) -> dict[str, Any]:
    """Return the description of the tracks as they are now, and their revision."""
    revision = dump.tracks_revision
    tracks = [(axis, track) for axis in dump.axes.values() for track in axis.tracks.values()]
    return {
        "tracks_revision": revision,
        "tracks": [{**_track(track), "index": i, "axis": axis.index} for i, (axis, track) in enumerate(tracks)],
    }


def _recording(dump: DumpReader) -> list[str]:
    """Describe how the dump was recorded, in short lines."""
    notes = {"tokens": "tokens {}", "not_run": "{} did not run"}
    return [
        line.format(dump.provenance[key]) for key, line in notes.items() if isinstance(dump.provenance.get(key), str)
    ]


def finite(value: float) -> float | None:
    """Return a number that JSON can carry: itself, or None where it is infinite or NaN."""
    return value if math.isfinite(value) else None


def _source(dump: DumpReader, index: int, source: Source, axes: dict[str, int]) -> dict[str, Any]:
    blocks = list(_blocks(dump, source, max(1, min(RANGE_BLOCKS, ALL_BLOCKS // len(dump.sources)))))
    bound = _bound(source, max((_largest(values) for _, values in blocks), default=0.0))
    trial = BrushTrial(bound)
    firsts = dump.axes[source.axis].starts
    for start, values in blocks:
        steps = np.arange(start, start + min(len(values), TRIAL_STEPS))
        trial.add(
            values[:TRIAL_STEPS], np.isin(steps, firsts[slice(*np.searchsorted(firsts, steps[[0, -1]] + [0, 1]))])
        )
    return {
        "index": index,
        "name": source.name,
        "axis": axes[source.axis],
        "n_units": source.n_units,
        "dtype": source.dtype,
        "view": source.view,
        "low": -bound,
        "high": bound,
        "opening": asdict(trial.best()),
        "n_nan": dump.n_nan(source.name),
        "units": None if source.units is None else list(source.units),
        "names": None if source.names is None else list(source.names),
    }


def _blocks(dump: DumpReader, source: Source, n_blocks: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Give up to ``n_blocks`` blocks spread over a source as they are drawn, each with its first step."""
    states = dump.states(source.name)
    length = min(RANGE_STEPS, max(1, RANGE_VALUES // (RANGE_BLOCKS * source.n_units)))
    for start in np.unique(np.linspace(0, max(0, source.n_steps - length), n_blocks, dtype=np.int64)).tolist():
        values = states[start : start + length].astype(np.float32)  # with which NumPy is faster
        yield start, np.tanh(values) if source.view == "tanh" else values


def _largest(values: NDArray[np.float32]) -> float:
    """Return the largest finite value of a block, without sign."""
    finite_values = values[np.isfinite(values)]
    return max(float(-finite_values.min()), float(finite_values.max())) if finite_values.size else 0.0


def _bound(source: Source, reach: float) -> float:
    """Return the end of the range to draw: 1 if the largest value is 0.5 to 1, else that value as a round number."""
    return 1.0 if source.view == "tanh" or reach == 0 or 0.5 <= reach <= 1 else nice_bound(reach)


def nice_bound(reach: float) -> float:
    """Return the least of 1, 1.2, 1.5 .. 10 times a power of ten that is at least ``reach`` (positive)."""
    power = math.floor(math.log10(reach))
    return next(bound for k in NICE if (bound := float(f"{k}e{power}")) >= reach or k == NICE[-1])


def _track(track: Track) -> dict[str, Any]:
    reach = track_range(track)
    return {
        "name": track.info.name,
        "kind": track.info.kind,
        "labels": list(track.labels),
        "per": track.info.per,
        "concerns": track.info.concerns,
        "group": track.info.group,
        "low": reach.low,
        "high": reach.high,
        "is_integer": reach.is_integer,
    }
