"""The embeddings of the model beside a dump: one row a token of its vocabulary. Read without torch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ModelError, ModelMissing, ProjectionError, reason_of
from lstmviz.rerun.rerun import model_file
from lstmviz.training.model_config import model_beside, read_description, read_weights

WEIGHT = "embedding.weight"  # in the model's file
DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}  # by safetensors' name, those that NumPy reads
BLOCK_STEPS = 2**20  # of token ids counted at a time


@dataclass(frozen=True, eq=False)
class Embeddings:
    """``matrix`` (n_tokens, n_embedding) float32, the token of each row, and a digest of the matrix."""

    matrix: NDArray[np.float32]
    vocab: tuple[str, ...]
    digest: str


def embeddings(dump: DumpReader) -> Embeddings:
    """Return the embeddings of the model beside a dump; ProjectionError says why there are none."""
    vocab = None if dump.tokens is None else dump.tokens.vocab
    path = model_beside(dump.path)
    try:
        model_file(dump)
        description = read_description(path)
        stored = dict(deserialize(read_weights(path, description.n_weights)))  # type: ignore[no-untyped-call]
    except ModelMissing:
        raise ProjectionError(
            f"no model lies beside {dump.path.name}, so there are no embeddings; samples and lstmviz train save one"
        ) from None
    except ModelError as err:
        raise ProjectionError(f"there are no embeddings: {err}") from err
    except (SafetensorError, OSError) as err:
        raise ProjectionError(f"{path.name} cannot be read as a model ({reason_of(err)})") from err
    weight = stored.get(WEIGHT, {})
    dtype = DTYPES.get(weight.get("dtype"))
    matrix = None if dtype is None else np.frombuffer(weight["data"], dtype).reshape(weight["shape"])
    if matrix is None or matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise ProjectionError(f"the model in {path.name} has no embedding of its tokens")
    if vocab is None or len(matrix) != len(vocab) or description.vocab != vocab:
        raise ProjectionError(f"the model in {path.name} is not the one that {dump.path.name} was recorded with")
    single = matrix.astype(np.float32)
    return Embeddings(single, vocab, hashlib.sha256(single.tobytes() + repr(single.shape).encode()).hexdigest())


def token_counts(dump: DumpReader) -> NDArray[np.int64]:
    """Return how often each token of the first axis' vocabulary occurs in the corpus."""
    if dump.tokens is None or dump.tokens.vocab is None:
        raise ProjectionError(f"{dump.path.name} has no tokens with a vocabulary to count")
    ids, n_vocab = dump.tokens.ids, len(dump.tokens.vocab)
    counts = np.zeros(n_vocab, np.int64)
    for first in range(0, len(ids), BLOCK_STEPS):
        counts += np.bincount(ids[first : first + BLOCK_STEPS].astype(np.int64), minlength=n_vocab)
    return counts


def steps_with(dump: DumpReader, tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return every step of the first axis whose token is one of these, in rising order."""
    if dump.tokens is None:
        return np.zeros(0, np.int64)
    ids = dump.tokens.ids
    parts = [np.zeros(0, np.int64)]
    for first in range(0, len(ids), BLOCK_STEPS):
        parts.append(np.flatnonzero(np.isin(ids[first : first + BLOCK_STEPS], tokens)) + first)
    return np.concatenate(parts)
