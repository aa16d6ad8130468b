"""What a language model writes when it is left to itself."""

from __future__ import annotations

import torch

from lstmviz.training.model import State, TextModel

TEMPERATURE = 0.8  # below 1: likelier tokens than the model's own chances would give, which reads better
MOST = {"char": 100, "word": 25}  # tokens of a line
FEWEST = {"char": 30, "word": 6}  # before a line's end is taken for one


def sampled(model: TextModel, seed: int = 0) -> str:
    """Return a line of text drawn from a language model from its seed; the unknown token is never drawn."""
    description = model.description
    vocab, level = description.vocab, description.level
    generator = torch.Generator().manual_seed(seed)
    ids = torch.tensor([[vocab.index("\n") if "\n" in vocab else len(vocab) - 1]])
    state: State = None
    tokens: list[str] = []
    with torch.no_grad():
        while len(tokens) < MOST[level] and not _is_line(tokens, FEWEST[level]):
            logits, state = model(ids, state)
            chances = logits[0, -1] / TEMPERATURE
            if description.unknown is not None and len(vocab) > 1:
                chances[description.unknown] = -torch.inf
            ids = torch.multinomial(chances.softmax(0), 1, generator=generator)[None]
            tokens.append(vocab[int(ids)])
    return " ".join(("" if level == "char" else " ").join(tokens).split())


def _is_line(tokens: list[str], fewest: int) -> bool:
    return tokens[-1:] == ["\n"] and len(tokens) - tokens.count("\n") >= fewest
