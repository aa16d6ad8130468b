"""What a batch becomes: a plan after the first, and one block for each axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.block import Block
from lstmviz.dump.schema import ArrayKey, AttentionPlan, AxisPlan, DumpPlan, SourcePlan, StateDtype, first_duplicate
from lstmviz.dump.validate import TrackRows
from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.batch.axis_batch import AxisRows
from lstmviz.recording.batch.axis_state import TOKENS, AxisState, is_thinned
from lstmviz.recording.batch.forward_pass import StateRows
from lstmviz.recording.batch.pass_inputs import PassTrack


@dataclass(frozen=True, slots=True, eq=False)
class AxisBlock:
    """One axis of a batch, ready to be written: its block, and what the axis remembers once it is acknowledged."""

    axis: AxisState
    rows: AxisRows
    block: Block
    plan: AxisPlan
    sources: tuple[SourcePlan, ...]
    tracks: tuple[PassTrack, ...]
    attention: tuple[AttentionPlan, ...]
    new_labels: Mapping[str, tuple[str, ...]]  # by the encoder's names, tokens among them

    def commit(self) -> None:
        """Remember labels, tokens and documents."""
        for name, new in self.new_labels.items():
            self.axis.encoder.commit(name, new)
        self.axis.commit(self.plan, self.rows.given, self.rows.after)
        self.axis.commit_reading(self.rows.reading)


def make_axis_block(axis: AxisState, rows: AxisRows, dtype: StateDtype) -> AxisBlock:
    """Number the labels and tokens of one axis of a batch, and make its block; ``commit`` remembers them."""
    arrays: dict[ArrayKey, NDArray[Any]] = {}
    new: dict[str, tuple[str, ...]] = {}
    words = None
    if rows.tokens is not None:
        arrays[ArrayKey("tokens")] = _ids(axis, rows.tokens, new)
        words = rows.tokens.tolist() if rows.tokens.dtype == object else None
    arrays |= {ArrayKey("state", name): state.rows for name, state in rows.states.items()}
    arrays |= {ArrayKey("attention", name): weights.rows for name, weights in rows.attention.items()}
    tracks = (*rows.tracks, *_place_tracks(axis, rows))
    _check_duplicates(tracks)
    for track in tracks:
        key = ArrayKey("track" if track.per == "step" else "sequence", track.name)
        if isinstance(track.rows.values, np.ndarray):
            arrays[key] = track.rows.values
        else:
            arrays[key], new[track.name] = axis.encoder.encode(track.name, track.rows.values)
    plan = axis.declare(rows.given, words) if axis.plan is None else axis.plan
    labels = {name: added for name, added in new.items() if added and name != TOKENS}
    block = Block(plan.name, rows.lengths, arrays, labels, rows.places, new.get(TOKENS, ()))
    sources = tuple(_source(name, plan.name, state, dtype) for name, state in rows.states.items())
    attention = tuple(AttentionPlan(name, plan.name, w.over, dtype) for name, w in rows.attention.items())
    return AxisBlock(axis, rows, block, plan, sources, tracks, attention, new)


def first_plan(blocks: Sequence[AxisBlock], order: Sequence[str], provenance: Mapping[str, Any]) -> DumpPlan:
    """Return the plan that the first batch declares: sources in the ``order`` of their modules, then logged ones."""
    place = {name: i for i, name in enumerate(order)}
    sources = [(place.get(b.rows.states[s.name].module, len(place)), s) for b in blocks for s in b.sources]
    duplicate = first_duplicate(s.name for _, s in sources)
    if duplicate is not None:
        raise RecordingError(f"{duplicate!r} was logged on two axes; log it under two names")
    tracks = tuple(track.info(b.plan.name) for b in blocks for track in b.tracks)
    _check_duplicates(tracks)
    ordered = tuple(s for _, s in sorted(sources, key=lambda placed: placed[0]))
    attention = tuple(a for b in blocks for a in b.attention)
    if (twice := first_duplicate(a.name for a in attention)) is not None:
        raise RecordingError(f"{twice!r} was logged on two axes; log it under two names")
    return DumpPlan(tuple(b.plan for b in blocks), ordered, tracks, provenance, attention)


def check_plan(blocks: Sequence[AxisBlock], known: DumpPlan) -> None:
    """Raise RecordingError where a batch has other sources, tracks or attention than the first."""
    ran = {b.plan.name for b in blocks}
    for attention in known.attention:
        if (attention.axis in ran) != (attention.over in ran):
            rests = attention.over if attention.axis in ran else attention.axis
            raise RecordingError(
                f"nothing ran on axis {rests!r} in this batch, and attention {attention.name!r} pairs it with "
                f"{attention.over if rests == attention.axis else attention.axis!r}; run both in each batch"
            )
    for b in blocks:
        axis = b.plan.name
        declared = next((a for a in known.axes if a.name == axis), None)
        if declared is None or declared.has_tokens != b.plan.has_tokens:
            problem = "nothing ran" if declared is None else "no tokens were" if b.plan.has_tokens else "tokens were"
            raise RecordingError(f"{problem} on axis {axis!r} in the first batch; make the same in each")
        expected = [s for s in known.sources if s.axis == axis]
        if set(b.sources) != set(expected):
            raise RecordingError(_other_sources(b, expected))
        declared_here = [a for a in known.attention if a.axis == axis]
        other = next(iter(set(b.attention) ^ set(declared_here)), None)
        if other is not None:
            raise RecordingError(f"attention {other.name!r} is not in this batch and the first; log it in each")
        infos = {t.name: t for t in known.tracks if t.axis == axis}
        given = {t.name: t.info(axis) for t in b.tracks}
        odd = next((n for n in (*infos, *given) if infos.get(n) != given.get(n)), "")
        if odd:
            raise RecordingError(
                f"track {odd!r} is not the same in this batch and the first; make the same tracks in each"
            )


def _other_sources(block: AxisBlock, expected: Sequence[SourcePlan]) -> str:
    """Say which source a batch has and the first lacks, or the other way round, or has in another size."""
    first, now = {s.name: s for s in expected}, {s.name: s for s in block.sources}
    source = min(first.keys() ^ now.keys(), default=None)
    if source is None:
        source = next(name for name, s in now.items() if s != first[name])
        sizes = f"{first[source].n_units} units in the first batch and {now[source].n_units} in this one"
        return f"{source} has {sizes}; make the same in each"
    states = block.rows.states
    common = dict.fromkeys(s.module for n, s in states.items() if n in first and s.module != n and source not in n)
    is_gone = source in first
    place = "ran in the first batch and not in this one" if is_gone else "ran in this batch and not in the first"
    name = states[source].module if source in states else source.rsplit(".", 2)[0] if source.count(".") > 1 else source
    remedy = f"; or leave {name} out with layers={list(common)!r}" if common and name not in common else ""
    return f"{name} ({source}) {place}; run the same modules in each{remedy}"


def _ids(axis: AxisState, tokens: NDArray[Any], new: dict[str, tuple[str, ...]]) -> NDArray[np.uint32]:
    if tokens.dtype != object:
        return tokens.astype(np.uint32)
    codes, new[TOKENS] = axis.encoder.encode(TOKENS, tokens.tolist())
    return codes.astype(np.uint32)


def _place_tracks(axis: AxisState, rows: AxisRows) -> list[PassTrack]:
    """Return tracks of where each sequence of a thinned recording stood: its document, and its first kept step."""
    if not (axis.is_thinned if axis.plan is not None else is_thinned(axis.every, rows.given)):
        return []
    columns = {"document": np.ascontiguousarray(rows.places[:, 0]), "position": rows.positions}
    return [PassTrack(axis.prefix + name, TrackRows(values), per="sequence") for name, values in columns.items()]


def _source(name: str, axis: str, state: StateRows, dtype: StateDtype) -> SourcePlan:
    return SourcePlan(name, axis, state.rows.shape[1], dtype, state.view, state.units)


def _check_duplicates(tracks: Sequence[Any]) -> None:
    duplicate = first_duplicate(track.name for track in tracks)
    if duplicate is not None:
        raise InputError(f"track {duplicate!r} is there twice; give each its own name, on every axis")
