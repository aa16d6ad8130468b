"""From a source of a dump, or a model's embeddings, to a map: PCA at once, t-SNE and UMAP computed once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.checks import check_whole
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError, ProjectionError
from lstmviz.maps.cache import MapKey, load_map, save_map, sorted_parameters
from lstmviz.maps.embeddings import embeddings, token_counts
from lstmviz.maps.in_subprocess import IsCancelled, embed_in_subprocess
from lstmviz.maps.pca import Basis, principal_axes
from lstmviz.maps.projection import EMBEDDING, METHODS, Method, Points, Projection, first_two
from lstmviz.maps.sampling import MAX_STEPS, N_STEPS, sample
from lstmviz.types import ShareProgress

N_AXES = 50  # principal axes that t-SNE and UMAP see: the rest of the variance adds noise and time
LEAST_POINTS = 10  # that t-SNE and UMAP make a map of
PARAMETERS: dict[Method, dict[str, float]] = {
    "pca": {},
    "tsne": {"perplexity": 30.0, "iterations": 500},
    "umap": {"neighbours": 15, "min_dist": 0.1},
}


def compute_map(
    dump: DumpReader,
    source: str,
    method: Method = "pca",
    n_steps: int = N_STEPS,
    seed: int = 0,
    progress: ShareProgress | None = None,
    cancel: IsCancelled | None = None,
) -> Projection:
    """Return a map of a source's states at ``n_steps`` sampled steps, or of the model's embeddings ("embedding").

    States are taken in the source's view. "pca" is exact over the sampled steps; "tsne" and "umap" start from its first
    50 axes, are computed in a process of their own, and kept in the user's cache. ``progress`` is called with the share
    that is done and what is being done; ``cancel`` is asked a few times a second whether to stop. Raises UnknownName,
    PatternError for arguments out of range, ProjectionError and ProjectionCancelled.
    """
    prepared = _prepare(dump, source, method, n_steps, seed)
    if method == "pca":
        return _projection(prepared, method, seed, first_two(prepared.reduced))
    key = _key(prepared, method, seed)
    points = load_map(key, len(prepared.ids))
    if points is None:
        points = embed_in_subprocess(method, prepared.reduced, seed, PARAMETERS[method], progress, cancel)
        save_map(key, points)
    return _projection(prepared, method, seed, points)


def find_map(dump: DumpReader, source: str, method: Method, n_steps: int = N_STEPS, seed: int = 0) -> Projection | None:
    """Return a map that is there at once: by PCA, or from the cache; else None. Raises what ``compute_map`` raises."""
    prepared = _prepare(dump, source, method, n_steps, seed)
    if method == "pca":
        return _projection(prepared, method, seed, first_two(prepared.reduced))
    points = load_map(_key(prepared, method, seed), len(prepared.ids))
    return None if points is None else _projection(prepared, method, seed, points)


def map_key(dump: DumpReader, source: str, method: Method, n_steps: int = N_STEPS, seed: int = 0) -> str:
    """Return the name of a map's file in the cache. Raises what ``compute_map`` raises."""
    return _key(_prepare(dump, source, method, n_steps, seed), method, seed).digest


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What every method starts from: the sampled states along their principal axes."""

    of: str
    source: str
    n_points: int
    ids: NDArray[np.int64]
    n_all: int
    n_nan: int
    basis: Basis
    reduced: Points


def _prepare(dump: DumpReader, source: str, method: Any, n_steps: int, seed: int) -> _Prepared:
    """Check the arguments, sample the states (or pick the tokens) and reduce them to their principal axes."""
    if method not in METHODS:
        raise PatternError(f"method {str(method)[:40]!r} is not known; use {', '.join(METHODS)}")
    n_steps, seed = check_whole("n_steps", n_steps), check_whole("seed", seed)
    if not 2 <= n_steps <= MAX_STEPS or not 0 <= seed < 2**31:
        raise PatternError(f"n_steps={n_steps} and seed={seed}: give 2 to {MAX_STEPS:,} steps and a seed from 0 on")
    is_embedding = source == EMBEDDING and EMBEDDING not in dump.sources
    prepared = _of_tokens(dump, n_steps) if is_embedding else _of_steps(dump, dump.source(source).name, n_steps, seed)
    least = 2 if method == "pca" else LEAST_POINTS
    if len(prepared.ids) < least:
        points = "tokens" if is_embedding else "sampled steps without NaN"
        raise ProjectionError(f"{source} has {len(prepared.ids)} {points}; a map by {method} needs {least} or more")
    return prepared


@lru_cache(maxsize=8)
def _of_steps(dump: DumpReader, source: str, n_steps: int, seed: int) -> _Prepared:
    states = sample(dump, source, n_steps, seed)
    basis, reduced = _reduce(states.values)
    n_all = dump.source(source).n_steps
    return _Prepared(dump.uuid, source, n_steps, states.steps, n_all, states.n_nan, basis, reduced)


def _of_tokens(dump: DumpReader, n_tokens: int) -> _Prepared:
    """Prepare the embeddings: all of them, or of a larger vocabulary those of the most frequent tokens."""
    embedded = embeddings(dump)
    n_all = len(embedded.vocab)
    ids = np.arange(n_all, dtype=np.int64)
    if n_all > n_tokens:
        ids = np.sort(np.argsort(-token_counts(dump), kind="stable")[:n_tokens])
    basis, reduced = _reduce(embedded.matrix[ids])
    return _Prepared(embedded.digest, EMBEDDING, n_tokens, ids, n_all, 0, basis, reduced)


def _reduce(values: NDArray[np.float32]) -> tuple[Basis, Points]:
    if not len(values):
        values = np.zeros((0, values.shape[1]), np.float32)
        return Basis(np.zeros(values.shape[1]), np.zeros((0, values.shape[1])), np.zeros(0)), values[:, :0]
    basis = principal_axes(values, N_AXES)
    return basis, basis.place(values)


def _key(prepared: _Prepared, method: Method, seed: int) -> MapKey:
    return MapKey(prepared.of, prepared.source, method, prepared.n_points, seed, sorted_parameters(PARAMETERS[method]))


def _projection(prepared: _Prepared, method: Method, seed: int, points: Points) -> Projection:
    shares = (*prepared.basis.shares.tolist(), 0.0)[:2]
    return Projection(
        prepared.source,
        method,
        prepared.ids,
        points,
        prepared.n_all,
        prepared.n_nan,
        seed,
        sorted_parameters(PARAMETERS[method]),
        (shares[0], shares[1]) if method == "pca" else None,
        prepared.basis,
        prepared.reduced,
    )
