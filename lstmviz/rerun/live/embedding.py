"""The embedding of a live model: the vectors of its tokens, and one of them put in the place of another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from lstmviz.errors import ModelError
from lstmviz.rerun.live.network import LiveNetwork

NONE = "the model has no nn.Embedding that reads the tokens; draw tokens (n_draws=16) instead of the mean embedding"


def embedding_of(network: LiveNetwork, ids: Tensor) -> nn.Embedding | None:
    """Return the module that embeds the tokens of a text (1, n_steps), inside ``alone``; None where there is none."""
    seen: list[nn.Embedding] = []

    def look(module: Any, args: Any, output: Any) -> None:
        if args and isinstance(args[0], Tensor) and torch.equal(args[0].flatten().cpu(), ids.flatten()):
            seen.append(module)

    modules = [module for module in network.model.modules() if isinstance(module, nn.Embedding)]
    handles = [module.register_forward_hook(look) for module in modules]
    try:
        network.row_logits(ids)
    finally:
        for handle in handles:
            handle.remove()
    return seen[0] if seen else None


@contextmanager
def embedded_as(
    network: LiveNetwork, embedding: nn.Embedding, cells: tuple[Tensor, Tensor], vector: Tensor
) -> Iterator[None]:
    """Put a vector in the place of the embedding of some (rows, steps), however the rows are run."""
    rows, steps = cells

    def put(module: Any, args: Any, output: Tensor) -> Tensor:
        changed, row = output.clone(), network.row
        here = torch.ones_like(rows, dtype=torch.bool) if row is None else rows == row
        at = (rows[here] if row is None else torch.zeros_like(steps[here]), steps[here])
        at = at[::-1] if network.is_steps_first else at
        if changed.dim() != 3:
            raise ModelError(NONE)
        changed[at] = vector.to(changed)
        return changed

    handle = embedding.register_forward_hook(put)
    try:
        yield
    finally:
        handle.remove()


def vectors_of(embedding: nn.Embedding | None, n_vocab: int) -> Tensor:
    """Return the vector of each token, (n_vocab, n_embedding), on the CPU; ModelError where there are none."""
    if embedding is None or embedding.num_embeddings < n_vocab:
        raise ModelError(NONE)
    return embedding.weight.detach()[:n_vocab].float().cpu()
