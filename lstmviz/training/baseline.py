"""The losses that a model has to beat: those of counts of the training text, on the held-out text. No torch.

Bigrams fall back on single tokens as in Witten and Bell (1991): the more different tokens followed one, the likelier it
is that a new one follows.
"""

from __future__ import annotations

import numpy as np

from lstmviz.training.corpus import Ids


def unigram(train: Ids, held_out: Ids, n_vocab: int) -> float:
    """Return the loss of token frequencies on held-out ids, in nats a token (each token counted once more)."""
    return float(-np.log(_frequencies(train, n_vocab)[held_out]).mean())


def bigram(train: Ids, held_out: Ids, n_vocab: int) -> float:
    """Return the loss of bigram frequencies on held-out ids without the first, in nats a token."""
    pairs, counts = np.unique(train[:-1] * n_vocab + train[1:], return_counts=True)
    n_after = np.bincount(train[:-1], minlength=n_vocab)  # how often a token was followed by any
    n_different = np.bincount(pairs // n_vocab, minlength=n_vocab)  # by how many different ones
    before, following = held_out[:-1], held_out[1:]
    wanted = before * n_vocab + following
    at = np.searchsorted(pairs, wanted).clip(max=len(pairs) - 1)
    n_seen = np.where(pairs[at] == wanted, counts[at], 0)
    unigram_p = _frequencies(train, n_vocab)[following]
    unseen = n_different[before]
    total = n_after[before] + unseen
    p = np.where(total > 0, (n_seen + unseen * unigram_p) / np.maximum(total, 1), unigram_p)
    return float(-np.log(p).mean())


def _frequencies(ids: Ids, n_vocab: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    counts = np.bincount(ids, minlength=n_vocab) + 1.0
    return np.asarray(counts / counts.sum(), np.float64)
