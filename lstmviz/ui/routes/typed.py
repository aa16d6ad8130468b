"""Typed texts: whether a model lies beside the dump, and its states and predictions for a text."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated, Any

import numpy as np
from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import InputError, ModelError, ModelMissing
from lstmviz.match.pattern.thresholds import count_by_threshold
from lstmviz.rerun.rerun import model_description
from lstmviz.rerun.typed import TypedReader
from lstmviz.ui.queries import typed_of
from lstmviz.ui.routes.requests import json_body, window_query
from lstmviz.ui.routes.responses import uncached
from lstmviz.ui.routes.tiles import MAX_WINDOW_BYTES
from lstmviz.ui.routes.turns import Turns
from lstmviz.ui.routes.units import columns, why_not_json
from lstmviz.ui.rows import listed
from lstmviz.ui.selection import MAX_TEXT, Name
from lstmviz.ui.table import DumpTable

MAX_BODY = 2 * 2**20  # bytes of two texts, with every character escaped


class TextsQuery(BaseModel):
    """The texts to run, and the sources whose states the answer has; it has all tokens of each text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    texts: Annotated[tuple[Annotated[str, Field(max_length=MAX_TEXT)], ...], Field(min_length=1, max_length=2)]
    sources: Annotated[tuple[Name, ...], Field(max_length=64)] = ()


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""
    turns = Turns()

    @routes.get("/typing.json")
    def get_typing(uuid: str) -> Response:
        return uncached(jsonify(_typing(table[uuid])))

    @routes.post("/typed")
    def post_typed(uuid: str) -> Response:
        dump = table[uuid]
        try:
            query = TextsQuery.model_validate(json_body(MAX_BODY))
        except ValidationError as err:
            first = err.errors()[0]
            field = ".".join(map(str, first["loc"])) or "body"
            raise InputError(f"{field} is {str(first['input'])[:40]!r}: {first['msg'].lower()}") from err
        for source in query.sources:
            dump.source(source)
        with turns.turn():
            return uncached(jsonify({"texts": [_text(typed_of(dump, text), query.sources) for text in query.texts]}))

    @routes.post("/typed/thresholds/<int:source>")
    def post_thresholds(uuid: str, source: int) -> Response:
        typed = _posted_text(table[uuid])
        return uncached(jsonify(columns(count_by_threshold(typed, window_query(typed, source)))))

    @routes.post("/typed/whynot/<int:source>/<int:unit>")
    def post_why_not(uuid: str, source: int, unit: int) -> Response:
        return uncached(jsonify(why_not_json(_posted_text(table[uuid]), source, unit)))


def _posted_text(dump: DumpReader) -> TypedReader:
    """Return the text that a request posts, run through the model."""
    text = json_body(MAX_BODY).get("text")
    if not isinstance(text, str):
        raise InputError("'text' is missing: post the text")
    return typed_of(dump, text)


def _typing(dump: DumpReader) -> dict[str, Any]:
    """Return whether texts can be typed, or why not. A model may come and go, so browsers do not keep this."""
    try:
        description = model_description(dump)
    except ModelError as err:
        return {"problem": str(err), "is_absent": isinstance(err, ModelMissing)}
    return {
        "problem": None,
        "words": description.words,
        "level": description.level,
        "task": description.task,
        "n_vocab": len(description.vocab),
        "has_unknown": description.unknown is not None,
        "some": [token for i, token in enumerate(description.vocab[:60]) if i != description.unknown],
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
