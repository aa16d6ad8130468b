"""Text of nested parentheses whose digits give the level, with the true depth and the exact entropy floor.

At each step the process sits at a depth from 0 to 4 and emits the digit of that depth (and stays), an opening
parenthesis (and goes one deeper) or a closing one (and comes back). After a digit the next token depends on what is
in plain sight; after a parenthesis it depends on the depth, which only a memory of all that went before can give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

MAX_DEPTH: Final = 4
VOCAB: Final = ("(", ")", *(str(depth) for depth in range(MAX_DEPTH + 1)))
OPEN, CLOSE, FIRST_DIGIT = 0, 1, 2

P_BRACKET_INSIDE: Final = 0.2  # of "(" and of ")" each at depths 1 to 3: runs of 2.5 steps, brackets in 4 steps of 10
P_BRACKET_EDGE: Final = 0.25  # of the one bracket possible at depths 0 and 4: runs of 4 steps, 17 % of steps at depth 4


@dataclass(frozen=True)
class Text:
    """Sequences of the process: token ids and the depth after each token, both (n_sequences, n_steps) int64."""

    tokens: npt.NDArray[np.int64]
    depth: npt.NDArray[np.int64]


def probabilities() -> npt.NDArray[np.float64]:
    """Return the distribution of the next token at each depth, shape (5 depths, 7 tokens); rows sum to 1."""
    table = np.zeros((MAX_DEPTH + 1, len(VOCAB)))
    table[1:MAX_DEPTH, [OPEN, CLOSE]] = P_BRACKET_INSIDE
    table[0, OPEN] = table[MAX_DEPTH, CLOSE] = P_BRACKET_EDGE
    depths = np.arange(MAX_DEPTH + 1)
    table[depths, FIRST_DIGIT + depths] = 1.0 - table.sum(axis=1)
    return table


def generate(rng: np.random.Generator, n_sequences: int, n_steps: int) -> Text:
    """Draw sequences that each begin at depth 0, one uniform number a step; the same seed gives the same text."""
    cumulative = probabilities().cumsum(axis=1)
    cumulative /= cumulative[:, -1:]  # exactly 1 from the last possible token on: no draw from [0, 1) goes past it
    change = np.zeros(len(VOCAB), dtype=np.int64)
    change[OPEN], change[CLOSE] = 1, -1
    tokens = np.empty((n_sequences, n_steps), dtype=np.int64)
    depth = np.empty_like(tokens)
    now = np.zeros(n_sequences, dtype=np.int64)
    for step, drawn in enumerate(rng.random((n_steps, n_sequences))):
        tokens[:, step] = (cumulative[now] <= drawn[:, None]).sum(axis=1)
        now = now + change[tokens[:, step]]
        depth[:, step] = now
    return Text(tokens, depth)


def depth_distribution(n_steps: int) -> npt.NDArray[np.float64]:
    """Return the exact distribution of the depth after each token, shape (n_steps, 5), starting at depth 0."""
    table = probabilities()
    depths = np.arange(MAX_DEPTH + 1)
    move = np.zeros((MAX_DEPTH + 1, MAX_DEPTH + 1))
    move[depths, depths] = table[depths, FIRST_DIGIT + depths]
    move[depths[:-1], depths[:-1] + 1] = table[:-1, OPEN]
    move[depths[1:], depths[1:] - 1] = table[1:, CLOSE]
    now = np.eye(MAX_DEPTH + 1)[0]
    spread = np.empty((n_steps, MAX_DEPTH + 1))
    for step in range(n_steps):
        now = now @ move
        spread[step] = now
    return spread


def floor(n_steps: int) -> float:
    """Return the exact expected loss, in nats a token, of who knows the process and predicts tokens 2 to ``n_steps``.

    The depth after t tokens is a function of those tokens, so the entropy of token t + 1 given all before it is the
    mean of H(next token | depth) over the distribution of the depth (chain rule; Cover and Thomas, section 2.5).
    """
    table = probabilities()
    logs = np.log(table, out=np.zeros_like(table), where=table > 0)
    return float((depth_distribution(n_steps)[:-1] @ -(table * logs).sum(axis=1)).mean())
