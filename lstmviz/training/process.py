"""A made language whose truth is known: a finite automaton that emits a token at each move, and its exact entropy.

Its state is a function of the tokens so far, so the best possible prediction at each step is the distribution of the
next token in that state, and the least possible loss is the entropy of those, averaged over the states as they are
visited (chain rule; Cover and Thomas, Elements of Information Theory, section 2.5; visits to transient states from
the fundamental matrix, Kemeny and Snell 1960).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

State = Hashable


@dataclass(frozen=True, slots=True)
class Move:
    """One way out of a state: the token it emits, its probability, and the state that follows."""

    token: str
    p: float
    to: State


@dataclass(frozen=True)
class Made:
    """One made sequence: tokens, the state after each, and what each cost, in nats, who knows the process."""

    tokens: tuple[str, ...]
    states: tuple[State, ...]
    costs: NDArray[np.float64]


@dataclass(frozen=True)
class Process:
    """A process by its moves; a round begins in ``start`` and ends when it comes back there.

    Raises ValueError where the moves of a state do not add up to 1, lead nowhere, or emit one token twice (then the
    state would not be a function of the tokens).
    """

    start: State
    moves: Mapping[State, Sequence[Move]]

    def __post_init__(self) -> None:
        for state, moves in self.moves.items():
            tokens = [move.token for move in moves]
            if abs(sum(move.p for move in moves) - 1.0) > 1e-9 or min(move.p for move in moves) <= 0:
                raise ValueError(f"the moves of state {state!r} do not add up to 1")
            if len(set(tokens)) < len(tokens) or any(move.to not in self.moves for move in moves):
                raise ValueError(f"state {state!r} emits a token twice, or leads to a state without moves")

    @cached_property
    def vocab(self) -> tuple[str, ...]:
        """Every token that can be emitted, sorted."""
        return tuple(sorted({move.token for moves in self.moves.values() for move in moves}))

    @cached_property
    def _tables(self) -> dict[State, tuple[Sequence[Move], NDArray[np.float64]]]:
        tables = {}
        for state, moves in self.moves.items():
            sums = np.cumsum([move.p for move in moves])
            tables[state] = (moves, sums / sums[-1])
        return tables

    def generate(self, rng: np.random.Generator, n_rounds: int) -> Made:
        """Draw a sequence of whole rounds; the same seed gives the same sequence."""
        tokens, states, costs = [], [], []
        state = self.start
        for _ in range(n_rounds):
            while True:
                moves, sums = self._tables[state]
                move = moves[int(np.searchsorted(sums, rng.random(), side="right"))]
                state = move.to
                tokens.append(move.token)
                states.append(state)
                costs.append(-np.log(move.p))
                if state == self.start:
                    break
        return Made(tuple(tokens), tuple(states), np.array(costs))

    def entropy(self, state: State) -> float:
        """Return the entropy of the next token in a state, in nats."""
        p = np.array([move.p for move in self.moves[state]])
        return float(-(p * np.log(p)).sum())

    @cached_property
    def visits(self) -> Mapping[State, float]:
        """How often each state is expected to be left in one round."""
        order = {state: i for i, state in enumerate(self.moves)}
        transient = np.zeros((len(order), len(order)))
        for state, moves in self.moves.items():
            for move in moves:
                if move.to != self.start:
                    transient[order[state], order[move.to]] += move.p
        begin = np.zeros(len(order))
        begin[order[self.start]] = 1.0
        expected = np.linalg.solve((np.eye(len(order)) - transient).T, begin)
        return {state: float(expected[i]) for state, i in order.items()}

    def floor(self, n_rounds: int) -> float:
        """Return the least loss that can be expected, nats a token, on sequences of ``n_rounds``, without their first.

        It is the expected loss of all predicted tokens over their expected number.
        """
        total = sum(n * self.entropy(state) for state, n in self.visits.items())
        length = sum(self.visits.values())
        return (n_rounds * total - self.entropy(self.start)) / (n_rounds * length - 1)
