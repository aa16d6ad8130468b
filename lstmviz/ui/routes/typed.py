"""Typed texts: whether a model lies beside the dump, and its states and predictions for a text."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError, ModelBusy, ModelError, ModelMissing
from lstmviz.match.pattern.thresholds import count_by_threshold
from lstmviz.rerun.interventions import HeldValues, Intervention, carried_values, held_values
from lstmviz.rerun.of_dump import reader_of
from lstmviz.rerun.typed import TypedReader
from lstmviz.types import Window
from lstmviz.ui.queries import influence_of, typed_of
from lstmviz.ui.routes.requests import json_body, window_query
from lstmviz.ui.routes.responses import jsonable, uncached
from lstmviz.ui.routes.tiles import MAX_WINDOW_BYTES
from lstmviz.ui.routes.turns import Turns
from lstmviz.ui.routes.units import columns, why_not_json
from lstmviz.ui.rows import listed
from lstmviz.ui.selection import MAX_CARRIED, InfluenceQuestion, TextRun, TextsQuestion, UnitName, checked
from lstmviz.ui.table import DumpTable

WAIT = 0.5  # seconds for the model, before the page is told that it runs for somebody else


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""
    turns, influence_turns = Turns(), Turns()

    @routes.get("/typing.json")
    def get_typing(uuid: str) -> Response:
        return uncached(jsonify(_typing(table[uuid])))

    @routes.post("/typed")
    def post_typed(uuid: str) -> Response:
        dump, query = table[uuid], checked(TextsQuestion, json_body())
        for source in query.sources:
            dump.source(source)
        with turns.turn():
            try:
                texts = [typed_of(dump, one.text, _held(dump, one), WAIT) for one in query.texts]
            except ModelBusy as err:  # the page says so, and asks again
                return uncached(jsonify({"waiting": str(err)}))
            return uncached(jsonify({"texts": [_text(text, query.sources) for text in texts]}))

    @routes.post("/typed/influence")
    def post_influence(uuid: str) -> Response:
        """Return what each token of a text changes at one step, in the loss and in some units on average."""
        dump, query = table[uuid], checked(InfluenceQuestion, json_body())
        with influence_turns.turn():
            changes = influence_of(dump, query.text, query.source, query.units).at(query.step)
        return uncached(jsonify({name: jsonable(changes[name]) for name in ("states", "loss")}))

    @routes.post("/typed/thresholds/<int:source>")
    def post_thresholds(uuid: str, source: int) -> Response:
        typed = _posted_text(table[uuid])
        return uncached(jsonify(columns(count_by_threshold(typed, window_query(typed, source)))))

    @routes.post("/typed/whynot/<int:source>/<int:unit>")
    def post_why_not(uuid: str, source: int, unit: int) -> Response:
        return uncached(jsonify(why_not_json(_posted_text(table[uuid]), source, unit)))


def _held(dump: DumpReader, run: TextRun) -> list[HeldValues]:
    """Return what is held while a text is read; what is carried over gives way to what is held at a number."""
    held: list[HeldValues] = []
    if run.carried is not None:
        start, stop = run.carried.start, run.carried.stop
        if stop - start > MAX_CARRIED:
            raise InputError(f"the values of {MAX_CARRIED} tokens can be carried over; brush fewer")
        donor = typed_of(dump, run.carried.donor)
        held += carried_values(dump, donor, _by_source(run.carried.units), Window(start, stop))
    units = _by_source(run.held)
    return held + held_values(dump, [Intervention(source, of, run.to) for source, of in units.items()])


def _by_source(units: Iterable[UnitName]) -> dict[str, tuple[int, ...]]:
    by_source: dict[str, tuple[int, ...]] = {}
    for one in units:
        by_source[one.source] = (*by_source.get(one.source, ()), one.unit)
    return by_source


def _posted_text(dump: DumpReader) -> TypedReader:
    """Return the text that a request posts, run through the model."""
    text = json_body().get("text")
    if not isinstance(text, str):
        raise InputError("'text' is missing: post the text")
    return typed_of(dump, text)


def _typing(dump: DumpReader) -> dict[str, Any]:
    """Return whether texts can be typed, or why not. A model may come and go, so browsers do not keep this."""
    try:
        reader = reader_of(dump)
    except ModelError as err:
        return {"problem": str(err), "is_absent": isinstance(err, ModelMissing)}
    return {
        "problem": None,
        "words": reader.words,
        "level": reader.level,
        "task": "label" if reader.predicts_labels else "next",
        "n_vocab": reader.n_vocab,
        "has_unknown": reader.has_unknown,
        "some": list(reader.some),
    }


def _text(typed: TypedReader, sources: tuple[str, ...]) -> dict[str, Any]:
    axis = typed.first
    n_bytes = typed.n_steps * sum(_dtype(typed, name).itemsize * typed.source(name).n_units for name in sources)
    if n_bytes > MAX_WINDOW_BYTES:
        raise InputError(
            f"the states of {typed.n_steps:,} tokens in {len(sources)} sources take more than "
            f"{MAX_WINDOW_BYTES // 2**20} MiB; type fewer, or look at fewer sources"
        )
    return {
        "text": typed.text,
        "tokens": typed.first.tokens[:] if typed.first.tokens is not None else [],
        "is_known": [int(known) for known in typed.typed_run.is_known],
        "has_unknown": typed.typed_run.has_unknown,
        "states": {name: b64encode(_states(typed, name)).decode() for name in sources},
        "tracks": [
            {
                "name": name,
                "kind": track.info.kind,
                "labels": list(track.labels),
                "concerns": track.info.concerns,
                "group": track.info.group,
                "values": listed(track[:]),
            }
            for name, track in axis.tracks.items()
        ],
    }


def _states(typed: TypedReader, name: str) -> bytes:
    return np.ascontiguousarray(typed.states(name)[:], _dtype(typed, name)).tobytes()


def _dtype(typed: TypedReader, name: str) -> np.dtype[Any]:
    """Return the little-endian type in which states are sent to the page, as those of a window are."""
    return np.dtype(typed.source(name).dtype).newbyteorder("<")
