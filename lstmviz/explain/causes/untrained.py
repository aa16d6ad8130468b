"""An untrained network of the same shape: its states over the same text, as a dump in memory.

A random network echoes what it has just read, so its units may correlate with a label too. What a trained one does
better, it has learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.memory import MemoryReader
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.dump.schema import ArrayKey
from lstmviz.errors import ModelError
from lstmviz.explain.causes.texts import corpus_texts
from lstmviz.explain.evidence.sources import asked_sources
from lstmviz.rerun.interventions import model_units
from lstmviz.rerun.runner import Runner

MAX_VALUES = 2**27  # states kept in memory, with their codes half a GB
SEED = 0


class UntrainedReader(MemoryReader):
    """A dump in memory with other states: the axis, its tokens and its tracks are those of another dump."""

    def __init__(self, dump: DumpReader, axis: Axis, states: dict[str, NDArray[np.float16]]) -> None:
        self.path, self.provenance = dump.path, dict(dump.provenance)
        self.uuid = f"{dump.uuid}-untrained"
        self._arrays = {ArrayKey("state", name): values for name, values in states.items()}
        sources = {name: replace(axis.sources[name], dtype="float16", n_nan=0, units=None) for name in states}
        self.axes = {axis.name: replace(axis, sources=sources)}


def untrained(dump: DumpReader, runner: Runner, sources: Sequence[str] | None = None, seed: int = SEED) -> DumpReader:
    """Return the states of the asked sources (None: every h and c) of an untrained network of the model's shape.

    Raises UnknownName for a source, ModelError where the model cannot be run over the corpus, or there are too many
    states to keep.
    """
    axis = dump.first
    names = asked_sources(dump, axis, sources)
    texts = corpus_texts(dump, axis, len(runner.vocab))
    n_values = sum(dump.source(name).n_units for name in names) * axis.n_steps
    if n_values > MAX_VALUES:
        raise ModelError(f"an untrained network's {n_values:,} states do not fit in memory; name fewer sources")
    network = runner.fresh(seed)
    states = {name: np.empty((axis.n_steps, dump.source(name).n_units), np.float16) for name in names}
    for batch in texts.batches(np.arange(len(texts.starts)), len(runner.outputs), 1):
        with network.alone(), network.watching({}, names) as watch:
            network.logits(batch.ids, batch.lengths)
        is_step, places = batch.is_step.T, batch.place.T[batch.is_step.T]
        for name in names:
            values = watch.kept[name].numpy()[is_step]
            states[name][places] = values[:, model_units(dump, name)]
    return UntrainedReader(dump, axis, states)
