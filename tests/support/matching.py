"""Dumps of drawn corpora, and the matches that the brute-force twin finds in them."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

import lstmviz
from lstmviz.types import Pattern, PatternUnit
from support.naive import NaiveSource
from support.naive import match as naive_match
from support.shards import write_shards
from support.strategies import corpora

NAN = float("nan")


def drawn(data, folder):
    """Draw a corpus with tracks of all kinds: as drawn, as dumps (one, and shards) with their tracks as plain lists."""
    corpus = data.draw(corpora())
    n_steps = sum(corpus.lengths)
    labels = data.draw(st.lists(st.sampled_from(["b", "a", "c"]), min_size=n_steps, max_size=n_steps))
    losses = [0.5, 0.25, 1.5, NAN, 2.0, math.inf]
    loss = data.draw(st.lists(st.sampled_from(losses), min_size=n_steps, max_size=n_steps))
    tracks = {"mark": np.array(corpus.marks), "part": np.array(labels), "loss": np.array(loss)}
    cuts = data.draw(st.sets(st.integers(1, len(corpus.lengths) - 1))) if len(corpus.lengths) > 1 else []
    one, many = write_shards(folder, cuts, corpus.lengths, corpus.states, None, tracks, views=corpus.views)
    plain = {"mark": corpus.marks, "loss": loss}
    return corpus, [(d, {**plain, "part": [d.tracks["part"].labels.index(x) for x in labels]}) for d in (one, many)]


def naive_rows(corpus, pattern, min_shared=1):
    sources = {n: NaiveSource(v, corpus.views[n]) for n, v in corpus.states.items()}
    allowed = [mark >= 1 or not pattern.filters for mark in corpus.marks]
    return [r for r in naive_match(sources, corpus.sequences, pattern, allowed) if r[3] >= min_shared]


def dump_of(corpus, folder):
    path = lstmviz.write_dump(
        folder / "corpus.h5",
        states=corpus.states,
        views=corpus.views,
        lengths=corpus.lengths,
        tracks={"mark": corpus.marks},
        overwrite=True,
    )
    return lstmviz.open_dump(path)


def rows_of(frame):
    return list(frame[["start", "stop", "sequence", "n_shared", "n_union"]].itertuples(index=False, name=None))


def expected_rows(corpus, pattern):
    sources = {n: NaiveSource(v, corpus.views[n]) for n, v in corpus.states.items()}
    allowed = [mark >= 1 or not pattern.filters for mark in corpus.marks]
    return naive_match(sources, corpus.sequences, pattern, allowed)


def one_unit(values, tmp_path, lengths=None, **more):
    return lstmviz.open_dump(
        lstmviz.write_dump(tmp_path / "one.h5", states={"rnn.l0.h": np.array(values)[:, None]}, lengths=lengths, **more)
    )


def unit_pattern(**more):
    return Pattern("text", (PatternUnit("rnn.l0.h", 0),), (("rnn.l0.h", 0.3),), **{"length": 1, **more})
