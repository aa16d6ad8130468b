"""Split what a test would write as one dump into the shards of a corpus, at sequence borders."""

from __future__ import annotations

import numpy as np

import lstmviz

WORDS = ["la", "Li", "lu"]


def write_shards(folder, cuts, lengths, states, tokens=None, tracks=None, **more):
    """Write one dump of everything and the same as shards that begin at sequences ``cuts``; return both, opened."""
    whole = {"states": states, "tokens": tokens, "tracks": tracks or {}}
    one = lstmviz.write_dump(folder / "one.h5", lengths=lengths, overwrite=True, **whole, **more)
    begins, edges = np.cumsum([0, *lengths]), [0, *sorted(cuts), len(lengths)]
    shards = folder / "shards"
    shards.mkdir(exist_ok=True)
    names = []
    for i, (first, last) in enumerate(zip(edges, edges[1:], strict=False)):
        steps = slice(begins[first], begins[last])
        names.append(shards / f"part-{i}.h5")
        lstmviz.write_dump(
            names[-1],
            states={n: v[steps] for n, v in states.items()},
            tokens=None if tokens is None else tokens[steps],
            tracks={n: v[steps] for n, v in (tracks or {}).items()},
            lengths=lengths[first:last],
            overwrite=True,
            **more,
        )
    return lstmviz.open_dump(one), lstmviz.open_dump(lstmviz.write_corpus(shards, names, overwrite=True))


def three_shards(folder):
    """Three shards of 20 steps in sequences of 10, and the same as one dump."""
    values = np.random.default_rng(1).uniform(-1, 1, (20, 4)).astype("float32").repeat(3, axis=0)
    tracks = {"part": np.array(["b"] * 20 + ["a"] * 20 + ["b", "c"] * 10)}
    states = {"rnn.l0.h": values}
    return write_shards(folder, [2, 4], [10] * 6, states, np.arange(60) % 3, tracks, vocab=WORDS)
