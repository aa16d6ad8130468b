"""Slow twins of the causes: one sequence, one set of units, one step after the other, over nn.LSTMCell."""

from __future__ import annotations

import numpy as np
import torch

from support.naive_stepwise import naive_run


def log_p(model, ids, held):
    """Log probabilities (n_steps, n_outputs) for one sequence, and states; ``held``: (source, step, unit) to value."""
    with torch.no_grad():
        x = model.embedding(torch.tensor(np.asarray(ids, np.int64)))[:, None]
        cells = {(source, t, 0, unit): value for (source, t, unit), value in held.items()}
        output, states = naive_run(model.rnn, x, [len(ids)], cells)
        return model.decoder(output[:, 0]).log_softmax(-1).double().numpy(), states


def effect_of(model, ids, held):
    """KL and rise of the loss at each step of a sequence (NaN at the last) when cells are held."""
    before, after = log_p(model, ids, {})[0], log_p(model, ids, held)[0]
    kl = (np.exp(before) * (before - after)).sum(axis=1)
    rise = np.full(len(ids), np.nan)
    for t in range(len(ids) - 1):
        rise[t] = before[t, ids[t + 1]] - after[t, ids[t + 1]]
    return kl, rise
