"""Which tokens stand at, before and after the matches, against a brute-force twin; the same over shards."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.match.summary import token_rows
from lstmviz.types import Window
from support.budget import examples
from support.matching import naive_rows
from support.shards import write_shards
from support.strategies import corpora, patterns

PLACES = ("token here", "token before", "token after")


def twin(corpus, tokens, rows):
    """What stands at each place, as counters of what is shown."""
    firsts = {a for a, _ in corpus.sequences}
    here = {t for start, stop, *_ in rows for t in range(start, stop)}
    before = {start - 1 for start, *_ in rows if start not in firsts}
    after = {stop for _, stop, *_ in rows if stop not in firsts and stop < len(tokens)}
    return [Counter(tokens[t] for t in steps) for steps in (here, before, after)]


@examples(60)
@given(st.data())
def test_counts_and_order_are_the_twins_over_a_dump_and_over_shards(tmp_path, data):
    corpus = data.draw(corpora())
    n = sum(corpus.lengths)
    ids = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    vocab = data.draw(st.sampled_from([None, ["a", "b", "c", "d"]]))
    cuts = data.draw(st.sets(st.integers(1, len(corpus.lengths) - 1))) if len(corpus.lengths) > 1 else []
    dumps = write_shards(
        tmp_path,
        cuts,
        corpus.lengths,
        corpus.states,
        np.array(ids),
        {"mark": np.array(corpus.marks)},
        views=corpus.views,
        vocab=vocab,
    )
    tokens = [str(i) if vocab is None else vocab[i] for i in ids]
    pattern = data.draw(patterns(corpus))
    rows = naive_rows(corpus, pattern, len(pattern.units))
    hidden = data.draw(st.lists(st.sampled_from(rows), unique=True)) if rows else []
    corpus_counts = Counter(tokens)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_rows, "BLOCK_STEPS", data.draw(st.integers(1, 7)))
        for dump in dumps:
            frame = dump.carry(pattern, hidden=[Window(*row[:2]) for row in hidden], tokens=3)
            expected = twin(corpus, tokens, [row for row in rows if row not in hidden])
            for place, counts in zip(PLACES, expected, strict=True):
                mine = frame[frame["track"] == place]
                assert len(mine) == min(3, len(counts))
                total = sum(counts.values())
                scores = {t: c / total * math.log(c / total / (corpus_counts[t] / n)) for t, c in counts.items()}
                for row in mine.itertuples():
                    assert (row.n_steps, row.n_corpus) == (counts[row.value], corpus_counts[row.value])
                    assert row.share == pytest.approx(counts[row.value] / total)
                    assert row.base_rate == pytest.approx(corpus_counts[row.value] / n)
                shown = [scores[value] for value in mine["value"]]
                assert shown == pytest.approx(sorted(scores.values(), reverse=True)[:3])


def test_tokens_that_are_shown_alike_are_one(tmp_path):
    states = np.array([1, 1, 0, 1], dtype="float32")[:, None]
    path = lstmviz.write_dump(
        tmp_path / "a.h5", states={"rnn.l0.h": states}, tokens=[0, 1, 2, 0], vocab=["x", "x", "y"]
    )
    dump = lstmviz.open_dump(path)
    frame = dump.carry(dump.select("rnn.l0.h", 0, 2), tokens=5)
    here = frame[frame["track"] == "token here"]
    assert here[["value", "n_steps", "n_corpus"]].to_numpy().tolist() == [["x", 3, 3]]


def test_without_tokens_there_are_no_such_rows(tmp_path):
    states = np.array([1, 1, 0, 1], dtype="float32")[:, None]
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "a.h5", states={"rnn.l0.h": states}))
    assert dump.carry(dump.select("rnn.l0.h", 0, 2), tokens=5).empty
