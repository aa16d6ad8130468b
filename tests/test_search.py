"""Text search: hits in steps, by tokens that it touches, never across a border."""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz


def dump_of(tokens, tmp_path, lengths, join):
    vocab = sorted(set(tokens))
    ids = [vocab.index(t) for t in tokens]
    states = {"rnn.l0.h": np.zeros((len(tokens), 1))}
    path = lstmviz.write_dump(tmp_path / "t.h5", states=states, tokens=ids, vocab=vocab, lengths=lengths, join=join)
    return lstmviz.open_dump(path)


@pytest.mark.parametrize(
    ("join", "tokens", "lengths", "query", "hits"),
    [
        ("", list("(()())"), None, "()", [(1, 3, 0), (3, 5, 0)]),
        ("", list("abab"), [2, 2], "ba", []),
        ("", list("abab"), [2, 2], "ab", [(0, 2, 0), (2, 4, 1)]),
        (" ", ["the", "cat", "sat"], None, "cat sat", [(1, 3, 0)]),
        (" ", ["the", "cat", "sat"], None, "e c", [(0, 2, 0)]),
        (" ", ["The", "cat"], None, "the", [(0, 1, 0)]),
        (" ", ["the", "cat"], None, "The", []),
        (" ", ["a.c", "abc"], None, "a.c", [(0, 1, 0)]),
        (" ", ["x", "", "y"], None, "x  y", [(0, 3, 0)]),
        (" ", ["a", "b"], None, " ", [(0, 1, 0)]),
        (" ", ["naïve", "İx", "y"], None, "y", [(2, 3, 0)]),
    ],
)
def test_hits(tmp_path, join, tokens, lengths, query, hits):
    found = dump_of(tokens, tmp_path, lengths, join).search(query)
    assert list(found.itertuples(index=False, name=None)) == hits
