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
    """Made sequences, one a row, filled up with -1 (costs: 0) behind ``lengths`` (n_sequences,).

    ``tokens``: ids in ``Process.vocab``; ``states``: the state after each token, as its place in ``Process.states``;
    ``costs``: what each token costs, in nats, who knows the process. All (n_sequences, n_steps).
    """

    tokens: NDArray[np.int64]
    states: NDArray[np.int64]
    costs: NDArray[np.float64]
    lengths: NDArray[np.int64]

    @property
    def truth(self) -> float:
        """The loss on these sequences of who knows the process: nats a token, without the first of each."""
        return float(self.costs[:, 1:].sum() / (self.lengths - 1).sum())


@dataclass(frozen=True)
class _Tables:
    """The moves as arrays: (n_states, most moves of any)."""

    sums: NDArray[np.float64]
    tokens: NDArray[np.int64]
    to: NDArray[np.int64]
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
    def states(self) -> tuple[State, ...]:
        """Every state, in the order of ``moves``."""
        return tuple(self.moves)

    @cached_property
    def _tables(self) -> _Tables:
        number = {state: i for i, state in enumerate(self.states)}
        ids = {token: i for i, token in enumerate(self.vocab)}
        shape = (len(self.moves), max(map(len, self.moves.values())))
        p, tokens, to = np.zeros(shape), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for i, moves in enumerate(self.moves.values()):
            for k, move in enumerate(moves):
                p[i, k], tokens[i, k], to[i, k] = move.p, ids[move.token], number[move.to]
        sums = p.cumsum(axis=1)
        sums /= sums[:, -1:]  # exactly 1 from the last move on: no draw from [0, 1) goes past it
        return _Tables(sums, tokens, to, -np.log(p, out=np.zeros(shape), where=p > 0))

    def draw(
        self, rng: np.random.Generator, n_sequences: int, n_steps: int | None = None, n_rounds: int | None = None
    ) -> Made:
        """Draw sequences of ``n_steps`` tokens or of ``n_rounds`` whole rounds, each from ``start``.

        One uniform number a sequence and step; the same seed gives the same sequences.
        """
        tables, home = self._tables, self.states.index(self.start)
        now, left = np.full(n_sequences, home), np.full(n_sequences, n_rounds or 0)
        lengths = np.zeros(n_sequences, np.int64)
        tokens, states, costs = [], [], []
        is_on = np.ones(n_sequences, np.bool_)
        while is_on.any():
            k = (tables.sums[now] <= rng.random(n_sequences)[:, None]).sum(axis=1)
            tokens.append(np.where(is_on, tables.tokens[now, k], -1))
            costs.append(np.where(is_on, tables.costs[now, k], 0.0))
            now = tables.to[now, k]
            states.append(np.where(is_on, now, -1))
            lengths += is_on
            left -= now == home
            is_on &= (left > 0) if n_steps is None else (lengths < n_steps)
        return Made(np.stack(tokens, axis=1), np.stack(states, axis=1), np.stack(costs, axis=1), lengths)

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

    def floor_of_rounds(self, n_rounds: int) -> float:
        """Return the least loss that can be expected, nats a token, on sequences of ``n_rounds``, without their first.

        It is the expected loss of all predicted tokens over their expected number.
        """
        total = sum(n * self.entropy(state) for state, n in self.visits.items())
        length = sum(self.visits.values())
        return (n_rounds * total - self.entropy(self.start)) / (n_rounds * length - 1)

    def floor_of_steps(self, n_steps: int) -> float:
        """Return the same on sequences of ``n_steps`` tokens, from the exact distribution of the state at each."""
        entropies = np.array([self.entropy(state) for state in self.states])
        tables = self._tables
        p = np.diff(tables.sums, axis=1, prepend=0.0)
        now = np.zeros(len(self.states))
        now[self.states.index(self.start)] = 1.0
        total = 0.0
        for _ in range(n_steps - 1):
            following = np.zeros(len(now))
            np.add.at(following, tables.to, now[:, None] * p)
            now = following
            total += float(now @ entropies)
        return total / (n_steps - 1)
