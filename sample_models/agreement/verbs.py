"""Which number do the verbs have that the model expects, and what if some units are taken away from it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lstmviz.training.model import TextModel

from .generate import NUMBERS, VERBS
from .recipe import PROCESS, held_out, is_open


def verb_accuracy(model: TextModel, without: Sequence[int] = (), least_distractors: int = 0) -> float:
    """Return the share of held-out verbs before which the verbs of the right number are the likelier ones together.

    ``without``: units whose h and c are set to 0 after each word, so that nothing is carried in them. Only verbs are
    counted that have at least so many distractors before them.
    """
    made = held_out()
    groups = {number: [PROCESS.vocab.index(verb) for verb in VERBS[number]] for number in NUMBERS}
    with torch.no_grad():
        p = _logits(model, torch.from_numpy(made.tokens.clip(0)), without).softmax(-1)
    plural = (p[..., groups["plural"]].sum(-1) > p[..., groups["singular"]].sum(-1)).numpy()
    is_plural = np.isin(made.tokens[:, 1:], groups["plural"])
    is_verb = is_plural | np.isin(made.tokens[:, 1:], groups["singular"])
    states: tuple[Any, ...] = PROCESS.states
    counts = np.array([state[2] if is_open(state) else 0 for state in states])
    is_asked = is_verb & (counts[made.states[:, :-1]] >= least_distractors)
    return float((plural[:, :-1] == is_plural)[is_asked].mean())


def _logits(model: TextModel, ids: Tensor, without: Sequence[int]) -> Tensor:
    if not without:
        logits: Tensor = model(ids)[0]
        return logits
    embedded, state, outputs = model.embedding(ids), None, []
    for step in range(ids.shape[1]):
        _, (h, c) = model.rnn(embedded[:, step : step + 1], state)
        h[..., list(without)] = 0.0
        c[..., list(without)] = 0.0
        state = (h, c)
        outputs.append(h[-1])
    decoded: Tensor = model.decoder(torch.stack(outputs, dim=1))
    return decoded
