"""What a count of the training text alone would cost on the held-out text: the losses that a model has to beat.

Bigrams fall back on single tokens as Witten and Bell (1991) do: a token after which many different ones were seen
leaves more room for another. No torch.
"""

from __future__ import annotations

import numpy as np

from lstmviz.training.corpus import Ids


def unigram(train: Ids, held_out: Ids, n_vocab: int) -> float:
    """Return nats a token of held-out ids for who knows how frequent each token is (each counted once more)."""
    return float(-np.log(_frequencies(train, n_vocab)[held_out]).mean())


def bigram(train: Ids, held_out: Ids, n_vocab: int) -> float:
    """Return nats a token of held-out ids, without the first, for who knows how often each follows each other."""
    pairs, counts = np.unique(train[:-1] * n_vocab + train[1:], return_counts=True)
    n_after = np.bincount(train[:-1], minlength=n_vocab)  # how often a token was followed at all
    n_kinds = np.bincount(pairs // n_vocab, minlength=n_vocab)  # and by how many different ones
    before, following = held_out[:-1], held_out[1:]
    asked = before * n_vocab + following
    at = np.searchsorted(pairs, asked).clip(max=len(pairs) - 1)
    n_seen = np.where(pairs[at] == asked, counts[at], 0)
    alone = _frequencies(train, n_vocab)[following]
    room = n_kinds[before]
    total = n_after[before] + room
    p = np.where(total > 0, (n_seen + room * alone) / np.maximum(total, 1), alone)
    return float(-np.log(p).mean())


def _frequencies(ids: Ids, n_vocab: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    counts = np.bincount(ids, minlength=n_vocab) + 1.0
    return np.asarray(counts / counts.sum(), np.float64)
