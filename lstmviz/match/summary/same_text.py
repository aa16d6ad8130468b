"""Whether axes hold the same text, by a digest of their tokens, so that many dumps can be compared."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

from lstmviz.dump.lazy_arrays import Tokens
from lstmviz.dump.reader import Axis, DumpReader

BLOCK_STEPS = 2**20  # token ids read at a time
CACHED_DIGESTS = 1024


@lru_cache(maxsize=CACHED_DIGESTS)
def text_digest(dump: DumpReader, axis: str) -> str | None:
    """Return a digest that two axes share if and only if they hold the same tokens in the same sequences.

    The text of each token counts, not its id, so vocabularies may differ. None for an axis without tokens, which
    cannot be compared.
    """
    steps = dump.axis(axis)
    if steps.tokens is None:
        return None
    digest = hashlib.sha256(f"{steps.n_steps} {len(steps.starts)} ".encode())
    digest.update(np.ascontiguousarray(steps.starts, "<i8").tobytes())
    used = _used_ids(steps.tokens)
    texts = _texts(steps.tokens, used)
    words = sorted(set(texts))
    for word in words:
        encoded = word.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
    place = {word: k for k, word in enumerate(words)}
    places = np.array([place[text] for text in texts], "<i8")
    for start in range(0, steps.n_steps, BLOCK_STEPS):
        ids = steps.tokens.ids[start : start + BLOCK_STEPS]
        digest.update(places[np.searchsorted(used, ids)].tobytes())
    return digest.hexdigest()


def why_other_text(dump: DumpReader, axis: str, second: DumpReader, other: str) -> str | None:
    """Say in one line why two axes do not hold the same text; None if they do."""
    one, two = dump.axis(axis), second.axis(other)
    if dump.uuid == second.uuid:
        return None if axis == other else f"axis {axis!r} and axis {other!r} have different steps"
    if one.n_steps != two.n_steps:
        counts = f"{dump.name} has {one.n_steps:,} steps and {second.name} {two.n_steps:,}"
        return f"{counts}: they do not hold the same text"
    if not np.array_equal(one.starts, two.starts):
        return f"{dump.name} and {second.name} have different sequences: they do not hold the same text"
    digest = text_digest(dump, axis)
    if digest is None or two.tokens is None:
        return f"{dump.name} and {second.name} cannot be compared: one of them has no tokens"
    if digest != text_digest(second, other):
        return f"{dump.name} and {second.name} have different tokens: they do not hold the same text"
    return None


def same_text(axis: Axis, dump: DumpReader, others: list[DumpReader]) -> list[tuple[DumpReader, Axis]]:
    """Return the axes of other dumps that hold the same text as an axis of ``dump``, in order.

    Tokens are read only of axes with the same number of steps and the same sequences.
    """
    pairs = ((other, candidate) for other in others for candidate in other.axes.values())
    return [pair for pair in pairs if why_other_text(dump, axis.name, pair[0], pair[1].name) is None]


def _used_ids(tokens: Tokens) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the token ids that occur, sorted."""
    parts = [np.unique(tokens.ids[a : a + BLOCK_STEPS]) for a in range(0, len(tokens), BLOCK_STEPS)]
    return np.unique(np.concatenate(parts)).astype(np.int64)


def _texts(tokens: Tokens, ids: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    vocab = tokens.vocab
    return [str(i) if vocab is None else vocab[i] for i in ids.tolist()]
