"""Whether axes hold the same text, told by a digest of their tokens: any number of dumps is compared at once."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

from lstmviz.dump.lazy_arrays import Tokens
from lstmviz.dump.reader import Axis, DumpReader

AT_ONCE = 2**20  # token ids read at a time
KEPT = 1024  # digests


@lru_cache(maxsize=KEPT)
def text_digest(dump: DumpReader, axis: str) -> str | None:
    """Return a digest that two axes share where, and only where, they hold the same tokens in the same sequences.

    Vocabularies may differ: what counts is the text of each token, not its id. None for an axis without tokens, whose
    steps can be told to be the same as no other's.
    """
    steps = dump.axis(axis)
    if steps.tokens is None:
        return None
    digest = hashlib.sha256(f"{steps.n_steps} {len(steps.starts)} ".encode())
    digest.update(np.ascontiguousarray(steps.starts, "<i8").tobytes())
    used = _used(steps.tokens)
    texts = _texts(steps.tokens, used)
    words = sorted(set(texts))
    for word in words:
        spelled = word.encode("utf-8", "surrogatepass")
        digest.update(len(spelled).to_bytes(8, "little") + spelled)
    place = {word: k for k, word in enumerate(words)}
    places = np.array([place[text] for text in texts], "<i8")
    for start in range(0, steps.n_steps, AT_ONCE):
        ids = steps.tokens.ids[start : start + AT_ONCE]
        digest.update(places[np.searchsorted(used, ids)].tobytes())
    return digest.hexdigest()


def why_apart(dump: DumpReader, axis: str, second: DumpReader, other: str) -> str | None:
    """Tell in one line why steps of two axes are not the same text's; None where they are."""
    one, two = dump.axis(axis), second.axis(other)
    if dump.uuid == second.uuid:
        return None if axis == other else f"axis {axis!r} and axis {other!r} have steps of their own"
    if one.n_steps != two.n_steps:
        return f"{dump.name} has {one.n_steps:,} steps and {second.name} {two.n_steps:,}: they are not of one text"
    if not np.array_equal(one.starts, two.starts):
        return f"{dump.name} and {second.name} have other sequences: they are not of one text"
    digest = text_digest(dump, axis)
    if digest is None or two.tokens is None:
        return f"{dump.name} and {second.name} have no tokens to tell whether they are of one text"
    if digest != text_digest(second, other):
        return f"{dump.name} and {second.name} have other tokens: they are not of one text"
    return None


def same_text(axis: Axis, dump: DumpReader, others: list[DumpReader]) -> list[tuple[DumpReader, Axis]]:
    """Return, of some dumps, the axes that hold the same text as one of ``dump``, in order.

    Only those with as many steps and the same sequences are read; ``dump``'s own axis is always among them if asked.
    """
    every = ((other, candidate) for other in others for candidate in other.axes.values())
    return [(other, found) for other, found in every if why_apart(dump, axis.name, other, found.name) is None]


def _used(tokens: Tokens) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return every token id that occurs, sorted."""
    parts = [np.unique(tokens.ids[a : a + AT_ONCE]) for a in range(0, len(tokens), AT_ONCE)]
    return np.unique(np.concatenate(parts)).astype(np.int64)


def _texts(tokens: Tokens, ids: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    vocab = tokens.vocab
    return [str(i) if vocab is None else vocab[i] for i in ids.tolist()]
