"""Which number the model expects of a verb, and how that changes when some units are ablated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

import lstmviz
from lstmviz.training.model import TextModel

from .generate import NUMBERS, VERBS
from .recipe import AUTOMATON, held_out, is_open


def verb_accuracy(model: TextModel, without: Sequence[int] = ()) -> tuple[float, float]:
    """Return the share of held-out verbs for which the model gives the verbs of the right number more probability.

    It is that of all verbs, and that of those with three distractors or more before them. ``without``: units whose h is
    held at 0, so that nothing reads what they carry.
    """
    text = held_out()
    groups = {number: [AUTOMATON.vocab.index(verb) for verb in VERBS[number]] for number in NUMBERS}
    with torch.no_grad(), lstmviz.intervene(model, {"rnn.l0.h": dict.fromkeys(without, 0.0)} if without else {}):
        p = model(torch.from_numpy(text.tokens.clip(0)))[0].softmax(-1)
    plural = (p[..., groups["plural"]].sum(-1) > p[..., groups["singular"]].sum(-1)).numpy()
    is_plural = np.isin(text.tokens[:, 1:], groups["plural"])
    is_verb = is_plural | np.isin(text.tokens[:, 1:], groups["singular"])
    states: tuple[Any, ...] = AUTOMATON.states
    counts = np.array([state[2] if is_open(state) else 0 for state in states])
    is_right, is_past_three = plural[:, :-1] == is_plural, is_verb & (counts[text.states[:, :-1]] >= 3)
    return float(is_right[is_verb].mean()), float(is_right[is_past_three].mean())
